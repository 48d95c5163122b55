"""From a journal to a state: the newest snapshot that the journal vouches for, and what came after it."""

from __future__ import annotations

import gc
import hashlib
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog
import trio

from callq.domain.apply import apply
from callq.domain.errors import BadBytes, CallqError
from callq.domain.events import decode_batch
from callq.domain.snapshot import decode_state
from callq.domain.state import HallState
from callq.domain.undo import NoUndo
from callq.journal.port import GENESIS, Entry, EntryId, LineageBroken
from callq.runtime.garbage import give_back
from callq.runtime.group import Quarantined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from callq.domain.events import Batch
    from callq.journal.port import Journal

_DURABLE: Final = NoUndo()

_MAGIC: Final = b"CALLQ\0s1"
_DIGEST_BYTES: Final = 16

PAGE: Final = 1000
"""Entries applied before others get their turn."""


def packed_state(body: bytes) -> bytes:
    """A state's bytes as a snapshot keeps them: magic, BLAKE2b-16 of what follows, zlib."""
    squeezed = zlib.compress(body, 1)
    return _MAGIC + hashlib.blake2b(squeezed, digest_size=_DIGEST_BYTES).digest() + squeezed


def unpacked_state(content: bytes) -> bytes:
    """Take a snapshot apart.

    Raises:
      BadBytes: not a snapshot, or a damaged one.
    """
    digest, squeezed = content[8 : 8 + _DIGEST_BYTES], content[8 + _DIGEST_BYTES :]
    if (
        not content.startswith(_MAGIC)
        or digest != hashlib.blake2b(squeezed, digest_size=_DIGEST_BYTES).digest()
    ):
        raise BadBytes("not a snapshot of callq, or a damaged one")
    return zlib.decompress(squeezed)


def apply_entry(state: HallState, entry: Entry) -> Batch:
    """Apply a durable entry; answers its batch.

    Raises:
      Quarantined: it cannot be read or applied, and the state may be half-way: let go of it.
    """
    try:
        batch = decode_batch(entry.payload)
        apply(state, batch, _DURABLE)
    except Exception as error:
        # Whatever it is, no later entry means anything without this one.
        raise Quarantined(
            f"the entry of revision {entry.id.revision} cannot be brought into force: {error!r}"
        ) from error
    return batch


async def load(
    journal: Journal, hall: str, seen: Callable[[Sequence[Entry]], None] = lambda _: None
) -> tuple[HallState, EntryId]:
    """The state that the journal describes, and the id of its last entry.

    Args:
      journal: where from.
      hall: which; an unknown one gives an empty state and `GENESIS`.
      seen: is shown every page of entries that was read, in order.

    Raises:
      Quarantined: an entry cannot be read or applied, or the beginning was trimmed and no snapshot fits.
      LineageBroken: the journal changed under the reader: try again.
      StoreUnavailable: try again.
    """
    state, cursor = await _from_snapshot(journal, hall) or (HallState(hall), GENESIS)
    send, pages = trio.open_memory_channel[_Page](1)
    failed: CallqError | None = None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_read_ahead, journal, hall, cursor, send)
        with collector_paused():
            async for page in pages:
                try:
                    for entry in page.entries:
                        apply_entry(state, entry)
                    if page.error is not None:
                        raise page.error
                    cursor = page.entries[-1].id
                    seen(page.entries)
                except CallqError as error:
                    # Raised outside of the nursery, which would wrap it.
                    failed = error
                    nursery.cancel_scope.cancel()
                    break
    if failed is None:
        return state, cursor
    if isinstance(failed, LineageBroken) and cursor == GENESIS:
        raise Quarantined(
            f"the journal cannot be read from its beginning, and no snapshot fits: {failed}; "
            "why each does not is in the log (snapshot_of_no_use)"
        ) from failed
    raise failed


class _Page(NamedTuple):
    """Entries, or why there are none."""

    entries: list[Entry]
    error: CallqError | None = None


async def _read_ahead(
    journal: Journal, hall: str, cursor: EntryId, pages: trio.MemorySendChannel[_Page]
) -> None:
    """Read the next page while one is applied; an error comes in place of a page."""
    async with pages:
        try:
            while page := await journal.read(hall, cursor, PAGE):
                await pages.send(_Page(page))
                cursor = page[-1].id
        except CallqError as error:
            await pages.send(_Page([], error))


@contextmanager
def collector_paused() -> Iterator[None]:
    """No garbage is collected for as long as the block runs: what is loaded stays."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _from_snapshot(journal: Journal, hall: str) -> tuple[HallState, EntryId] | None:
    """The newest state kept that can be read and whose id the journal holds."""
    for id in await journal.snapshot_ids(hall):
        content = await journal.snapshot(hall, id)
        if content is None:
            continue
        try:
            await journal.read(hall, id, 1)
            state = decode_state(unpacked_state(content))
            del content
            give_back()
            return state, id
        except (BadBytes, LineageBroken) as error:
            structlog.get_logger().warning(
                "snapshot_of_no_use", hall=hall, id=str(id), code=code_of(error), error=str(error)
            )
    return None


def code_of(error: BadBytes | LineageBroken) -> str:
    """What is the matter with a snapshot, in a word."""
    return error.code if isinstance(error, BadBytes) else "other_history"


async def read_back(journal: Journal, hall: str, id: EntryId) -> None:
    """Insist that a snapshot gives a state, before what led to it is let go.

    Raises:
      BadBytes: it does not, or is gone.
      StoreUnavailable: try again.
    """
    content = await journal.snapshot(hall, id)
    if content is None:
        raise BadBytes("the snapshot is gone")
    await trio.to_thread.run_sync(lambda: decode_state(unpacked_state(content)))
