"""The agent between a real server and a simulated printer."""

from __future__ import annotations

import os
import pty
import tty
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.domain.hall import Printer as HallPrinter
from callq.journal.memory import MemoryJournal
from panels.printer import device
from panels.printer.agent import Agent
from panels.printer.config import AgentConfig, Printer
from tests.harness import small_hall
from tests.printer.simulator import SimulatedPrinter
from tests.web.conftest import Door, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HALL = small_hall(printers=(HallPrinter(id="k1", name="1 号自助机"),))


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "STATUS_LIMIT_S", 0.3)
    monkeypatch.setattr(device, "DONE_LIMIT_S", 0.5)
    monkeypatch.setattr("panels.printer.agent.CHECK_S", 0.1)
    monkeypatch.setattr("panels.printer.agent.AGAIN_S", 0.05)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with serving(MemoryJournal(), HALL) as door:
        yield door


@asynccontextmanager
async def printing(door: Door, printer: SimulatedPrinter | None, **more: Any) -> AsyncIterator[None]:
    """An agent with its printer; without one nobody listens at its address."""
    async with trio.open_nursery() as nursery:
        if printer is not None and not printer.port:
            await nursery.start(printer.serve)
        address = f"127.0.0.1:{printer.port if printer else 9}"
        one = Printer(id="k1", **{"address": address, **more})
        config = AgentConfig(hall="test", server=door.url, printers=(one,))
        nursery.start_soon(Agent(config, await door.token("device")).run)
        yield
        nursery.cancel_scope.cancel()


async def issued(door: Door) -> Any:
    token = await door.token("kiosk")
    return (await door.post("tickets", {"service": "general", "printer": "k1"}, token=token))["ticket"]


async def ended(door: Door, ticket: Any) -> tuple[str, str]:
    """What its print has come to."""
    async with door.feed() as feed:
        frame = await feed.subscribe("ticket", ticket=ticket["id"])
        with trio.fail_after(15):
            while frame["data"]["ticket"]["print"]["state"] == "pending":
                frame = await feed.next()
    found = frame["data"]["ticket"]["print"]
    return found["state"], found["fault"]


async def test_tickets_come_out_once_each_and_in_order(door: Door) -> None:
    printer = SimulatedPrinter()
    first = await issued(door)
    async with printing(door, printer):
        others = [await issued(door) for _ in range(4)]
        for ticket in (first, *others):
            assert await ended(door, ticket) == ("printed", "")
    assert [slip.lines[2] for slip in printer.slips] == ["A001", "A002", "A003", "A004", "A005"]
    (code,) = printer.slips[0].codes
    assert code.startswith(f"{door.url}/t/test/{first['id']}#token=ct_")


@pytest.mark.parametrize("what", ["paper_out", "cover_open"])
async def test_without_paper_nothing_is_sent_and_the_same_number_comes_later(door: Door, what: str) -> None:
    printer = SimulatedPrinter()
    setattr(printer, what, True)
    async with printing(door, printer), door.feed() as feed:
        ticket = await issued(door)
        assert await ended(door, ticket) == ("failed", what)
        assert printer.slips == []
        setattr(printer, what, False)
        frame = await feed.subscribe("printers")
        with trio.fail_after(10):
            while frame["data"]["printers"][0]["fault"]:
                frame = await feed.next()
        await door.post(f"tickets/{ticket['id']}/commands", {"command": "reprint"})
        assert await ended(door, ticket) == ("printed", "")
    assert [slip.lines[2] for slip in printer.slips] == ["A001"]
    assert "补打" in printer.slips[0].text


@pytest.mark.parametrize(
    ("how", "fault"),
    [({"dies_after": 200}, "offline"), ({"runs_out_at": 200}, "paper_out")],
    ids=["dead", "paper"],
)
async def test_one_that_ends_in_the_middle_is_unknown_and_not_printed_by_itself(
    door: Door, how: dict[str, int], fault: str
) -> None:
    printer = SimulatedPrinter()
    for name, value in how.items():
        setattr(printer, name, value)
    async with printing(door, printer):
        ticket = await issued(door)
        assert await ended(door, ticket) == ("unknown", fault)
        assert printer.left == [], "half a ticket comes out later"
        printer.dies_after = printer.runs_out_at = None
        printer.paper_out = False
        again = await issued(door)
        assert await ended(door, again) == ("printed", "")
    assert [slip.lines[2] for slip in printer.slips] == ["A002"]


async def test_a_printer_that_says_nothing_is_not_there(door: Door) -> None:
    printer = SimulatedPrinter()
    printer.silent = True
    async with printing(door, printer):
        assert await ended(door, await issued(door)) == ("failed", "offline")
    assert printer.slips == []


async def test_one_that_never_answers_is_believed(door: Door) -> None:
    printer = SimulatedPrinter()
    printer.silent = True
    async with printing(door, printer, answers=False):
        assert await ended(door, await issued(door)) == ("printed", "")
        with trio.fail_after(5):
            await printer.cut.wait()
    assert len(printer.slips) == 1


async def test_no_printer_at_all(door: Door) -> None:
    async with printing(door, None):
        assert await ended(door, await issued(door)) == ("failed", "offline")
        assert (await door.get("tickets"))["tickets"][0]["state"] == "waiting"


async def test_what_an_agent_left_in_the_middle_is_unknown_after_its_restart(door: Door) -> None:
    printer = SimulatedPrinter()
    ticket = await issued(door)
    token = await door.token("device")
    take = {"command": "take", "ticket": ticket["id"], "copy": 1}
    await door.post("printers/k1/commands", take, token=token)  # And here the agent was killed.
    async with printing(door, printer):
        assert await ended(door, ticket) == ("unknown", "")
    assert printer.slips == []


async def test_a_device_file_is_a_printer(door: Door) -> None:
    printer = SimulatedPrinter()
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    tty.setraw(ours)

    async def machine() -> None:
        stream = trio.lowlevel.FdStream(ours)
        async with stream:
            while data := await stream.receive_some(64):
                for byte in data:
                    answer = printer.take(byte)
                    if answer:
                        await stream.send_all(answer)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(machine)
        async with printing(door, None, address=os.ttyname(theirs)):
            assert await ended(door, await issued(door)) == ("printed", "")
        nursery.cancel_scope.cancel()
    os.close(theirs)
    assert printer.slips[0].lines[2] == "A001"
