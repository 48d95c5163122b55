"""The heart: who lives, who has given back, and when a node may serve."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
import structlog
import trio

from callq.domain.errors import StoreUnavailable
from callq.journal.port import NODE_TTL_MS
from callq.runtime.heart import OUTAGE_MS, SERVING_S, Heart, NodeRecord
from callq.runtime.home import MemoryHome
from tests.runtime.conftest import Clock, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import pytest

    from tests.runtime.faulty import FaultyJournal


async def nothing() -> None:
    await trio.lowlevel.checkpoint()


async def recorded(first_ms: int, last_ms: int) -> bool:
    await trio.lowlevel.checkpoint()
    return True


def heart(
    journal: FaultyJournal,
    name: str = "a",
    *,
    outage: Callable[[int, int], Awaitable[bool]] = recorded,
    settle: Callable[[], Awaitable[None]] = nothing,
    seed: int = 1,
) -> Heart:
    return Heart(name, NodeRecord(reads=3), tuple, journal, Clock(), random.Random(seed), outage, settle)


@asynccontextmanager
async def beating(heart: Heart) -> AsyncIterator[Heart]:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(heart.run)
        await trio.testing.wait_all_tasks_blocked()
        yield heart
        nursery.cancel_scope.cancel()


def said(journal: FaultyJournal, key: str) -> NodeRecord:
    """What others read of a node."""
    return msgspec.msgpack.decode(journal._nodes[key][1], type=NodeRecord)


async def test_a_node_serves_while_its_beats_count(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    answers = [False, False, False, True]

    async def outage(first_ms: int, last_ms: int) -> bool:
        await trio.lowlevel.checkpoint()
        assert not one.serving, "what it decided now would hide the outage"
        return answers.pop(0)

    one = heart(journal, outage=outage)
    assert not one.serving
    async with beating(one):
        assert one.serving
        journal.down = True
        await trio.sleep(SERVING_S + 2)
        assert not one.serving
        await trio.sleep(OUTAGE_MS / 1000)
        journal.down = False
        await trio.sleep(2)
        assert not one.serving, "the halls have not recorded it yet"
        await trio.sleep(4)
        assert answers == []
        assert one.serving


async def test_a_node_says_that_it_gave_back_when_it_has_and_then_at_once(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callq.runtime.heart.BEAT_S", 60)
    done = trio.Event()
    one = heart(journal, settle=done.wait)
    epoch = (await journal.lineage()).epoch
    async with beating(one):
        (key,) = journal._nodes
        await trio.sleep(2)
        assert said(journal, key).settled != epoch
        done.set()
        await trio.testing.wait_all_tasks_blocked()
        assert said(journal, key).settled == epoch, "the others wait for it"


async def test_a_node_that_cannot_give_back_yet_tries_again_and_does_not_say_so(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    tries: list[float] = []

    async def settle() -> None:
        tries.append(trio.current_time())
        await trio.lowlevel.checkpoint()
        if len(tries) < 3:
            raise StoreUnavailable("not now")

    one, other = heart(journal, settle=settle), heart(journal, "b", seed=2)
    epoch = (await journal.lineage()).epoch
    async with beating(one), beating(other):
        await other.peers_settled(epoch)
        assert len(tries) == 3
        assert trio.current_time() > 1


async def test_a_node_that_goes_says_so(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal, home=MemoryHome("a"), seed=1) as a:
        async with running(journal, home=MemoryHome("b"), seed=2):
            await trio.sleep(2)
            assert a.node.health()["nodes"] == ["a", "b"]
        await trio.sleep(1.5)
        assert a.node.health()["nodes"] == ["a"], "sooner than silence would tell"


async def test_a_node_goes_even_if_the_store_does_not_hear_its_goodbye(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(node: str) -> None:
        await trio.sleep_forever()

    monkeypatch.setattr(journal, "leave", hangs)
    async with running(journal):
        before = trio.current_time()
    assert trio.current_time() - before <= 1


async def test_a_node_that_says_what_nobody_understands_is_a_node_all_the_same(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    one = heart(journal)
    async with beating(one):
        assert (one.level, one.has_peers) == (3, False)
        await journal.beat("strange:1", b"\xc1 from the future", gap_ms=1)
        await trio.sleep(2)
        assert one.names == ["a", "strange"]
        assert (one.level, one.has_peers) == (0, True), "nothing is taken for granted of it"
        await trio.sleep(NODE_TTL_MS / 1000)
        assert one.serving
        assert one.names == ["a"]


async def test_what_is_left_of_an_earlier_process_is_no_peer(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    before = heart(journal, seed=1)
    await before.beat()
    await before.beat()
    # It was killed, and started again at once.
    after = heart(journal, seed=2)
    with structlog.testing.capture_logs() as logs:
        async with beating(after):
            for _ in range(5):
                assert (after.names, after.has_peers) == (["a"], False)
                assert after.is_first("test")
                await trio.sleep(0.5)
            with trio.fail_after(0.1):
                await after.peers_settled("another epoch")
    assert [line for line in logs if line["log_level"] == "critical"] == []


async def test_a_living_twin_on_a_copy_of_the_data_directory_is_noticed_and_counts(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    one, twin = heart(journal, seed=1), heart(journal, seed=2)
    with structlog.testing.capture_logs() as logs:
        async with beating(one):
            await trio.sleep(1)
            async with beating(twin):
                await trio.sleep(5)
                assert one.names == twin.names == ["a", "a"]
                assert one.has_peers
                assert one.is_first("test") != twin.is_first("test")
    alarms = [line for line in logs if line["log_level"] == "critical"]
    assert len(alarms) == 2, "each says it once"
    assert alarms[0]["event"] == "data_directory_copied"


async def test_of_the_nodes_that_run_a_hall_one_comes_first(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    one, other = heart(journal, "a", seed=1), heart(journal, "b", seed=2)
    one._down = lambda: ("east",)
    async with beating(one), beating(other):
        await trio.sleep(3)
        assert (one.is_first("west"), other.is_first("west")) == (True, False)
        assert (one.is_first("east"), other.is_first("east")) == (False, True)
