"""Answers to what is refused before it is a request: nobody but the connection has seen it."""

from __future__ import annotations

from typing import Final

from callq.domain.errors import Code
from callq.web import problems
from callq.wire.codec import to_json

_CODE: Final = {429: Code.TOO_MANY_REQUESTS, 500: Code.INTERNAL}

_TOLD: Final = {
    400: ("not a request that can be understood", "send HTTP/1.1"),
    429: ("as many connections are open as the server takes", "come again in some seconds"),
    431: ("the request's headers are too large", "send less than 16 KiB of them"),
    500: ("an unexpected error", "tell whoever runs this server"),
    501: ("a transfer encoding that is not known here", "send the body as it is, or chunked"),
    505: ("another version of HTTP", "send HTTP/1.1"),
}
"""Detail and hint by status, for what is refused before it is a request."""


def refusal(status: int, detail: str = "", hint: str = "") -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and content of an answer after which the connection is closed."""
    said, advice = _TOLD.get(status, _TOLD[400])
    code = _CODE.get(status, Code.INVALID)
    content = to_json(problems.make_problem(code, detail or said, hint or advice, status=status))
    headers = [
        (b"content-type", problems.CONTENT_TYPE.encode()),
        (b"content-length", str(len(content)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if status == 429:
        headers.append((b"retry-after", b"5"))
    return headers, content


def _turned_away() -> bytes:
    headers, content = refusal(429)
    lines = [b"HTTP/1.1 429 ", *(b": ".join(header) for header in headers), b""]
    return b"\r\n".join([*lines, content])


TURNED_AWAY: Final = _turned_away()
"""All that somebody reads for whom there is no room."""
