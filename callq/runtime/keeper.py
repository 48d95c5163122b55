"""Housekeeping of one hall: snapshots, the archive of closed days, and trimming.

A journal that is never trimmed is replayed longer every day. So a state is kept every few thousand
entries, closed business days go to the archive, and what both have is dropped from the stream:
exactly the entries before the lower of the older of two good snapshots and the archive's end. Of the nodes
that run the hall, the one whose name comes first does it. If two believe that they are, nothing is harmed:
the archive's cursor moves by compare-and-set, and a snapshot is one of any state that was durable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
import trio

from callq import metrics
from callq.domain.errors import BadBytes, StoreUnavailable
from callq.domain.events import DayOpened, decode_batch
from callq.journal.port import GENESIS, SNAPSHOTS_KEPT, LineageBroken, Snapshot
from callq.runtime.loading import code_of, packed_state, read_back

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.journal.port import Entry, EntryId, Journal
    from callq.runtime.actor import HallActor
    from callq.runtime.home import Home

LOOK_EVERY_S: Final = 5.0

SNAPSHOT_EVERY: Final = 5_000
"""Entries between snapshots: applying so many takes about a quarter of a second."""

PAGE: Final = 500
"""Entries looked at before others get their turn."""

_OPENS_A_DAY: Final = b"day_opened"
"""The event's tag, looked for in the bytes: decoding every entry of a day would take seconds."""


class Keeper:
    """Keeps one hall's journal short.

    Args:
      actor: of the hall, running.
      journal: shared with other nodes.
      home: of this node.
      is_first: whether this node is the one to do it.
    """

    def __init__(self, actor: HallActor, journal: Journal, home: Home, is_first: Callable[[], bool]) -> None:
        self._actor = actor
        self._hall = actor.hall
        self._journal = journal
        self._home = home
        self._is_first = is_first
        self._snapshot_at: int | None = None
        """Revision of the newest snapshot that was seen; None: not looked yet."""
        self._read_back: frozenset[EntryId] = frozenset()
        """Snapshots that gave a state: reading them once more would cost as much each time."""
        self._day = ""
        """Business day up to which the archive is complete."""
        self._log = structlog.get_logger().bind(hall=actor.hall)

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            await trio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except StoreUnavailable as error:
                self._log.debug("housekeeping_waits", error=str(error))
            except LineageBroken as error:
                self._log.warning("housekeeping_met_another_journal", error=str(error))
            except OSError as error:
                self._log.error("archive_not_written", error=str(error))

    async def look(self) -> None:
        """Do whatever is due now.

        Raises:
          StoreUnavailable, LineageBroken, OSError: try again later.
        """
        if not self._is_first():
            return
        changed = await self._keep_snapshot()
        if self._day != (day := self._actor.day):
            changed |= await self._archive()
            self._day = day
        if changed:
            await self._trim()

    async def _keep_snapshot(self) -> bool:
        if self._snapshot_at is None or self._actor.revision - self._snapshot_at >= SNAPSHOT_EVERY:
            self._snapshot_at = await self._newest_snapshot()
            metrics.snapshot_found(self._hall, self._snapshot_at)
        if self._actor.revision - self._snapshot_at < SNAPSHOT_EVERY:
            return False
        await self.keep_snapshot()
        return True

    async def _newest_snapshot(self) -> int:
        """Revision of the newest snapshot of this journal; those of a lost history are dropped."""
        newest = 0
        for id in await self._journal.snapshot_ids(self._hall):
            try:
                await self._journal.read(self._hall, id, 1)
            except LineageBroken:
                self._log.warning("snapshot_dropped", id=str(id))
                await self._journal.drop_snapshot(self._hall, id)
            else:
                newest = max(newest, id.revision)
        return newest

    async def keep_snapshot(self) -> None:
        """Keep the present state.

        Raises:
          StoreUnavailable: try again later.
        """
        taken = await self._actor.snapshot()
        content = await trio.to_thread.run_sync(packed_state, taken.body)
        await self._journal.keep_snapshot(self._hall, Snapshot(taken.id, content))
        self._snapshot_at = taken.id.revision
        metrics.snapshot_kept(self._hall, taken.id.revision, len(content))
        self._log.info("snapshot_kept", revision=taken.id.revision, size_bytes=len(content))

    async def _archive(self) -> bool:
        """Write every closed day that the archive does not have; whether there was one."""
        end = await self._journal.archived(self._hall)
        today = self._actor.day
        day, cursor, wrote = "", end, False
        entries: list[Entry] = []
        while page := await self._journal.read(self._hall, cursor, PAGE):
            for entry in page:
                opened = _opened(entry)
                if opened and entries and day:
                    wrote |= await self._archive_day(day, end, entries)
                    end, entries = entries[-1].id, []
                day = opened or day
                if day >= today:
                    # It is not closed, and what comes after its beginning is its own.
                    return wrote
                entries.append(entry)
            cursor = page[-1].id
            await trio.lowlevel.checkpoint()
        return wrote

    async def _archive_day(self, day: str, before: EntryId, entries: list[Entry]) -> bool:
        where = await self._home.archive(self._hall, day, before, entries)
        if not await self._journal.set_archived(self._hall, before, entries[-1].id):
            return False
        metrics.day_archived(self._hall)
        self._log.info("day_archived", day=day, entries=len(entries), file=where)
        return True

    async def _trim(self) -> None:
        archived = await self._journal.archived(self._hall)
        ids = await self._journal.snapshot_ids(self._hall)
        if archived == GENESIS or len(ids) < SNAPSHOTS_KEPT:
            return
        for id in ids:
            try:
                await self._journal.read(self._hall, id, 1)
                if id not in self._read_back:
                    await read_back(self._journal, self._hall, id)
            except (BadBytes, LineageBroken) as error:
                self._log.warning("trim_blocked", id=str(id), code=code_of(error), error=str(error))
                return
        self._read_back = frozenset(ids)
        first = min(archived, ids[-1], key=lambda id: id.revision)
        if dropped := await self._journal.trim(self._hall, first):
            metrics.trimmed(self._hall, dropped)
            self._log.info("journal_trimmed", first=str(first), entries=dropped)


def _opened(entry: Entry) -> str:
    """The business day that an entry opens, or nothing."""
    if _OPENS_A_DAY not in entry.payload:
        return ""
    try:
        events = decode_batch(entry.payload).events
    except BadBytes:
        return ""
    return next((event.day for event in events if isinstance(event, DayOpened)), "")
