"""What the journal in memory adds to the contract."""

from __future__ import annotations

import pytest

from callq.journal.memory import MemoryJournal
from callq.journal.port import GENESIS, chained


async def test_a_restart_changes_the_epoch_and_keeps_the_entries():
    journal = MemoryJournal()
    entry = chained(GENESIS, b"1")
    await journal.append("demo", GENESIS, [entry])
    before = (await journal.lineage()).epoch
    journal.restart()
    assert (await journal.lineage()).epoch != before
    assert await journal.read("demo", GENESIS) == [entry]


async def test_a_run_that_must_repeat_brings_its_own_secret():
    assert await MemoryJournal(secret=b"s" * 32).secret() == b"s" * 32
    with pytest.raises(ValueError, match="32 bytes"):
        MemoryJournal(secret=b"short")
