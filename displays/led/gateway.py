"""The gateway: from the feed's views to the signs of the devices."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog
import trio

from callq.agent.feed import MAX_VIEWS, Follower, Watched, feed_address
from callq.agent.reporters import Reporters
from callq.agent.status import serve_status
from displays.led.device import LedDevice
from displays.led.drivers import Lines
from displays.led.health import Health
from displays.led.render import Typesetter, cell_width
from displays.led.reporting import acts_of, faults_of
from displays.led.sign import BLANK, board_sign, stale_sign, strip_sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from displays.led.config import Device, GatewayConfig
    from displays.led.sign import Sign

CLEAR_LIMIT_S: Final = 2.0
"""For the last thing that a gateway does: signs go dark rather than stay as they were for ever."""


ORDERS: Final = Watched("orders", "")
"""What devices are told to do."""


def view_of(device: Device) -> Watched:
    """The view that a device shows."""
    if device.window:
        return Watched("strip", device.window)
    return Watched("board", "" if device.zone == "all" else device.zone)


class Gateway:
    """All devices of one file, and the feeds that they show.

    Raises:
      NoFont: a wall is to be sent pixels and there is no font to draw them with.
    """

    def __init__(self, config: GatewayConfig, token: str) -> None:
        self.config = config
        self.health = Health(config.devices)
        pixels = any(device.pixels for device in config.devices)
        self._typesetter = Typesetter(config.fonts) if pixels else None
        lines = Lines()
        self.devices = {
            device.name: LedDevice(device, self.health, self._typesetter, lines) for device in config.devices
        }
        self._showing: dict[Watched, list[LedDevice]] = {}
        for device in self.devices.values():
            view = view_of(device.config)
            self._showing.setdefault(view, []).append(device)
            self.health.devices[device.config.name].view = str(view)
        self._reporters = Reporters(config, token, "led", self.health, faults_of)
        views = [*self._showing, ORDERS]
        address = feed_address(config.server, config.hall)
        self._followers = [
            Follower(
                address,
                token,
                views[at : at + MAX_VIEWS],
                show=self._show,
                say=self._say,
                refuse=self._refuse,
            )
            for at in range(0, len(views), MAX_VIEWS)
        ]

    def measure(self, device: Device) -> Callable[[str], int]:
        """How wide a text is on a device."""
        if device.pixels:
            assert self._typesetter is not None
            return partial(self._typesetter.width, rows=device.line_rows)
        return partial(cell_width, rows=device.line_rows)

    async def run(
        self,
        stopping: trio.Event,
        *,
        status: tuple[str, int] | None = None,
        task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Show what the feed says until `stopping` is set; started with the port of the status page, or 0.

        Raises:
          OSError: the status page's address cannot be listened on.
        """
        log = structlog.get_logger()
        async with trio.open_nursery() as nursery:
            port = 0
            if status is not None:
                port = await nursery.start(serve_status, self.health, *status)
            for device in self.devices.values():
                nursery.start_soon(device.run)
            acts = {name: acts_of(device, self.health) for name, device in self.devices.items()}
            nursery.start_soon(self._reporters.run, acts)
            async with trio.open_nursery() as feeds:
                for follower in self._followers:
                    feeds.start_soon(follower.run)
                    views = follower.views
                    feeds.start_soon(follower.watch, self.config.lost_after_s, partial(self._lose, views))
                log.info(
                    "led_running", devices=len(self.devices), server=self.config.server, status_port=port
                )
                task_status.started(port)
                await stopping.wait()
                feeds.cancel_scope.cancel()
            await self._clear()
            nursery.cancel_scope.cancel()
        log.info("led_stopped")

    def _show(self, view: Watched, data: dict[str, Any]) -> None:
        self.health.refused.pop(str(view), None)
        if view == ORDERS:
            self._reporters.told(data)
            return
        for device in self._showing[view]:
            device.show(self.sign(device.config, data))

    def sign(self, device: Device, data: dict[str, Any]) -> Sign:
        """What a device shows of the data of its view."""
        make = strip_sign if device.window else board_sign
        return make(data, device, self.measure(device))

    def _say(self, error: str) -> None:
        everywhere = all(follower.connected for follower in self._followers)
        if error or everywhere or len(self._followers) == 1:
            self.health.feed(error)

    def _refuse(self, view: Watched, why: str) -> None:
        self.health.refused[str(view)] = why
        structlog.get_logger().error("led_view_refused", view=str(view), error=why)
        for device in self._showing.get(view, ()):
            device.show(BLANK)

    def _lose(self, views: list[Watched], since_s: float) -> None:
        since = time.strftime("%H:%M", time.localtime(since_s))
        for view in views:
            for device in self._showing.get(view, ()):
                kept = None if device.sign == BLANK else device.sign
                device.show(stale_sign(kept, since, device.config, self.measure(device.config)))

    async def _clear(self) -> None:
        """Have every device that can be reached go dark."""
        with trio.move_on_after(CLEAR_LIMIT_S):
            async with trio.open_nursery() as nursery:
                for device in self.devices.values():
                    device.show(BLANK)
                    nursery.start_soon(device.taken, BLANK)
