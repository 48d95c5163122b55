"""The journal on Redis: one stream per hall, appended by compare-and-set, durable before it answers."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import trio
from redis.exceptions import ResponseError

from callq.domain.errors import BadBytes, StoreUnavailable
from callq.journal.chain import check_group, check_hall, check_page
from callq.journal.memory import FORGET_MS, SECRET_BYTES
from callq.journal.port import (
    GENESIS,
    NODE_TTL_MS,
    SNAPSHOTS_KEPT,
    Entry,
    EntryId,
    Lineage,
    LineageBroken,
    LineageChanged,
    OutcomeUnknown,
    Pulse,
    Receipt,
    Snapshot,
)
from callq.journal.redis import keys, lua
from callq.journal.redis.connection import READ_CONNECTIONS, Client, Command, Reply, ReplyError
from callq.journal.redis.endpoint import Endpoint
from callq.journal.redis.group import CommitStats, GroupCommitter
from callq.journal.redis.hints import listen
from callq.journal.redis.settings import check_settings
from callq.journal.redis.tasks import background

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from callq.journal.redis.server import Server
    from callq.journal.redis.settings import Durability, Finding

PAGE_ENTRIES: Final = 1000
"""Most entries asked for in one XRANGE: Redis serves nobody else meanwhile."""

_MAX_REVISION: Final = (1 << 63) - 1


def _parse(hall: str, row: Reply) -> Entry:
    try:
        entry_id, fields = row
        field, payload = fields
    except (TypeError, ValueError) as error:
        raise BadBytes(f"hall {hall}: an entry of the stream is not one of callq's") from error
    if field != keys.PAYLOAD_FIELD:
        raise BadBytes(f"hall {hall}: entry {entry_id!r} has no field {keys.PAYLOAD_FIELD!r}")
    return Entry(EntryId.parse(entry_id), payload)


class RedisJournal:
    """Journal and keyring on one Redis master; made by `open_redis`."""

    def __init__(
        self, endpoint: Endpoint, committer: GroupCommitter, reader: Client, identity: bytes | None
    ) -> None:
        self.endpoint = endpoint
        self._identity = identity
        self._committer = committer
        self._reader = reader

    @property
    def stats(self) -> CommitStats:
        """Counts of pipelines and groups since the start."""
        return self._committer.stats

    @property
    def server(self) -> Server | None:
        """The master as the connection of appends met it; None before the first append."""
        return self._committer.server

    async def append(
        self, hall: str, expected: EntryId, entries: Sequence[Entry], epoch: str | None = None
    ) -> Receipt:
        """Append a group if the hall's last id is `expected`; see `Journal.append`."""
        check_hall(hall)
        check_group(expected, entries)
        if entries and expected == GENESIS:
            await self._enlist(hall)
        try:
            return await self._committer.append(hall, expected, entries, epoch)
        except (LineageChanged, OutcomeUnknown):
            # What these others are connected to may be the wrong server, too, or gone.
            self._reader.drop_idle()
            raise

    async def _enlist(self, hall: str) -> None:
        """Name the hall in the set before its stream exists, so that `halls` can never miss one."""
        try:
            await self._write(("SADD", keys.HALLS, hall))
        except StoreUnavailable as error:
            raise OutcomeUnknown(f"hall {hall}: {error}") from error

    async def read(self, hall: str, cursor: EntryId, limit: int = 1000) -> list[Entry]:
        """Entries after `cursor`; see `Journal.read`.

        Reads from the cursor's own entry on: a stream that was rewound shows only by its absence.
        """
        found: list[Entry] = []
        while len(found) < limit:
            want = min(limit - len(found), PAGE_ENTRIES)
            page = await self._page(hall, cursor, want)
            check_page(hall, cursor, page)
            found += page
            if len(page) < want:
                break
            cursor = page[-1].id
        return found

    async def _page(self, hall: str, cursor: EntryId, want: int) -> list[Entry]:
        if cursor == GENESIS:
            return await self._range(hall, "-", want) or await self._never_begun(hall)
        page = await self._range(hall, str(cursor), want + 1)
        if not page or page[0].id != cursor:
            raise LineageBroken(f"hall {hall}: the journal does not hold {cursor}")
        return page[1:]

    async def _never_begun(self, hall: str) -> list[Entry]:
        """No entries, if nothing shows that there once were some.

        Raises:
          LineageBroken: the stream is gone. Who took the hall for a new one would give its numbers again.
        """
        kept, archived = await self._reader.ask(("HKEYS", keys.snapshots(hall)), ("GET", keys.archived(hall)))
        if kept or archived is not None:
            shown = max(map(EntryId.parse, (*kept, *([archived] if archived else []))))
            raise LineageBroken(
                f"hall {hall}: the stream {keys.log(hall)} is gone, although a snapshot or the archive names "
                f"its entry {shown}: restore the store from a backup"
            )
        return []

    async def read_revisions(self, hall: str, since: int, limit: int = 1000) -> list[Entry]:
        """Entries with a revision greater than `since`; see `Journal.read_revisions`."""
        found: list[Entry] = []
        while len(found) < limit and since < _MAX_REVISION:
            want = min(limit - len(found), PAGE_ENTRIES)
            page = await self._range(hall, f"{max(since, 0) + 1}-0", want)
            check_page(hall, found[-1].id if found else None, page)
            found += page
            if len(page) < want:
                break
            since = page[-1].id.revision
        return found

    async def _range(self, hall: str, start: str, count: int) -> list[Entry]:
        (rows,) = await self._reader.ask(("XRANGE", keys.log(hall), start, "+", "COUNT", count))
        return [_parse(hall, row) for row in rows]

    async def halls(self) -> list[str]:
        """Ids of all halls that have a stream, sorted."""
        (members,) = await self._reader.ask(("SMEMBERS", keys.HALLS))
        halls = sorted(member.decode() for member in members)
        if not halls:
            return []
        exist = await self._reader.ask(*(("EXISTS", keys.log(hall)) for hall in halls))
        return [hall for hall, there in zip(halls, exist, strict=True) if there]

    async def tips(self, halls: Sequence[str]) -> dict[str, EntryId]:
        """The last id of each hall, in one exchange; a key that is no stream counts as none."""
        if not halls:
            return {}
        replies = await self._reader.exchange(
            [("XREVRANGE", keys.log(hall), "+", "-", "COUNT", 1) for hall in halls]
        )
        found = {}
        for hall, reply in zip(halls, replies, strict=True):
            # One hall that is damaged must not keep the others from being watched; reading it says why.
            if isinstance(reply, ResponseError) and not str(reply).startswith("WRONGTYPE"):
                raise ReplyError(f"Redis at {self.endpoint.shown} refused XREVRANGE: {reply}") from reply
            rows = [] if isinstance(reply, ResponseError) else reply
            found[hall] = EntryId.parse(rows[0][0]) if rows else GENESIS
        return found

    async def lineage(self) -> Lineage:
        """Lineage of the master now reached."""
        lineage, _ = await self._reader.ask_after_look()
        return lineage

    async def _write(self, *commands: Command) -> list[Reply]:
        """Ask for what writes, unless the store is not the one it was."""
        _, replies = await self._reader.ask_after_look(*commands)
        return replies

    async def listen(
        self,
        heard: Callable[[str, EntryId], None],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Call `heard(hall, last id)` for every hint of any node, until cancelled; see `Journal.listen`.

        A hint may name a group that was refused: it says where to look, not what is there.
        """
        connected = self._committer.listens
        await listen(self.endpoint, self._identity, heard, connected, task_status=task_status)

    async def beat(self, node: str, record: bytes, *, gap_ms: int, ends_outage: bool = False) -> Pulse:
        """Say that a node lives, and hear who else does; see `Journal.beat`."""
        arguments = (node, record, gap_ms, int(ends_outage), NODE_TTL_MS, FORGET_MS)
        lineage, (answer,) = await self._reader.ask_after_look(
            lua.BEAT.call((keys.NODES, keys.BEAT), *arguments)
        )
        now_ms, last_ms, counted, *held = answer
        names = (name.decode() for name in held[::2])
        return Pulse(now_ms, last_ms, bool(counted), dict(zip(names, held[1::2], strict=True)), lineage)

    async def leave(self, node: str) -> None:
        """Forget a node that goes in peace."""
        await self._write(("HDEL", keys.NODES, node))

    async def snapshot_ids(self, hall: str) -> list[EntryId]:
        """Entries after which a snapshot is kept, newest first."""
        (ids,) = await self._reader.ask(("HKEYS", keys.snapshots(hall)))
        return sorted(map(EntryId.parse, ids), reverse=True)

    async def snapshot(self, hall: str, id: EntryId) -> bytes | None:
        """A snapshot's body, None if it is no longer kept."""
        (body,) = await self._reader.ask(("HGET", keys.snapshots(hall), str(id)))
        return body if isinstance(body, bytes) else None

    async def keep_snapshot(self, hall: str, snapshot: Snapshot) -> None:
        """Keep a snapshot, and of all only those with the highest revisions."""
        where = keys.snapshots(check_hall(hall))
        await self._write(lua.KEEP.call((where,), str(snapshot.id), snapshot.body, SNAPSHOTS_KEPT))

    async def drop_snapshot(self, hall: str, id: EntryId) -> None:
        """Forget a snapshot."""
        await self._write(("HDEL", keys.snapshots(check_hall(hall)), str(id)))

    async def archived(self, hall: str) -> EntryId:
        """The last entry that the archive holds; `GENESIS`: none."""
        (held,) = await self._reader.ask(("GET", keys.archived(hall)))
        return GENESIS if held is None else EntryId.parse(held)

    async def set_archived(self, hall: str, before: EntryId, now: EntryId) -> bool:
        """Move the archive's cursor from `before` to `now`; False: another node moved it first."""
        where = keys.archived(check_hall(hall))
        (moved,) = await self._write(lua.ADVANCE.call((where,), str(before), str(now)))
        return bool(moved)

    async def trim(self, hall: str, first: EntryId) -> int:
        """Drop all entries before `first`; see `Journal.trim`."""
        (dropped,) = await self._write(lua.TRIM.call((keys.log(check_hall(hall)),), str(first)))
        return int(dropped)

    async def devices_seen(self, hall: str, noted: Mapping[str, int]) -> dict[str, int]:
        """Write when some devices were heard, and read the same of all; see `Journal.devices_seen`."""
        where = keys.devices(check_hall(hall))
        if noted:
            fields = [part for device, ms in noted.items() for part in (device, ms)]
            _, held = await self._write(("HSET", where, *fields), ("HGETALL", where))
        else:
            (held,) = await self._reader.ask(("HGETALL", where))
        return {device.decode(): int(ms) for device, ms in zip(held[::2], held[1::2], strict=True)}

    async def forget_devices(self, hall: str, devices: Sequence[str]) -> None:
        """Keep no more when these were heard."""
        await self._write(("HDEL", keys.devices(check_hall(hall)), *devices))

    async def check_settings(self, durability: Durability) -> list[Finding]:
        """What is to be said of the server's settings now.

        Raises:
          StoreUnavailable: no answer.
        """
        return await check_settings(self._reader, durability)

    async def secret(self) -> bytes:
        """The installation's 32-byte secret, made durable at its first use."""
        drawn = secrets.token_bytes(SECRET_BYTES)
        _, held = await self._write(("SET", keys.SECRET, drawn, "NX"), ("GET", keys.SECRET))
        if not isinstance(held, bytes) or len(held) != SECRET_BYTES:
            raise BadBytes(f"{keys.SECRET} does not hold {SECRET_BYTES} bytes")
        return held

    async def put_token(self, digest: str, record: bytes) -> None:
        """Keep a token's record under its digest; durable when this returns."""
        await self._write(("SET", keys.token(digest), record))

    async def token(self, digest: str) -> bytes | None:
        """Record of a token, or None."""
        (record,) = await self._reader.ask(("GET", keys.token(digest)))
        return record if isinstance(record, bytes) else None


@asynccontextmanager
async def open_redis(
    where: Endpoint | str, *, identity: bytes | None = None, read_connections: int = READ_CONNECTIONS
) -> AsyncIterator[RedisJournal]:
    """Journal on the Redis at an endpoint or URL, for as long as the block runs.

    Connects at first use and checks nothing of the server: `open_store` does that.

    Args:
      where: endpoint, or a URL.
      identity: what the store's identity key must hold on every connection; None checks nothing.
      read_connections: how many reads may be under way at once.
    """
    endpoint = Endpoint.from_url(where) if isinstance(where, str) else where
    committer = GroupCommitter(endpoint, identity)
    reader = Client(endpoint, connections=read_connections, identity=identity, scripts=True)
    try:
        async with background() as nursery:
            await nursery.start(committer.run)
            yield RedisJournal(endpoint, committer, reader, identity)
    finally:
        reader.close()
