"""An agent beside the real server, and its boxes."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import trio

from panels.callbox.agent import Agent
from panels.callbox.config import AgentConfig, Box, Keypad, Line
from tests.displays.cards import WITHIN_S, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.callbox.boxes import Wire
    from tests.web.conftest import Door

NOBODY, FAULT, PAUSED = 0, 0x0FFF, 0xFFFF


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


async def until_window(door: Door, window: str = "w1", **wanted: object) -> None:
    with trio.fail_after(WITHIN_S):
        while True:
            told = await door.get(f"windows/{window}")
            found = {**told["window"], "calls": (told.get("ticket") or {}).get("calls")}
            if all(found[key] == value for key, value in wanted.items()):
                return
            await trio.sleep(0.01)


def pad(path: Path, **more: Any) -> Keypad:
    return Keypad(**{"name": "pad", "window": "w1", "device": str(path), "grab": False, **more})
