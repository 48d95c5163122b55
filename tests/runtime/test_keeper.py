"""Snapshots, the archive and trimming: a journal stays short, and nothing goes before it is kept twice."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import msgspec
import pytest
import trio

from callq.domain import commands as cmd
from callq.domain.apply import apply
from callq.domain.errors import Code, Rejected
from callq.domain.events import decode_batch
from callq.domain.state import HallState, canonical
from callq.domain.undo import Undo
from callq.journal.port import GENESIS, Entry, EntryId, LineageBroken, Snapshot, chained
from callq.runtime import keeper as keepers
from callq.runtime.group import Quarantined
from callq.runtime.home import MemoryHome
from callq.runtime.keeper import LOOK_EVERY_S, Keeper
from callq.runtime.loading import load, packed_state, unpacked_state
from tests.runtime.conftest import Bench, Clock, running

if TYPE_CHECKING:
    from tests.runtime.faulty import FaultyJournal


pytestmark = pytest.mark.usefixtures("threads_in_line")


async def entries(journal: FaultyJournal) -> list[Entry]:
    return await journal.read_revisions("test", 0, 100_000)


def keeper(bench: Bench) -> Keeper:
    return Keeper(bench.actor, bench.journal, bench.node.home, lambda: True)


async def test_a_hall_starts_from_a_snapshot_and_what_came_after(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        await bench.stand()
        for _ in range(3):
            await bench.issue()
        await keeper(bench).keep_snapshot()
        await bench.do(cmd.CallNext(window="w1"))
        live = await bench.canonical()
        whole = await entries(journal)
        del journal._halls["test"][:4]  # as if trimmed: the snapshot is needed
        state, tip = await load(journal, "test")
        assert canonical(state) == live
        assert tip == whole[-1].id
    async with running(journal, seed=2) as bench:
        await bench.issue()
        assert await bench.look(lambda s: s.counters) == {"A": 4}


async def test_a_snapshot_is_of_durable_state_only(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        journal.gate = trio.Event()
        taken: list[Snapshot] = []

        async def snapshot() -> None:
            taken.append(await bench.actor.snapshot())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(bench.issue)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(snapshot)
            nursery.start_soon(bench.issue)
            await trio.testing.wait_all_tasks_blocked()
            assert not taken
            journal.gate.set()
        (one,) = taken
        state = HallState("test")
        for entry in await entries(journal):
            apply(state, decode_batch(entry.payload), Undo())
            if entry.id == one.id:
                break
        from callq.domain.snapshot import decode_state

        assert canonical(decode_state(one.body)) == canonical(state)


async def test_a_snapshot_of_another_history_or_a_damaged_one_is_not_used(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        await bench.issue()
        good = await bench.actor.snapshot()
        await bench.issue()
        live = await bench.canonical()
    elsewhere = chained(good.id, b"another history").id
    await journal.keep_snapshot("test", Snapshot(elsewhere, packed_state(good.body)))
    await journal.keep_snapshot("test", Snapshot(good.id, packed_state(good.body)[:-1] + b"!"))
    assert len(await journal.snapshot_ids("test")) == 2
    state, _ = await load(journal, "test")
    assert canonical(state) == live
    del journal._halls["test"][0]
    with pytest.raises(Quarantined, match="no snapshot fits"):
        await load(journal, "test")


def test_a_packed_state_notices_any_flipped_bit() -> None:
    packed = packed_state(b"state" * 100)
    assert unpacked_state(packed) == b"state" * 100
    for at in range(len(packed)):
        damaged = bytearray(packed)
        damaged[at] ^= 0x10
        with pytest.raises(Exception, match="not a snapshot"):
            unpacked_state(bytes(damaged))


async def test_a_snapshot_is_taken_when_the_last_is_old_and_by_one_node(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepers, "SNAPSHOT_EVERY", 10)
    async with (
        running(journal, home=MemoryHome("a"), seed=1) as a,
        running(journal, home=MemoryHome("b"), seed=2),
    ):
        await trio.sleep(2)
        for _ in range(8):
            await a.issue()
        await trio.sleep(2 * LOOK_EVERY_S)
        (first,) = await journal.snapshot_ids("test")
        for _ in range(25):
            await a.issue()
            await trio.sleep(LOOK_EVERY_S)
        ids = await journal.snapshot_ids("test")
        assert len(ids) == 2
        assert ids[0].revision - ids[1].revision >= 10
        assert ids[0].revision - first.revision >= 20


async def a_day_later(journal: FaultyJournal, home: MemoryHome, days: int = 1) -> None:
    """Days go by in which three people come."""
    for day in range(days):
        async with running(journal, Clock(hours_later=24 * day), home=home) as bench:
            for _ in range(3):
                await bench.issue()
    async with running(journal, Clock(hours_later=24 * days), home=home):
        await trio.sleep(2 * LOOK_EVERY_S)


async def test_closed_days_go_to_the_archive_whole_and_once(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    home = MemoryHome("a")
    await a_day_later(journal, home, days=3)
    assert sorted(day for _, day in home.days) == ["2026-11-23", "2026-11-24", "2026-11-25"]
    whole = await entries(journal)
    archived: list[Entry] = []
    for key in sorted(home.days):
        records = home.days[key]
        assert records.base == (archived[-1].id if archived else GENESIS)
        archived += records.entries
    assert archived == whole[: len(archived)]
    assert await journal.archived("test") == archived[-1].id
    opens = decode_batch(whole[len(archived)].payload).events
    assert any(event.__struct_config__.tag == "day_opened" for event in opens), "today is not in it"


async def test_of_the_day_that_still_goes_on_nothing_is_read(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start in the middle of a day with 100,000 tickets must not read them all once more."""
    monkeypatch.setattr(keepers, "PAGE", 10)
    read: list[int] = []
    plain = journal.read

    async def counted(hall: str, cursor: EntryId, limit: int = 1000) -> list[Entry]:
        page = await plain(hall, cursor, limit)
        read.append(len(page))
        return page

    async with running(journal) as bench:
        for _ in range(100):
            await bench.issue()
        monkeypatch.setattr(journal, "read", counted)
        assert not await keeper(bench)._archive()
        assert read == [10]


