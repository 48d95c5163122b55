"""Rows of the floor page that are nobody else's."""

from __future__ import annotations

from typing import Literal

import msgspec

from callq.wire.messages.base import _Wire

WarningCode = Literal["wait", "crowd", "unstaffed", "serving", "paused"]


class FloorWarning(_Wire, frozen=True, kw_only=True, omit_defaults=True):
    """Something that calls for attention, now or once it has lasted; fields that say nothing are left out."""

    id: str
    """The same as long as it is about the same."""
    code: WarningCode
    service: str | None = None
    class_: str | None = msgspec.field(name="class", default=None)
    window: str | None = None
    since_ms: int | None = None
    """Since when it lasts."""
    from_ms: int | None = None
    """From when it calls for attention; left out: it does."""
    severe_ms: int | None = None
    """From when it is severe; left out: not by time alone."""
    severe: bool = False
    """It is, whatever the time."""
    count: int | None = None
    """People who wait."""
    clerks: tuple[str, ...] = ()
    """Ids of clerks who are free and could sit there, at most three."""


class Thresholds(_Wire, frozen=True, kw_only=True):
    """From when on the page warns, as the hall file has it; 0: never."""

    waiting: int
    waiting_severe: int
    late_severe: float
    unstaffed_min: int
    serving_min: int
    paused_min: int
