"""Colours of screens: whether words on them can be read, and whether they could be taken for yellow."""

from __future__ import annotations

import colorsys
import re
from typing import Final, NamedTuple

LEAST: Final = 7.0
"""Contrast that words need, as WCAG 2 level AAA has it."""

_HEX: Final = re.compile(r"#[0-9A-Fa-f]{6}")


class Colour(NamedTuple):
    """Red, green and blue, 0 to 255."""

    red: int
    green: int
    blue: int


ON_ACCENT: Final = (Colour(0xFF, 0xFF, 0xFF), Colour(0xCF, 0xE0, 0xF0))
"""What is written on the accent: white, and sky for what matters less."""


def parse(text: str) -> Colour | None:
    """A colour like ``#0B2C4D``; None for anything else."""
    return Colour(*bytes.fromhex(text[1:])) if _HEX.fullmatch(text) else None


def known(text: str) -> Colour:
    """The same of a text that is known to be one."""
    return Colour(*bytes.fromhex(text[1:]))


def luminance(colour: Colour) -> float:
    """Relative luminance, 0 to 1. Source: WCAG 2.2, relative luminance."""
    parts = [part / 255 for part in colour]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Contrast of two colours, 1 to 21. Source: WCAG 2.2, contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def yellow(colour: Colour) -> bool:
    """Whether a hue is that of yellow or its browns."""
    hue, saturation, _ = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    return 30 <= hue * 360 <= 70 and saturation > 0.3


def darker(colour: Colour) -> str:
    """The nearest darker shade of a hue on which words can be read, like ``#0B2C4D``."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    shade = colour
    while min(contrast(shade, words) for words in ON_ACCENT) < LEAST:
        value -= 0.01
        shade = Colour(*(round(part * 255) for part in colorsys.hsv_to_rgb(hue, saturation, value)))
    return "#{:02X}{:02X}{:02X}".format(*shade)