async def test_only_one_node_archives(journal: FaultyJournal, autojump_clock: trio.testing.MockClock) -> None:
    first, second = MemoryHome("a"), MemoryHome("b")
    async with running(journal, home=first):
        pass
    async with (
        running(journal, Clock(hours_later=24), home=first, seed=1),
        running(journal, Clock(hours_later=24), home=second, seed=2) as b,
    ):
        await trio.sleep(3)
        await b.issue()
        await trio.sleep(3 * LOOK_EVERY_S)
    assert list(first.days) == [("test", "2026-11-23")]
    assert not second.days


async def test_what_is_trimmed_is_in_the_archive_and_before_two_good_snapshots(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    home = MemoryHome("a")
    await a_day_later(journal, home)
    whole = await entries(journal)
    async with running(journal, Clock(hours_later=24), home=home) as bench:
        keep = keeper(bench)
        await bench.issue()
        await keep.keep_snapshot()
        await keep._trim()
        assert (await entries(journal))[0] == whole[0], "one snapshot is not enough"
        await bench.issue()
        await keep.keep_snapshot()
        await keep._trim()
        archived = await journal.archived("test")
        left = await entries(journal)
        assert left[0].id == archived
        live = await bench.canonical()
        with pytest.raises(Rejected) as refused:
            await bench.actor.events(0, 10)
        assert refused.value.code == Code.TRIMMED
        assert (await bench.actor.events(archived.revision, 10))[0] == left[1]
    state, _ = await load(journal, "test")
    assert canonical(state) == live


async def test_what_the_older_snapshot_needs_stays_even_if_it_is_archived(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    home = MemoryHome("a")
    async with running(journal, home=home) as bench:
        for _ in range(2):
            await bench.issue()
            await keeper(bench).keep_snapshot()
        await bench.issue()
    await a_day_later(journal, home)
    newest, oldest = await journal.snapshot_ids("test")
    assert oldest < newest < await journal.archived("test")
    assert (await entries(journal))[0].id == oldest, "one bad byte in the newer must not be the end"


async def test_a_snapshot_of_a_lost_history_does_not_pass_for_the_newest(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepers, "SNAPSHOT_EVERY", 3)
    foreign = EntryId(1000, 1)
    await journal.keep_snapshot("test", Snapshot(foreign, b"of a journal that is gone"))
    async with running(journal) as bench:
        for _ in range(3):
            await bench.issue()
        await trio.sleep(2 * LOOK_EVERY_S)
        ids = await journal.snapshot_ids("test")
        assert foreign not in ids
        assert ids[0].revision == bench.actor.revision


async def test_one_node_keeps_the_snapshots_of_a_hall(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepers, "SNAPSHOT_EVERY", 3)
    keeping, kept = journal.keep_snapshot, []

    async def keep_snapshot(hall: str, snapshot: Snapshot) -> None:
        kept.append(snapshot.id)
        await keeping(hall, snapshot)

    monkeypatch.setattr(journal, "keep_snapshot", keep_snapshot)
    async with (
        running(journal, home=MemoryHome("a"), seed=1) as a,
        running(journal, home=MemoryHome("b"), seed=2),
    ):
        await trio.sleep(2)
        for _ in range(3):
            await a.issue()
        await trio.sleep(2 * LOOK_EVERY_S)
        assert len(kept) == 1


def of_another_shape(body: bytes) -> bytes:
    """A state as a build wrote it in which a table was a list."""
    rest = msgspec.msgpack.decode(body[12:])
    rest["prechecks"] = []
    written = msgspec.msgpack.encode(rest)
    return body[:8] + zlib.crc32(written).to_bytes(4, "big") + written


@pytest.mark.parametrize("of_no_use", ["damaged", "of another history", "of another shape"])
async def test_nothing_is_trimmed_while_a_snapshot_is_of_no_use(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, of_no_use: str
) -> None:
    home = MemoryHome("a")
    await a_day_later(journal, home)
    before = await entries(journal)
    async with running(journal, Clock(hours_later=24), home=home) as bench:
        keep = keeper(bench)
        await keep.keep_snapshot()
        await bench.issue()
        await keep.keep_snapshot()
        newest, oldest = await journal.snapshot_ids("test")
        held = journal._snapshots["test"]
        if of_no_use == "damaged":
            held[oldest] = b"damaged"
        elif of_no_use == "of another shape":
            held[oldest] = packed_state(of_another_shape((await bench.actor.snapshot()).body))
        else:
            held[EntryId(newest.revision, newest.chain ^ 1)] = held.pop(newest)
        await keep._trim()
        assert (await entries(journal))[: len(before)] == before


async def test_the_archive_comes_before_trimming_even_if_its_disk_is_full(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FullHome(MemoryHome):
        async def archive(self, *_: object) -> str:
            raise OSError(28, "No space left on device")

    home = FullHome("a")
    await a_day_later(journal, home)
    async with running(journal, Clock(hours_later=24), home=home) as bench:
        actor, keep = bench.actor, keeper(bench)
        for _ in range(2):
            await bench.issue()
            await keep.keep_snapshot()
        await trio.sleep(3 * LOOK_EVERY_S)
        assert bench.actor is actor, "the hall has nothing to do with it"
        assert await journal.archived("test") == GENESIS
        assert (await entries(journal))[0].id.revision == 1
        assert bench.node.health()["ready"] is True


async def test_housekeeping_that_meets_another_journal_does_not_end_the_hall(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def rewound(hall: str) -> EntryId:
        raise LineageBroken("the journal was rewound meanwhile")

    async with running(journal) as bench:
        actor = bench.actor
        monkeypatch.setattr(journal, "archived", rewound)
        await trio.sleep(3 * LOOK_EVERY_S)
        assert bench.actor is actor
        await bench.issue()
