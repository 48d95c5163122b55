"""The floor as the demo sees it: how full the hall is, and a status for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import trio

from callq.demo.client import ApiProblem, Unreachable
from callq.demo.feed import open_feed

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.demo.feed import View

RECONNECT_S: Final = 1.0
TOTALS: Final = {"waiting": "等候", "serving": "办理", "done": "办结", "missed": "过号"}


class Hallway:
    """What is known of the floor; kept current by `watch`."""

    def __init__(self) -> None:
        self._floor: View | None = None
        self._board: View | None = None

    @property
    def floor(self) -> dict[str, Any] | None:
        """Data of the floor view; None until the first snapshot."""
        return self._floor.data if self._floor else None

    def number_at(self, window: str) -> str:
        """Number of the ticket at a window, as the screens show it; empty when there is none."""
        shown = self._board.data["windows"] if self._board and self._board.data else ()
        return next((each["number"] or "" for each in shown if each["id"] == window), "")

    @property
    def waiting(self) -> int:
        """How many people wait; 0 while unknown."""
        return int(self.floor["totals"]["waiting"]) if self.floor else 0

    async def watch(
        self,
        url: str,
        hall: str,
        token: str,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Follow the floor until cancelled; started when the first snapshot is there."""
        started = False
        while True:
            try:
                async with open_feed(url, hall, token) as feed:
                    self._board = await feed.subscribe("board")
                    self._floor = await feed.subscribe("floor")
                    if not started:
                        started = True
                        task_status.started()
                    await trio.sleep_forever()
            except* (Unreachable, ApiProblem):
                pass
            await trio.sleep(RECONNECT_S)


def status_line(floor: dict[str, Any]) -> str:
    """The hall in one line, e.g. ``等候 waiting 6 · 办理 serving 4 · 办结 done 31 · 过号 missed 2``."""
    totals = floor["totals"]
    return " · ".join(f"{word} {key} {totals[key]}" for key, word in TOTALS.items())


async def print_status(hallway: Hallway, every_s: float, say: Callable[[str], None]) -> None:
    """Say a line at once and then now and again, for logs and pipes."""
    while True:
        if hallway.floor:
            say(status_line(hallway.floor))
        await trio.sleep(every_s)
