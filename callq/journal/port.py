"""The journal port: what the runtime needs of a durable store, and nothing else.

A hall's journal is a chain of entries. Entry n has the id ``n-h``: n is the revision, h a 63-bit
hash over the previous id and this payload, so two histories that differ anywhere differ in every
later id, and comparing the last id compares the whole past.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import trio

from callq.domain.errors import BadBytes, CallqError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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


class Lineage(NamedTuple):
    """Whose history a connection met."""

    epoch: str
    """16 hex digits; another one after a restart, a promotion or a restore."""
    promoted: bool = False
    """It became master by a failover: what its predecessor acknowledged last may be missing here. Never
    true of an embedded server, nor after a plain restart."""


class Receipt(NamedTuple):
    """What the store said when a group was appended."""

    lineage: Lineage
    time_ms: int
    """The store's clock, Unix ms, at some moment between sending and receiving."""


class Pulse(NamedTuple):
    """What a node hears when it beats."""

    time_ms: int
    """The store's clock, Unix ms."""
    last_ms: int | None
    """The same at the last beat of any node before this one; None: there never was one."""
    counted: bool
    """False: the gap since `last_ms` is an outage, and this beat was not taken for the end of it."""
    nodes: dict[str, bytes]
    """Records of the nodes that beat within `NODE_TTL_MS`, this one included, by name."""
    lineage: Lineage


class Snapshot(NamedTuple):
    """A hall's state after the entry `id`."""

    id: EntryId
    body: bytes


NODE_TTL_MS: Final = 5_000
"""A node that has not beaten for so long is gone."""

SNAPSHOTS_KEPT: Final = 2


class AppendRefused(CallqError):
    """The journal's last id is not the expected one; nothing was written."""

    def __init__(self, hall: str, last: EntryId) -> None:
        super().__init__(f"hall {hall}: the journal stands at {last}")
        self.hall = hall
        self.last = last


class LineageChanged(CallqError):
    """The store is of another lineage than the group was decided under; nothing was sent."""

    def __init__(self, hall: str, lineage: Lineage) -> None:
        super().__init__(f"hall {hall}: the store is of lineage {lineage.epoch}")
        self.hall = hall
        self.lineage = lineage


class OutcomeUnknown(StoreUnavailable):
    """The append may or may not have happened; only reading the journal tells."""


class LineageBroken(CallqError):
    """The journal no longer holds an entry that was durable: it was rewound or replaced."""


class StoreRefused(CallqError):
    """The store must not be used as it is (wrong identity, downgrade, settings).

    The message names what was found, what was expected, and what to do.
    """


class Journal(Protocol):
    """Durable, compare-and-set, per-hall append-only journals that any number of nodes share.

    Every method but `append` raises `StoreUnavailable` when the store does not answer: try again.
    """

    async def append(
        self, hall: str, expected: EntryId, entries: Sequence[Entry], epoch: str | None = None
    ) -> Receipt:
        """Append a group atomically if the hall's last id is `expected`; durable when this returns.

        An empty group only checks the last id: what was read before it was the newest there was.
        Other nodes get a hint of what was appended.

        Args:
          hall: hall id.
          expected: the id the group was chained onto (`GENESIS` creates the hall).
          entries: consecutive entries, each chained onto the one before.
          epoch: the lineage it was decided under, checked on the connection that would send it; None
            checks nothing.

        Raises:
          ValueError: a bad hall id, or a group that is not chained onto `expected`.
          AppendRefused: another last id is there; nothing written.
          LineageChanged: another lineage is there; nothing sent.
          OutcomeUnknown: an error or time-out on the way; read to find out.
        """
        ...

    async def read(self, hall: str, cursor: EntryId, limit: int = 1000) -> list[Entry]:
        """Entries after `cursor`, oldest first, at most `limit`.

        Raises:
          LineageBroken: `cursor` is not `GENESIS` and the journal does not hold it, or an entry does
            not follow from the one before it (so, too, where `cursor` is `GENESIS` and the beginning was
            trimmed).
        """
        ...

    async def read_revisions(self, hall: str, since: int, limit: int = 1000) -> list[Entry]:
        """Entries with a revision greater than `since`, oldest first, at most `limit`; [] if unknown."""
        ...

    async def tips(self, halls: Sequence[str]) -> dict[str, EntryId]:
        """The last id of each hall, `GENESIS` where there is no journal; one exchange for all."""
        ...

    async def halls(self) -> list[str]:
        """Ids of all halls that have a journal, sorted."""
        ...

    async def lineage(self) -> Lineage:
        """Lineage of the store now reached."""
        ...

    async def listen(
        self,
        heard: Callable[[str, EntryId], None],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Call `heard(hall, last id)` for every hint of any node, until cancelled; hints may get lost.

        Started when hints are heard, or at once where the store does not answer; it connects again by
        itself.
        """
        ...

    async def beat(self, node: str, record: bytes, *, gap_ms: int, ends_outage: bool = False) -> Pulse:
        """Say that a node lives, and hear who else does.

        Args:
          node: its name, unique among nodes.
          record: what others should know of it.
          gap_ms: longer since the last beat of any node is an outage: the beat then registers the node
            but does not count, so that nobody misses the gap before it was recorded.
          ends_outage: the outage was recorded; count the beat.
        """
        ...

    async def leave(self, node: str) -> None:
        """Forget a node that goes in peace."""
        ...

    async def snapshot_ids(self, hall: str) -> list[EntryId]:
        """Entries after which a snapshot is kept, newest first, at most `SNAPSHOTS_KEPT`."""
        ...

    async def snapshot(self, hall: str, id: EntryId) -> bytes | None:
        """A snapshot's body, None if it is no longer kept."""
        ...

    async def keep_snapshot(self, hall: str, snapshot: Snapshot) -> None:
        """Keep a snapshot, and of all only those `SNAPSHOTS_KEPT` with the highest revisions."""
        ...

    async def drop_snapshot(self, hall: str, id: EntryId) -> None:
        """Forget a snapshot, e.g. one of another history."""
        ...

    async def archived(self, hall: str) -> EntryId:
        """The last entry that the archive holds; `GENESIS`: none."""
        ...

    async def set_archived(self, hall: str, before: EntryId, now: EntryId) -> bool:
        """Move the archive's cursor from `before` to `now`; False: another node moved it first."""
        ...

    async def trim(self, hall: str, first: EntryId) -> int:
        """Drop all entries before `first`, exactly, which the journal must hold; how many were dropped.

        Never empties a journal: where `first` is not there, nothing is dropped.
        """
        ...

    async def devices_seen(self, hall: str, noted: Mapping[str, int]) -> dict[str, int]:
        """Write when some devices were heard, Unix ms by id, and read the same of all.

        It is kept beside the journal, and may be lost with the store's last second.
        """
        ...

    async def forget_devices(self, hall: str, devices: Sequence[str]) -> None:
        """Keep no more when these were heard."""
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
