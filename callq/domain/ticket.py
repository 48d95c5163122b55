"""The ticket machine: every state, and every transition there is, in one table.

A ticket is one place in the queue. It is created WAITING by an issue and moves only along
`TRANSITIONS`; a (state, act) pair that is not in the table is illegal and is refused with
``wrong_state``, and nothing happens. Where a pair has several targets, something else decides: the
next step of a visit, a free window for one who brings the papers back, or what an undo takes back.
Guards that depend on more than the ticket (is the window free, is it too soon) live in the rules;
they can refuse a legal transition but never allow an illegal one. ``docs/machines.md`` is drawn
from this table.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal, NamedTuple

import msgspec

from callq.domain.commands import Channel, HoldKind, Person, TicketClass
from callq.domain.events import Why
from callq.domain.grounds import Call, PastCall
from callq.domain.lanes import LaneKey, Place


class TicketState(StrEnum):
    """Where a ticket stands."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    HELD = "held"
    MISSED = "missed"
    DONE = "done"
    ABANDONED = "abandoned"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class TicketAct(StrEnum):
    """What can happen to a ticket."""

    ISSUE = "issue"
    CALL = "call"
    CALL_THIS = "call_ticket"
    RECALL = "recall"
    START = "start"
    COMPLETE = "complete"
    MISS = "miss"
    REJOIN = "rejoin"
    ABANDON = "abandon"
    HOLD = "hold"
    RETURN = "returned"
    RESUME = "resume"
    TRANSFER = "transfer"
    REASSIGN = "reassign"
    GRANT_CLASS = "grant_class"
    CANCEL = "cancel"
    NEXT_STEP = "next_step"
    RATE = "rate"
    UNDO = "undo"
    CLOSE_DAY = "close_day"
    END_UNCONFIRMED = "end_unconfirmed"


_T = TicketState
_A = TicketAct


def _to(*states: TicketState) -> frozenset[TicketState]:
    return frozenset(states)


TRANSITIONS: Final[dict[tuple[TicketState | None, TicketAct], frozenset[TicketState]]] = {
    (None, _A.ISSUE): _to(_T.WAITING),
    (_T.WAITING, _A.CALL): _to(_T.CALLED),
    (_T.WAITING, _A.CALL_THIS): _to(_T.CALLED),
    (_T.WAITING, _A.REASSIGN): _to(_T.WAITING),
    (_T.WAITING, _A.GRANT_CLASS): _to(_T.WAITING),
    (_T.WAITING, _A.CANCEL): _to(_T.CANCELLED),
    (_T.WAITING, _A.CLOSE_DAY): _to(_T.EXPIRED),
    # Only the completion that sent it on to its next step can be undone from here.
    (_T.WAITING, _A.UNDO): _to(_T.SERVING),
    (_T.CALLED, _A.RECALL): _to(_T.CALLED),
    (_T.CALLED, _A.START): _to(_T.SERVING),
    (_T.CALLED, _A.MISS): _to(_T.MISSED),
    (_T.CALLED, _A.ABANDON): _to(_T.ABANDONED),
    (_T.CALLED, _A.TRANSFER): _to(_T.WAITING),
    (_T.CALLED, _A.CANCEL): _to(_T.CANCELLED),
    (_T.CALLED, _A.UNDO): _to(_T.WAITING, _T.MISSED, _T.HELD),
    (_T.CALLED, _A.CLOSE_DAY): _to(_T.EXPIRED),
    (_T.SERVING, _A.COMPLETE): _to(_T.DONE),
    (_T.SERVING, _A.HOLD): _to(_T.HELD),
    (_T.SERVING, _A.ABANDON): _to(_T.ABANDONED),
    (_T.SERVING, _A.TRANSFER): _to(_T.WAITING),
    (_T.SERVING, _A.END_UNCONFIRMED): _to(_T.DONE),
    (_T.HELD, _A.CALL_THIS): _to(_T.CALLED),
    (_T.HELD, _A.RETURN): _to(_T.WAITING, _T.CALLED),
    (_T.HELD, _A.RESUME): _to(_T.SERVING),
    (_T.HELD, _A.ABANDON): _to(_T.ABANDONED),
    (_T.HELD, _A.TRANSFER): _to(_T.WAITING),
    (_T.HELD, _A.CANCEL): _to(_T.CANCELLED),
    (_T.HELD, _A.CLOSE_DAY): _to(_T.EXPIRED),
    (_T.MISSED, _A.CALL_THIS): _to(_T.CALLED),
    (_T.MISSED, _A.REJOIN): _to(_T.WAITING),
    (_T.MISSED, _A.ABANDON): _to(_T.ABANDONED),
    (_T.MISSED, _A.CANCEL): _to(_T.CANCELLED),
    (_T.MISSED, _A.UNDO): _to(_T.CALLED),
    (_T.MISSED, _A.CLOSE_DAY): _to(_T.EXPIRED),
    (_T.DONE, _A.NEXT_STEP): _to(_T.WAITING),
    (_T.DONE, _A.UNDO): _to(_T.SERVING),
    # Of a step that is done: the visit may have gone on since.
    **{(state, _A.RATE): _to(state) for state in _T},
}
"""The whole machine: (state, act) to the states it may lead to. None is before the ticket exists."""

