"""The gateway's devices at the health door of the server: how each is, and what it is told to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import trio

from callq.agent import VERSION, ActFailed, HealthReporter, health_client, hurry_told
from displays.led.health import GOOD
from displays.led.sign import BLANK, Line, Sign

if TYPE_CHECKING:
    from collections.abc import Mapping

    from displays.led.config import Device, GatewayConfig
    from displays.led.device import LedDevice
    from displays.led.health import Health

TEST_S: Final = 5.0
"""How long a test sign stays."""

TAKEN_LIMIT_S: Final = 10.0
"""So soon a device is to have taken what it is sent on an order."""

LOOK_S: Final = 1.0
"""How often faults are looked at."""

_FAULTS: Final = {"lost": "unreachable", "refused": "refused"}


class Reporting:
    """Reporters of all devices of a gateway, which end when it does."""

    def __init__(
        self, config: GatewayConfig, token: str, devices: Mapping[str, LedDevice], health: Health
    ) -> None:
        self._config = config
        self._token = token
        self._devices = devices
        self._health = health
        self._reporters: dict[str, HealthReporter] = {}

    async def run(self) -> None:
        """Report until cancelled."""
        async with (
            health_client(self._config.server, self._token) as client,
            trio.open_nursery() as nursery,
        ):
            for name, device in self._devices.items():
                reporter = HealthReporter(client, self._config.hall, name, kind="led", version=VERSION)
                acts = _Acts(device, self._health)
                reporter.on("test", acts.test)
                reporter.on("resend", acts.resend)
                reporter.on("restart", acts.restart)
                self._reporters[name] = reporter
                self._look()
                nursery.start_soon(reporter.run)
            while True:
                await trio.sleep(LOOK_S)
                self._look()

    def _look(self) -> None:
        for name, reporter in self._reporters.items():
            one = self._health.devices[name]
            faults = {_FAULTS[one.state]: one.error} if one.state in _FAULTS else {}
            for view, why in self._health.views.items():
                if view == one.view:
                    faults["feed_refused"] = f"{view}: {why}"
            reporter.only(faults)

    def told(self, data: Mapping[str, Any]) -> None:
        """The hall has orders: those they are for ask for them at once."""
        hurry_told(self._reporters, data)


class _Acts:
    """What one device can be told."""

    def __init__(self, device: LedDevice, health: Health) -> None:
        self._device = device
        self._health = health

    async def test(self) -> None:
        """Say for some seconds which bar it is, every edge lit on walls."""
        before, pattern = self._device.sign, test_sign(self._device.config)
        self._device.show(pattern)
        try:
            await self._sent()
            await trio.sleep(TEST_S)
        finally:
            # What the hall has to show meanwhile stays.
            if self._device.sign is pattern:
                self._device.show(before or BLANK)

    async def resend(self) -> None:
        """Send everything again."""
        self._device.again()
        await self._sent()

    async def restart(self) -> None:
        """Break the connection and make a new one."""
        self._device.reconnect()
        await self._sent()

    async def _sent(self) -> None:
        """Wait until the device has taken what it shall show.

        Raises:
          ActFailed: it did not.
        """
        name = self._device.config.name
        with trio.move_on_after(TAKEN_LIMIT_S) as limit:
            await self._device.sent()
        one = self._health.devices[name]
        if limit.cancelled_caught or one.state not in GOOD:
            raise ActFailed(one.error or "the device does not take what it is sent")


def test_sign(device: Device) -> Sign:
    """Which bar it is, on every line."""
    return Sign((Line((f"{device.window or device.zone} 测试",)),) * device.line_count)
