"""One hall without a node, for tools that look at a store or write a little beside its nodes."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

from callq.runtime.actor import HallActor
from callq.runtime.clock import NodeClock
from callq.runtime.home import MemoryHome
from callq.runtime.past import Past

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from callq.journal.port import Journal


class _Nobody:
    """A tool waits for nobody: it writes by compare-and-set, like everybody."""

    has_peers = False
    serving = True

    async def peers_settled(self, epoch: str) -> None:
        await trio.lowlevel.checkpoint()


@asynccontextmanager
async def lone_actor(journal: Journal, hall: str) -> AsyncIterator[HallActor]:
    """A hall's actor, loaded and running while the block runs; nodes take notice of what it commits.

    Raises:
      Quarantined: the journal cannot be brought into force.
      LineageBroken, StoreUnavailable: try again.
    """
    past = Past(hall, MemoryHome())
    actor = HallActor(hall, journal, past, NodeClock(), random.Random(), _Nobody())
    await actor.load()
    async with trio.open_nursery() as nursery:
        await nursery.start(actor.run)
        yield actor
        nursery.cancel_scope.cancel()
