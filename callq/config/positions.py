"""Where each key of a TOML document stands: line and column by path.

The standard library's parser gives values without positions, and no kept library gives both. This
scanner reads only documents that `tomllib` has accepted, so it may skip values without judging them.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from typing import Final, NamedTuple


class Position(NamedTuple):
    """A place in a text, both counted from 1; column in characters."""

    line: int
    column: int


_SPACE: Final = re.compile(r"(?:[ \t]|#[^\n]*)*")
_SPACE_AND_LINES: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR: Final = re.compile(r"[^,\]}#\n]+")


def locate(text: str) -> dict[str, Position]:
    """Positions of every key, table header and array element of a valid document.

    Args:
      text: a document that `tomllib.loads` accepts.

    Returns:
      Positions by path, e.g. ``windows[2].zone``, ``windows[2].services[0]``; an element of an array of
      tables stands at its header. Paths write keys as they are, whatever their quoting.
    """
    return _Scanner(text).scan()


class _Scanner:
    """One pass over one document."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.found: dict[str, Position] = {}
        self.line_starts = [0, *(found.end() for found in re.finditer("\n", self.text))]
        self.lengths: dict[str, int] = {}
        """Elements so far of each array of tables, by path."""

    def scan(self) -> dict[str, Position]:
        table = ""
        while True:
            self.skip(_SPACE_AND_LINES)
            if self.at >= len(self.text):
                return self.found
            if self.text.startswith("[[", self.at):
                table = self.array_header()
            elif self.text[self.at] == "[":
                start = self.at
                self.at += 1
                table = self.descend("", self.key())
                self.record(table, start)
                self.at += 1
            else:
                self.pair(table)

    def array_header(self) -> str:
        start = self.at
        self.at += 2
        parts = self.key()
        self.at += 2
        name = _join(self.descend("", parts[:-1]), parts[-1])
        index = self.lengths.get(name, 0)
        self.lengths[name] = index + 1
        self.found.setdefault(name, self.position(start))
        self.record(f"{name}[{index}]", start)
        return f"{name}[{index}]"

    def pair(self, table: str) -> None:
        """Read ``key = value`` within `table`."""
        start = self.at
        parts = self.key()
        path = table
        for part in parts:
            path = _join(path, part)
            self.found.setdefault(path, self.position(start))
        self.skip(_SPACE)
        self.at += 1
        self.skip(_SPACE)
        self.value(path)

    def key(self) -> list[str]:
        parts = []
        while True:
            self.skip(_SPACE)
            if self.text[self.at] in "\"'":
                literal = self.match(_STRING)
                parts.append(tomllib.loads(f"k = {literal}")["k"])
            else:
                parts.append(self.match(_BARE_KEY))
            self.skip(_SPACE)
            if self.text[self.at] != ".":
                return parts
            self.at += 1

    def value(self, path: str) -> None:
        char = self.text[self.at]
        if char in "\"'":
            self.match(_STRING)
        elif char == "[":
            self.items("]", path)
        elif char == "{":
            self.items("}", path)
        else:
            self.match(_SCALAR)

    def items(self, end: str, path: str) -> None:
        """Read the inside of an array or inline table up to `end`."""
        self.at += 1
        index = 0
        while True:
            self.skip(_SPACE_AND_LINES)
            if self.text[self.at] == end:
                self.at += 1
                return
            if end == "]":
                element = f"{path}[{index}]"
                self.record(element, self.at)
                self.value(element)
                index += 1
            else:
                self.pair(path)
            self.skip(_SPACE_AND_LINES)
            if self.text[self.at] == ",":
                self.at += 1

    def descend(self, path: str, parts: list[str]) -> str:
        """Path of a table, entering the last element of every array of tables on the way."""
        for part in parts:
            path = _join(path, part)
            if path in self.lengths:
                path = f"{path}[{self.lengths[path] - 1}]"
        return path

    def record(self, path: str, start: int) -> None:
        self.found[path] = self.position(start)

    def position(self, start: int) -> Position:
        line = bisect_right(self.line_starts, start)
        return Position(line, start - self.line_starts[line - 1] + 1)

    def skip(self, pattern: re.Pattern[str]) -> None:
        self.match(pattern)

    def match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        assert found, f"not a valid document at character {self.at}"
        self.at = found.end()
        return found.group()


def _join(table: str, key: str) -> str:
    return f"{table}.{key}" if table else key
