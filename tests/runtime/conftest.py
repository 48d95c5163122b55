"""Running halls on a journal that can be made to fail."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.domain import commands as cmd
from callq.domain.state import HallState, canonical
from callq.runtime.node import Node
from tests.harness import MONDAY_9H, small_hall
from tests.runtime.faulty import FaultyJournal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from callq.runtime.actor import HallActor

CLERK = cmd.Actor(role="clerk", id="t1")


class Clock:
    """Wall clock of a test: moves with trio's, from a Monday morning."""

    def __init__(self) -> None:
        self.offset_ms = MONDAY_9H

    def __call__(self) -> int:
        return self.offset_ms + round(trio.current_time() * 1000)


class Bench:
    """A node with one hall, and short ways to ask it things."""

    def __init__(self, journal: FaultyJournal, node: Node) -> None:
        self.journal = journal
        self.node = node
        self._minted = 0

    @property
    def actor(self) -> HallActor:
        return self.node.actor("test")

    async def do(self, command: cmd.AnyCommand, key: str | None = None, body: bytes = b"") -> Any:
        return await self.actor.command(
            command, who=CLERK, key=key, body=body, render=lambda state, outcome, now: outcome
        )

    async def issue(self, service: str = "general", key: str | None = None) -> Any:
        self._minted += 1
        return await self.do(cmd.Issue(ticket=f"t{self._minted:05d}", service=service), key, b"i" * 16)

    async def canonical(self) -> bytes:
        return await self.actor.read(lambda state, now: canonical(state))

    async def look(self, look: Callable[[HallState], Any]) -> Any:
        return await self.actor.read(lambda state, now: look(state))


@asynccontextmanager
async def running(journal: FaultyJournal, clock: Callable[[], int] | None = None) -> AsyncIterator[Bench]:
    """A node on `journal` until the block ends."""
    node = Node(journal, journal, [small_hall()], clock=clock or Clock())
    async with trio.open_nursery() as nursery:
        await nursery.start(node.run)
        yield Bench(journal, node)
        nursery.cancel_scope.cancel()


@pytest.fixture
def journal() -> FaultyJournal:
    return FaultyJournal()
