"""A USB keypad at a window of the real server."""

from __future__ import annotations

import errno
import fcntl
import json
from typing import TYPE_CHECKING, Any

import pytest

from callq.agent.channels import Broken
from panels.callbox import keypad as keypad_module
from panels.callbox.codecs import evdev
from panels.callbox.config import Keypad, Transfer
from tests.callbox import boxes
from tests.callbox.boxes import on_usb
from tests.callbox.running import agent, commands, pad, until_window
from tests.displays.cards import until
from tests.passing import passing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import Door

pytestmark = pytest.mark.usefixtures("impatient")


async def test_a_day_at_a_keypad(door: Door, tmp_path: Path) -> None:
    await door.window("sign_in", clerk="c1")
    for service in ("general", "general", "general", "social"):
        await door.issue(service)
    async with (
        on_usb(tmp_path / "pad") as (keys, nursery),
        agent(
            door,
            keypads=(pad(keys.path),),
            transfers=(Transfer(service="social"), Transfer(window="w2")),
            call_reason="赶火车",
        ) as (made, _),
    ):
        desk, health = made.desks["w1"], made.health.devices["pad"]

        async def press(*caps: str, outcome: str = "done", **wanted: object) -> None:
            lit, health.outcome = keys.lit, ""
            await keys.press(*caps)
            await until(lambda: health.outcome and not desk.busy)
            assert health.outcome == outcome
            await until_window(door, "w1", **wanted)
            await until(lambda: keys.lit - lit >= {"done": 1, "refused": 3}[outcome] and not keys.lamp)

        await until(lambda: health.state == "present")
        await press("Enter", state="idle")
        await press("Enter", state="calling", calls=1)
        await press("+", calls=2)
        await press("+", outcome="refused", calls=2)
        await press("-", state="idle")
        await press("Backspace", state="calling")
        await press("Enter", state="serving")
        await press("/", "2", pause_after=True)
        await press("/", pause_after=False)
        await press(".", "1", state="idle")
        # By its digits: held, and nothing else has these.
        await press("8", "0", "0", "1", "Enter", outcome="refused", state="idle")
        await press("8", "0", "0", "3", "Enter", state="calling")
        assert (await door.get("windows/w1"))["ticket"]["number"] == "A003"
        await press("*", "1", state="idle")
        await press("/", "5", state="paused", pause_reason="用餐休息")
        await press("Enter", state="idle")
        await press("9", outcome="refused", state="idle")
        await press("Enter", state="calling")
        await press("Enter", state="serving")
        await press("Enter", state="idle")
        await press("9", state="idle")
        assert await commands(door, "rating_requested") == 1
        await press("0", state="idle")
        await until(lambda: desk.panel is not None and desk.panel["help"] is not None)
        await press("0", state="idle")
        await until(lambda: desk.panel is not None and desk.panel["help"] is None)
        assert [await commands(door, f"help_{what}") for what in ("requested", "ended")] == [1, 1]

        # A held key, and two presses before the first is answered: one act.
        called = await commands(door, "ticket_called")
        held = boxes.key_event(96, 1) + boxes.key_event(96, 2) * 20 + boxes.key_event(96, 0)
        await keys.send(held + boxes.key_event(96, 1) + boxes.key_event(96, 0))
        await until_window(door, state="calling")
        await until(lambda: not desk.busy)
        assert await commands(door, "ticket_called") == called + 1
        assert (await door.get("windows/w1"))["window"]["state"] == "calling"

        await keys.press("/")
        await until(lambda: keys.lamp)
        await keys.unplug()
        await until(lambda: health.state == "lost" and "no such file" in health.error)
        keys.plug_in(nursery)
        await until(lambda: health.state == "present")
        await keys.press("1")  # not the answer to a question of before
        await press("Enter", state="serving")
    page = json.dumps(await door.get("events?limit=1000"), ensure_ascii=False)
    assert "赶火车" in page


