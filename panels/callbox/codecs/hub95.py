"""The hub "95H": frames of eleven bytes on a line that several boxes share.

A frame is ``95 kind address request`` and seven bytes, the last of which is the exclusive or of the ten
before it. The box says `PRESSED`, `CONFIRMED` (it has the answer) and, every second, `POLL`; the agent
answers `ANSWER` with the box's address and request, and in the rest number (two bytes, least first, the
top four bits are the service), window, people waiting (two bytes, least first) and 00.
"""

from __future__ import annotations

from functools import reduce
from operator import xor
from typing import Final, NamedTuple

from panels.callbox.codecs.framing import Framer

START: Final = 0x95
LENGTH: Final = 11

POLL: Final = 0x11
PRESSED: Final = 0x22
CONFIRMED: Final = 0x33
ANSWER: Final = 0xDD
KINDS: Final = frozenset({POLL, PRESSED, CONFIRMED, ANSWER})

CALL: Final = 0x0C
PAUSE: Final = 0x0E
RECALL: Final = 0x0F

NOBODY: Final = 0
PAUSED: Final = 0xFFFF
FAULT: Final = 0x0FFF
"""Shown in place of a number when the agent cannot say what is so."""

MAX_NUMBER: Final = 0x0FFE
MAX_SERVICE: Final = 0x0F

SILENCE_S: Final = 0.25
"""A frame takes 11.5 ms at 9,600 baud: what has not ended after so long never will."""


class Frame(NamedTuple):
    """What a box says. `rest` are the six bytes between request and checksum."""

    kind: int
    address: int
    request: int
    rest: bytes = bytes(6)

    def encode(self) -> bytes:
        """As it is on the line."""
        body = bytes((START, self.kind, self.address, self.request)) + self.rest
        return body + bytes((checksum(body),))


class Shown(NamedTuple):
    """What the agent tells a box: made when the state changes, so that an answer needs no thought."""

    number: int = NOBODY
    window: int = 0
    waiting: int = 0

    def answer(self, address: int, request: int) -> bytes:
        """The answer to a frame."""
        number = self.number.to_bytes(2, "little")
        waiting = min(self.waiting, 0xFFFF).to_bytes(2, "little")
        return Frame(ANSWER, address, request, number + bytes((self.window,)) + waiting + b"\0").encode()


def checksum(body: bytes) -> int:
    """Exclusive or of all bytes."""
    return reduce(xor, body, 0)


class Decoder(Framer[Frame]):
    """Frames of boxes; the agent's own answers, which a line of two wires echoes, are passed over."""

    def __init__(self) -> None:
        super().__init__(START, SILENCE_S)

    def length(self, buffer: bytes) -> int:
        """All frames are equally long."""
        return LENGTH

    def read(self, frame: bytes) -> Frame | None:
        """A frame of a known kind whose checksum is right."""
        if frame[1] not in KINDS or checksum(frame[:-1]) != frame[-1]:
            return None
        return Frame(frame[1], frame[2], frame[3], frame[4:10])

    def feed(self, data: bytes, now_s: float) -> list[Frame]:
        """What came, and when; answers the frames of boxes that are whole now."""
        return [frame for frame in super().feed(data, now_s) if frame.kind != ANSWER]
