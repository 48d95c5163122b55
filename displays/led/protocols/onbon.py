"""Onbon BX-K text cards (仰邦 5K, 5MK, 6K), which draw texts with fonts of their own.

A frame is ``A5 x 8 | escaped(header, data, CRC16) | 5A``, numbers little-endian. The header has 14 bytes:
destination u16, source u16, three reserved, option, check mode, display mode, device, version, length of
the data u16; the length is that before escaping. Inside, ``A5 A6 5A 5B`` are written ``A6 02``, ``A6 01``,
``5B 02`` and ``5B 01``, so that a 5A always ends a frame and an A5 always begins one.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TCP_PORT: Final = 5005
BAUDS: Final = (9600, 57600)

START: Final = b"\xa5" * 8
END: Final = 0x5A
ANY_CARD: Final = 0xFE
SOURCE: Final = 0x8000
VERSION: Final = 2
DEFAULT_TARGET: Final = 1

_HEADER: Final = struct.Struct("<HH3xBBBBBH")
_ESCAPED: Final = {0xA5: b"\xa6\x02", 0xA6: b"\xa6\x01", 0x5A: b"\x5b\x02", 0x5B: b"\x5b\x01"}
_PLAIN: Final = {pair: plain for plain, pair in _ESCAPED.items()}

PING: Final = b"\xa2\x00\x01\x00\x00"
STATUS: Final = b"\xa1\x02\x01\x00\x00"
CLEAR: Final = b"\xa3\x10\x01\x00\x00"

MAX_FRAME: Final = 4096
"""Longest frame that is taken from a card, in bytes as they come; its answers have some 30."""

PIXELS: Final = 0x8000
"""Set in an X or a width that counts pixels; without it they count 8 pixels."""

COLOURS: Final = {"red": r"\C1", "green": r"\C2", "yellow": r"\C3"}

ERRORS: Final = {
    0x00: "ok",
    0x03: "busy",
    0x04: "out of memory",
    0x05: "checksum wrong",
    0x0C: "font missing on the card",
}

BUSY: Final = 0x03
BAD_CHECKSUM: Final = 0x05

Alignment = Literal["left", "right", "centre"]
_HORIZONTAL: Final[dict[Alignment, int]] = {"left": 0, "right": 1, "centre": 2}
MIDDLE: Final = 8
"""Bits 2 and 3 of the alignment: in the middle between top and bottom."""

Units = Literal["pixels", "eights"]
Motion = Literal["static", "quick", "left", "right", "up", "down"]
_MOTIONS: Final[dict[Motion, int]] = {"static": 1, "quick": 2, "left": 3, "right": 4, "up": 5, "down": 6}


@dataclass(frozen=True, slots=True)
class Area:
    """A dynamic area and its text.

    Attributes:
      number: of the area; a later one with the same number replaces it.
      x, y, width, height: pixels.
      text: GBK with the card's inline codes, see `text_of`.
      align: bits 0-1 left, right, centre; bits 2-3 top, bottom, middle as 0, 4, 8.
      several_lines: whether the text may take more than one line, broken by the card.
      motion: how the text comes.
      speed: 0 fastest to 24.
      stay: of a page, half seconds.
      timeout_s: meaning depends on `run_mode`.
      run_mode: 0 loop, 1 hold the last page, 2 delete on the timeout.
      horizontal, vertical: what x and width, y and height are counted in.
    """

    number: int
    x: int
    y: int
    width: int
    height: int
    text: bytes
    align: int = 0
    several_lines: bool = False
    motion: Motion = "static"
    speed: int = 0
    stay: int = 0
    timeout_s: int = 0
    run_mode: int = 0
    horizontal: Units = "pixels"
    vertical: Units = "pixels"

    def encode(self) -> bytes:
        """The area without its length."""
        wide, high = self.horizontal == "pixels", self.vertical == "pixels"
        return struct.pack(
            "<BHHHHBBBHBBBBBBBBBI",
            0,
            self.x | PIXELS if wide else self.x // 8,
            self.y if high else self.y // 8,
            self.width | PIXELS if wide else -(-self.width // 8),
            self.height if high else -(-self.height // 8),
            self.number,
            0,
            self.run_mode,
            self.timeout_s,
            0,
            0,
            self.align,
            2 if self.several_lines else 1,
            2 if self.several_lines else 1,
            _MOTIONS[self.motion],
            0,
            self.speed,
            self.stay,
            len(self.text),
        ) + (self.text)


def alignment(horizontal: Alignment) -> int:
    """In the middle of the area's height, and left, right or in the centre of its width."""
    return _HORIZONTAL[horizontal] | MIDDLE


