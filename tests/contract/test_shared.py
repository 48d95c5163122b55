"""What every journal does for several nodes: heads, lineages, hints, beats, snapshots, archive, trimming."""

from __future__ import annotations

import time
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.journal.port import (
    GENESIS,
    SNAPSHOTS_KEPT,
    AppendRefused,
    EntryId,
    LineageBroken,
    LineageChanged,
    Snapshot,
    chained,
)
from tests.contract.growing import group, grown
from tests.redis.fixtures import eventually

if TYPE_CHECKING:
    from tests.contract.conftest import AnyJournal

NEVER_OUT = 3_600_000
"""A gap that no test is long enough to make."""

ALWAYS_OUT = -1
"""A gap that every silence is longer than."""


# Groups that write nothing, or must not be sent -------------------------------------------------------


async def test_an_empty_group_confirms_the_head_and_writes_nothing(journal: AnyJournal) -> None:
    entries = await grown(journal, "demo", 2)
    await journal.append("demo", entries[-1].id, [])
    assert await journal.read("demo", GENESIS) == entries


async def test_an_empty_group_on_an_old_head_is_refused(journal: AnyJournal) -> None:
    entries = await grown(journal, "demo", 2)
    for expected in (GENESIS, entries[0].id, entries[1].id._replace(chain=7)):
        with pytest.raises(AppendRefused) as refused:
            await journal.append("demo", expected, [])
        assert refused.value.last == entries[-1].id
    assert await journal.read("demo", GENESIS) == entries


async def test_an_empty_group_creates_no_hall(journal: AnyJournal) -> None:
    await journal.append("demo", GENESIS, [])
    with pytest.raises(AppendRefused) as refused:
        await journal.append("demo", chained(GENESIS, b"1").id, [])
    assert refused.value.last == GENESIS
    assert await journal.halls() == []
    assert await journal.tips(["demo"]) == {"demo": GENESIS}


async def test_a_receipt_tells_the_stores_clock(journal: AnyJournal) -> None:
    before_ms = int(time.time() * 1000)
    first = await journal.append("demo", GENESIS, [])
    second = await journal.append("demo", GENESIS, group(GENESIS, b"1"))
    assert before_ms <= first.time_ms <= second.time_ms <= int(time.time() * 1000)


async def test_a_group_of_another_lineage_is_not_written(journal: AnyJournal) -> None:
    (entry,) = await grown(journal, "demo", 1)
    here = await journal.lineage()
    for entries in ([chained(entry.id, b"2")], []):
        with pytest.raises(LineageChanged) as changed:
            await journal.append("demo", entry.id, entries, "another")
        assert (changed.value.hall, changed.value.lineage) == ("demo", here)
    # The lineage comes before the head: whose head it is that is right or wrong is the question.
    with pytest.raises(LineageChanged):
        await journal.append("demo", GENESIS, [], "another")
    assert await journal.read("demo", GENESIS) == [entry]
    receipt = await journal.append("demo", entry.id, [chained(entry.id, b"2")], here.epoch)
    assert receipt.lineage == here


async def test_of_groups_sent_together_only_those_of_another_lineage_are_kept_back(
    journal: AnyJournal,
) -> None:
    here = await journal.lineage()
    outcomes: dict[str, str] = {}

    async def append(hall: str, epoch: str | None) -> None:
        try:
            await journal.append(hall, GENESIS, group(GENESIS, b"1"), epoch)
            outcomes[hall] = "appended"
        except LineageChanged:
            outcomes[hall] = "kept back"

    async with trio.open_nursery() as nursery:
        for hall, epoch in {"a": here.epoch, "b": "another", "c": None, "d": "another"}.items():
            nursery.start_soon(append, hall, epoch)
    assert outcomes == {"a": "appended", "b": "kept back", "c": "appended", "d": "kept back"}
    assert await journal.halls() == ["a", "c"]


async def test_the_tips_of_all_halls_are_told_at_once(journal: AnyJournal) -> None:
    north = await grown(journal, "north", 3)
    south = await grown(journal, "south", 1)
    assert await journal.tips(["south", "nowhere", "north"]) == {
        "south": south[-1].id,
        "nowhere": GENESIS,
        "north": north[-1].id,
    }
    assert await journal.tips([]) == {}


# Hints -----------------------------------------------------------------------------------------------


async def test_every_listener_hears_what_was_appended(journal: AnyJournal) -> None:
    heard: list[tuple[int, str, EntryId]] = []
    async with trio.open_nursery() as nursery:
        for n in range(2):
            await nursery.start(journal.listen, lambda hall, id, n=n: heard.append((n, hall, id)))
        entries = await grown(journal, "demo", 3)
        expected = {(0, "demo", entries[-1].id), (1, "demo", entries[-1].id)}
        await eventually(lambda: set(heard) == expected, "both hear it")
        nursery.cancel_scope.cancel()


