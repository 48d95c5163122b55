"""One connection: what is left of it when somebody leaves, idles, floods or takes little at a time."""

from __future__ import annotations

import contextlib
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from callq.web import listener
from callq.web.door import HttpDoor
from callq.web.listener import Listener, open_socket
from callq.web.routes import ROUTES
from tests.web.test_slow_readers import masked, upgrade

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.web.conftest import Door

told: ContextVar[trio.Event] = ContextVar("told")

WHOLE = b"x" * 3_000_000
GET = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """A large answer; a socket that is closed at /told when it is told to, else when its client leaves."""
    if scope["type"] == "http":
        while (await receive()).get("more_body"):
            pass
        headers = [(b"content-length", b"%d" % len(WHOLE))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": WHOLE})
        return
    await receive()
    await send({"type": "websocket.accept", "subprotocol": scope["subprotocols"][0]})
    if scope["path"].endswith("told/feed"):
        await told.get().wait()
        await send({"type": "websocket.close", "code": 4401})
    else:
        while (await receive())["type"] != "websocket.disconnect":
            pass


class House:
    """A listener that serves `app`."""

    def __init__(self, port: int, served: Listener, stopping: trio.Event) -> None:
        self.port = port
        self.served = served
        self.stopping = stopping
        self.guests: list[trio.SocketStream] = []

    async def guest(self) -> trio.SocketStream:
        guest = await trio.open_tcp_stream("127.0.0.1", self.port)
        self.guests.append(guest)
        return guest

    async def empty(self) -> None:
        """Until no connection is left."""
        with trio.fail_after(5):
            while self.served._streams:
                await wait_all_tasks_blocked(0.01)


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    with open_socket("127.0.0.1", 0) as listening:
        served, stopping = Listener(app, listening, max_message=1000), trio.Event()
        async with trio.open_nursery() as nursery:
            await nursery.start(served.run, stopping)
            found = House(listening.getsockname()[1], served, stopping)
            yield found
            for guest in found.guests:
                await guest.aclose()
            nursery.cancel_scope.cancel()


async def whole_answer(guest: trio.SocketStream) -> bytes:
    heard = b""
    while not heard.endswith(WHOLE):
        heard += await guest.receive_some(65536)
    return heard


async def test_an_answer_larger_than_any_buffer_comes_whole() -> None:
    async with house() as server:
        guest = await server.guest()
        for _ in range(2):
            await guest.send_all(GET)
            head, _, body = (await whole_answer(guest)).partition(b"\r\n\r\n")
            assert (head[:15], body) == (b"HTTP/1.1 200 \r\n", WHOLE)


async def test_nothing_is_left_of_who_leaves() -> None:
    async with house() as server:
        idle = await server.guest()
        await idle.send_all(GET)
        await whole_answer(idle)
        impatient = await server.guest()
        await impatient.send_all(GET)
        silent = await server.guest()
        watcher = await server.guest()
        await watcher.send_all(upgrade(server.port))
        await watcher.receive_some(4096)
        assert len(server.served._streams) == 4
        for guest in (idle, impatient, silent, watcher):
            await guest.aclose()
        await server.empty()


async def test_who_goes_on_sending_to_a_closed_socket_leaves_nothing_behind() -> None:
    told.set(trio.Event())
    async with house() as server:
        guest = await server.guest()
        await guest.send_all(upgrade(server.port, hall="told"))
        await guest.receive_some(4096)
        await guest.send_all(masked(b"{") * 50)
        await wait_all_tasks_blocked(0.01)
        told.get().set()
        assert await guest.receive_some(4096) == b"\x88\x02" + (4401).to_bytes(2, "big")
        await server.empty()


async def test_who_is_idle_too_long_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "KEEP_ALIVE_S", 0.05)
    async with house() as server:
        silent = await server.guest()
        assert await silent.receive_some(10) == b""
        served = await server.guest()
        await served.send_all(GET)
        await whole_answer(served)
        assert await served.receive_some(10) == b""
        watcher = await server.guest()
        await watcher.send_all(upgrade(server.port))
        await watcher.receive_some(4096)
        with trio.move_on_after(0.2) as scope:
            await watcher.receive_some(10)
        assert scope.cancelled_caught, "a socket of the feed may be silent"


async def test_who_is_idle_is_hung_up_on_when_the_server_stops() -> None:
    async with house() as server:
        guest = await server.guest()
        await guest.send_all(GET)
        await whole_answer(guest)
        server.stopping.set()
        assert await guest.receive_some(10) == b""
        await server.empty()


async def test_a_body_that_nobody_reads_does_not_hold_up_its_answer() -> None:
    says, receive_channel = trio.open_memory_channel[dict[str, Any]](10)
    sent: list[dict[str, Any]] = []

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)
        if event["type"] == "http.response.body":
            # Hypercorn tells the app so before it returns from its last send.
            await says.send({"type": "http.disconnect"})

    for _ in range(10):
        says.send_nowait({"type": "http.request", "body": b"x", "more_body": True})
    nothing: Any = None
    scope = {"type": "http", "method": "DELETE", "path": "/v1/halls", "headers": [], "query_string": b""}
    with trio.fail_after(5):
        await HttpDoor(nothing, ROUTES, nothing)(scope, receive_channel.receive, send)
    assert sent[0]["status"] == 405


async def test_who_sends_without_end_is_answered_all_the_same(door: Door) -> None:
    guest = await trio.open_tcp_stream("127.0.0.1", door.port)
    length = 100_000_000
    head = f"POST /v1/halls/test/tickets HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n"
    heard = b""

    async def listen() -> None:
        nonlocal heard
        with contextlib.suppress(trio.BrokenResourceError):
            while data := await guest.receive_some(65536):
                heard += data

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen)
        with pytest.raises(trio.BrokenResourceError):
            await guest.send_all(head.encode() + b"x" * length)
    assert heard.startswith(b"HTTP/1.1 401")
    await trio.aclose_forcefully(guest)
