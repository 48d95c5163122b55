"""The journal on Redis: one stream per hall, appended by compare-and-set, durable before it answers."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from callq.domain.errors import BadBytes, StoreUnavailable
from callq.journal.chain import check_group, check_hall, check_page
from callq.journal.memory import SECRET_BYTES
from callq.journal.port import GENESIS, Entry, EntryId, LineageBroken, OutcomeUnknown
from callq.journal.redis import keys
from callq.journal.redis.connection import READ_CONNECTIONS, Client, Reply, Server, parse_info
from callq.journal.redis.endpoint import Endpoint
from callq.journal.redis.group import CommitStats, GroupCommitter
from callq.journal.redis.tasks import background

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

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

    def __init__(self, endpoint: Endpoint, committer: GroupCommitter, reader: Client) -> None:
        self.endpoint = endpoint
        self._committer = committer
        self._reader = reader

    @property
    def stats(self) -> CommitStats:
        """Counts of pipelines and groups since the start."""
        return self._committer.stats

    @property
    def server(self) -> Server | None:
        """The master and its lineage as the connection of appends met it; None before the first append."""
        return self._committer.server

    async def append(self, hall: str, expected: EntryId, entries: Sequence[Entry]) -> str:
        """Append a group if the hall's last id is `expected`; see `Journal.append`.

        Raises:
          ValueError: `hall` is not a code, or the group is empty or not chained onto `expected`.
        """
        check_hall(hall)
        check_group(expected, entries)
        if expected == GENESIS:
            await self._enlist(hall)
        await self._committer.append(hall, expected, entries)
        server = self._committer.server
        return server.epoch if server is not None else ""

    async def _enlist(self, hall: str) -> None:
        """Name the hall in the set before its stream exists, so that `halls` can never miss one."""
        try:
            await self._reader.ask(("SADD", keys.HALLS, hall))
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
            return await self._range(hall, "-", want)
        page = await self._range(hall, str(cursor), want + 1)
        if not page or page[0].id != cursor:
            raise LineageBroken(f"hall {hall}: the journal does not hold {cursor}")
        return page[1:]

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

    async def epoch(self) -> str:
        """First 16 hex digits of the master's replication id."""
        (info,) = await self._reader.ask(("INFO", "replication"))
        return parse_info(info)["master_replid"][:16]

    async def secret(self) -> bytes:
        """The installation's 32-byte secret, made durable at its first use."""
        drawn = secrets.token_bytes(SECRET_BYTES)
        _, held = await self._reader.ask(("SET", keys.SECRET, drawn, "NX"), ("GET", keys.SECRET))
        if not isinstance(held, bytes) or len(held) != SECRET_BYTES:
            raise BadBytes(f"{keys.SECRET} does not hold {SECRET_BYTES} bytes")
        return held

    async def put_token(self, digest: str, record: bytes) -> None:
        """Keep a token's record under its digest; durable when this returns."""
        await self._reader.ask(("SET", keys.token(digest), record))

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
    reader = Client(endpoint, connections=read_connections, identity=identity)
    try:
        async with background() as nursery:
            await nursery.start(committer.run)
            yield RedisJournal(endpoint, committer, reader)
    finally:
        reader.close()
