"""What this node knows to have been durable, kept for the day on which the store forgets it.

A store may come back without the last entries that it acknowledged: after a failover to a replica that
had not received them, or with an append-only file that lost its end. The node that showed them to people
still has them, in a ring in memory and in the spool on its disk, and gives them back unchanged, under
the same ids, if the journal ends where they begin. If the journal has gone on differently in the
meantime, it stands, and what was lost goes into an alarm file with everything that a person needs to put it
right.
"""

from __future__ import annotations

import base64
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec
import structlog
import trio

from callq import metrics
from callq.domain.errors import BadBytes
from callq.domain.events import decode_batch
from callq.journal.port import GENESIS, AppendRefused, Entry, chained
from callq.runtime.group import Quarantined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.journal.port import EntryId, Journal
    from callq.journal.records import Records
    from callq.runtime.home import Home

RING_S: Final = 600.0
RING_MAX_BYTES: Final = 8 << 20
"""Of each hall; the newest entries stay."""

GROUP_MAX: Final = 500
"""Entries given back in one append."""

RECENT: Final = 1000
"""Entries that are read to begin with, whoever wrote them."""

GAP_WAIT_S: Final = 1.0
GAP_WAITS: Final = 3
"""How long and how often others are left time to give back what lies before what is known here."""


