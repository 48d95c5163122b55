"""callq's HTTP API for programs that play people: the demo and the load tests.

With `callq.demo.feed` it knows nothing that the OpenAPI document and the feed's description do not
tell. Everything runs in the caller's nursery; nothing is retried behind the caller's back.
"""

from __future__ import annotations

import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ANSWER_LIMIT_S: Final = 10.0


class ApiProblem(Exception):
    """The server refused; nothing has changed.

    Attributes:
      status: HTTP status; 0 over the feed.
      code: stable code of the problem document, e.g. ``too_soon``.
      body: the problem document.
    """

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status = status
        self.code = str(body.get("code", "unknown"))
        self.body = body
        super().__init__(f"{self.code}: {body.get('detail', '')} {body.get('hint', '')}".strip())


class Unreachable(Exception):
    """The server cannot be reached, or the connection ended; what was asked may or may not have happened."""


class Api:
    """The HTTP API, as one principal."""

    def __init__(self, url: str, token: str | None, *, client: httpx.AsyncClient) -> None:
        self.url = url.rstrip("/")
        self.token = token
        self._client = client

    def acting_as(self, token: str) -> Api:
        """The same server and connections as another principal."""
        return Api(self.url, token, client=self._client)

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """GET `path`; the answer's body.

        Raises:
          ApiProblem: refused.
          Unreachable: no answer.
        """
        return await self._request("GET", path, params=query)

    async def post(self, path: str, body: dict[str, Any], *, key: str | None = None) -> dict[str, Any]:
        """POST `body` as JSON; `key` is the idempotency key, a new one if none is given.

        Raises:
          ApiProblem: refused.
          Unreachable: no answer; repeat with the same key.
        """
        headers = {"Idempotency-Key": key or uuid.uuid4().hex, "Content-Type": "application/json"}
        return await self._request("POST", path, content=msgspec.json.encode(body), headers=headers)

    async def _request(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        *,
        params: dict[str, str | int] | None = None,
        content: bytes | None = None,
    ) -> dict[str, Any]:
        sent = dict(headers or {})
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        try:
            answer = await self._client.request(
                method, f"{self.url}{path}", headers=sent, params=params, content=content
            )
        except httpx.HTTPError as error:
            raise Unreachable(f"{method} {path}: {error or type(error).__name__}") from error
        try:
            body = msgspec.json.decode(answer.content) if answer.content else {}
        except msgspec.DecodeError:
            body = {"detail": answer.text[:200]}
        if answer.is_error:
            raise ApiProblem(answer.status_code, body)
        return body if isinstance(body, dict) else {"data": body}


@asynccontextmanager
async def open_api(url: str, token: str | None = None) -> AsyncIterator[Api]:
    """The API at `url` for as long as the block runs."""
    # The demo and the load tests talk to the server itself: a proxy of the environment is none of theirs.
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    async with httpx.AsyncClient(timeout=ANSWER_LIMIT_S, limits=limits, trust_env=False) as client:
        yield Api(url, token, client=client)
