"""Bodies that nobody should send: what a type asks for, spoiled in one place, from a seed.

The types come from the route table and the feed's messages, so that new ones are met by themselves.
"""

from __future__ import annotations

import copy
import json
import random
from typing import Any, Final, NamedTuple

import msgpack
import msgspec
from msgspec import inspect

Plain = Any

TEXTS = (
    "",
    " ",
    "\x00",
    "a\nb",
    "deaf\n",
    "\u202e321",
    "\u2066x",
    "\ufeffgeneral",
    "\u200b",
    "\x7f\x9b31m",
    "\ud800",
    "\udc00\ud800",
    "😀" * 300,
    "x" * 5_000,
    "../../etc/passwd",
    "' OR 1=1 --",
    "9999-12-31",
    "0001-01-01",
    "2026-02-30",
    "1e3",
    "٣",
    "__class__",
    "11010119900307001X" * 4,
)
NUMBERS = (
    -1,
    0,
    1,
    7,
    2**31,
    2**53 - 1,
    2**53,
    2**63,
    2**64 - 1,
    2**64,
    -(2**63) - 1,
    10**400,
    0.5,
    1e308,
    -0.0,
)
"""Times among them: the first moment, one a quarter of a million years ahead."""

OTHERS: tuple[object, ...] = (
    None,
    True,
    [],
    {},
    [[]],
    {"": ""},
    [None] * 1_000,
    {f"k{n}": n for n in range(200)},
    float("nan"),
    float("inf"),
)
ONLY_MSGPACK = (
    b"\xff",
    msgpack.Timestamp(2**33, 5),
    msgpack.Timestamp(-(2**62), 0),
    msgpack.ExtType(5, b"x"),
    msgpack.ExtType(127, bytes(1_000)),
    {1: 2},
    {b"type": b"ping"},
    {None: 1, True: 2, 0.5: 3},
)

JSON_BODIES = (
    b"",
    b" ",
    b"null",
    b"[]",
    b'"command"',
    b"0",
    b"{",
    b"{}",
    b'{"a":1}{"a":1}',
    b"\xef\xbb\xbf{}",
    '{"service": "general"}'.encode("utf-16"),
    b'{"service":"\xed\xa0\x80"}',
    b'{"service":"\x01"}',
    b'{"service":NaN}',
    b'{"party":1e999}',
    b'{"party":' + b"9" * 5_000 + b"}",
    b"[" * 60_000,
    b'{"a":' * 10_000,
    b'{"command":' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"' + b"k" * 60_000 + b'":1}',
    b'{"command":"' + b"c" * 60_000 + b'"}',
    b"\x1f\x8b\x08\x00" + bytes(50),
    bytes(60_000),
    b" " * 70_000,
)
"""Whole bodies that are no object of ours, some no JSON; the last is beyond what is read."""

MSGPACK_BODIES = (
    b"",
    b"\xc0",
    b"\xc1",
    b"\x90",
    b"\x80\x80",
    b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xdb\xff\xff\xff\xffx",
    b"\xc6\xff\xff\xff\xff",
    b"\xc9\xff\xff\xff\xff\x05",
    b"\xdd\x00\xff\xff\xff" * 500,
    b"\x91" * 60_000,
    b"\x81\xa4type" * 5_000,
    b"\x81\x91\xa4type\xa4ping",
    b"\x81\x80\x80",
    b"\xa3\xed\xa0\x80",
    b"\xd6\xff\xff\xff\xff\xff",
    b"\xc7\x0c\xff" + b"\xff" * 12,
)


LEFT_OUT: Final = object()
"""Given for a member that does not go with the others."""


class Given(NamedTuple):
    """Values by the name of a member, so that what is spoiled is otherwise right."""

    by_name: dict[str, Plain]


