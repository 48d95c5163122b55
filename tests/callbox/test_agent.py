"""The whole way over the real server: a press at a box, what the hall does, and what the box is told."""

from __future__ import annotations

import errno
import fcntl
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
import trio

from callq.agent import feed as feed_module
from callq.agent.channels import Broken
from callq.agent.pauses import Pauses
from callq.domain.hall import Rules
from callq.journal.memory import MemoryJournal
from panels.callbox import keypad as keypad_module
from panels.callbox import lines as lines_module
from panels.callbox.agent import Agent
from panels.callbox.codecs import evdev
from panels.callbox.config import AgentConfig, Box, Keypad, Line, Transfer
from panels.callbox.health import STATES, Health
from tests.callbox import boxes
from tests.callbox.boxes import CALL, PAUSE, RECALL, Wire, on_pty, on_server, on_usb
from tests.displays.cards import WITHIN_S, until
from tests.harness import small_hall
from tests.live import LiveServer
from tests.passing import passing
from tests.unit.documents import rows, section, text
from tests.web.conftest import Door, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NOBODY, FAULT, PAUSED = 0, 0x0FFF, 0xFFFF


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    rules = Rules(recall_gap_s=0, min_calls_before_miss=1, max_calls=2)
    async with serving(MemoryJournal(), small_hall(rules=rules)) as door:
        yield door


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pauses, "next_s", lambda self: 0.05)
    monkeypatch.setattr(keypad_module, "LOOK_S", 0.05)
    monkeypatch.setattr(feed_module, "CONNECT_LIMIT_S", 0.3)


@asynccontextmanager
async def agent(door: Door, **config: Any) -> AsyncIterator[tuple[Agent, str]]:
    """A running agent and the address of its status page."""
    token = config.pop("token", "") or await door.token("clerk", hall="test")
    made = Agent(AgentConfig(**{"server": door.url, "hall": "test", **config}), token)
    stopping, ended = trio.Event(), trio.Event()

    async def run(task_status: trio.TaskStatus[int]) -> None:
        await made.run(stopping, status=("127.0.0.1", 0), task_status=task_status)
        ended.set()

    async with trio.open_nursery() as nursery:
        port = await nursery.start(run)
        await until(lambda: all(not desk.lost or desk.refused for desk in made.desks.values()))
        yield made, f"http://127.0.0.1:{port}"
        stopping.set()
        with trio.fail_after(WITHIN_S):
            await ended.wait()


def hub(wire: Wire, *windows: str, **more: Any) -> Line:
    """A hub with a box for each window, numbered from 1."""
    made = tuple(Box(name=f"box-{w}", window=w, address=n) for n, w in enumerate(windows, 1))
    return Line(**{"name": "hub", "protocol": "95h", "address": wire.path, "boxes": made, **more})


async def settled(made: Agent, window: str = "w1") -> None:
    """Until the next press at a window counts."""
    await until(lambda: not made.desks[window].busy)


async def commands(door: Door, name: str) -> int:
    """How many events of a kind the hall has."""
    page = await door.get("events?limit=1000")
    return json.dumps(page).count(f'"{name}"')


