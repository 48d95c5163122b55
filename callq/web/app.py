"""What the route table does not have, as a quart-trio app: the document, metrics, health checks and pages."""

from __future__ import annotations

import contextlib
import time
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
import trio
from quart import Response, request
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException

from callq import metrics
from callq.domain.errors import CallqError, Code
from callq.runtime.gauges import hall_now
from callq.web import answers, problems
from callq.web.door import HEADERS
from callq.web.media import MediaFolder
from callq.web.openapi import document
from callq.web.problems import Refusal
from callq.web.routes import KIB, ROUTES
from callq.wire.codec import to_json

if TYPE_CHECKING:
    from callq.web.api import Api
    from callq.web.pages import Pages

SCRAPE_S: Final = 1.0
"""So long the metrics that were put together are given to others who ask."""


def create_app(api: Api, pages: Pages, media: MediaFolder | None = None) -> QuartTrio:
    """The app; `callq.web.door` answers the API."""
    # Its own static handler would shadow `/static/`, which is served with the pages' headers.
    app = QuartTrio("callq.web", static_folder=None)
    # Nobody here reads a body: no more than this of one is kept in memory.
    app.config.update(MAX_CONTENT_LENGTH=KIB, BODY_TIMEOUT=None, PROPAGATE_EXCEPTIONS=False)
    app.url_map.merge_slashes = False
    _add(app, "/v1/openapi.json", "document", partial(_bytes, _published(), "application/json"))
    _add(app, "/metrics", "metrics", partial(_metrics, _Scrape(api)))
    _add(app, "/healthz", "health", partial(_health, api))
    _add(app, "/readyz", "ready", partial(_ready, api))
    for page in pages.pages:
        _add(app, page.route, f"page.{page.name}", partial(_page, pages, page.html))
    _add(app, "/static/<path:path>", "static", partial(_file, pages, "/static"))
    _add(app, "/pages/<path:path>", "pages", partial(_file, pages, "/pages"))
    _add(app, "/media/<name>", "media", partial(_media, media or MediaFolder(None)))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    app.before_request(_begin)
    app.after_request(_end)
    return app


def _add(app: QuartTrio, rule: str, name: str, handle: partial[Any]) -> None:
    app.add_url_rule(rule, name, handle, methods=["GET"], provide_automatic_options=False)


# What needs no token ------------------------------------------------------------------------------


@cache
def _published() -> bytes:
    """The document; put together once in a process, since it takes longer than all else that an app needs."""
    return document(ROUTES)


async def _bytes(content: bytes, kind: str) -> Response:
    return _respond(content, 200, kind)


class _Scrape:
    """What Prometheus reads, the same for all who ask within `SCRAPE_S`.

    Anybody may ask, and some milliseconds are spent on it, more the more connections are open.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._content = b""
        self._made_at = float("-inf")

    def content(self) -> bytes:
        """The exposition."""
        if trio.current_time() >= self._made_at + SCRAPE_S:
            halls = []
            for hall in self._api.node.halls():
                # A hall that is being restarted has nothing to say; the others still have.
                with contextlib.suppress(CallqError):
                    halls.append(hall_now(self._api.node.actor(hall)))
            self._content = metrics.exposition(halls)
            self._made_at = trio.current_time()
        return self._content


async def _metrics(scrape: _Scrape) -> Response:
    return _respond(scrape.content(), 200, metrics.CONTENT_TYPE)


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
    headers = {**pages.headers(request.host, address), "ETag": asset.etag, "Cache-Control": "no-cache"}
    if asset.etag in request.headers.get("If-None-Match", ""):
        return Response(b"", 304, headers)
    return Response(asset.content, 200, {**headers, "Content-Type": asset.kind})


async def _media(media: MediaFolder, name: str) -> Response:
    try:
        return await media.answer(name, request.headers)
    except Refusal as refusal:
        return _problem(refusal)


# Answers ------------------------------------------------------------------------------------------


def _respond(content: bytes, status: int, kind: str, headers: dict[str, str] | None = None) -> Response:
    return Response(content, status, {**HEADERS, "Content-Type": kind, **(headers or {})})


def _json(content: bytes, status: int) -> Response:
    return _respond(content, status, "application/json")


def _problem(error: Exception) -> Response:
    problem, headers = problems.explain(error)
    return _respond(to_json(problem), problem.status, problems.CONTENT_TYPE, headers)


def _not_found() -> Refusal:
    return Refusal(Code.NOT_FOUND, "no such address", "/v1/openapi.json lists the API")


async def _http_error(error: HTTPException) -> Response:
    """What quart and werkzeug refuse by themselves."""
    # The request keeps it, and its frames keep the request: its connection would wait for the collector.
    error.__traceback__ = error.__context__ = None
    status = error.code or 500
    if status == 404:
        return _problem(_not_found())
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
