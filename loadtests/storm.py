"""Strangers who storm the doors of a server, in a process of their own.

A thousand a second open a connection and drop it: silent, in the middle of a request, after half a
handshake, after a whole one, in the middle of a large message or of its parts, or with garbage. Others stay:
they ask and never take an answer, without a token more of them than the server has places, and with one; they
send a byte now and then; they flood.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import socket
import struct
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple

import trio

from loadtests.client import CONTINUED, PONG, TEXT, frame, handshake

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from multiprocessing.connection import Connection

OPENED: Final = "opened"
LARGE: Final = "large"
UNTAKEN: Final = "untaken"
"""What is counted: connections opened and dropped, of them those dropped in a large message, and those
without a token on which answers were asked for and never taken."""

AT_ONCE: Final = 500
"""Connections on their way to be dropped."""

TAKE_NOTHING: Final = 520
"""Without a token."""

FEEDS_NOT_READ: Final = 20
SLOW: Final = 40
FLOODS: Final = 2

_GONE: Final = (OSError, trio.BrokenResourceError)
"""Whatever the server does, the storm goes on."""


class Storm(NamedTuple):
    """What blows.

    Attributes:
      port: of loopback.
      hall: id.
      token: of a screen.
      rate: connections opened and dropped a second.
      seconds: how long.
    """

    port: int
    hall: str
    token: str
    rate: int
    seconds: float


@contextmanager
def blowing(storm: Storm) -> Iterator[Counter[str]]:
    """A storm while the block runs; what it did is counted when it is over.

    Raises:
      RuntimeError: it broke down.
    """
    context = multiprocessing.get_context("fork")
    told, telling = context.Pipe(duplex=False)
    process = context.Process(target=_blow, args=(storm, telling))
    process.start()
    telling.close()
    counted: Counter[str] = Counter()
    try:
        yield counted
        if not told.poll(storm.seconds + 30):
            raise RuntimeError("the storm does not end")
        counted.update(told.recv())
    except EOFError:
        raise RuntimeError("the storm broke down") from None
    finally:
        process.kill()
        process.join()
        told.close()


def _blow(storm: Storm, telling: Connection) -> None:
    strangers = _Strangers(storm)

    async def main() -> None:
        with trio.move_on_after(storm.seconds):
            async with trio.open_nursery() as nursery:
                staying = (
                    (strangers.takes_nothing, TAKE_NOTHING, 2.0),
                    (strangers.reads_no_feed, FEEDS_NOT_READ, 0.1),
                    (strangers.slow, SLOW, 0.1),
                    (strangers.floods, FLOODS, 0.1),
                )
                for stranger, count, pause_s in staying:
                    for number in range(count):
                        nursery.start_soon(_again_and_again, stranger, number, pause_s)
                nursery.start_soon(strangers.drop)

    trio.run(main)
    telling.send(strangers.counted)


async def _again_and_again(stranger: Callable[[int], Awaitable[None]], number: int, pause_s: float) -> None:
    while True:
        with suppress(*_GONE):
            await stranger(number)
        await trio.sleep(random.uniform(0, pause_s))


class _Dropped(NamedTuple):
    """A way to go.

    Attributes:
      sent: before it.
      feed: whether a feed is opened first.
      large: whether that is a part of a large message.
    """

    sent: bytes
    feed: bool = False
    large: bool = False


class _Strangers:
    def __init__(self, storm: Storm) -> None:
        self._storm = storm
        self._handshake = handshake(storm.hall, storm.token)
        self._post = f"POST /v1/halls/{storm.hall}/tickets HTTP/1.1\r\nHost: x\r\n".encode()
        self.counted: Counter[str] = Counter()
        large = frame(b" " * 60 * 1024)
        parts = frame(b" " * 20_000, TEXT, last=False) + frame(b" " * 20_000, CONTINUED, last=False)
        early = (b"", self._post[:30], self._handshake[:60], os.urandom(400))
        self._ways = (
            *(_Dropped(sent) for sent in early * 3),
            *(_Dropped(b"", feed=True),) * 2,
            _Dropped(large[: len(large) // 2], feed=True, large=True),
            _Dropped(parts, feed=True, large=True),
        )
        """In turns; three quarters of them never get as far as a feed."""

    async def _connect(self, *, window: int | None = None) -> trio.SocketStream:
        """A connection; `window`: so much fits into each of its buffers."""
        client = trio.socket.socket()
        try:
            if window is not None:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, window)
            await client.connect(("127.0.0.1", self._storm.port))
        except BaseException:
            client.close()
            raise
        return trio.SocketStream(client)

    async def drop(self) -> None:
        """Open and drop connections, so many a second."""
        at_once = trio.CapacityLimiter(AT_ONCE)

        async def one(number: int) -> None:
            async with at_once:
                with trio.move_on_after(2), suppress(*_GONE):
                    await self._drop(number)

        async with trio.open_nursery() as nursery:
            began, number = trio.current_time(), 0
            while True:
                due = int((trio.current_time() - began) * self._storm.rate)
                while number < due:
                    nursery.start_soon(one, number)
                    number += 1
                await trio.sleep(0.005)

    async def _drop(self, number: int) -> None:
        way = self._ways[number % len(self._ways)]
        stream = await self._connect()
        self.counted[OPENED] += 1
        try:
            if way.feed:
                await stream.send_all(self._handshake)
                if not (await stream.receive_some(4096)).startswith(b"HTTP/1.1 101"):
                    return
            if way.sent:
                await stream.send_all(way.sent)
            if way.large:
                self.counted[LARGE] += 1
                # So that it is there before the end is, which would throw it away.
                await trio.sleep(0.02)
            if way.large or number // len(self._ways) % 2:
                # Without a goodbye.
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        finally:
            await trio.aclose_forcefully(stream)

    async def takes_nothing(self, number: int) -> None:
        """Ask for what anybody may have, as often as it is taken, and never read."""
        ask = (
            b"GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        )
        async with await self._connect(window=4096) as stream:
            self.counted[UNTAKEN] += 1
            while True:
                await stream.send_all(ask[number % 2] * 50)

    async def reads_no_feed(self, number: int) -> None:
        """Ask for views, or for commands, as often as it is taken, and never read."""
        ask = (
            b'{"type":"subscribe","view":"board"}',
            b'{"type":"command","id":1,"window":"w1","command":"start"}',
        )[number % 2]
        async with await self._connect(window=4096) as stream:
            await stream.send_all(self._handshake)
            await stream.receive_some(1)
            while True:
                await stream.send_all(frame(ask) * 50)

    async def slow(self, number: int) -> None:
        """Send what is right, a byte now and then: headers, a body, frames."""
        bearer = f"Authorization: Bearer {self._storm.token}\r\nContent-Length: 60000\r\n\r\n".encode()
        begin, rest = (
            (b"GET / HTTP/1.1\r\n", b"X: " + b"x" * 60_000),
            (self._post + bearer, b" " * 60_000),
            (self._handshake, frame(b" " * 60_000)),
        )[number % 3]
        async with await self._connect() as stream:
            await stream.send_all(begin)
            for place in range(len(rest)):
                await stream.send_all(rest[place : place + 1])
                await trio.sleep(random.uniform(0.05, 0.3))

    async def floods(self, number: int) -> None:
        """Frames as fast as they are taken: pongs that mean nothing, or messages that make no sense."""
        content = (frame(b"", PONG) * 5_000, frame(b'{"type":"ping","x":1}') * 500)[number % 2]
        async with await self._connect() as stream:
            await stream.send_all(self._handshake)
            # Without reading what comes back: frames of others are refused until none is taken.
            while True:
                await stream.send_all(content)
