"""QR codes of the model 2, error correction M, bytes: versions 1 to 15, which hold up to 412 bytes.

Source: ISO/IEC 18004; the tables are those of its annexes.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

Matrix = list[list[bool]]
"""Rows of modules, true: dark; without the quiet zone of four modules around them."""

_ECC: Final = (10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24)
"""Codewords of error correction a block, by version."""
_BLOCKS: Final = (1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10)
VERSIONS: Final = len(_ECC)
_LEVEL_M: Final = 0
"""Its bits in the format information."""


class TooLong(ValueError):
    """More than the largest version holds."""


def qr_code(content: bytes) -> Matrix:
    """The smallest code that holds some bytes.

    Raises:
      TooLong: none does.
    """
    version = _version(content)
    drawing = _Drawing(version)
    drawing.place(_interleaved(_data(content, version), version))
    return drawing.best()


def side_of(content: bytes) -> int:
    """Modules of a side of that code.

    Raises:
      TooLong: there is none.
    """
    return 17 + 4 * _version(content)


def _version(content: bytes) -> int:
    version = next((v for v in range(1, VERSIONS + 1) if _fits(content, v)), 0)
    if not version:
        raise TooLong(f"{len(content)} bytes")
    return version


def _raw_modules(version: int) -> int:
    """Modules for data and error correction."""
    found = (16 * version + 128) * version + 64
    if version >= 2:
        aligned = version // 7 + 2
        found -= (25 * aligned - 10) * aligned - 55
        if version >= 7:
            found -= 36
    return found


def _data_codewords(version: int) -> int:
    return _raw_modules(version) // 8 - _ECC[version - 1] * _BLOCKS[version - 1]


def _count_bits(version: int) -> int:
    return 8 if version < 10 else 16


def _fits(content: bytes, version: int) -> bool:
    return 4 + _count_bits(version) + 8 * len(content) <= 8 * _data_codewords(version)


def _data(content: bytes, version: int) -> list[int]:
    """Codewords: mode, length, content, end, padding."""
    room = 8 * _data_codewords(version)
    bits = f"0100{len(content):0{_count_bits(version)}b}" + "".join(f"{byte:08b}" for byte in content)
    bits += "0" * min(4, room - len(bits))
    bits += "0" * (-len(bits) % 8)
    words = [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]
    padding = (0xEC, 0x11)
    return words + [padding[at % 2] for at in range(room // 8 - len(words))]


def _times(one: int, other: int) -> int:
    """Product in GF(256) modulo 0x11D."""
    product = 0
    for bit in range(7, -1, -1):
        product = (product << 1) ^ (0x11D if product & 0x80 else 0)
        product ^= one if other >> bit & 1 else 0
    return product


def _divisor(degree: int) -> list[int]:
    """Coefficients of the generator, highest first, without the leading 1."""
    found = [0] * (degree - 1) + [1]
    root = 1
    for _ in range(degree):
        for at in range(degree):
            found[at] = _times(found[at], root) ^ (found[at + 1] if at + 1 < degree else 0)
        root = _times(root, 2)
    return found


def _remainder(words: list[int], divisor: list[int]) -> list[int]:
    found = [0] * len(divisor)
    for word in words:
        factor = word ^ found[0]
        found = [old ^ _times(each, factor) for old, each in zip([*found[1:], 0], divisor, strict=True)]
    return found


def _interleaved(words: list[int], version: int) -> list[int]:
    """Blocks of data with their error correction, a codeword of each in turn."""
    count, each = _BLOCKS[version - 1], _ECC[version - 1]
    short = len(words) // count
    longer = len(words) % count
    divisor = _divisor(each)
    blocks: list[list[int]] = []
    at = 0
    for index in range(count):
        size = short + (1 if index >= count - longer else 0)
        blocks.append(words[at : at + size])
        at += size
    corrections = [_remainder(block, divisor) for block in blocks]
    data = [block[place] for place in range(short + 1) for block in blocks if place < len(block)]
    return data + [correction[place] for place in range(each) for correction in corrections]


class _Drawing:
    """A code that is being drawn; `fixed` modules are not for data."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.size = version * 4 + 17
        self.dark: Matrix = [[False] * self.size for _ in range(self.size)]
        self.fixed: Matrix = [[False] * self.size for _ in range(self.size)]
        for at in range(self.size):
            self._set(6, at, at % 2 == 0)
            self._set(at, 6, at % 2 == 0)
        for x, y in ((3, 3), (self.size - 4, 3), (3, self.size - 4)):
            self._finder(x, y)
        places = self._alignments()
        corners = {(6, 6), (6, self.size - 7), (self.size - 7, 6)}
        for x, y in ((x, y) for x in places for y in places if (x, y) not in corners):
            for dx, dy in ((dx, dy) for dx in range(-2, 3) for dy in range(-2, 3)):
                self._set(x + dx, y + dy, max(abs(dx), abs(dy)) != 1)
        self._format(0)
        self._version()

    def _set(self, x: int, y: int, dark: bool) -> None:
        self.dark[y][x] = dark
        self.fixed[y][x] = True

    def _finder(self, x: int, y: int) -> None:
        for dx, dy in ((dx, dy) for dx in range(-4, 5) for dy in range(-4, 5)):
            if 0 <= x + dx < self.size and 0 <= y + dy < self.size:
                self._set(x + dx, y + dy, max(abs(dx), abs(dy)) not in (2, 4))

    def _alignments(self) -> list[int]:
        if self.version == 1:
            return []
        count = self.version // 7 + 2
        step = (self.version * 8 + count * 3 + 5) // (count * 4 - 4) * 2
        return [6, *sorted(self.size - 7 - at * step for at in range(count - 1))]

    def _format(self, mask: int) -> None:
        data = _LEVEL_M << 3 | mask
        rest = data
        for _ in range(10):
            rest = (rest << 1) ^ (rest >> 9) * 0x537
        bits = (data << 10 | rest) ^ 0x5412
        for at in range(15):
            dark = bool(bits >> at & 1)
            if at < 8:
                self._set(8, at if at < 6 else at + 1, dark)
                self._set(self.size - 1 - at, 8, dark)
            else:
                self._set(15 - at - 1 if at > 8 else 7, 8, dark)
                self._set(8, self.size - 15 + at, dark)
        self._set(8, self.size - 8, True)

    def _version(self) -> None:
        if self.version < 7:
            return
        rest = self.version
        for _ in range(12):
            rest = (rest << 1) ^ (rest >> 11) * 0x1F25
        bits = self.version << 12 | rest
        for at in range(18):
            dark = bool(bits >> at & 1)
            x, y = self.size - 11 + at % 3, at // 3
            self._set(x, y, dark)
            self._set(y, x, dark)

    def place(self, words: list[int]) -> None:
        """Put the codewords in, two columns at a time, upwards and downwards."""
        bits = (word >> bit & 1 for word in words for bit in range(7, -1, -1))
        right = self.size - 1
        while right >= 1:
            right -= right == 6
            for step in range(self.size):
                up = (right + 1) & 2 == 0
                y = self.size - 1 - step if up else step
                for x in (right, right - 1):
                    if not self.fixed[y][x]:
                        self.dark[y][x] = bool(next(bits, 0))
            right -= 2

    def best(self) -> Matrix:
        """The code under the mask with the least penalty."""
        drawn = [self._masked(mask) for mask in range(8)]
        return min(drawn, key=_penalty)

    def _masked(self, mask: int) -> Matrix:
        self._format(mask)
        flips = _MASKS[mask]
        return [
            [dark ^ (not self.fixed[y][x] and flips(x, y)) for x, dark in enumerate(row)]
            for y, row in enumerate(self.dark)
        ]


