"""DDP, the Distributed Display Protocol: a picture as UDP packets with an offset, numbers big-endian.

``flags (40h version 1 | 01 push) | sequence (1 to 15) | type | destination | offset u32 | length u16 | data``
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT: Final = 4048
MAX_DATA: Final = 1440
VERSION_1: Final = 0x40
PUSH: Final = 0x01
RGB888: Final = 0x0B
RGB_OLD: Final = 0x01
"""What older senders and some receivers call RGB."""
DISPLAY: Final = 1

_HEADER: Final = struct.Struct(">BBBBIH")


class Sequence:
    """Numbers of packets, 1 to 15 and again from 1; 0 would mean that they are not counted."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """The number of the next packet."""
        self._last = self._last % 15 + 1
        return self._last


def packets(rgb: bytes, sequence: Sequence, *, kind: int = RGB888) -> Iterator[bytes]:
    """A picture as packets; the last one shows it.

    Args:
      rgb: three bytes a pixel, rows from the top.
      sequence: of the device.
      kind: `RGB888` or `RGB_OLD`.
    """
    for offset in range(0, len(rgb), MAX_DATA):
        data = rgb[offset : offset + MAX_DATA]
        push = PUSH if offset + len(data) == len(rgb) else 0
        yield _HEADER.pack(VERSION_1 | push, sequence.next(), kind, DISPLAY, offset, len(data)) + data
