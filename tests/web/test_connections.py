"""What peers do to connections: each is answered or closed in time, and holds nothing that others need."""

from __future__ import annotations

import errno
import json
import resource
from typing import TYPE_CHECKING, Any

import pytest
import trio
import trio.testing
from hypercorn.config import Config
from hypercorn.trio.worker_context import WorkerContext
from structlog.testing import capture_logs
from wsproto.events import Pong

from callq.web import connection, feed_socket, http_protocol, listener, server
from callq.web.feed_socket import FeedSocket
from callq.web.tasks import Inbox, Tasks
from tests.web.conftest import ADMIN
from tests.web.test_slow_readers import masked, upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.conftest import Door

ANSWER_WITHIN_S = 8.0
"""A peer that is forgotten fails its test by then."""

HOST = b"Host: x\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
BEARER = f"Authorization: Bearer {ADMIN}\r\n".encode()


@pytest.fixture(autouse=True)
def _no_faults(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a peer does is a fault of the server's: no trace is logged."""
    with capture_logs() as logs:
        yield
    assert [line for line in logs if "trace" in line or "exc_info" in line] == []
    assert [line for line in caplog.records if line.exc_info] == []


async def said(stream: trio.SocketStream) -> bytes:
    """All that the server says until it closes."""
    found = b""
    with trio.fail_after(ANSWER_WITHIN_S):
        while True:
            try:
                part = await stream.receive_some(65536)
            except trio.BrokenResourceError:
                return found
            if not part:
                return found
            found += part


async def asked(door: Door, *parts: bytes) -> bytes:
    """What the server says to these bytes, until it closes."""
    stream = await trio.open_tcp_stream("127.0.0.1", door.port)
    async with stream:
        for part in parts:
            await stream.send_all(part)
        return await said(stream)


async def open_feed(door: Door, token: str = ADMIN) -> trio.SocketStream:
    """A feed's socket after its handshake."""
    stream = await trio.open_tcp_stream("127.0.0.1", door.port)
    await stream.send_all(upgrade(door.port, token))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += await stream.receive_some(1)
    assert b" 101 " in head
    return stream


def problem(answer: bytes, status: int) -> dict[str, Any]:
    """The problem document of an answer."""
    head, _, content = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), head
    assert b"application/problem+json" in head
    found: dict[str, Any] = json.loads(content)
    assert found["status"] == status
    assert found["hint"]
    return found


def frame(payload: bytes, head: int = 0x81, *, length: int | None = None, mask: bool = True) -> bytes:
    """A frame with its first byte as given; the mask is zero, so that the payload stays readable."""
    size = len(payload) if length is None else length
    flag = 0x80 if mask else 0
    if size < 126:
        told = bytes([flag | size])
    elif size < 1 << 16:
        told = bytes([flag | 126]) + size.to_bytes(2)
    else:
        told = bytes([flag | 127]) + size.to_bytes(8)
    return bytes([head]) + told + (bytes(4) if mask else b"") + payload


def close_code(frames: bytes) -> int:
    """The code of the close frame that ends what the server said."""
    at = frames.rindex(b"\x88")
    return int.from_bytes(frames[at + 2 : at + 4])


# Requests -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"GET /healthz HTTP/1.0\r\n\r\n"],
)
async def test_a_connection_that_is_not_to_be_kept_is_closed(door: Door, request_: bytes) -> None:
    assert b" 200 " in await asked(door, request_)


