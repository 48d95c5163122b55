"""The simulated Redis keeps the journal's contract, and forgets only what it is allowed to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.domain.errors import StoreUnavailable
from callq.journal.port import GENESIS, LineageBroken, LineageChanged, OutcomeUnknown, Snapshot
from tests.contract import test_journal, test_shared
from tests.contract.growing import group, grown
from tests.simulation.connection import Line, SimConnection
from tests.simulation.redis_model import EVERYSEC_LOSES_S, RedisModel
from tests.simulation.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


# Everything that the contract asks of a journal is asked of the model, too, but for what reads the
# clock of this machine.
for _module in (test_journal, test_shared):
    globals().update({name: test for name, test in vars(_module).items() if name.startswith("test_")})
del test_a_receipt_tells_the_stores_clock, test_nodes_hear_of_each_other  # type: ignore[name-defined]  # noqa: F821


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(7)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.run)
        await trio.testing.wait_all_tasks_blocked()
        yield world
        nursery.cancel_scope.cancel()


@pytest.fixture
def model(world: World) -> RedisModel:
    return RedisModel(world, replicas=1)


@pytest.fixture
def journal(model: RedisModel) -> SimConnection:
    return SimConnection(model, "n0")


async def test_its_clock_is_the_worlds(
    world: World, journal: Any, autojump_clock: trio.testing.MockClock
) -> None:
    await trio.sleep(5)
    receipt = await journal.append("demo", GENESIS, [])
    pulse = await journal.beat("n0", b"", gap_ms=1000)
    assert world.began_ms + 5_000 <= receipt.time_ms <= pulse.time_ms < world.began_ms + 6_000


async def test_a_restart_keeps_everything_and_begins_a_lineage(
    model: Any, journal: Any, autojump_clock: trio.testing.MockClock
) -> None:
    entries = await grown(journal, "demo", 3)
    before = await journal.lineage()
    model.crash(model.master)
    with pytest.raises(StoreUnavailable):
        await journal.tips(["demo"])
    model.start(model.master)
    with pytest.raises(LineageChanged) as changed:
        await journal.append("demo", entries[-1].id, [], before.epoch)
    assert changed.value.lineage == await journal.lineage()
    assert not changed.value.lineage.promoted
    assert await journal.read("demo", GENESIS) == entries


async def test_everysec_may_lose_the_last_second_group_by_group(
    world: World, autojump_clock: trio.testing.MockClock
) -> None:
    left: set[int] = set()
    for _ in range(40):
        model = RedisModel(world, durability="everysec")
        journal = SimConnection(model, "n0")
        old = await grown(journal, "demo", 2)
        await trio.sleep(EVERYSEC_LOSES_S + 0.1)
        tip = old[-1].id
        for pair in ((b"3", b"4"), (b"5", b"6")):
            entries = group(tip, *pair)
            await journal.append("demo", tip, entries)
            tip = entries[-1].id
        model.crash(model.master)
        model.start(model.master)
        left.add(len(await journal.read("demo", GENESIS)))
    assert left == {2, 4, 6}


async def test_a_promoted_replica_has_what_had_arrived(
    model: Any, journal: Any, autojump_clock: trio.testing.MockClock
) -> None:
    first = await grown(journal, "demo", 1)
    await trio.sleep(2)
    replica = model.master.replicas[0]
    replica.stalled_until = model.world.now_s + 60
    lost = group(first[-1].id, b"lost")
    await journal.append("demo", first[-1].id, lost)
    old_lineage = await journal.lineage()
    model.fail_over(old_lives=False)
    model.discover("n0")
    with pytest.raises(LineageBroken):
        await journal.read("demo", lost[-1].id)
    assert await journal.read("demo", GENESIS) == first
    lineage = await journal.lineage()
    assert lineage.promoted
    assert lineage.epoch != old_lineage.epoch


async def test_who_has_not_heard_writes_to_the_old_master(
    model: Any, autojump_clock: trio.testing.MockClock
) -> None:
    slow, fast = SimConnection(model, "slow"), SimConnection(model, "fast")
    first = await grown(slow, "demo", 1)
    await slow.tips(["demo"])
    await trio.sleep(2)
    old = model.fail_over(old_lives=True)
    model.discover("fast")
    there = group(first[-1].id, b"at the old one")
    here = group(first[-1].id, b"at the new one")
    await slow.append("demo", first[-1].id, there)
    await fast.append("demo", first[-1].id, here)
    assert await slow.read("demo", GENESIS) == first + there
    model.demote(old)
    with pytest.raises(StoreUnavailable):
        await slow.append("demo", there[-1].id, group(there[-1].id, b"too late"))
    model.discover("slow")
    assert await slow.read("demo", GENESIS) == first + here
    assert old.store.tip("demo") == here[-1].id


async def test_a_late_request_is_executed_after_its_sender_gave_up(
    world: World, model: Any, autojump_clock: trio.testing.MockClock
) -> None:
    journal = SimConnection(model, "n0", Line(late=1.0, late_s=20.0))
    entries = group(GENESIS, b"1")
    with pytest.raises(OutcomeUnknown):
        await journal.append("demo", GENESIS, entries)
    await trio.sleep(20)
    assert await SimConnection(model, "n1").read("demo", GENESIS) == entries
    # A second one that was overtaken is refused, whenever it comes.
    with pytest.raises(OutcomeUnknown):
        await journal.append("demo", GENESIS, group(GENESIS, b"other"))
    await trio.sleep(20)
    assert await SimConnection(model, "n1").read("demo", GENESIS) == entries
    assert any("zombie" in str(line) for line in world.trace)


async def test_hints_reach_only_who_listens_at_the_same_server(
    model: Any, autojump_clock: trio.testing.MockClock
) -> None:
    heard: dict[str, list[int]] = {"slow": [], "fast": []}
    slow, fast = SimConnection(model, "slow"), SimConnection(model, "fast")
    first = await grown(slow, "demo", 1)
    await trio.sleep(2)
    model.fail_over(old_lives=True)
    model.discover("fast")
    async with trio.open_nursery() as nursery:
        for name, journal in (("slow", slow), ("fast", fast)):
            await nursery.start(journal.listen, lambda hall, id, name=name: heard[name].append(id.revision))
        await fast.append("demo", first[-1].id, group(first[-1].id, b"2", b"3"))
        await trio.sleep(1)
        nursery.cancel_scope.cancel()
    assert heard == {"slow": [], "fast": [3]}


async def test_what_a_replica_takes_over_is_everything(
    model: Any, journal: Any, autojump_clock: trio.testing.MockClock
) -> None:
    entries = await grown(journal, "demo", 4)
    await journal.beat("n0", b"record", gap_ms=1000)
    await journal.keep_snapshot("demo", Snapshot(entries[1].id, b"state"))
    assert await journal.set_archived("demo", GENESIS, entries[1].id)
    await journal.trim("demo", entries[1].id)
    await journal.put_token("ab", b"token")
    secret = await journal.secret()
    await trio.sleep(2)
    model.fail_over(old_lives=False)
    model.discover("n0")
    other = SimConnection(model, "n0")
    assert await other.read("demo", entries[1].id) == entries[2:]
    assert await other.snapshot("demo", entries[1].id) == b"state"
    assert await other.archived("demo") == entries[1].id
    assert await other.token("ab") == b"token"
    assert await other.secret() == secret
    assert (await other.beat("n1", b"", gap_ms=60_000)).nodes == {"n0": b"record", "n1": b""}


async def test_a_dead_node_sends_nothing(
    model: Any, journal: Any, autojump_clock: trio.testing.MockClock
) -> None:
    journal.die()
    with trio.move_on_after(1) as scope:
        await journal.leave("n0")
    assert scope.cancelled_caught
