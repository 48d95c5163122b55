"""A printer among the hall's devices: what is wrong with it in words, and what it does when told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.domain.hall import Device as Listed
from callq.domain.hall import Printer as HallPrinter
from callq.journal.memory import MemoryJournal
from panels.printer import device, orders
from tests.harness import small_hall
from tests.printer.simulator import SimulatedPrinter
from tests.printer.test_agent import ended, issued, printing
from tests.web.conftest import Door, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def door(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(device, "STATUS_LIMIT_S", 0.3)
    monkeypatch.setattr(device, "DONE_LIMIT_S", 0.5)
    monkeypatch.setattr(orders, "RECOVERED_S", 0.05)
    monkeypatch.setattr("panels.printer.agent.CHECK_S", 0.1)
    hall = small_hall(
        printers=(HallPrinter(id="k1", name="1 号自助机"),),
        devices=(Listed(id="k1", kind="printer", name="1 号自助机打印机", zone="hall"),),
    )
    async with serving(MemoryJournal(), hall) as door:
        yield door


async def row(door: Door) -> Any:
    return (await door.get("floor"))["data"]["devices"][0]


async def until(door: Door, state: str, *codes: str) -> Any:
    with trio.fail_after(10):
        while True:
            found = await row(door)
            if found["state"] == state and [fault["code"] for fault in found["faults"]] == list(codes):
                return found
            await trio.sleep(0.05)


async def obeyed(door: Door, order: str) -> tuple[str, str]:
    """Give an order; what became of it."""
    body = {"command": "order_device", "device": "k1", "order": order}
    assert (await door.ask("POST", "commands", body)).status_code == 200
    with trio.fail_after(10):
        while True:
            found = (await row(door))["order"]
            if found["state"] != "given":
                return found["state"], found["error"]
            await trio.sleep(0.05)


async def test_a_printer_says_how_it_is_and_does_what_it_is_told(door: Door) -> None:
    printer = SimulatedPrinter()
    async with printing(door, printer):
        told = await until(door, "ok")
        assert told["version"]
        assert await obeyed(door, "test") == ("done", "")
        (slip,) = printer.slips
        assert "打印测试" in slip.text
        assert "k1" in slip.text
        assert await obeyed(door, "restart") == ("done", "")
        state, error = await obeyed(door, "resend")
        assert (state, "reprint" in error) == ("failed", True)

        printer.paper_out = True
        told = await until(door, "fault", "paper_out")
        assert (told["text"], told["todo"]) == ("缺纸", "装纸")
        assert await obeyed(door, "test") == ("failed", "it is out of paper")
        assert len(printer.slips) == 1
        printer.paper_out = False
        await until(door, "ok")
        printer.cover_open = True
        await until(door, "fault", "cover_open")
        printer.cover_open = False
        assert await obeyed(door, "restart") == ("done", "")
        ticket = await issued(door)
        assert await ended(door, ticket) == ("printed", "")
        assert [slip.lines[2] for slip in printer.slips[1:]] == [ticket["number"]]


async def test_one_that_is_not_there_is_told_with_its_address(door: Door) -> None:
    async with printing(door, None):
        told = await until(door, "fault", "unreachable")
        assert told["faults"][0]["detail"] == "127.0.0.1:9"
        assert await obeyed(door, "test") == ("failed", "it does not answer")
