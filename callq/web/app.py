"""The HTTP door: a quart-trio app made from the route table."""

from __future__ import annotations

import contextlib
import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
import trio
from quart import Response, request
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException

from callq import metrics
from callq.domain.errors import CallqError, Code, Rejected
from callq.runtime.gauges import hall_now
from callq.web import answers, problems
from callq.web.api import Call
from callq.web.keys import body_digest, checked_key
from callq.web.openapi import document
from callq.web.problems import Refusal
from callq.web.routes import MAX_CONFIG, ROUTES, Asked, Route
from callq.web.tokens import bearer
from callq.wire.codec import from_json, shaped, to_json

if TYPE_CHECKING:
    from callq.web.api import Api
    from callq.web.pages import Pages

BODY_WITHIN_S: Final = 10.0
"""A body that takes longer to arrive is refused."""

DISCARD_WITHIN_S: Final = 2.0
"""So long the rest of a body that is refused may arrive before the refusal is sent."""

DISCARD_MAX: Final = 8 * MAX_CONFIG
"""Most that is read of a body that is refused."""

_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


def create_app(api: Api, pages: Pages) -> QuartTrio:
    """The app: API, document, metrics, health checks and pages."""
    # Its own static handler would shadow `/static/`, which is served with the pages' headers.
    app = QuartTrio("callq.web", static_folder=None)
    # Only what a body may fill memory with before anybody reads it: `_body` knows the route's limit.
    app.config.update(MAX_CONTENT_LENGTH=DISCARD_MAX, BODY_TIMEOUT=None, PROPAGATE_EXCEPTIONS=False)
    app.url_map.merge_slashes = False
    for route in ROUTES:
        rule = re.sub(r"{(\w+)}", r"<\1>", route.path)
        _add(app, rule, route.name, partial(_api, api, route), route.method)
    published = document(ROUTES)
    _add(app, "/v1/openapi.json", "document", partial(_bytes, published, "application/json"))
    _add(app, "/metrics", "metrics", partial(_metrics, api))
    _add(app, "/healthz", "health", partial(_health, api))
    _add(app, "/readyz", "ready", partial(_ready, api))
    for page in pages.pages:
        _add(app, page.route, f"page.{page.name}", partial(_page, pages, page.html))
    _add(app, "/static/<path:path>", "static", partial(_file, pages, "/static"))
    _add(app, "/pages/<path:path>", "pages", partial(_file, pages, "/pages"))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    app.before_request(_begin)
    app.after_request(_end)
    return app


def _add(app: QuartTrio, rule: str, name: str, handle: partial[Any], method: str = "GET") -> None:
    app.add_url_rule(rule, name, handle, methods=[method], provide_automatic_options=False)


# The API ------------------------------------------------------------------------------------------


async def _api(api: Api, route: Route, **path: str) -> Response:
    """Answer a request of the table: who, may, well-formed, done; in this order."""
    try:
        asked = await _asked(api, route, path)
        answer = await route.handle(api, asked)
    except CallqError as error:
        await _discard()
        return _problem(error)
    return _json(to_json(answer), route.status)


async def _asked(api: Api, route: Route, path: dict[str, str]) -> Asked:
    hall = path.get("hall")
    principal = await api.tokens.authenticate(bearer(request.headers.get("Authorization")), hall)
    principal.require(route.permission, hall=hall, window=path.get("window"), ticket=path.get("ticket"))
    query = shaped(_query(route.query), route.query, strict=False)
    if route.body is None:
        return Asked(Call(principal, hall or ""), path, query, None)
    key = checked_key(request.headers.get("Idempotency-Key"))
    plain = from_json(await _body(route.max_body))
    body = shaped(plain, route.body)
    digest = body_digest(api.secret, request.path, plain)
    return Asked(Call(principal, hall or "", key, digest), path, query, body)


