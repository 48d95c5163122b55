"""A USB numeric keypad: found, held alone, read, and found again after it was unplugged.

Its Num Lock lamp says what became of a press: lit once for done, three times for not possible, three long
times for a press that the server never answered. It stays lit while digits are awaited and blinks slowly
while the server is away.
"""

from __future__ import annotations

import errno
import fcntl
import os
from glob import glob
from typing import TYPE_CHECKING, Final

import trio

from callq.agent import ActFailed
from callq.agent.channels import Broken, first_of, words
from panels.callbox.codecs import evdev
from panels.callbox.keys import DIGITS
from panels.callbox.reporting import BACK_LIMIT_S, there
from panels.callbox.typist import Typist

if TYPE_CHECKING:
    from panels.callbox.config import Key, Keypad
    from panels.callbox.desk import Desk, Kind, Outcome
    from panels.callbox.health import Health

DEVICES: Final = "/dev/input/event*"
LOOK_S: Final = 1.0
"""Between two looks for a keypad that is not there."""

KEYS: Final[dict[str, Key]] = {
    "enter": "enter",
    "plus": "recall",
    "minus": "miss",
    "dot": "hold",
    "star": "transfer",
    "slash": "pause",
    "backspace": "undo",
    "0": "help",
    "1": "1",
    "2": "2",
    "3": "3",
    "4": "4",
    "5": "5",
    "6": "6",
    "7": "7",
    "8": "call",
    "9": "request_rating",
}
"""What the keys of a keypad mean unless the file says otherwise: the same as at the clerk's panel."""

SHORT_S: Final = 0.12
LONG_S: Final = 0.6
BLINKS: Final[dict[Kind, tuple[int, float]]] = {
    "done": (1, SHORT_S),
    "refused": (3, SHORT_S),
    "ignored": (0, 0.0),
    "given_up": (3, LONG_S),
}
"""How often the lamp is lit, and how long each time."""

TEST_BLINKS: Final = (10, 0.25)
"""As no answer to a press has it: for five seconds."""


class Pad:
    """A keypad and its window."""

    def __init__(self, config: Keypad, desk: Desk, health: Health, presses: trio.Nursery) -> None:
        self.config = config
        self._desk = desk
        self._health = health
        self._keys = {**KEYS, **config.keys}
        self._typist = Typist(config, desk, health, presses, self._told)
        self._blinks: list[tuple[int, float]] = []
        self._news = trio.Event()
        self._hold = trio.CancelScope()
        self._taken = trio.Event()
        self._test: trio.Event | None = None
        """Set when the lamp has blinked for a test."""
        desk.listen(self._wake)

    async def run(self) -> None:
        """Serve the keypad until cancelled."""
        while True:
            try:
                descriptor = open_device(self.config)
                try:
                    self._health.present(self.config.name)
                    self._taken.set()
                    with trio.CancelScope() as self._hold:
                        await self._serve(descriptor)
                finally:
                    self._typist.forget()
            except* Broken as broken:
                self._health.lost(self.config.name, str(first_of(broken)))
            await trio.sleep(LOOK_S)

    async def test(self, box: str) -> None:
        """Blink; raises `ActFailed` where no keypad is held."""
        there(self._health.devices[box])
        tested = self._test = trio.Event()
        self._wake()
        with trio.move_on_after(BACK_LIMIT_S):
            await tested.wait()
            return
        there(self._health.devices[box])
        raise ActFailed("its lamp is busy")

    async def resend(self, box: str) -> None:
        """Nothing: its lamp is kept all the time."""
        raise ActFailed("a keypad shows nothing that could be sent again")

    async def restart(self, box: str) -> None:
        """Let go of the keypad and take it again; raises `ActFailed` where it is not there."""
        self._taken = trio.Event()
        self._hold.cancel()
        with trio.move_on_after(BACK_LIMIT_S):
            await self._taken.wait()
            return
        raise ActFailed(self._health.devices[box].error or "the keypad does not come back")

    async def _serve(self, descriptor: int) -> None:
        async with trio.lowlevel.FdStream(descriptor) as stream, trio.open_nursery() as nursery:
            nursery.start_soon(self._light, descriptor)
            decoder = evdev.Decoder()
            while True:
                try:
                    data = await stream.receive_some(64 * evdev.EVENT.size)
                except (trio.BrokenResourceError, OSError) as error:
                    raise Broken(f"reading the keypad: {words(error.__cause__ or error)}") from error
                if not data:
                    raise Broken("the keypad is gone")
                for cap in decoder.feed(bytes(data)):
                    if (key := self._keys.get(cap)) is not None:
                        self._typist.type(key, cap if cap in DIGITS else "")
                        self._wake()

    def _told(self, outcome: Outcome) -> None:
        self._blinks.append(BLINKS[outcome.kind])
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, trio.Event()
        news.set()

    async def _light(self, descriptor: int) -> None:
        """Keep the lamp; a keypad without one ignores what it is told."""
        while True:
            if self._blinks:
                times, each_s = self._blinks.pop(0)
                del self._blinks[:-1]  # who presses faster than it blinks wants to know of the last
                await _blink(descriptor, times, each_s)
            elif self._test is not None:
                tested, self._test = self._test, None
                await _blink(descriptor, *TEST_BLINKS)
                tested.set()
            elif self._desk.lost:
                await _blink(descriptor, 1, LONG_S)
            else:
                _lamp(descriptor, self._typist.choosing)
                with trio.move_on_after(LOOK_S):
                    await self._news.wait()


