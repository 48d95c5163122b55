"""The journal in memory: what Redis does, without Redis.

Product code: practice halls and simulations run on it, and it passes the same contract suite as
the journal on Redis. Nothing in it outlives the process.
"""

from __future__ import annotations

import secrets
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

import trio

from callq.journal.chain import check_group, check_hall, check_page
from callq.journal.port import GENESIS, AppendRefused, Entry, EntryId, LineageBroken

if TYPE_CHECKING:
    from collections.abc import Sequence

SECRET_BYTES: Final = 32


class MemoryJournal:
    """Journal and keyring of one process.

    Args:
      secret: the installation's 32 bytes, for runs that must repeat exactly; drawn if not given.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        if secret is not None and len(secret) != SECRET_BYTES:
            raise ValueError(f"the secret must have {SECRET_BYTES} bytes")
        self._secret = secret
        self._halls: dict[str, list[Entry]] = {}
        self._tokens: dict[str, bytes] = {}
        self._starts = 1

    def restart(self) -> None:
        """Begin a new epoch, as a restarted server does; all entries stay."""
        self._starts += 1

    async def append(self, hall: str, expected: EntryId, entries: Sequence[Entry]) -> str:
        """Append a group if the hall's last id is `expected`; see `Journal.append`.

        Raises:
          ValueError: `hall` is not a code, or the group is empty or not chained onto `expected`.
        """
        check_hall(hall)
        check_group(expected, entries)
        await trio.lowlevel.checkpoint()
        log = self._halls.get(hall, [])
        last = log[-1].id if log else GENESIS
        if last != expected:
            raise AppendRefused(hall, last)
        self._halls.setdefault(hall, log).extend(entries)
        return self._epoch

    async def read(self, hall: str, cursor: EntryId, limit: int = 1000) -> list[Entry]:
        """Entries after `cursor`; see `Journal.read`."""
        await trio.lowlevel.checkpoint()
        log = self._halls.get(hall, [])
        here = log[cursor.revision - 1].id if 0 < cursor.revision <= len(log) else GENESIS
        if here != cursor:
            raise LineageBroken(f"hall {hall}: the journal does not hold {cursor}")
        page = log[cursor.revision : cursor.revision + limit]
        check_page(hall, cursor, page)
        return page

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

    async def epoch(self) -> str:
        """16 hex digits that count the starts."""
        await trio.lowlevel.checkpoint()
        return self._epoch

    @property
    def _epoch(self) -> str:
        return f"{self._starts:016x}"

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
