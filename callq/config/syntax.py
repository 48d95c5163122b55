"""Reading TOML so that several broken lines are all reported, not only the first.

`tomllib` stops at its first error. A broken ``key = value`` line says nothing about the lines after
it, so it is replaced by a marker and reading goes on; the marker keeps later checks from calling the
key missing.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final, NamedTuple

from callq.config.positions import Position

NOT_TOML: Final = "not TOML"
"""How it begins what is said of a line that is none."""

BROKEN: Final = "\x00 unreadable"
"""Value of a key whose line is broken; control characters cannot come from a file by themselves."""

_MAX_ERRORS: Final = 20
_READ_MAX: Final = 4_000_000
"""Characters that are read in all: every broken line means reading it once more."""

_PARTS_MAX: Final = 100
"""Points in a line outside of texts."""

_AT: Final = re.compile(r" \((?:at line (\d+), column (\d+)|at end of document)\)$")
_KEY: Final = re.compile(r"^\s*([A-Za-z_][A-Za-z0-9_-]*)(?![^\s=:：＝\"'])")
_BARE_WORD: Final = re.compile(r"^\s*[A-Za-z0-9_-]+\s*=\s*([^\W\d][\w-]*)\s*(?:#.*)?$")
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'|#.*$")
_FULL_WIDTH: Final = dict(zip("“”‘’＝［］，｛｝＃", "\"\"''=[],{}#", strict=True))


class SyntaxProblem(NamedTuple):
    """A line that is not TOML."""

    at: Position
    key: str
    message: str
    hint: str


def read(text: str) -> tuple[dict[str, Any] | None, str, list[SyntaxProblem]]:
    """Parse a document, going on after broken lines where that is possible.

    Returns:
      The document (None when it cannot be read as a whole), the text it was read from, in which
      broken values are replaced without moving any line, and the problems in file order.
    """
    lines = text.split("\n")
    found: list[SyntaxProblem] = []
    most = max(2, min(_MAX_ERRORS, _READ_MAX // max(1, len(text))))
    tried: dict[int, int] = {}
    for number, line in enumerate(lines, 1):
        # Reading such a key takes time by the square of its parts.
        if line.count(".") > _PARTS_MAX and _QUOTED.sub("", line).count(".") > _PARTS_MAX:
            deep = SyntaxProblem(
                Position(number, 1), "", f"{NOT_TOML}: a key of too many parts", "write a plain key"
            )
            return None, text, [deep]
    while True:
        mended = "\n".join(lines)
        try:
            return tomllib.loads(mended), mended, found
        except RecursionError:
            return None, mended, [*found, _whole("lists within lists, too many")]
        except tomllib.TOMLDecodeError as error:
            message, at = _split(str(error), lines)
        except ValueError:
            return None, mended, [*found, _whole("a number with too many digits")]
        line = lines[at.line - 1]
        attempt = tried[at.line] = tried.get(at.line, 0) + 1
        if attempt == 1:
            found.append(_problem(message, at, line))
        key = _KEY.match(line)
        if len(found) >= most or attempt > 2 or line.lstrip().startswith("["):
            # After a broken header it is unknown which table the next keys belong to.
            return None, mended, found
        lines[at.line - 1] = f'{key[1]} = "{_ESCAPED}"' if key and attempt == 1 else ""


_ESCAPED: Final = BROKEN.replace("\x00", "\\u0000")


def _whole(message: str) -> SyntaxProblem:
    """What is wrong with a document that cannot be read, and nobody knows where."""
    return SyntaxProblem(Position(1, 1), "", f"{NOT_TOML}: {message}", "write it as the guide does")


def _split(error: str, lines: list[str]) -> tuple[str, Position]:
    match = _AT.search(error)
    message = _AT.sub("", error)
    if match and match[1]:
        return message, Position(int(match[1]), int(match[2]))
    last = next((n for n in range(len(lines), 0, -1) if lines[n - 1].strip()), 1)
    return message, Position(last, 1)


def _problem(message: str, at: Position, line: str) -> SyntaxProblem:
    key = _KEY.match(line)
    name = key[1] if key else line.strip().strip("[]").strip()[:40]
    return SyntaxProblem(at, name, f"{NOT_TOML}: {message[0].lower()}{message[1:]}", _hint(message, line))


def _hint(message: str, line: str) -> str:
    typed = [char for char in _QUOTED.sub("", line) if char in _FULL_WIDTH]
    if typed and not message.startswith("Cannot"):
        return f"{typed[0]} is a full-width character: type {_FULL_WIDTH[typed[0]]} instead"
    word = _BARE_WORD.match(line)
    if word:
        return f'texts stand in quotes: "{word[1]}"'
    if message.startswith("Cannot declare"):
        return "a table that comes several times is written with two brackets, e.g. [[windows]]"
    if message.startswith("Cannot overwrite"):
        return "the same key stands twice in this table: remove one"
    if message.startswith(("Unterminated", "Illegal character")):
        return "a text ends with the quote it began with, on the same line"
    if line.lstrip().startswith("["):
        return "a table is written [contact] or, where it comes several times, [[windows]]"
    if "=" not in _QUOTED.sub("", line):
        return "a line is `key = value`, a [table], or a comment that begins with #"
    return 'values are "text", whole numbers, true, false, or lists such as ["a", "b"]'
