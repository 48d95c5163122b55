r"""Entries in files: how the spool and the archive keep them.

A file is a header and then records, so that whoever holds one can check the whole chain:

    header   8 bytes ``CALLQ\0e1``, then revision and chain of the entry before the first (2 x uint64)
    record   revision (uint64), chain (uint64), length of the payload in bytes (uint32), payload

All numbers are big-endian. A file that was cut short, or whose end was never written, is good up to
its last whole record that follows from the one before.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.errors import BadBytes
from callq.journal.port import Entry, EntryId, chained

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAGIC: Final = b"CALLQ\0e1"
_HEADER: Final = struct.Struct(">8sQQ")
_RECORD: Final = struct.Struct(">QQI")


class Records(NamedTuple):
    """What a file holds.

    Attributes:
      base: id of the entry before the first.
      entries: consecutive entries.
      whole: whether the file ended with them; False: what follows is torn or damaged.
    """

    base: EntryId
    entries: list[Entry]
    whole: bool


def header(base: EntryId) -> bytes:
    """The beginning of a file whose first entry follows `base`."""
    return _HEADER.pack(_MAGIC, *base)


def packed(entries: Iterable[Entry]) -> bytes:
    """Records of entries, to be written after a header or after other records."""
    return b"".join(
        _RECORD.pack(entry.id.revision, entry.id.chain, len(entry.payload)) + entry.payload
        for entry in entries
    )


def unpacked(content: bytes) -> Records:
    """Read a file up to its last good record.

    Raises:
      BadBytes: it does not begin like one.
    """
    if len(content) < _HEADER.size or not content.startswith(_MAGIC):
        raise BadBytes("not a file of callq's entries")
    _, revision, chain = _HEADER.unpack_from(content)
    base = EntryId(revision, chain)
    entries: list[Entry] = []
    previous = base
    at = _HEADER.size
    while at + _RECORD.size <= len(content):
        revision, chain, length = _RECORD.unpack_from(content, at)
        payload = content[at + _RECORD.size : at + _RECORD.size + length]
        entry = chained(previous, payload)
        if len(payload) < length or entry.id != EntryId(revision, chain):
            break
        entries.append(entry)
        previous, at = entry.id, at + _RECORD.size + length
    return Records(base, entries, at == len(content))
