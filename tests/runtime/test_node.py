"""The node: halls side by side, and what one hall's fault does to the others (nothing)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import structlog
import trio

from callq.domain import commands as cmd
from callq.domain.errors import Code, Rejected, StoreUnavailable
from callq.journal.port import Entry, EntryId
from callq.runtime.node import QUARANTINE_S, Node
from tests.harness import small_hall
from tests.runtime.conftest import CLERK, Clock

if TYPE_CHECKING:
    from callq.runtime.actor import HallActor
    from tests.runtime.faulty import FaultyJournal


async def issue(actor: HallActor, ticket: str) -> str:
    return await actor.command(
        cmd.Issue(ticket=ticket, service="general"),
        who=CLERK,
        render=lambda state, outcome, now: state.tickets[ticket].number,
    )


async def test_a_damaged_hall_is_visible_and_the_other_serves(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    configs = [small_hall(id="east"), small_hall(id="west")]
    async with trio.open_nursery() as nursery:
        node: Node = await nursery.start(Node(journal, journal, configs, clock=Clock()).run)
        await issue(node.actor("east"), "t1")
        await issue(node.actor("west"), "t2")
        nursery.cancel_scope.cancel()

    good = journal._halls["west"][-1]
    journal._halls["west"][-1] = Entry(EntryId(good.id.revision, good.id.chain ^ 1), good.payload)
    async with trio.open_nursery() as nursery:
        node = await nursery.start(Node(journal, journal, clock=Clock()).run)
        assert node.halls() == ["east", "west"]
        health = node.health()
        assert health["ready"] is False
        assert health["halls"] == {"east": "running", "west": "quarantined"}
        assert "west" in str(health["errors"])
        assert await issue(node.actor("east"), "t3") == "A002"
        with pytest.raises(StoreUnavailable):
            node.actor("west")

        journal._halls["west"][-1] = good  # somebody restored it
        await trio.sleep(2 * QUARANTINE_S)
        assert node.health()["ready"] is True
        assert await issue(node.actor("west"), "t4") == "A002"
        nursery.cancel_scope.cancel()


async def test_an_unknown_hall_is_refused(journal: FaultyJournal) -> None:
    async with trio.open_nursery() as nursery:
        node: Node = await nursery.start(Node(journal, journal, [small_hall()], clock=Clock()).run)
        with pytest.raises(Rejected) as caught:
            node.actor("nowhere")
        assert caught.value.code == Code.UNKNOWN_HALL
        nursery.cancel_scope.cancel()


async def test_a_file_that_differs_is_reported_and_not_loaded(journal: FaultyJournal) -> None:
    async with trio.open_nursery() as nursery:
        await nursery.start(Node(journal, journal, [small_hall()], clock=Clock()).run)
        nursery.cancel_scope.cancel()
    with structlog.testing.capture_logs() as logs:
        async with trio.open_nursery() as nursery:
            changed = small_hall(name="改名大厅")
            node: Node = await nursery.start(Node(journal, journal, [changed], clock=Clock()).run)
            name = await node.actor("test").read(lambda state, now: state.config.name)
            nursery.cancel_scope.cancel()
    assert name == "测试大厅"
    warnings = [line for line in logs if line["log_level"] == "warning"]
    assert len(warnings) == 1
    assert warnings[0]["event"] == "hall_file_differs"


async def test_a_new_hall_has_an_epoch_from_the_start(journal: FaultyJournal) -> None:
    async with trio.open_nursery() as nursery:
        node: Node = await nursery.start(Node(journal, journal, [small_hall()], clock=Clock()).run)
        assert node.actor("test").hub.epoch == (await journal.lineage()).epoch
        nursery.cancel_scope.cancel()
