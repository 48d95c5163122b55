"""What people type: numbers that could be somebody's are taken out before it is kept anywhere."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 500
"""Characters that are kept."""

FEWEST_DIGITS: Final = 7
"""So many could be somebody's: the numbers of telephones begin there, of documents above."""

_HANZI: Final = dict(zip("〇零幺一二三四五六七八九", "001123456789", strict=True))

_BETWEEN: Final = r"[\s\-.·/()_+*|]{0,4}"
_NUMBER: Final = re.compile(
    rf"[0-9](?:{_BETWEEN}[0-9]){{{FEWEST_DIGITS - 1},}}(?:{_BETWEEN}[Xx](?![A-Za-z]))?"
)

_MOMENT: Final = re.compile(
    r"20\d\d[-./](?:0?[1-9]|1[0-2])[-./](?:0?[1-9]|[12]\d|3[01])"
    r"(?:\s+(?:[01]?\d|2[0-3]))?"
)
"""A date, perhaps with the hour of a time, is nobody's number."""


def without_own_numbers(text: str) -> str:
    """Text with `…` for every run of seven digits or more, however it is written.

    Full-width and other digits count as what they stand for, Chinese ones too; spaces, dashes and the like
    in between do not end a run, nor do letters before or after.
    """
    plain = "".join(map(_plain, text))
    kept, end = [], 0
    for found in _NUMBER.finditer(plain):
        if _MOMENT.fullmatch(found[0]):
            continue
        kept += [text[end : found.start()], "…"]
        end = found.end()
    return "".join([*kept, text[end:]])[:LONGEST]


def _plain(character: str) -> str:
    """One character for one: an ASCII digit or separator, where it stands for one, else itself."""
    if character in _HANZI:
        return _HANZI[character]
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    kind = unicodedata.category(character)
    if kind in ("Cf", "Zs"):
        return " "
    if kind == "Pd":
        return "-"
    as_ascii = unicodedata.normalize("NFKC", character)
    return as_ascii if len(as_ascii) == 1 else character
