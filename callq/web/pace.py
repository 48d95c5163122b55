"""How many requests may begin before others get their turn.

The loop goes round all tasks that are ready. A request takes it a millisecond or so, and five hundred that
came at once would make one round half a second long: every press of a panel that is connected already waits
for some rounds. Requests that begin a few at a time keep the rounds short, and those who come in a crowd wait
for each other.

The first request of a connection mostly goes before the next ones of others, so that whoever asks again and
again does not keep out who comes; and the newest of them goes first. Who stands behind a crowd would wait for
all of it, and be the one that has waited longest when somebody has to make way; so a crowd of strangers is
what waits, and whoever comes while it does is served at once.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import trio

AT_ONCE: Final = 8
"""Requests that begin in one round of the loop."""

FIRST_OF: Final = 4
"""Every fourth place is for those who have been served before, if any of them waits."""


class Pace:
    """Lets requests begin: the newest of the first ones first, the others in the order in which they came."""

    def __init__(self) -> None:
        self._going = 0
        self._given = 0
        self._new: deque[trio.Event] = deque()
        self._known: deque[trio.Event] = deque()

    @property
    def free(self) -> bool:
        """Whether nobody would have to wait for a turn."""
        return self._going < AT_ONCE

    async def turn(self, *, new: bool) -> None:
        """Wait until a request may begin.

        Args:
          new: it is the first of its connection.
        """
        if self.free:
            self._going += 1
        else:
            await self._queue(self._new if new else self._known)
        try:
            # Whoever comes next may begin in the next round.
            await trio.lowlevel.checkpoint()
        finally:
            self._pass_on()

    async def _queue(self, queue: deque[trio.Event]) -> None:
        place = trio.Event()
        queue.append(place)
        try:
            await place.wait()
        except trio.Cancelled:
            if place.is_set():
                # It was given away between the cancellation and this.
                self._pass_on()
            else:
                queue.remove(place)
            raise

    def _pass_on(self) -> None:
        self._given += 1
        if self._known and (not self._new or self._given % FIRST_OF == 0):
            self._known.popleft().set()
        elif self._new:
            self._new.pop().set()
        else:
            self._going -= 1
