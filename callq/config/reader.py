"""From the tables of a hall file to the configuration structs, collecting every mistake on the way.

`msgspec.convert` stops at the first mistake and knows no neighbours of a misspelt key, so the structs
are walked by their own description; a field added to them needs nothing here.
"""

from __future__ import annotations

from math import isfinite
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import inspect

from callq.config.syntax import BROKEN
from callq.domain.check import MOST_TOLD
from callq.domain.check_values import nearest

T = TypeVar("T", bound=msgspec.Struct)


class Misread(NamedTuple):
    """A key that cannot be used as it stands; `path` is e.g. ``windows[2].label``, counted from 0."""

    path: str
    message: str
    hint: str


class Reading(NamedTuple, Generic[T]):
    """What a document says.

    Attributes:
      config: what was read, with stand-ins where the document could not be used.
      misread: mistakes found.
      stand_ins: paths that hold a stand-in: what later checks say about them means nothing.
    """

    config: T
    misread: list[Misread]
    stand_ins: set[str]


def read_document(kind: type[T], document: dict[str, Any]) -> Reading[T]:
    """Turn a parsed TOML document into a struct; never raises for what a file can hold."""
    reader = _Reader()
    # mypy cannot see through `type_info`, which describes exactly `kind` here.
    config: T = reader.struct(_struct_type(inspect.type_info(kind)), document, "")
    return Reading(config, reader.misread, reader.stand_ins)


def _struct_type(kind: inspect.Type) -> inspect.StructType:
    assert isinstance(kind, inspect.StructType)
    return kind


_EXPECTED: Final[dict[type[inspect.Type], tuple[str, str]]] = {
    inspect.StrType: ("a text", 'write it in quotes, e.g. "text"'),
    inspect.IntType: ("a whole number", "write digits only, without quotes"),
    inspect.FloatType: ("a number", "write digits and perhaps a point, without quotes"),
    inspect.BoolType: ("true or false", "write true or false, without quotes"),
    inspect.StructType: ("a table", "write its keys under a [table] header"),
    inspect.VarTupleType: ("a list", 'write it in brackets, e.g. ["a", "b"]'),
    inspect.DictType: ("a table", "write it in braces, e.g. { general = 2 }"),
}

_NAMES: Final = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number with a point",
    list: "a list",
    dict: "a table",
}


