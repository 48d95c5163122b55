"""What people type: numbers that could be somebody's are taken out before it is kept anywhere."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST: Final = 500
"""Characters that are kept."""

FEWEST_DIGITS: Final = 7
"""So many could be somebody's: the numbers of telephones begin there, of documents above."""

MOST_GROUPS: Final = 3
"""In so many groups people write any number; more are a list, unless the whole can be nothing else."""

_HANZI: Final = dict(
    zip("〇零幺一二三四五六七八九壹贰貳叁參肆伍陆陸柒捌玖", "001123456789122334566789", strict=True)
)

_UNSEEN: Final = ("Cf", "Mn", "Me")
"""Categories of what shows nothing of its own: joiners, and marks such as the frame of a key."""

_BETWEEN: Final = re.compile(r"[\s\-.·/()_+*|]{0,8}")
"""What stands within one number."""

_LISTING: Final = re.compile(r"\s?[,、:~;。转]\s?")
"""What stands in lists and hours as well; between three or four digits it may be within a telephone."""

_TELEPHONE: Final = re.compile(r"1[3-9]\d{9}|[48]00\d{7}|0\d{9,11}")
_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_DOCUMENT: Final = re.compile(r"[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}\d?")
"""An identity number, told by its date of birth; the last of its 18 characters may be a letter."""

_SPELT: Final = 11
"""Digits of a mobile number, which some write one by one."""

_LONGEST_NUMBER: Final = 18
"""Digits of an identity number: so many groups at most are one."""

_LAST_LETTER: Final = re.compile(r"[\s\-]{0,4}[Xx](?![A-Za-z])")
_DIGITS: Final = re.compile(r"[0-9]+")

_YEAR: Final = r"20\d\d"
_MONTH: Final = r"(?:0?[1-9]|1[0-2])"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_DATE: Final = (
    rf"(?:{_YEAR}[-./]{_MONTH}[-./]{_DAY}|{_DAY}[-./]{_MONTH}[-./]{_YEAR}|{_YEAR}[-./]{_MONTH}"
    r"|20[0-4]\d(?=-20[0-4]\d))"
)
_MOMENT: Final = re.compile(
    rf"(?<![0-9])(?<![0-9][-./]){_DATE}(?:\s?[-~/]\s?(?:{_DATE}|20[0-4]\d))?(?![0-9])"
)
"""A date or a month, or two with what lies between: nobody's number."""


class _Group(NamedTuple):
    """Digits in a row, where they stand, and whether a mark of lists comes before them."""

    begin: int
    end: int
    listed: bool

    @property
    def length(self) -> int:
        return self.end - self.begin


def without_own_numbers(text: str) -> str:
    """Text with `…` for what could be the number of a person: seven digits or more in at most three groups.

    In more groups, pairs of digits for instance, what is a mobile or an identity number as a whole counts.
    Full-width, formal and other digits count as what they stand for, Chinese ones too; spaces, dashes and
    the like in between do not end a number, nor do letters before or after. Dates, hours and lists of short
    numbers stay. Whoever wants to get a number past it finds a way: it is for what people do without a
    thought.
    """
    seen = [(plain, at) for at, one in enumerate(text) if (plain := _plain(one)) is not None]
    plain = "".join(one for one, _ in seen)
    kept, end = [], 0
    for first, last in _numbers(plain):
        kept += [text[end : seen[first][1]], "…"]
        end = seen[last][1] if last < len(seen) else len(text)
    return "".join([*kept, text[end:]])[:LONGEST]


def _numbers(plain: str) -> Iterator[tuple[int, int]]:
    """Where numbers of persons begin and end."""
    for chain in _chains(plain):
        own = [False] * len(chain)
        for first in range(len(chain)):
            for size in range(1, _LONGEST_NUMBER + 1):
                groups = chain[first : first + size]
                if len(groups) == size and _is_own(plain, groups):
                    own[first : first + size] = [True] * size
        for at, group in enumerate(chain):
            if own[at] and not (at and own[at - 1]):
                last = next((i for i in range(at, len(chain)) if not own[i]), len(chain)) - 1
                letter = _LAST_LETTER.match(plain, chain[last].end)
                yield group.begin, letter.end() if letter else chain[last].end


def _chains(plain: str) -> Iterator[list[_Group]]:
    """Groups of digits that may be parts of one number; dates are passed over."""
    moments = [found.span() for found in _MOMENT.finditer(plain)]
    bare = plain
    for begin, end in moments:
        bare = bare[:begin] + "\0" * (end - begin) + bare[end:]
    chain: list[_Group] = []
    for found in _DIGITS.finditer(bare):
        begin, end = found.span()
        gap = bare[chain[-1].end : begin].replace("\0", "") if chain else ""
        short = bool(chain) and all(size in (3, 4) for size in (chain[-1].length, end - begin))
        listed = short and _LISTING.fullmatch(gap) is not None
        if chain and not listed and not _BETWEEN.fullmatch(gap):
            yield chain
            chain = []
        chain.append(_Group(begin, end, listed))
    if chain:
        yield chain


def _is_own(plain: str, groups: Sequence[_Group]) -> bool:
    """Whether groups that follow each other could be somebody's number."""
    digits = "".join(plain[group.begin : group.end] for group in groups)
    if len(groups) > MOST_GROUPS:
        return _is_whole(digits, [group.length for group in groups], any(group.listed for group in groups))
    if any(group.listed for group in groups[1:]):
        return _TELEPHONE.fullmatch(digits) is not None
    # Parts of three digits and fewer are tickets, windows, days and hours.
    return len(digits) >= FEWEST_DIGITS and max(group.length for group in groups) > 3


def _is_whole(digits: str, lengths: Sequence[int], listed: bool) -> bool:
    """Whether many groups are one number: single digits within them are those of a list, unless all are."""
    if listed:
        return False
    if _DOCUMENT.fullmatch(digits):
        return True
    if max(lengths) == 1:
        return len(digits) == _SPELT and _TELEPHONE.fullmatch(digits) is not None
    return min(lengths[1:-1]) > 1 and _MOBILE.fullmatch(digits) is not None


def _plain(character: str) -> str | None:
    """One character for one: an ASCII digit or separator, where it stands for one, else itself.

    None: it shows nothing of its own.
    """
    if character in _HANZI:
        return _HANZI[character]
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    kind = unicodedata.category(character)
    if kind in _UNSEEN:
        return None
    if kind == "Zs":
        return " "
    if kind == "Pd":
        return "-"
    as_ascii = unicodedata.normalize("NFKC", character)
    return as_ascii if len(as_ascii) == 1 else character
