"""Flaschen-Taschen: one UDP datagram with a PPM picture and where it goes.

Layers above 0 disappear some seconds after the last picture, and black is transparent there.
"""

from __future__ import annotations

from typing import Final

PORT: Final = 1337
MAX_DATAGRAM: Final = 65_507
"""What UDP over IPv4 carries; a larger wall takes tiles with offsets."""
LAYERS: Final = (0, 15)


def datagram(rgb: bytes, columns: int, rows: int, *, x: int = 0, y: int = 0, layer: int = 0) -> bytes:
    """A picture of three bytes a pixel, rows from the top, whose upper left corner goes to x and y."""
    return f"P6\n{columns} {rows}\n#FT: {x} {y} {layer}\n255\n".encode("ascii") + rgb
