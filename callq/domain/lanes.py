"""Lanes: waiting tickets of one service and class, ordered by their lateness clock; and the agenda.

Sorted lists. Adding, removing and ranking cost O(log n) whatever the length, so that calling the
next of 100,000 costs what calling the next of 100 does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sortedcontainers import SortedList

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callq.domain.commands import TicketClass
    from callq.domain.routing.lanes import Candidate

CLASSES: Final[tuple[TicketClass, ...]] = ("priority", "appointment", "ordinary")
"""In the order in which they are looked at; none goes first for that."""


class Place(NamedTuple):
    """Where a ticket stands in a lane; sorts as the lane does."""

    rank: int
    """0: came back from a hold, before everyone; 1: by its clock."""
    clock_ms: int
    """Lateness clock, in the hall's own time (which stands still while the hall is suspended)."""
    order: int
    """Tie-break: the issue sequence, or a later one for a ticket that went back some places."""
    ticket: str


class LaneKey(NamedTuple):
    """Which lane: a service and a class, and for whom if not for any window."""

    service: str
    cls: str
    to: str = ""
    """Empty: any window. ``w:ID`` a window's, ``c:ID`` a clerk's."""


class Lane:
    """Waiting places, first to be called first."""

    __slots__ = ("_places", "asked", "head", "size")

    def __init__(self, places: Iterable[Place] = ()) -> None:
        self._places: SortedList[Place] = SortedList(places)
        self.head: Place | None = self._places[0] if self._places else None
        """First place, or None: kept, like the size, since every decision asks every lane for it."""
        self.size = len(self._places)
        self.asked: Candidate | None = None
        """What the routing made of it, until somebody joins or leaves, or its targets change."""

    def __len__(self) -> int:
        return self.size

    @property
    def oldest_ms(self) -> int:
        """Lateness clock by which a lane that is not empty is compared with others.

        That of its first, or of the first that did not come back from a hold, if that is older: who
        comes back goes before their lane, and must not make it wait for others.
        """
        first: Place = self._places[0]
        if first.rank:
            return first.clock_ms
        arrived = self.nth(self._places.bisect_left(Place(1, 0, 0, "")))
        return min(first.clock_ms, arrived.clock_ms) if arrived else first.clock_ms

    def nth(self, index: int) -> Place | None:
        """The place at an index from 0, or None beyond the end."""
        return self._places[index] if index < len(self._places) else None

    def add(self, place: Place) -> None:
        """Insert a place where it sorts."""
        self._places.add(place)
        self.asked = None
        self.size += 1
        if self.head is None or place < self.head:
            self.head = place

    def remove(self, place: Place) -> None:
        """Take out a place that is there."""
        self._places.remove(place)
        self.asked = None
        self.size -= 1
        if place == self.head:
            self.head = self._places[0] if self._places else None

    def before(self, place: Place) -> int:
        """How many sort before `place`, which need not be in this lane."""
        return self._places.bisect_left(place)

    def ids(self) -> list[str]:
        """Ticket ids in order."""
        return [place.ticket for place in self._places]

    def places(self) -> list[Place]:
        """Everything, in order."""
        return list(self._places)


class Tally:
    """How many there are of each name, and of all: kept as they come and go, so that nobody has to count."""

    __slots__ = ("counts", "total")

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.counts: dict[str, int] = {}
        """Of those of which there are any."""
        self.total = 0
        for name in names:
            self.add(name)

    def __repr__(self) -> str:
        return f"Tally({dict(sorted(self.counts.items()))})"

    def of(self, name: str) -> int:
        """How many of this name."""
        return self.counts.get(name, 0)

    def add(self, name: str) -> None:
        """One more."""
        self.counts[name] = self.counts.get(name, 0) + 1
        self.total += 1

    def remove(self, name: str) -> None:
        """One less; there must be one."""
        left = self.counts[name] - 1
        if left:
            self.counts[name] = left
        else:
            del self.counts[name]
        self.total -= 1


class Due(NamedTuple):
    """Something that time alone will make due."""

    at_ms: int
    """In the hall's own time."""
    kind: str
    entity: str


class Agenda:
    """What is due when; timers are state, so that a restart forgets none."""

    __slots__ = ("_due",)

    def __init__(self, due: Iterable[Due] = ()) -> None:
        self._due: SortedList[Due] = SortedList(due)

    def __len__(self) -> int:
        return len(self._due)

    @property
    def first(self) -> Due | None:
        """What is due first, or None."""
        return self._due[0] if self._due else None

    def until(self, now_ms: int) -> list[Due]:
        """Everything due by `now_ms`, in order."""
        end = self._due.bisect_left(Due(now_ms + 1, "", ""))
        return list(self._due[:end])

    def add(self, due: Due) -> None:
        """Note something."""
        self._due.add(due)

    def remove(self, due: Due) -> None:
        """Strike something that is there."""
        self._due.remove(due)

    def all(self) -> list[Due]:
        """Everything, in order."""
        return list(self._due)
