"""差评办件: what becomes of a bad rating, from its opening to its closing (清单, 回访, 销号).

    OPEN ──call back, reached──> CALLED_BACK ──close──> CLOSED
      ^ │                            │ ^                   │
      │ └─not reached, so often──────┼─┼──close──> CLOSED  │
      │                              └─┘ again             │
      └──────────────────reopen────────────────────────────┘

Before a call back somebody takes the case for a while, so that two do not call the same person.
A case outlives its day and its ticket. Open ones are kept until they are closed, closed ones as many days
as the hall file says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from callq.domain.calendar import day_after, day_bounds
from callq.domain.hall import RatingReason
from callq.domain.hours import sessions_on

if TYPE_CHECKING:
    from callq.domain.hall import HallConfig
    from callq.domain.state import HallState

LEVEL: Final = 4
"""Level from which a hall can record cases."""

ACTS_MAX: Final = 50
"""Acts that a case remembers: nobody calls back more often."""

TAKEN_MS: Final = 30 * 60_000
"""For so long a case is somebody's to call back, unless they say sooner what came of it."""

OFTEN_BAD: Final = 2
"""Levels up to this are asked for reasons, whether or not they open a case."""

_NO_WORKDAYS: Final = frozenset({"noon", "evening", "weekend", "booked_only"})
"""Sessions that make no working day by themselves."""

_LOOK_AHEAD_DAYS: Final = 60
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS

CaseState = Literal["open", "called_back", "closed"]
CaseActKind = Literal["reached", "not_reached", "closed", "reopened"]
RatedAt = Literal["window", "phone"]

REASONS: Final = (
    RatingReason(code="waited_long", reason="等候时间长", reason_en="Waited too long"),
    RatingReason(code="slow", reason="办理慢", reason_en="Slow service"),
    RatingReason(code="attitude", reason="态度不好", reason_en="Unfriendly"),
    RatingReason(code="not_explained", reason="没有一次说清", reason_en="Not explained at once"),
    RatingReason(code="many_papers", reason="要的材料多", reason_en="Too many papers"),
    RatingReason(code="not_solved", reason="事情没办成", reason_en="Not solved"),
)
"""Offered where the hall file names none."""


class CaseAct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Something that was done about a case."""

    kind: CaseActKind
    at_ms: int
    by: str
    """The principal who did it."""
    text: str = ""
    name: str = ""
    """What the principal's token is called."""


class Taken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who is going to call back."""

    by: str
    """The principal."""
    name: str = ""
    """What its token is called."""
    at_ms: int

    @property
    def until_ms(self) -> int:
        """When anybody else may, Unix ms."""
        return self.at_ms + TAKEN_MS


class Case(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A bad rating that somebody looks after. It does not say who rated."""

    id: str
    ticket: str
    number: str
    day: str
    """Business day of the ticket, ISO date."""
    step: int
    service: str
    level: int
    opened_ms: int
    due_ms: int
    window: str = ""
    clerk: str = ""
    reasons: tuple[str, ...] = ()
    text: str = ""
    rated_at: RatedAt = "window"
    state: CaseState = "open"
    acts: tuple[CaseAct, ...] = ()
    """Oldest first."""
    taken: Taken | None = None
    """Until the next act."""
    undone_ms: int | None = None
    """When the completion that was rated was taken back, Unix ms; None: it stands."""

    @property
    def tried(self) -> int:
        """How often somebody tried to call back since it was opened or reopened."""
        count = 0
        for act in self.acts:
            count = 0 if act.kind == "reopened" else count + (act.kind in ("reached", "not_reached"))
        return count

    @property
    def closed_ms(self) -> int | None:
        """When it was closed; None: it is not."""
        return self.acts[-1].at_ms if self.state == "closed" and self.acts else None


def reasons_of(config: HallConfig) -> tuple[RatingReason, ...]:
    """What somebody who is not satisfied can choose from."""
    return config.ratings.reasons or REASONS


def asks_reasons(config: HallConfig) -> int:
    """Levels up to this are asked for reasons."""
    return max(config.ratings.bad_level, OFTEN_BAD)


def due_ms(state: HallState, now_ms: int) -> int:
    """By when a case that opens now should be closed, Unix ms.

    With working days: when the last ordinary session of that day ends, or the day itself in a hall
    without sessions. Where no such day comes within two months, the plain hours count.
    """
    ratings, config = state.config.ratings, state.today
    left = ratings.due_workdays
    day = state.day
    for _ in range(_LOOK_AHEAD_DAYS if left else 0):
        day = day_after(day)
        ends_ms = _workday_ends_ms(config, day)
        if ends_ms is None:
            continue
        left -= 1
        if not left:
            return max(ends_ms, now_ms)
    return now_ms + ratings.due_h * _HOUR_MS


def _workday_ends_ms(config: HallConfig, day: str) -> int | None:
    """When a day's work ends; None: nobody works then."""
    if not config.sessions:
        return day_bounds(day, config.timezone, config.day_starts)[1]
    ends = [
        one.serving_to_ms
        for one in sessions_on(config, day)
        if one.kind not in _NO_WORKDAYS and one.serving_to_ms > one.serving_from_ms
    ]
    return max(ends, default=None)


def forgotten(state: HallState, now_ms: int) -> list[str]:
    """Closed cases whose time in memory is over; an open one never is."""
    keep_ms = state.config.ratings.keep_days * _DAY_MS
    return [
        case.id
        for case in state.cases.values()
        if case.closed_ms is not None and case.closed_ms + keep_ms <= now_ms
    ]
