"""Boxes as their descriptions have them: nothing here knows the agent's codecs."""

from __future__ import annotations

import os
import pty
import struct
import tty
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio

from tests.displays.cards import WITHIN_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

CALL, PAUSE, RECALL = 0x0C, 0x0E, 0x0F


def check_byte(ten: bytes) -> int:
    check = 0
    for byte in ten:
        check ^= byte
    return check


def hub_frame(kind: int, address: int, request: int, rest: bytes = bytes(6)) -> bytes:
    ten = bytes((0x95, kind, address, request, *rest))
    assert len(ten) == 10
    return ten + bytes((check_byte(ten),))


@dataclass(frozen=True)
class HubAnswer:
    """`95 DD address request number(2) window waiting(2) 00 check`."""

    address: int
    request: int
    number: int
    service: int
    window: int
    waiting: int
    raw: int


def hub_answer(frame: bytes) -> HubAnswer:
    assert len(frame) == 11, frame.hex()
    assert frame[:2] == b"\x95\xdd", frame.hex()
    assert check_byte(frame[:10]) == frame[10], frame.hex()
    assert frame[9] == 0
    raw, window, waiting = struct.unpack("<HBH", frame[4:9])
    return HubAnswer(frame[2], frame[3], raw & 0x0FFF, raw >> 12, window, waiting, raw)


def lcd_frame(address: int, command: int, data: bytes = b"") -> bytes:
    body = bytes((address, command)) + data
    total = 0
    for byte in body:
        total = (total + byte) % 256
    return bytes((0xFF, 0x68, len(body), len(body), 0x68)) + body + bytes((total, 0x16))


def lcd_said(stream: bytes) -> list[tuple[int, int, bytes]]:
    """Address, command and data of frames that follow each other without anything between."""
    found = []
    while len(stream) >= 7:
        assert stream[0] == 0xFF
        assert stream[1] == stream[4] == 0x68
        length = stream[2]
        assert length == stream[3]
        body, tail = stream[5 : 5 + length], stream[5 + length : 7 + length]
        if len(tail) < 2:
            break
        assert tail == bytes((sum(body) % 256, 0x16))
        found.append((body[0], body[1], body[2:]))
        stream = stream[7 + length :]
    return found


class Wire:
    """The boxes' end of a line: keeps what the agent says."""

    def __init__(self, end: trio.abc.Stream, path: str) -> None:
        self.path = path
        self.said = b""
        self._end = end
        self._news = trio.Event()

    async def listen(self) -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError, OSError):
            while data := await self._end.receive_some(4096):
                self.said += bytes(data)
                news, self._news = self._news, trio.Event()
                news.set()

    async def say(self, data: bytes) -> None:
        await self._end.send_all(data)

    async def more(self, than: int) -> None:
        """Wait until the agent has said more than so many bytes."""
        with trio.fail_after(WITHIN_S):
            while len(self.said) <= than:
                await self._news.wait()

    async def answer(self, frame: bytes) -> HubAnswer:
        """Say something as a hub's box; what comes back, and nothing else does."""
        before = len(self.said)
        await self.say(frame)
        await self.more(before + 10)
        assert len(self.said) == before + 11
        return hub_answer(self.said[before:])

    async def press(self, address: int, request: int, *, confirm: bool = True) -> HubAnswer:
        answer = await self.answer(hub_frame(0x22, address, request))
        assert (answer.address, answer.request) == (address, request)
        if confirm:
            await self.say(hub_frame(0x33, address, request))
        return answer

    async def poll(self, address: int) -> HubAnswer:
        return await self.answer(hub_frame(0x11, address, 0))

    def last(self) -> HubAnswer:
        """What was said last, as far as it is whole."""
        whole = len(self.said) - len(self.said) % 11
        return hub_answer(self.said[whole - 11 : whole])

    async def until(self, address: int, wanted: Callable[[HubAnswer], object]) -> HubAnswer:
        """Poll, though faster than a box does, until it is told what is wanted."""
        with trio.fail_after(WITHIN_S):
            while not wanted(answer := await self.poll(address)):  # noqa: ASYNC110
                await trio.sleep(0.01)
        return answer


@asynccontextmanager
async def on_pty() -> AsyncIterator[Wire]:
    """A serial line until the block ends."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    end = trio.lowlevel.FdStream(ours)
    wire = Wire(end, os.ttyname(theirs))
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wire.listen)
            yield wire
            nursery.cancel_scope.cancel()
    finally:
        os.close(theirs)
        await end.aclose()


@asynccontextmanager
async def on_server() -> AsyncIterator[Wire]:
    """A serial server with one line, which the agent connects to."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    wire = Wire(None, f"127.0.0.1:{port}")  # type: ignore[arg-type]

    async def serve(stream: trio.SocketStream) -> None:
        wire._end = stream
        await wire.listen()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        yield wire
        nursery.cancel_scope.cancel()


KEYS = {
    "0": 82, "1": 79, "2": 80, "3": 81, "4": 75, "5": 76, "6": 77, "7": 71, "8": 72, "9": 73,
    "Enter": 96, "+": 78, "-": 74, "*": 55, "/": 98, ".": 83, "Backspace": 14,
}  # fmt: skip


def key_event(code: int, value: int) -> bytes:
    """A key and the report that ends it, 24 bytes each on a machine of 64 bits."""
    return struct.pack("llHHi", 1, 2, 1, code, value) + struct.pack("llHHi", 1, 2, 0, 0, 0)


class EventPad:
    """A keypad that can be unplugged; here a pseudo-terminal stands for the input device."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lit = 0
        """How often its lamp was lit."""
        self.lamp = False
        self._end: trio.lowlevel.FdStream | None = None
        self._theirs = -1

    def plug_in(self, nursery: trio.Nursery) -> None:
        ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        self._end = trio.lowlevel.FdStream(ours)
        self.path.symlink_to(os.ttyname(self._theirs))
        nursery.start_soon(self._see, self._end)

    async def unplug(self) -> None:
        assert self._end is not None
        self.path.unlink()
        os.close(self._theirs)
        await self._end.aclose()

    async def send(self, data: bytes) -> None:
        assert self._end is not None
        await self._end.send_all(data)

    async def press(self, *keys: str) -> None:
        for key in keys:
            code = KEYS[key]
            await self.send(key_event(code, 1) + key_event(code, 0))

    async def _see(self, end: trio.lowlevel.FdStream) -> None:
        rest = b""
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError, OSError):
            while data := await end.receive_some(4096):
                rest += bytes(data)
                while len(rest) >= 24:
                    _, _, kind, code, value = struct.unpack("llHHi", rest[:24])
                    rest = rest[24:]
                    if kind == 0x11:
                        assert code == 0, "Num Lock"
                        self.lit += bool(value) and not self.lamp
                        self.lamp = bool(value)
                    else:
                        assert (kind, code, value) == (0, 0, 0)


@asynccontextmanager
async def on_usb(path: Path) -> AsyncIterator[tuple[EventPad, trio.Nursery]]:
    """A keypad that is plugged in."""
    pad = EventPad(path)
    async with trio.open_nursery() as nursery:
        pad.plug_in(nursery)
        yield pad, nursery
        nursery.cancel_scope.cancel()
    await pad.unplug()
