"""A node's disk: what is spooled comes back after the process died, and files are whole or not there."""

from __future__ import annotations

import gzip
import itertools
import os
import stat
from typing import TYPE_CHECKING

import pytest
import structlog
import trio

from callq.domain.errors import BadBytes
from callq.journal.port import GENESIS, Entry, EntryId, chained
from callq.journal.records import header, packed, unpacked
from callq.runtime import home as homes
from callq.runtime.home import DiskHome

if TYPE_CHECKING:
    from pathlib import Path


STORE = "0" * 32


def entries(count: int, base: EntryId = GENESIS) -> list[Entry]:
    made: list[Entry] = []
    for number in range(count):
        made.append(chained(made[-1].id if made else base, b"payload %d" % number))
    return made


async def written(directory: Path, *acts: tuple[EntryId, list[Entry] | None]) -> None:
    """Run a home until it has written; None begins the spool anew."""
    home = DiskHome(directory, STORE)
    async with trio.open_nursery() as nursery:
        await nursery.start(home.run)
        for base, what in acts:
            if what is None:
                home.begin_spool("test", base)
            else:
                home.spool("test", base, what)
        nursery.cancel_scope.cancel()


def test_records_come_back_and_a_torn_end_is_left_out() -> None:
    made = entries(5)
    content = header(GENESIS) + packed(made)
    assert unpacked(content) == (GENESIS, made, True)
    for cut in range(1, len(packed(made[-1:])) + 1):
        assert unpacked(content[:-cut]) == (GENESIS, made[:-1], cut == len(packed(made[-1:])))
    flipped = bytearray(content)
    flipped[-1] ^= 1
    assert unpacked(bytes(flipped)) == (GENESIS, made[:-1], False)
    with pytest.raises(BadBytes):
        unpacked(b"something else entirely")


def test_a_name_is_drawn_once(tmp_path: Path) -> None:
    name = DiskHome(tmp_path / "data", STORE).name
    assert name == DiskHome(tmp_path / "data", STORE).name
    assert name != DiskHome(tmp_path / "other", STORE).name


async def test_the_spool_outlives_the_process(tmp_path: Path) -> None:
    made = entries(6)
    await written(tmp_path, (GENESIS, made[:2]), (made[1].id, made[2:4]))
    assert await DiskHome(tmp_path, STORE).spooled("test") == (GENESIS, made[:4], True)
    # The next process goes on in a file of its own; together they are one chain.
    await written(tmp_path, (made[3].id, made[4:]))
    assert await DiskHome(tmp_path, STORE).spooled("test") == (GENESIS, made, True)
    assert await DiskHome(tmp_path, STORE).spooled("another") is None
    assert await DiskHome(tmp_path, "another store").spooled("test") is None


async def test_a_spool_that_begins_anew_forgets(tmp_path: Path) -> None:
    made = entries(6)
    await written(tmp_path, (GENESIS, made[:4]), (made[3].id, None), (made[3].id, made[4:]))
    assert await DiskHome(tmp_path, STORE).spooled("test") == (made[3].id, made[4:], True)


async def test_a_spool_torn_by_a_crash_gives_what_is_whole(tmp_path: Path) -> None:
    made = entries(6)
    await written(tmp_path, (GENESIS, made[:3]))
    (path,) = (tmp_path / "spool" / STORE / "test").glob("*.spool")
    path.write_bytes(path.read_bytes()[:-3])
    assert await DiskHome(tmp_path, STORE).spooled("test") == (GENESIS, made[:2], False)
    # What follows does not follow what is whole: the newer part counts.
    await written(tmp_path, (made[2].id, made[3:]))
    assert await DiskHome(tmp_path, STORE).spooled("test") == (made[2].id, made[3:], True)


async def test_the_spool_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(homes, "SEGMENT_MAX_BYTES", 100)
    monkeypatch.setattr(homes, "WRITE_EVERY_S", 0)
    made = entries(40)
    home = DiskHome(tmp_path, STORE)
    async with trio.open_nursery() as nursery:
        await nursery.start(home.run)
        for at in range(0, 40, 4):
            home.spool("test", made[at - 1].id if at else GENESIS, made[at : at + 4])
        nursery.cancel_scope.cancel()
    assert len(list((tmp_path / "spool" / STORE / "test").iterdir())) == 2
    held = await DiskHome(tmp_path, STORE).spooled("test")
    assert held is not None
    assert held.entries == made[-len(held.entries) :]
    assert len(held.entries) == 8


