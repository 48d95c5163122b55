"""Which ticket a freed window takes: the head of one of its eligible lanes.

Late binding: a ticket names a service, never a window (unless papers, a transfer, a rejoin or a first
contact bind it); the choice is made when a window asks. Which lanes are eligible, that papers which are
back go first, and that a booking before its slot goes last are rules of every hall; among what is left
the hall's policy chooses. No randomness. Cost: O(eligible lanes), whatever the queue's length; a beginner's
window looks besides at those that are free within `better_soon_s` of now, at most.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.events import Term, Why
from callq.domain.lanes import Lane, LaneKey, Place
from callq.domain.routing.lanes import Candidate, eligible_lanes, of_lane
from callq.domain.routing.policies import GUARDED, POLICIES, PRESSED, Sight
from callq.domain.routing.preferences import green_first, left_to_better

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from callq.domain.routing.preferences import Left
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.window import Window


LEFT: Final = "better_clerk"
"""Note of a lane that is left to a better clerk."""

_NOTHING: Final = repeat("")
_NO_PRESSURE: Final = repeat(0.0)


class LaneChoice(NamedTuple):
    """A ticket to call and why."""

    ticket: Ticket
    why: Why


class Settled(NamedTuple):
    """Which candidate goes first, and what settled it other than the policy's index."""

    at: int
    by: str


def choose_lane(
    state: HallState,
    window: Window,
    now_ms: int,
    coming: tuple[Ticket, str] | None = None,
    judged_ms: int | None = None,
) -> LaneChoice | None:
    """Pick the ticket a freed window serves next; None when nothing eligible waits.

    Args:
      state: the hall; only read.
      window: staffed; the skills of its clerk, its equipment and free resources bound the choice.
      now_ms: Unix ms; a booking that came before its slot is taken only if nothing else waits.
      coming: a ticket that will wait for a service as of now, by the same decision.
      judged_ms: when it was judged what is left to a better clerk, in the hall's own time; None: now. What
        was left then is taken as soon as its time is over.

    Returns:
      Who brings papers back to this very window; else who has waited a multiple of their target; else, at a
      green window, who has priority; else whom the policy chooses among what is not left to a better
      clerk. With every lane that was looked at.
    """
    clock_ms = state.clock(now_ms)
    serving = state.services_at(window)
    asked = eligible_lanes(state, window, serving)
    if coming is not None:
        ticket, service = coming
        if service in serving and state.resource_free(service, window):
            place = Place(1, clock_ms, state.order + 1, ticket.id)
            asked.append(of_lane(LaneKey(service, ticket.cls), Lane([place]), state))
    if not asked:
        return None
    policy = state.config.policy_name
    lates = [(clock_ms - one.clock_ms) / one.target_ms for one in asked]
    sight = Sight(state, clock_ms, lates, serving, coming[1] if coming else "")
    weighed = POLICIES[policy](sight, asked)
    left = left_to_better(state, window, asked, clock_ms if judged_ms is None else judged_ms)
    still = {at for at, (until_ms, _) in left.items() if until_ms > clock_ms} if left else None
    settled = _settle(state, window, asked, lates, weighed.indexes, still)
    if settled is None:
        return None
    terms: tuple[Term, ...] = ()
    # By the longest wait the lanes say it all.
    if left or policy != "longest_wait":
        notes = [LEFT if at in still else "" for at in range(len(asked))] if still else _NOTHING
        minutes = [one.target_min for one in asked]
        terms = tuple(map(Term, weighed.indexes, lates, weighed.pressures or _NO_PRESSURE, notes, minutes))
    why = Why(
        rule=policy,
        lanes=tuple([one.seen for one in asked]),
        terms=terms,
        by=settled.by,
        target_min=asked[settled.at].target_min,
    )
    return LaneChoice(state.tickets[asked[settled.at].head.ticket], why)


def calls_from_ms(state: HallState, window: Window, clock_ms: int) -> int | None:
    """When a window would call somebody of its own accord if nothing else happens, as judged at `clock_ms`.

    Returns:
      In the hall's own time, no earlier than `clock_ms`; None: nobody waits whom it could serve.
    """
    asked = eligible_lanes(state, window)
    if not asked:
        return None
    left = left_to_better(state, window, asked, clock_ms)
    return min(left.values()).until_ms if len(left) == len(asked) else clock_ms


def left_lanes(state: HallState, window: Window, clock_ms: int) -> list[tuple[Candidate, Left]]:
    """What a window could call but leaves to better clerks at `clock_ms`, in the hall's own time."""
    asked = eligible_lanes(state, window)
    left = left_to_better(state, window, asked, clock_ms)
    return [(asked[at], to) for at, to in left.items()]


def _settle(
    state: HallState,
    window: Window,
    asked: Sequence[Candidate],
    lates: Sequence[float],
    indexes: Sequence[float],
    left: AbstractSet[int] | None,
) -> Settled | None:
    """Who goes first; None where all are left to better clerks."""
    may: Sequence[int] = range(len(asked))
    if left:
        may = [at for at in may if at not in left]
    due = may if min(lates) >= 0 else [at for at in may if lates[at] >= 0]
    if asked[0].key.to:  # Those for this window alone come first.
        back = [at for at, one in enumerate(asked) if not one.head.rank and one.key.to.startswith("w:")]
        if back:
            return Settled(_first(asked, indexes, back), "papers")
    if not due:
        return Settled(_first(asked, indexes, may), "before_slot") if may else None
    routing = state.config.routing
    policy = state.config.policy_name
    guard = routing.guard if routing is not None and policy in GUARDED else 0
    latest = max(lates)
    if guard and latest > guard:
        late = [at for at in due if lates[at] > guard]
        if late:
            return Settled(_first(asked, lates, late), "guard")
    first = green_first(state, window, asked, due)
    at = _first(asked, indexes, first)
    if len(first) < len(due):
        return Settled(at, "green")
    if asked[at].key.to:
        return Settled(at, "named")
    # Whether another would have gone first by waits in targets alone.
    alone = lates[at] == latest and lates.count(latest) == 1
    pressed = policy in PRESSED and not alone and _first(asked, lates, due) != at
    return Settled(at, "pressure" if pressed else "")


def _first(asked: Sequence[Candidate], values: Sequence[float], among: Sequence[int]) -> int:
    """The largest of some values; ties: the longer wait, then the lower order."""
    if len(among) == len(values):
        most = max(values)
        if values.count(most) == 1:
            return values.index(most)
    else:
        most = max([values[at] for at in among])
    equal = [at for at in among if values[at] == most]
    return min(equal, key=lambda at: (asked[at].clock_ms, asked[at].head.order))
