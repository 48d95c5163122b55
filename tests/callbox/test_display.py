"""A box with 21 keys and a display at a window of the real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from panels.callbox.config import Box, Line
from tests.callbox import boxes
from tests.callbox.boxes import on_pty
from tests.callbox.running import agent, settled, until_window
from tests.displays.cards import until

if TYPE_CHECKING:
    from tests.web.conftest import Door

pytestmark = pytest.mark.usefixtures("impatient")


async def test_a_box_with_keys_and_a_display(door: Door) -> None:
    await door.staff()
    for _ in range(2):
        await door.issue()
    shown_by = {"show": "A1", "text": "{number} {state} 窗口{window} 等候{waiting}", "answer": "B0"}
    async with on_pty() as wire:
        line = Line(
            name="display",
            protocol="lcd21",
            address=wire.path,
            boxes=(Box(name="lcd", window="w1", address=5),),
            keys={"21": "enter", "2102": "recall", "2103": "hold", "2111": "1"},
            **shown_by,  # type: ignore[arg-type]
        )

        def said(command: int) -> list[str]:
            found = boxes.lcd_said(wire.said)
            assert all(address == 5 for address, _, _ in found)
            return [data.decode("gbk") for _, each, data in found if each == command]

        async with agent(door, lines=(line,)) as (made, _):
            await until(lambda: "空闲 窗口1 等候2" in "".join(said(0xA1)))
            await wire.say(b"\x68\xff" + boxes.lcd_frame(5, 0x21, b"\x01"))
            await until(lambda: said(0xA1)[-1] == "A001 叫号中 窗口1 等候1")
            await until(lambda: not made.desks["w1"].busy)
            await wire.say(boxes.lcd_frame(5, 0x21, b"\x02"))
            await until_window(door, calls=2)
            await wire.say(boxes.lcd_frame(7, 0x21, b"\x01") + boxes.lcd_frame(5, 0x77))
            await until(lambda: not made.desks["w1"].busy)
            await wire.say(boxes.lcd_frame(5, 0x21, b"\x01"))
            await until_window(door, state="serving")
            await settled(made)
            await wire.say(boxes.lcd_frame(5, 0x21, b"\x03") + boxes.lcd_frame(5, 0x21, b"\x11"))
            await until_window(door, state="idle")
            await until(lambda: said(0xA1)[-1].endswith("空闲 窗口1 等候1"))
            assert len(said(0xB0)) == 5
            assert made.health.devices["lcd"].state == "present"


async def test_displays_of_one_line_are_written_one_after_the_other(door: Door) -> None:
    async with on_pty() as wire:
        made = tuple(Box(name=f"lcd{n}", window=f"w{n}", address=n) for n in (1, 2, 3))
        keys: dict[str, Any] = {"21": "enter"}
        line = Line(name="display", protocol="lcd21", address=wire.path, boxes=made, keys=keys, show="A1")
        async with agent(door, lines=(line,)):
            await until(lambda: {address for address, _, _ in boxes.lcd_said(wire.said)} == {1, 2, 3})
