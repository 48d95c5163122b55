"""A server on a real socket for each test: the small hall, a clock that the test sets, no Redis."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from callq.domain.state import canonical
from callq.journal.memory import MemoryJournal
from callq.runtime.clock import NodeClock
from callq.runtime.node import Node
from callq.web.listener import open_socket
from callq.web.pages import load_pages
from callq.web.roles import Role
from callq.web.server import serve_node
from callq.web.tokens import create_token
from tests.harness import MONDAY_9H, small_hall
from tests.web.client import FeedClient, connect_feed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from callq.domain.hall import HallConfig
    from callq.voice.clips import Clips
    from callq.web.media import MediaFolder

ADMIN = "the-first-administrator"


class Clock(NodeClock):
    """The node's clock; stands still unless told, and is always believed."""

    def __init__(self) -> None:
        self.now_ms = MONDAY_9H
        super().__init__(lambda: MONDAY_9H, trio.current_time)

    def __call__(self) -> int:
        return self.now_ms

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ms += round(seconds * 1000)


class Door:
    """A running server, and short ways to knock."""

    def __init__(self, node: Node, journal: MemoryJournal, clock: Clock, stopping: trio.Event) -> None:
        self.node = node
        self.journal = journal
        self.clock = clock
        self.stopping = stopping
        self.stopped = trio.Event()
        """Set when the server has ended."""
        self.port = 0
        self.http: httpx.AsyncClient

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def ask(
        self, method: str, path: str, body: object = None, *, token: str | None = ADMIN, **headers: str
    ) -> httpx.Response:
        """One request; `path` below ``/v1/halls/test`` unless it begins with a slash."""
        address = path if path.startswith("/") else f"/v1/halls/test/{path}".rstrip("/")
        if token is not None:
            headers = {"Authorization": f"Bearer {token}", **headers}
        content: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        if body is None:
            content = {}
        return await self.http.request(method, address, headers=headers, **content)

    async def get(self, path: str, **more: Any) -> Any:
        """A successful GET."""
        answer = await self.ask("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: object, **more: Any) -> Any:
        """A successful POST."""
        answer = await self.ask("POST", path, body, **more)
        assert answer.is_success, answer.text
        return answer.json()

    async def issue(self, service: str = "general", **more: Any) -> Any:
        """Take a number; the answer's ticket."""
        return (await self.post("tickets", {"service": service, **more}))["ticket"]

    async def window(self, command: str, window: str = "w1", **more: object) -> Any:
        """A window command as the administrator."""
        return await self.post(f"windows/{window}/commands", {"command": command, **more})

    async def staff(self, window: str = "w1", clerk: str = "c1") -> None:
        """Sign in and open."""
        await self.window("sign_in", window, clerk=clerk)
        await self.window("open", window)

    async def token(self, role: str, **bound: Any) -> str:
        """A new token, made behind the door's back; one for ratings is of the tablet at w1 unless told."""
        if role == "rating":
            bound = {"hall": "test", "window": "w1", **bound}
        token, _ = await create_token(self.node.keyring, Role(role), created_ms=1, **bound)
        return token

    async def canonical(self) -> bytes:
        """The hall's whole state."""
        return await self.node.actor("test").read(lambda state, now: canonical(state))

    @asynccontextmanager
    async def feed(
        self, token: str = ADMIN, *, wire: str = "callq.v1.json", hall: str = "test"
    ) -> AsyncIterator[FeedClient]:
        """An open feed."""
        async with connect_feed(self.port, hall, token, wire) as client:
            yield client


_installed = cache(load_pages)
"""Read once: it takes longer than all else that a server does before it answers."""


@asynccontextmanager
async def serving(
    journal: MemoryJournal,
    *configs: HallConfig,
    clips: Clips | None = None,
    media: MediaFolder | None = None,
) -> AsyncIterator[Door]:
    """A server on `journal` until the block ends."""
    clock = Clock()
    stopping = trio.Event()
    node = Node(journal, journal, configs or [small_hall()], clock=clock)
    door = Door(node, journal, clock, stopping)
    async with trio.open_nursery() as nursery:
        await nursery.start(node.run)
        with open_socket("127.0.0.1", 0) as listening:

            async def serve(task_status: trio.TaskStatus[int]) -> None:
                await serve_node(
                    node,
                    listening,
                    stopping,
                    admin_token=ADMIN,
                    clips=clips,
                    media=media,
                    pages=_installed(),
                    task_status=task_status,
                )
                door.stopped.set()

            door.port = await nursery.start(serve)
            # No certificates are read, which would take a quarter of the time of a start.
            async with httpx.AsyncClient(base_url=door.url, timeout=20, verify=False) as door.http:
                yield door
            nursery.cancel_scope.cancel()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with serving(MemoryJournal()) as door:
        yield door
