"""The ticket machine: every state, and every transition there is, in one table.

A ticket is one place in the queue. It is created WAITING by an issue and moves only along
`TRANSITIONS`; a (state, act) pair that is not in the table is illegal and is refused with
``wrong_state``, and nothing happens. Guards that depend on more than the ticket (is the window
free, is it too soon) live in `decide`; they can refuse a legal transition but never allow an
illegal one. ``docs/machines.md`` is drawn from this table.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from callq.domain.commands import Person
    from callq.domain.events import Why


class TicketState(StrEnum):
    """Where a ticket stands."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    MISSED = "missed"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class TicketAct(StrEnum):
    """What can happen to a ticket."""

    ISSUE = "issue"
    CALL = "call"
    RECALL = "recall"
    START = "start"
    COMPLETE = "complete"
    MISS = "miss"
    CANCEL = "cancel"
    CLOSE_DAY = "close_day"


_T = TicketState

TRANSITIONS: Final[dict[tuple[TicketState | None, TicketAct], TicketState]] = {
    (None, TicketAct.ISSUE): _T.WAITING,
    (_T.WAITING, TicketAct.CALL): _T.CALLED,
    (_T.CALLED, TicketAct.RECALL): _T.CALLED,
    (_T.CALLED, TicketAct.START): _T.SERVING,
    (_T.CALLED, TicketAct.MISS): _T.MISSED,
    (_T.SERVING, TicketAct.COMPLETE): _T.DONE,
    (_T.WAITING, TicketAct.CANCEL): _T.CANCELLED,
    (_T.CALLED, TicketAct.CANCEL): _T.CANCELLED,
    (_T.MISSED, TicketAct.CANCEL): _T.CANCELLED,
    (_T.WAITING, TicketAct.CLOSE_DAY): _T.EXPIRED,
    (_T.CALLED, TicketAct.CLOSE_DAY): _T.EXPIRED,
    (_T.MISSED, TicketAct.CLOSE_DAY): _T.EXPIRED,
}
"""The whole machine: (state, act) to the next state. None is before the ticket exists."""

FINAL: Final = frozenset({_T.DONE, _T.CANCELLED, _T.EXPIRED})
"""States that nothing leaves."""

AT_WINDOW: Final = frozenset({_T.CALLED, _T.SERVING})
"""States in which a ticket occupies a window."""


class IllegalTransition(Exception):
    """The table has no such transition. Never raised for what `decide` lets through."""


def following(state: TicketState | None, act: TicketAct) -> TicketState:
    """State after `act`.

    Raises:
      IllegalTransition: the pair is not in `TRANSITIONS`.
    """
    try:
        return TRANSITIONS[state, act]
    except KeyError:
        raise IllegalTransition(f"{act} is not possible in state {state}") from None


def allowed(state: TicketState, act: TicketAct) -> bool:
    """Whether the table has a transition for the pair."""
    return (state, act) in TRANSITIONS


class Ticket:
    """One place in the queue. Written only by `apply`."""

    __slots__ = (
        "called_ms",
        "calls",
        "channel",
        "clerk",
        "clock_ms",
        "cls",
        "day",
        "done_ms",
        "id",
        "issued_ms",
        "last_call_ms",
        "missed_ms",
        "number",
        "person",
        "seq",
        "service",
        "started_ms",
        "state",
        "traits",
        "why",
        "window",
        "zone",
    )

    def __init__(
        self,
        *,
        id: str,
        number: str,
        seq: int,
        day: str,
        service: str,
        cls: str,
        zone: str,
        channel: str,
        clock_ms: int,
        issued_ms: int,
        person: Person | None,
        traits: tuple[str, ...],
    ) -> None:
        self.id = id
        self.number = number
        self.seq = seq
        """Issue sequence of the hall, never reused: the last tie-break."""
        self.day = day
        """Business day of the issue, ISO date."""
        self.service = service
        self.cls = cls
        self.zone = zone
        self.channel = channel
        self.clock_ms = clock_ms
        """Lateness clock: its place in the lane."""
        self.issued_ms = issued_ms
        self.person = person
        self.traits = traits
        self.state = TicketState.WAITING
        self.window: str | None = None
        """Window that called it last."""
        self.clerk: str | None = None
        self.calls = 0
        self.called_ms: int | None = None
        """First announcement of the present call."""
        self.last_call_ms: int | None = None
        self.started_ms: int | None = None
        self.done_ms: int | None = None
        """When it reached a final state."""
        self.missed_ms: int | None = None
        self.why: Why | None = None

    @property
    def place(self) -> tuple[int, int, str]:
        """Sort key within a lane: lateness clock, then issue sequence."""
        return (self.clock_ms, self.seq, self.id)