async def test_nobody_is_told_of_a_group_that_writes_nothing(journal: AnyJournal) -> None:
    heard: list[str] = []
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.listen, lambda hall, id: heard.append(hall))
        await journal.append("empty", GENESIS, [])
        with pytest.raises(LineageChanged):
            await journal.append("kept-back", GENESIS, group(GENESIS, b"1"), "another")
        await grown(journal, "demo", 1)
        await eventually(lambda: heard == ["demo"], "only what was written is heard")
        nursery.cancel_scope.cancel()


async def test_who_listens_no_more_is_told_nothing(journal: AnyJournal) -> None:
    heard: list[str] = []
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.listen, lambda hall, id: heard.append("gone"))
        nursery.cancel_scope.cancel()
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.listen, lambda hall, id: heard.append("here"))
        await grown(journal, "demo", 1)
        await eventually(lambda: heard == ["here"], "only who listens hears")
        nursery.cancel_scope.cancel()


async def test_what_fails_in_hearing_fails_the_listener_alone(journal: AnyJournal) -> None:
    def stumble(hall: str, id: EntryId) -> None:
        raise KeyError(hall)

    with pytest.RaisesGroup(KeyError):
        async with trio.open_nursery() as nursery:
            await nursery.start(journal.listen, stumble)
            await grown(journal, "demo", 1)
            await trio.sleep_forever()
    assert len(await journal.read("demo", GENESIS)) == 1


# Nodes -----------------------------------------------------------------------------------------------


async def test_nodes_hear_of_each_other(journal: AnyJournal) -> None:
    record = bytes(range(256)) * 3
    first = await journal.beat("a", b"", gap_ms=NEVER_OUT)
    assert (first.last_ms, first.counted, first.nodes) == (None, True, {"a": b""})
    assert first.lineage == await journal.lineage()
    assert abs(first.time_ms - time.time() * 1000) < 10_000
    second = await journal.beat("节点 2", record, gap_ms=NEVER_OUT)
    assert (second.last_ms, second.counted) == (first.time_ms, True)
    assert second.nodes == {"a": b"", "节点 2": record}
    third = await journal.beat("a", b"changed", gap_ms=NEVER_OUT)
    assert third.last_ms == second.time_ms
    assert third.nodes == {"a": b"changed", "节点 2": record}


async def test_a_node_that_leaves_is_forgotten_at_once(journal: AnyJournal) -> None:
    await journal.beat("a", b"1", gap_ms=NEVER_OUT)
    await journal.beat("b", b"2", gap_ms=NEVER_OUT)
    await journal.leave("a")
    await journal.leave("never there")
    assert (await journal.beat("b", b"2", gap_ms=NEVER_OUT)).nodes == {"b": b"2"}


async def test_the_first_beat_of_all_counts_whatever_the_gap(journal: AnyJournal) -> None:
    assert (await journal.beat("a", b"", gap_ms=ALWAYS_OUT)).counted


async def test_a_beat_after_an_outage_counts_only_once_the_outage_is_recorded(journal: AnyJournal) -> None:
    last = (await journal.beat("a", b"", gap_ms=NEVER_OUT)).time_ms
    for node in ("a", "b", "a"):
        found = await journal.beat(node, b"", gap_ms=ALWAYS_OUT)
        # Whoever asks finds the same gap, so that it is recorded even if the first who found it dies.
        assert (found.last_ms, found.counted) == (last, False)
        assert node in found.nodes
    ends = await journal.beat("b", b"", gap_ms=ALWAYS_OUT, ends_outage=True)
    assert (ends.last_ms, ends.counted) == (last, True)
    after = await journal.beat("a", b"", gap_ms=NEVER_OUT)
    assert (after.last_ms, after.counted) == (ends.time_ms, True)


# Snapshots -------------------------------------------------------------------------------------------


async def test_the_snapshots_with_the_highest_revisions_are_kept(journal: AnyJournal) -> None:
    # As strings, 9 comes after 10 and 100.
    revisions = [9, 100, 10, 2**62, 2**62 + 1]
    for n, revision in enumerate(revisions):
        await journal.keep_snapshot("demo", Snapshot(EntryId(revision, 5), b"%d" % revision))
        kept = sorted(revisions[: n + 1], reverse=True)[:SNAPSHOTS_KEPT]
        assert [id.revision for id in await journal.snapshot_ids("demo")] == kept
        for id in await journal.snapshot_ids("demo"):
            assert await journal.snapshot("demo", id) == b"%d" % id.revision
    # An old one is not taken in again.
    await journal.keep_snapshot("demo", Snapshot(EntryId(99, 5), b"old"))
    assert await journal.snapshot("demo", EntryId(99, 5)) is None
    assert [id.revision for id in await journal.snapshot_ids("demo")] == [2**62 + 1, 2**62]


async def test_revisions_that_are_one_double_are_two_revisions(journal: AnyJournal) -> None:
    top = [2**62, 2**62 + 1, 2**62 + 2]
    for n, order in enumerate(permutations(top)):
        for revision in order:
            await journal.keep_snapshot(f"demo-{n}", Snapshot(EntryId(revision, 5), b""))
        assert [id.revision for id in await journal.snapshot_ids(f"demo-{n}")] == [top[2], top[1]]


