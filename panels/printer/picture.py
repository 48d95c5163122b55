"""A ticket as a picture, a pixel a dot: what the paper looks like, without paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw, ImageFont

from panels.printer.escpos import LABEL_CELLS, QUIET, module_of
from panels.printer.paper import CELL, HEIGHT, Code, Gap, Line, Pair, Rule, cells
from panels.printer.qr import qr_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from panels.printer.paper import Block

FONTS: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
)
LEADING: Final = 8
MARGIN: Final = 24


class NoFont(Exception):
    """None of the fonts is there."""


def picture_of(blocks: Iterable[Block], dots: int, fonts: Sequence[str] = FONTS) -> Image.Image:
    """Draw a ticket.

    Raises:
      NoFont: there is no Chinese font to draw with.
    """
    font = next((name for name in fonts if _there(name)), None)
    if font is None:
        raise NoFont("no Chinese font was found; install fonts-noto-cjk")
    strips = [_strip(block, dots, font) for block in blocks]
    paper = Image.new("L", (dots + 2 * MARGIN, sum(strip.height for strip in strips) + 2 * MARGIN), 255)
    y = MARGIN
    for strip in strips:
        paper.paste(strip, (MARGIN, y))
        y += strip.height
    return paper


def save(picture: Image.Image, path: Path) -> None:
    """Write it; raises `OSError`."""
    picture.point(lambda value: 255 if value > 127 else 0).convert("1").save(path, format="PNG")


def _there(name: str) -> bool:
    try:
        ImageFont.truetype(name, HEIGHT)
    except OSError:
        return False
    return True


def _strip(block: Block, dots: int, font: str) -> Image.Image:
    match block:
        case Line(text, size, align, _, inverted):
            strip = _blank(dots, HEIGHT * size + LEADING)
            left = (dots - cells(text) * CELL * size) // 2 if align == "centre" else 0
            _write(strip, text, left, size, font, inverted=inverted)
            return strip
        case Pair(label, value, size):
            strip = _blank(dots, HEIGHT * size + LEADING)
            _write(strip, label, 0, 1, font, top=HEIGHT * (size - 1))
            _write(strip, value, LABEL_CELLS * CELL, size, font)
            return strip
        case Rule(heavy):
            strip = _blank(dots, HEIGHT + LEADING)
            ImageDraw.Draw(strip).line(
                [(0, HEIGHT // 2), (dots, HEIGHT // 2)], fill=0, width=4 if heavy else 2
            )
            return strip
        case Code(content):
            return _code(content, dots)
        case Gap(height):
            return _blank(dots, height)


def _blank(dots: int, height: int) -> Image.Image:
    return Image.new("L", (dots, max(1, height)), 255)


def _write(
    strip: Image.Image, text: str, left: int, size: int, font: str, *, inverted: bool = False, top: int = 0
) -> None:
    """Each character in cells of its own, as printers set them."""
    draw = ImageDraw.Draw(strip)
    face = ImageFont.truetype(font, round(HEIGHT * size * 0.92))
    if inverted:
        draw.rectangle([left, top, left + cells(text) * CELL * size, top + HEIGHT * size], fill=0)
    x = left
    for char in text:
        wide = cells(char) * CELL * size
        draw.text(
            (x + wide / 2, top + HEIGHT * size * 0.86),
            char,
            font=face,
            fill=255 if inverted else 0,
            anchor="ms",
        )
        x += wide


def _code(content: str, dots: int) -> Image.Image:
    code, module = qr_code(content.encode()), module_of(content, dots)
    side = (len(code) + 2 * QUIET) * module
    strip = _blank(dots, side)
    draw = ImageDraw.Draw(strip)
    left = (dots - side) // 2
    for y, row in enumerate(code):
        for x, dark in enumerate(row):
            if dark:
                at = left + (x + QUIET) * module, (y + QUIET) * module
                draw.rectangle([*at, at[0] + module - 1, at[1] + module - 1], fill=0)
    return strip
