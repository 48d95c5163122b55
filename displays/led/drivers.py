"""From what a bar shows to the bytes of its protocol, over an open way to the device.

A driver sends; `Broken` ends the connection, `Refused` is an answer that no repetition would change.
"""

from __future__ import annotations

import os
import uuid
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Final, Protocol

import structlog
import trio

from callq.agent.channels import Broken, claim_serial, open_datagrams, open_serial, open_tcp
from callq.domain.errors import CallqError
from displays.led.config import MULTICAST
from displays.led.protocols import ddp, flaschen, onbon, sacn, text
from displays.led.sign import Shown, colour_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from callq.agent.channels import Datagrams, Stream
    from displays.led.config import Device
    from displays.led.render import Typesetter

ANSWER_LIMIT_S: Final = 2.0
"""A card answers within some tens of milliseconds; at 9,600 baud a line takes a tenth of a second more."""

BUSY_PAUSE_S: Final = 0.2
ATTEMPTS: Final = 4

KEEPALIVE_S: Final = 5.0
"""How often a card that answers is asked whether it is there."""

CARD_REFRESH_S: Final = 30.0
"""How often a text is sent again to a card that may have lost its power without anybody's noticing."""

PIXEL_REFRESH_S: Final = 1.0
"""How often a picture is sent again: receivers forget it, miss packets, or come back after a power loss."""

_CID_SPACE: Final = uuid.UUID("0b6f2c1e-9a53-4d0e-8a44-5d9a7c3f21e8")
"""Namespace of the sender ids of sACN: a device's id is the same after a restart."""


class Refused(CallqError):
    """The device answered that it cannot do what it was told."""


class Driver(Protocol):
    """One protocol over one open connection."""

    refresh_s: float
    """How often the same content is sent again."""

    async def show(self, lines: Sequence[Shown]) -> None:
        """Send what the bar shows now.

        Raises:
          Broken: the connection is of no use any more.
          Refused: the device does not want it.
        """

    async def check(self) -> None:
        """Make sure that the device is there, as far as the protocol allows; raises like `show`."""

    async def idle(self) -> None:
        """Wait until the device says something or goes; returns only by `Broken`."""


class OnbonDriver:
    """An Onbon text card; every command is answered."""

    refresh_s = CARD_REFRESH_S

    def __init__(self, stream: Stream, device: Device, line: trio.Lock | None) -> None:
        self._stream = stream
        self._device = device
        self._line = line
        self._replies = onbon.Replies()
        self._log = structlog.get_logger().bind(device=device.name)

    async def show(self, lines: Sequence[Shown]) -> None:
        """Set one dynamic area for each line; one without a line is emptied, or it would stay as it was."""
        device = self._device
        high = device.rows // device.line_count
        if device.vertical == "eights":
            high -= high % 8
        lines = [*lines, *[Shown("")] * device.line_count][: device.line_count]
        areas = [
            onbon.Area(
                number=number,
                x=device.x,
                y=device.y + number * high,
                width=device.columns,
                height=high,
                text=onbon.text_of(line.text or " ", colour_of(line, device)),
                align=onbon.alignment(device.align),
                horizontal=device.horizontal,
                vertical=device.vertical,
            )
            for number, line in enumerate(lines)
        ]
        await self._exchange(onbon.update(areas))

    async def check(self) -> None:
        """Ping."""
        await self._exchange(onbon.PING)

    async def idle(self) -> None:
        """Read what nobody asked for, until the connection ends; a shared line is left to the others."""
        while self._line is None:
            for reply in self._replies.feed(await self._stream.receive()):
                self._log.debug(
                    "led_said_unasked", group=reply.group, command=reply.command, error=reply.told
                )
        await trio.sleep_forever()

    async def _exchange(self, data: bytes) -> None:
        frame = onbon.frame(data, target=self._device.target)
        async with self._line or nullcontext():
            for _ in range(ATTEMPTS):
                self._stream.discard()
                await self._stream.send(frame)
                reply = await self._answer()
                if reply.error == 0:
                    return
                self._log.debug("led_refused_once", error=reply.told)
                if reply.error == onbon.BUSY:
                    await trio.sleep(BUSY_PAUSE_S)
                elif reply.error != onbon.BAD_CHECKSUM:
                    break
        raise Refused(f"the card says: {reply.told}")

    async def _answer(self) -> onbon.Reply:
        spoilt = self._replies.spoilt
        with trio.move_on_after(ANSWER_LIMIT_S):
            while True:
                for reply in self._replies.feed(await self._stream.receive()):
                    return reply
        noise = " that can be understood" if self._replies.spoilt > spoilt else ""
        raise Broken(f"the card gave no answer{noise} within {ANSWER_LIMIT_S:g} s")


