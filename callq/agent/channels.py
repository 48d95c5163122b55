"""Ways to a device: TCP, a serial line, UDP. Whatever fails is `Broken`, with words for a technician."""

from __future__ import annotations

import fcntl
import os
import re
import socket
import termios
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import trio

from callq.domain.errors import CallqError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

CONNECT_LIMIT_S: Final = 3.0
SEND_LIMIT_S: Final = 3.0
"""For bytes that the other side does not take."""

SILENCE_MS: Final = 10_000
"""A TCP peer that acknowledges nothing for so long is gone: it lost its power and said no goodbye."""

_RECEIVE: Final = 4096


BAUDS: Final = (1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200)
"""Speeds of a serial line."""


class Broken(CallqError):
    """The device cannot be reached, or the way to it ended."""


class Place(NamedTuple):
    """Where a device listens."""

    host: str
    port: int


def place_of(address: str, port: int) -> Place:
    """Host and port of ``host``, ``host:port`` or ``[v6]:port``.

    Raises:
      ValueError: it is none of them.
    """
    found = re.fullmatch(
        r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}))(?::(?P<port>[0-9]{1,5}))?",
        address,
    )
    if not found or not 0 < int(found["port"] or port) <= 65_535:
        raise ValueError(address)
    return Place(found["v6"] or found["host"], int(found["port"] or port))


class Stream(Protocol):
    """Bytes both ways."""

    async def send(self, data: bytes) -> None:
        """Send all.

        Raises:
          Broken: not possible.
        """

    async def receive(self) -> bytes:
        """What comes next.

        Raises:
          Broken: nothing comes any more.
        """

    def discard(self) -> None:
        """Forget what has come and was not received."""


def first_of(group: BaseExceptionGroup[Broken]) -> BaseException:
    """What broke first of what ended a nursery."""
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found


@contextmanager
def told(what: str, limit_s: float) -> Iterator[None]:
    """Turn what goes wrong within the block, and its lasting longer, into `Broken`."""
    try:
        with trio.fail_after(limit_s):
            yield
    except trio.TooSlowError as error:
        raise Broken(f"{what}: no answer within {limit_s:g} s") from error
    except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
        raise Broken(f"{what}: {words(error.__cause__ or error)}") from error
    except OSError as error:
        raise Broken(f"{what}: {words(error)}") from error


def words(error: BaseException) -> str:
    """What went wrong, for people."""
    # Where there was one address only, trio names what went wrong with it as the cause.
    cause = error.__cause__
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    if isinstance(cause, OSError):
        error = cause
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__


class TcpStream:
    """A TCP connection."""

    def __init__(self, inner: trio.SocketStream) -> None:
        self._inner = inner
        self._sending = trio.Lock()

    async def send(self, data: bytes) -> None:
        """Send all, after what another task is sending; raises `Broken`."""
        with told("sending", SEND_LIMIT_S):
            async with self._sending:
                await self._inner.send_all(data)

    async def receive(self) -> bytes:
        """What comes next; raises `Broken`."""
        try:
            data = await self._inner.receive_some(_RECEIVE)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise Broken(f"receiving: {words(error.__cause__ or error)}") from error
        if not data:
            raise Broken("the device ended the connection")
        return bytes(data)

    def discard(self) -> None:
        """Nothing: an exchange that failed ends the connection, and all that was in it."""


@asynccontextmanager
async def open_tcp(place: Place) -> AsyncIterator[Stream]:
    """A connection for as long as the block runs.

    Raises:
      Broken: there is none.
    """
    with told(f"connecting to {place.host} port {place.port}", CONNECT_LIMIT_S):
        inner = await trio.open_tcp_stream(place.host, place.port)
    _notice_silence(inner.socket)
    try:
        yield TcpStream(inner)
    finally:
        await trio.aclose_forcefully(inner)


def _notice_silence(opened: trio.socket.SocketType) -> None:
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE_MS)


