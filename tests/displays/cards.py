"""Simulated devices on real sockets and terminals: what comes is decoded at once, from the descriptions."""

from __future__ import annotations

import os
import pty
import tty
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

from tests.displays import decoders

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

WITHIN_S = 10.0


async def until(holds: Callable[[], object]) -> None:
    """Wait until something holds that nobody tells of."""
    with trio.fail_after(WITHIN_S):
        while not holds():  # noqa: ASYNC110
            await trio.sleep(0.01)


class Seen:
    """What a device has shown, for whoever waits for it."""

    def __init__(self) -> None:
        self.shown: list[list[str]] = []
        """Texts of the lines, each time that something was sent."""
        self._news = trio.Event()

    def show(self, lines: list[str]) -> None:
        self.shown.append(lines)
        news, self._news = self._news, trio.Event()
        news.set()

    async def until(self, wanted: Callable[[list[str]], bool], *, after: int = 0) -> list[str]:
        """The first lines from number `after` on that are wanted."""
        with trio.fail_after(WITHIN_S):
            while True:
                for lines in self.shown[after:]:
                    if wanted(lines):
                        return lines
                await self._news.wait()


class OnbonCard(Seen):
    """An Onbon card: keeps its areas until it loses its power, and answers every frame.

    Attributes:
      error: of the next answers; None: it does not answer.
      chatter: bytes sent before each answer.
      pings: how often it was asked whether it is there.
    """

    def __init__(self, address: int = 1) -> None:
        super().__init__()
        self.address = address
        self.error: int | None = 0
        self.chatter = b""
        self.pings = 0
        self.areas: dict[int, tuple[str, str]] = {}
        self._buffer = b""

    def take(self, received: bytes) -> bytes:
        """Bytes for the card; its answer."""
        self._buffer += received
        answer = b""
        while (end := self._buffer.find(b"\x5a")) >= 0:
            whole, self._buffer = self._buffer[: end + 1], self._buffer[end + 1 :]
            (frame,) = decoders.onbon_frames(whole)
            if frame.dst not in (self.address, 0xFFFE):
                continue
            if frame.data[:2] == b"\xa2\x00":
                self.pings += 1
            elif self.error == 0 and frame.data[:2] == b"\xa3\x06":
                for area in decoders.onbon_areas(frame.data):
                    self.areas[area.number] = decoders.onbon_text(area.text)
                self.show([self.areas[number][1] for number in sorted(self.areas)])
            if self.error is not None:
                answer += self.chatter + decoders.onbon_reply(0xA0, 0x00, self.error, src=self.address)
        return answer

    def lose_power(self) -> None:
        """Forget everything."""
        self.areas.clear()
        self._buffer = b""


class TextCard(Seen):
    """A card with the plain text protocol, which never answers."""

    def __init__(self, address: int = 1) -> None:
        super().__init__()
        self.address = address
        self._buffer = b""

    def take(self, received: bytes) -> bytes:
        self._buffer += received
        while (end := self._buffer.find(b"\r")) >= 0:
            whole, self._buffer = self._buffer[: end + 1], self._buffer[end + 1 :]
            ((address, text),) = decoders.text_messages(whole)
            if address == self.address:
                self.show([text])
        return b""

    def lose_power(self) -> None:
        self._buffer = b""


class OnTcp:
    """A card on TCP, with a plug to pull."""

    def __init__(self, card: OnbonCard | TextCard, nursery: trio.Nursery) -> None:
        self.card = card
        self.port = 0
        self.connections = 0
        self._nursery = nursery
        self._power: trio.CancelScope | None = None

    async def power_on(self) -> None:
        self.port = await self._nursery.start(self._run)

    def power_off(self) -> None:
        assert self._power is not None
        self._power.cancel()
        self.card.lose_power()

    async def _run(self, task_status: trio.TaskStatus[int]) -> None:
        with trio.CancelScope() as self._power:
            listeners = await trio.open_tcp_listeners(self.port, host="127.0.0.1")
            port = listeners[0].socket.getsockname()[1]
            await trio.serve_listeners(self._serve, listeners, task_status=_Ported(task_status, port))

    async def _serve(self, stream: trio.SocketStream) -> None:
        self.connections += 1
        try:
            while received := await stream.receive_some(4096):
                if answer := self.card.take(received):
                    await stream.send_all(answer)
        except trio.BrokenResourceError:
            pass
        finally:
            await trio.aclose_forcefully(stream)


