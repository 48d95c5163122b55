"""Hints on their way: PUBLISH reaches who listens at the same server at that moment, or nobody."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.journal.port import EntryId
    from tests.simulation.connection import SimConnection


class Ears:
    """Hints on their way to one listener, in the order in which they were published."""

    def __init__(self, connection: SimConnection, heard: Callable[[str, EntryId], None]) -> None:
        self.node = connection._node
        self._connection = connection
        self._heard = heard
        self._coming: deque[tuple[float, str, EntryId]] = deque()
        self._wake = trio.Event()
        self._ended = False

    def say(self, hall: str, last: EntryId) -> None:
        """PUBLISH: nothing is kept for who does not hear it."""
        connection = self._connection
        world, line = connection._world, connection.line
        if world.chance(line.hint_lost):
            return
        delay_s = connection._leg_s() + line.hint_late_s * world.rng.random() ** 4
        before = self._coming[-1][0] if self._coming else 0.0
        self._coming.append((max(before, world.now_s + delay_s), hall, last))
        self._wake.set()

    def end(self) -> None:
        """The connection is gone."""
        self._ended = True
        self._wake.set()

    async def listen(self) -> None:
        """Pass hints on until the connection ends."""
        while not self._ended:
            if not self._coming:
                self._wake = trio.Event()
                await self._wake.wait()
                continue
            await trio.sleep_until(self._coming[0][0])
            _, hall, last = self._coming.popleft()
            self._heard(hall, last)
