"""Field mappings of provinces: which of their fields says what of ours, read with every mistake explained."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from callq.config import Problem, examine
from callq.config.agent_file import AgentFileError, load_agent_file
from callq.domain.check_values import ConfigProblem, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

Format = Literal["csv", "json", "jsonl"]

MOMENTS: Final = frozenset({"issued_ms", "done_ms", "rated_ms"})
"""Sources that are moments, and need to be told how they are written."""

SOURCES: Final[dict[str, str]] = {
    "hall": "id of the hall",
    "hall_name": "its name",
    "ticket": "id of the ticket, unlike any other",
    "step": "which service of the visit, from 0",
    "number": "number on the paper, e.g. A012",
    "day": "business day of the ticket",
    "service": "code of the service",
    "service_name": "its name",
    "item": "code of the matter",
    "item_name": "its name",
    "window": "id of the window",
    "window_label": "its label",
    "clerk": "id of the clerk",
    "clerk_name": "the clerk's name",
    "class": "ordinary, appointment or priority",
    "channel": "how the ticket was taken",
    "rated_at": "window or phone",
    "level": "5 very satisfied to 1 very dissatisfied",
    "reasons": "codes of the reasons, in one text",
    "reason_names": "their names, in one text",
    "text": "what was written",
    "issued_ms": "when the ticket was taken",
    "done_ms": "when the service was completed",
    "rated_ms": "when it was rated",
}
"""What a field can be made of."""

CODES: Final[dict[str, tuple[str, ...]]] = {
    "level": ("5", "4", "3", "2", "1"),
    "rated_at": ("window", "phone"),
    "class": ("ordinary", "appointment", "priority"),
    "channel": ("kiosk", "counter", "phone", "web", "guide"),
}
"""All that a source can say."""

_FOLDER: Final = resources.files("callq.export") / "mappings"
_HOLE: Final = re.compile(r"{(\w*)}")
_DIRECTIVES: Final = frozenset("YmdHMSyjz%f")


class MappedField(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the province."""

    name: str
    source: tuple[str, ...] = ()
    """Sources, the first that says something."""
    template: str = ""
    """Text with sources in braces, e.g. ``{ticket}-{step}``."""
    constant: str = ""
    """The same for all; may be set on the command line."""
    values: dict[str, str] = {}
    """What to write for what the source says."""
    otherwise: str = ""
    """What to write where `values` does not have it."""
    time: str = ""
    """How a moment is written: ``ms``, ``s`` (Unix), or a pattern such as ``%Y-%m-%d %H:%M:%S``."""
    mask: Literal["", "name", "last_4"] = ""
    """``name``: 张*; ``last_4``: all but the last four characters as stars."""
    max_chars: int = 0
    """Cut to so many characters; 0: as it is."""
    required: bool = False
    """Whether the export stops where it would be empty."""


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """A province's fields, in their order."""

    name: str
    fields: tuple[MappedField, ...]
    format: Format = "csv"
    timezone: str = ""
    """Of the times that are written; empty: the hall's."""
    encoding: Literal["utf-8", "utf-8-sig", "gb18030"] = "utf-8"
    joined_by: str = "；"
    """Between several reasons."""