def open_device(config: Keypad) -> int:
    """A descriptor of the keypad, which the caller closes.

    Raises:
      Broken: it is not there, may not be read, or another program has it for itself.
    """
    path = config.device or find(config)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        raise Broken(f"opening {path}: {words(error)}") from error
    try:
        if config.grab:
            grab(descriptor, path)
    except Broken:
        os.close(descriptor)
        raise
    return descriptor


def grab(descriptor: int, path: str) -> None:
    """Have the keys for oneself, so that they do not type into the desktop as well.

    Raises:
      Broken: another program has them, or it is no input device.
    """
    try:
        fcntl.ioctl(descriptor, evdev.EVIOCGRAB, 1)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise Broken(f"another program has {path} for itself: is an agent running?") from error
        raise Broken(f"{path} cannot be held: {words(error)}; is it an input device?") from error


def find(config: Keypad) -> str:
    """Path of the first device with the name and USB id that the file gives.

    Raises:
      Broken: there is none.
    """
    denied = 0
    for path in sorted(glob(DEVICES)):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            denied += 1
            continue
        try:
            name, usb = describe(descriptor)
        except OSError:
            continue
        finally:
            os.close(descriptor)
        if config.match.lower() in name.lower() and config.usb.lower() in ("", usb):
            return path
    wanted = " ".join(part for part in (config.match, config.usb) if part)
    may = f"; {denied} devices may not be read by this user" if denied else ""
    raise Broken(f"no keypad {wanted!r}{may}")


def describe(descriptor: int) -> tuple[str, str]:
    """Name of an input device, and its USB id as ``1a2c:0042``.

    Raises:
      OSError: it is none.
    """
    buffer = bytearray(256)
    fcntl.ioctl(descriptor, evdev.name_request(len(buffer)), buffer)
    numbers = bytearray(evdev.ID.size)
    fcntl.ioctl(descriptor, evdev.EVIOCGID, numbers)
    _, vendor, product, _ = evdev.ID.unpack(numbers)
    return buffer.split(b"\0")[0].decode("utf-8", "replace"), f"{vendor:04x}:{product:04x}"


async def _blink(descriptor: int, times: int, each_s: float) -> None:
    for _ in range(times):
        _lamp(descriptor, True)
        await trio.sleep(each_s)
        _lamp(descriptor, False)
        await trio.sleep(each_s)


def _lamp(descriptor: int, on: bool) -> None:
    try:
        os.write(descriptor, evdev.led(on))
    except BlockingIOError:
        pass
    except OSError as error:
        raise Broken(f"writing to the keypad: {words(error)}") from error