async def test_a_spool_that_cannot_be_written_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file in its place")
    made = entries(3)
    await written(tmp_path, (GENESIS, made[:2]))
    (tmp_path / "spool").unlink()
    await written(tmp_path, (made[1].id, made[2:]))
    assert await DiskHome(tmp_path, STORE).spooled("test") == (made[1].id, made[2:], True)


async def test_alarms_and_days_are_kept_whole_and_private(tmp_path: Path) -> None:
    home = DiskHome(tmp_path, STORE)
    assert home.alarms == []
    where = await home.alarm("test-1.json", b"{}\n")
    assert home.alarms == ["test-1.json"]
    made = entries(3)
    day = await home.archive("test", "2026-11-23", GENESIS, made)
    assert day == str(tmp_path / "archive" / "test" / "2026-11-23.gz")
    with gzip.open(day) as stream:
        assert unpacked(stream.read()) == (GENESIS, made, True)
    for path in (where, day):
        assert stat.S_IMODE((await trio.Path(path).stat()).st_mode) == 0o600
    assert {path.suffix for path in home.directory.rglob("*.*")} == {".json", ".gz"}


async def test_archived_days_are_found_again_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    home = DiskHome(tmp_path, STORE)
    assert await home.archived("test", "2026-01-01", "2026-12-31") == []
    made = entries(3)
    for day in ("2026-11-23", "2026-11-24", "2026-11-25"):
        where = await home.archive("test", day, GENESIS, made)
    assert await home.archived("test", "2026-11-24", "2026-11-30") == ["2026-11-24", "2026-11-25"]
    assert await home.archived_day("test", "2026-11-23") == (GENESIS, made, True)
    assert await home.archived_day("test", "2026-11-22") is None
    await trio.Path(where).write_bytes(b"not a day")
    with structlog.testing.capture_logs() as logs:
        assert await home.archived_day("test", "2026-11-25") is None
    assert [(line["event"], line["day"]) for line in logs] == [("archived_day_unreadable", "2026-11-25")]


async def test_an_alarm_that_finds_the_disk_full_is_told_at_once_and_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = DiskHome(tmp_path, STORE)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, structlog.testing.capture_logs() as logs:
        patched.setattr(homes, "write_durably", full)
        where = trio.Path(await home.alarm("test-1.json", b"{}\n"))
        await home.tend()
        assert home.alarms == ["test-1.json"]
        assert not await where.exists()
        assert "{}" in logs[0]["content"], "if the disk never works again, it is in the log"
    await home.tend()
    assert await where.read_bytes() == b"{}\n"
    assert home.alarms == ["test-1.json"]
    await where.unlink()  # somebody has dealt with it
    await home.tend()
    assert home.alarms == []


@pytest.mark.parametrize(("minutes", "kept"), [(9, True), (11, False)])
async def test_the_spool_of_the_last_ten_minutes_is_kept(tmp_path: Path, minutes: int, kept: bool) -> None:
    made = entries(6)
    await written(tmp_path, (GENESIS, made[:3]))
    (older,) = (tmp_path / "spool" / STORE / "test").glob("*.spool")
    moment = older.stat().st_mtime - 60 * minutes
    os.utime(older, (moment, moment))
    await written(tmp_path, (made[2].id, made[3:]))
    held = await DiskHome(tmp_path, STORE).spooled("test")
    assert held == ((GENESIS, made, True) if kept else (made[2].id, made[3:], True))


async def test_a_disk_that_hangs_fills_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(homes, "QUEUE_MAX", 4)
    made = entries(10)
    await written(tmp_path, *[(each.id, [after]) for each, after in itertools.pairwise(made)])
    held = await DiskHome(tmp_path, STORE).spooled("test")
    assert held is not None
    assert held.entries == made[-len(held.entries) :], "the newest"
    assert len(held.entries) <= 4
