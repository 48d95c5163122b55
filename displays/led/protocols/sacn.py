"""sACN (ANSI E1.31): 512 channels a universe, each in a UDP packet of 638 bytes, numbers big-endian.

Three layers in one packet: root (preamble, CID of the sender), framing (name, priority, sequence, universe)
and DMP (a start code and the channels). A receiver gives up a sender that is silent for 2.5 seconds.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

PORT: Final = 5568
CHANNELS: Final = 512
PIXELS: Final = 170
"""RGB pixels of one universe; its last two channels stay dark, so that no pixel is cut in two."""
UNIVERSES: Final = (1, 63_999)
PRIORITIES: Final = (0, 200)
SILENCE_S: Final = 2.5

_NAME: Final = b"callq"
_ROOT: Final = struct.Struct(">HH12sHI16s")
_FRAMING: Final = struct.Struct(">HI64sBHBBH")
_DMP: Final = struct.Struct(">HBBHHHB")
_LENGTH: Final = _ROOT.size + _FRAMING.size + _DMP.size + CHANNELS
_FRAMING_AT: Final = _ROOT.size
_DMP_AT: Final = _ROOT.size + _FRAMING.size
_COUNTED_FROM: Final = 16
"""The length of the root layer counts from its own field on."""


def _flagged(length: int) -> int:
    return 0x7000 | length


def packet(channels: bytes, universe: int, sequence: int, cid: UUID, *, priority: int = 100) -> bytes:
    """A packet of one universe.

    Args:
      channels: at most 512 bytes; the rest is 0.
      universe: 1 to 63,999.
      sequence: 0 to 255, one further for each packet of the universe.
      cid: of this sender, the same as long as it runs.
      priority: 0 to 200; of several senders the highest is shown.
    """
    return b"".join(
        (
            _ROOT.pack(0x10, 0, b"ASC-E1.17\0\0\0", _flagged(_LENGTH - _COUNTED_FROM), 4, cid.bytes),
            _FRAMING.pack(_flagged(_LENGTH - _FRAMING_AT), 2, _NAME, priority, 0, sequence, 0, universe),
            _DMP.pack(_flagged(_LENGTH - _DMP_AT), 2, 0xA1, 0, 1, CHANNELS + 1, 0),
            channels.ljust(CHANNELS, b"\0"),
        )
    )


def packets(
    rgb: bytes, first_universe: int, sequence: int, cid: UUID, *, priority: int = 100
) -> Iterator[tuple[int, bytes]]:
    """A picture as packets, each with its universe, 170 pixels in each."""
    step = PIXELS * 3
    for number, at in enumerate(range(0, len(rgb), step)):
        universe = first_universe + number
        yield universe, packet(rgb[at : at + step], universe, sequence, cid, priority=priority)


def universes(pixels: int) -> int:
    """How many universes so many pixels take."""
    return -(-pixels // PIXELS)


def multicast_group(universe: int) -> str:
    """Address to which a universe is sent when no receiver is named."""
    return f"239.255.{universe >> 8}.{universe & 0xFF}"
