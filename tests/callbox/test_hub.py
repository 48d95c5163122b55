"""Boxes of a 95H hub over the real server: a press, what the hall does, and what the box is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest
import trio

from panels.callbox import lines as lines_module
from tests.callbox import boxes
from tests.callbox.boxes import CALL, PAUSE, RECALL, on_pty, on_server
from tests.callbox.running import FAULT, NOBODY, PAUSED, agent, commands, hub, settled, until_window
from tests.displays.cards import until

if TYPE_CHECKING:
    from tests.web.conftest import Door

pytestmark = pytest.mark.usefixtures("impatient")


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


async def test_a_request_that_goes_on_for_long_is_one_press(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer reaches the box, and it asks longer than a second press would take to count."""
    monkeypatch.setattr(lines_module, "REPEAT_S", 0.6)
    await door.staff()
    await door.issue()
    async with on_pty() as wire, agent(door, lines=(hub(wire, "w1"),)) as (made, _):
        for _ in range(6):
            await wire.press(1, CALL, confirm=False)
            await trio.sleep(0.25)
        await settled(made)
        assert (await door.get("windows/w1"))["window"]["state"] == "calling"


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


async def test_a_change_is_pushed_where_the_line_allows_it(door: Door) -> None:
    await door.staff()
    await door.issue()
    async with on_pty() as wire, agent(door, lines=(hub(wire, "w1", push=True),)):
        await wire.say(boxes.hub_frame(0x22, 1, CALL))
        await until(lambda: len(wire.said) >= 22 and wire.last().number == 1)


async def test_all_boxes_of_a_line_are_told_at_once(door: Door) -> None:
    """Pushes and answers share a line: each frame goes out whole, after the other."""
    await door.staff()
    async with on_pty() as wire, agent(door, lines=(hub(wire, "w1", "w2", push=True),)):
        for number in range(1, 6):
            before = len(wire.said)
            await door.issue()
            await wire.say(boxes.hub_frame(0x11, 1, 0) + boxes.hub_frame(0x11, 2, 0))
            await wire.more(before + 4 * 11 - 1)
            frames = [wire.said[at : at + 11] for at in range(before, len(wire.said), 11)]
            told = [boxes.hub_answer(frame) for frame in frames]
            assert {answer.address for answer in told if answer.waiting == number} == {1, 2}


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
