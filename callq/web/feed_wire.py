"""The feed's messages on the wire: two subprotocols, one content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NamedTuple

import msgspec

from callq.domain.errors import Code, Rejected
from callq.wire.codec import PLAIN, from_json, from_msgpack, shaped, to_json, to_msgpack

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.web.problems import Problem

MAX_MESSAGE: Final = 64 * 1024
"""Largest message from a client, bytes."""

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=PLAIN)]


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """Base of what a client may send, but for commands."""


class Subscribe(_Message, frozen=True, kw_only=True, tag="subscribe"):
    """Keep a view current; `since` and `epoch` resume."""

    view: Text
    zone: Text | None = None
    window: Text | None = None
    ticket: Text | None = None
    since: Annotated[int, msgspec.Meta(ge=0, lt=2**53)] | None = None
    epoch: Text | None = None


class Unsubscribe(_Message, frozen=True, kw_only=True, tag="unsubscribe"):
    """No longer."""

    view: Text
    zone: Text | None = None
    window: Text | None = None
    ticket: Text | None = None


class ClaimAnnouncer(_Message, frozen=True, kw_only=True, tag="claim_announcer"):
    """Be the one that speaks for a zone; without it, for the whole hall."""

    zone: Text | None = None
    screen: Text | None = None
    """Of the client's own choosing, at random: who claims again under it takes its earlier claim over."""


class Ping(_Message, frozen=True, kw_only=True, tag="ping"):
    """Are you there?"""


class Pong(_Message, frozen=True, kw_only=True, tag="pong"):
    """I am."""

    server_ms: int | None = None


class CommandMessage(NamedTuple):
    """A command as it came: the body of the HTTP request is what is left of the message.

    Attributes:
      id: by which the client knows the answer.
      key: idempotency key, unchecked.
      window: that it is for.
      ticket: that it is for, if no window.
      body: plain data with `command`.
    """

    id: str | int
    key: str | None
    window: str | None
    ticket: str | None
    body: dict[str, Any]


Incoming = Subscribe | Unsubscribe | ClaimAnnouncer | Ping | Pong

_TAGS: Final = ("subscribe", "unsubscribe", "claim_announcer", "command", "ping", "pong")


_HEAD: Final = ("type", "id", "key")


class _Id(msgspec.Struct, frozen=True):
    id: Text | Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
    key: str | None = None
    window: Text | None = None
    ticket: Text | None = None


def read_message(plain: object) -> Incoming | CommandMessage:
    """Understand a decoded message.

    Raises:
      Rejected: `INVALID`.
    """
    if not isinstance(plain, dict):
        raise Rejected(Code.INVALID, "a message is an object", 'send {"type": ...}')
    kind = plain.get("type")
    if kind == "command":
        head = shaped(plain, _Id)
        if head.window is not None:
            # Commands to a window may name a ticket: that is the body's.
            return CommandMessage(head.id, head.key, head.window, None, _body(plain, *_HEAD, "window"))
        return CommandMessage(head.id, head.key, None, head.ticket, _body(plain, *_HEAD, "ticket"))
    if kind not in _TAGS:
        raise Rejected(Code.INVALID, "unknown message type", f"one of: {', '.join(_TAGS)}")
    message: Incoming = shaped(plain, Incoming)
    return message


def _body(plain: dict[str, Any], *head: str) -> dict[str, Any]:
    return {key: value for key, value in plain.items() if key not in head}


class Wire(NamedTuple):
    """How one subprotocol turns messages into frames and back.

    Attributes:
      name: of the subprotocol.
      field: of the ASGI event: ``text`` or ``bytes``.
      encode: makes a frame's content, as bytes also where the field takes text.
      decode: reads it; raises `Rejected`.
    """

    name: str
    field: Literal["text", "bytes"]
    encode: Callable[[object], bytes]
    decode: Callable[[Any], Any]


PROTOCOLS: Final = {
    "callq.v1.json": Wire("callq.v1.json", "text", to_json, from_json),
    "callq.v1.msgpack": Wire("callq.v1.msgpack", "bytes", to_msgpack, from_msgpack),
}
"""By subprotocol name."""


def error_message(problem: Problem, **about: object) -> dict[str, object]:
    """What is sent when a message cannot be used."""
    return {"type": "error", **about, "problem": problem}