async def test_a_day_at_a_box_with_three_keys(door: Door) -> None:
    await door.issue()
    await door.issue("social")
    async with on_pty() as wire:
        one = hub(wire, "w1", services=("general", "social"))
        line = msgspec.structs.replace(one, boxes=(msgspec.structs.replace(one.boxes[0], clerk="c1"),))
        async with agent(door, lines=(line,), reasons=("午餐",)) as (made, status):

            async def press(request: int) -> boxes.HubAnswer:
                await settled(made)
                return await wire.press(1, request)

            closed = await wire.until(1, lambda answer: answer.waiting == 2)
            assert (closed.raw, closed.window) == (NOBODY, 1)
            await press(CALL)
            await until_window(door, clerk="c1")
            await press(CALL)
            await until_window(door, state="idle")
            answer = await press(CALL)
            assert answer.raw == NOBODY, "nobody is called yet"
            called = await wire.until(1, lambda answer: answer.raw)
            assert (called.number, called.service, called.waiting) == (1, 1, 1)
            await press(RECALL)
            await until_window(door, calls=2)
            await press(CALL)
            await until_window(door, state="serving")
            assert (await wire.poll(1)).number == 1
            await press(CALL)
            await wire.until(1, lambda answer: answer.raw == NOBODY)
            await press(PAUSE)
            await wire.until(1, lambda answer: answer.raw == PAUSED)
            assert (await door.get("windows/w1"))["window"]["pause_reason"] == "午餐"
            await press(PAUSE)
            await wire.until(1, lambda answer: answer.raw == NOBODY)
            await press(CALL)
            called = await wire.until(1, lambda answer: answer.raw)
            assert (called.number, called.service, called.waiting) == (1, 2, 0)
            await press(RECALL)
            await until_window(door, calls=2)
            await press(RECALL)
            await wire.until(1, lambda answer: answer.raw == NOBODY)
            async with httpx.AsyncClient(base_url=status) as http:
                told = (await http.get("/")).json()
                assert told["ok"] is True
                (box,) = told["boxes"]
                assert (box["state"], box["outcome"], box["window"]) == ("present", "done", "w1")
                metrics = (await http.get("/metrics")).text
                assert 'callq_callbox_presses_total{box="box-w1",outcome="done"} 11.0' in metrics
                assert 'callq_callbox_answer_duration_seconds_count{line="hub"}' in metrics
    assert await commands(door, "ticket_missed") == 1


async def until_window(door: Door, window: str = "w1", **wanted: object) -> None:
    with trio.fail_after(WITHIN_S):
        while True:
            told = await door.get(f"windows/{window}")
            found = {**told["window"], "calls": (told.get("ticket") or {}).get("calls")}
            if all(found[key] == value for key, value in wanted.items()):
                return
            await trio.sleep(0.01)


async def test_a_box_never_shows_whom_another_window_called(door: Door) -> None:
    """Two windows would both call the only ticket; a promise would be shown by both."""
    await door.staff("w1", "c1")
    await door.staff("w2", "c2")
    async with on_pty() as wire, agent(door, lines=(hub(wire, "w1", "w2"),)) as (made, _):
        for turn in range(1, 6):
            await door.issue()
            for address in (1, 2):
                await wire.until(address, lambda answer: answer.waiting == 1)
            assert made.desks["w1"].panel["next"]["ticket"]["number"] == f"A{turn:03}"  # type: ignore[index]
            first = len(wire.said)
            await wire.say(boxes.hub_frame(0x22, 1, CALL) + boxes.hub_frame(0x22, 2, CALL))
            await wire.more(first + 21)
            answers = [boxes.hub_answer(wire.said[first + at : first + at + 11]) for at in (0, 11)]
            assert [(answer.address, answer.raw) for answer in answers] == [(1, NOBODY), (2, NOBODY)]
            await wire.say(boxes.hub_frame(0x33, 1, CALL) + boxes.hub_frame(0x33, 2, CALL))
            await until(lambda: not any(desk.busy for desk in made.desks.values()))
            shown = [(await wire.poll(address)).raw for address in (1, 2)]
            assert sorted(shown) == [NOBODY, turn]
            who = "w1" if shown[0] else "w2"
            await door.window("start", who)
            await door.window("complete", who)


