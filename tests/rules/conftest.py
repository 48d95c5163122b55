"""The hall of the scenes."""

from tests.rules.scene import hall

__all__ = ["hall"]