FINAL: Final = frozenset({_T.DONE, _T.ABANDONED, _T.CANCELLED, _T.EXPIRED})
"""States of a ticket that is no longer in anybody's way; only DONE may be left: to a visit's next step,
or back by an undo."""

AT_WINDOW: Final = frozenset({_T.CALLED, _T.SERVING})
"""States in which a ticket occupies a window."""

SHOWN_AS_CALL: Final = frozenset({_T.CALLED, _T.SERVING, _T.DONE})
"""A call stays listed while its person is expected, served or done: someone who comes back from the
corridor still finds the window. A missed number moves to the missed ones; a cancelled one is gone."""


class IllegalTransition(Exception):
    """The table has no such transition. Never raised for what the rules let through."""


def following(state: TicketState | None, act: TicketAct, to: TicketState | None = None) -> TicketState:
    """State after `act`; `to` says which where the table has several.

    Raises:
      IllegalTransition: the table does not have it.
    """
    targets = TRANSITIONS.get((state, act), frozenset())
    if to is None and len(targets) == 1:
        return next(iter(targets))
    if to is None or to not in targets:
        raise IllegalTransition(f"{act} does not lead from {state} to {to or 'one state'}")
    return to


def allowed(state: TicketState, act: TicketAct) -> bool:
    """Whether the table has a transition for the pair."""
    return (state, act) in TRANSITIONS


