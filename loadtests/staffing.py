"""A hall of many windows, all of them open and staffed, with people who wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from callq.config import load_hall
from callq.config.export import export_hall
from loadtests.feed import many_windows

if TYPE_CHECKING:
    from pathlib import Path

    from callq.demo.client import Api


def hall_of(place: Path, sample: str, windows: int) -> Path:
    """A hall file in `place`: the sample with windows ``w0``, ``w1``, … and clerks ``c0``, ``c1``, …."""
    file = place / f"{sample}.toml"
    file.write_text(export_hall(many_windows(load_hall(sample), windows)), encoding="utf-8")
    return file


async def stand_ready(api: Api, hall: str, windows: int, tickets: int) -> None:
    """Sign in and open at every window, and issue tickets of the service ``general``."""
    limit = trio.CapacityLimiter(16)

    async def open_window(number: int) -> None:
        async with limit:
            for command in ({"command": "sign_in", "clerk": f"c{number}"}, {"command": "open"}):
                await api.post(f"/v1/halls/{hall}/windows/w{number}/commands", command)

    async def issue() -> None:
        async with limit:
            await api.post(f"/v1/halls/{hall}/tickets", {"service": "general"})

    async with trio.open_nursery() as nursery:
        for number in range(windows):
            nursery.start_soon(open_window, number)
        for _ in range(tickets):
            nursery.start_soon(issue)