class SerialStream:
    """A serial line, 8 data bits, no parity, 1 stop bit, no flow control."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._inner = trio.lowlevel.FdStream(descriptor)
        self._sending = trio.Lock()

    async def send(self, data: bytes) -> None:
        """Send all, after what another task is sending; raises `Broken`.

        At 9,600 baud a hundred bytes take a tenth of a second.
        """
        with told("writing to the serial line", SEND_LIMIT_S):
            async with self._sending:
                await self._inner.send_all(data)

    async def receive(self) -> bytes:
        """What comes next; raises `Broken`."""
        try:
            data = await self._inner.receive_some(_RECEIVE)
        except (trio.BrokenResourceError, OSError) as error:
            raise Broken(f"reading from the serial line: {words(error.__cause__ or error)}") from error
        if not data:
            raise Broken("the serial line is gone")
        return bytes(data)

    def discard(self) -> None:
        """Forget what has come and was not received."""
        try:
            termios.tcflush(self._descriptor, termios.TCIFLUSH)
        except termios.error as error:
            raise Broken(f"the serial line is gone: {error.args[-1]}") from error

    async def aclose(self) -> None:
        """Let go of the line."""
        await self._inner.aclose()


@asynccontextmanager
async def open_serial(path: str, baud: int) -> AsyncIterator[Stream]:
    """A serial line for as long as the block runs.

    Raises:
      Broken: it cannot be opened.
    """
    descriptor = _open(path)
    try:
        _set_up(descriptor, baud)
    except termios.error as error:
        os.close(descriptor)
        raise Broken(f"{path} is no serial line: {error.args[-1]}") from error
    stream = SerialStream(descriptor)
    try:
        yield stream
    finally:
        await stream.aclose()


def claim_serial(path: str) -> int:
    """A descriptor that keeps other programs that ask like this from a serial line until it is closed.

    Raises:
      Broken: another program has the line, or it cannot be opened.
    """
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Broken(f"another program uses {path}: is a gateway running?") from error
    return descriptor


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        raise Broken(f"opening {path}: {words(error)}") from error


def _set_up(descriptor: int, baud: int) -> None:
    speed = getattr(termios, f"B{baud}")
    control = termios.CS8 | termios.CREAD | termios.CLOCAL
    _, _, _, _, _, _, characters = termios.tcgetattr(descriptor)
    characters[termios.VMIN], characters[termios.VTIME] = 1, 0
    termios.tcsetattr(descriptor, termios.TCSANOW, [0, 0, control, 0, speed, speed, characters])
    termios.tcflush(descriptor, termios.TCIOFLUSH)


class Datagrams:
    """A UDP socket for one device."""

    def __init__(self, inner: trio.socket.SocketType, place: Place | None) -> None:
        self._inner = inner
        self._place = place

    async def send(self, data: bytes, group: tuple[str, int] | None = None) -> None:
        """Send one datagram; raises `Broken`, mostly when the last one met a port that nobody has."""
        with told("sending", SEND_LIMIT_S):
            if group is None:
                await self._inner.send(data)
            else:
                await self._inner.sendto(data, group)


@asynccontextmanager
async def open_datagrams(place: Place | None) -> AsyncIterator[Datagrams]:
    """A UDP socket for as long as the block runs; without a place for multicast groups.

    Raises:
      Broken: the host is not known.
    """
    family, address = socket.AF_INET, None
    if place is not None:
        with told(f"looking up {place.host}", CONNECT_LIMIT_S):
            found = await trio.socket.getaddrinfo(place.host, place.port, type=socket.SOCK_DGRAM)
        family, address = found[0][0], found[0][4]
    with trio.socket.socket(family, socket.SOCK_DGRAM) as opened:
        if address is not None:
            with told("connecting", CONNECT_LIMIT_S):
                await opened.connect(address)
        yield Datagrams(opened, place)