_MASKS: Final[tuple[Callable[[int, int], bool], ...]] = (
    lambda x, y: (x + y) % 2 == 0,
    lambda x, y: y % 2 == 0,
    lambda x, y: x % 3 == 0,
    lambda x, y: (x + y) % 3 == 0,
    lambda x, y: (x // 3 + y // 2) % 2 == 0,
    lambda x, y: x * y % 2 + x * y % 3 == 0,
    lambda x, y: (x * y % 2 + x * y % 3) % 2 == 0,
    lambda x, y: ((x + y) % 2 + x * y % 3) % 2 == 0,
)


def _penalty(code: Matrix) -> int:
    size = len(code)
    lines = ["".join("1" if dark else "0" for dark in row) for row in code]
    turned = ["".join(line[at] for line in lines) for at in range(size)]
    found = 0
    for line in (*lines, *turned):
        run = 1
        for before, here in zip(line, line[1:] + " ", strict=True):
            if before == here:
                run += 1
            else:
                found += run - 2 if run >= 5 else 0
                run = 1
        for looks_like in ("10111010000", "00001011101"):
            found += 40 * sum(line.startswith(looks_like, at) for at in range(size - 10))
    for upper, lower in itertools.pairwise(lines):
        found += 3 * sum(upper[at] == upper[at + 1] == lower[at] == lower[at + 1] for at in range(size - 1))
    share = sum(line.count("1") for line in lines) * 20 / (size * size)
    return found + 10 * max(0, int(abs(share - 10) + 0.999999) - 1)
