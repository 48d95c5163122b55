"""The journal in memory: what Redis does, without Redis.

Product code: practice halls and simulations run on it, and it passes the same contract suite as
the journal on Redis. Any number of nodes of one process may share it. Nothing in it outlives the process.
"""

from __future__ import annotations

import secrets
import time
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

import trio

from callq.journal.chain import check_group, check_hall, check_page
from callq.journal.port import (
    GENESIS,
    NODE_TTL_MS,
    SNAPSHOTS_KEPT,
    AppendRefused,
    Entry,
    EntryId,
    Lineage,
    LineageBroken,
    LineageChanged,
    Pulse,
    Receipt,
    Snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SECRET_BYTES: Final = 32

FORGET_MS: Final = 60_000
"""A node that has been silent for longer leaves no trace."""

HINTS_WAITING: Final = 1000
"""Hints that a listener may have before it; more get lost."""


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class MemoryJournal:
    """Journal and keyring of one process.

    Args:
      secret: the installation's 32 bytes, for runs that must repeat exactly; drawn if not given.
      clock: the store's clock, Unix ms.
    """

    def __init__(self, secret: bytes | None = None, *, clock: Callable[[], int] = _wall_ms) -> None:
        if secret is not None and len(secret) != SECRET_BYTES:
            raise ValueError(f"the secret must have {SECRET_BYTES} bytes")
        self._secret = secret
        self._halls: dict[str, list[Entry]] = {}
        self._tokens: dict[str, bytes] = {}
        self._snapshots: dict[str, dict[EntryId, bytes]] = {}
        self._archived: dict[str, EntryId] = {}
        self._devices: dict[str, dict[str, int]] = {}
        self._nodes: dict[str, tuple[int, bytes]] = {}
        self._beat_ms: int | None = None
        self._ears: list[trio.MemorySendChannel[tuple[str, EntryId]]] = []
        self._clock = clock
        self._starts = 1
        self._promoted = False

    def restart(self) -> None:
        """Begin a new lineage, as a restarted server does; all entries stay."""
        self._starts += 1
        self._promoted = False

    def promote(self) -> None:
        """Begin a new lineage, as a replica does that takes over; all entries stay."""
        self._starts += 1
        self._promoted = True

    async def append(
        self, hall: str, expected: EntryId, entries: Sequence[Entry], epoch: str | None = None
    ) -> Receipt:
        """Append a group if the hall's last id is `expected`; see `Journal.append`."""
        check_hall(hall)
        check_group(expected, entries)
        await trio.lowlevel.checkpoint()
        if epoch is not None and epoch != self._lineage.epoch:
            raise LineageChanged(hall, self._lineage)
        log = self._halls.get(hall, [])
        last = log[-1].id if log else GENESIS
        if last != expected:
            raise AppendRefused(hall, last)
        if entries:
            self._halls.setdefault(hall, log).extend(entries)
            self._hint(hall, entries[-1].id)
        return Receipt(self._lineage, self._clock())

    async def read(self, hall: str, cursor: EntryId, limit: int = 1000) -> list[Entry]:
        """Entries after `cursor`; see `Journal.read`."""
        await trio.lowlevel.checkpoint()
        log = self._halls.get(hall, [])
        start = 0
        if cursor != GENESIS:
            place = self._place(hall, cursor)
            if place is None:
                raise LineageBroken(f"hall {hall}: the journal does not hold {cursor}")
            start = place + 1
        page = log[start : start + limit]
        check_page(hall, cursor, page)
        return page

    def _place(self, hall: str, id: EntryId) -> int | None:
        """Where an entry is, None if it is not held."""
        log = self._halls.get(hall, [])
        place = bisect_left(log, id.revision, key=lambda entry: entry.id.revision)
        return place if place < len(log) and log[place].id == id else None

    async def read_revisions(self, hall: str, since: int, limit: int = 1000) -> list[Entry]:
        """Entries with a revision greater than `since`; see `Journal.read_revisions`."""
        await trio.lowlevel.checkpoint()
        log = self._halls.get(hall, [])
        start = bisect_right(log, since, key=lambda entry: entry.id.revision)
        return log[start : start + limit]

    async def halls(self) -> list[str]:
        """Ids of all halls that have a journal, sorted."""
        await trio.lowlevel.checkpoint()
        return sorted(self._halls)

    async def tips(self, halls: Sequence[str]) -> dict[str, EntryId]:
        """The last id of each hall, `GENESIS` where there is no journal."""
        await trio.lowlevel.checkpoint()
        return {hall: log[-1].id if (log := self._halls.get(hall)) else GENESIS for hall in halls}

    async def lineage(self) -> Lineage:
        """16 hex digits that count the starts."""
        await trio.lowlevel.checkpoint()
        return self._lineage

    @property
    def _lineage(self) -> Lineage:
        return Lineage(f"{self._starts:016x}", self._promoted)

    async def listen(
        self,
        heard: Callable[[str, EntryId], None],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Call `heard(hall, last id)` for every group appended, until cancelled; see `Journal.listen`."""
        mouth, ear = trio.open_memory_channel[tuple[str, EntryId]](HINTS_WAITING)
        self._ears.append(mouth)
        try:
            task_status.started()
            async for hall, last in ear:
                heard(hall, last)
        finally:
            self._ears.remove(mouth)

    def _hint(self, hall: str, last: EntryId) -> None:
        for mouth in self._ears:
            try:
                mouth.send_nowait((hall, last))
            except trio.WouldBlock:
                continue

    async def beat(self, node: str, record: bytes, *, gap_ms: int, ends_outage: bool = False) -> Pulse:
        """Say that a node lives, and hear who else does; see `Journal.beat`."""
        await trio.lowlevel.checkpoint()
        now_ms, last_ms = self._clock(), self._beat_ms
        counted = last_ms is None or now_ms - last_ms <= gap_ms or ends_outage
        if counted:
            self._beat_ms = now_ms
        self._nodes[node] = (now_ms, record)
        # A clock that was set back must not make those that are gone seem to live.
        away = {name: abs(now_ms - ms) for name, (ms, _) in self._nodes.items()}
        self._nodes = {name: held for name, held in self._nodes.items() if away[name] <= FORGET_MS}
        live = {name: said for name, (_, said) in self._nodes.items() if away[name] <= NODE_TTL_MS}
        return Pulse(now_ms, last_ms, counted, live, self._lineage)

    async def leave(self, node: str) -> None:
        """Forget a node that goes in peace."""
        await trio.lowlevel.checkpoint()
        self._nodes.pop(node, None)

    async def snapshot_ids(self, hall: str) -> list[EntryId]:
        """Entries after which a snapshot is kept, newest first."""
        await trio.lowlevel.checkpoint()
        return sorted(self._snapshots.get(hall, ()), reverse=True)

    async def snapshot(self, hall: str, id: EntryId) -> bytes | None:
        """A snapshot's body, None if it is no longer kept."""
        await trio.lowlevel.checkpoint()
        return self._snapshots.get(hall, {}).get(id)

    async def keep_snapshot(self, hall: str, snapshot: Snapshot) -> None:
        """Keep a snapshot, and of all only those with the highest revisions."""
        held = self._snapshots.setdefault(check_hall(hall), {})
        await trio.lowlevel.checkpoint()
        held[snapshot.id] = snapshot.body
        for id in sorted(held, reverse=True)[SNAPSHOTS_KEPT:]:
            del held[id]

    async def drop_snapshot(self, hall: str, id: EntryId) -> None:
        """Forget a snapshot."""
        await trio.lowlevel.checkpoint()
        self._snapshots.get(hall, {}).pop(id, None)

    async def archived(self, hall: str) -> EntryId:
        """The last entry that the archive holds; `GENESIS`: none."""
        await trio.lowlevel.checkpoint()
        return self._archived.get(hall, GENESIS)

    async def set_archived(self, hall: str, before: EntryId, now: EntryId) -> bool:
        """Move the archive's cursor from `before` to `now`; False: another node moved it first."""
        check_hall(hall)
        await trio.lowlevel.checkpoint()
        if self._archived.get(hall, GENESIS) != before:
            return False
        self._archived[hall] = now
        return True

    async def trim(self, hall: str, first: EntryId) -> int:
        """Drop all entries before `first`; see `Journal.trim`."""
        check_hall(hall)
        await trio.lowlevel.checkpoint()
        place = self._place(hall, first)
        if place is None:
            return 0
        del self._halls[hall][:place]
        return place

    async def devices_seen(self, hall: str, noted: Mapping[str, int]) -> dict[str, int]:
        """Write when some devices were heard, and read the same of all."""
        held = self._devices.setdefault(check_hall(hall), {})
        await trio.lowlevel.checkpoint()
        held.update(noted)
        return dict(held)

    async def forget_devices(self, hall: str, devices: Sequence[str]) -> None:
        """Keep no more when these were heard."""
        held = self._devices.get(check_hall(hall), {})
        await trio.lowlevel.checkpoint()
        for device in devices:
            held.pop(device, None)

    async def secret(self) -> bytes:
        """The installation's 32-byte secret, drawn at its first use."""
        await trio.lowlevel.checkpoint()
        if self._secret is None:
            self._secret = secrets.token_bytes(SECRET_BYTES)
        return self._secret

    async def put_token(self, digest: str, record: bytes) -> None:
        """Keep a token's record under its digest."""
        await trio.lowlevel.checkpoint()
        self._tokens[digest] = record

    async def token(self, digest: str) -> bytes | None:
        """Record of a token, or None."""
        await trio.lowlevel.checkpoint()
        return self._tokens.get(digest)
