"""What every journal and keyring does, in memory and on each redis-server of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.journal.port import GENESIS, AppendRefused, EntryId, LineageBroken, chained
from tests.contract.growing import group, grown

if TYPE_CHECKING:
    from tests.contract.conftest import AnyJournal


async def test_the_first_group_creates_the_hall(journal: AnyJournal) -> None:
    assert await journal.halls() == []
    entries = await grown(journal, "demo", 3)
    assert await journal.halls() == ["demo"]
    assert await journal.read("demo", GENESIS) == entries


async def test_payloads_come_back_byte_for_byte(journal: AnyJournal) -> None:
    entries = group(GENESIS, b"", bytes(range(256)), "叫号\r\n$-1\r\n".encode(), b"\0" * 70_000)
    await journal.append("demo", GENESIS, entries)
    assert await journal.read("demo", GENESIS) == entries


async def test_groups_follow_each_other(journal: AnyJournal) -> None:
    first = await grown(journal, "demo", 2)
    second = group(first[-1].id, b"a", b"b")
    await journal.append("demo", first[-1].id, second)
    assert await journal.read("demo", GENESIS) == first + second
    assert await journal.read("demo", first[0].id) == [first[1], *second]


async def test_halls_do_not_touch_each_other(journal: AnyJournal) -> None:
    north = await grown(journal, "north", 2)
    south = await grown(journal, "south", 3)
    assert await journal.read("north", GENESIS) == north
    assert await journal.read("south", GENESIS) == south
    assert await journal.halls() == ["north", "south"]


async def test_a_group_on_an_old_head_is_refused_and_nothing_is_written(journal: AnyJournal) -> None:
    entries = await grown(journal, "demo", 3)
    for expected in (GENESIS, entries[0].id, entries[1].id):
        with pytest.raises(AppendRefused) as refused:
            await journal.append("demo", expected, group(expected, b"late", b"later"))
        assert refused.value.last == entries[-1].id
        assert refused.value.hall == "demo"
    assert await journal.read("demo", GENESIS) == entries


async def test_the_same_revision_of_another_history_is_refused(journal: AnyJournal) -> None:
    entries = await grown(journal, "demo", 2)
    foreign = group(GENESIS, b"1", b"another past")[-1].id
    assert foreign.revision == entries[-1].id.revision
    with pytest.raises(AppendRefused) as refused:
        await journal.append("demo", foreign, group(foreign, b"x"))
    assert refused.value.last == entries[-1].id
    assert await journal.read("demo", GENESIS) == entries


async def test_only_genesis_creates_a_hall(journal: AnyJournal) -> None:
    somewhere = group(GENESIS, b"1", b"2")[-1].id
    with pytest.raises(AppendRefused) as refused:
        await journal.append("demo", somewhere, group(somewhere, b"3"))
    assert refused.value.last == GENESIS
    assert await journal.halls() == []


async def test_a_group_sent_twice_is_refused_with_its_own_last_id(journal: AnyJournal) -> None:
    entries = await grown(journal, "demo", 2)
    with pytest.raises(AppendRefused) as refused:
        await journal.append("demo", GENESIS, entries)
    assert refused.value.last == entries[-1].id
    assert await journal.read("demo", GENESIS) == entries


async def test_a_group_that_is_not_a_chain_is_a_bug_of_the_caller(journal: AnyJournal) -> None:
    one, two = group(GENESIS, b"1", b"2")
    for wrong in ([two], [two, one], [one, one], [one, two._replace(payload=b"forged")]):
        with pytest.raises(ValueError, match="chained"):
            await journal.append("demo", GENESIS, wrong)
    assert await journal.read("demo", GENESIS) == []
    assert await journal.halls() == []


@pytest.mark.parametrize("hall", ["", "Demo", "a b", "{a}", "大厅", ".store", "a" * 33])
async def test_what_is_not_a_code_cannot_name_a_hall(journal: AnyJournal, hall: Any) -> None:
    with pytest.raises(ValueError, match="not a hall id"):
        await journal.append(hall, GENESIS, group(GENESIS, b"1"))
    assert await journal.read_revisions(hall, 0) == []


async def test_a_long_journal_is_read_in_pages_of_any_size(journal: AnyJournal) -> None:
    entries = await grown(journal, "demo", 2500)
    assert await journal.read("demo", GENESIS, 10_000) == entries
    assert await journal.read("demo", GENESIS) == entries[:1000]
    assert await journal.read("demo", entries[9].id, 1500) == entries[10:1510]
    assert await journal.read("demo", entries[-2].id, 1) == entries[-1:]
    assert await journal.read("demo", entries[0].id, 0) == []
    assert await journal.read_revisions("demo", 5, 2200) == entries[5:2205]


async def test_nothing_follows_the_head(journal: AnyJournal) -> None:
    entries = await grown(journal, "demo", 3)
    assert await journal.read("demo", entries[-1].id) == []
    assert await journal.read("nowhere", GENESIS) == []


async def test_a_cursor_that_the_journal_does_not_hold_breaks_the_lineage(journal: AnyJournal) -> None:
    entries = await grown(journal, "demo", 3)
    second = entries[1].id
    beyond = chained(entries[-1].id, b"never appended").id
    for cursor in (
        second._replace(chain=second.chain - 1),
        second._replace(chain=second.chain + 1),
        second._replace(chain=0),
        beyond,
        EntryId(2**63 - 1, 2**63 - 1),
    ):
        with pytest.raises(LineageBroken):
            await journal.read("demo", cursor)
    with pytest.raises(LineageBroken):
        await journal.read("nowhere", second)


async def test_revisions_are_read_without_knowing_ids(journal: AnyJournal) -> None:
    entries = await grown(journal, "demo", 5)
    assert await journal.read_revisions("demo", 0) == entries
    assert await journal.read_revisions("demo", -7) == entries
    assert await journal.read_revisions("demo", 2, 2) == entries[2:4]
    assert await journal.read_revisions("demo", 5) == []
    assert await journal.read_revisions("demo", 2**80) == []
    assert await journal.read_revisions("nowhere", 0) == []


async def test_of_two_groups_on_one_head_exactly_one_is_appended(journal: AnyJournal) -> None:
    head = (await grown(journal, "demo", 1))[-1].id
    outcomes: list[str] = []

    async def race(name: bytes) -> None:
        try:
            await journal.append("demo", head, group(head, name))
            outcomes.append("appended")
        except AppendRefused:
            outcomes.append("refused")

    async with trio.open_nursery() as nursery:
        for n in range(8):
            nursery.start_soon(race, b"%d" % n)
    assert sorted(outcomes) == ["appended", *["refused"] * 7]
    assert len(await journal.read("demo", GENESIS)) == 2


async def test_many_halls_grow_at_once(journal: AnyJournal) -> None:
    async def grow(hall: str) -> None:
        head = GENESIS
        for n in range(10):
            (entry,) = group(head, b"%s %d" % (hall.encode(), n))
            await journal.append(hall, head, [entry])
            head = entry.id

    halls = sorted(f"hall-{n}" for n in range(30))
    async with trio.open_nursery() as nursery:
        for hall in halls:
            nursery.start_soon(grow, hall)
    assert await journal.halls() == halls
    for hall in halls:
        entries = await journal.read(hall, GENESIS)
        assert [entry.payload for entry in entries] == [b"%s %d" % (hall.encode(), n) for n in range(10)]


async def test_a_cancelled_append_happens_or_not_and_harms_nobody(journal: AnyJournal) -> None:
    head = (await grown(journal, "demo", 1))[-1].id
    for turn in range(20):
        entries = group(head, b"turn %d" % turn)
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(journal.append, "demo", head, entries)
                for _ in range(turn % 5):
                    await trio.lowlevel.checkpoint()
                scope.cancel()
        assert await grown(journal, f"other-{turn}", 1) == await journal.read(f"other-{turn}", GENESIS)
        follows = await journal.read("demo", head)
        assert follows in ([], entries)
        head = follows[-1].id if follows else head


async def test_the_lineage_stays_while_nothing_restarts(journal: AnyJournal) -> None:
    lineage = await journal.lineage()
    receipt = await journal.append("demo", GENESIS, group(GENESIS, b"1"))
    assert receipt.lineage == await journal.lineage() == lineage
    assert len(lineage.epoch) == 16
    assert int(lineage.epoch, 16)
    assert not lineage.promoted


async def test_the_secret_is_drawn_once(journal: AnyJournal) -> None:
    secrets: list[bytes] = []

    async def ask() -> None:
        secrets.append(await journal.secret())

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(ask)
    assert len(secrets[0]) == 32
    assert len(set(secrets)) == 1


async def test_tokens_are_kept_under_their_digests(journal: AnyJournal) -> None:
    assert await journal.token("ab" * 32) is None
    await journal.put_token("ab" * 32, b"\x81\xa4role\xa5clerk")
    await journal.put_token("cd" * 32, b"")
    await journal.put_token("ab" * 32, b"replaced")
    assert await journal.token("ab" * 32) == b"replaced"
    assert await journal.token("cd" * 32) == b""
    assert await journal.halls() == []
