"""Tides on running nodes: a minute is reckoned once, openings come, and a restart forgets nothing."""

from __future__ import annotations

import random
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import trio

from callq.domain import commands as cmd
from callq.domain.events import SCHEMA_VERSION
from callq.domain.state import canonical
from callq.domain.tides import opening_clock
from callq.runtime.home import MemoryHome
from callq.runtime.node import Node
from callq.runtime.tides import MINUTE_MS, TideKeeper
from tests.harness import tidal_hall
from tests.runtime.conftest import Bench, Clock, kinds, virtual_ms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from callq.domain.hall import HallConfig
    from tests.runtime.faulty import FaultyJournal


def hall(**tides: Any) -> HallConfig:
    """Window w1 is the people's, the plan may open the others; many come."""
    config = tidal_hall()
    services = tuple(msgspec.structs.replace(service, daily=480.0) for service in config.services)
    changed = msgspec.structs.replace(config.tides, windows=("w2", "w3"), **tides)
    return msgspec.structs.replace(config, services=services, tides=changed)


@asynccontextmanager
async def running(
    journal: FaultyJournal, config: HallConfig, name: str = "a", seed: int = 1
) -> AsyncIterator[Bench]:
    """A node that serves the hall until the block ends."""
    node = Node(journal, journal, [config], home=MemoryHome(name), clock=Clock(), rng=random.Random(seed))
    async with trio.open_nursery() as nursery:
        await nursery.start(node.run)
        yield Bench(journal, node)
        nursery.cancel_scope.cancel()


async def staffed(bench: Bench) -> None:
    """Clerks at all windows, of which w1 is open."""
    for window, clerk in (("w1", "c1"), ("w2", "c2"), ("w3", "c4")):
        await bench.do(cmd.SignIn(window=window, clerk=clerk))
    await bench.do(cmd.Open(window="w1"))


async def minutes(count: float) -> None:
    await trio.sleep(count * 60)


async def test_windows_open_some_minutes_after_a_minute_has_asked_for_them(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal, hall()) as bench:
        await staffed(bench)
        await minutes(1.1)
        assert await bench.look(lambda s: opening_clock(s, "w2")) is not None
        assert await bench.look(lambda s: s.windows["w2"].open) is False
        await minutes(5)
        assert await bench.look(lambda s: (s.windows["w2"].open, s.windows["w3"].open)) == (True, True)
        (applied, *_) = await kinds(journal, "tides_applied")
        assert {reason.code for reason in applied.plan.reasons} >= {"load"}
        assert applied.by == ""


async def test_a_supervisor_accepts_and_windows_open(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal, hall(mode="advise")) as bench:
        await staffed(bench)
        await minutes(1.1)
        plan = await bench.look(lambda s: s.tides.proposal)
        assert set(plan.open) == {"w2", "w3"}
        await bench.do(cmd.AcceptPlan(plan=plan.id))
        await minutes(5.1)
        assert await bench.look(lambda s: s.windows["w2"].open)


async def test_a_restart_forgets_no_opening(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal, hall()) as bench:
        await staffed(bench)
        await minutes(1.1)
        before = await bench.canonical()
    async with running(journal, hall(), "b") as bench:
        due = await bench.look(lambda s: opening_clock(s, "w2"))
        assert due is not None
        assert before != b""
        await minutes(5.5)
        assert await bench.look(lambda s: s.windows["w2"].open)


async def test_two_nodes_reckon_a_minute_once(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with AsyncExitStack() as stack:
        a = await stack.enter_async_context(running(journal, hall(), "a", 1))
        b = await stack.enter_async_context(running(journal, hall(), "b", 2))
        await trio.sleep(2)  # Until they know of each other.
        await staffed(a)
        for _ in range(10):
            await minutes(1)
            await b.issue()
        reckoned = [event.minute_ms for event in await kinds(journal, "tides_reckoned")]
        assert reckoned
        assert len(set(reckoned)) == len(reckoned)
        assert all(at % MINUTE_MS == 0 for at in reckoned)
        opened = [event.window for event in await kinds(journal, "window_opening")]
        assert sorted(opened) == ["w2", "w3"]
        assert await a.canonical() == await b.canonical()


async def test_another_node_reckons_when_the_one_that_did_is_gone(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal, hall(), "b", 2) as b:
        async with running(journal, hall(), "a", 1) as a:
            await staffed(a)
            await minutes(0.2)
        await minutes(2)
        assert await b.look(lambda s: opening_clock(s, "w2")) is not None


@pytest.mark.parametrize("mode", ["off", "suspended"])
async def test_nothing_is_reckoned_where_nothing_may_move(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, mode: str
) -> None:
    async with running(journal, hall()) as bench:
        await staffed(bench)
        await bench.do(cmd.SetTides(mode="off") if mode == "off" else cmd.Suspend(reason="停电"))
        await minutes(3)
        assert await kinds(journal, "tides_reckoned") == []


async def test_a_fault_costs_a_minute_and_no_more(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(journal, hall()) as bench:
        await staffed(bench)
        turn, faults = TideKeeper.turn, [ZeroDivisionError("a fault")]

        async def faulty(keeper: TideKeeper) -> None:
            if faults:
                raise faults.pop()
            await turn(keeper)

        monkeypatch.setattr(TideKeeper, "turn", faulty)
        await minutes(1.1)
        assert await kinds(journal, "tides_reckoned") == []
        await minutes(1)
        assert await kinds(journal, "tides_reckoned") != []


async def test_a_store_that_is_away_costs_minutes_and_no_more(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal, hall()) as bench:
        await staffed(bench)
        began = virtual_ms()
        journal.gate = trio.Event()
        await minutes(2)
        journal.gate.set()
        journal.gate = None
        await minutes(2)
        assert any(event.minute_ms > began for event in await kinds(journal, "tides_reckoned"))
        live = await bench.canonical()
        assert live == await bench.look(canonical)


async def test_a_hall_that_an_older_node_could_not_read_is_created_when_that_is_gone(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    older = b"\x81\xa5reads\x02"
    await journal.beat("older", older, gap_ms=1)
    async with running(journal, hall()) as bench:
        errors = bench.node.health()["errors"]
        assert isinstance(errors, dict)
        assert "needs schema 4" in errors["test"]
        assert await journal.read_revisions("test", 0, 10) == []
        await journal.leave("older")
        await minutes(1)
        assert await bench.look(lambda s: s.level) == SCHEMA_VERSION
