"""What one simulated redis-server holds: the fold of an ordered log of effects."""

from __future__ import annotations

from typing import Any, NamedTuple

from callq.journal.chain import check_page
from callq.journal.port import GENESIS, SNAPSHOTS_KEPT, Entry, EntryId, LineageBroken, Snapshot


class Effect(NamedTuple):
    """A change to what a server holds."""

    at_s: float
    name: str
    args: tuple[Any, ...]


class Store:
    """What one server holds. Methods that read answer; `apply` alone changes."""

    def __init__(self) -> None:
        self.streams: dict[str, list[Entry]] = {}
        self.trimmed: dict[str, list[Entry]] = {}
        """What was once at the beginning of the streams; nobody can read it."""
        self.appended_ms: dict[str, dict[EntryId, int]] = {}
        """When each entry was appended, by true time; nobody can read it."""
        self.nodes: dict[str, tuple[bytes, int]] = {}
        self.beaten_ms: int | None = None
        self.snapshots: dict[str, list[Snapshot]] = {}
        self.archived: dict[str, EntryId] = {}
        self.devices: dict[str, dict[str, int]] = {}
        self.tokens: dict[str, bytes] = {}
        self.secret: bytes | None = None

    def apply(self, effect: Effect) -> None:
        """Take an effect in, on a master or on its replicas alike."""
        getattr(self, f"_do_{effect.name}")(*effect.args)

    def _do_append(self, hall: str, entries: tuple[Entry, ...], at_ms: int) -> None:
        self.streams.setdefault(hall, []).extend(entries)
        self.appended_ms.setdefault(hall, {}).update((entry.id, at_ms) for entry in entries)

    def _do_beat(self, node: str, record: bytes, at_ms: int, counted: bool) -> None:
        self.nodes[node] = (record, at_ms)
        if counted:
            self.beaten_ms = at_ms

    def _do_leave(self, node: str) -> None:
        self.nodes.pop(node, None)

    def _do_snapshot(self, hall: str, snapshot: Snapshot) -> None:
        kept = [s for s in self.snapshots.get(hall, []) if s.id != snapshot.id]
        kept = sorted([*kept, snapshot], key=lambda s: s.id, reverse=True)
        self.snapshots[hall] = kept[:SNAPSHOTS_KEPT]

    def _do_drop_snapshot(self, hall: str, id: EntryId) -> None:
        self.snapshots[hall] = [s for s in self.snapshots.get(hall, []) if s.id != id]

    def _do_archived(self, hall: str, now: EntryId) -> None:
        self.archived[hall] = now

    def _do_trim(self, hall: str, count: int) -> None:
        self.trimmed.setdefault(hall, []).extend(self.streams[hall][:count])
        del self.streams[hall][:count]

    def _do_devices(self, hall: str, noted: dict[str, int]) -> None:
        self.devices.setdefault(hall, {}).update(noted)

    def _do_forget_devices(self, hall: str, devices: tuple[str, ...]) -> None:
        for device in devices:
            self.devices.get(hall, {}).pop(device, None)

    def _do_secret(self, secret: bytes) -> None:
        self.secret = secret

    def _do_token(self, digest: str, record: bytes) -> None:
        self.tokens[digest] = record

    def history(self, hall: str) -> list[Entry]:
        """All entries of a hall, those included that were trimmed."""
        return self.trimmed.get(hall, []) + self.streams.get(hall, [])

    def tip(self, hall: str) -> EntryId:
        """The last id of a hall."""
        stream = self.streams.get(hall)
        return stream[-1].id if stream else GENESIS

    def place(self, hall: str, id: EntryId) -> int | None:
        """Index of an entry in its stream."""
        stream = self.streams.get(hall)
        if not stream:
            return None
        index = id.revision - stream[0].id.revision
        return index if 0 <= index < len(stream) and stream[index].id == id else None

    def read(self, hall: str, cursor: EntryId, limit: int) -> list[Entry]:
        """Entries after the cursor, which has to be there itself."""
        stream = self.streams.get(hall, [])
        start = 0
        if cursor != GENESIS:
            index = self.place(hall, cursor)
            if index is None:
                raise LineageBroken(f"hall {hall}: the journal does not hold {cursor}")
            start = index + 1
        page = stream[start : start + limit]
        check_page(hall, cursor, page)
        return page

    def read_revisions(self, hall: str, since: int, limit: int) -> list[Entry]:
        """Entries after a revision."""
        stream = self.streams.get(hall, [])
        start = max(0, since + 1 - stream[0].id.revision) if stream else 0
        return stream[start : start + limit]
