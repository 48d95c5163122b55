"""What a rule answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from callq.domain import events as ev


class Decision(NamedTuple):
    """What an accepted command does, and whom its answer is about.

    No events means that nothing was to be done (an empty "next", a tick with nothing due): nothing
    is written and the next time is decided afresh.
    """

    events: tuple[ev.Event, ...]
    ticket: str | None = None
    window: str | None = None
    booking: str | None = None
