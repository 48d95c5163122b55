"""The HTTP door: every request of the route table, as plain ASGI; the rest goes to the quart app.

Plain ASGI rather than quart, as the feed is: a request costs much less there. What quart does for each
(contexts, signals, a nursery with two tasks, request and response classes) is of no use to these.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl

import trio

from callq import metrics
from callq.domain.errors import CallqError, Code, Rejected
from callq.web import problems
from callq.web.answers import Content
from callq.web.api import Call
from callq.web.headers import given_twice, header_once
from callq.web.keys import body_digest, checked_key
from callq.web.problems import Refusal
from callq.web.routes import MAX_CONFIG, Asked
from callq.web.tokens import bearer
from callq.wire.codec import from_json, shaped, to_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    import msgspec

    from callq.web.api import Api
    from callq.web.routes import Route

    Receive = Callable[[], Awaitable[Any]]
    Send = Callable[[Any], Awaitable[None]]

BODY_WITHIN_S: Final = 10.0
"""A body that takes longer to arrive is refused."""

DISCARD_WITHIN_S: Final = 2.0
"""So long the rest of a body that is refused may arrive before the refusal is sent."""

DISCARD_MAX: Final = 8 * MAX_CONFIG
"""Most that is read of a body that is refused."""

HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
"""Of every answer that is no page."""

_HEADERS: Final = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())
_JSON: Final = b"application/json"


class Answer(NamedTuple):
    """What is sent back.

    Attributes:
      status: of HTTP.
      content: whole.
      kind: content type.
      headers: beyond those of every answer.
    """

    status: int
    content: bytes
    kind: bytes = _JSON
    headers: Mapping[str, str] = {}


class HttpDoor:
    """ASGI application for HTTP.

    Args:
      api: what requests may use.
      routes: the table.
      others: answers what is not in it.
    """

    def __init__(self, api: Api, routes: Sequence[Route], others: Callable[..., Awaitable[None]]) -> None:
        self._api = api
        self._others = others
        self._tree = _tree(routes)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - ASGI
        """Answer one request."""
        found = self._find(scope["path"])
        if found is None:
            await self._others(scope, receive, send)
            return
        began = time.perf_counter()
        place, path = found
        request = _Request(scope, receive)
        try:
            answer = await self._answer(place, path, request)
        except _Left:
            return
        method = scope["method"]
        metrics.http_request(
            method if method in _METHODS else "(other)",
            place.rule,
            answer.status,
            time.perf_counter() - began,
        )
        own = {name.lower().encode() for name in answer.headers}
        headers = [
            *(header for header in _HEADERS if header[0] not in own),
            (b"content-type", answer.kind),
            (b"content-length", b"%d" % len(answer.content)),
        ]
        headers += [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        body = {"type": "http.response.body", "body": answer.content}
        await send(start)
        await send(body)

    def _find(self, path: str) -> tuple[_Place, dict[str, str]] | None:
        """The place in the table that an address leads to, with what stands in it for names."""
        here: _Node | None = self._tree
        values = []
        for part in path.split("/"):
            assert here is not None
            below = here.below.get(part)
            if below is None and part:
                below = here.any
                values.append(part)
            if below is None:
                return None
            here = below
        if here is None or here.place is None:
            return None
        return here.place, dict(zip(here.place.names, values, strict=True))

    async def _answer(self, place: _Place, path: dict[str, str], request: _Request) -> Answer:
        """Answer a request of the table: who, may, well-formed, done; in this order."""
        route = place.routes.get(request.method)
        if route is None:
            return problem_answer(_wrong_method(place))
        try:
            asked = await self._asked(route, path, request)
            answer = await route.handle(self._api, asked)
            if isinstance(answer, Content):
                return Answer(route.status, answer.content, route.kind.encode(), answer.headers)
            return Answer(route.status, to_json(answer))
        except CallqError as error:
            await request.discard()
            return problem_answer(error)
        except _Left:
            raise
        except Exception as error:
            problems.log_fault("request_failed", error, route=place.rule)
            return problem_answer(error)

    async def _asked(self, route: Route, path: dict[str, str], request: _Request) -> Asked:
        hall = path.get("hall")
        principal = await self._api.tokens.authenticate(bearer(request.header(b"authorization")), hall)
        principal.require(
            route.permission,
            hall=hall,
            window=path.get("window"),
            ticket=path.get("ticket"),
            device=path.get("device"),
        )
        query = shaped(request.query(route.query), route.query, strict=False)
        if route.body is None:
            return Asked(Call(principal, hall or ""), path, query, None)
        key = checked_key(request.header(b"idempotency-key"))
        plain = from_json(await request.body(route.max_body))
        body = shaped(plain, route.body)
        digest = body_digest(self._api.secret, request.path, plain)
        return Asked(Call(principal, hall or "", key, digest), path, query, body)


def problem_answer(error: Exception) -> Answer:
    """An error as it is told."""
    problem, headers = problems.explain(error)
    return Answer(problem.status, to_json(problem), problems.CONTENT_TYPE.encode(), headers)


def too_large(limit: int) -> Rejected:
    """A body of more than `limit` bytes."""
    return Rejected(Code.PAYLOAD_TOO_LARGE, f"more than {limit} bytes", "send less")


def _wrong_method(place: _Place) -> Refusal:
    allowed = ", ".join(sorted(place.routes))
    return Refusal(
        Code.INVALID,
        "Method Not Allowed",
        "/v1/openapi.json lists the API",
        status=405,
        headers={"Allow": allowed},
    )


# The table ----------------------------------------------------------------------------------------

_METHODS: Final = ("GET", "HEAD", "POST")


class _Place(NamedTuple):
    """An address of the table.

    Attributes:
      rule: as the metrics name it: ``/v1/halls/<hall>``.
      names: of its variable parts, in order.
      routes: by method; HEAD where there is GET.
    """

    rule: str
    names: tuple[str, ...]
    routes: dict[str, Route]


class _Node:
    """A part of an address: what may follow."""

    __slots__ = ("any", "below", "place")

    def __init__(self) -> None:
        self.below: dict[str, _Node] = {}
        self.any: _Node | None = None
        """Whatever it is called, if it has a name."""
        self.place: _Place | None = None


def _tree(routes: Sequence[Route]) -> _Node:
    root = _Node()
    for route in routes:
        here, names = root, []
        for part in route.path.split("/"):
            if part.startswith("{"):
                names.append(part[1:-1])
                here.any = here.any or _Node()
                here = here.any
            else:
                here = here.below.setdefault(part, _Node())
        if here.place is None:
            here.place = _Place(route.path.replace("{", "<").replace("}", ">"), tuple(names), {})
        here.place.routes[route.method] = route
        if route.method == "GET":
            here.place.routes["HEAD"] = route
    return root


# What is sent -------------------------------------------------------------------------------------


class _Left(Exception):
    """The client is gone: nobody is to be answered."""


class _Request:
    """A request, as far as it has been looked at."""

    __slots__ = ("_headers", "_more", "_query", "_receive", "_waits", "method", "path")

    def __init__(self, scope: Any, receive: Receive) -> None:  # noqa: ANN401 - ASGI
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        self._query: bytes = scope["query_string"]
        self._receive = receive
        self._more = True
        self._waits = True
        """False: nobody waits for the end of this one."""

    def header(self, name: bytes) -> str | None:
        """See `header_once`."""
        return header_once(self._headers, name)

    def query(self, kind: type[msgspec.Struct]) -> dict[str, str]:
        """Members of the query; a known one that is empty was not given.

        Raises:
          Rejected: `INVALID`, one of them is given twice.
        """
        found: dict[str, str] = {}
        if not self._query:
            return found
        for name, value in parse_qsl(self._query.decode("latin-1"), keep_blank_values=True):
            if not value and name in kind.__struct_encode_fields__:
                continue
            if name in found:
                raise given_twice(name)
            found[name] = value
        return found

    async def body(self, limit: int) -> bytes:
        """The body, at most `limit` bytes.

        Raises:
          Rejected: `PAYLOAD_TOO_LARGE`.
          Refusal: it took too long.
        """
        announced = self.header(b"content-length")
        length = -1 if announced is None else int(announced)
        if length > DISCARD_MAX:
            self._waits = False
            raise too_large(limit)
        found = bytearray()
        with trio.CancelScope(deadline=trio.current_time() + BODY_WITHIN_S) as scope:
            while self._more:
                found += await self._chunk()
                if len(found) > limit:
                    raise too_large(limit)
                if len(found) == length:
                    # The event that says so need not be waited for.
                    self._more = False
        if scope.cancelled_caught:
            raise Refusal(Code.INVALID, "the body took too long to arrive", "send it in one go", status=408)
        return bytes(found)

    async def discard(self) -> None:
        """Take in what is left of a body that is refused.

        A client that is still sending when its connection is closed never sees why.
        """
        length = 0
        with trio.move_on_after(DISCARD_WITHIN_S):
            while self._waits and self._more and length <= DISCARD_MAX:
                length += len(await self._chunk())

    async def _chunk(self) -> bytes:
        event = await self._receive()
        if event["type"] == "http.disconnect":
            raise _Left
        self._more = event.get("more_body", False)
        return event.get("body", b"")  # type: ignore[no-any-return]
