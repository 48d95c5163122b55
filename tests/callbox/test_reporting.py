"""Call boxes among the hall's devices: faults with words, and orders that reach the box."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.agent import reporters
from callq.agent.pauses import Pauses
from callq.domain.hall import Device as Listed
from callq.journal.memory import MemoryJournal
from panels.callbox import keypad as keypad_module
from panels.callbox import lines as lines_module
from panels.callbox.config import Box, Keypad, Line
from tests.callbox import boxes
from tests.callbox.boxes import on_pty, on_usb
from tests.callbox.running import agent, hub
from tests.displays.cards import WITHIN_S, until
from tests.harness import small_hall
from tests.web.conftest import Door, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def door(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(Pauses, "next_s", lambda self: 0.05)
    monkeypatch.setattr(keypad_module, "LOOK_S", 0.05)
    monkeypatch.setattr(keypad_module, "TEST_BLINKS", (5, 0.02))
    monkeypatch.setattr(lines_module, "TEST_S", 0.3)
    monkeypatch.setattr(lines_module, "SILENT_S", 0.5)
    monkeypatch.setattr(reporters, "LOOK_S", 0.05)
    monkeypatch.setattr(lines_module, "BACK_LIMIT_S", 0.5)
    monkeypatch.setattr(keypad_module, "BACK_LIMIT_S", 2.0)
    monkeypatch.setattr(keypad_module, "LONG_S", 0.05)
    listed = Listed(id="pad", kind="call_box", name="一号窗键盘", window="w1")
    async with serving(MemoryJournal(), small_hall(devices=(listed,))) as door:
        yield door


async def row(door: Door, device: str) -> Any:
    rows = (await door.get("floor"))["data"]["devices"]
    return next((one for one in rows if one["id"] == device), {"state": "", "faults": []})


async def state(door: Door, device: str, wanted: str, *codes: str) -> Any:
    with trio.fail_after(WITHIN_S):
        while True:
            found = await row(door, device)
            if found["state"] == wanted and {fault["code"] for fault in found["faults"]} == set(codes):
                return found
            await trio.sleep(0.02)


async def obeyed(door: Door, device: str, order: str) -> tuple[str, str]:
    """Give an order; what became of it."""
    body = {"command": "order_device", "device": device, "order": order}
    assert (await door.ask("POST", "commands", body)).status_code == 200
    with trio.fail_after(WITHIN_S):
        while True:
            found = (await row(door, device))["order"]
            if found["state"] != "given":
                return found["state"], found["error"]
            await trio.sleep(0.02)


async def test_a_keypad_says_how_it_is_and_blinks_when_told(door: Door, tmp_path: Path) -> None:
    one = Keypad(name="pad", window="w1", device=str(tmp_path / "pad"), grab=False)
    lost = Keypad(name="astray", window="w9", device=str(tmp_path / "none"), grab=False)
    async with on_usb(tmp_path / "pad") as (keys, nursery), agent(door, keypads=(one, lost)) as (made, _):
        told = await state(door, "pad", "ok")
        assert (told["kind"], told["name"], bool(told["version"])) == ("call_box", "一号窗键盘", True)
        await until(lambda: not keys.lamp)
        lit = keys.lit
        assert await obeyed(door, "pad", "test") == ("done", "")
        assert keys.lit - lit >= 5
        assert (await obeyed(door, "pad", "resend"))[0] == "failed"
        assert await obeyed(door, "pad", "restart") == ("done", "")
        assert made.health.devices["pad"].state == "present"

        told = await state(door, "astray", "fault", "feed_refused", "keypad_absent")
        assert "按键盒没有响应" in told["text"]

        await keys.unplug()
        await state(door, "pad", "fault", "keypad_absent")
        ended, why = await obeyed(door, "pad", "test")
        assert (ended, str(tmp_path) in why) == ("failed", True)
        assert (await obeyed(door, "pad", "restart"))[0] == "failed"
        keys.plug_in(nursery)
        await state(door, "pad", "ok")


async def test_boxes_on_lines(door: Door) -> None:
    async with on_pty() as wire, on_pty() as other:
        display = Line(
            name="display",
            protocol="lcd21",
            address=other.path,
            boxes=(Box(name="lcd", window="w2", address=5),),
            show="A1",
            text="{state}",
        )

        def shown() -> list[str]:
            return [data.decode("gbk") for _, _, data in boxes.lcd_said(other.said)]

        async with agent(door, lines=(hub(wire, "w1"), display)):
            await wire.poll(1)
            await state(door, "lcd", "ok")
            await until(lambda: shown()[-1:] == ["未开放"])
            count = len(shown())
            assert await obeyed(door, "lcd", "test") == ("done", "")
            await until(lambda: shown()[count:] == ["w2 测试", "未开放"])
            assert await obeyed(door, "lcd", "resend") == ("done", "")
            await until(lambda: shown()[count + 2 :] == ["未开放"])
            assert await obeyed(door, "lcd", "restart") == ("done", "")
            await until(lambda: shown()[count + 3 :] == ["未开放"])

            told = await state(door, "box-w1", "fault", "box_silent")
            assert told["text"] == "呼叫器没有响应"
            async with trio.open_nursery() as nursery:

                async def polls() -> None:
                    while True:
                        await wire.poll(1)
                        await trio.sleep(0.05)

                nursery.start_soon(polls)
                await state(door, "box-w1", "ok")
                ended, why = await obeyed(door, "box-w1", "test")
                assert (ended, "numbers" in why) == ("failed", True)
                assert await obeyed(door, "box-w1", "resend") == ("done", "")
                nursery.cancel_scope.cancel()


async def test_a_line_that_cannot_be_opened_is_unreachable(door: Door) -> None:
    line = Line(
        name="hub",
        protocol="95h",
        address="/dev/nowhere",
        boxes=(Box(name="box-w1", window="w1", address=1),),
    )
    async with agent(door, lines=(line,)):
        told = await state(door, "box-w1", "fault", "unreachable")
        assert "/dev/nowhere" in told["faults"][0]["detail"]
        ended, why = await obeyed(door, "box-w1", "restart")
        assert (ended, "/dev/nowhere" in why) == ("failed", True)
