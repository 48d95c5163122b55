"""Which ticket a freed window takes: the head of one of its eligible lanes.

Late binding: a ticket names a service, never a window (unless papers, a transfer, a rejoin or a first
contact bind it); the choice is made when a window asks. Which lanes are eligible, that papers which are
back go first, and that a booking before its slot goes last are rules of every hall; among what is left
the hall's policy chooses. No randomness. Cost: O(eligible lanes), whatever the queue's length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from callq.domain.events import Why
from callq.domain.lanes import Lane, LaneKey, Place
from callq.domain.routing.lanes import Candidate, eligible_lanes, of_lane
from callq.domain.routing.policies import GUARDED, POLICIES, PRESSED, Sight
from callq.domain.routing.preferences import green_first, left_to_better

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.domain.events import Term
    from callq.domain.routing.preferences import Left
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.window import Window


LEFT: Final = "better_clerk"
"""Note of a lane that is left to a better clerk."""


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
    asked = eligible_lanes(state, window)
    if coming is not None:
        ticket, service = coming
        if service in state.services_at(window) and state.resource_free(service, window):
            place = Place(1, clock_ms, state.order + 1, ticket.id)
            key = LaneKey(service, ticket.cls)
            asked.append(of_lane(key, Lane([place]), state.index.target_min(service, ticket.cls)))
    if not asked:
        return None
    policy = state.config.policy_name
    flexible = len(state.services_at(window)) > 1
    terms = POLICIES[policy](Sight(state, clock_ms, flexible, coming[1] if coming else ""), asked)
    left = left_to_better(state, window, asked, clock_ms if judged_ms is None else judged_ms)
    for at, (until_ms, _) in left.items():
        if until_ms > clock_ms:
            terms[at] = replace(terms[at], note=LEFT)
    settled = _settle(state, window, asked, terms)
    if settled is None:
        return None
    why = Why(
        rule=policy,
        lanes=tuple([one.seen for one in asked]),
        # By the longest wait the lanes say it all.
        terms=tuple(terms) if left or policy != "longest_wait" else (),
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
    terms: Sequence[Term],
) -> Settled | None:
    """Who goes first; None where all are left to better clerks."""
    due = [at for at, term in enumerate(terms) if term.late >= 0 and not term.note]
    if asked[0].key.to:  # Those for this window alone come first.
        back = [at for at, one in enumerate(asked) if not one.head.rank and one.key.to.startswith("w:")]
        if back:
            return Settled(_first(asked, terms, back), "papers")
    if not due:
        may = [at for at, term in enumerate(terms) if not term.note]
        return Settled(_first(asked, terms, may), "before_slot") if may else None
    routing = state.config.routing
    guard = routing.guard if routing is not None and state.config.policy_name in GUARDED else 0
    late = [at for at in due if terms[at].late > guard] if guard else []
    if late:
        worst = min(late, key=lambda at: (-terms[at].late, asked[at].clock_ms, asked[at].head.order))
        return Settled(worst, "guard")
    first = green_first(state, window, asked, due)
    at = _first(asked, terms, first)
    if len(first) < len(due):
        return Settled(at, "green")
    if asked[at].key.to:
        return Settled(at, "named")
    return Settled(at, "pressure" if _by_pressure(state, asked, terms, due, at) else "")


def _by_pressure(
    state: HallState, asked: Sequence[Candidate], terms: Sequence[Term], due: Sequence[int], chosen: int
) -> bool:
    """Whether another would have gone first by waits in targets alone."""
    if state.config.policy_name not in PRESSED:
        return False
    late = terms[chosen].late
    for at in due:
        other = terms[at].late
        if other > late or (other == late and at != chosen and _before(asked[at], asked[chosen])):
            return True
    return False


def _before(one: Candidate, other: Candidate) -> bool:
    return (one.clock_ms, one.head.order) < (other.clock_ms, other.head.order)


def _first(asked: Sequence[Candidate], terms: Sequence[Term], among: Sequence[int]) -> int:
    """The largest index; ties: the longer wait, then the lower order."""
    most = max([terms[at].index for at in among])
    equal = [at for at in among if terms[at].index == most]
    return min(equal, key=lambda at: (asked[at].clock_ms, asked[at].head.order))