class TextDriver:
    """A card with the plain text protocol, which answers nothing."""

    refresh_s = CARD_REFRESH_S

    def __init__(self, stream: Stream, device: Device, line: trio.Lock | None) -> None:
        self._stream = stream
        self._device = device
        self._line = line

    async def show(self, lines: Sequence[Shown]) -> None:
        """Send all lines as one text, divided by spaces."""
        whole = " ".join(line.text for line in lines if line.text) or " "
        async with self._line or nullcontext():
            await self._stream.send(text.message(whole, self._device.target))

    async def check(self) -> None:
        """Nothing: there is no question that such a card answers."""

    async def idle(self) -> None:
        """Pass over whatever is said, until the connection ends."""
        while self._line is None:
            await self._stream.receive()
        await trio.sleep_forever()


class PixelDriver:
    """A wall that is sent pictures over UDP, and answers nothing."""

    refresh_s = PIXEL_REFRESH_S

    def __init__(self, datagrams: Datagrams, device: Device, typesetter: Typesetter) -> None:
        self._datagrams = datagrams
        self._device = device
        self._typesetter = typesetter
        self._ddp = ddp.Sequence()
        self._sacn = 0
        self._cid = uuid.uuid5(_CID_SPACE, device.name)

    async def show(self, lines: Sequence[Shown]) -> None:
        """Draw the lines and send the picture."""
        device, rgb = self._device, self._typesetter.rgb(lines, self._device)
        match device.protocol:
            case "ddp":
                for packet in ddp.packets(rgb, self._ddp, kind=int(device.ddp_type, 16)):
                    await self._datagrams.send(packet)
            case "flaschen":
                place = {"x": device.x, "y": device.y, "layer": device.layer}
                await self._datagrams.send(flaschen.datagram(rgb, device.columns, device.rows, **place))
            case _:
                await self._send_universes(rgb)

    async def _send_universes(self, rgb: bytes) -> None:
        device = self._device
        self._sacn = (self._sacn + 1) % 256
        made = sacn.packets(rgb, device.universe, self._sacn, self._cid, priority=device.priority)
        for universe, packet in made:
            group = None
            if device.address == MULTICAST:
                group = (sacn.multicast_group(universe), sacn.PORT)
            await self._datagrams.send(packet, group)

    async def check(self) -> None:
        """Nothing: these protocols are not answered."""

    async def idle(self) -> None:
        """Nothing comes back."""
        await trio.sleep_forever()


class Lines:
    """Serial lines of this process: several cards may hang on one, and one exchange happens at a time."""

    def __init__(self) -> None:
        self._turns: dict[str, trio.Lock] = {}
        self._claims: dict[str, list[int]] = {}

    def turn(self, path: str) -> trio.Lock:
        """Whoever holds this lock may speak on the line."""
        return self._turns.setdefault(path, trio.Lock())

    @contextmanager
    def claimed(self, path: str) -> Iterator[None]:
        """Keep other programs of callq from a line as long as the block runs.

        Raises:
          Broken: one of them has it, or it cannot be opened.
        """
        users = self._claims.setdefault(path, [])
        if not users:
            users.append(claim_serial(path))
        users.append(users[0])
        try:
            yield
        finally:
            users.pop()
            if len(users) == 1:
                os.close(users.pop())


@asynccontextmanager
async def open_driver(device: Device, typesetter: Typesetter | None, lines: Lines) -> AsyncIterator[Driver]:
    """A device's driver for as long as the block runs.

    Args:
      device: as configured.
      typesetter: only walls that are sent pixels need it.
      lines: of this process.

    Raises:
      Broken: the device cannot be reached.
    """
    if device.pixels:
        assert typesetter is not None, "whoever sends pixels has fonts"
        async with open_datagrams(None if device.address == MULTICAST else device.place) as datagrams:
            yield PixelDriver(datagrams, device, typesetter)
        return
    made = OnbonDriver if device.protocol == "onbon" else TextDriver
    if not device.serial:
        async with open_tcp(device.place) as stream:
            yield made(stream, device, None)
        return
    with lines.claimed(device.address):
        async with open_serial(device.address, device.baud) as stream:
            yield made(stream, device, lines.turn(device.address))
