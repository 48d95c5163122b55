"""Whoever waits for an answer longer than is reasonable is told to try again; one task for all of a hall.

Each gets the same time from its coming on, so deadlines stand in the order of coming: only the first is
ever looked at, however many wait behind it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import trio

from callq.domain.errors import StoreUnavailable

if TYPE_CHECKING:
    from callq.runtime.group import Item

ANSWER_WITHIN_S: Final = 5.0
"""A caller whose command is not durable by then gets `StoreUnavailable`; its command may still come
about, and repeating it with the same key finds out."""


class Deadlines:
    """Who waits in one hall, and until when."""

    def __init__(self) -> None:
        self._waiting: deque[Item] = deque()
        """In order of coming; those who have their answer leave when they are first."""
        self._came = trio.Event()
        """Somebody waits."""

    def add(self, item: Item) -> None:
        """Let an item wait for `ANSWER_WITHIN_S` from now on."""
        self._forget_answered()
        item.until_s = trio.current_time() + ANSWER_WITHIN_S
        self._waiting.append(item)
        self._came.set()

    async def run(self) -> None:
        """Turn everyone away in time, until cancelled."""
        while True:
            self._forget_answered()
            if not self._waiting:
                self._came = trio.Event()
                await self._came.wait()
                continue
            first = self._waiting[0]
            if first.until_s > trio.current_time():
                await trio.sleep_until(first.until_s)
                continue
            first.gone = True
            first.error = StoreUnavailable()
            first.settled.set()

    def _forget_answered(self) -> None:
        """Groups are settled in their order: hardly anybody has an answer behind one who has none."""
        waiting = self._waiting
        while waiting and (waiting[0].gone or waiting[0].settled.is_set()):
            waiting.popleft()