async def test_a_dropped_snapshot_makes_room_for_one_of_a_lower_revision(journal: AnyJournal) -> None:
    for revision in (8, 9):
        await journal.keep_snapshot("demo", Snapshot(EntryId(revision, 5), b""))
    await journal.drop_snapshot("demo", EntryId(9, 5))
    await journal.drop_snapshot("demo", EntryId(99, 5))
    await journal.keep_snapshot("demo", Snapshot(EntryId(3, 5), b""))
    assert [id.revision for id in await journal.snapshot_ids("demo")] == [8, 3]


async def test_snapshots_of_two_histories_are_two(journal: AnyJournal) -> None:
    for chain in (2**63 - 1, 2**63 - 2):
        await journal.keep_snapshot("demo", Snapshot(EntryId(7, chain), b"%d" % chain))
    assert await journal.snapshot_ids("demo") == [EntryId(7, 2**63 - 1), EntryId(7, 2**63 - 2)]
    assert await journal.snapshot("demo", EntryId(7, 2**63 - 2)) == b"%d" % (2**63 - 2)
    assert await journal.snapshot("demo", EntryId(7, 1)) is None


async def test_a_snapshot_comes_back_byte_for_byte_and_can_be_replaced(journal: AnyJournal) -> None:
    id = EntryId(7, 1)
    for body in (bytes(range(256)) * 4096, b""):
        await journal.keep_snapshot("demo", Snapshot(id, body))
        assert await journal.snapshot("demo", id) == body
    assert await journal.snapshot_ids("demo") == [id]
    assert await journal.snapshot_ids("nowhere") == []
    assert await journal.snapshot("nowhere", id) is None
    assert await journal.halls() == []


# The archive and trimming ----------------------------------------------------------------------------


async def test_of_two_that_move_the_archives_cursor_one_does(journal: AnyJournal) -> None:
    assert await journal.archived("demo") == GENESIS
    assert await journal.set_archived("demo", GENESIS, EntryId(5, 1))
    assert not await journal.set_archived("demo", GENESIS, EntryId(6, 1))
    assert not await journal.set_archived("demo", EntryId(5, 2), EntryId(6, 1))
    assert await journal.archived("demo") == EntryId(5, 1)
    assert await journal.set_archived("demo", EntryId(5, 1), EntryId(9, 3))
    assert await journal.archived("demo") == EntryId(9, 3)
    assert await journal.archived("other") == GENESIS


async def test_a_journal_is_trimmed_exactly(journal: AnyJournal) -> None:
    entries = await grown(journal, "demo", 250)
    assert await journal.trim("demo", entries[0].id) == 0
    assert await journal.trim("demo", entries[130].id) == 130
    assert await journal.trim("demo", entries[130].id) == 0
    assert await journal.read("demo", entries[130].id) == entries[131:]
    assert await journal.read_revisions("demo", 0, 3) == entries[130:133]
    assert await journal.trim("demo", entries[-1].id) == 119
    assert await journal.tips(["demo"]) == {"demo": entries[-1].id}
    await journal.append("demo", entries[-1].id, group(entries[-1].id, b"next"))


async def test_what_was_trimmed_breaks_the_lineage_for_who_needs_it(journal: AnyJournal) -> None:
    entries = await grown(journal, "demo", 5)
    await journal.trim("demo", entries[2].id)
    for cursor in (GENESIS, entries[0].id, entries[1].id):
        with pytest.raises(LineageBroken):
            await journal.read("demo", cursor)
    with pytest.raises(LineageBroken):
        await journal.read("demo", entries[3].id._replace(chain=1))
    assert await journal.read("demo", entries[2].id) == entries[3:]


async def test_nothing_is_trimmed_to_an_entry_that_is_not_there(journal: AnyJournal) -> None:
    entries = await grown(journal, "demo", 5)
    last = entries[-1].id
    for first in (
        entries[2].id._replace(chain=entries[2].id.chain ^ 1),
        EntryId(last.revision, 0),
        EntryId(last.revision + 1, 0),
        EntryId(2**63 - 1, 2**63 - 1),
    ):
        assert await journal.trim("demo", first) == 0
        assert await journal.trim("nowhere", first) == 0
    assert await journal.read("demo", GENESIS) == entries


@pytest.mark.parametrize("hall", ["Demo", "{a}", ".store"])
async def test_nothing_is_written_under_what_is_no_hall(journal: AnyJournal, hall: Any) -> None:
    with pytest.raises(ValueError, match="not a hall id"):
        await journal.keep_snapshot(hall, Snapshot(EntryId(1, 1), b""))
    with pytest.raises(ValueError, match="not a hall id"):
        await journal.set_archived(hall, GENESIS, EntryId(1, 1))
    with pytest.raises(ValueError, match="not a hall id"):
        await journal.trim(hall, EntryId(1, 1))
