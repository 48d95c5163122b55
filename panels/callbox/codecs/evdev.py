"""Linux input events: ``struct input_event`` as it is read from and written to ``/dev/input/event*``."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENT: Final = struct.Struct("llHHi")
"""Seconds, microseconds, type, code, value."""

EV_SYN: Final = 0x00
EV_KEY: Final = 0x01
EV_LED: Final = 0x11

SYN_REPORT: Final = 0
SYN_DROPPED: Final = 3
LED_NUML: Final = 0

PRESSED: Final = 1
"""Value of a key; 0 is let go, 2 a repetition of one that is held."""

EVIOCGRAB: Final = 0x40044590
EVIOCGID: Final = 0x80084502
_EVIOCGNAME: Final = 0x80004506

ID: Final = struct.Struct("HHHH")
"""Bus, vendor, product, version."""

CAPS: Final = {
    82: "0", 79: "1", 80: "2", 81: "3", 75: "4", 76: "5", 77: "6", 71: "7", 72: "8", 73: "9",
    96: "enter", 78: "plus", 74: "minus", 55: "star", 98: "slash", 83: "dot", 14: "backspace",
    # The same where a keypad says that it is a part of a whole keyboard.
    11: "0", 2: "1", 3: "2", 4: "3", 5: "4", 6: "5", 7: "6", 8: "7", 9: "8", 10: "9",
    28: "enter", 12: "minus", 53: "slash", 52: "dot",
}  # fmt: skip
"""What stands on a key, by its code."""


class Event(NamedTuple):
    """An event without its time."""

    type: int
    code: int
    value: int


class Decoder:
    """Presses out of the bytes of a device, however they are cut."""

    def __init__(self) -> None:
        self._rest = b""
        self._dropping = False

    def feed(self, data: bytes) -> Iterator[str]:
        """What stands on each key that was pressed: once, however long it is held."""
        data = self._rest + data
        whole = len(data) - len(data) % EVENT.size
        self._rest = data[whole:]
        for _, _, kind, code, value in EVENT.iter_unpack(data[:whole]):
            if kind == EV_SYN:
                # After a loss nothing counts up to the next report: a press could be half of one.
                self._dropping = code == SYN_DROPPED or (self._dropping and code != SYN_REPORT)
            elif kind == EV_KEY and value == PRESSED and not self._dropping and code in CAPS:
                yield CAPS[code]


def led(on: bool) -> bytes:
    """What lights the Num Lock lamp, or puts it out."""
    return EVENT.pack(0, 0, EV_LED, LED_NUML, int(on)) + EVENT.pack(0, 0, EV_SYN, SYN_REPORT, 0)


def name_request(size: int) -> int:
    """The request for a device's name of at most `size` bytes."""
    return _EVIOCGNAME | size << 16
