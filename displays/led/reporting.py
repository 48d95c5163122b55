"""What the devices tell the hall of themselves, and what they can be told by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from callq.agent import ActFailed
from displays.led.health import GOOD
from displays.led.sign import BLANK, Line, Sign

if TYPE_CHECKING:
    from callq.agent.reporters import Acts
    from displays.led.config import Device
    from displays.led.device import LedDevice
    from displays.led.health import Health

TEST_S: Final = 5.0
"""How long a test sign stays."""

TAKEN_LIMIT_S: Final = 10.0
"""So soon a device is to have taken what it is sent on an order."""

_FAULTS: Final = {"lost": "unreachable", "refused": "refused"}


def acts_of(device: LedDevice, health: Health) -> Acts:
    """What a device can be told."""
    acts = _Acts(device, health)
    return {"test": acts.test, "resend": acts.resend, "restart": acts.restart}


def faults_of(health: Health, name: str) -> dict[str, str]:
    """What is wrong with a device, by code and in words."""
    one = health.devices[name]
    faults = {_FAULTS[one.state]: one.error} if one.state in _FAULTS else {}
    if one.view in health.refused:
        faults["feed_refused"] = f"{one.view}: {health.refused[one.view]}"
    return faults


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
    return Sign((Line((f"{device.window or device.zone} 测试",)),) * device.line_count, aside=True)