class _Ported:
    """Says the port once the listeners are served."""

    def __init__(self, inner: trio.TaskStatus[int], port: int) -> None:
        self._inner, self._port = inner, port

    def started(self, value: object = None) -> None:
        self._inner.started(self._port)


@asynccontextmanager
async def on_tcp(card: OnbonCard | TextCard) -> AsyncIterator[OnTcp]:
    """A card on TCP until the block ends."""
    async with trio.open_nursery() as nursery:
        plug = OnTcp(card, nursery)
        await plug.power_on()
        yield plug
        nursery.cancel_scope.cancel()


class SerialLine:
    """Cards on one serial line, here a pseudo-terminal.

    Attributes:
      path: to open.
      answer_s: how long a card takes to answer.
      collisions: how often somebody spoke before the answer to somebody else.
    """

    def __init__(
        self, path: str, end: trio.lowlevel.FdStream, cards: tuple[OnbonCard | TextCard, ...]
    ) -> None:
        self.path = path
        self.answer_s = 0.0
        self.collisions = 0
        self._end = end
        self._cards = cards

    async def run(self) -> None:
        received = b""
        while True:
            received = received or bytes(await self._end.receive_some(256))
            answers = [answer for card in self._cards if (answer := card.take(received))]
            self.collisions += max(0, len(answers) - 1)
            answer, received = b"".join(answers), b""
            if answer and self.answer_s:
                with trio.move_on_after(self.answer_s):
                    received = bytes(await self._end.receive_some(256))
                    self.collisions += 1
            # As over a slow line: in pieces.
            for at in range(0, len(answer), 7):
                await self.say(answer[at : at + 7])

    async def aclose(self) -> None:
        await self._end.aclose()

    async def say(self, data: bytes) -> None:
        """Say something on the line."""
        await self._end.send_all(data)


@asynccontextmanager
async def on_serial(*cards: OnbonCard | TextCard) -> AsyncIterator[SerialLine]:
    """Cards on one serial line until the block ends."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    line = SerialLine(os.ttyname(theirs), trio.lowlevel.FdStream(ours), cards)
    # Whatever is awaited on the way out is outside of what is cancelled, or it would hide what went wrong.
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(line.run)
            yield line
            nursery.cancel_scope.cancel()
    finally:
        os.close(theirs)
        await line.aclose()


class UdpWall:
    """A wall on UDP that keeps what it gets."""

    def __init__(self, port: int, receiver: trio.socket.SocketType) -> None:
        self.port = port
        self.datagrams: list[bytes] = []
        self.times: list[float] = []
        self._receiver = receiver
        self._news = trio.Event()

    async def run(self) -> None:
        while True:
            self.datagrams.append(await self._receiver.recv(65536))
            self.times.append(trio.current_time())
            news, self._news = self._news, trio.Event()
            news.set()

    async def wait(self, wanted: Callable[[list[bytes]], bool]) -> None:
        with trio.fail_after(WITHIN_S):
            while not wanted(self.datagrams):
                await self._news.wait()


@asynccontextmanager
async def on_udp(port: int = 0) -> AsyncIterator[UdpWall]:
    """A wall until the block ends."""
    with trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM) as receiver:
        await receiver.bind(("127.0.0.1", port))
        wall = UdpWall(receiver.getsockname()[1], receiver)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wall.run)
            yield wall
            nursery.cancel_scope.cancel()
