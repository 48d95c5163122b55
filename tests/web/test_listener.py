"""A listener with an app of the tests': answers larger than any buffer, and what is left of connections."""

from __future__ import annotations

from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import trio
from trio.testing import wait_all_tasks_blocked

from callq.web.listener import MAX_CONNECTIONS, Listener, open_socket
from tests.web.test_slow_readers import masked, upgrade

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


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
    """A listener that serves an app."""

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
async def house(app: Any = app, *, most: int = MAX_CONNECTIONS) -> AsyncIterator[House]:
    """A listener that serves `app`, with room for `most` connections."""
    with open_socket("127.0.0.1", 0) as listening:
        served, stopping = Listener(app, listening, max_message=1000, most=most), trio.Event()
        async with trio.open_nursery() as nursery:
            await nursery.start(served.run, stopping)
            found = House(listening.getsockname()[1], served, stopping)
            try:
                yield found
            finally:
                for guest in found.guests:
                    await trio.aclose_forcefully(guest)
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
