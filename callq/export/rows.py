"""Rows of an export: what a mapping makes of ratings, and how they are written."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from callq.domain.errors import CallqError
from callq.export.mapping import MOMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Mapping as Table

    from callq.export.mapping import Format, MappedField, Mapping

_HOLE: Final = re.compile(r"{(\w+)}")

_FORMULA: Final = re.compile(r"^[=+\-@\t\r]")
"""A cell that begins so is run by spreadsheets."""


class CannotExport(CallqError):
    """A rating lacks what the province requires.

    Attributes:
      field: the province's name of it.
      rating: which rating, for people.
    """

    def __init__(self, field: str, rating: str) -> None:
        super().__init__(f"{rating}: the required field {field!r} is empty")
        self.field = field
        self.rating = rating


def mapped(
    mapping: Mapping, ratings: Iterable[Table[str, Any]], settings: Table[str, str], timezone: str
) -> Iterator[dict[str, str]]:
    """What the province gets for each rating, by its own names.

    Args:
      mapping: the province's.
      ratings: rows of ``GET …/ratings``, with ``hall`` and ``hall_name`` added.
      settings: constants by field, which go before those of the mapping.
      timezone: of the hall.

    Raises:
      CannotExport: something required is empty.
    """
    zone = ZoneInfo(mapping.timezone or timezone)
    for rating in ratings:
        said = _sources(rating, mapping.joined_by)
        row = {}
        for field in mapping.fields:
            value = settings.get(field.name) or _value(field, said, zone)
            if field.required and not value:
                raise CannotExport(field.name, f"{said['number'] or said['ticket']}, step {said['step']}")
            row[field.name] = value
        yield row


def _sources(rating: Table[str, Any], joined_by: str) -> dict[str, str]:
    """Every source as a text; unknown is empty."""
    said = {name: "" if value is None else str(value) for name, value in rating.items()}
    reasons = rating.get("reasons") or ()
    said["reasons"] = joined_by.join(one["code"] for one in reasons)
    said["reason_names"] = joined_by.join(one["name"] for one in reasons)
    return said


def _value(field: MappedField, said: Table[str, str], zone: ZoneInfo) -> str:
    value = field.constant
    if field.template:
        known = all(said.get(name) for name in _HOLE.findall(field.template))
        value = _HOLE.sub(lambda hole: said[hole[1]], field.template) if known else ""
    elif field.source:
        name = next((name for name in field.source if said.get(name)), field.source[0])
        value = said.get(name, "")
        if value and name in MOMENTS:
            return _time(int(value), field.time, zone)
        if field.values and value:
            value = field.values.get(value, field.otherwise)
    value = _masked(value, field.mask)
    return value[: field.max_chars] if field.max_chars else value


def _time(at_ms: int, pattern: str, zone: ZoneInfo) -> str:
    if pattern == "ms":
        return str(at_ms)
    if pattern == "s":
        return str(at_ms // 1000)
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime(pattern)


def _masked(value: str, mask: str) -> str:
    if mask == "name":
        return value[:1] + "*" * (len(value) - 1)
    if mask == "last_4":
        return "*" * max(0, len(value) - 4) + value[-4:] if len(value) > 4 else "*" * len(value)
    return value


def written(rows: Iterable[Table[str, str]], names: list[str], form: Format) -> Iterator[str]:
    """The rows as text, piece by piece.

    CSV has a line of names first; a cell that a spreadsheet would run begins with an apostrophe.
    """
    if form == "csv":
        yield _csv(names)
        for row in rows:
            yield _csv([_FORMULA.sub(lambda found: f"'{found[0]}", row[name]) for name in names])
    elif form == "jsonl":
        for row in rows:
            yield json.dumps(row, ensure_ascii=False) + "\n"
    else:
        yield "["
        for index, row in enumerate(rows):
            yield (",\n" if index else "\n") + json.dumps(row, ensure_ascii=False)
        yield "\n]\n"


def _csv(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
