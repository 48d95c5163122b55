"""Watching over devices on running nodes: silence is found once, and not where nobody listened."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

from callq.domain import commands as cmd
from callq.domain.devices import device_now
from callq.runtime.devices import TURN_S
from callq.runtime.home import MemoryHome
from callq.runtime.node import Node
from tests.harness import small_hall
from tests.runtime.conftest import Bench, Clock, kinds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.runtime.faulty import FaultyJournal


@asynccontextmanager
async def running(journal: FaultyJournal, *names: str) -> AsyncIterator[list[Bench]]:
    """Nodes that serve the hall until the block ends."""
    async with trio.open_nursery() as nursery:
        found = []
        for seed, name in enumerate(names):
            node = Node(
                journal,
                journal,
                [small_hall()],
                home=MemoryHome(name),
                clock=Clock(),
                rng=random.Random(seed),
            )
            await nursery.start(node.run)
            found.append(Bench(journal, node))
        yield found
        nursery.cancel_scope.cancel()


async def beat(bench: Bench, device: str = "tv-1") -> None:
    await bench.do(cmd.ReportDevice(device=device, version="1"))
    bench.node.devices("test").heard(device, bench.actor.now())


async def state(bench: Bench, device: str = "tv-1") -> str:
    return str(await bench.look(lambda hall: device_now(hall, device).state))


async def test_two_nodes_find_one_silence(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal, "a", "b") as (one, two):
        await beat(one)
        # Its reports come to one node now, to the other then: each knows of both.
        for turn in range(8):
            await trio.sleep(30)
            await beat(two if turn % 2 else one)
        assert await kinds(journal, "device_silent") == []
        assert await state(two) == "ok"
        last_ms = two.node.devices("test").seen["tv-1"]
        await trio.sleep(89)
        assert await state(one) == "ok"
        await trio.sleep(3 * TURN_S)
        (silent,) = await kinds(journal, "device_silent")
        assert abs(silent.seen_ms - last_ms) <= 1000
        assert (await state(one), await state(two)) == ("silent", "silent")
        await beat(two)
        await trio.sleep(60)
        assert (await state(one), await state(two)) == ("ok", "ok")
        assert len(await kinds(journal, "device_heard")) == 2


async def test_a_node_that_was_away_listens_before_it_says_that_a_device_is_silent(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal, "a") as (one,):
        await beat(one)
        await trio.sleep(30)
    await trio.sleep(3600)
    async with running(journal, "b") as (two,):
        await trio.sleep(80)
        assert await kinds(journal, "device_silent") == []
        await trio.sleep(60)
        assert len(await kinds(journal, "device_silent")) == 1
        assert await state(two) == "silent"


async def test_orders_lapse_and_strangers_leave_nothing_behind(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal, "a") as (one,):
        await beat(one)
        await trio.sleep(120)
        await one.do(cmd.OrderDevice(device="tv-1", order="test"))
        await trio.sleep(16 * 60)
        assert len(await kinds(journal, "device_order_lapsed")) == 1
        # One that the hall has forgotten.
        assert set(await journal.devices_seen("test", {"tv-2": 1})) == {"tv-1", "tv-2"}
        await trio.sleep(3 * TURN_S)
        assert set(await journal.devices_seen("test", {})) == {"tv-1"}
