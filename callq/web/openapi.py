"""The OpenAPI 3.1 document, generated from the route table."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import msgspec

from callq import __version__
from callq.domain.errors import STATUS, TITLE, Code
from callq.web import problems
from callq.web.answers import Alive, Ready
from callq.web.roles import ALLOWED
from callq.wire.codec import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.web.routes import Route

_REF: Final = "#/components/schemas/{name}"

_PATH: Final = {
    "hall": "Hall id",
    "window": "Window id",
    "printer": "Id of a printer.",
    "ticket": "Ticket id, not its number",
    "decision": "Id of a routing decision, as it was answered",
    "announcement": "Id of an announcement: number and time of the call",
    "booking": "Booking id; case, hyphens and `O` for `0` do not matter",
    "version": "Revision with which a configuration came into force",
    "device": "Id of a device; one that is in no hall file is shown, too",
}

DESCRIPTION: Final = """Real-time queue and window orchestration for government service halls.

Times are Unix milliseconds. Unknown fields in a request are errors; unknown fields in an answer are
to be ignored. Any POST may carry an `Idempotency-Key`. A WebSocket at `/v1/halls/{hall}/feed`
(subprotocols `callq.v1.json`, `callq.v1.msgpack`; token as `Authorization` or as subprotocol
`bearer.TOKEN`) carries views, commands and answers; a socket closed with a code from 4400 to 4499
must not be opened again as it was."""


def document(routes: Sequence[Route]) -> bytes:
    """The document as JSON."""
    found = {problems.Problem, Alive, Ready}
    for route in routes:
        found |= {t for t in (route.answer, route.body, route.query, *route.parts) if t is not None}
    types = sorted(found, key=str)
    schemas, components = msgspec.json.schema_components(types, schema_hook=_anything, ref_template=_REF)
    schema_of = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in routes:
        paths[route.path][route.method.lower()] = _operation(route, schema_of, components)
    paths |= _plain_paths(schema_of)
    return to_json(
        {
            "openapi": "3.1.0",
            "info": {"title": "callq", "version": __version__, "description": DESCRIPTION},
            "servers": [{"url": "/"}],
            "security": [{"bearer": []}],
            "paths": paths,
            "components": {
                "schemas": components,
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            },
        }
    )


def _anything(kind: type) -> dict[str, Any]:
    """Schema of what msgspec has none for: the members of an event's data."""
    if kind is not object:
        raise NotImplementedError(kind)
    return {"description": "Any JSON value"}


def _operation(route: Route, schema_of: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    roles = ", ".join(sorted(ALLOWED[route.permission]))
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": f"Roles: {roles}.",
        "parameters": [*_path_parameters(route), *_query_parameters(route, schema_of, components)],
        "responses": {
            str(route.status): {
                "description": "Done" if route.method == "POST" else "As it stands",
                "content": {route.kind: {"schema": _answer(route, schema_of)}},
            },
            **_refusals(route, schema_of),
        },
    }
    if route.body is not None:
        operation["parameters"].append(_IDEMPOTENCY_KEY)
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema_of[route.body]}},
        }
    return operation


def _answer(route: Route, schema_of: dict[Any, Any]) -> dict[str, Any]:
    if route.answer is None:
        return {"type": "string", "format": "binary"}
    schema: dict[str, Any] = schema_of[route.answer]
    return schema


_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "An accepted key with the same body gives the same ids and revision and never acts twice",
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,200}$"},
}


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH[name],
            "schema": {"type": "string", "minLength": 1},
        }
        for name in re.findall(r"{(\w+)}", route.path)
    ]


def _query_parameters(
    route: Route, schema_of: dict[Any, Any], components: dict[str, Any]
) -> list[dict[str, Any]]:
    name = schema_of[route.query]["$ref"].rpartition("/")[2]
    found = []
    required = components[name].get("required", ())
    for field, schema in components[name].get("properties", {}).items():
        # A parameter is left out rather than null.
        given = next(one for one in schema.get("anyOf", [schema]) if one != {"type": "null"})
        found.append(
            {
                "name": field,
                "in": "query",
                "required": field in required,
                "description": given["description"],
                "schema": {key: value for key, value in given.items() if key != "description"},
            }
        )
    return found


def _refusals(route: Route, schema_of: dict[Any, Any]) -> dict[str, Any]:
    by_status: dict[int, list[Code]] = defaultdict(list)
    for code in route.all_codes:
        by_status[STATUS[code]].append(code)
    return {
        str(status): {
            "description": "; ".join(f"`{code}`: {TITLE[code]}" for code in codes),
            "content": {problems.CONTENT_TYPE: {"schema": schema_of[problems.Problem]}},
            **_headers(status),
        }
        for status, codes in sorted(by_status.items())
    }


def _headers(status: int) -> dict[str, Any]:
    name = {401: "WWW-Authenticate", 503: "Retry-After"}.get(status)
    return {"headers": {name: {"required": True, "schema": {"type": "string"}}}} if name else {}


def _plain_paths(schema_of: dict[Any, Any]) -> dict[str, Any]:
    """What needs no token: the document, metrics, and how the server is."""

    def get(name: str, summary: str, content: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
        responses = {"200": {"description": summary, "content": content}, **more}
        return {"get": {"operationId": name, "summary": summary, "security": [], "responses": responses}}

    problem = {problems.CONTENT_TYPE: {"schema": schema_of[problems.Problem]}}
    media = get(
        "getMedia",
        "A picture or video of the screens; parts of it by `Range`",
        {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/*", "video/*")},
        **{
            "206": {"description": "The part that was asked for"},
            "304": {"description": "It is as it was"},
            "404": {"description": "There is no such file", "content": problem},
            "416": {"description": "There is no such part"},
            "429": {"description": "Too many are sent at once", "content": problem},
        },
    )
    media["get"]["parameters"] = [
        {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
    ]
    return {
        "/v1/openapi.json": get(
            "getDocument", "This document", {"application/json": {"schema": {"type": "object"}}}
        ),
        "/media/{name}": media,
        "/metrics": get(
            "getMetrics", "Prometheus text format", {"text/plain": {"schema": {"type": "string"}}}
        ),
        "/healthz": get(
            "getHealth", "The process answers", {"application/json": {"schema": schema_of[Alive]}}
        ),
        "/readyz": get(
            "getReadiness",
            "Every hall runs",
            {"application/json": {"schema": schema_of[Ready]}},
            **{
                "503": {
                    "description": "Not every hall can be served now; `detail` says why",
                    "content": problem,
                    **_headers(503),
                }
            },
        ),
    }
