"""The halls of the scenes, and their door."""

from tests.rules.scene import hall
from tests.rules.tidal import advised, automatic
from tests.web.conftest import door

__all__ = ["advised", "automatic", "door", "hall"]
