"""Lines with boxes: opened, read, answered, and opened again whenever they end."""

from __future__ import annotations

import os
import re
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import structlog
import trio

from callq.agent import ActFailed
from callq.agent.channels import Broken, claim_serial, first_of, open_serial, open_tcp
from callq.agent.pauses import Pauses
from panels.callbox.codecs import hub95, lcd21
from panels.callbox.keys import Wish
from panels.callbox.reporting import BACK_LIMIT_S, there
from panels.callbox.typist import Typist

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from callq.agent.channels import Stream
    from panels.callbox.config import Box, Line
    from panels.callbox.desk import Desk, Outcome
    from panels.callbox.health import Health

SILENT_S: Final = 5.0
"""A box that polls every second and was not heard for so long is away."""

REPEAT_S: Final = 3.0
"""A request that the box has not confirmed is the same press when it comes again within this of the last."""

REFRESH_S: Final = 30.0
"""How often a display is told the same again."""

FAULT_S: Final = 5.0
"""How long a box says that a press was never answered."""

TEST_S: Final = 5.0
"""How long a display shows that it is tested."""

GOOD_AFTER_S: Final = 5.0
"""A line that stayed open for so long was a good one: the next pause is a short one."""


TEST_WORDS: Final = "测试"
LOST_WORDS: Final = "连接中断"
STATE_WORDS: Final = {
    "closed": "未开放",
    "idle": "空闲",
    "calling": "叫号中",
    "serving": "办理中",
    "paused": "暂停",
}


class Service(Protocol):
    """What speaks a protocol on an open line."""

    async def run(self, stream: Stream) -> None:
        """Serve until the line ends.

        Raises:
          Broken: it has ended.
        """

    async def test(self, address: int) -> None:
        """Show for some seconds that a box is tested; raises `ActFailed` where it can show no such thing."""

    def resend(self, address: int) -> None:
        """Show again what a box is to show; raises `ActFailed` where it shows nothing."""


class BoxLine:
    """A line and its boxes."""

    def __init__(self, config: Line, desks: dict[str, Desk], health: Health, presses: trio.Nursery) -> None:
        self.config = config
        self._health = health
        self._addresses = {box.name: box.address for box in config.boxes}
        self._hold = trio.CancelScope()
        self._opened = trio.Event()
        self._service: Service
        if config.protocol == "95h":
            self._service = Hub95(config, desks, health, presses)
        else:
            self._service = Lcd21(config, desks, health, presses)

    async def run(self) -> None:
        """Serve the line until cancelled."""
        pauses = Pauses()
        while True:
            began = trio.current_time()
            try:
                with trio.CancelScope() as self._hold:
                    async with open_line(self.config) as stream:
                        self._opened.set()
                        await self._service.run(stream)
            except* Broken as broken:
                error = str(first_of(broken))
                for box in self.config.boxes:
                    self._health.lost(box.name, error)
            if trio.current_time() - began > GOOD_AFTER_S:
                pauses.reset()
            await trio.sleep(pauses.next_s())

    async def test(self, box: str) -> None:
        """Test a box; raises `ActFailed`."""
        there(self._health.devices[box])
        await self._service.test(self._addresses[box])
        there(self._health.devices[box])

    async def resend(self, box: str) -> None:
        """Tell a box again what it is to show; raises `ActFailed`."""
        there(self._health.devices[box])
        self._service.resend(self._addresses[box])

    async def restart(self, box: str) -> None:
        """Open the line again, for all its boxes; raises `ActFailed` where that cannot be done."""
        self._opened = trio.Event()
        self._hold.cancel()
        with trio.move_on_after(BACK_LIMIT_S):
            await self._opened.wait()
            return
        raise ActFailed(self._health.devices[box].error or "the line cannot be opened")


@asynccontextmanager
async def open_line(config: Line) -> AsyncIterator[Stream]:
    """The way to a line's boxes, which is this program's alone; raises `Broken`."""
    if config.serial:
        claim = claim_serial(config.address)
        try:
            async with open_serial(config.address, config.baud) as stream:
                yield stream
        finally:
            os.close(claim)
    else:
        async with open_tcp(config.place) as stream:
            yield stream


