"""The WebSocket door: one socket carries views that are kept current, commands, and their answers.

Plain ASGI rather than quart: a message costs a third there. This is the handshake; `session` is what
follows. A refused caller is accepted first and then closed with a code, because a browser tells its
page nothing about a refused handshake.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import trio

from callq import metrics
from callq.domain.errors import CallqError, Code, Rejected
from callq.web import problems
from callq.web.feed_wire import PROTOCOLS
from callq.web.headers import given_twice, header_once
from callq.web.outlet import Outlet
from callq.web.problems import Refusal
from callq.web.roles import Permission
from callq.web.session import FORBIDDEN, INTERNAL, UNAUTHORISED, UNAVAILABLE, UNKNOWN, Closing, Session
from callq.web.stream import STREAM
from callq.web.tokens import bearer
from callq.wire.codec import to_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from callq.web.api import Api
    from callq.web.roles import Principal

_PATH: Final = re.compile(r"/v1/halls/(?P<hall>[^/]+)/feed")
_BEARER: Final = "bearer."

_CLOSING: Final = {
    Code.UNAUTHORISED: UNAUTHORISED,
    Code.FORBIDDEN: FORBIDDEN,
    Code.UNKNOWN_HALL: UNKNOWN,
}

Scope = dict[str, Any]


class FeedDoor:
    """ASGI application for WebSockets.

    Args:
      api: what sessions may use.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self.closing = trio.Event()
        """Set it and every open socket is closed with 4509."""

    async def __call__(
        self, scope: Scope, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        """Serve one socket."""
        await receive()  # websocket.connect
        found = _PATH.fullmatch(scope["path"])
        wire = next((PROTOCOLS[name] for name in scope["subprotocols"] if name in PROTOCOLS), None)
        if found is None:
            refusal = Refusal(Code.NOT_FOUND, "no such address", "the feed is at /v1/halls/{hall}/feed")
            await _reject(refusal, send)
            return
        if wire is None:
            names = ", ".join(PROTOCOLS)
            await _reject(
                Refusal(Code.INVALID, "no subprotocol that we speak", f"offer one of: {names}"), send
            )
            return
        try:
            token = _token(scope)
        except Rejected as error:
            await _reject(error, send)
            return
        hall = found["hall"]
        try:
            principal = await self._principal(token, hall)
        except CallqError as error:
            await send({"type": "websocket.accept", "subprotocol": wire.name})
            closing = _CLOSING.get(error.code, FORBIDDEN) if isinstance(error, Rejected) else UNAVAILABLE
            await send({"type": "websocket.close", "code": closing.code, "reason": closing.reason})
            return
        await send({"type": "websocket.accept", "subprotocol": wire.name})
        metrics.feed_opened(hall)
        outlet = Outlet(wire, scope["state"][STREAM])
        session = Session(self._api, principal, hall, wire, receive, send, outlet)
        try:
            ended = await self._serve(session, hall, send)
        finally:
            metrics.feed_closed(hall)
        if ended is not None:
            metrics.feed_dropped(hall, ended.reason)

    async def _serve(
        self, session: Session, hall: str, send: Callable[[Any], Awaitable[None]]
    ) -> Closing | None:
        try:
            return await session.run(self.closing)
        except* Exception as group:
            # One socket's fault must not reach the server; its client may come again.
            problems.log_fault("feed_failed", group, hall=hall)
        await send({"type": "websocket.close", "code": INTERNAL.code, "reason": INTERNAL.reason})
        return INTERNAL

    async def _principal(self, token: str | None, hall: str) -> Principal:
        """Who asks, for a hall that exists.

        Raises:
          Rejected: `UNAUTHORISED`, `FORBIDDEN`, `UNKNOWN_HALL`.
          StoreUnavailable: the token cannot be looked up, or the hall is being restarted.
        """
        principal = await self._api.tokens.authenticate(token, hall)
        principal.require(Permission.READ_HALL, hall=hall)
        self._api.node.actor(hall)
        return principal


def _token(scope: Scope) -> str | None:
    """From `Authorization`, or from the subprotocol ``bearer.TOKEN``; never from the URL.

    Raises:
      Rejected: `INVALID`, there is more than one.
    """
    header = header_once(scope["headers"], b"authorization")
    offered = [name for name in scope["subprotocols"] if name.startswith(_BEARER)]
    if len(offered) + (header is not None) > 1:
        raise given_twice("a token")
    return offered[0].removeprefix(_BEARER) if offered else bearer(header)


async def _reject(refusal: Rejected | Refusal, send: Callable[[Any], Awaitable[None]]) -> None:
    """Answer the handshake with a problem document."""
    problem, _ = problems.explain(refusal)
    content = to_json(problem)
    headers = [
        (b"content-type", problems.CONTENT_TYPE.encode()),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "websocket.http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": content})
