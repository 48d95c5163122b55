"""Hall files: reading them, explaining every mistake in them, and writing them.

A hall file is TOML with the keys of `callq.domain.hall.HallConfig`; the samples that come with callq
can be named instead of a path.
"""

from __future__ import annotations

from importlib import resources
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec

from callq.config.compare import Difference, differences
from callq.config.export import export_hall
from callq.config.positions import Position, locate
from callq.config.reader import Misread, read_document
from callq.config.syntax import read
from callq.domain.check import MOST_TOLD as MOST_JUDGED
from callq.domain.check import problems
from callq.domain.check_values import ConfigProblem, nearest
from callq.domain.errors import CallqError
from callq.domain.hall import HallConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T", bound=msgspec.Struct)

__all__ = [
    "Difference",
    "HallFileError",
    "Problem",
    "check",
    "differences",
    "examine",
    "examined",
    "export_hall",
    "load_hall",
    "placed",
    "read_source",
    "samples",
]


class Problem(NamedTuple):
    """One mistake in a hall file.

    Attributes:
      line: line of the very key, or of its table where the key is missing, from 1; 0: the whole file.
      column: from 1, in characters; None where the line says enough.
      key: the key, e.g. ``windows[2].label``; indexes count from 0. Empty for the whole file.
      message: what is wrong.
      hint: what to write instead.
    """

    line: int
    column: int | None
    key: str
    message: str
    hint: str


class HallFileError(CallqError):
    """A hall file cannot be used; every reason is listed.

    Attributes:
      source: path or sample name as it was given.
      problems: in the order of their lines, never empty.
    """

    def __init__(self, source: str, problems: list[Problem]) -> None:
        first = problems[0]
        super().__init__(f"{source}:{first.line}: {first.key}: {first.message} ({len(problems)} in all)")
        self.source = source
        self.problems = problems


MOST_TOLD: Final = 2 * MOST_JUDGED
"""Mistakes that are told of one file."""

_SAMPLES: Final = resources.files("callq") / "samples"

# What a check says about references means nothing while the other side could not be read.
_RESTS_ON: Final = {
    "beyond_calls": ("rules.max_calls",),
    "unknown_zone": ("zones",),
    "unknown_service": ("services",),
    "unknown_skill": ("services",),
    "unknown_session": ("sessions",),
    "unknown_resource": ("resources",),
    "unknown_clerk": ("clerks",),
    "unknown_window": ("windows",),
    "unservable": ("services", "windows", "clerks", "sessions"),
}


