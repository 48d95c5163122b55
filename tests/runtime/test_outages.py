"""Times in which nobody could reach a hall, and trouble that one hall must not share with the others."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import structlog
import trio

from callq.domain import commands as cmd
from callq.domain.errors import StoreUnavailable
from callq.domain.events import SCHEMA_VERSION
from callq.journal.port import Entry, EntryId
from callq.runtime.actor import CommandFailed, HallActor
from callq.runtime.home import MemoryHome
from callq.runtime.node import LONGEST_PAUSE_S, POLL_S, QUARANTINE_S, Node
from tests.harness import small_hall
from tests.runtime.conftest import CLERK, Clock, entries, kinds, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.runtime.faulty import FaultyJournal

HALLS = ["east", "west"]


@asynccontextmanager
async def two_halls(journal: FaultyJournal, home: MemoryHome | None = None) -> AsyncIterator[Node]:
    """A node that runs the halls east and west."""
    configs = [small_hall(id=hall) for hall in HALLS]
    async with trio.open_nursery() as nursery:
        node: Node = await nursery.start(
            Node(journal, journal, configs, home=home or MemoryHome("a"), clock=Clock()).run
        )
        yield node
        nursery.cancel_scope.cancel()


async def issue(node: Node, hall: str) -> None:
    await node.actor(hall).command(
        cmd.Issue(ticket=f"{hall}-{trio.current_time():.0f}", service="general"),
        who=CLERK,
        render=lambda *_: None,
    )


# Outages ----------------------------------------------------------------------------------------------


async def test_an_outage_stays_open_until_a_hall_that_was_stuck_has_recorded_it(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench, trio.open_nursery() as nursery:

        async def turned_away() -> None:
            with pytest.raises(StoreUnavailable):
                await bench.issue()

        journal.gate = trio.Event()  # a command in flight hangs, and goes on hanging
        nursery.start_soon(turned_away)
        await trio.testing.wait_all_tasks_blocked()
        journal.down = True
        await trio.sleep(60)
        journal.down = False
        await trio.sleep(8)
        with pytest.raises(StoreUnavailable):
            await bench.issue()
        assert bench.node.health()["ready"] is False
        journal.gate.set()
        await trio.sleep(10)
        (outage,) = await kinds(journal, "outage_recorded")
        assert outage.until_ms - outage.since_ms == pytest.approx(65_000, abs=8_000)
        assert bench.node.health()["ready"] is True


async def test_a_hall_that_waits_to_try_again_records_an_outage_as_soon_as_the_store_is_back(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callq.runtime.commits.LONGEST_PAUSE_S", 120)
    async with running(journal) as bench:
        journal.down = True
        with pytest.raises(StoreUnavailable):
            await bench.issue()
        await trio.sleep(300)
        journal.down = False
        await trio.sleep(3)
        assert len(await kinds(journal, "outage_recorded")) == 1
        await bench.issue()
        assert bench.node.health()["ready"] is True


async def test_a_node_that_starts_after_an_outage_serves_at_once(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal):
        pass
    await trio.sleep(3600)
    async with running(journal, seed=2) as bench:
        assert bench.node.health()["ready"] is True
        await bench.issue()
        assert len(await kinds(journal, "outage_recorded")) == 1


async def test_an_outage_is_not_over_before_the_last_hall_of_a_starting_node_has_recorded_it(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = MemoryHome("a")
    async with two_halls(journal, home):
        pass
    await trio.sleep(3600)
    reading = journal.read

    async def read(hall: str, *arguments: Any) -> list[Entry]:
        if hall == "west":
            await trio.sleep_forever()
        return await reading(hall, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(journal, "read", read)
        with trio.move_on_after(6):  # killed while one hall was still being loaded
            async with two_halls(journal, home):
                pytest.fail("started without a hall")
    async with two_halls(journal, home):
        for hall in HALLS:
            outages = await kinds(journal, "outage_recorded", hall)
            assert sum(each.until_ms - each.since_ms for each in outages) >= 3_600_000


async def test_a_hall_that_cannot_record_an_outage_keeps_no_other_from_it(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_at(monkeypatch, "east", cmd.RecordOutage)
    async with two_halls(journal) as node:
        journal.down = True
        await trio.sleep(60)
        journal.down = False
        await trio.sleep(5)
        assert len(await kinds(journal, "outage_recorded", "west")) == 1
        for hall in HALLS:
            await issue(node, hall)


def fails_at(monkeypatch: pytest.MonkeyPatch, hall: str, kind: type) -> None:
    """One hall fails at one kind of the node's own commands."""
    own = HallActor.own

    async def failing(actor: HallActor, command: cmd.AnyCommand, *guard: Any) -> None:
        if actor.hall == hall and isinstance(command, kind):
            raise CommandFailed("a fault that no test found")
        await own(actor, command, *guard)

    monkeypatch.setattr(HallActor, "own", failing)


# Trouble of one hall ----------------------------------------------------------------------------------


