"""The box with 21 keys and a display: ``FF 68 len len 68 address command data sum 16``.

`len` counts address, command and data; `sum` is their sum modulo 256. Which commands there are is not
public: the agent's file names them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

LEAD: Final = 0xFF
START: Final = 0x68
END: Final = 0x16

HEAD: Final = 5
"""Bytes before the address."""

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


class Decoder:
    """Frames out of whatever comes, in pieces and after garbage.

    Attributes:
      garbage: bytes passed over so far.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._fed_s = 0.0
        self.garbage = 0

    def feed(self, data: bytes, now_s: float) -> list[Frame]:
        """What came, and when; answers the frames that are whole now."""
        if now_s - self._fed_s > SILENCE_S:
            self._drop(len(self._buffer))
        self._fed_s = now_s
        self._buffer += data
        found: list[Frame] = []
        while (start := self._buffer.find(LEAD)) >= 0:
            self._drop(start)
            length = self._length()
            if length is None:
                self._drop(1)
                continue
            whole = HEAD + length + 2
            if len(self._buffer) < max(whole, HEAD):
                return found
            body = self._buffer[HEAD : HEAD + length]
            if self._buffer[whole - 2 : whole] != bytes((sum(body) & 0xFF, END)):
                self._drop(1)
                continue
            self._buffer = self._buffer[whole:]
            found.append(Frame(body[0], body[1], body[2:]))
        self._drop(len(self._buffer))
        return found

    def _length(self) -> int | None:
        """Length of the body that begins here; 0 while too little has come; None: no frame begins here."""
        head = self._buffer[1:HEAD]
        if head[:1] not in (b"", bytes((START,))) or head[3:4] not in (b"", bytes((START,))):
            return None
        if len(head) < 3:
            return 0
        return head[1] if head[1] == head[2] and head[1] >= 2 else None

    def _drop(self, count: int) -> None:
        self.garbage += count
        self._buffer = self._buffer[count:]