def samples() -> list[str]:
    """Names of the halls that come with callq."""
    names = (item.name for item in _SAMPLES.iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def load_hall(source: str | Path) -> HallConfig:
    """Read a hall file or a sample.

    Args:
      source: path of a file, or the name of a sample (a bare word such as ``county``; a file of that
        very name in the current directory is meant by ``./county``).

    Raises:
      HallFileError: it cannot be read, or something in it is wrong.
    """
    config, found = _examine(read_source(source))
    if config is None:
        raise HallFileError(str(source), found)
    return config


def check(text: str) -> list[Problem]:
    """Everything that is wrong with a hall file, in the order of its lines; empty when it may be loaded."""
    return _examine(text)[1]


def read_source(source: str | Path) -> str:
    """Text of a hall file or sample.

    Raises:
      HallFileError: there is no such file, or it is not UTF-8 text.
    """
    if isinstance(source, str) and source in samples():
        return (_SAMPLES / f"{source}.toml").read_text(encoding="utf-8")
    try:
        raw = Path(source).read_bytes()
    except OSError as error:
        raise HallFileError(str(source), [_unreadable(str(source), error)]) from error
    try:
        # The byte-order mark that some editors write is not part of the text.
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = Problem(line, None, "", "the file is not UTF-8 text", "save it as UTF-8 (not GBK or ANSI)")
        raise HallFileError(str(source), [problem]) from error


def _unreadable(source: str, error: OSError) -> Problem:
    guess = nearest(source, samples())
    if isinstance(error, FileNotFoundError):
        hint = f"did you mean the sample {guess!r}?" if guess else f"samples: {', '.join(samples())}"
        return Problem(0, None, "", "there is no such file or sample", hint)
    return Problem(0, None, "", f"cannot be read: {error.strerror}", "give the path of a readable text file")


def _examine(text: str) -> tuple[HallConfig | None, list[Problem]]:
    return examine(text, HallConfig, problems)


def examine(
    text: str,
    kind: type[T],
    judge: Callable[[T], Iterable[ConfigProblem]],
    under: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> tuple[T | None, list[Problem]]:
    """Read a TOML text as a struct and judge it; None where anything is wrong. See `examined`."""
    shaped, found = examined(text, kind, judge, under)
    return (None if found else shaped), found


def examined(
    text: str,
    kind: type[T],
    judge: Callable[[T], Iterable[ConfigProblem]],
    under: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> tuple[T | None, list[Problem]]:
    """The same; the struct also where it has the right shape and wrong values.

    Args:
      text: the document.
      kind: struct that it is to be.
      judge: what is wrong with the values, once the document has its shape.
      under: what the document's tables are laid over, if it is to be more than what is written in it.

    Returns:
      The struct, and what is wrong in the order of the lines, at most `MOST_TOLD`.
    """
    document, mended, broken = read(text.replace("\r\n", "\n"))
    positions = locate(mended) if document is not None else {}
    # A broken line by itself knows only its last key; the mended document knows the table around it.
    paths = {at.line: path for path, at in positions.items()}
    found = [
        Problem(item.at.line, item.at.column, paths.get(item.at.line, item.key), item.message, item.hint)
        for item in broken
    ]
    if document is None:
        return None, found
    reading = read_document(kind, under(document))
    found += [_placed(item, positions) for item in reading.misread]
    if not found and reading.stand_ins:
        # A text that is, letter by letter, what stands for a broken line.
        place = min(reading.stand_ins)
        found.append(_placed(Misread(place, "the text cannot be used", "write another"), positions))
    shaped = not found
    judged = list(judge(reading.config))
    # The second of two equal codes was probably meant to be another, which others refer to.
    unsettled = reading.stand_ins | {
        item.path for item in judged if item.topic == "duplicate" and item.path.endswith("].code")
    }
    first: dict[str, list[str]] = {}
    found += [
        _placed(item, positions)
        for item in judged
        if not _within(item.path, reading.stand_ins) and not _rests_on_others(item, unsettled, first)
    ]
    told = sorted(found, key=lambda item: (item.line, item.column or 0))[:MOST_TOLD]
    return (reading.config if shaped else None), told


def placed(found: Iterable[ConfigProblem], text: str) -> list[Problem]:
    """Where in a document, which can be read, something stands that is to be told of it."""
    positions = locate(text.replace("\r\n", "\n"))
    return sorted((_placed(item, positions) for item in found), key=lambda item: item.line)


def _within(path: str, stand_ins: set[str]) -> bool:
    """Whether a path, or what it is in, is a stand-in."""
    while path:
        if path in stand_ins:
            return True
        path = _around(path)
    return False


def _around(path: str) -> str:
    """The path of what something is in; empty: the whole."""
    return path[: max(path.rfind("."), path.rfind("["), 0)]


def _rests_on_others(item: ConfigProblem, unsettled: set[str], first: dict[str, list[str]]) -> bool:
    """Whether what is said rests on something else that could not be read.

    Args:
      item: what is said.
      unsettled: what could not be read, or is meant otherwise.
      first: of each topic the first two of these that it rests on; filled as it is asked for.
    """
    if item.topic not in first:
        rests = _RESTS_ON.get(item.topic, ())
        first[item.topic] = list(islice((path for path in unsettled if path.startswith(rests)), 2))
    return any(path != item.path for path in first[item.topic])


def _placed(problem: Misread | ConfigProblem, positions: dict[str, Position]) -> Problem:
    """The problem at the line of its key, or of the nearest table around it that the file has."""
    path = problem.path
    while path and path not in positions:
        path = _around(path)
    at = positions.get(path, Position(1, 1))
    return Problem(at.line, at.column, problem.path, problem.message, problem.hint)
