"""What a node remembers of a hall: given back whole, or on the alarm list once, and never both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import trio

from callq import metrics
from callq.domain.errors import StoreUnavailable
from callq.journal.port import GENESIS, Entry, EntryId, chained
from callq.journal.records import Records
from callq.runtime import past as pasts
from callq.runtime.home import MemoryHome
from callq.runtime.past import GAP_WAIT_S, GAP_WAITS, Past

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.runtime.faulty import FaultyJournal

NOON_MS = 1_795_406_400_000


class CountingHome(MemoryHome):
    """Counts how often an alarm is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    async def alarm(self, name: str, content: bytes) -> str:
        self.written.append(name)
        return await super().alarm(name, content)


def chain(count: int, base: EntryId = GENESIS, word: str = "ours") -> list[Entry]:
    made: list[Entry] = []
    for number in range(count):
        made.append(chained(made[-1].id if made else base, b"%s %d" % (word.encode(), number)))
    return made


def past(home: MemoryHome, base: EntryId, known: Sequence[Entry]) -> Past:
    return Past("test", home, Records(base, list(known), True))


def alarm(home: MemoryHome) -> dict[str, Any]:
    (content,) = home.alarm_files.values()
    return msgspec.json.decode(content)  # type: ignore[no-any-return]


def lost_ids(home: MemoryHome) -> list[str]:
    return [each["id"] for each in alarm(home)["lost"]]


@pytest.fixture
def home() -> CountingHome:
    return CountingHome()


@pytest.fixture
def whole(journal: FaultyJournal) -> list[Entry]:
    """Eight entries, of which the journal has the first four."""
    made = chain(8)
    journal._halls["test"] = made[:4]
    return made


async def test_nodes_that_each_know_a_part_give_it_back_in_order(
    journal: FaultyJournal, whole: list[Entry], home: CountingHome, autojump_clock: trio.testing.MockClock
) -> None:
    earlier, later = past(home, whole[3].id, whole[4:6]), past(home, whole[5].id, whole[6:])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(later.settle, journal, NOON_MS)
        await trio.sleep(GAP_WAIT_S / 2)
        assert journal._halls["test"] == whole[:4], "nothing is put where it does not belong"
        await earlier.settle(journal, NOON_MS)
    assert journal._halls["test"] == whole
    assert home.written == []


async def test_who_knows_only_the_end_waits_in_vain_for_a_while_and_says_what_else_is_lost(
    journal: FaultyJournal, whole: list[Entry], home: CountingHome, autojump_clock: trio.testing.MockClock
) -> None:
    await past(home, whole[5].id, whole[6:]).settle(journal, NOON_MS)
    assert trio.current_time() == pytest.approx(GAP_WAITS * GAP_WAIT_S)
    assert lost_ids(home) == [str(entry.id) for entry in whole[6:]]
    assert alarm(home)["also_lost"] == "entries before 7 that this node does not remember"


async def test_an_alarm_that_lists_everything_says_nothing_of_more(
    journal: FaultyJournal, whole: list[Entry], home: CountingHome
) -> None:
    journal._halls["test"] += chain(2, whole[3].id, "theirs")
    await past(home, whole[1].id, whole[2:]).settle(journal, NOON_MS)
    assert lost_ids(home) == [str(entry.id) for entry in whole[4:]]
    assert alarm(home)["also_lost"] is None