class HubBox:
    """A box of a 95H hub.

    Attributes:
      shown: what it is told, made whenever the window changes: no answer waits for the server.
    """

    def __init__(self, config: Box, line: Line, typist: Typist) -> None:
        self.config = config
        self.typist = typist
        self.heard_s: float | None = None
        self.changed = trio.Event()
        self._line = line
        self._open: tuple[int, float] | None = None
        self._fault_until_s = 0.0
        self.shown = hub95.Shown()
        self.renew()
        typist.desk.listen(self.renew)

    def renew(self) -> None:
        """Make what the box is told anew."""
        shown = self._shown()
        if shown != self.shown:
            self.shown = shown
            self.again()

    def again(self) -> None:
        """Push what the box is told, where the line allows that."""
        changed, self.changed = self.changed, trio.Event()
        changed.set()

    def told(self, outcome: Outcome) -> None:
        """A press was answered, or never was."""
        if outcome.kind == "given_up":
            self._fault_until_s = trio.current_time() + FAULT_S
        self.renew()

    def take(self, frame: hub95.Frame) -> bytes:
        """A frame of the box; the answer, empty where there is none."""
        now = trio.current_time()
        self.heard_s = now
        if frame.kind == hub95.CONFIRMED:
            self._open = None
            return b""
        if frame.kind == hub95.PRESSED:
            repeated = self._repeated(frame.request, now)
            # Each repetition counts anew: one that goes on for long is no second press in the end.
            self._open = (frame.request, now)
            if not repeated:
                self._press(frame.request)
        if self._fault_until_s and now > self._fault_until_s:
            self._fault_until_s = 0.0
            self.renew()
        return self.shown.answer(self.config.address, frame.request)

    def _repeated(self, request: int, now: float) -> bool:
        return self._open is not None and self._open[0] == request and now - self._open[1] < REPEAT_S

    def _press(self, request: int) -> None:
        if request == hub95.CALL:
            self.typist.press(Wish(self._line.call))
        elif request == hub95.PAUSE:
            self.typist.press(Wish("toggle_pause"))
        elif request == hub95.RECALL:
            self.typist.press(Wish("recall_or_miss" if self._line.miss_after_recalls else "recall"))
        else:
            structlog.get_logger().warning(
                "callbox_key_unknown", device=self.config.name, key=f"{request:02X}"
            )

    def _shown(self) -> hub95.Shown:
        desk = self.typist.desk
        panel = desk.panel
        if panel is None or desk.lost or self._fault_until_s:
            return hub95.Shown(hub95.FAULT)
        window, current = panel["window"], panel["current"]
        number = hub95.NOBODY
        if current is not None:
            ticket = current["ticket"]
            number = number_on_box(ticket["number"], ticket["service"], self._line.services)
        elif window["state"] == "paused":
            number = hub95.PAUSED
        waiting = sum(queue["count"] for queue in panel["queues"])
        return hub95.Shown(number, label_on_box(window["label"]), waiting)


def number_on_box(number: str, service: str, services: tuple[str, ...]) -> int:
    """The two bytes of a ticket's number: its digits, and its service in the top four bits.

    A number that has no digits or too many cannot be shown: it is told as a fault, not as another number.
    """
    digits = "".join(re.findall(r"[0-9]+", number)[-1:])
    if not digits or int(digits) > hub95.MAX_NUMBER:
        return hub95.FAULT
    place = services.index(service) + 1 if service in services else 0
    return place << 12 | int(digits)


def label_on_box(label: str) -> int:
    """The byte of a window's label; 0 for one that is no number."""
    return int(label) if label.isascii() and label.isdigit() and int(label) <= 0xFF else 0


class Hub95:
    """The boxes of a 95H hub."""

    def __init__(self, line: Line, desks: dict[str, Desk], health: Health, presses: trio.Nursery) -> None:
        self._line = line
        self._health = health
        self.boxes: dict[int, HubBox] = {}
        for config in line.boxes:
            typist = Typist(config, desks[config.window], health, presses, self._teller(config.address))
            self.boxes[config.address] = HubBox(config, line, typist)

    def _teller(self, address: int) -> Callable[[Outcome], None]:
        return lambda outcome: self.boxes[address].told(outcome)

    async def run(self, stream: Stream) -> None:
        """Answer frames; raises `Broken`."""
        decoder, passed = hub95.Decoder(), 0
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch)
            if self._line.push:
                for box in self.boxes.values():
                    nursery.start_soon(self._push, stream, box)
            while True:
                data = await stream.receive()
                came = trio.current_time()
                for frame in decoder.feed(data, came):
                    if frame.address not in self.boxes:
                        continue  # a box of somebody else's on the same line
                    box = self.boxes[frame.address]
                    if answer := box.take(frame):
                        await stream.send(answer)
                        self._health.answered(self._line.name, trio.current_time() - came)
                    self._health.present(box.config.name)
                if decoder.garbage != passed:
                    self._health.garbage(self._line.name, decoder.garbage - passed)
                    passed = decoder.garbage

    async def test(self, address: int) -> None:
        """Nothing: it shows numbers alone, and each of them is somebody's."""
        raise ActFailed("this box shows nothing but numbers: press its recall key and see what it shows")

    def resend(self, address: int) -> None:
        """Push it where the line allows that; else the box asks by itself within a second."""
        self.boxes[address].again()

    async def _watch(self) -> None:
        """Boxes that fall silent on a line that stays open."""
        since = trio.current_time()
        while True:
            await trio.sleep(SILENT_S / 5)
            for box in self.boxes.values():
                if trio.current_time() - max(since, box.heard_s or 0) > SILENT_S:
                    self._health.silent(box.config.name)

    async def _push(self, stream: Stream, box: HubBox) -> None:
        while True:
            await box.changed.wait()
            await stream.send(box.shown.answer(box.config.address, hub95.CALL))


