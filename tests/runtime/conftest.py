"""Running halls on a journal that can be made to fail."""

from __future__ import annotations

import itertools
import random
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.domain import commands as cmd
from callq.domain.events import decode_batch
from callq.domain.state import HallState, canonical
from callq.runtime.clock import NodeClock
from callq.runtime.home import MemoryHome
from callq.runtime.node import Node
from tests.harness import MONDAY_9H, small_hall
from tests.runtime.faulty import FaultyJournal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from callq.journal.memory import MemoryJournal
    from callq.journal.port import Entry
    from callq.runtime.actor import HallActor
    from callq.runtime.home import Home

_minted = itertools.count(1)

CLERK = cmd.Actor(role="clerk", id="t1")


def virtual_ms() -> int:
    """A wall clock that moves with trio's, from a Monday morning."""
    return MONDAY_9H + round(trio.current_time() * 1000)


class Clock(NodeClock):
    """A node's clock whose wall can be set."""

    def __init__(self, *, hours_later: float = 0, witness: bool = False) -> None:
        self.offset_ms = round(hours_later * 3_600_000)
        super().__init__(lambda: virtual_ms() + self.offset_ms, trio.current_time, witness=witness)


class Bench:
    """A node with one hall, and short ways to ask it things."""

    def __init__(self, journal: FaultyJournal, node: Node) -> None:
        self.journal = journal
        self.node = node

    @property
    def actor(self) -> HallActor:
        return self.node.actor("test")

    async def do(self, command: cmd.AnyCommand, key: str | None = None, body: bytes = b"") -> Any:
        return await self.actor.command(
            command, who=CLERK, key=key, body=body, render=lambda state, outcome, now: outcome
        )

    async def issue(self, service: str = "general", key: str | None = None) -> Any:
        ticket = f"t{next(_minted):05d}"
        return await self.do(cmd.Issue(ticket=ticket, service=service), key, b"i" * 16)

    async def canonical(self) -> bytes:
        return await self.actor.read(lambda state, now: canonical(state))

    async def look(self, look: Callable[[HallState], Any]) -> Any:
        return await self.actor.read(lambda state, now: look(state))

    async def stand(self, window: str = "w1", clerk: str = "c1") -> None:
        """A clerk signs in at a window and opens it."""
        await self.do(cmd.SignIn(window=window, clerk=clerk))
        await self.do(cmd.Open(window=window))


@asynccontextmanager
async def running(
    journal: MemoryJournal,
    clock: Callable[[], int] | None = None,
    *,
    home: Home | None = None,
    seed: int = 1,
    digest_every: int = 0,
) -> AsyncIterator[Bench]:
    """A node on `journal` until the block ends, as if it were killed then."""
    node = Node(
        journal,
        journal,
        [small_hall()],
        home=home or MemoryHome(),
        clock=clock or Clock(),  # type: ignore[arg-type]
        rng=random.Random(seed),
        digest_every=digest_every,
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(node.run)
        yield Bench(journal, node)  # type: ignore[arg-type]
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def two(journal: FaultyJournal) -> AsyncIterator[tuple[Bench, Bench]]:
    """Nodes a and b, which know of each other."""
    async with AsyncExitStack() as stack:
        a = await stack.enter_async_context(running(journal, home=MemoryHome("a"), seed=1))
        b = await stack.enter_async_context(running(journal, home=MemoryHome("b"), seed=2))
        await trio.sleep(2)
        yield a, b


async def entries(journal: FaultyJournal, hall: str = "test") -> list[Entry]:
    return await journal.read_revisions(hall, 0, 100_000)


async def kinds(journal: FaultyJournal, kind: str, hall: str = "test") -> list[Any]:
    """Events of a kind in the journal."""
    found = [event for entry in await entries(journal, hall) for event in decode_batch(entry.payload).events]
    return [event for event in found if event.__struct_config__.tag == kind]


@pytest.fixture
def journal() -> FaultyJournal:
    return FaultyJournal()


@pytest.fixture
def threads_in_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker threads run in line: a virtual clock would not wait for them."""

    async def run_sync(work: Callable[..., Any], *arguments: Any, **_: Any) -> Any:
        await trio.lowlevel.checkpoint()
        return work(*arguments)

    monkeypatch.setattr(trio.to_thread, "run_sync", run_sync)
