"""LED bars at the health door of a real server: faults with words, and orders that reach the card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.agent import reporters
from callq.agent.pauses import Pauses
from callq.domain.hall import Device as Listed
from callq.journal.memory import MemoryJournal
from displays.led import reporting
from tests.displays.cards import WITHIN_S, OnbonCard, on_tcp
from tests.displays.test_gateway import bar, gateway
from tests.harness import small_hall
from tests.web.conftest import Door, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def door(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(Pauses, "next_s", lambda self: 0.05)
    monkeypatch.setattr(reporting, "TEST_S", 0.3)
    monkeypatch.setattr(reporters, "LOOK_S", 0.05)
    listed = Listed(id="bar", kind="led", name="一号窗条屏", window="w1")
    async with serving(MemoryJournal(), small_hall(devices=(listed,))) as door:
        yield door


async def row(door: Door) -> Any:
    return (await door.get("floor"))["data"]["devices"][0]


async def until(door: Door, **wanted: object) -> Any:
    with trio.fail_after(WITHIN_S):
        while True:
            found = await row(door)
            if all(found[name] == value for name, value in wanted.items()):
                return found
            await trio.sleep(0.05)


async def obeyed(door: Door, order: str) -> Any:
    """Give an order; what became of it."""
    body = {"command": "order_device", "device": "bar", "order": order}
    assert (await door.ask("POST", "commands", body)).status_code == 200
    with trio.fail_after(WITHIN_S):
        while True:
            ended = (await row(door))["order"]
            if ended["state"] != "given":
                return ended
            await trio.sleep(0.05)


async def test_a_bar_says_how_it_is_and_does_what_it_is_told(door: Door) -> None:
    card = OnbonCard()
    await door.staff()
    async with on_tcp(card) as plug, gateway(door, bar(f"127.0.0.1:{plug.port}")) as (made, _status):
        await card.until(lambda lines: lines == ["等候叫号"])
        told = await until(door, state="ok", kind="led", name="一号窗条屏")
        assert told["version"]
        shown = len(card.shown)
        assert (await obeyed(door, "test"))["state"] == "done"
        assert ["w1 测试"] in card.shown[shown:]
        await card.until(lambda lines: lines == ["等候叫号"], after=shown)
        shown = len(card.shown)
        card.lose_power()
        assert (await obeyed(door, "resend"))["state"] == "done"
        assert card.shown[shown:] == [["等候叫号"]]
        before = plug.connections
        assert (await obeyed(door, "restart"))["state"] == "done"
        assert plug.connections == before + 1
        assert made.health.devices["bar"].lost == 0


async def test_a_bar_without_power_is_a_fault_and_an_order_to_it_fails(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "TAKEN_LIMIT_S", 0.3)
    await door.staff()
    async with gateway(door, bar("127.0.0.1:1")):
        told = await until(door, state="fault")
        (fault,) = told["faults"]
        assert (fault["code"], fault["text"]) == ("unreachable", "连接不上")
        assert "127.0.0.1" in fault["detail"]
        ended = await obeyed(door, "resend")
        assert (ended["state"], "127.0.0.1" in ended["error"]) == ("failed", True)
