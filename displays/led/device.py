"""One device: connected, kept alive, shown the newest sign, and shown it again after it was away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from callq.agent.channels import Broken, first_of
from callq.agent.pauses import LONGEST_PAUSE_S, Pauses
from displays.led.drivers import KEEPALIVE_S, Refused, open_driver
from displays.led.sign import next_change_s, shown_at

if TYPE_CHECKING:
    from displays.led.config import Device
    from displays.led.drivers import Driver, Lines
    from displays.led.health import Health
    from displays.led.render import Typesetter
    from displays.led.sign import Shown, Sign

LONGEST_LINE_PAUSE_S: Final = 30.0
"""Between two attempts on a serial line: its other cards wait while a silent one is waited for."""


class LedDevice:
    """A device and the sign that it shall show: only ever the newest, nothing is queued."""

    def __init__(self, config: Device, health: Health, typesetter: Typesetter | None, lines: Lines) -> None:
        self.config = config
        self._health = health
        self._typesetter = typesetter
        self._lines = lines
        self._sign: Sign | None = None
        self._since = 0.0
        self._calls: dict[str, float] = {}
        """When each call was put up first: it flashes then, whatever else on the sign changes."""
        self._heard: float | None = None
        self._news = trio.Event()
        self._taken: Sign | None = None
        self._done = trio.Event()
        self._again = False
        self._scope: trio.CancelScope | None = None

    @property
    def sign(self) -> Sign | None:
        """What it shall show; None: nothing is known yet."""
        return self._sign

    def show(self, sign: Sign) -> None:
        """Put up a sign; the same as before changes nothing."""
        if sign == self._sign:
            return
        self._sign = sign
        now = self._since = self._heard = trio.current_time()
        kept = self._calls if sign.aside else {}
        self._calls = {**kept, **{call: self._calls.get(call, now) for call in sign.calls}}
        news, self._news = self._news, trio.Event()
        news.set()

    def again(self) -> None:
        """Send the same sign once more: the device may have lost it."""
        self._again = True
        news, self._news = self._news, trio.Event()
        news.set()

    def reconnect(self) -> None:
        """Break the connection to the device; it is opened again at once."""
        if self._scope is not None:
            self._scope.cancel()

    async def sent(self) -> None:
        """Wait until the device is sent something, from now on."""
        await self._done.wait()

    async def taken(self, sign: Sign) -> None:
        """Wait until the device was sent a sign."""
        while self._taken != sign:
            await self._done.wait()

    async def run(self) -> None:
        """Keep the device at its sign until cancelled."""
        pauses = Pauses(longest_s=LONGEST_LINE_PAUSE_S if self.config.serial else LONGEST_PAUSE_S)
        while True:
            try:
                with trio.CancelScope() as self._scope:
                    async with open_driver(self.config, self._typesetter, self._lines) as driver:
                        await self._serve(driver, pauses)
                pauses.reset()
            except* Broken as broken:
                self._health.lost(self.config.name, str(first_of(broken)))
            await trio.sleep(pauses.next_s())

    async def _serve(self, driver: Driver, pauses: Pauses) -> None:
        sent: tuple[Shown, ...] | None = None
        again_at = check_at = 0.0
        while True:
            now = trio.current_time()
            if self._sign is not None:
                wanted = shown_at(self._sign, now - self._since, self._ages(now))
                if wanted != sent or now >= again_at or self._again:
                    self._again = False
                    await self._send(driver, self._sign, wanted)
                    pauses.reset()
                    sent, again_at = wanted, trio.current_time() + driver.refresh_s
                    check_at = trio.current_time() + KEEPALIVE_S
                    continue
            if now >= check_at:
                await self._check(driver)
                pauses.reset()
                check_at = trio.current_time() + KEEPALIVE_S
                # What is to be shown may have changed meanwhile.
                continue
            await self._wait(driver, min(check_at, again_at if sent is not None else check_at))

    def _ages(self, now: float) -> dict[str, float]:
        return {call: now - at for call, at in self._calls.items()}

    async def _send(self, driver: Driver, sign: Sign, wanted: tuple[Shown, ...]) -> None:
        heard, self._heard = self._heard, None
        try:
            await driver.show(wanted)
        except Refused as refused:
            self._health.refused_by(self.config.name, str(refused))
        else:
            taken = None if heard is None else trio.current_time() - heard
            self._health.shown(self.config.name, taken)
        self._taken = sign
        done, self._done = self._done, trio.Event()
        done.set()

    async def _check(self, driver: Driver) -> None:
        try:
            await driver.check()
        except Refused as refused:
            self._health.refused_by(self.config.name, str(refused))
        else:
            self._health.reached(self.config.name)

    async def _wait(self, driver: Driver, until: float) -> None:
        """Until the sign changes, or something is due, or the device goes."""
        now = trio.current_time()
        if self._sign is not None:
            until = min(until, now + next_change_s(self._sign, now - self._since, self._ages(now)))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(driver.idle)
            with trio.move_on_at(until):
                await self._news.wait()
            nursery.cancel_scope.cancel()