class Lcd21:
    """Boxes with 21 keys and a display."""

    def __init__(self, line: Line, desks: dict[str, Desk], health: Health, presses: trio.Nursery) -> None:
        self._line = line
        self._health = health
        self._keys = {bytes.fromhex(key): meaning for key, meaning in line.keys.items()}
        self._typists = {box.address: Typist(box, desks[box.window], health, presses) for box in line.boxes}
        self._tested: set[int] = set()
        self._again: set[int] = set()
        """Displays to be written anew, though they have what they are to show."""
        self._news = {address: trio.Event() for address in self._typists}
        for address, typist in self._typists.items():
            typist.desk.listen(partial(self._wake, address))

    async def run(self, stream: Stream) -> None:
        """Take keys, and keep the displays; raises `Broken`."""
        decoder, passed = lcd21.Decoder(), 0
        async with trio.open_nursery() as nursery:
            if self._line.show:
                for address, typist in self._typists.items():
                    nursery.start_soon(self._keep, stream, address, typist.desk)
            while True:
                data = await stream.receive()
                for frame in decoder.feed(data, trio.current_time()):
                    if frame.address in self._typists:
                        await self._take(stream, self._typists[frame.address], frame)
                if decoder.garbage != passed:
                    self._health.garbage(self._line.name, decoder.garbage - passed)
                    passed = decoder.garbage

    async def _take(self, stream: Stream, typist: Typist, frame: lcd21.Frame) -> None:
        said = bytes((frame.command,)) + frame.data
        self._health.present(typist.box.name)
        # The longest that fits: a table may name a command alone and one of its data besides.
        fitting = [key for key in self._keys if said.startswith(key)]
        if not fitting:
            structlog.get_logger().warning(
                "callbox_key_unknown", device=typist.box.name, key=said[:8].hex().upper()
            )
            return
        typist.type(self._keys[max(fitting, key=len)])
        if self._line.answer:
            await stream.send(lcd21.Frame(frame.address, int(self._line.answer, 16)).encode())

    async def test(self, address: int) -> None:
        """Show for some seconds which window it is at."""
        self._tested.add(address)
        try:
            self.resend(address)
            await trio.sleep(TEST_S)
        finally:
            self._tested.discard(address)
            self.resend(address)

    def resend(self, address: int) -> None:
        """Write the display anew; what it shows now is on its way when this returns."""
        if not self._line.show:
            raise ActFailed("this box has no display, or `show` is not in the file")
        self._again.add(address)
        self._wake(address)

    def _wake(self, address: int) -> None:
        self._news[address].set()

    async def _keep(self, stream: Stream, address: int, desk: Desk) -> None:
        """Whatever the window comes to, on a display; again now and then, for one that lost its power."""
        shown: str | None = None
        while True:
            news = self._news[address] = trio.Event()
            text = self._text(desk, address)
            if text != shown:
                data = text.encode("gbk", "replace")
                await stream.send(lcd21.Frame(address, int(self._line.show, 16), data).encode())
                shown = text
            shown_until = trio.current_time() + REFRESH_S
            with trio.move_on_at(shown_until) as waiting:
                await news.wait()
            if waiting.cancelled_caught or address in self._again:
                self._again.discard(address)
                shown = None

    def _text(self, desk: Desk, address: int) -> str:
        panel = desk.panel
        if address in self._tested:
            return f"{desk.window} {TEST_WORDS}"
        if panel is None or desk.lost:
            return LOST_WORDS
        current = panel["current"]
        return self._line.text.format(
            number=current["ticket"]["number"] if current else "",
            window=panel["window"]["label"],
            waiting=sum(queue["count"] for queue in panel["queues"]),
            state=STATE_WORDS[panel["window"]["state"]],
        )
