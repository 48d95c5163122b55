"""The journal port: what the runtime needs of a durable store, and nothing else.

A hall's journal is a chain of entries. Entry n has the id ``n-h``: n is the revision, h a 63-bit
hash over the previous id and this payload, so two histories that differ anywhere differ in every
later id, and comparing the last id compares the whole past.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from callq.domain.errors import BadBytes, CallqError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

_H_MASK: Final = (1 << 63) - 1


class EntryId(NamedTuple):
    """Identity of an entry: revision and chained hash, written ``revision-chain``."""

    revision: int
    chain: int

    def __str__(self) -> str:
        return f"{self.revision}-{self.chain}"

    @classmethod
    def parse(cls, text: str | bytes) -> EntryId:
        """Read ``n-h``.

        Raises:
          BadBytes: not two decimal numbers.
        """
        try:
            left, right = (text.decode() if isinstance(text, bytes) else text).split("-")
            return cls(int(left), int(right))
        except ValueError as error:
            raise BadBytes(f"not an entry id: {text!r}") from error


GENESIS: Final = EntryId(0, 0)
"""The id before the first entry."""


class Entry(NamedTuple):
    """One durable batch: its identity and its bytes."""

    id: EntryId
    payload: bytes


def chained(previous: EntryId, payload: bytes) -> Entry:
    """The entry that follows `previous`: revision + 1 and a hash over the previous id and the payload.

    h is the first 8 bytes (big-endian) of BLAKE2b over ``"n-h" | 0x00 | payload``, less its top bit.
    """
    raw = hashlib.blake2b(f"{previous}\0".encode() + payload, digest_size=8).digest()
    return Entry(EntryId(previous.revision + 1, int.from_bytes(raw, "big") & _H_MASK), payload)


class AppendRefused(CallqError):
    """The journal's last id is not the expected one; nothing was written."""

    def __init__(self, hall: str, last: EntryId) -> None:
        super().__init__(f"hall {hall}: the journal stands at {last}")
        self.hall = hall
        self.last = last


class OutcomeUnknown(StoreUnavailable):
    """The append may or may not have happened; only reading the journal tells."""


class LineageBroken(CallqError):
    """The journal no longer holds an entry that was durable: it was rewound or replaced."""


class StoreRefused(CallqError):
    """The store must not be used as it is (wrong identity, downgrade, settings, another node on it).

    The message names what was found, what was expected, and what to do.
    """


class Journal(Protocol):
    """Durable, compare-and-set, per-hall append-only journals."""

    async def append(self, hall: str, expected: EntryId, entries: Sequence[Entry]) -> str:
        """Append a group atomically if the hall's last id is `expected`; durable when this returns.

        Args:
          hall: hall id.
          expected: the id the group was chained onto (`GENESIS` creates the hall).
          entries: consecutive entries, each chained onto the one before.

        Returns:
          The lineage that the connection met, as `epoch`: a server that restarted between two
          appends shows only here.

        Raises:
          ValueError: a bad hall id, or a group that is empty or not chained onto `expected`.
          AppendRefused: another last id is there; nothing written.
          OutcomeUnknown: an error or time-out on the way; read to find out.
        """
        ...

    async def read(self, hall: str, cursor: EntryId, limit: int = 1000) -> list[Entry]:
        """Entries after `cursor`, oldest first, at most `limit`.

        Raises:
          LineageBroken: `cursor` is not `GENESIS` and the journal does not hold it, or an entry does
            not follow from the one before it.
          StoreUnavailable: try again.
        """
        ...

    async def read_revisions(self, hall: str, since: int, limit: int = 1000) -> list[Entry]:
        """Entries with a revision greater than `since`, oldest first, at most `limit`; [] if unknown.

        Raises:
          StoreUnavailable: try again.
        """
        ...

    async def halls(self) -> list[str]:
        """Ids of all halls that have a journal, sorted."""
        ...

    async def epoch(self) -> str:
        """Lineage of the store now reached: changes when it was restarted, promoted or restored."""
        ...


class Keyring(Protocol):
    """Secrets of an installation: the hashing key and bearer tokens (as digests only)."""

    async def secret(self) -> bytes:
        """The installation's 32-byte secret, made durable at its first use."""
        ...

    async def put_token(self, digest: str, record: bytes) -> None:
        """Keep a token's record under the SHA-256 hex digest of its secret; durable when this returns."""
        ...

    async def token(self, digest: str) -> bytes | None:
        """Record of a token, or None."""
        ...