async def test_the_end_is_told_at_once(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LINGER_S", 3600.0)
    assert b" 200 " in await asked(door, HEALTH)


async def test_a_connection_is_kept_for_a_while_only(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "KEEP_ALIVE_S", 0.1)
    line = b"GET /v1/halls HTTP/1.1\r\n" + HOST + BEARER + b"\r\n"
    answer = await asked(door, line + line)
    assert answer.count(b"HTTP/1.1 200 ") == 2, "requests that come in one piece are answered in turn"


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: a"])
async def test_a_request_that_does_not_come_is_not_waited_for(
    door: Door, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(connection, "FIRST_REQUEST_WITHIN_S", 0.1)
    assert await asked(door, begun) == b""


async def test_a_body_that_stops_is_refused_and_the_connection_closed(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callq.web.door.BODY_WITHIN_S", 0.1)
    monkeypatch.setattr("callq.web.door.DISCARD_WITHIN_S", 0.1)
    before = await door.canonical()
    begun = b"POST /v1/halls/test/tickets HTTP/1.1\r\n" + HOST + BEARER + b'Content-Length: 99\r\n\r\n{"serv'
    assert problem(await asked(door, begun), 408)["code"] == "invalid"
    assert await door.canonical() == before


UNUSABLE = {
    "another protocol": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200)),
    "no host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "a NUL in a header": (400, b"GET / HTTP/1.1\r\n" + HOST + b"X: \0\r\n\r\n"),
    "an address without a path": (400, b"GET ?x HTTP/1.1\r\n" + HOST + b"\r\n"),
    "an asterisk": (400, b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a tunnel": (400, b"CONNECT other:80 HTTP/1.1\r\n" + HOST + b"\r\n"),
    "headers without end": (431, b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 100_000),
    "a header of 17,000 bytes": (
        431,
        b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 17_000 + b"\r\n\r\n",
    ),
    "a header of blanks": (431, b"GET /healthz HTTP/1.1\r\n" + HOST + b"X:" + b" " * 17_000 + b"a\r\n\r\n"),
    "5,000 headers": (431, b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 5_000 + b"\r\n"),
    "HTTP/2 with prior knowledge": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)),
    "HTTP of a later day": (505, b"GET / HTTP/3.7\r\n" + HOST + b"\r\n"),
    "two lengths": (400, b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n"),
    "a negative length": (400, b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -5\r\n\r\n"),
    "an unknown encoding": (501, b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n"),
    "chunks that are none": (
        400,
        b"POST /v1/halls/test/tickets HTTP/1.1\r\n"
        + HOST
        + BEARER
        + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
async def test_what_is_no_request_is_answered_with_a_problem(door: Door, name: str) -> None:
    status, data = UNUSABLE[name]
    before = await door.canonical()
    assert problem(await asked(door, data), status)["code"] == "invalid"
    assert await door.canonical() == before


async def test_headers_of_16_kib_are_taken_each_time(door: Door) -> None:
    line = b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: "
    head = line + b"a" * (http_protocol.MAX_HEAD - len(line) - 4) + b"\r\n\r\n"
    assert len(head) == http_protocol.MAX_HEAD
    answer = await asked(door, head * 3 + head.replace(b"X: ", b"X: a", 1))
    assert answer.count(b"HTTP/1.1 200 ") == 3
    assert answer.count(b"HTTP/1.1 431 ") == 1


async def test_a_head_that_is_refused_has_no_content(door: Door) -> None:
    answer = await asked(door, b"HEAD ?x HTTP/1.1\r\n" + HOST + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("target", ["http://x/healthz", "HTTPS://[/healthz", "http://x/healthz?"])
async def test_a_whole_address_is_understood(door: Door, target: str) -> None:
    line = f"GET {target} HTTP/1.1\r\nConnection: close\r\n".encode()
    assert b" 200 " in await asked(door, line + HOST + b"\r\n")


async def test_an_upgrade_to_http_2_is_passed_over(door: Door) -> None:
    upgrading = (
        b"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
    )
    answer = await asked(door, b"GET /healthz HTTP/1.1\r\n" + HOST + upgrading + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")


# Handshakes ---------------------------------------------------------------------------------------

SPOILED = {
    "no key": (b"Sec-WebSocket-Key", b"X-Key"),
    "an old version": (b"Version: 13", b"Version: 8"),
    "HTTP/1.0": (b"HTTP/1.1", b"HTTP/1.0"),
    "another upgrade as well": (b"Upgrade: websocket", b"Upgrade: websocket\r\nUpgrade: h2c"),
    "a protocol in no alphabet": (b"callq.v1.json", b"callq.v1.json, \xff"),
    "a key that is none": (b"Sec-WebSocket-Key: ", b"Sec-WebSocket-Key: x"),
    "two keys": (b"\r\n\r\n", b"\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
    "two versions": (b"\r\n\r\n", b"\r\nSec-WebSocket-Version: 13\r\n\r\n"),
    "a body": (b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\nhello"),
    "a body in chunks": (b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "an extension in no alphabet": (b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: \xff\r\n\r\n"),
}


@pytest.mark.parametrize("name", SPOILED)
async def test_a_spoiled_handshake_is_refused_and_closed(door: Door, name: str) -> None:
    right, wrong = SPOILED[name]
    hello = upgrade(door.port)
    assert right in hello
    told = problem(await asked(door, hello.replace(right, wrong, 1)), 400)
    assert "handshake" in told["detail"]


TWICE = {
    "Authorization twice": BEARER + b"Authorization: Bearer another\r\n",
    "in a header and a subprotocol": BEARER,
    "in two subprotocols": b"Sec-WebSocket-Protocol: bearer.another\r\n",
}


@pytest.mark.parametrize("name", TWICE)
async def test_a_token_that_is_given_twice_is_refused_by_the_feed_as_by_the_rest(
    door: Door, name: str
) -> None:
    hello = upgrade(door.port)
    if name == "Authorization twice":
        hello = hello.replace(f", bearer.{ADMIN}".encode(), b"")
    elif name == "in two subprotocols":
        hello = hello.replace(f"bearer.{ADMIN}".encode(), f"bearer.{ADMIN}, bearer.another".encode())
    more = TWICE[name] if name != "in two subprotocols" else b""
    told = problem(await asked(door, hello.replace(b"\r\n\r\n", b"\r\n" + more + b"\r\n", 1)), 400)
    assert told["code"] == "invalid"
    assert "given twice" in told["detail"]


async def test_what_comes_before_the_handshake_is_answered_waits_for_it(door: Door) -> None:
    stream = await trio.open_tcp_stream("127.0.0.1", door.port)
    async with stream:
        await stream.send_all(upgrade(door.port) + masked(b'{"type":"ping"}'))
        answer = b""
        with trio.fail_after(ANSWER_WITHIN_S):
            while b'"type":"pong"' not in answer:
                answer += (part := await stream.receive_some(4096))
                assert part, answer
    assert answer.startswith(b"HTTP/1.1 101 ")


# Frames -------------------------------------------------------------------------------------------

BROKEN = {
    "no mask": (1002, [frame(b'{"type":"ping"}', mask=False)]),
    "a reserved bit": (1002, [frame(b"x", 0xC1)]),
    "an unknown kind": (1002, [frame(b"x", 0x83)]),
    "a ping of 126 bytes": (1002, [frame(bytes(126), 0x89)]),
    "a ping in parts": (1002, [frame(b"x", 0x09)]),
    "a continuation of nothing": (1002, [frame(b"x", 0x80)]),
    "a text within a text": (1002, [frame(b"x", 0x01), frame(b"x", 0x81)]),
    "a length beyond 63 bits": (1002, [b"\x81\xff" + b"\xff" * 8 + bytes(4)]),
    "text that is not UTF-8": (1007, [frame(b"\xff\xfe")]),
    "a surrogate": (1007, [frame(b"\xed\xa0\x80")]),
    "a close with half a code": (1002, [frame(b"x", 0x88)]),
    "a message that is too large": (4413, [frame(b" " * 65_537)]),
    "one that is much too large": (4413, [frame(b" " * 1_000_000)]),
    "one that is too large before it is whole": (4413, [frame(b" " * 70_000, length=300_000)]),
    "one of few letters and many bytes": (4413, [frame("县".encode() * 22_000)]),
    "one that never ends": (4413, [frame(b" " * 60_000, 0x01), *[frame(b" " * 60_000, 0x00)] * 40]),
    "a frame of a terabyte": (4413, [frame(b" " * 400_000, length=1 << 40)]),
    "nonsense without end": (4400, [frame(b"x")] * 40),
    "pongs without end": (4400, [frame(b"", 0x8A) * 1_001]),
    "a message in crumbs": (4400, [frame(b" ", 0x01), frame(b" ", 0x00) * 1_001]),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_frames_that_are_none_close_the_socket_with_a_code(door: Door, name: str) -> None:
    code, frames = BROKEN[name]
    before = await door.canonical()
    stream = await open_feed(door)
    async with stream:
        for part in frames:
            try:
                await stream.send_all(part)
            except trio.BrokenResourceError:
                pytest.fail("closed before the code could be read")
        assert close_code(await said(stream)) == code
    assert await door.canonical() == before


@pytest.mark.parametrize("content", [b"", b'"\\ud800"', b"\xef\xbb\xbf{}", b"NaN", b"[" * 60_000])
async def test_a_message_that_makes_no_sense_is_refused_and_the_socket_lives(
    door: Door, content: bytes
) -> None:
    async with door.feed() as feed:
        await feed.socket.send_message(content.decode())
        assert (await feed.hear(type="error"))["problem"]["code"] == "invalid"
        await feed.socket.send_message(b"")
        assert "wrong kind" in (await feed.hear(type="error"))["problem"]["detail"]
        await feed.say(type="ping")
        await feed.hear(type="pong")


async def test_a_flood_of_frames_lets_others_run() -> None:
    class Flood:
        def receive_data(self, data: bytes) -> None: ...

        def events(self) -> Iterator[Pong]:
            yield from [Pong()] * (feed_socket.FRAMES_AT_ONCE * 10)

    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async def send(event: object) -> None: ...

    async with Tasks() as tasks, trio.open_nursery() as nursery:
        feed = FeedSocket(None, Config(), WorkerContext(None), tasks, False, None, None, send, 1)
        feed.connection = Flood()  # type: ignore[assignment]
        nursery.start_soon(other)
        await feed._handle_events()
        assert turns >= 5
        nursery.cancel_scope.cancel()


# What an application leaves behind ----------------------------------------------------------------


async def test_an_inbox_that_is_full_takes_the_end_and_gives_it_last() -> None:
    inbox = Inbox(1)
    await inbox.put({"type": "websocket.receive", "text": "1"})
    async with trio.open_nursery() as nursery:
        nursery.start_soon(inbox.put, {"type": "websocket.receive", "text": "2"})
        await trio.testing.wait_all_tasks_blocked()
        with trio.fail_after(1):
            await inbox.put({"type": "websocket.disconnect", "code": 1006})
        # The one that waited for room is let go as well, or the nursery would not end.
    assert [(await inbox.receive())["type"] for _ in range(3)] == [
        "websocket.receive",
        "websocket.disconnect",
        "websocket.disconnect",
    ]


async def test_nobody_waits_for_an_application_that_has_ended() -> None:
    inbox = Inbox(1)
    await inbox.put({"type": "http.request"})
    async with trio.open_nursery() as nursery:
        nursery.start_soon(inbox.put, {"type": "http.request"})
        await trio.testing.wait_all_tasks_blocked()
        inbox.close()
    with trio.fail_after(1):
        await inbox.put({"type": "http.request"})


# Room ---------------------------------------------------------------------------------------------


@pytest.fixture
def _room_for_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "room_for_connections", lambda: 2)


@pytest.mark.usefixtures("_room_for_two")
class TestRoomForTwo:
    """Of two connections."""

    async def test_whoever_waits_longest_makes_way(self, door: Door) -> None:
        first = await trio.open_tcp_stream("127.0.0.1", door.port)
        feed = await open_feed(door)
        assert b" 200 " in await asked(door, HEALTH)
        assert await said(first) == b"", "it asked for nothing"
        await feed.send_all(masked(b'{"type":"ping"}'))
        assert b"pong" in await feed.receive_some(1000), "a feed is no waiting connection"
        await trio.aclose_forcefully(feed)
        await trio.aclose_forcefully(first)

    async def test_whoever_has_been_answered_and_stays_makes_way(self, door: Door) -> None:
        feed = await open_feed(door)
        over = await trio.open_tcp_stream("127.0.0.1", door.port)
        await over.send_all(b"GET /healthz HTTP/3.0\r\nHost: x\r\n\r\n")
        assert b" 505 " in await said(over)
        assert b" 200 " in await asked(door, HEALTH)
        for stream in (over, feed):
            await trio.aclose_forcefully(stream)

    async def test_whoever_does_not_take_an_answer_makes_way(self, door: Door) -> None:
        feed = await open_feed(door)
        socket = trio.socket.socket()
        socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, 4096)
        await socket.connect(("127.0.0.1", door.port))
        deaf = trio.SocketStream(socket)
        await deaf.send_all(b"GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        with trio.fail_after(ANSWER_WITHIN_S):
            while b" 200 " not in await asked(door, HEALTH):
                await trio.lowlevel.checkpoint()
        await feed.send_all(masked(b'{"type":"ping"}'))
        assert b"pong" in await feed.receive_some(1000), "whoever takes what is sent stays"
        for stream in (deaf, feed):
            await trio.aclose_forcefully(stream)

    async def test_where_nobody_waits_whoever_comes_is_turned_away(self, door: Door) -> None:
        feeds = [await open_feed(door) for _ in range(2)]
        answer = await asked(door)
        assert problem(answer, 429)["code"] == "too_many_requests"
        assert b"retry-after: 5" in answer
        for feed in feeds:
            await trio.aclose_forcefully(feed)
        with trio.fail_after(ANSWER_WITHIN_S):
            while b" 200 " not in await asked(door, HEALTH):
                await trio.lowlevel.checkpoint()


async def test_descriptors_that_run_out_are_waited_for(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = await trio.open_tcp_stream("127.0.0.1", door.port)
    left = [OSError(errno.EMFILE, "Too many open files")] * 2
    accept = trio.SocketListener.accept

    async def exhausted(self: trio.SocketListener) -> trio.SocketStream:
        stream = await accept(self)
        if left:
            # As if it had stayed in the backlog.
            await trio.aclose_forcefully(stream)
            raise left.pop()
        return stream

    monkeypatch.setattr(trio.SocketListener, "accept", exhausted)
    with capture_logs() as logs, trio.fail_after(ANSWER_WITHIN_S):
        # The first is taken in by the `accept` that waits already.
        assert b" 200 " in await asked(door, HEALTH)
        while b" 200 " not in await asked(door, HEALTH):
            pass
    assert not left
    assert [line["event"] for line in logs] == ["no_room_for_connections"], "once, not each time"
    assert await said(silent) == b"", "who waited has made way"
    await trio.aclose_forcefully(silent)


@pytest.mark.parametrize(
    ("soft", "hard", "raised", "room"),
    [
        (1024, 4096, 4096, 4096 - listener.RESERVED),
        (1024, resource.RLIM_INFINITY, 10_128, 10_000),
        (1024, 1_000_000, 10_128, 10_000),
        (20_000, 20_000, None, 10_000),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, None, 10_000),
    ],
)
def test_the_process_asks_for_the_descriptors_that_it_needs(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, raised: int | None, room: int
) -> None:
    asked_for: list[int] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked_for.append(limits[0]))
    assert listener.room_for_connections() == room
    assert asked_for == ([raised] if raised else [])