class Mallory:
    """Makes hostile values.

    Args:
      seed: the same seed, the same values.
      given: right values for members by name.
      more: hostile values beyond those of JSON.
    """

    def __init__(self, seed: int, given: Given, more: tuple[Plain, ...] = ()) -> None:
        self._random = random.Random(seed)
        self._given = given.by_name
        self._hostile: tuple[Plain, ...] = (*TEXTS, *NUMBERS, *OTHERS, *more)

    def bodies(self, kind: Any, count: int) -> list[Plain]:
        """Spoiled values for each struct of a type: every member some ways, and `count` anywhere.

        Where a number belongs each of `NUMBERS` is tried, since times are what rules reckon with.
        """
        info = inspect.type_info(kind)
        structs = info.types if isinstance(info, inspect.UnionType) else (info,)
        found = []
        for struct in structs:
            assert isinstance(struct, inspect.StructType)
            for name, value in self.right(struct).items():
                number = isinstance(value, int) and not isinstance(value, bool)
                texts = self._random.sample(TEXTS, 3) if isinstance(value, str) else ()
                others = self._random.sample(self._hostile, 3)
                for odd in (*(NUMBERS if number else texts), *others):
                    found.append({**self.right(struct), name: odd})
            found += [self.spoiled(self.right(struct)) for _ in range(count)]
        return found

    def right(self, info: inspect.Type, name: str = "") -> Plain:
        """A value as its type wants it."""
        if name in self._given:
            return copy.deepcopy(self._given[name])
        match info:
            case inspect.StructType():
                tag = {info.tag_field: info.tag} if info.tag_field else {}
                sent = [f for f in info.fields if self._given.get(f.encode_name) is not LEFT_OUT]
                return tag | {f.encode_name: self.right(f.type, f.encode_name) for f in sent}
            case inspect.UnionType():
                kinds = [one for one in info.types if not isinstance(one, inspect.NoneType)]
                return self.right(self._random.choice(kinds), name)
            case inspect.LiteralType():
                return self._random.choice(info.values)
            case inspect.EnumType():
                return self._random.choice(list(info.cls)).value
            case inspect.IntType():
                return info.ge if info.ge is not None else 1
            case inspect.FloatType():
                return 0.5
            case inspect.BoolType():
                return False
            case inspect.StrType():
                return "text"
            case inspect.VarTupleType() | inspect.ListType():
                return [self.right(info.item_type, name)]
            case inspect.Metadata():
                return self.right(info.type, name)
        raise NotImplementedError(f"a right value for {info}: add it here")

    def spoiled(self, value: Plain) -> Plain:
        """The value with one thing in it that does not belong there."""
        value = copy.deepcopy(value)
        places = list(_places(value))
        holder, key = self._random.choice(places) if places else (None, None)
        match self._random.randrange(5):
            case 0 if isinstance(value, dict):
                value[self._random.choice(("x", "command ", "__proto__", "\x00", "k" * 300))] = 1
            case 1 if holder is not None:
                del holder[key]
            case 2 if holder is not None:
                holder[key] = [holder[key]] * self._random.choice((2, 50))
            case _ if holder is not None:
                holder[key] = copy.deepcopy(self._random.choice(self._hostile))
            case _:
                return self._random.choice(self._hostile)
        return value


def _places(value: Plain) -> list[tuple[Any, Any]]:
    """Every member and item within a value, as holder and key."""
    found: list[tuple[Any, Any]] = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found.append((value, key))
        found += _places(inner)
    return found


def as_json(value: Plain) -> bytes:
    """Python's JSON, which has NaN, infinities, lone surrogates and numbers of any length."""
    return json.dumps(value).encode()


def as_msgpack(value: Plain) -> bytes | None:
    """As msgpack; None for what even that has no bytes for."""
    try:
        packed: bytes = msgpack.packb(value, unicode_errors="surrogatepass")
    except (OverflowError, ValueError):
        return None
    return packed


def plain(value: object) -> Plain:
    """A struct as plain data."""
    return msgspec.to_builtins(value)
