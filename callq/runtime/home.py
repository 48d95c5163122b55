"""What a node keeps on its own disk: its name, the spool, alarms and the archive.

    DIR/NODE                      the node's name, drawn once
    DIR/spool/STORE/HALL/SEGMENT  what a hall of a store made durable in the last ten minutes and more
    DIR/alarms/HALL-ID.json       what was acknowledged here and is in no journal any more
    DIR/archive/HALL/DATE.gz      closed business days

The journal is the truth; nothing here is needed to run a hall. The spool is for the one case in which the
store forgets what it acknowledged: it gives it back. A full or broken disk stops nobody.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import secrets
import time
import zlib
from typing import TYPE_CHECKING, Final, Protocol

import structlog
import trio

from callq import metrics
from callq.domain.errors import BadBytes
from callq.journal.records import Records, header, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from callq.journal.port import Entry, EntryId

SEGMENT_MAX_BYTES: Final = 4 << 20
SEGMENT_MAX_S: Final = 600.0
"""A segment is followed by another after so much. Those of the last ten minutes are kept, up to the bytes
of two: reading them back at a start takes about 50 ms at most."""

QUEUE_MAX: Final = 10_000
"""Writes that may wait for a disk that hangs; then the spool begins anew."""

WRITE_EVERY_S: Final = 0.02
"""How long entries are collected before they are written together."""


class Home(Protocol):
    """A node's own disk."""

    @property
    def name(self) -> str:
        """The node's name, the same after every start; nodes of one store have different ones."""
        ...

    def halls(self) -> list[str]:
        """Halls of which the spool holds something."""
        ...

    async def spooled(self, hall: str) -> Records | None:
        """What the spool holds of a hall, consecutive; None: nothing."""
        ...

    def spool(self, hall: str, base: EntryId, entries: Sequence[Entry]) -> None:
        """Add durable entries that follow `base`; written soon, in the background."""
        ...

    def begin_spool(self, hall: str, base: EntryId) -> None:
        """Forget what the spool holds of a hall; what comes next follows `base`."""
        ...

    async def alarm(self, name: str, content: bytes) -> str:
        """Keep a file that people have to look at; durable when this returns, if the disk can be written.

        Answers where it is.
        """
        ...

    @property
    def alarms(self) -> list[str]:
        """Names of the alarm files that are there, and of those that could not be written yet."""
        ...

    async def tend(self) -> None:
        """Write what could not be written, and see which alarm files are still there."""
        ...

    async def archive(self, hall: str, day: str, base: EntryId, entries: Sequence[Entry]) -> str:
        """Keep a closed business day; durable when this returns. Answers where it is."""
        ...

    async def archived(self, hall: str, first: str, last: str) -> list[str]:
        """Business days from `first` to `last` that are kept here, oldest first."""
        ...

    async def archived_day(self, hall: str, day: str) -> Records | None:
        """A business day that is kept here; None: it is not, or cannot be read."""
        ...

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Write what is spooled, until cancelled."""
        ...


MEMORY_ENTRIES: Final = 10_000
"""What a spool in memory keeps of a hall, at least."""


class MemoryHome:
    """The same without a disk, for practice halls and tests: it outlives the node, not the process."""

    def __init__(self, name: str = "memory") -> None:
        self._name = name
        self._spool: dict[str, Records] = {}
        self.alarm_files: dict[str, bytes] = {}
        self.days: dict[tuple[str, str], Records] = {}

    @property
    def name(self) -> str:
        """The node's name."""
        return self._name

    def halls(self) -> list[str]:
        """Halls of which the spool holds something."""
        return sorted(hall for hall, held in self._spool.items() if held.entries)

    async def spooled(self, hall: str) -> Records | None:
        """What the spool holds of a hall."""
        await trio.lowlevel.checkpoint()
        return self._spool.get(hall)

    def spool(self, hall: str, base: EntryId, entries: Sequence[Entry]) -> None:
        """Add durable entries."""
        held = self._spool.setdefault(hall, Records(base, [], True)).entries
        held.extend(entries)
        if len(held) > 2 * MEMORY_ENTRIES:
            self._spool[hall] = Records(held[-MEMORY_ENTRIES - 1].id, held[-MEMORY_ENTRIES:], True)

    def begin_spool(self, hall: str, base: EntryId) -> None:
        """Forget what the spool holds of a hall."""
        self._spool[hall] = Records(base, [], True)

    async def alarm(self, name: str, content: bytes) -> str:
        """Keep a file that people have to look at."""
        await trio.lowlevel.checkpoint()
        self.alarm_files[name] = content
        return name

    @property
    def alarms(self) -> list[str]:
        """Names of the alarm files that are there."""
        return sorted(self.alarm_files)

    async def tend(self) -> None:
        """Nothing to write."""
        await trio.lowlevel.checkpoint()

    async def archive(self, hall: str, day: str, base: EntryId, entries: Sequence[Entry]) -> str:
        """Keep a closed business day."""
        await trio.lowlevel.checkpoint()
        self.days[hall, day] = Records(base, list(entries), True)
        return f"{hall}/{day}"

    async def archived(self, hall: str, first: str, last: str) -> list[str]:
        """Business days that are kept here."""
        await trio.lowlevel.checkpoint()
        return sorted(day for of, day in self.days if of == hall and first <= day <= last)

    async def archived_day(self, hall: str, day: str) -> Records | None:
        """A business day that is kept here."""
        await trio.lowlevel.checkpoint()
        return self.days.get((hall, day))

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Nothing to write."""
        task_status.started()
        await trio.sleep_forever()


class _Segment:
    """The file that a hall's spool is written to. Used by the writing thread alone."""

    def __init__(self, directory: Path, base: EntryId, *, wipe: bool) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        newer = 0
        for path in sorted(directory.glob("*.spool"), reverse=True):
            about = path.stat()
            if wipe or newer > SEGMENT_MAX_BYTES or about.st_mtime < time.time() - SEGMENT_MAX_S:
                path.unlink()
            newer += about.st_size
        self._file = open(directory / f"{base.revision:019}.spool", "wb", opener=_private)  # noqa: SIM115
        self._file.write(header(base))
        self._began = time.monotonic()

    def write(self, entries: Sequence[Entry]) -> int:
        return self._file.write(packed(entries))

    def flush(self) -> None:
        self._file.flush()

    @property
    def is_full(self) -> bool:
        return self._file.tell() > SEGMENT_MAX_BYTES or time.monotonic() - self._began > SEGMENT_MAX_S

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()