class _Reader:
    """One reading of one document."""

    def __init__(self) -> None:
        self.misread: list[Misread] = []
        self.stand_ins: set[str] = set()

    def struct(self, kind: inspect.StructType, table: dict[str, Any], path: str) -> Any:  # noqa: ANN401
        """Build `kind` from `table`, with stand-ins where needed."""
        fields = {field.encode_name: field for field in kind.fields}
        guessed = self.unknown_keys(table, fields, path)
        values: dict[str, Any] = {}
        for name, field in fields.items():
            at = f"{path}.{name}" if path else name
            if name in table:
                value = self.value(field.type, table[name], at)
                # Left out when equal to the default, so that the digest does not depend on whether
                # the file spells a default out.
                if field.required or value != field.default:
                    values[name] = value
            elif field.required:
                if name not in guessed:
                    self.misread.append(Misread(at, "this key is missing", _how_to_add(name, field.type)))
                values[name] = self.stand_in(field.type, at)
        return kind.cls(**values)

    def unknown_keys(self, table: dict[str, Any], fields: dict[str, inspect.Field], path: str) -> set[str]:
        """Report keys that mean nothing; answers the fields they were probably meant to be."""
        guessed = set()
        for key in table:
            if key in fields:
                continue
            at = f"{path}.{key}" if path else key
            absent = [name for name in fields if name not in table]
            many = len(self.misread) > MOST_TOLD
            guess = None if many else nearest(key, absent) or _singular(key, absent) or nearest(key, fields)
            if guess:
                guessed.add(guess)
                hint = f"did you mean {guess!r}?"
            else:
                hint = f"known keys here: {', '.join(fields)}"
            self.misread.append(Misread(at, "unknown key", hint))
        return guessed

    def value(self, kind: inspect.Type, value: Any, path: str) -> Any:  # noqa: ANN401
        """Read one value; a stand-in and a report when it is not of the wanted kind."""
        if value == BROKEN:
            return self.stand_in(kind, path)
        if isinstance(kind, inspect.UnionType):
            kind = _chosen(kind, value)
        match kind, value:
            case inspect.StructType(), dict():
                return self.struct(kind, value, path)
            case inspect.VarTupleType(), list():
                return tuple(self.value(kind.item_type, v, f"{path}[{i}]") for i, v in enumerate(value))
            case inspect.DictType(), dict():
                return {key: self.value(kind.value_type, v, f"{path}.{key}") for key, v in value.items()}
            case (inspect.StrType(), str()) | (inspect.BoolType(), bool()):
                return value
            case inspect.IntType(), int() if not isinstance(value, bool):
                return value
            case inspect.FloatType(), (int() | float()) if not isinstance(value, bool) and isfinite(value):
                return float(value)
            case inspect.LiteralType(), (str() | int()) if (
                not isinstance(value, bool) and value in kind.values
            ):
                return value
        self.misread.append(self.wrong(kind, value, path))
        return self.stand_in(kind, path)

    def wrong(self, kind: inspect.Type, value: Any, path: str) -> Misread:  # noqa: ANN401
        if isinstance(kind, inspect.LiteralType):
            choices = [str(choice) for choice in kind.values]
            # A number in quotes is no slip of spelling.
            guess = nearest(value, choices) if isinstance(value, str) and value not in choices else None
            hint = f"did you mean {guess!r}?" if guess else f"one of: {', '.join(choices)}"
            return Misread(path, f"{value!r} is not possible here", hint)
        expected, hint = _EXPECTED[type(kind)]
        if isinstance(kind, inspect.VarTupleType) and isinstance(kind.item_type, inspect.StructType):
            expected, hint = "a list of tables", f"write [[{path}]] with two brackets before each of them"
        found = _NAMES.get(type(value), "a date or time")
        if isinstance(value, float) and not isfinite(value):
            found = str(value)
        return Misread(path, f"expected {expected}, found {found}", hint)

    def stand_in(self, kind: inspect.Type, path: str) -> Any:  # noqa: ANN401
        self.stand_ins.add(path)
        if isinstance(kind, inspect.UnionType):
            kind = _chosen(kind, None)
        match kind:
            case inspect.StructType():
                return kind.cls(
                    **{f.name: self.stand_in(f.type, f"{path}.{f.name}") for f in kind.fields if f.required}
                )
            case inspect.VarTupleType():
                return ()
            case inspect.DictType():
                return {}
            case inspect.IntType():
                return 1
            case inspect.FloatType():
                return 1.0
            case inspect.BoolType():
                return False
            case inspect.LiteralType():
                return kind.values[0]
            case inspect.NoneType():
                return None
            case inspect.StrType():
                # Unlike any other value: two keys that are missing are no duplicates.
                return f"?{path}"
        raise msgspec.ValidationError(f"{path}: a hall file cannot hold {kind}")  # pragma: no cover


def _chosen(kind: inspect.UnionType, value: object) -> inspect.Type:
    """What a value that may be of several kinds is meant to be: a table, if it is one, or the simple kind.

    No value at all (a stand-in) is nothing where nothing is possible.
    """
    tables = [each for each in kind.types if isinstance(each, inspect.StructType)]
    nothing = [each for each in kind.types if isinstance(each, inspect.NoneType)]
    simple = [each for each in kind.types if not isinstance(each, inspect.StructType | inspect.NoneType)]
    if value is None:
        return [*nothing, *simple][0]
    return ([*tables, *simple] if isinstance(value, dict) else [*simple, *tables])[0]


def _singular(key: str, names: list[str]) -> str | None:
    return next((name for name in names if name.rstrip("s") == key.rstrip("s")), None)


def _how_to_add(name: str, kind: inspect.Type) -> str:
    if isinstance(kind, inspect.VarTupleType) and isinstance(kind.item_type, inspect.StructType):
        return f"add a [[{name}]] table for each of them"
    if isinstance(kind, inspect.StructType):
        return f"add a [{name}] table"
    examples = {inspect.StrType: '"..."', inspect.IntType: "1", inspect.DictType: "{ general = 2 }"}
    return f"add {name} = {examples.get(type(kind), '...')}"
