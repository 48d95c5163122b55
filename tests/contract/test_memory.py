"""What the journal in memory adds to the contract."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from callq.journal.memory import FORGET_MS, HINTS_WAITING, MemoryJournal
from callq.journal.port import GENESIS, NODE_TTL_MS, Lineage, LineageChanged, chained
from tests.contract.growing import group


async def test_a_restart_changes_the_epoch_and_keeps_the_entries() -> None:
    journal = MemoryJournal()
    entry = chained(GENESIS, b"1")
    await journal.append("demo", GENESIS, [entry])
    before = await journal.lineage()
    journal.restart()
    after = await journal.lineage()
    assert after.epoch != before.epoch
    assert not after.promoted
    assert await journal.read("demo", GENESIS) == [entry]


async def test_a_promotion_is_told_from_a_restart() -> None:
    journal = MemoryJournal()
    before = await journal.lineage()
    journal.promote()
    after = await journal.lineage()
    assert after == Lineage(after.epoch, promoted=True)
    with pytest.raises(LineageChanged) as changed:
        await journal.append("demo", GENESIS, [chained(GENESIS, b"1")], before.epoch)
    assert changed.value.lineage == after
    journal.restart()
    assert not (await journal.lineage()).promoted


async def test_nodes_that_fall_silent_are_gone_then_forgotten_by_the_stores_clock() -> None:
    now_ms = 1_000_000
    journal = MemoryJournal(clock=lambda: now_ms)
    await journal.beat("a", b"a", gap_ms=10)
    assert (await journal.append("demo", GENESIS, [])).time_ms == now_ms
    now_ms += NODE_TTL_MS
    found = await journal.beat("b", b"b", gap_ms=10)
    assert set(found.nodes) == {"a", "b"}
    assert not found.counted
    now_ms += 1
    assert set((await journal.beat("b", b"b", gap_ms=10)).nodes) == {"b"}
    # A clock that is set back must not bring those back that are gone.
    now_ms -= FORGET_MS // 2
    assert set((await journal.beat("b", b"b", gap_ms=10)).nodes) == {"b"}
    now_ms += 2 * FORGET_MS
    assert set((await journal.beat("c", b"c", gap_ms=10, ends_outage=True)).nodes) == {"c"}
    assert set(journal._nodes) == {"c"}


async def test_a_listener_that_does_not_come_to_hear_loses_hints_and_harms_nobody() -> None:
    journal = MemoryJournal()
    heard: list[str] = []
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.listen, lambda hall, id: heard.append(hall))
        for n in range(HINTS_WAITING + 7):
            journal._hint(f"h{n}", GENESIS)
        await trio.testing.wait_all_tasks_blocked()
        assert HINTS_WAITING <= len(heard) < HINTS_WAITING + 7
        await journal.append("demo", GENESIS, group(GENESIS, b"1"))
        await trio.testing.wait_all_tasks_blocked()
        assert heard[-1] == "demo"
        nursery.cancel_scope.cancel()


async def test_a_run_that_must_repeat_brings_its_own_secret() -> None:
    assert await MemoryJournal(secret=b"s" * 32).secret() == b"s" * 32
    with pytest.raises(ValueError, match="32 bytes"):
        MemoryJournal(secret=b"short")
