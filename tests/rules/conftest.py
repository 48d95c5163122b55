"""The hall of the scenes, and its door."""

from tests.rules.scene import hall
from tests.web.conftest import door

__all__ = ["door", "hall"]