async def test_what_is_lost_is_said_once_however_many_ask_and_how_often(
    journal: FaultyJournal, whole: list[Entry], home: CountingHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    monkeypatch.setattr(metrics, "diverged", lambda hall, lost: counted.append(lost))
    theirs = chain(2, whole[3].id, "theirs")
    journal._halls["test"] += theirs
    ours = past(home, whole[1].id, whole[2:])
    async with trio.open_nursery() as nursery:
        # The heart, and the hall that is loaded anew.
        nursery.start_soon(ours.settle, journal, NOON_MS)
        nursery.start_soon(ours.settle, journal, NOON_MS)
    await ours.settle(journal, NOON_MS)
    assert ours.tip == theirs[-1].id, "it goes on from what is there"
    # The same is found again by whoever comes when the journal has gone on.
    journal._halls["test"] += chain(2, theirs[-1].id, "later")
    await ours.settle(journal, NOON_MS)
    assert (len(home.written), counted) == (1, [4])
    assert journal._halls["test"][:6] == whole[:4] + theirs


@pytest.mark.parametrize("fails_at", [1, 2, 3])
async def test_a_store_that_fails_meanwhile_does_not_repeat_the_alarm(
    journal: FaultyJournal,
    whole: list[Entry],
    home: CountingHome,
    fails_at: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    journal._halls["test"] += chain(2, whole[3].id, "theirs")
    ours = past(home, whole[1].id, whole[2:])
    reading, reads = journal.read_revisions, 0

    async def read_revisions(hall: str, since: int, limit: int = 1000) -> list[Entry]:
        nonlocal reads
        reads += 1
        if reads == fails_at:
            raise StoreUnavailable("not now")
        return await reading(hall, since, limit)

    monkeypatch.setattr(journal, "read_revisions", read_revisions)
    for _ in range(3):
        try:
            await ours.settle(journal, NOON_MS)
        except StoreUnavailable:
            continue
    assert len(home.written) == 1


async def test_what_a_trimmed_journal_no_longer_has_is_not_lost(
    journal: FaultyJournal, whole: list[Entry], home: CountingHome
) -> None:
    """This node was away while the others went on, archived and trimmed."""
    later = whole + chain(6, whole[-1].id, "later")
    journal._halls["test"] = later[10:]
    ours = past(home, GENESIS, whole)
    await ours.settle(journal, NOON_MS)
    assert home.written == []
    assert journal._halls["test"] == later[10:]
    assert ours.tip == later[-1].id


async def test_much_is_given_back_in_parts(
    journal: FaultyJournal, whole: list[Entry], home: CountingHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pasts, "GROUP_MAX", 3)
    await past(home, GENESIS, whole).settle(journal, NOON_MS)
    assert journal._halls["test"] == whole
    assert journal.groups == [3, 1]


async def test_another_node_may_be_faster_at_giving_back(
    journal: FaultyJournal, whole: list[Entry], home: CountingHome
) -> None:
    journal.faults = ["refused"]
    await past(home, GENESIS, whole).settle(journal, NOON_MS)
    assert journal._halls["test"] == whole
    assert home.written == []


async def test_what_is_too_old_or_too_much_is_forgotten_and_its_end_is_known(
    journal: FaultyJournal, whole: list[Entry], home: CountingHome, autojump_clock: trio.testing.MockClock
) -> None:
    ours = past(home, GENESIS, whole[:5])
    await trio.sleep(pasts.RING_S + 1)
    ours.add(whole[4].id, whole[5:])
    journal._halls["test"] = whole[:5]
    await ours.settle(journal, NOON_MS)
    assert journal._halls["test"] == whole
    journal._halls["test"] = whole[:4]
    await ours.settle(journal, NOON_MS)
    assert lost_ids(home) == [str(entry.id) for entry in whole[5:]]


async def test_a_hall_that_was_read_from_its_first_entry_is_given_back_from_there(
    journal: FaultyJournal, whole: list[Entry], home: CountingHome
) -> None:
    ours = Past("test", home)
    await ours.begin(journal, whole[3].id)
    journal._halls.clear()
    await ours.settle(journal, NOON_MS)
    assert journal._halls["test"] == whole[:4]
    assert home.written == []


async def test_a_whole_history_that_is_lost_is_all_there_is_to_list(
    journal: FaultyJournal, whole: list[Entry], home: CountingHome
) -> None:
    journal._halls["test"] = chain(3, GENESIS, "theirs")
    await past(home, GENESIS, whole).settle(journal, NOON_MS)
    assert lost_ids(home) == [str(entry.id) for entry in whole]
    assert alarm(home)["also_lost"] is None
