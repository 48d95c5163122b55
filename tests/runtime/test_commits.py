"""The commit loop: who may go first, what is decided again, and who is told what became of it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq import metrics
from callq.domain import commands as cmd
from callq.domain.errors import Rejected, StoreUnavailable
from callq.domain.events import decode_batch
from callq.domain.state import canonical
from callq.runtime import actor as actors
from callq.runtime.home import MemoryHome
from callq.runtime.node import POLL_S
from callq.views.view import View
from tests.runtime.conftest import Bench, Clock, entries, kinds, running, two, virtual_ms
from tests.runtime.faulty import ticket_of_another

if TYPE_CHECKING:
    from tests.runtime.faulty import FaultyJournal


OLDER = b"\x81\xa5reads\x02"
"""What a node of an older version says of itself."""


async def overtake(journal: FaultyJournal, number: int) -> None:
    """Let another node issue a ticket right before the next group comes in."""
    journal.intruder = [ticket_of_another((await entries(journal))[-1], number)]
    journal.faults = ["overtaken"]


# Races ------------------------------------------------------------------------------------------------


async def test_nodes_that_race_leave_each_other_time(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with two(journal) as (a, b):
        before = trio.current_time()
        async with trio.open_nursery() as nursery:
            for bench in (a, b) * 3:

                async def citizen(bench: Bench = bench) -> None:
                    for _ in range(20):
                        await bench.issue()

                nursery.start_soon(citizen)
        assert 0 < trio.current_time() - before < 3, "a pause, and a short one"


async def test_only_what_became_durable_counts_as_committed(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group that another node was faster than is decided again, and counts once: when it is through."""
    refused: list[str] = []
    committed: list[int] = []
    async with two(journal) as (a, b):
        await a.look(lambda s: None)
        written = len(await entries(journal))
        monkeypatch.setattr(metrics, "group_refused", refused.append)
        monkeypatch.setattr(
            metrics, "group_committed", lambda hall, batches, seconds: committed.append(batches)
        )
        async with trio.open_nursery() as nursery:
            for bench in (a, b) * 3:

                async def citizen(bench: Bench = bench) -> None:
                    for _ in range(10):
                        await bench.issue()

                nursery.start_soon(citizen)
        journal.faults = ["lost_reply"]
        await a.issue()
        assert refused
        assert sum(committed) == len(await entries(journal)) - written


