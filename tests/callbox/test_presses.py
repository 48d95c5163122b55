"""What a press is worth over cuts, silence, a busy server and a dead one: it acts once, or is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.agent import feed as feed_module
from panels.callbox import lines as lines_module
from panels.callbox.agent import Agent
from panels.callbox.config import AgentConfig, Line
from tests.callbox.boxes import CALL, RECALL, on_pty
from tests.callbox.running import FAULT, NOBODY, agent, commands, hub, settled, until_window
from tests.displays.cards import until
from tests.live import LiveServer
from tests.passing import passing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import Door

pytestmark = pytest.mark.usefixtures("impatient")


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


async def test_a_late_press_does_nothing_to_whoever_is_there_by_then(door: Door) -> None:
    await door.staff()
    first, second = await door.issue(), await door.issue()
    async with (
        on_pty() as wire,
        passing(door.port) as way,
        agent(door, server=way.url, lines=(hub(wire, "w1"),)) as (made, _),
    ):
        for state in ("calling", "serving"):
            await wire.press(1, CALL)
            await until_window(door, state=state)
            await settled(made)
        way.closed = True
        way.cut()
        await wire.press(1, CALL)  # completes the first
        for act in ("complete", "call_next", "start"):  # and so does somebody else meanwhile, at the panel
            await door.window(act)
        way.closed = False
        await until(lambda: not made.desks["w1"].pending)
        assert made.health.devices["box-w1"].outcome == "refused"
    window = (await door.get("windows/w1"))["window"]
    assert (window["state"], window["ticket"]) == ("serving", second["id"])
    assert (await door.get(f"tickets/{first['id']}"))["ticket"]["state"] == "done"


async def test_a_late_press_calls_nobody_for_the_clerk_who_took_over(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    async with (
        on_pty() as wire,
        passing(door.port) as way,
        agent(door, server=way.url, lines=(hub(wire, "w1"),)) as (made, _),
    ):
        await settled(made)
        way.closed = True
        way.cut()
        await wire.press(1, CALL)  # calls the next one for c1
        await door.window("take_over", clerk="c2")
        way.closed = False
        await until(lambda: not made.desks["w1"].pending)
        assert made.health.devices["box-w1"].outcome == "refused"
    assert (await door.get(f"tickets/{ticket['id']}"))["ticket"]["state"] == "waiting"


async def test_a_late_call_of_the_next_one_completes_nobody(door: Door) -> None:
    hall = (await door.get("config"))["config"]
    rules = {**hall.get("rules", {}), "next_while_serving": "complete"}
    await door.post("commands", {"command": "configure", "config": {**hall, "rules": rules}})
    await door.staff()
    first, _ = await door.issue(), await door.issue()
    async with (
        on_pty() as wire,
        passing(door.port) as way,
        agent(door, server=way.url, lines=(hub(wire, "w1"),)) as (made, _),
    ):
        await settled(made)
        way.closed = True
        way.cut()
        await wire.press(1, CALL)  # calls the first
        for act in ("call_next", "start"):  # and so does somebody else meanwhile, at the panel
            await door.window(act)
        way.closed = False
        await until(lambda: not made.desks["w1"].pending)
        assert made.health.devices["box-w1"].outcome == "refused"
    window = (await door.get("windows/w1"))["window"]
    assert (window["state"], window["ticket"]) == ("serving", first["id"])


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