def _query(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Members of the query; a known one that is empty was not given."""
    found: dict[str, str] = {}
    for name, value in request.args.items(multi=True):
        if not value and name in kind.__struct_encode_fields__:
            continue
        if name in found:
            raise Rejected(Code.INVALID, f"`{name[:60]}` is given twice", "give it once")
        found[name] = value
    return found


async def _body(limit: int) -> bytes:
    """The request's body, at most `limit` bytes."""
    found = bytearray()
    with trio.move_on_after(BODY_WITHIN_S) as scope:
        async for chunk in request.body:
            found += chunk
            if len(found) > limit:
                raise _too_large(limit)
    if scope.cancelled_caught:
        raise Refusal(Code.INVALID, "the body took too long to arrive", "send it in one go", status=408)
    return bytes(found)


async def _discard() -> None:
    """Take in what is left of a body that is refused.

    A client that is still sending when its connection is closed never sees why.
    """
    length = 0
    with trio.move_on_after(DISCARD_WITHIN_S):
        async for chunk in request.body:
            length += len(chunk)
            if length > DISCARD_MAX:
                return


def _too_large(limit: int) -> Rejected:
    return Rejected(Code.PAYLOAD_TOO_LARGE, f"more than {limit} bytes", "send less")


# What needs no token ------------------------------------------------------------------------------


async def _bytes(content: bytes, kind: str) -> Response:
    return _respond(content, 200, kind)


async def _metrics(api: Api) -> Response:
    halls = []
    for hall in api.node.halls():
        # A hall that is being restarted has nothing to say; the others still have.
        with contextlib.suppress(CallqError):
            halls.append(hall_now(api.node.actor(hall)))
    return _respond(metrics.exposition(halls), 200, metrics.CONTENT_TYPE)


async def _health(api: Api) -> Response:
    health = api.node.health()
    told = {name: health[name] for name in ("node", "nodes", "clock", "alarms")}
    return _json(to_json(msgspec.convert(told, answers.Alive)), 200)


async def _ready(api: Api) -> Response:
    health = api.node.health()
    halls: Any = health["halls"]
    if health["ready"]:
        return _json(to_json(answers.Ready(ready=True, halls=halls)), 200)
    why = str(health["why"])
    return _problem(Refusal(Code.STORE_UNAVAILABLE, why, "wait", headers={"Retry-After": "2"}))


# Pages --------------------------------------------------------------------------------------------


async def _page(pages: Pages, html: str, **path: str) -> Response:
    return _asset(pages, html)


async def _file(pages: Pages, prefix: str, path: str) -> Response:
    return _asset(pages, f"{prefix}/{path}")


def _asset(pages: Pages, address: str) -> Response:
    asset = pages.assets.get(address)
    if asset is None:
        return _problem(_not_found())
    headers = {**pages.headers(request.host), "ETag": asset.etag, "Cache-Control": "no-cache"}
    if asset.etag in request.headers.get("If-None-Match", ""):
        return Response(b"", 304, headers)
    return Response(asset.content, 200, {**headers, "Content-Type": asset.kind})


# Answers ------------------------------------------------------------------------------------------


def _respond(content: bytes, status: int, kind: str, headers: dict[str, str] | None = None) -> Response:
    return Response(content, status, {**_HEADERS, "Content-Type": kind, **(headers or {})})


def _json(content: bytes, status: int) -> Response:
    return _respond(content, status, "application/json")


def _problem(error: Exception) -> Response:
    problem, headers = problems.explain(error)
    return _respond(to_json(problem), problem.status, problems.CONTENT_TYPE, headers)


def _not_found() -> Refusal:
    return Refusal(Code.NOT_FOUND, "no such address", "/v1/openapi.json lists the API")


async def _http_error(error: HTTPException) -> Response:
    """What quart and werkzeug refuse by themselves."""
    status = error.code or 500
    if status == 404:
        return _problem(_not_found())
    if status == 413:
        return _problem(_too_large(DISCARD_MAX))
    headers = {name: value for name, value in error.get_headers() if name == "Allow"}
    code = Code.INVALID if status < 500 else Code.INTERNAL
    refusal = Refusal(code, error.name, "/v1/openapi.json lists the API", status=status, headers=headers)
    return _problem(refusal)


async def _unexpected(error: Exception) -> Response:
    problems.log_fault("request_failed", error, route=_route_template())
    return _problem(error)


async def _begin() -> None:
    request.scope["callq.began"] = time.perf_counter()  # type: ignore[typeddict-unknown-key]


async def _end(response: Response) -> Response:
    began: Any = request.scope.get("callq.began", time.perf_counter())
    seconds = time.perf_counter() - began
    metrics.http_request(_method(), _route_template(), response.status_code, seconds)
    return response


def _route_template() -> str:
    return request.url_rule.rule if request.url_rule else "(none)"


def _method() -> str:
    return request.method if request.method in ("GET", "HEAD", "POST") else "(other)"