class DiskHome:
    """A data directory, held by this process.

    Args:
      directory: for everything.
      store: id of the store that is served: what another one acknowledged is none of its business.

    Raises:
      OSError: it cannot be made or used.
    """

    def __init__(self, directory: Path, store: str) -> None:
        self.directory = directory
        self._spool = directory / "spool" / store
        directory.mkdir(parents=True, exist_ok=True)
        self._name = _settle_name(directory / "NODE")
        self._queue: list[tuple[str, EntryId, list[Entry] | None]] = []
        """Hall, base and entries to write; None: begin anew."""
        self._wanted = trio.Event()
        self._segments: dict[str, _Segment] = {}
        self._failing = False
        self._unwritten: dict[str, bytes] = {}
        """Alarms, by name."""
        self._written = self._alarm_files()
        self._log = structlog.get_logger().bind(node=self._name)

    @property
    def name(self) -> str:
        """The node's name."""
        return self._name

    def halls(self) -> list[str]:
        """Halls of which the spool holds something."""
        return sorted(path.name for path in self._spool.glob("*") if path.is_dir())

    async def spooled(self, hall: str) -> Records | None:
        """What the spool holds of a hall: its newest files as far as they follow each other."""
        return await trio.to_thread.run_sync(self._read, hall)

    def _read(self, hall: str) -> Records | None:
        held: Records | None = None
        for path in sorted((self._spool / hall).glob("*.spool")):
            try:
                records = unpacked(path.read_bytes())
            except (OSError, BadBytes) as error:
                self._log.warning("spool_file_unreadable", hall=hall, path=str(path), error=str(error))
                continue
            if held is not None and records.base == (held.entries[-1].id if held.entries else held.base):
                records = Records(held.base, held.entries + records.entries, records.whole)
            held = records
        return held

    def spool(self, hall: str, base: EntryId, entries: Sequence[Entry]) -> None:
        """Add durable entries that follow `base`."""
        if len(self._queue) >= QUEUE_MAX:
            self._queue.clear()
        self._queue.append((hall, base, list(entries)))
        self._wanted.set()

    def begin_spool(self, hall: str, base: EntryId) -> None:
        """Forget what the spool holds of a hall."""
        self._queue.append((hall, base, None))
        self._wanted.set()

    async def alarm(self, name: str, content: bytes) -> str:
        """Keep a file that people have to look at."""
        self._unwritten[name] = content
        await self.tend()
        return str(self.directory / "alarms" / name)

    @property
    def alarms(self) -> list[str]:
        """Names of the alarm files that are there, and of those that could not be written yet."""
        return sorted({*self._written, *self._unwritten})

    async def tend(self) -> None:
        """Write what could not be written, and see which alarm files are still there."""
        for name, content in list(self._unwritten.items()):
            try:
                await trio.to_thread.run_sync(write_durably, self.directory / "alarms" / name, content)
            except OSError as error:
                self._log.critical("alarm_not_written", name=name, error=str(error), content=content.decode())
                return
            self._unwritten.pop(name, None)
        self._written = await trio.to_thread.run_sync(self._alarm_files)

    def _alarm_files(self) -> list[str]:
        return [path.name for path in (self.directory / "alarms").glob("*.json")]

    async def archive(self, hall: str, day: str, base: EntryId, entries: Sequence[Entry]) -> str:
        """Keep a closed business day: header and records as in `callq.journal.records`, gzip."""
        path = self.directory / "archive" / hall / f"{day}.gz"

        def write() -> None:
            write_durably(path, gzip.compress(header(base) + packed(entries), mtime=0))

        await trio.to_thread.run_sync(write)
        return str(path)

    async def archived(self, hall: str, first: str, last: str) -> list[str]:
        """Business days that are kept here."""

        def look() -> list[str]:
            days = (
                path.name.removesuffix(".gz") for path in (self.directory / "archive" / hall).glob("*.gz")
            )
            return sorted(day for day in days if first <= day <= last)

        return await trio.to_thread.run_sync(look)

    async def archived_day(self, hall: str, day: str) -> Records | None:
        """A business day that is kept here."""
        path = self.directory / "archive" / hall / f"{day}.gz"

        def read() -> Records | None:
            try:
                return unpacked(gzip.decompress(path.read_bytes()))
            except FileNotFoundError:
                return None
            except (OSError, EOFError, zlib.error, BadBytes) as error:
                self._log.error("archived_day_unreadable", hall=hall, day=day, error=str(error))
                return None

        return await trio.to_thread.run_sync(read)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Write what is spooled, until cancelled; the rest is written then."""
        metrics.spooled(0)
        task_status.started()
        try:
            while True:
                await self._wanted.wait()
                await trio.sleep(WRITE_EVERY_S)
                self._wanted = trio.Event()
                await trio.to_thread.run_sync(self._write)
        finally:
            self._write()
            for segment in self._segments.values():
                segment.close()
            self._segments.clear()

    def _write(self) -> None:
        queue, self._queue = self._queue, []
        size_bytes = 0
        try:
            for hall, base, entries in queue:
                segment = self._segments.get(hall)
                if segment is None or entries is None or segment.is_full:
                    if segment is not None:
                        segment.close()
                    segment = self._segments[hall] = _Segment(self._spool / hall, base, wipe=entries is None)
                size_bytes += segment.write(entries or ())
            for segment in self._segments.values():
                segment.flush()
        except OSError as error:
            # The journal has it all; the spool begins anew with the next entries.
            if not self._failing:
                self._log.error("spool_not_written", error=str(error))
            self._failing = True
            metrics.spool_failed()
            for segment in self._segments.values():
                segment.close()
            self._segments.clear()
        else:
            self._failing = False
            metrics.spooled(size_bytes)


def _private(path: str, flags: int) -> int:
    """Open a file that only this user may read: payloads name people."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _settle_name(path: Path) -> str:
    """The node's name in a file of its own, drawn at the first start."""
    with contextlib.suppress(FileNotFoundError):
        if held := path.read_text().strip():
            return held
    name = secrets.token_hex(6)
    write_durably(path, f"{name}\n".encode())
    return name


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file atomically; on disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    with open(draft, "wb", opener=_private) as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
