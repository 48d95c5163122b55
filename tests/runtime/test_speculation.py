"""What a node writes: nothing that another one cannot read, and what it applies itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
import trio

from callq.domain import commands as cmd
from callq.domain.apply import apply
from callq.domain.errors import StoreUnavailable
from callq.domain.events import Batch, TicketIssued, decode_batch, encode_batch
from callq.domain.state import HallState, canonical
from callq.domain.undo import NoUndo
from callq.runtime import speculation
from callq.runtime.home import MemoryHome
from tests.runtime.conftest import entries, kinds, running

if TYPE_CHECKING:
    from tests.runtime.faulty import FaultyJournal


async def test_nothing_is_written_that_a_living_older_node_cannot_read(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    older = b"\x81\xa5reads\x02"
    await journal.beat("older", older, gap_ms=1)
    async with running(journal, home=MemoryHome("a")) as a:
        await a.issue()
        since_ms = await a.look(lambda s: s.now_ms)
        for _ in range(30):
            await trio.sleep(2)
            await journal.beat("older", older, gap_ms=1)
        with pytest.raises(StoreUnavailable, match="once every node is upgraded"):
            await a.actor.own(cmd.RecordOutage(since_ms=since_ms, until_ms=since_ms + 60_000))
        await a.issue()
        assert await kinds(journal, "outage_recorded") == []
        assert {decode_batch(entry.payload).v for entry in await entries(journal)} == {2}


async def test_a_node_applies_what_the_others_will_read(
    journal: FaultyJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lossy(batch: Batch) -> bytes:
        events = tuple(
            msgspec.structs.replace(event, channel="kiosk") if isinstance(event, TicketIssued) else event
            for event in batch.events
        )
        return encode_batch(msgspec.structs.replace(batch, events=events))

    monkeypatch.setattr(speculation, "encode_batch", lossy)
    async with running(journal) as bench:
        await bench.do(cmd.Issue(ticket="t", service="general", channel="staff"))  # type: ignore[arg-type]
        live = await bench.canonical()
        replayed = HallState("test")
        for entry in await entries(journal):
            apply(replayed, decode_batch(entry.payload), NoUndo())
        assert canonical(replayed) == live
