"""JSON and msgpack for both doors: one encoder and one reading of types for each.

Text is UTF-8. Structs become objects keyed by their wire names; the bytes of equal values are equal
(`canonical`), which is what idempotency digests rest on.
"""

from __future__ import annotations

import difflib
import functools
import re
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

import msgspec

from callq.domain.errors import Code, Rejected

if TYPE_CHECKING:
    from types import UnionType

T = TypeVar("T")

_json: Final = msgspec.json.Encoder()
_msgpack: Final = msgspec.msgpack.Encoder()
_canonical: Final = msgspec.json.Encoder(order="deterministic")
_UNKNOWN_FIELD: Final = re.compile(
    r"^Object contains unknown field `(?P<name>.*?)`(?: - at `(?P<path>.*)`)?$", re.DOTALL
)
_UNKNOWN_TAG: Final = re.compile(r"^Invalid value '(?P<tag>.*)' - at `(?P<path>.*)`$", re.DOTALL)

_BAD_TEXT: Final = re.compile(r"matching regex '\^\[\^.*? - at `(?P<path>.*)`$", re.DOTALL)

_UNSHOWN: Final = r"\u007f-\u009f\u200b\u2028-\u202e\u2066-\u2069\ufeff"
PLAIN: Final = rf"^[^\u0000-\u001f{_UNSHOWN}]*$(?!\n)"
"""Pattern of a text in one line, for Python and for JSON Schema.

Control characters break lines, logs and printers; overrides of direction turn a screen's line around;
zero-width spaces and byte-order marks make equal-looking texts differ. Python's `$` alone would let a last
line break through.
"""

LINES: Final = rf"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f{_UNSHOWN}]*$"
"""The same, with tabs and line breaks."""

MAX_WORD: Final = 64
"""Characters of an unknown word for which a near one is looked for: comparing takes time by length."""


def to_json(value: object) -> bytes:
    """A value as JSON."""
    return _json.encode(value)


def to_msgpack(value: object) -> bytes:
    """A value as msgpack."""
    return _msgpack.encode(value)


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces: equal content gives equal bytes.

    Raises:
      Rejected: `INVALID`, it holds what JSON cannot say (msgpack can).
    """
    try:
        return _canonical.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Rejected(
            Code.INVALID, "the body holds what JSON has no words for", "send plain data"
        ) from error


def from_json(body: bytes | str) -> Any:  # noqa: ANN401 - that is what JSON is
    """Read JSON.

    Raises:
      Rejected: `INVALID`, not JSON.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(Code.INVALID, f"not JSON: {_short(error)}", "send one JSON object in UTF-8") from error


def from_msgpack(body: bytes) -> Any:  # noqa: ANN401
    """Read msgpack.

    Raises:
      Rejected: `INVALID`, not msgpack.
    """
    try:
        return msgspec.msgpack.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Rejected(Code.INVALID, f"not msgpack: {_short(error)}", "send one msgpack map") from error


@overload
def shaped(value: object, kind: type[T], *, strict: bool = True) -> T: ...
@overload
def shaped(value: object, kind: UnionType, *, strict: bool = True) -> Any: ...  # noqa: ANN401
def shaped(value: object, kind: Any, *, strict: bool = True) -> Any:
    """Read plain data as a struct.

    Args:
      value: as `from_json` or `from_msgpack` made it.
      kind: a struct, or a union of tagged ones.
      strict: false where all values are text, as in a query.

    Raises:
      Rejected: `INVALID`, naming the field and, for an unknown one, the nearest that exists.
    """
    meant = kind if isinstance(kind, type) else _meant(value, kind)
    try:
        return msgspec.convert(value, meant, strict=strict)
    except msgspec.ValidationError as error:
        raise _explained(error, meant) from error


def _meant(value: object, kind: Any) -> Any:  # noqa: ANN401
    """The member of a union of tagged structs that a value's tag names, or the union itself.

    Not only for the error: msgspec looks at each struct of a union anew, whenever one is converted to.
    """
    if isinstance(value, dict):
        for field, members in _members(kind):
            tag = value.get(field)
            if isinstance(tag, str) and tag in members:
                return members[tag]
    return kind


@functools.cache
def _members(kind: Any) -> tuple[tuple[str, dict[str, type]], ...]:  # noqa: ANN401
    """The structs of a union by tag, for each field that tags stand in."""
    found: dict[str, dict[str, type]] = {}
    for one in _parts(kind):
        config = getattr(one, "__struct_config__", None)
        if config is not None and config.tag_field:
            found.setdefault(config.tag_field, {})[str(config.tag)] = one
    return tuple(found.items())


def _short(error: Exception) -> str:
    return str(error)[:200]


def _explained(error: msgspec.ValidationError, kind: type) -> Rejected:
    field = _UNKNOWN_FIELD.match(str(error))
    if field is not None:
        at = field["path"] or "$"
        hint = _nearest(field["name"], _fields_at(kind, at))
        return Rejected(Code.INVALID, f"unknown field `{field['name'][:60]}` at `{at}`", hint)
    tag = _UNKNOWN_TAG.match(str(error))
    tags = _tags(kind)
    if tag is not None and tag["path"] in {f"$.{name}" for name in tags}:
        return Rejected(Code.INVALID, _short(error), _nearest(tag["tag"], tags[tag["path"][2:]]))
    text = _BAD_TEXT.search(str(error))
    if text is not None:
        said = f"a control or invisible character in the text at `{text['path']}`"
        return Rejected(Code.INVALID, said, "type the text again instead of pasting it")
    return Rejected(Code.INVALID, _short(error), "see the served OpenAPI document for the shape")


def _nearest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word[:MAX_WORD], known, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(known) or 'nothing'}"


def _tags(kind: Any) -> dict[str, list[str]]:  # noqa: ANN401
    """Tags of a struct or of a union of them, by the field they stand in."""
    return {field: list(members) for field, members in _members(kind)}


def _fields_at(kind: Any, path: str) -> list[str]:  # noqa: ANN401
    """Wire names of the fields of the struct that `path` leads to from `kind`."""
    here = [kind]
    for step in re.findall(r"\.(\w+)|(\[)", path):
        here = [inner for one in here for inner in _inside(one, step[0])]
    return [f.encode_name for one in here for f in _fields(one)]


def _fields(kind: Any) -> tuple[msgspec.structs.FieldInfo, ...]:  # noqa: ANN401
    structs = [one for one in _parts(kind) if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    return tuple(field for one in structs for field in msgspec.structs.fields(one))


def _parts(kind: Any) -> list[Any]:  # noqa: ANN401
    """A type, or the members of a union."""
    if isinstance(kind, type):
        return [kind]
    arguments = getattr(kind, "__args__", ())
    return [inner for one in arguments for inner in _parts(one)] if arguments else [kind]


def _inside(kind: Any, name: str) -> list[Any]:  # noqa: ANN401
    """The type of a field, or of the items of a list."""
    if not name:
        return list(getattr(kind, "__args__", ()))[:1]
    return [field.type for field in _fields(kind) if field.encode_name == name]