class Step(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One service of a visit."""

    service: str
    state: Literal["todo", "current", "done", "deferred", "moved"]
    """`moved`: to another step or ticket."""
    done_ms: int | None = None
    window: str = ""
    """Where it was done."""
    clerk: str = ""
    """Who did it."""
    reason: str = ""
    """Why it was deferred: a refusal's code."""
    next_ms: int | None = None
    """When a deferred one may be tried again, if known."""
    handled_ms: int | None = None
    """How long it was handled, where the visit has gone on since; before that the ticket says."""
    rejoined: int = 0
    """How often its ticket had come back from a miss before it began."""
    clock_ms: int | None = None
    """The lateness clock it began with; None: that of the ticket."""


class Origin(NamedTuple):
    """Where a transferred ticket came from."""

    service: str
    window: str
    clerk: str
    at_ms: int


class Rating(NamedTuple):
    """What somebody thought of one step."""

    step: int
    level: int
    reasons: tuple[str, ...]
    text: str
    at_ms: int


class Ticket(msgspec.Struct, kw_only=True, eq=False, array_like=True, gc=False):
    """One place in the queue. Written only by `apply`.

    A snapshot holds its fields in this order: new ones go to the end, with a default that means what
    was the case before they existed.
    """

    id: str
    number: str
    seq: int
    """Issue sequence of the hall, never reused."""
    day: str
    """Business day of the issue, ISO date."""
    service: str
    quota_of: str
    """Service whose quota it took a place of: the one it was issued for; empty: it took none."""
    cls: TicketClass
    zone: str
    channel: Channel
    issued_ms: int
    first_arrival_ms: int
    clock_ms: int
    """Lateness clock, in the hall's own time."""
    first_clock_ms: int
    """The clock it began with."""
    order: int
    steps: tuple[Step, ...]
    person: Person | None = None
    traits: tuple[str, ...] = ()
    party: int = 1
    """People."""
    cases: int = 1
    """Matters, e.g. of a bookkeeper with twelve files."""
    prefer_clerk: str = ""
    state: TicketState = TicketState.WAITING
    rank: int = 1
    bound: str = ""
    """Who alone may call it: empty for anyone, else as in `LaneKey.to`."""
    returned: Literal["missed", "transfer", "hold"] | None = None
    """How it came back."""
    hold_kind: HoldKind | None = None
    window: str | None = None
    """Window that called it last."""
    clerk: str | None = None
    calls: int = 0
    called_ms: int | None = None
    """First announcement of the present call."""
    last_call_ms: int | None = None
    started_ms: int | None = None
    started_clock: int | None = None
    """Since when the present stretch of handling runs, in the hall's own time."""
    handled_ms: int = 0
    """Handling before the present stretch."""
    done_ms: int | None = None
    """When it reached a final state."""
    missed_ms: int | None = None
    held_ms: int | None = None
    held_clock: int = 0
    """When it was put aside last, in the hall's own time: held time does not count as waiting."""
    rejoined: int = 0
    origin: Origin | None = None
    step: int = 0
    """Index of the present step."""
    ratings: tuple[Rating, ...] = ()
    granted_by: str = ""
    """Who granted its class."""
    issued_as: TicketClass = "ordinary"
    """Class that it was issued with: that of a booking is not granted."""
    booking: str = ""
    unconfirmed: bool = False
    """Ended by the clock, not by its clerk."""
    start_source: Literal["", "explicit", "auto"] = ""
    """Automatic starts do not teach service times."""
    why: Why | None = None
    touched: int = 0
    """Revision of the last event about it."""
    item: str = ""
    """The matter that it was taken for; empty as well once its first step went to another service."""
    call: Call | None = None
    """The present call, beside `why`; None as well where a state did not record it."""
    past: tuple[PastCall, ...] = ()
    """Calls that are over, in the order in which they ended: at most `PAST_CALLS_MAX`, the last."""
    ratings_taken_back: tuple[Rating, ...] = ()
    """Of completions that were undone: they count nowhere, and the next completion is rated anew."""

    @property
    def place(self) -> Place:
        """Sort key within its lane."""
        return Place(self.rank, self.clock_ms, self.order, self.id)

    @property
    def lane(self) -> LaneKey:
        """Which lane it waits in."""
        return LaneKey(self.service, self.cls, self.bound)

    @property
    def matter(self) -> str:
        """The matter of the present step; empty: none, or not known. Only the first step has one."""
        return self.item if self.step == 0 else ""

    @property
    def step_clock_ms(self) -> int:
        """The clock that the present step began with: what a transfer gives back."""
        began = self.steps[self.step].clock_ms
        return self.first_clock_ms if began is None else began

    @property
    def rejoined_in_step(self) -> int:
        """How often it has come back from a miss in the present step."""
        return self.rejoined - self.steps[self.step].rejoined

    @property
    def last_done(self) -> int | None:
        """Index of the step that was completed last, or None."""
        done = [(s.done_ms or 0, i) for i, s in enumerate(self.steps) if s.state == "done"]
        return max(done)[1] if done else None

    def is_rated(self, step: int) -> bool:
        """Whether what was completed at a step is rated; a completion that was taken back is not it."""
        return any(rating.step == step for rating in self.ratings)

    def rated_before(self, step: int) -> int:
        """How many ratings a step had of completions that were taken back."""
        return sum(rating.step == step for rating in self.ratings_taken_back)

    @property
    def deferred(self) -> int | None:
        """Index of a step that waits for its service to open again, or None."""
        return next((i for i, s in enumerate(self.steps) if s.state == "deferred"), None)