async def test_a_request_that_comes_again_is_the_same_press(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    await door.staff()
    for _ in range(3):
        await door.issue()
    async with on_pty() as wire, agent(door, lines=(hub(wire, "w1"),)) as (made, _):
        await wire.press(1, CALL, confirm=False)
        await wire.until(1, lambda answer: answer.number == 1)
        # Its answer was lost on the line: it does not start what it has just called.
        await wire.press(1, CALL, confirm=True)
        await settled(made)
        assert (await door.get("windows/w1"))["window"]["state"] == "calling"
        await wire.press(1, CALL, confirm=True)
        await until_window(door, state="serving")
        monkeypatch.setattr(lines_module, "REPEAT_S", 0.0)
        await settled(made)
        await wire.press(1, CALL, confirm=False)
        await wire.until(1, lambda answer: answer.number == 0)
        await settled(made)
        await wire.press(1, CALL, confirm=False)
        await wire.until(1, lambda answer: answer.number == 2)


async def test_noise_and_pieces_on_a_line_behind_a_serial_server(door: Door) -> None:
    await door.staff()
    await door.issue()
    async with on_server() as wire, agent(door, lines=(hub(wire, "w1"),)) as (made, _):
        await until(lambda: wire._end is not None)
        await wire.say(b"\x00\xff\x95\x22\x95")
        frame = boxes.hub_frame(0x22, 1, CALL)
        await wire.say(boxes.hub_frame(0x22, 9, CALL))  # a box of somebody else's
        for byte in frame:
            await wire.say(bytes((byte,)))
        await wire.more(10)
        assert boxes.hub_answer(wire.said[:11]).request == CALL
        await wire.say(boxes.hub_frame(0x33, 1, CALL) + wire.said)
        assert (await wire.until(1, lambda answer: answer.raw)).number == 1
        assert await commands(door, "ticket_called") == 1
        # The server loses its power; the box is served again, with what is so then.
        await wire._end.aclose()
        await until(lambda: made.health.devices["box-w1"].state == "lost")
        await door.window("start")
        await door.window("complete")
        await until(lambda: wire._end.socket.fileno() >= 0)  # type: ignore[attr-defined]
        assert (await wire.until(1, lambda answer: True)).raw == NOBODY


@pytest.mark.parametrize("heard", [True, False], ids=["answer lost", "press lost"])
async def test_a_press_acts_once_over_a_cut(door: Door, monkeypatch: pytest.MonkeyPatch, heard: bool) -> None:
    """The server heard it and its answer was lost, or it never came; the agent cannot know which."""
    monkeypatch.setattr(feed_module, "COMMAND_LIMIT_S", 0.3)
    await door.staff()
    for _ in range(3):
        await door.issue()
    async with (
        on_pty() as wire,
        passing(door.port) as way,
        agent(door, server=way.url, lines=(hub(wire, "w1"),)) as (made, _),
    ):
        for turn, state in enumerate(["calling", "serving", "idle", "calling"]):
            await settled(made)
            way.mute = heard
            if not heard:
                way.closed = True
                way.cut()
            await wire.press(1, CALL)
            if heard:
                await until_window(door, state=state)
                way.mute = False
                way.cut()
            else:
                await trio.sleep(0.2)
                way.closed = False
            await until_window(door, state=state)
            await until(lambda: not made.desks["w1"].pending)
            assert made.health.devices["box-w1"].outcome == "done", turn
    assert [await commands(door, f"ticket_{what}") for what in ("called", "started", "completed")] == [
        2,
        1,
        1,
    ]


async def test_a_press_that_is_never_answered_is_told(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "FAULT_S", 0.3)
    await door.staff()
    await door.issue()
    async with (
        on_pty() as wire,
        passing(door.port) as way,
        agent(door, server=way.url, lines=(hub(wire, "w1"),), keep_s=0.2, lost_after_s=1) as (made, _),
    ):
        way.closed = True
        way.cut()
        await wire.press(1, CALL)
        await wire.until(1, lambda answer: answer.raw == FAULT)
        assert made.health.devices["box-w1"].outcome == "given_up"
        # It is not sent after its time.
        way.closed = False
        await wire.until(1, lambda answer: answer.raw == NOBODY)
        assert await commands(door, "ticket_called") == 0
        way.closed = True
        way.cut()
        await until(lambda: made.desks["w1"].lost)
        assert (await wire.press(1, RECALL)).raw == FAULT
        await until(lambda: made.health.devices["box-w1"].outcome == "refused")


async def test_what_a_busy_server_says_is_asked_again(door: Door) -> None:
    await door.staff()
    await door.issue()
    async with on_pty() as wire, agent(door, lines=(hub(wire, "w1"),)) as (made, _):
        follower, asked = made.desks["w1"].follower, []
        ask = follower.command

        async def unavailable(window: str, command: dict[str, Any], key: str) -> dict[str, Any]:
            asked.append(key)
            if len(asked) < 3:
                return {"ok": False, "problem": {"status": 503, "code": "store_unavailable"}}
            return await ask(window, command, key)

        follower.command = unavailable  # type: ignore[method-assign]
        await wire.press(1, CALL)
        await wire.until(1, lambda answer: answer.number == 1)
    assert len(asked) == 3
    assert len(set(asked)) == 1


def pad(path: Path, **more: Any) -> Keypad:
    return Keypad(**{"name": "pad", "window": "w1", "device": str(path), "grab": False, **more})


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


async def test_a_change_is_pushed_where_the_line_allows_it(door: Door) -> None:
    await door.staff()
    await door.issue()
    async with on_pty() as wire, agent(door, lines=(hub(wire, "w1", push=True),)):
        await wire.say(boxes.hub_frame(0x22, 1, CALL))
        await until(lambda: len(wire.said) >= 22 and wire.last().number == 1)


async def test_a_box_that_falls_silent(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "SILENT_S", 0.3)
    async with on_pty() as wire, agent(door, lines=(hub(wire, "w1"),)) as (made, _):
        box = made.health.devices["box-w1"]
        await wire.poll(1)
        await until(lambda: box.state == "present")
        await until(lambda: box.state == "silent")
        assert made.health.good is False
        await wire.poll(1)
        await until(lambda: box.state == "present")


async def test_a_window_that_the_hall_has_not(door: Door) -> None:
    async with on_pty() as wire, agent(door, lines=(hub(wire, "w9", "w1"),)) as (made, _):
        assert "w9" in made.health.refused["w9"]
        assert (await wire.press(1, CALL)).raw == FAULT
        assert (await wire.press(2, CALL)).raw == NOBODY
        await until(lambda: made.health.devices["box-w9"].outcome == "refused")
        assert made.health.good is False


async def test_a_hub_is_answered_in_time_under_load(door: Door) -> None:
    """Far above the 5 ms that a hub waits, for a machine that does other things."""
    await door.staff("w1", "c1")
    for _ in range(30):
        await door.issue()
    async with on_pty() as wire, agent(door, lines=(hub(wire, "w1", "w2", "w3"),)):
        taken = []
        for number in range(300):
            began = trio.current_time()
            if number % 10:
                await wire.poll(number % 3 + 1)
            else:
                await wire.press(1, CALL)
            taken.append(trio.current_time() - began)
    assert sorted(taken)[len(taken) // 2] < 0.02
    assert await commands(door, "ticket_called") > 1


@pytest.mark.redis
@pytest.mark.chaos
def test_one_effect_over_the_death_of_the_server(tmp_path: Path) -> None:
    """A real server on a real Redis is killed between a press and its answer."""
    server = LiveServer(tmp_path / "data")
    server.start()
    try:
        server.window("w1", "sign_in", clerk="c01")
        server.window("w1", "open")
        for _ in range(4):
            server.issue()
        trio.run(_over_a_death, server)
        called = server.ask("GET", "/v1/halls/county/events?limit=1000")
        events = json.dumps(called)
        assert [events.count(f'"ticket_{what}"') for what in ("called", "started", "completed")] == [1] * 3
    finally:
        server.stop()


async def _over_a_death(server: LiveServer) -> None:
    line: Line
    async with on_pty() as wire, trio.open_nursery() as nursery:
        line = hub(wire, "w1")
        config = AgentConfig(server=server.url, hall="county", lines=(line,), keep_s=60, lost_after_s=60)
        token = await trio.to_thread.run_sync(lambda: server.token("clerk", hall="county"))
        made, stopping = Agent(config, token), trio.Event()
        nursery.start_soon(made.run, stopping)
        await until(lambda: not made.desks["w1"].lost)
        for state in ("calling", "serving", "idle"):
            await settled(made)
            await wire.press(1, CALL)
            server.kill()
            with trio.fail_after(40):
                await trio.to_thread.run_sync(server.start)
                while made.desks["w1"].busy:  # noqa: ASYNC110
                    await trio.sleep(0.05)
            panel = made.desks["w1"].panel
            assert panel is not None
            assert panel["window"]["state"] == state
            assert made.health.devices["box-w1"].outcome == "done"
        stopping.set()


def test_the_metrics_and_states_are_described() -> None:
    page = section(text("docs/callbox.md"), "Health")
    box = Box(name="box", window="w1", address=1)
    line = Line(name="hub", protocol="95h", address="/dev/ttyUSB0", boxes=(box,))
    health = Health(AgentConfig(hall="test", lines=(line,)))
    families = {
        family.name + ("_total" if family.type == "counter" else ""): family
        for family in health.registry.collect()
    }
    described = {name for name in rows(page) if name.startswith("callq_callbox_")}
    assert described == set(families)
    for name, family in families.items():
        assert f"| {family.type} |" in rows(page)[name]
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        assert all(f"`{label}`" in rows(page)[name] for label in labels)
    assert set(STATES) == set(rows(page)) - described
