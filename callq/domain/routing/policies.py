"""The policies: how a free window compares the lanes that it can serve.

Each is a function that gives every candidate an index; the largest goes first, then whoever has waited
longest, then the lower order. None looks at anything but the candidates, the counts of who waits and
`staffing_of`, so that each costs O(candidates). No randomness.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.events import Term
from callq.domain.routing.staffing import staffing_of

if TYPE_CHECKING:
    from callq.domain.routing.lanes import Candidate
    from callq.domain.state import HallState


class Sight(NamedTuple):
    """What a policy looks at."""

    state: HallState
    clock_ms: int
    """Now, in the hall's own time."""
    flexible: bool
    """Whether the window serves more than one service."""
    coming: str = ""
    """Service of a ticket that is about to wait as well; empty: of none."""

    @property
    def all_waiting(self) -> int:
        """How many wait in all."""
        return self.state.waiting.total + bool(self.coming)


Policy = Callable[[Sight, "Sequence[Candidate]"], list[Term]]
"""What it makes of some candidates, in their order; only reads."""


def _excess(sight: Sight, candidates: Sequence[Candidate]) -> dict[str, float]:
    """By service: how many more wait for it than are its due share of all."""
    shares, total = staffing_of(sight.state).shares, sight.all_waiting
    waiting, coming = sight.state.waiting.counts, sight.coming
    return {
        code: waiting.get(code, 0) + (code == coming) - shares[code] * total
        for code in {one.key.service for one in candidates}
    }


def _index(sight: Sight, candidates: Sequence[Candidate]) -> list[Term]:
    """Largest weighted delay, and for flexible windows a pressure towards the queues that are too long.

    Source: largest weighted delay (Stolyar and Ramanan 2001), which is accumulating priority (Kleinrock
    1964) at once; a queue-ratio correction; see docs/decisions.
    """
    clock_ms = sight.clock_ms
    found = []
    if not sight.flexible:
        for one in candidates:
            late = (clock_ms - one.clock_ms) / one.target_ms
            found.append(Term(late, late, 0.0, "", one.target_min))
        return found
    weight = staffing_of(sight.state).weight
    pressure = {code: weight * more for code, more in _excess(sight, candidates).items()}
    add = found.append
    for one in candidates:
        late = (clock_ms - one.clock_ms) / one.target_ms
        adds = pressure[one.key.service]
        add(Term(late + adds, late, adds, "", one.target_min))
    return found


def _longest_wait(sight: Sight, candidates: Sequence[Candidate]) -> list[Term]:
    """Whoever has waited longest, minutes."""
    return [_term(sight, one, (sight.clock_ms - one.clock_ms) / 60_000) for one in candidates]


def _fixed_queue_ratio(sight: Sight, candidates: Sequence[Candidate]) -> list[Term]:
    """The service of which most wait beyond its due share, whatever the class."""
    excess = _excess(sight, candidates)
    return [_term(sight, one, more := excess[one.key.service], more) for one in candidates]


_CLASS_ORDER: Final = {"priority": 2.0, "appointment": 1.0, "ordinary": 0.0}


def _strict_priority(sight: Sight, candidates: Sequence[Candidate]) -> list[Term]:
    """Priority before appointments before all others."""
    return [_term(sight, one, _CLASS_ORDER[one.key.cls]) for one in candidates]


def _term(sight: Sight, one: Candidate, index: float, pressure: float = 0.0) -> Term:
    return Term(index, (sight.clock_ms - one.clock_ms) / one.target_ms, pressure, "", one.target_min)


POLICIES: Final[dict[str, Policy]] = {
    "index": _index,
    "longest_wait": _longest_wait,
    "fixed_queue_ratio": _fixed_queue_ratio,
    "strict_priority": _strict_priority,
}
"""By the name in a hall's configuration, which is on record with each call."""

GUARDED: Final = frozenset({"index"})
"""Policies under which who has waited a multiple of their target goes first (`Routing.guard`)."""

PRESSED: Final = frozenset({"index"})
"""Policies that correct waits in targets by the lengths of queues: the record says where those decided."""