async def test_a_node_that_is_alone_gives_way_to_nobody(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        before = trio.current_time()
        for number in range(1, 20, 2):
            await overtake(journal, number)
            await bench.issue()
        assert trio.current_time() == before


async def test_a_node_that_only_reads_is_answered_beside_one_that_writes_all_the_time(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with two(journal) as (a, b):
        await a.issue()
        journal.groups.clear()
        journal.ahead = 50
        before = trio.current_time()
        for number in range(1, 5):
            assert await b.look(lambda s: len(s.tickets)) >= number
        assert len(journal.groups) < 12, "answered by what was read, and not only when the other pauses"
        assert trio.current_time() == before, "who only reads is in nobody's way"


async def test_a_snapshot_is_taken_beside_a_node_that_writes(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        await bench.issue()
        journal.ahead = 3
        with trio.fail_after(1):
            taken = await bench.actor.snapshot()
        assert taken.id == (await entries(journal))[-1].id


async def test_what_is_due_is_left_to_the_node_that_wrote_last(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []
    async with two(journal) as (a, b):
        await a.stand("w1", "c1")
        await b.stand("w2", "c2")
        monkeypatch.setattr(metrics, "group_refused", refused.append)
        for first, other in ((a, b), (b, a)):
            window, theirs = ("w1", "w2") if first is a else ("w2", "w1")
            await other.issue()
            await first.issue()
            await other.do(cmd.CallNext(window=theirs))
            await first.do(cmd.CallNext(window=window))
            await trio.sleep(11)
            await other.do(cmd.Recall(window=theirs))
            await first.do(cmd.Recall(window=window))
            await other.do(cmd.Miss(window=theirs))
            await first.do(cmd.Miss(window=window))
            refused.clear()
            missed_ms = virtual_ms()
            await trio.sleep(31 * 60)
            assert refused == [], "both did the same at the same time"
            done_ms = decode_batch((await entries(journal))[-1].payload).at_ms
            assert done_ms == pytest.approx(missed_ms + 30 * 60_000, abs=200), "on time"
        assert len(await kinds(journal, "ticket_abandoned")) == 4


# Overtaken --------------------------------------------------------------------------------------------


async def test_a_screen_first_opened_during_a_commit_that_is_overtaken_gets_its_picture(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        await bench.issue()
        await overtake(journal, 2)
        journal.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bench.issue)
            await trio.testing.wait_all_tasks_blocked()
            # Nothing that follows is of interest to this window.
            feed = bench.actor.subscribe(View("strip", window="w3"), None, None)
            journal.gate.set()
        with trio.fail_after(1):
            assert (await feed.receive()).kind == "snapshot"


async def test_who_went_away_is_not_decided_for_again(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        await bench.issue()
        await overtake(journal, 2)
        journal.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bench.issue)
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        journal.gate.set()
        assert await bench.look(lambda s: sorted(t.number for t in s.tickets.values())) == ["A001", "A002"]


async def test_what_came_due_meanwhile_comes_before_what_is_decided_again(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal, Clock(hours_later=18.99)) as bench:
        await bench.issue()
        await trio.sleep(34)
        assert await bench.look(lambda s: s.day) == "2026-11-23"
        await overtake(journal, 2)
        journal.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bench.issue)
            await trio.sleep(3)  # the day ends
            journal.gate.set()
        days = await bench.look(lambda s: [(t.day, t.number) for t in s.tickets.values()])
        assert sorted(days) == [("2026-11-23", "A001"), ("2026-11-23", "A002"), ("2026-11-24", "A001")]


async def test_nothing_is_decided_again_by_a_clock_that_is_off_by_then(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    clock = Clock(witness=True)
    async with running(journal, clock) as bench:
        clock.offset_ms = 1_500
        await trio.sleep(3)
        await bench.issue()
        await overtake(journal, 2)
        journal.gate = trio.Event()
        refused: list[str] = []

        async def citizen() -> None:
            with pytest.raises(StoreUnavailable) as caught:
                await bench.issue()
            refused.append(str(caught.value))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(citizen)
            await trio.testing.wait_all_tasks_blocked()
            clock.offset_ms = 3_000
            await trio.sleep(2.5)
            assert bench.node.health()["clock"] == "off"
            journal.gate.set()
        assert "off the store's" in refused[0]
        assert [t.number for t in bench.actor.glance(lambda s: list(s.tickets.values()))] == ["A001", "A002"]


async def test_what_a_node_does_of_its_own_is_decided_again_while_callers_are_turned_away(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(journal) as bench:
        await bench.issue()
        since_ms = await bench.look(lambda s: s.now_ms)
        await trio.sleep(60)
        await overtake(journal, 2)
        with monkeypatch.context() as patched:
            patched.setattr("callq.runtime.heart.Heart.serving", False)
            with pytest.raises(StoreUnavailable):
                await bench.issue()
            await bench.actor.own(cmd.RecordOutage(since_ms=since_ms, until_ms=since_ms + 60_000))
        assert len(await kinds(journal, "outage_recorded")) == 1
        assert await bench.look(lambda s: len(s.tickets)) == 2


# Damage -----------------------------------------------------------------------------------------------


async def test_half_a_group_in_the_journal_is_damage_and_the_hall_is_loaded_anew(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        await bench.issue()
        actor = bench.actor

        async def citizen() -> None:
            with pytest.raises(StoreUnavailable, match="loaded anew"):
                await bench.issue()

        # The first is decided again together with those that came meanwhile: a group of three.
        await overtake(journal, 2)
        journal.faults.append("torn")
        journal.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(citizen)
                await trio.testing.wait_all_tasks_blocked()
            journal.gate.set()
        await trio.sleep(2)
        assert bench.actor is not actor
        await bench.issue()


async def test_callers_of_a_hall_that_is_loaded_anew_are_told_at_once(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        await bench.issue()
        journal.faults = ["rewound"]
        with trio.fail_after(1), pytest.raises(StoreUnavailable, match="loaded anew"):
            await bench.issue()


# What is remembered -----------------------------------------------------------------------------------


async def test_what_another_node_wrote_is_given_back_by_the_one_that_has_shown_it(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal, home=MemoryHome("b"), seed=2) as b:
        async with running(journal, home=MemoryHome("a"), seed=1) as a:
            for _ in range(5):
                await a.issue()
            assert await b.look(lambda s: s.counters) == {"A": 5}
            before = await entries(journal)
        del journal._halls["test"][-3:]
        journal.restart()
        await trio.sleep(4 * POLL_S)
        assert (await entries(journal))[: len(before)] == before
        assert await b.look(lambda s: s.counters) == {"A": 5}


async def test_what_was_read_at_a_start_can_be_given_back(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal, home=MemoryHome("a")) as a:
        for _ in range(5):
            await a.issue()
        before = await entries(journal)
    async with running(journal, home=MemoryHome("b"), seed=2) as b:
        del journal._halls["test"][-3:]
        journal.restart()
        await trio.sleep(4 * POLL_S)
        assert (await entries(journal))[: len(before)] == before
        assert await b.look(lambda s: s.counters) == {"A": 5}


async def test_a_hall_that_appears_while_it_is_loaded_can_be_given_back_from_its_first_entry(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(journal, home=MemoryHome("a")) as a:
        await a.issue()
    whole = journal._halls.pop("test")
    loading = actors.load  # type: ignore[attr-defined]

    async def load(*arguments: Any) -> Any:
        await trio.sleep(0.5)
        journal._halls.setdefault("test", whole.copy())
        return await loading(*arguments)

    monkeypatch.setattr(actors, "load", load)
    async with running(journal, home=MemoryHome("b"), seed=2) as b:
        await b.issue()
        before = await entries(journal)
        del journal._halls["test"][-3:]
        journal.restart()
        await trio.sleep(4 * POLL_S)
        assert (await entries(journal))[: len(before)] == before


async def test_what_was_read_at_a_start_follows_what_the_disk_remembered(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = MemoryHome("a")
    async with running(journal, home=home) as a:
        await a.issue()
    async with running(journal, home=MemoryHome("b"), seed=2) as b:
        for _ in range(5):
            await b.issue()
        before = await entries(journal)
    monkeypatch.setattr("callq.runtime.past.RECENT", 1)
    async with running(journal, home=home, seed=3) as a:
        del journal._halls["test"][-4:]
        journal.restart()
        await trio.sleep(4 * POLL_S)
        assert (await entries(journal))[: len(before)] == before
        assert a.node.home.alarms == []


# Lineages ---------------------------------------------------------------------------------------------


async def failed_over(journal: FaultyJournal, a: Bench) -> list[bytes]:
    """Node a acknowledges three tickets that only it knows of, and the replica that takes over has none."""
    await trio.sleep(2 * POLL_S)
    journal.deaf = True
    for _ in range(3):
        await a.issue()
    gone = [entry.payload for entry in journal._halls["test"][-3:]]
    del journal._halls["test"][-3:]
    journal.promote()
    return gone


async def test_a_node_that_meets_a_failover_first_lets_the_others_give_back(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with two(journal) as (a, b):
        await a.issue()
        gone = await failed_over(journal, a)
        await b.issue()
        assert set(gone) <= {entry.payload for entry in await entries(journal)}
        assert a.node.home.alarms == []
        assert await b.look(lambda s: len(s.tickets)) == 5


async def test_a_node_that_cannot_give_back_at_once_is_waited_for(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two(journal) as (a, b):
        await a.issue()
        gone = await failed_over(journal, a)
        past = a.node._pasts["test"]
        settling, from_then_on = past.settle, trio.current_time() + 4

        async def settle(*arguments: Any) -> None:
            if trio.current_time() < from_then_on:
                raise StoreUnavailable("not now")
            await settling(*arguments)

        monkeypatch.setattr(past, "settle", settle)
        with suppress(StoreUnavailable):
            await b.issue()
        await trio.sleep(2)
        await b.issue()
        assert set(gone) <= {entry.payload for entry in await entries(journal)}
        assert a.node.home.alarms == []


async def test_a_node_that_starts_after_a_failover_lets_the_others_give_back(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal, home=MemoryHome("a"), seed=1) as a:
        await a.issue()
        gone = await failed_over(journal, a)
        async with running(journal, home=MemoryHome("b"), seed=2) as b:
            await b.issue()
            await trio.sleep(4 * POLL_S)
            assert set(gone) <= {entry.payload for entry in await entries(journal)}
            assert a.node.home.alarms == []
            assert await b.look(lambda s: len(s.tickets)) == 5


async def test_a_hall_that_older_nodes_read_goes_on_after_a_failover(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callq.runtime.commits.EPOCH_PATIENCE_S", 0)
    await journal.beat("older", OLDER, gap_ms=1)
    async with running(journal, home=MemoryHome("a")) as a:
        await a.issue()
        journal.promote()
        await journal.beat("older", OLDER, gap_ms=1)
        await a.issue()
        assert await a.look(lambda s: s.epoch) == (await journal.lineage()).epoch
        assert {decode_batch(entry.payload).v for entry in await entries(journal)} == {2}
        assert await a.look(lambda s: sorted(t.number for t in s.tickets.values())) == ["A001", "A002"]


# Clocks -----------------------------------------------------------------------------------------------


async def test_a_clock_that_is_off_is_noticed_at_the_next_commit(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callq.runtime.heart.BEAT_S", 600)
    clock = Clock(witness=True)
    async with running(journal, clock) as bench:
        for clock.offset_ms in (1_500, 3_000):
            await bench.issue()
        with pytest.raises(StoreUnavailable, match="off the store's"):
            await bench.issue()


async def test_a_clock_that_is_in_doubt_ends_no_day_and_everything_else_goes_on(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    clock = Clock(hours_later=18.99)
    async with running(journal, clock) as bench:
        await bench.issue()
        clock.offset_ms -= 3 * 3_600_000
        await trio.sleep(60)
        assert bench.node.health()["clock"] == "doubtful"
        await bench.issue()
        assert await bench.look(lambda s: (s.day, len(s.tickets))) == ("2026-11-23", 2)
        clock.offset_ms += 3 * 3_600_000
        await trio.sleep(60)
        assert await bench.look(lambda s: s.day) == "2026-11-24"


async def test_by_a_wrong_clock_no_lineage_is_opened(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    clock = Clock(witness=True)
    async with running(journal, clock) as bench, trio.open_nursery() as nursery:

        async def turned_away() -> None:
            with pytest.raises(StoreUnavailable):
                await bench.issue()

        clock.offset_ms = 1_500
        await trio.sleep(3)
        await bench.issue()
        before = await entries(journal)
        journal.gate = trio.Event()
        nursery.start_soon(turned_away)
        await trio.testing.wait_all_tasks_blocked()
        clock.offset_ms = 3_000
        await trio.sleep(2.5)
        assert bench.node.health()["clock"] == "off"
        journal.restart()
        journal.gate.set()
        with pytest.raises(StoreUnavailable, match="off the store's"):
            await bench.actor.own(cmd.OpenEpoch(epoch="by a wrong clock"))
        await trio.sleep(5)
        assert await entries(journal) == before
        clock.offset_ms = 1_500
        await trio.sleep(5)
        await bench.issue()
        assert await bench.look(lambda s: s.epoch) == (await journal.lineage()).epoch


async def test_by_a_wrong_clock_no_hall_is_started(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        await bench.issue()
    before = await entries(journal)
    journal.restart()
    clock = Clock(hours_later=1, witness=True)
    async with running(journal, clock, seed=2) as bench:
        assert bench.node.health()["halls"] == {"test": "failed"}
        assert "off the store's" in str(bench.node.health()["errors"])
        await trio.sleep(5)
        assert await entries(journal) == before
        clock.offset_ms = 0
        await trio.sleep(15)
        await bench.issue()


async def test_commands_are_turned_away_at_once_while_the_store_hangs(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callq.runtime.heart.Heart.serving", True)
    async with running(journal) as bench:
        journal.down = True
        with pytest.raises(StoreUnavailable):
            await bench.issue()
        with trio.fail_after(0.1), pytest.raises(StoreUnavailable, match="cannot be reached"):
            await bench.issue()


async def test_a_refusal_is_of_the_state_that_is_true(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with two(journal) as (a, b):
        journal.deaf = True
        await a.do(cmd.SignIn(window="w1", clerk="c1"))
        with pytest.raises(Rejected):
            await b.do(cmd.SignIn(window="w2", clerk="c1"))
        assert await a.look(canonical) == await b.look(canonical)
