"""The agent: boxes on one side, the hall's feed on the other."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog
import trio

from callq.agent.feed import MAX_VIEWS, Follower, Watched, feed_address
from callq.agent.reporters import Reporters
from callq.agent.status import serve_status
from panels.callbox.desk import Desk
from panels.callbox.health import Health
from panels.callbox.keypad import Pad
from panels.callbox.lines import BoxLine
from panels.callbox.reporting import acts_of, faults_of
from panels.callbox.tickets import Finder

if TYPE_CHECKING:
    from panels.callbox.config import AgentConfig
    from panels.callbox.reporting import Told

ORDERS: Final = Watched("orders", "")
STOP_LIMIT_S: Final = 2.0
"""For the answers to presses that are under way when the agent is stopped."""


class Agent:
    """All boxes of one file, and the windows that they belong to."""

    def __init__(self, config: AgentConfig, token: str) -> None:
        self.config = config
        self.health = Health(config)
        self._reporters = Reporters(config, token, "call_box", self.health, faults_of)
        finder = Finder(config.server, config.hall, token)
        names = dict.fromkeys(box.window for box in config.boxes)
        self.desks = {window: Desk(window, config, finder.find) for window in names}
        self._by_view = {desk.view: desk for desk in self.desks.values()}
        views = list(self._by_view)
        self._followers = []
        for at in range(0, len(views), MAX_VIEWS - 1):
            part = views[at : at + MAX_VIEWS - 1]
            follower = Follower(
                feed_address(config.server, config.hall),
                token,
                part if at else [*part, ORDERS],
                show=self._show,
                say=self._say,
                refuse=self._refuse,
            )
            self._followers.append(follower)
            for view in part:
                self._by_view[view].follower = follower

    async def run(
        self,
        stopping: trio.Event,
        *,
        status: tuple[str, int] | None = None,
        task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve the boxes until `stopping` is set; started with the port of the status page, or 0.

        Raises:
          OSError: the status page's address cannot be listened on.
        """
        log = structlog.get_logger()
        async with trio.open_nursery() as feeds, trio.open_nursery() as presses:
            port = 0
            if status is not None:
                port = await feeds.start(serve_status, self.health, *status)
            for follower in self._followers:
                feeds.start_soon(follower.run)
                lose = partial(self._lose, [view for view in follower.views if view != ORDERS])
                feeds.start_soon(follower.watch, self.config.lost_after_s, lose)
            async with trio.open_nursery() as boxes:
                doers: dict[str, Told] = {}
                for keypad in self.config.keypads:
                    pad = Pad(keypad, self.desks[keypad.window], self.health, presses)
                    doers[keypad.name] = pad
                    boxes.start_soon(pad.run)
                for config in self.config.lines:
                    line = BoxLine(config, self.desks, self.health, presses)
                    doers.update(dict.fromkeys((box.name for box in config.boxes), line))
                    boxes.start_soon(line.run)
                acts = {name: acts_of(doer, name) for name, doer in doers.items()}
                boxes.start_soon(self._reporters.run, acts)
                log.info(
                    "callbox_running",
                    boxes=len(self.config.boxes),
                    server=self.config.server,
                    status_port=port,
                )
                task_status.started(port)
                await stopping.wait()
                boxes.cancel_scope.cancel()
            with trio.move_on_after(STOP_LIMIT_S):
                for desk in self.desks.values():
                    await desk.until_free()
            presses.cancel_scope.cancel()
            feeds.cancel_scope.cancel()
        log.info("callbox_stopped")

    def _show(self, view: Watched, data: dict[str, Any]) -> None:
        if view == ORDERS:
            self._reporters.told(data)
            return
        desk = self._by_view[view]
        self.health.refused.pop(desk.window, None)
        desk.show(data, desk.follower.revision(view))

    def _refuse(self, view: Watched, why: str) -> None:
        if view == ORDERS:
            # Boxes hear of an order with the answer to their next report.
            structlog.get_logger().warning("callbox_orders_refused", error=why)
            return
        desk = self._by_view[view]
        self.health.refused[desk.window] = why
        structlog.get_logger().error("callbox_window_refused", window=desk.window, error=why)
        desk.refuse(why)

    def _say(self, error: str) -> None:
        everywhere = all(follower.connected for follower in self._followers)
        if error or everywhere:
            self.health.feed(error)

    def _lose(self, views: list[Watched], since_s: float) -> None:
        for view in views:
            self._by_view[view].lose()
