"""Chinese text as pixels, from bitmap fonts of the system: 16, 24 and 32 rows.

16 rows are drawn with Unifont, whose glyphs are drawn by hand for that size; 24 and 32 with WenQuanYi Zen Hei
without grey. A character that one font lacks is taken from the next.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw, ImageFont

from callq.domain.errors import CallqError
from displays.led.config import FONTS
from displays.led.sign import colour_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from displays.led.config import Colour, Device
    from displays.led.sign import Shown

UNIFONT: Final = "/usr/share/fonts/opentype/unifont/unifont.otf"
ZEN_HEI: Final = "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"
NOTO: Final = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"

SYSTEM_FONTS: Final[dict[int, tuple[str, ...]]] = {
    16: (UNIFONT, ZEN_HEI, NOTO),
    24: (ZEN_HEI, NOTO, UNIFONT),
    32: (ZEN_HEI, NOTO, UNIFONT),
}
"""By rows of a line; the first that has a character draws it."""

PACKAGES: Final = "fonts-unifont fonts-wqy-zenhei"
"""Debian packages with these fonts."""

RGB: Final[dict[Colour, tuple[int, int, int]]] = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "yellow": (255, 201, 51),
    "white": (255, 255, 255),
}

_PROBE: Final = "敖鼎货弃窃店安度请国窗，（Ag0"
"""Characters whose ink reaches as far up and down as that of nearly all others."""

_CONTROLS: Final = frozenset(map(chr, (*range(32), *range(127, 160), 0x2028, 0x2029)))
"""Drawn as spaces."""

_NOWHERE: Final = "\U0010ffff"
"""No character: what a font draws for it, it draws for all that it lacks."""


class NoFont(CallqError):
    """No font with Chinese characters was found."""

    def __init__(self, tried: Sequence[str]) -> None:
        super().__init__(f"there is none of the fonts {', '.join(tried)}")
        self.hint = f"install them: apt-get install {PACKAGES}; or name font files under `fonts`"


class _Face:
    """One font in the largest size whose ink fits into a line."""

    def __init__(self, path: str, rows: int) -> None:
        self.rows = rows
        for size in range(rows, 7, -1):
            self.font = ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
            top, bottom = self._ink(_PROBE)
            if bottom - top <= rows:
                break
        self.shift = (rows - (bottom - top)) // 2 - top
        self._lacks = self._draw(_NOWHERE).tobytes()

    def glyph(self, char: str) -> Image.Image | None:
        """A character, as high as the line; None if the font lacks it."""
        drawn = self._draw(" " if char in _CONTROLS else char)
        return drawn if char in _CONTROLS or char == " " or drawn.tobytes() != self._lacks else None

    def _draw(self, char: str) -> Image.Image:
        top, bottom = self._ink(char)
        # A few characters reach further than the rest: they are moved rather than cut.
        shift = max(min(self.shift, self.rows - bottom), -top)
        return self._drawn(char, shift, self.rows)

    def _ink(self, text: str) -> tuple[int, int]:
        """First row with ink, and the one after the last, of a text drawn at 0."""
        box = self._drawn(text, 0, 2 * self.rows).getbbox() or (0, 0, 0, 0)
        return box[1], box[3]

    def _drawn(self, text: str, shift: int, rows: int) -> Image.Image:
        image = Image.new("1", (max(1, round(self.font.getlength(text))), rows))
        draw = ImageDraw.Draw(image)
        draw.fontmode = "1"
        draw.text((0, shift), text, font=self.font, fill=1)
        return image


class Typesetter:
    """Draws lines of text with one set of fonts; each glyph is drawn once.

    Raises:
      NoFont: none of the fonts is there.
    """

    def __init__(self, fonts: Sequence[str] = ()) -> None:
        self._faces: dict[int, list[_Face]] = {}
        self._glyphs: dict[tuple[int, str], Image.Image] = {}
        for rows in FONTS:
            paths = [path for path in (*fonts, *SYSTEM_FONTS[rows]) if Path(path).is_file()]
            if not paths:
                raise NoFont(SYSTEM_FONTS[rows])
            self._faces[rows] = _faces(tuple(paths), rows)

    def glyph(self, char: str, rows: int) -> Image.Image:
        """A character; an empty box where no font has it."""
        found = self._glyphs.get((rows, char))
        if found is None:
            drawn = (face.glyph(char) for face in self._faces[rows])
            found = next((each for each in drawn if each is not None), None) or _box(rows)
            self._glyphs[rows, char] = found
        return found

    def width(self, text: str, rows: int) -> int:
        """Columns that a text takes."""
        return sum(self.glyph(char, rows).width for char in text)

    def line(self, text: str, rows: int) -> Image.Image:
        """A text as it is, one bit a pixel."""
        glyphs = [self.glyph(char, rows) for char in text]
        image = Image.new("1", (max(1, sum(each.width for each in glyphs)), rows))
        at = 0
        for each in glyphs:
            image.paste(each, (at, 0))
            at += each.width
        return image

    def fitted(self, text: str, rows: int, columns: int) -> Image.Image:
        """A text in the largest size that fits into so many columns, at most `rows` high."""
        sizes = [size for size in reversed(FONTS) if size <= rows] or [FONTS[0]]
        chosen = next((size for size in sizes if self.width(text, size) <= columns), sizes[-1])
        return self.line(text, chosen)

    def picture(self, shown: Sequence[Shown], device: Device) -> Image.Image:
        """The whole bar in its colours and full brightness."""
        picture = Image.new("RGB", (device.columns, device.rows))
        high = device.rows // device.line_count
        for number, line in enumerate(shown[: device.line_count]):
            mask = Image.new("1", (device.columns, high))
            text = self.fitted(line.text, device.line_rows, device.columns)
            mask.paste(text, (_left(device, text.width), (high - text.height) // 2))
            if line.inverted:
                mask = mask.point(lambda lit: not lit)
            picture.paste(RGB[colour_of(line, device)], (0, number * high), mask)
        return picture

    def rgb(self, shown: Sequence[Shown], device: Device) -> bytes:
        """The pixels as a wall takes them: three bytes each, rows from the top, dimmed."""
        raw = self.picture(shown, device).tobytes()
        return raw if device.brightness == 100 else raw.translate(_dimmed(device.brightness))


@lru_cache(maxsize=8)
def _faces(paths: tuple[str, ...], rows: int) -> list[_Face]:
    return [_Face(path, rows) for path in paths]


@lru_cache
def _dimmed(percent: int) -> bytes:
    return bytes(value * percent // 100 for value in range(256))


def _left(device: Device, width: int) -> int:
    spare = max(0, device.columns - width)
    return {"left": 0, "centre": spare // 2, "right": spare}[device.align]


def _box(rows: int) -> Image.Image:
    image = Image.new("1", (rows, rows))
    ImageDraw.Draw(image).rectangle((1, 1, rows - 2, rows - 2), outline=1)
    return image


def cell_width(text: str, rows: int) -> int:
    """Columns that a text takes on a card with its own fonts: half a square for ASCII, a square else."""
    return sum(rows // 2 if char < "\x80" else rows for char in text)