def mappings() -> list[str]:
    """Names of the mappings that come with callq."""
    names = (item.name for item in _FOLDER.iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def load_mapping(source: str) -> Mapping:
    """Read a mapping file, or one that comes with callq by its name.

    Raises:
      AgentFileError: it cannot be used; each mistake with line, key and hint.
    """
    if source in mappings():
        found, problems = check((_FOLDER / f"{source}.toml").read_text(encoding="utf-8"))
        if found is None:
            raise AgentFileError(source, problems)
        return found
    if not Path(source).exists():
        guess = nearest(source, mappings())
        hint = f"did you mean {guess!r}?" if guess else f"come with callq: {', '.join(mappings())}"
        raise AgentFileError(source, [Problem(0, None, "", "there is no such file or mapping", hint)])
    return load_agent_file(Path(source), check)


def check(text: str) -> tuple[Mapping | None, list[Problem]]:
    """A mapping file, and everything that is wrong with it."""
    return examine(text, Mapping, _problems)


def _problems(mapping: Mapping) -> Iterator[ConfigProblem]:
    if mapping.timezone:
        try:
            ZoneInfo(mapping.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            yield ConfigProblem(
                "timezone",
                f"{mapping.timezone!r} is no time zone",
                'write e.g. "Asia/Shanghai"',
            )
    if not mapping.fields:
        yield ConfigProblem("fields", "the mapping has no fields", "add a [[fields]] table for each of them")
    first: dict[str, int] = {}
    for index, field in enumerate(mapping.fields):
        at = f"fields[{index}]."
        if not field.name.strip():
            yield ConfigProblem(f"{at}name", "the name is empty", "write the province's name of the field")
        elif field.name in first:
            yield ConfigProblem(
                f"{at}name",
                f"{field.name!r} is used twice",
                f"it is already at fields[{first[field.name]}].name",
                "duplicate",
            )
        first.setdefault(field.name, index)
        yield from _field(at, field)


def _field(at: str, field: MappedField) -> Iterator[ConfigProblem]:
    given = [name for name in ("source", "template", "constant") if getattr(field, name)]
    if len(given) > 1:
        yield ConfigProblem(
            f"{at}{given[1]}", f"beside `{given[0]}` it says nothing", f"leave `{given[0]}` or `{given[1]}`"
        )
    names = [(f"{at}source[{index}]", name) for index, name in enumerate(field.source)]
    names += [(f"{at}template", name) for name in _HOLE.findall(field.template)]
    for path, name in names:
        if name not in SOURCES:
            guess = nearest(name, SOURCES)
            yield ConfigProblem(
                path,
                f"there is no source {name!r}",
                f"did you mean {guess!r}?" if guess else f"one of: {', '.join(SOURCES)}",
            )
        elif name in MOMENTS and path.endswith("template"):
            yield ConfigProblem(
                path, f"{name!r} is a moment, which a template cannot write", "give it a field with `time`"
            )
    yield from _time(at, field)
    yield from _values(at, field)
    if field.max_chars < 0:
        yield ConfigProblem(f"{at}max_chars", "a length below zero", "write a number of characters, or 0")


def _time(at: str, field: MappedField) -> Iterator[ConfigProblem]:
    moments = [name for name in field.source if name in MOMENTS]
    if moments and not field.time:
        yield ConfigProblem(
            f"{at}source", f"{moments[0]!r} is a moment", 'add time = "%Y-%m-%d %H:%M:%S", "ms" or "s"'
        )
    if field.time and len(moments) != len(field.source or ("",)):
        yield ConfigProblem(
            f"{at}time", "only moments are written as times", f"name one of: {', '.join(sorted(MOMENTS))}"
        )
    if field.time in ("", "ms", "s"):
        return
    directives = re.findall(r"%(.?)", field.time)
    wrong = [one for one in directives if one not in _DIRECTIVES or not one]
    if wrong or not directives:
        yield ConfigProblem(
            f"{at}time",
            f"%{wrong[0]} is not known" if wrong else f"{field.time!r} writes no time",
            "use %Y %m %d %H %M %S %f %y %j %z, or ms, or s",
        )


def _values(at: str, field: MappedField) -> Iterator[ConfigProblem]:
    known = CODES.get(field.source[0]) if len(field.source) == 1 else None
    if field.values and not field.source:
        yield ConfigProblem(f"{at}values", "there is no source to compare", "name a `source`")
    if field.otherwise and not field.values:
        yield ConfigProblem(
            f"{at}otherwise", "beside no `values` it says nothing", "add `values`, or leave it"
        )
    if known is None or not field.values:
        return
    for value in field.values:
        if value not in known:
            guess = nearest(value, known)
            yield ConfigProblem(
                f"{at}values.{value}",
                f"{field.source[0]} is never {value!r}",
                f"did you mean {guess!r}?" if guess else f"one of: {', '.join(known)}",
            )
    missing = [value for value in known if value not in field.values]
    if missing and not field.otherwise:
        yield ConfigProblem(
            f"{at}values", f"nothing for {', '.join(missing)}", "add it, or `otherwise` for all the rest"
        )
