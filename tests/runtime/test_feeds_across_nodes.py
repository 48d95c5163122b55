"""Screens that change nodes: what a screen has shown, it never takes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from callq.domain import commands as cmd
from callq.domain.errors import StoreUnavailable
from callq.runtime.deadlines import ANSWER_WITHIN_S
from callq.runtime.group import Item
from callq.runtime.hub import FeedClosed
from callq.views.view import View
from tests.runtime.conftest import running, two

if TYPE_CHECKING:
    from callq.runtime.hub import Frame
    from tests.runtime.faulty import FaultyJournal

BOARD = View("board")


def waiting(frame: Frame) -> int:
    return sum(row.count for row in frame.data["waiting"])  # type: ignore[attr-defined]


async def test_a_screen_that_comes_from_a_faster_node_is_shown_nothing_older(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with two(journal) as (a, b):
        await b.actor.subscribe(BOARD, None, None).receive()
        journal.deaf = True
        await a.issue()
        seen = await a.actor.subscribe(BOARD, None, None).receive()
        assert b.actor.revision < seen.revision
        frame = await b.actor.subscribe(BOARD, seen.revision, seen.epoch).receive()
        assert frame.revision >= seen.revision
        assert waiting(await b.actor.subscribe(BOARD, None, None).receive()) == 1


async def test_a_screen_that_saw_a_lineage_unknown_here_waits_for_certainty(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        seen = await bench.actor.subscribe(BOARD, None, None).receive()
        journal.gate = trio.Event()
        feed = bench.actor.subscribe(BOARD, seen.revision, "opened elsewhere")
        with trio.move_on_after(1) as scope:
            await feed.receive()
        assert scope.cancelled_caught
        journal.gate.set()
        assert (await feed.receive()).reset


async def test_a_screen_whose_past_cannot_be_learned_is_sent_elsewhere(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        feed = bench.actor.subscribe(BOARD, None, None)
        check = Item(lambda item: None)
        feed.hold(check)
        check.error = StoreUnavailable("not now")
        check.settled.set()
        with pytest.raises(FeedClosed):
            await feed.receive()


async def test_a_screen_is_not_kept_waiting_through_an_outage(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    """Its reader may find a node that knows more; this one tells it in the time of any answer."""
    async with running(journal) as bench:
        seen = await bench.actor.subscribe(BOARD, None, None).receive()
        journal.gate = trio.Event()
        feed = bench.actor.subscribe(BOARD, seen.revision + 1, seen.epoch)
        began = trio.current_time()
        with trio.fail_after(60), pytest.raises(FeedClosed):
            await feed.receive()
        assert trio.current_time() - began == pytest.approx(ANSWER_WITHIN_S)


async def test_a_node_that_may_not_decide_takes_no_screen_that_knows_more(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        seen = await bench.actor.subscribe(BOARD, None, None).receive()
        open_before = bench.actor.hub.subscribers
        journal.down = True
        await trio.sleep(8)
        with pytest.raises(StoreUnavailable):
            bench.actor.subscribe(BOARD, seen.revision + 1, seen.epoch)
        assert bench.actor.hub.subscribers == open_before
        # A screen that knows no more than this node is shown what there is.
        assert (await bench.actor.subscribe(BOARD, seen.revision, seen.epoch).receive()).kind == "change"


async def test_what_changed_and_changed_back_between_two_looks_is_set_right(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with two(journal) as (a, b):
        await b.actor.subscribe(BOARD, None, None).receive()
        feed = a.actor.subscribe(BOARD, None, None)
        await feed.receive()
        journal.deaf = True
        ticket = (await a.issue()).ticket
        seen = await feed.receive()
        assert waiting(seen) == 1
        await a.do(cmd.Cancel(ticket=ticket))
        # The other node learns of both at once: for it, nothing has ever changed.
        await b.look(lambda s: None)
        resumed = await b.actor.subscribe(BOARD, seen.revision, seen.epoch).receive()
        assert resumed.kind == "change"
        assert waiting(resumed) == 0
