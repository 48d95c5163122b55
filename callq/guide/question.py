"""What a guide asks, and what it means: matters that are certain, or some that are possible.

Confidences are shares of belief, as classifiers give them. Matters above `MEANT` are all meant: whoever has
two of them makes one visit. Where nothing is that sure, the matters are alternatives of each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.rules.guards import item_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.domain.commands import TicketClass
    from callq.domain.hall import Item, ItemChannel
    from callq.domain.state import HallState

MEANT: Final = 0.6
"""A matter or service believed in so much is what somebody has come for."""

POSSIBLE: Final = 0.2
"""One believed in less is not worth an option."""

MAX_ALTERNATIVES: Final = 3
"""Services between which somebody unsure is let choose; beside them the desk for the unresolved."""


class Question(NamedTuple):
    """What is asked.

    Attributes:
      items: code of a matter and confidence, 0 to 1.
      traits: of the person, e.g. ``elderly``.
      arrive_ms: when they would come, Unix ms; None: they are here.
      accept: channels to be considered; None: all.
      cls: class of the ticket that would be taken.
    """

    items: Sequence[tuple[str, float]]
    traits: frozenset[str] = frozenset()
    arrive_ms: int | None = None
    accept: frozenset[ItemChannel] | None = None
    cls: TicketClass = "ordinary"


class Matter(NamedTuple):
    """What somebody may want of one service.

    Attributes:
      service: code.
      items: of it, most probable first; never empty. Where none is certain they are alternatives.
      confidence: that something of the service is wanted, at most 1.
      item: code of the matter for a ticket; empty where it is not certain.
    """

    service: str
    items: tuple[Item, ...]
    confidence: float
    item: str


class Meaning(NamedTuple):
    """What a question means.

    Attributes:
      matters: in the order asked if certain, else most probable first.
      certain: whether all of them are wanted, rather than one of them.
      others: matters that are possible all the same, in the order asked.
    """

    matters: tuple[Matter, ...]
    certain: bool
    others: tuple[Item, ...] = ()

    @property
    def first(self) -> Matter | None:
        """The one that is more probable than every other; None: there is none."""
        if not self.matters:
            return None
        best, *rest = sorted(self.matters, key=lambda matter: -matter.confidence)
        return best if all(matter.confidence < best.confidence for matter in rest) else None


def meaning(state: HallState, items: Sequence[tuple[str, float]]) -> Meaning:
    """What is meant by some matters.

    Args:
      state: the hall.
      items: code and confidence; where a code comes twice the higher confidence counts.

    Raises:
      Rejected: `UNKNOWN_ITEM`.
    """
    believed: dict[str, float] = {}
    for code, confidence in items:
        believed[code] = max(confidence, believed.get(code, 0.0))
    by_service: dict[str, list[tuple[float, Item]]] = {}
    for code, confidence in believed.items():
        item = item_of(state, code)
        by_service.setdefault(item.service, []).append((confidence, item))
    matters = [_matter(service, found) for service, found in by_service.items()]
    meant = [matter for matter in matters if matter.confidence >= MEANT]
    possible = sorted(
        (matter for matter in matters if matter.confidence >= POSSIBLE),
        key=lambda matter: -matter.confidence,
    )
    found = tuple(meant or possible[:MAX_ALTERNATIVES])
    named = {item.code for matter in found for item in matter.items}
    others = tuple(
        item_of(state, code)
        for code, confidence in believed.items()
        if confidence >= POSSIBLE and code not in named
    )
    return Meaning(found, bool(meant), others)


def _matter(service: str, found: list[tuple[float, Item]]) -> Matter:
    """Matters of one service; where some are meant, the others are not."""
    found.sort(key=lambda one: -one[0])
    meant = [item for confidence, item in found if confidence >= MEANT]
    likely = meant or [item for confidence, item in found if confidence >= POSSIBLE] or [found[0][1]]
    total = min(1.0, sum(confidence for confidence, _ in found))
    return Matter(service, tuple(likely), total, meant[0].code if meant else "")
