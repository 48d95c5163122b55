"""What a connection held is free when it is over: the collector, which comes rarely, is not needed for it."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import pytest
import trio
from wsproto.frame_protocol import FrameProtocol

from callq.web import connection
from callq.web.connection import Connection
from callq.web.feed_socket import FeedSocket
from callq.web.http_protocol import HttpProtocol
from callq.web.session import Session
from tests.web.test_connections import BEARER, HOST, frame, open_feed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.conftest import Door

KINDS = frozenset({Connection, FeedSocket, HttpProtocol, FrameProtocol, Session})

FREE_WITHIN_S = 8.0


@pytest.fixture(autouse=True)
def _without_a_collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(connection, "LINGER_S", 0.05)
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def held() -> list[Any]:
    """What there is of connections."""
    return [one for one in gc.get_objects() if type(one) in KINDS]


async def free() -> None:
    """Wait until nothing of any connection is there."""
    with trio.move_on_after(FREE_WITHIN_S):
        while held():  # noqa: ASYNC110 - nobody says when something is freed
            await trio.sleep(0.02)
    assert [type(one).__name__ for one in held()] == []


FEEDS = {
    "nothing": b"",
    "in the middle of a large message": frame(b" " * 60_000, length=65_000),
    "in the middle of one that is too large": frame(b" " * 250_000, length=300_000),
    "in the middle of many parts": frame(b" " * 30_000, 0x01) + frame(b" " * 30_000, 0x00),
    "after a command that is refused": frame(b'{"type":"command","id":1,"window":"w1","command":"start"}'),
    "after a view": frame(b'{"type":"subscribe","view":"board"}'),
    "after nonsense": frame(b"x") * 40,
}


@pytest.mark.parametrize("name", FEEDS)
async def test_a_feed_that_is_dropped_leaves_nothing(door: Door, name: str) -> None:
    for _ in range(3):
        stream = await open_feed(door)
        await stream.send_all(FEEDS[name])
        await trio.sleep(0.05)
        assert held()
        await trio.aclose_forcefully(stream)
    await free()


REQUESTS = {
    "half of one": b"POST /v1/halls/test/tickets HT",
    "half a body": b"POST /v1/halls/test/tickets HTTP/1.1\r\n"
    + HOST
    + BEARER
    + b"Content-Length: 99\r\n\r\n{",
    "no such address": b"GET /nowhere HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method that is not meant": b"PUT /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "headers without end": b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 100_000,
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_a_request_leaves_nothing(door: Door, name: str) -> None:
    for _ in range(3):
        stream = await trio.open_tcp_stream("127.0.0.1", door.port)
        await stream.send_all(REQUESTS[name])
        await trio.sleep(0.05)
        await trio.aclose_forcefully(stream)
    await free()