async def test_a_hall_whose_level_cannot_be_raised_keeps_no_other_from_it(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_at(monkeypatch, "east", cmd.RaiseLevel)
    await journal.beat("older", b"\x81\xa5reads\x02", gap_ms=1)
    async with two_halls(journal) as node:
        await journal.leave("older")
        await trio.sleep(4 * POLL_S)
        assert node.actor("east").level < SCHEMA_VERSION
        assert node.actor("west").level == SCHEMA_VERSION
        for hall in HALLS:
            await issue(node, hall)


async def test_a_hall_that_cannot_be_settled_keeps_no_other_from_it(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    class FullHome(MemoryHome):
        async def alarm(self, name: str, content: bytes) -> str:
            raise OSError(28, "No space left on device")

    async with two_halls(journal, FullHome("a")) as node:
        for hall in HALLS:
            await issue(node, hall)
        whole = journal._halls["west"].copy()
        del journal._halls["west"][-1:]
        # East goes on without what was lost: an alarm, which cannot be written.
        gone = journal._halls["east"].pop()
        async with running(journal, home=MemoryHome("b"), seed=2) as other:
            await other.node.actor("east").command(
                cmd.Issue(ticket="other", service="social"), who=CLERK, render=lambda *_: None
            )
            journal.promote()
            await trio.sleep(4 * POLL_S)
        assert gone not in journal._halls["east"]
        assert journal._halls["west"][: len(whole)] == whole, "given back"
        await issue(node, "west")


async def test_a_quarantined_hall_is_left_alone_and_a_failed_one_less_and_less_often_tried(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_halls(journal) as node:
        for hall in HALLS:
            await issue(node, hall)
    good = journal._halls["east"][-1]
    journal._halls["east"][-1] = Entry(EntryId(good.id.revision, good.id.chain ^ 1), good.payload)
    reading = journal.snapshot_ids

    async def snapshot_ids(hall: str) -> list[EntryId]:
        if hall == "west" and failing:
            raise StoreUnavailable("not this hall")
        return await reading(hall)

    monkeypatch.setattr(journal, "snapshot_ids", snapshot_ids)
    failing = True
    with structlog.testing.capture_logs() as logs:
        async with two_halls(journal) as node:
            await trio.sleep(QUARANTINE_S * 0.7)
            failed = [line["hall"] for line in logs if line["event"] == "hall_failed"]
            assert failed.count("east") == 1
            assert 5 <= failed.count("west") <= 12
            failing = False
            await trio.sleep(1.2 * LONGEST_PAUSE_S + 1)
            await issue(node, "west")
            assert node.health()["halls"] == {"east": "quarantined", "west": "running"}
            assert list(node.health()["errors"]) == ["east"]  # type: ignore[call-overload]


async def test_a_hall_that_ran_for_a_while_is_back_soon_after_its_next_fault(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(hall: str) -> list[EntryId]:
        raise StoreUnavailable("not now")

    with monkeypatch.context() as patched:
        patched.setattr(journal, "snapshot_ids", fails)
        async with two_halls(journal) as node:
            await trio.sleep(40)
            patched.undo()
            await trio.sleep(40)
            await issue(node, "west")
            journal.faults = ["rewound"]
            await trio.sleep(1)
            with pytest.raises(StoreUnavailable, match="loaded anew"):
                await issue(node, "west")
            await trio.sleep(1)
            await issue(node, "west")


async def test_an_alarm_that_could_not_be_written_is_tried_again_by_and_by(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    class Home(MemoryHome):
        tended = 0

        async def tend(self) -> None:
            self.tended += 1
            await super().tend()

    home = Home("a")
    async with running(journal, home=home):
        await trio.sleep(4 * POLL_S)
        assert home.tended >= 3


# Ready ------------------------------------------------------------------------------------------------


async def test_a_node_that_does_not_reach_the_store_is_not_ready(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        assert bench.node.health()["ready"] is True
        journal.down = True
        await trio.sleep(8)
        assert bench.node.health()["halls"] == {"test": "running"}
        assert bench.node.health()["ready"] is False
        journal.down = False
        await trio.sleep(2)
        assert bench.node.health()["ready"] is True
        assert await kinds(journal, "outage_recorded") == [], "too short"


async def test_a_node_whose_clock_is_off_is_not_ready(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    clock = Clock(witness=True)
    async with running(journal, clock) as bench:
        for clock.offset_ms in (1_500, 3_000):
            await trio.sleep(3)
        assert bench.node.health()["ready"] is False
        clock.offset_ms = 0
        await trio.sleep(3)
        assert bench.node.health()["ready"] is True


async def test_a_hall_that_only_this_nodes_disk_remembers_is_given_back_and_served(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    home = MemoryHome("a")
    async with running(journal, home=home) as bench:
        await bench.issue()
        before = await entries(journal)
    journal._halls.clear()
    journal.promote()
    async with trio.open_nursery() as nursery:
        node: Node = await nursery.start(Node(journal, journal, home=home, clock=Clock()).run)
        assert node.halls() == ["test"]
        assert (await entries(journal))[: len(before)] == before
        await issue(node, "test")
        nursery.cancel_scope.cancel()
