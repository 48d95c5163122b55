"""What a supervisor can tell a printer: a test slip, and to come to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from callq.agent import VERSION, ActFailed
from panels.printer.device import clear, fault_now, print_bytes
from panels.printer.escpos import ticket_bytes
from panels.printer.paper import Code, Gap, Line, Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.agent import HealthReporter
    from callq.domain.printing import Fault
    from panels.printer.config import Printer
    from panels.printer.paper import Block

DEVICE_FAULTS: Final[dict[Fault, str]] = {
    "paper_out": "paper_out",
    "cover_open": "cover_open",
    "offline": "unreachable",
    "error": "print_failed",
}
"""Faults of a printer as the hall's devices have them."""

_WORDS: Final[dict[Fault, str]] = {
    "paper_out": "it is out of paper",
    "cover_open": "its cover is open",
    "offline": "it does not answer",
    "error": "it reports an error",
}

NARROW_DOTS: Final = 384
"""A test slip fits every paper."""

RECOVERED_S: Final = 1.0
"""From the word to come to itself until its state is believed."""


class Orders:
    """Orders to one printer.

    Args:
      printer: which.
      hall: hall id, for the slip.
      turn: held by whoever speaks with the printer.
      found: told what is wrong with it after each order.
    """

    def __init__(self, printer: Printer, hall: str, turn: trio.Lock, found: Callable[[Fault], None]) -> None:
        self._printer = printer
        self._hall = hall
        self._turn = turn
        self._found = found

    def take(self, reporter: HealthReporter) -> None:
        """Have a reporter carry them out."""
        reporter.on("test", self.test)
        reporter.on("restart", self.restart)
        reporter.on("resend", self.resend)

    async def test(self) -> None:
        """Print a short slip that is no ticket."""
        printer = self._printer
        data = ticket_bytes(slip(printer.id, self._hall), NARROW_DOTS, printer.qr, cut=printer.cut)
        async with self._turn:
            done = await print_bytes(printer, data)
        self._found(done.fault)
        if done.state != "printed":
            raise ActFailed(_WORDS.get(done.fault, done.words))

    async def restart(self) -> None:
        """Have it forget its error and what is left in its memory."""
        async with self._turn:
            await clear(self._printer)
            await trio.sleep(RECOVERED_S)
            fault = await fault_now(self._printer)
        self._found(fault)
        if fault:
            raise ActFailed(_WORDS[fault])

    async def resend(self) -> None:
        """Nothing: a number that came out twice would be called once."""
        raise ActFailed("no print is repeated by itself: reprint the ticket at the desk")


def slip(printer: str, hall: str) -> list[Block]:
    """A test slip: large and small type, Chinese, and a code to scan."""
    return [
        Line("打印测试", 2, "centre", bold=True),
        Line("TEST", 2, "centre"),
        Rule(heavy=True),
        Line(f"{hall} {printer}", align="centre"),
        Line(f"callq {VERSION}", align="centre"),
        Gap(12),
        Code(f"callq test {hall} {printer}"),
        Rule(),
    ]
