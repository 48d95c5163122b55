"""What was asked at a window."""

from __future__ import annotations

from callq.domain.events.base import _Event


class HelpRequested(_Event, frozen=True, kw_only=True, tag="help_requested"):
    """A clerk asked for help."""

    window: str
    clerk: str
    reason: str = ""


class HelpEnded(_Event, frozen=True, kw_only=True, tag="help_ended"):
    """It came, or is needed no more."""

    window: str


class RatingRequested(_Event, frozen=True, kw_only=True, tag="rating_requested"):
    """Whoever was served last at a window was asked for a rating."""

    window: str
    ticket: str
    step: int