class Past:
    """The last durable entries of one hall, as this node knows them. Outlives the hall's actor."""

    def __init__(self, hall: str, home: Home, spooled: Records | None = None) -> None:
        self.hall = hall
        self._home = home
        self._log = structlog.get_logger().bind(hall=hall)
        self._ring: deque[tuple[float, Entry]] = deque()
        self._bytes = 0
        self._settling = trio.Lock()
        self._base = GENESIS
        """Id of the entry before the first of the ring."""
        if spooled is not None:
            self._base = spooled.base
            self._remember(spooled.entries)

    @classmethod
    async def opened(cls, hall: str, home: Home) -> Past:
        """What the spool knows of a hall."""
        return cls(hall, home, await home.spooled(hall))

    @property
    def tip(self) -> EntryId:
        """The last entry known to be durable."""
        return self._ring[-1][1].id if self._ring else self._base

    def add(self, base: EntryId, entries: Sequence[Entry]) -> None:
        """Remember entries that follow `base` and are durable."""
        if base != self.tip:
            self._forget(base)
        self._home.spool(self.hall, self.tip, entries)
        self._remember(entries)

    async def begin(self, journal: Journal, tip: EntryId) -> None:
        """Forget everything but what the journal holds up to `tip`: its last entries, whoever wrote them.

        Answers of this node will rest on them, so it has to be able to give them back as well.

        Raises:
          StoreUnavailable: try again.
        """
        self._begin(tip, await self._recent(journal, tip))

    async def _recent(self, journal: Journal, tip: EntryId) -> list[Entry]:
        since = max(0, tip.revision - RECENT - 1)
        return await journal.read_revisions(self.hall, since, RECENT + 1)

    def _begin(self, tip: EntryId, page: Sequence[Entry]) -> None:
        held = [entry for entry in page if entry.id.revision <= tip.revision]
        if not held or held[-1].id != tip:
            self._forget(tip)
        elif held[0].id == chained(GENESIS, held[0].payload).id:
            self._forget(GENESIS)
            self.add(self.tip, held)
        else:
            self._forget(held[0].id)
            self.add(self.tip, held[1:])

    def _forget(self, base: EntryId) -> None:
        self._ring.clear()
        self._bytes = 0
        self._base = base
        self._home.begin_spool(self.hall, base)

    def _remember(self, entries: Sequence[Entry]) -> None:
        now = trio.current_time()
        for entry in entries:
            self._ring.append((now, entry))
            self._bytes += len(entry.payload)
        while len(self._ring) > 1 and (self._bytes > RING_MAX_BYTES or self._ring[0][0] < now - RING_S):
            _, gone = self._ring.popleft()
            self._bytes -= len(gone.payload)
            self._base = gone.id

    async def settle(self, journal: Journal, now_ms: int) -> None:
        """Bring the journal and what is known here together; afterwards it holds the tip.

        Raises:
          StoreUnavailable: try again.
        """
        async with self._settling:
            await self._settle(journal, now_ms)

    async def _settle(self, journal: Journal, now_ms: int) -> None:
        waits = GAP_WAITS
        while True:
            tip = (await journal.tips([self.hall]))[self.hall]
            if tip == self.tip:
                return
            there = await self._there(journal)
            lost = self._missing(there)
            if not lost:
                if all(entry.id != self.tip for entry in there):
                    await self.begin(journal, tip)
                return
            if tip == GENESIS and self._base != GENESIS:
                # Not even a failover does this: creating the hall anew would be the real loss.
                raise Quarantined(f"the journal of hall {self.hall} is gone: restore the store from a backup")
            if lost[0] != chained(tip, lost[0].payload):
                if waits and lost[0].id.revision > tip.revision + 1:
                    # The journal ends before what is known here begins: it has not gone on differently.
                    waits -= 1
                    await trio.sleep(GAP_WAIT_S)
                    continue
                recent = await self._recent(journal, tip)
                before = self._before(lost[0])
                whole = before in (GENESIS, tip) or any(entry.id == before for entry in there)
                await self._alarm(lost, tip, now_ms, whole=whole)
                self._begin(tip, recent)
                return
            try:
                await journal.append(self.hall, tip, lost[:GROUP_MAX])
            except AppendRefused:
                continue
            self._log.warning("entries_given_back", after=str(tip), entries=len(lost[:GROUP_MAX]))
            metrics.healed(self.hall, len(lost[:GROUP_MAX]))

    def _missing(self, there: Sequence[Entry]) -> list[Entry]:
        """What is known here and not in `there`, what the journal has from the ring's base on.

        What lies before the first entry of a trimmed journal cannot be compared, and was archived.
        """
        known = [entry for _, entry in self._ring]
        if there:
            known = [entry for entry in known if entry.id.revision >= there[0].id.revision]
        ids = {entry.id for entry in there}
        shared = next((at + 1 for at in reversed(range(len(known))) if known[at].id in ids), 0)
        return known[shared:]

    async def _there(self, journal: Journal) -> list[Entry]:
        """What the journal has from the revision of the base on."""
        found: list[Entry] = []
        since = max(0, self._base.revision - 1)
        while page := await journal.read_revisions(self.hall, since):
            found += page
            since = page[-1].id.revision
            if since >= self.tip.revision:
                break
        return found

    def _before(self, entry: Entry) -> EntryId:
        """Id of the entry before one that is known."""
        before = self._base
        for _, each in self._ring:
            if each.id == entry.id:
                break
            before = each.id
        return before

    async def _alarm(self, lost: Sequence[Entry], tip: EntryId, now_ms: int, *, whole: bool) -> None:
        """List what is lost; not `whole`: more is, before the first that is known here."""
        moment = datetime.fromtimestamp(now_ms / 1000, UTC)
        first, last = lost[0].id, lost[-1].id
        name = f"{self.hall}-{last.revision}-{last.chain:016x}.json"
        content = {
            "hall": self.hall,
            "found": moment.isoformat(timespec="seconds"),
            "what": "acknowledged by this node, and lost: the journal went on without it",
            "journal": str(tip),
            "also_lost": None
            if whole
            else f"entries before {first.revision} that this node does not remember",
            "lost": [_readable(entry) for entry in lost],
        }
        where = await self._home.alarm(name, msgspec.json.format(msgspec.json.encode(content)) + b"\n")
        metrics.diverged(self.hall, len(lost))
        self._log.critical(
            "entries_lost",
            entries=len(lost),
            first=str(first),
            whole=whole,
            journal=str(tip),
            file=where,
        )


def _readable(entry: Entry) -> dict[str, object]:
    """An entry as a person can read it, and its bytes."""
    raw = base64.b64encode(entry.payload).decode()
    try:
        batch = decode_batch(entry.payload)
    except BadBytes as error:
        return {"id": str(entry.id), "unreadable": str(error), "payload": raw}
    return {
        "id": str(entry.id),
        "at": datetime.fromtimestamp(batch.at_ms / 1000, UTC).isoformat(timespec="milliseconds"),
        "who": msgspec.to_builtins(batch.who),
        "key": batch.key,
        "ticket": batch.ticket,
        "window": batch.window,
        "command": msgspec.msgpack.decode(batch.command),
        "events": msgspec.to_builtins(batch.events),
        "payload": raw,
    }
