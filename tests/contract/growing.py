"""Short ways to make a journal grow."""

from __future__ import annotations

from typing import Any

from callq.journal.port import GENESIS, Entry, EntryId, chained


def group(after: EntryId, *payloads: bytes) -> list[Entry]:
    entries = []
    for payload in payloads:
        entries.append(chained(after, payload))
        after = entries[-1].id
    return entries


async def grown(journal: Any, hall: str, count: int) -> list[Entry]:
    entries = group(GENESIS, *(b"%d" % n for n in range(1, count + 1)))
    await journal.append(hall, GENESIS, entries)
    return entries
