"""One printer: over TCP, usually port 9100, or a device file such as ``/dev/usb/lp0``."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple

import trio

from callq.agent.channels import Broken, open_tcp, place_of, told, words
from panels.printer import escpos
from panels.printer.config import TCP_PORT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from callq.agent.channels import Stream
    from callq.domain.printing import Fault, PrintEnd
    from panels.printer.config import Printer


STATUS_LIMIT_S: Final = 2.0
DONE_LIMIT_S: Final = 15.0
"""From the last byte sent to the last line on paper."""


class Printed(NamedTuple):
    """What became of a print."""

    state: PrintEnd
    fault: Fault = ""
    words: str = ""
    """For the log."""


class FileStream:
    """A device file, both ways."""

    def __init__(self, descriptor: int) -> None:
        self._inner = trio.lowlevel.FdStream(descriptor)

    async def send(self, data: bytes) -> None:
        """Send all; raises `Broken`."""
        with told("writing to the printer", DONE_LIMIT_S):
            await self._inner.send_all(data)

    async def receive(self) -> bytes:
        """What comes next; raises `Broken`."""
        try:
            data = await self._inner.receive_some(64)
        except (trio.BrokenResourceError, OSError) as error:
            raise Broken(f"reading from the printer: {words(error.__cause__ or error)}") from error
        if not data:
            raise Broken("the printer is gone")
        return bytes(data)

    def discard(self) -> None:
        """Nothing: what belongs to no question is passed over."""

    async def aclose(self) -> None:
        """Let go of it."""
        await self._inner.aclose()


@asynccontextmanager
async def _open_file(path: str) -> AsyncIterator[Stream]:
    descriptor = await trio.to_thread.run_sync(_opened, path)
    stream = FileStream(descriptor)
    try:
        yield stream
    finally:
        await stream.aclose()


def _opened(path: str) -> int:
    import os

    try:
        return os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        raise Broken(f"opening {path}: {words(error)}") from error


@asynccontextmanager
async def _open(printer: Printer) -> AsyncIterator[Stream]:
    if printer.address.startswith("/"):
        async with _open_file(printer.address) as stream:
            yield stream
    else:
        async with open_tcp(place_of(printer.address, TCP_PORT)) as stream:
            yield stream


async def fault_now(printer: Printer) -> Fault:
    """What is wrong with a printer; without answers all that can be found out is whether it is there."""
    try:
        async with _open(printer) as stream:
            return await _fault(stream) if printer.answers else ""
    except Broken:
        return "offline"


async def clear(printer: Printer) -> None:
    """Have it leave an error and forget what it has not printed; one that is not there is found so later."""
    with suppress(Broken):
        async with _open(printer) as stream:
            await stream.send(escpos.CLEAR)


async def _fault(stream: Stream) -> Fault:
    found = []
    for question in escpos.STATUS.values():
        await stream.send(question)
        found.append(await _answer(stream, STATUS_LIMIT_S, done=False))
    return escpos.fault_of(*found)


async def _answer(stream: Stream, limit_s: float, *, done: bool) -> int:
    """The next byte that answers; others are passed over.

    Raises:
      Broken: none comes in time.
    """
    fits = escpos.is_done if done else escpos.is_status
    with told("waiting for the printer", limit_s):
        while True:
            for byte in await stream.receive():
                if fits(byte):
                    return byte


async def print_bytes(printer: Printer, data: bytes) -> Printed:
    """Print. ``failed`` if not a byte was sent, ``unknown`` if it is not certain that all is on paper."""
    sent = False
    try:
        async with _open(printer) as stream:
            if printer.answers and (fault := await _fault(stream)):
                return Printed("failed", fault, "not ready")
            sent = True
            await stream.send(data)
            if not printer.answers:
                return Printed("printed")
            done = await _finished(stream)
    except Broken as broken:
        done = Printed("unknown" if sent else "failed", "offline", str(broken))
    if sent and done.fault == "offline":
        # The way broke with the ticket on it: what came through is not to come out with the next roll.
        await clear(printer)
    return done


async def _finished(stream: Stream) -> Printed:
    """Whether everything came out; what did not is not to come out later, when somebody puts paper in."""
    await stream.send(escpos.DONE)
    try:
        await _answer(stream, DONE_LIMIT_S, done=True)
    except Broken as silent:
        fault: Fault = "offline"
        with suppress(Broken):
            fault = await _fault(stream) or "error"
            await stream.send(escpos.CLEAR)
        return Printed("unknown", fault, str(silent))
    return Printed("printed")