async def test_a_press_outlives_its_keypad(door: Door, tmp_path: Path) -> None:
    await door.staff()
    await door.issue()
    async with (
        on_usb(tmp_path / "pad") as (keys, nursery),
        passing(door.port) as way,
        agent(door, server=way.url, keypads=(pad(keys.path),)) as (made, _),
    ):
        await until(lambda: made.health.devices["pad"].state == "present")
        way.closed = True
        way.cut()
        await keys.press("Enter")
        await until(lambda: made.desks["w1"].pending)
        await keys.unplug()
        await until(lambda: made.health.devices["pad"].state == "lost")
        way.closed = False
        await until_window(door, state="calling")
        keys.plug_in(nursery)


async def test_a_late_undo_takes_nothing_back_that_was_done_since(door: Door, tmp_path: Path) -> None:
    """A completion is undone at a box whose line is cut; the next one is called at the panel meanwhile."""
    await door.staff()
    first, second = await door.issue(), await door.issue()
    token = await door.token("clerk", hall="test")

    async def at_the_panel(*acts: str) -> None:
        for act in acts:
            await door.post("windows/w1/commands", {"command": act}, token=token)

    async with (
        on_usb(tmp_path / "pad") as (keys, _),
        passing(door.port) as way,
        agent(door, server=way.url, token=token, keypads=(pad(keys.path),)) as (made, _),
    ):
        desk, health = made.desks["w1"], made.health.devices["pad"]
        await until(lambda: health.state == "present")
        await at_the_panel("call_next", "start", "complete")
        await until(lambda: desk.panel is not None and desk.panel["undo"] is not None)
        way.closed = True
        way.cut()
        await keys.press("Backspace")
        await until(lambda: desk.pending)
        await at_the_panel("call_next")
        way.closed = False
        await until(lambda: not desk.pending)
        assert health.outcome == "refused"
    window = (await door.get("windows/w1"))["window"]
    assert (window["state"], window["ticket"]) == ("calling", second["id"])
    assert (await door.get(f"tickets/{first['id']}"))["ticket"]["state"] == "done"


def test_a_keypad_is_found_by_name_and_id_and_held_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {
        "event0": (b"Power Button", 0x0000, 0x0001),
        "event1": (b"SIGMACHIP USB Keyboard", 0x1C4F, 0x0002),
    }
    for name in (*names, "event2"):
        (tmp_path / name).write_bytes(b"")
    monkeypatch.setattr(keypad_module, "DEVICES", f"{tmp_path}/event*")
    grabbed: list[int] = []
    failing: list[int] = []

    def ioctl(descriptor: int, request: int, argument: Any = 0) -> int:
        name = next(n for n in (*names, "event2") if (tmp_path / n).samefile(f"/proc/self/fd/{descriptor}"))
        if name == "event2":
            raise OSError(errno.ENOTTY, "not an input device")
        if request == 0x40044590:  # EVIOCGRAB
            if failing:
                raise OSError(failing.pop(), "busy")
            grabbed.append(argument)
        elif request == 0x80084502:  # EVIOCGID
            argument[:] = evdev.ID.pack(3, *names[name][1:], 1)
        elif request == 0x81004506:  # EVIOCGNAME of 256 bytes
            argument[: len(names[name][0])] = names[name][0]
        else:
            raise AssertionError(hex(request))
        return 0

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    for wanted in ({"match": "usb key"}, {"usb": "1C4F:0002"}, {"match": "SIGMACHIP", "usb": "1c4f:0002"}):
        config = Keypad(name="pad", window="w1", **wanted)  # type: ignore[arg-type]
        assert keypad_module.find(config) == str(tmp_path / "event1")
    with open(keypad_module.open_device(config), "rb"):
        assert grabbed == [1]
    for code, words in ((errno.EBUSY, "another program has"), (errno.EINVAL, "is it an input device")):
        failing.append(code)
        with pytest.raises(Broken, match=words):
            keypad_module.open_device(config)
    with pytest.raises(Broken, match="no keypad 'other'"):
        keypad_module.find(Keypad(name="pad", window="w1", match="other"))
