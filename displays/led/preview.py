"""How a bar looks, as a picture for people: each of its pixels a round lamp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from displays.led.config import Device
    from displays.led.render import Typesetter
    from displays.led.sign import Shown

LAMP: Final = 8
"""Pixels of the picture for each lamp and the gap beside it."""

DARK: Final = (36, 36, 36)
BOARD: Final = (12, 12, 12)


def draw(shown: Sequence[Shown], device: Device, typesetter: Typesetter) -> Image.Image:
    """The bar at one moment, 8 pixels a lamp.

    Args:
      shown: its lines.
      device: its size and colours.
      typesetter: for a text card its own font looks different, but takes the same room.
    """
    lamps = typesetter.picture(shown, device)
    picture = Image.new("RGB", (device.columns * LAMP, device.rows * LAMP), BOARD)
    pen = ImageDraw.Draw(picture)
    pixels = lamps.load()
    assert pixels is not None
    for y in range(device.rows):
        for x in range(device.columns):
            lit = pixels[x, y]
            box = (x * LAMP + 1, y * LAMP + 1, (x + 1) * LAMP - 2, (y + 1) * LAMP - 2)
            pen.ellipse(box, fill=lit if any(lit) else DARK)  # type: ignore[arg-type]
    return picture


def save(picture: Image.Image, path: Path) -> None:
    """Write a PNG.

    Raises:
      OSError: not possible.
    """
    picture.save(path, format="PNG", optimize=True)
