"""ESC/POS: a ticket as bytes, and what a printer's status bytes say.

Tried on a simulated printer only. Source of the codes: the command reference that printers of this kind
follow; texts are GB18030, which printers for the Chinese market switch to with ``1C 26``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from panels.printer.paper import CELL, Code, Gap, Line, Pair, Rule, cells
from panels.printer.qr import qr_code, side_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callq.domain.printing import Fault
    from panels.printer.paper import Block

INIT: Final = b"\x1b@"
CHINESE: Final = b"\x1c&"
FULL_CUT: Final = b"\x1dV\x00"
STATUS: Final = {"printer": b"\x10\x04\x01", "offline": b"\x10\x04\x02", "paper": b"\x10\x04\x04"}
"""Answered at once, whatever the printer is at."""
DONE: Final = b"\x1dr\x01"
"""Answered when everything before it was printed."""
CLEAR: Final = b"\x10\x05\x02"
"""Forget what is left in the buffer, so that no half ticket comes out when paper is put in."""

LABEL_CELLS: Final = 12
MODULE: Final = 6
"""Dots of a module of the QR code, 0.75 mm, where the paper is wide enough."""

QUIET: Final = 4
"""Modules that stay blank around it."""

Qr = Literal["native", "drawn"]


def ticket_bytes(blocks: Iterable[Block], dots: int, qr: Qr = "native", *, cut: bool = True) -> bytes:
    """A ticket from its first dot to the cut."""
    out = [INIT, CHINESE]
    for block in blocks:
        match block:
            case Line(text, size, align, bold, inverted):
                out += [_align(align == "centre"), _bold(bold), b"\x1dB\x01" if inverted else b""]
                out += [_size(size), _text(text), b"\n", _size(1)]
                out += [b"\x1dB\x00" if inverted else b"", _bold(False), _align(False)]
            case Pair(label, value, size):
                padded = label + " " * (LABEL_CELLS - cells(label))
                out += [_text(padded), _bold(True), _size(size), _text(value), b"\n", _size(1), _bold(False)]
            case Rule(heavy):
                out += [_text(("━" if heavy else "─") * (dots // (2 * CELL))), b"\n"]
            case Code(content):
                out += [
                    _align(True),
                    _native(content, dots) if qr == "native" else _drawn(content, dots),
                    b"\n",
                    _align(False),
                ]
            case Gap(height):
                out.append(b"\x1bJ" + bytes([min(255, height)]))
    out.append(b"\x1bd\x06")
    return b"".join([*out, FULL_CUT if cut else b""])


def _align(centre: bool) -> bytes:
    return b"\x1ba" + bytes([centre])


def _bold(on: bool) -> bytes:
    return b"\x1bE" + bytes([on])


def _size(times: int) -> bytes:
    return b"\x1d!" + bytes([(times - 1) << 4 | (times - 1)])


def _text(text: str) -> bytes:
    return text.replace("–", "-").encode("gb18030")


def module_of(content: str, dots: int) -> int:
    """Dots of a module, so that a code and its quiet zone are on the paper whole.

    Raises:
      TooLong: no code holds so much.
    """
    return min(MODULE, dots // (side_of(content.encode()) + 2 * QUIET))


def _native(content: str, dots: int) -> bytes:
    data = content.encode()
    head = b"\x1d(k"
    length = len(data) + 3
    return b"".join(
        [
            head + b"\x04\x00\x31\x41\x32\x00",
            head + b"\x03\x00\x31\x43" + bytes([module_of(content, dots)]),
            head + b"\x03\x00\x31\x45\x31",
            head + bytes([length & 255, length >> 8]) + b"\x31\x50\x30" + data,
            head + b"\x03\x00\x31\x51\x30",
        ]
    )


def _drawn(content: str, dots: int) -> bytes:
    """The code as a picture, ``1D 76 30``, with its quiet zone."""
    code, module = qr_code(content.encode()), module_of(content, dots)
    quiet, beside = [False] * (len(code) + 2 * QUIET), [False] * QUIET
    rows = [quiet] * QUIET + [beside + row + beside for row in code] + [quiet] * QUIET
    across = -(-len(quiet) * module // 8)
    picture = bytearray()
    for row in rows:
        bits = "".join(("1" if dark else "0") * module for dark in row).ljust(across * 8, "0")
        picture += int(bits, 2).to_bytes(across, "big") * module
    height = len(rows) * module
    size = bytes([across & 255, across >> 8, height & 255, height >> 8])
    return b"\x1dv0\x00" + size + bytes(picture)


def is_status(byte: int) -> bool:
    """Whether a byte is an answer to one of `STATUS`."""
    return byte & 0x93 == 0x12


def is_done(byte: int) -> bool:
    """Whether a byte is the answer to `DONE`."""
    return byte & 0x90 == 0


def fault_of(printer: int, offline: int, paper: int) -> Fault:
    """What the three status bytes say is wrong; the first thing that a person has to mend."""
    if offline & 0x04:
        return "cover_open"
    if paper & 0x60 or offline & 0x20:
        return "paper_out"
    if offline & 0x40:
        return "error"
    return "offline" if printer & 0x08 else ""
