"""The hall file described for forms: its tables, their keys, what each may hold and what it is for.

Made from the structs themselves, the ranges that the checks use, and the words of `callq.config.labels`:
a key that joins a struct has a field in the editor at once, and a test asks for its words.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, Literal

import msgspec
from msgspec import inspect

from callq.config.labels import FIELDS, TABLES, choice_of, unit_of
from callq.domain.check_values import MAX_CHARS, RANGES
from callq.domain.hall import HallConfig

FieldKind = Literal[
    "text", "int", "number", "bool", "choice", "texts", "choices", "groups", "table", "tables", "skills"
]

REFERS: Final = {
    "zone": "zones",
    "zones": "zones",
    "rooms": "zones",
    "service": "services",
    "services": "services",
    "sessions": "sessions",
    "resource": "resources",
    "mentor": "clerks",
    "window": "windows",
    "windows": "windows",
}
"""Lists of the hall whose codes a key holds."""

_LISTED_ELSEWHERE: Final = {"text": 120, "text_en": 120}
"""Longest texts of keys that the checks know by another name."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A value that is possible."""

    value: str | int
    label: str
    label_en: str


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A key of a table."""

    key: str
    kind: FieldKind
    """``texts`` is a list of texts, ``groups`` a list of such lists, ``skills`` level or table by skill."""
    label: str
    label_en: str
    about: str
    about_en: str
    unit: str
    unit_en: str
    required: bool
    nullable: bool
    """Whether nothing means something else than an empty value."""
    default: Any
    low: float | None = None
    high: float | None = None
    max_chars: int | None = None
    choices: tuple[Choice, ...] = ()
    refers: str = ""
    """List of the hall whose codes it holds."""
    table: str = ""
    """Of its tables."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of table."""

    name: str
    label: str
    label_en: str
    row_key: str
    """Key that tells its rows apart; empty: their place does."""
    fields: tuple[Field, ...]


ROOT: Final = "HallConfig"

_ROW_KEYS: Final = ("code", "id", "channel", "date", "first")


@cache
def tables() -> tuple[Table, ...]:
    """Every table of a hall file, the hall itself first."""
    found: dict[str, Table] = {}
    _describe(inspect.type_info(HallConfig), found)
    return tuple(found.values())


@cache
def by_name() -> dict[str, Table]:
    """The same by name."""
    return {table.name: table for table in tables()}


def _describe(kind: inspect.Type, found: dict[str, Table]) -> None:
    if isinstance(kind, inspect.UnionType):
        for one in kind.types:
            _describe(one, found)
    elif isinstance(kind, inspect.VarTupleType):
        _describe(kind.item_type, found)
    elif isinstance(kind, inspect.DictType):
        _describe(kind.value_type, found)
    elif isinstance(kind, inspect.StructType) and kind.cls.__name__ not in found:
        name = kind.cls.__name__
        keys = {field.encode_name for field in kind.fields}
        # Its place comes before that of what is in it.
        found[name] = Table(name=name, label="", label_en="", row_key="", fields=())
        found[name] = Table(
            name=name,
            label=TABLES[name][0],
            label_en=TABLES[name][1],
            row_key=next((key for key in _ROW_KEYS if key in keys), "")
            if name not in ("NumberRange", HallConfig.__name__)
            else "",
            fields=tuple(_field(name, field) for field in kind.fields),
        )
        for field in kind.fields:
            _describe(field.type, found)


def _field(table: str, field: inspect.Field) -> Field:
    key, kind, nullable = field.encode_name, field.type, False
    if isinstance(kind, inspect.UnionType):
        inner = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        nullable = len(inner) < len(kind.types)
        # Of a text or a table, the table says more.
        kind = next((one for one in inner if isinstance(one, inspect.StructType)), inner[0])
    shape, item = _shape(kind)
    words, unit = FIELDS[table][key], ("", "")
    low, high = None, None
    if shape in ("int", "number"):
        unit = unit_of(key)
        low, high = RANGES.get(key, (1, 3) if key == "level" else (None, None))
    choices: tuple[Choice, ...] = ()
    if isinstance(item, inspect.LiteralType):
        choices = tuple(
            Choice(value=value, label=choice_of(value)[0], label_en=choice_of(value)[1])
            for value in _literals(table, key, item)
        )
    texts = shape in ("text", "texts")
    return Field(
        key=key,
        kind=shape,
        label=words.zh,
        label_en=words.en,
        about=words.about,
        about_en=words.about_en,
        unit=unit[0],
        unit_en=unit[1],
        required=field.required,
        nullable=nullable,
        default=None if field.required else msgspec.to_builtins(field.default),
        low=low,
        high=high,
        max_chars=(_LISTED_ELSEWHERE.get(key) or MAX_CHARS.get(key)) if texts else None,
        choices=choices,
        refers=REFERS.get(key, "") if shape in ("text", "texts", "groups") else "",
        table=item.cls.__name__ if isinstance(item, inspect.StructType) else "",
    )


def _literals(table: str, key: str, kind: inspect.LiteralType) -> list[Any]:
    """Values in the order in which the structs name them; msgspec sorts them."""
    annotation = next(f.type for f in msgspec.structs.fields(_struct(table)) if f.encode_name == key)
    order = _named(annotation)
    return sorted(kind.values, key=lambda value: order.index(value))


def _struct(name: str) -> type[msgspec.Struct]:
    import callq.domain.hall as hall

    found: type[msgspec.Struct] = getattr(hall, name)
    return found


def _named(annotation: Any) -> list[Any]:  # noqa: ANN401 - whatever stands in an annotation
    """All plain values within an annotation, in their order."""
    inner = getattr(annotation, "__args__", None)
    if inner is None:
        return [annotation]
    return [value for one in inner for value in _named(one)]


def _shape(kind: inspect.Type) -> tuple[FieldKind, inspect.Type]:
    """Kind of a field, and the type of its items or of itself."""
    match kind:
        case inspect.StrType():
            return "text", kind
        case inspect.IntType():
            return "int", kind
        case inspect.FloatType():
            return "number", kind
        case inspect.BoolType():
            return "bool", kind
        case inspect.LiteralType():
            return "choice", kind
        case inspect.StructType():
            return "table", kind
        case inspect.DictType():
            return "skills", kind
        case inspect.VarTupleType():
            item = kind.item_type
            if isinstance(item, inspect.UnionType):
                item = next(one for one in item.types if isinstance(one, inspect.StructType))
            if isinstance(item, inspect.StructType):
                return "tables", item
            if isinstance(item, inspect.LiteralType):
                return "choices", item
            return ("groups" if isinstance(item, inspect.VarTupleType) else "texts"), item
    raise TypeError(f"no form for {kind}")
