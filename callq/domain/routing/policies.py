"""The policies: how a free window compares the lanes that it can serve.

Each is a function that gives every candidate an index; the largest goes first, then whoever has waited
longest, then the lower order. None looks at anything but the candidates, the counts of who waits and
`staffing_of`, so that each costs O(candidates). No randomness.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import add
from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.routing.staffing import staffing_of

if TYPE_CHECKING:
    from callq.domain.routing.lanes import Candidate
    from callq.domain.state import HallState


class Sight(NamedTuple):
    """What a policy looks at."""

    state: HallState
    clock_ms: int
    """Now, in the hall's own time."""
    lates: Sequence[float]
    """What each candidate has waited, in targets of its service and class."""
    serving: tuple[str, ...]
    """Services that the window takes now."""
    coming: str = ""
    """Service of a ticket that is about to wait as well; empty: of none."""

    @property
    def all_waiting(self) -> int:
        """How many wait in all."""
        return self.state.waiting.total + bool(self.coming)


class Weighed(NamedTuple):
    """What a policy makes of some candidates, in their order."""

    indexes: Sequence[float]
    """The largest goes first."""
    pressures: Sequence[float] | None = None
    """What the lengths of the queues add, or are all there is; None: nothing."""


Policy = Callable[[Sight, "Sequence[Candidate]"], Weighed]
"""What it makes of some candidates; only reads."""


def _excess(sight: Sight, candidates: Sequence[Candidate], weight: float = 1.0) -> list[float]:
    """How many more wait for each candidate's service than are its due share of all, times a weight."""
    shares, total = staffing_of(sight.state).shares, sight.all_waiting
    counts, coming = sight.state.waiting.counts, sight.coming
    # Those that wait for the window alone come first; papers among them may need a skill that is not in use.
    codes = {one.service for one in candidates} if candidates[0].key.to else sight.serving
    of = {code: weight * (counts.get(code, 0) + (code == coming) - shares[code] * total) for code in codes}
    return [of[one.service] for one in candidates]


def _index(sight: Sight, candidates: Sequence[Candidate]) -> Weighed:
    """Largest weighted delay, and for flexible windows a pressure towards the queues that are too long.

    Source: largest weighted delay (Stolyar and Ramanan 2001), which is accumulating priority (Kleinrock
    1964) at once; a queue-ratio correction; see docs/decisions.
    """
    if len(sight.serving) < 2:
        return Weighed(sight.lates)
    pressures = _excess(sight, candidates, staffing_of(sight.state).weight)
    return Weighed(list(map(add, sight.lates, pressures)), pressures)


def _longest_wait(sight: Sight, candidates: Sequence[Candidate]) -> Weighed:
    """Whoever has waited longest, minutes."""
    return Weighed([(sight.clock_ms - one.clock_ms) / 60_000 for one in candidates])


def _fixed_queue_ratio(sight: Sight, candidates: Sequence[Candidate]) -> Weighed:
    """The service of which most wait beyond its due share, whatever the class."""
    excess = _excess(sight, candidates)
    return Weighed(excess, excess)


_CLASS_ORDER: Final = {"priority": 2.0, "appointment": 1.0, "ordinary": 0.0}


def _strict_priority(sight: Sight, candidates: Sequence[Candidate]) -> Weighed:
    """Priority before appointments before all others."""
    return Weighed([_CLASS_ORDER[one.key.cls] for one in candidates])


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
