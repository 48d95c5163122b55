"""The box with 21 keys and a display: ``FF 68 len len 68 address command data sum 16``.

`len` counts address, command and data; `sum` is their sum modulo 256. Which commands there are is not
public: the agent's file names them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from panels.callbox.codecs.framing import Framer

LEAD: Final = 0xFF
START: Final = 0x68
END: Final = 0x16

HEAD: Final = 5
"""Bytes before the address."""

TAIL: Final = 2
"""Bytes after the data."""

MAX_DATA: Final = 253

SILENCE_S: Final = 0.5
"""A whole frame of the longest kind takes 0.27 s at 9,600 baud."""


class Frame(NamedTuple):
    """What is said by or to a box."""

    address: int
    command: int
    data: bytes = b""

    def encode(self) -> bytes:
        """As it is on the line.

        Raises:
          ValueError: more data than a frame holds.
        """
        if len(self.data) > MAX_DATA:
            raise ValueError(f"{len(self.data)} bytes of data; at most {MAX_DATA}")
        body = bytes((self.address, self.command)) + self.data
        head = bytes((LEAD, START, len(body), len(body), START))
        return head + body + bytes((sum(body) & 0xFF, END))


class Decoder(Framer[Frame]):
    """Frames of boxes."""

    def __init__(self) -> None:
        super().__init__(LEAD, SILENCE_S)

    def length(self, buffer: bytes) -> int | None:
        """From the two bytes that say so, between two that are always the same."""
        head = buffer[1:HEAD]
        if head[:1] not in (b"", bytes((START,))) or head[3:4] not in (b"", bytes((START,))):
            return None
        if len(head) < 3:
            return HEAD
        return HEAD + head[1] + TAIL if head[1] == head[2] and head[1] >= 2 else None

    def read(self, frame: bytes) -> Frame | None:
        """A frame whose sum and end are right."""
        body = frame[HEAD:-TAIL]
        if frame[-TAIL:] != bytes((sum(body) & 0xFF, END)):
            return None
        return Frame(body[0], body[1], body[2:])