def text_of(text: str, colour: str) -> bytes:
    """A text as the card takes it: GBK after the code of its colour.

    Backslashes begin codes and are taken out; what GBK has not is shown as a question mark.
    """
    plain = "".join(char for char in text if char != "\\" and char >= " ")
    return COLOURS[colour].encode("ascii") + plain.encode("gbk", errors="replace")


def update(areas: Sequence[Area], *, mode: int = 0) -> bytes:
    """Data of the command that sets dynamic areas.

    Args:
      areas: what to show, at most 255.
      mode: 0 updates, 1 initialises anew. Published examples have the length of what follows here.
    """
    parts = [bytes((0xA3, 0x06, 0x01, mode, 0, 0, len(areas)))]
    for area in areas:
        body = area.encode()
        parts.append(struct.pack("<H", len(body)) + body)
    return b"".join(parts)


def frame(data: bytes, *, target: int = DEFAULT_TARGET, device: int = ANY_CARD) -> bytes:
    """Data for a card, framed."""
    body = _HEADER.pack(target, SOURCE, 0, 0, 0, device, VERSION, len(data)) + data
    return START + escape(body + struct.pack("<H", crc16(body))) + bytes((END,))


def escape(plain: bytes) -> bytes:
    """Bytes without any that would begin or end a frame."""
    return b"".join(_ESCAPED.get(byte) or bytes((byte,)) for byte in plain)


def _table() -> tuple[int, ...]:
    found = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
        found.append(value)
    return tuple(found)


_CRC: Final = _table()


def crc16(data: bytes) -> int:
    """Reflected polynomial A001, from 0, no final exclusive-or."""
    value = 0
    for byte in data:
        value = (value >> 8) ^ _CRC[(value ^ byte) & 0xFF]
    return value


@dataclass(frozen=True, slots=True)
class Reply:
    """A frame from a card whose checksum is right.

    Attributes:
      source: address that the card gives as its own.
      group, command: of the answer, which depend on the card; -1 where the data end before.
      error: 0 when it did what it was told; see `ERRORS`.
    """

    source: int
    group: int
    command: int
    error: int

    @property
    def told(self) -> str:
        """The error in words."""
        return ERRORS.get(self.error, f"error {self.error:#04x}")


class Replies:
    """Bytes of a card, cut into replies; whatever is no valid frame is counted and passed over.

    Attributes:
      spoilt: frames and stretches of noise passed over so far.
    """

    def __init__(self) -> None:
        self.spoilt = 0
        self._buffer = bytearray()

    def feed(self, received: bytes) -> Iterator[Reply]:
        """Take bytes in; the replies that they complete. Never raises, whatever comes."""
        self._buffer += received
        while (end := self._buffer.find(END)) >= 0:
            whole = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            if (reply := _reply(whole)) is not None:
                yield reply
            else:
                self.spoilt += 1
        if len(self._buffer) > MAX_FRAME:
            self._buffer.clear()
            self.spoilt += 1


def _reply(raw: bytes) -> Reply | None:
    start = raw.rfind(b"\xa5")
    if start < 0 or len(raw) > MAX_FRAME:
        return None
    body = _unescape(raw[start + 1 :])
    if body is None or len(body) < _HEADER.size + 2:
        return None
    plain, check = body[:-2], body[-2:]
    if struct.pack("<H", crc16(plain)) != check:
        return None
    _, source, _, _, _, _, _, length = _HEADER.unpack_from(plain)
    data = plain[_HEADER.size :]
    if length != len(data):
        return None
    group, command, error = (*data[:3], *(-1,) * 3)[:3]
    return Reply(source, group, command, max(error, 0))


def _unescape(escaped: bytes) -> bytes | None:
    plain = bytearray()
    at = 0
    while at < len(escaped):
        if escaped[at] in (0xA6, 0x5B):
            found = _PLAIN.get(escaped[at : at + 2])
            if found is None:
                return None
            plain.append(found)
            at += 2
        else:
            plain.append(escaped[at])
            at += 1
    return bytes(plain)
