"""Lanes: the waiting tickets of one service and class, ordered by their lateness clock.

A sorted list of places (clock, sequence, id). Adding, removing and ranking cost O(log n) whatever
the length, so that calling the next of 100,000 costs what calling the next of 100 does.
"""

from __future__ import annotations

from typing import NamedTuple

from sortedcontainers import SortedList

Place = tuple[int, int, str]
"""Lateness clock in Unix ms, issue sequence, ticket id."""


class LaneKey(NamedTuple):
    """Which lane: a service and a class."""

    service: str
    cls: str


class Lane:
    """Waiting places, oldest clock first."""

    __slots__ = ("_places",)

    def __init__(self) -> None:
        self._places: SortedList[Place] = SortedList()

    def __len__(self) -> int:
        return len(self._places)

    @property
    def head(self) -> Place | None:
        """First place, or None."""
        return self._places[0] if self._places else None

    def add(self, place: Place) -> None:
        """Insert a place where its clock puts it."""
        self._places.add(place)

    def remove(self, place: Place) -> None:
        """Take out a place that is there."""
        self._places.remove(place)

    def before(self, place: Place) -> int:
        """How many sort before `place`, which need not be in this lane."""
        return self._places.bisect_left(place)

    def ids(self) -> list[str]:
        """Ticket ids in order."""
        return [place[2] for place in self._places]
