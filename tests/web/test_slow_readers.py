"""A reader that is slow, or never reads, harms nobody: not the hall, not the memory, not the stop."""

from __future__ import annotations

import gc
import json
import os
import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgpack
import pytest
import trio
from hypercorn.config import Config
from hypercorn.trio.worker_context import WorkerContext
from trio.testing import wait_all_tasks_blocked
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, TextMessage

from callq import metrics
from callq.journal.memory import MemoryJournal
from callq.runtime.hub import Frame
from callq.web import listener, session, stream
from callq.web.api import Api
from callq.web.feed import FeedDoor
from callq.web.feed_socket import FeedSocket
from callq.web.feed_wire import PROTOCOLS
from callq.web.listener import open_socket
from callq.web.outlet import Outlet
from callq.web.roles import Principal, Role
from callq.web.stream import PatientStream
from callq.web.tasks import Tasks
from callq.web.tokens import Tokens
from tests.harness import MONDAY_9H
from tests.web.conftest import ADMIN, serving

if TYPE_CHECKING:
    from trio.testing import MockClock

    from tests.web.conftest import Door


class _Peer:
    """What of a socket's stream `PatientStream` waits for."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.socket = SimpleNamespace(fileno=lambda: -1)

    async def send_all(self, data: bytes) -> None:
        if not self._browser.reading.is_set():
            self._browser.stuck.set()
        await self._browser.reading.wait()
        self._browser.take(data)


class _Line(PatientStream):
    """A connection whose buffer takes everything while its browser reads, and nothing else."""

    def __init__(self, browser: Browser) -> None:
        peer: Any = _Peer(browser)
        super().__init__(peer)
        self._browser = browser

    def write(self, data: bytes) -> int:
        if self._browser.gone:
            raise trio.BrokenResourceError("the peer is gone")
        taken = data if self._browser.reading.is_set() else data[: self._browser.room]
        self._browser.take(bytes(taken))
        return len(taken)


class Browser:
    """The other end of a WebSocket, which takes messages when it likes."""

    def __init__(self, *, protocol: str = "callq.v1.json") -> None:
        self.reading = trio.Event()
        self.reading.set()
        self.stuck = trio.Event()
        """Set when the server waits for us."""
        self.room = 0
        """Bytes that its buffer takes of a message while it does not read."""
        self.gone = False
        """The connection is broken, and its reader has not heard of it yet."""
        self.line = _Line(self)
        self.scope: dict[str, Any] = {
            "type": "websocket",
            "path": "/v1/halls/test/feed",
            "headers": [],
            "subprotocols": [protocol, f"bearer.{ADMIN}"],
            "state": {stream.STREAM: self.line},
        }
        self._says, self.receive_channel = trio.open_memory_channel[dict[str, Any]](1000)
        self.sent: list[dict[str, Any]] = []
        """Events of the ASGI connection: all but messages."""
        self._frames = Connection(ConnectionType.CLIENT)
        self._messages: list[Any] = []
        self._part = bytearray()
        self.size = 0
        """Bytes taken."""
        self._says.send_nowait({"type": "websocket.connect"})

    def say(self, **message: object) -> None:
        said: dict[str, Any] = {"text": json.dumps(message), "bytes": None}
        if self.scope["subprotocols"][0] == "callq.v1.msgpack":
            said = {"text": None, "bytes": msgpack.packb(message)}
        self._says.send_nowait({"type": "websocket.receive", **said})

    def leave(self) -> None:
        self._says.send_nowait({"type": "websocket.disconnect", "code": 1006})

    async def receive(self) -> dict[str, Any]:
        return await self.receive_channel.receive()

    async def send(self, event: dict[str, Any]) -> None:
        self.sent.append(event)

    def take(self, data: bytes) -> None:
        self.size += len(data)
        self._frames.receive_data(data)
        for event in self._frames.events():
            if isinstance(event, TextMessage):
                self._part += event.data.encode()
            elif isinstance(event, BytesMessage):
                self._part += event.data
            else:
                continue
            if event.message_finished:
                read = json.loads if isinstance(event, TextMessage) else msgpack.unpackb
                self._messages.append(read(bytes(self._part)))
                self._part.clear()

    def messages(self) -> list[dict[str, Any]]:
        return list(self._messages)


async def settled() -> None:
    """Until every task waits for something."""
    await wait_all_tasks_blocked(0.01)


async def feed_of(door: Door) -> FeedDoor:
    secret = await door.node.keyring.secret()
    return FeedDoor(Api(door.node, Tokens(door.node.keyring, secret, ADMIN), secret))


async def test_a_slow_reader_gets_the_newest_of_what_it_missed_once(door: Door) -> None:
    browser = Browser()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(await feed_of(door), browser.scope, browser.receive, browser.send)
        browser.say(type="subscribe", view="board")
        await settled()
        assert [m["type"] for m in browser.messages()] == ["snapshot"]
        browser.reading = trio.Event()
        for _ in range(50):
            await door.issue()
        await browser.stuck.wait()
        browser.reading.set()
        await settled()
        changes = [m for m in browser.messages() if m["type"] == "change"]
        assert len(changes) == 2, "the one that was on its way, and all the rest in one"
        assert changes[-1]["data"]["waiting"][0]["count"] == 50
        assert changes[-1]["revision"] == (await door.get(""))["revision"]
        browser.leave()


async def test_a_view_that_was_given_up_sends_nothing_more(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = door.node.actor("test").hub
    follow = session.Session._follow

    async def beside_a_publication(self: Any, view: Any, *args: Any, **named: Any) -> None:
        projection = hub._projections[view]
        if projection.data is not None:
            hub._change(projection, {"published": trio.current_time()}, hub.revision)
        await follow(self, view, *args, **named)

    monkeypatch.setattr(session.Session, "_follow", beside_a_publication)
    browser = Browser()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(await feed_of(door), browser.scope, browser.receive, browser.send)
        for _ in range(20):
            browser.say(type="subscribe", view="board")
            await settled()
        assert [message["type"] for message in browser.messages()] == ["snapshot"] * 20
        browser.leave()


async def test_a_frame_that_is_out_by_half_is_ended_though_its_view_is_given_up(door: Door) -> None:
    browser = Browser()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(await feed_of(door), browser.scope, browser.receive, browser.send)
        browser.say(type="subscribe", view="board")
        await settled()
        browser.reading, browser.room = trio.Event(), 10
        browser.say(type="unsubscribe", view="board")
        hub = door.node.actor("test").hub
        (projection,) = [each for view, each in hub._projections.items() if view.name == "board"]
        # In the round in which it is given up.
        hub._change(projection, {"published": 1}, hub.revision)
        await settled()
        browser.reading.set()
        await settled()
        assert [message["type"] for message in browser.messages()] == ["snapshot", "change"]
        browser.leave()


async def test_what_comes_while_another_view_is_being_sent_is_sent_after_it(door: Door) -> None:
    browser = Browser()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(await feed_of(door), browser.scope, browser.receive, browser.send)
        for view in ("board", "floor"):
            browser.say(type="subscribe", view=view)
        await settled()
        browser.reading, browser.room = trio.Event(), 10
        await door.issue()
        await settled()
        assert len(browser.messages()) == 2
        browser.reading.set()
        await settled()
        changes = {message["view"] for message in browser.messages()[2:] if message["type"] == "change"}
        assert changes == {"board", "floor"}
        browser.leave()


async def test_every_message_is_counted_once(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_tallies", {})
    browser = Browser()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(await feed_of(door), browser.scope, browser.receive, browser.send)
        browser.say(type="subscribe", view="board")
        await settled()
        await door.issue()
        browser.reading = trio.Event()
        await door.issue()
        browser.reading.set()
        await settled()
        scraped = metrics.exposition().decode()
        for kind, count in (("snapshot", 1), ("change", 2)):
            assert f'callq_feed_messages_total{{hall="test",type="{kind}"}} {count}.0' in scraped
        assert f'callq_feed_sent_bytes_total{{hall="test"}} {float(browser.size)}' in scraped
        browser.leave()


async def test_a_connection_that_breaks_in_a_publication_is_its_own_affair(door: Door) -> None:
    broken, other = Browser(), Browser()
    feed = await feed_of(door)
    async with trio.open_nursery() as nursery:
        for browser in (broken, other):
            nursery.start_soon(feed, browser.scope, browser.receive, browser.send)
            browser.say(type="subscribe", view="board")
        await settled()
        broken.gone = True
        assert (await door.issue())["state"] == "waiting"
        await settled()
        assert [message["type"] for message in other.messages()] == ["snapshot", "change"]
        assert door.node.actor("test").hub.subscribers == 1
        assert broken.sent == [{"type": "websocket.accept", "subprotocol": "callq.v1.json"}]
        other.leave()


async def test_what_breaks_in_a_publication_is_freed_without_the_collector(door: Door) -> None:
    browsers = [Browser() for _ in range(3)]
    feed = await feed_of(door)
    async with trio.open_nursery() as nursery:
        for browser in browsers:
            nursery.start_soon(feed, browser.scope, browser.receive, browser.send)
            browser.say(type="subscribe", view="board")
        await settled()
        gc.collect()
        gc.disable()
        try:
            browsers[0].gone = True
            await door.issue()
            await settled()
            browsers[1].leave()
            await settled()
            kept = [each for each in gc.get_objects() if isinstance(each, session.Session)]
            assert len(kept) == 1, "the one whose browser is there"
        finally:
            gc.enable()
        browsers[2].leave()


async def test_what_was_sent_is_kept_for_nobody(door: Door) -> None:
    browsers = [Browser() for _ in range(3)]
    feed = await feed_of(door)
    async with trio.open_nursery() as nursery:
        for browser in browsers:
            nursery.start_soon(feed, browser.scope, browser.receive, browser.send)
            browser.say(type="subscribe", view="board")
        await settled()
        assert all(browser.messages() for browser in browsers)
        gc.collect()
        assert [each for each in gc.get_objects() if isinstance(each, Frame)] == []
        for browser in browsers:
            browser.leave()


async def test_results_that_nobody_takes_are_bounded(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "MAX_COMMANDS", 3)
    browser = Browser()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(await feed_of(door), browser.scope, browser.receive, browser.send)
        await settled()
        browser.reading = trio.Event()
        for number in range(10):
            browser.say(type="command", id=number, window="w1", command="open" if number % 2 else "close")
        await browser.stuck.wait()
        await settled()
        waiting = browser.receive_channel.statistics().current_buffer_used
        assert waiting == 10 - 3 - 1, (
            "three are done, one is read and waits for them, the others are not read"
        )
        browser.reading.set()
        await settled()
        assert [m["id"] for m in browser.messages()] == list(range(10))
        browser.leave()


@pytest.fixture
def packed(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Changes that were made into messages."""
    made: list[dict[str, Any]] = []
    pack = Outlet.pack

    def kept(self: Outlet, message: Any) -> Any:
        if message["type"] == "change":
            made.append(message)
        return pack(self, message)

    monkeypatch.setattr(Outlet, "pack", kept)
    return made


async def test_what_many_screens_get_alike_is_made_once_for_each_wire(
    door: Door, packed: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ms = MONDAY_9H
    monkeypatch.setattr(session, "wall_ms", lambda: now_ms)
    browsers = [Browser() for _ in range(5)]
    others = [Browser(protocol="callq.v1.msgpack") for _ in range(2)]
    feed = await feed_of(door)
    async with trio.open_nursery() as nursery:
        for browser in (*browsers, *others):
            nursery.start_soon(feed, browser.scope, browser.receive, browser.send)
            browser.say(type="subscribe", view="board")
        await settled()
        browsers[0].reading = trio.Event()
        await door.issue()
        await browsers[0].stuck.wait()
        await settled()
        assert len(packed) == 2, "one in JSON, one in msgpack"

        # The one that is stuck misses two changes; the others share each.
        await door.issue()
        await settled()
        await door.staff()
        await settled()
        assert len(packed) == 2 + 2 * 3
        shown = [browser.messages()[1:] for browser in browsers]
        assert shown[1] == shown[2] == shown[3] == shown[4]
        assert shown[0] == []
        now_ms += 1000
        browsers[0].reading.set()
        await settled()
        on_its_way, merged = browsers[0].messages()[1:]
        assert on_its_way == shown[1][0]
        assert merged["revision"] == shown[1][-1]["revision"]
        assert merged["data"] == {**shown[1][1]["data"], **shown[1][-1]["data"], "server_ms": now_ms}
        for browser in (*browsers, *others):
            browser.leave()


async def test_a_message_is_not_shared_for_longer_than_its_time_of_sending_may_be_off(
    door: Door, packed: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ms = MONDAY_9H
    monkeypatch.setattr(session, "wall_ms", lambda: now_ms)
    quick, late = Browser(), Browser()
    feed = await feed_of(door)
    async with trio.open_nursery() as nursery:
        for browser in (quick, late):
            nursery.start_soon(feed, browser.scope, browser.receive, browser.send)
            browser.say(type="subscribe", view="board")
        await settled()
        late.reading = trio.Event()
        await door.issue()
        await late.stuck.wait()
        await door.issue()
        await settled()
        now_ms += session.SHARED_FOR_MS + 1
        late.reading.set()
        await settled()
        times = [browser.messages()[-1]["data"]["server_ms"] for browser in (quick, late)]
        assert times == [MONDAY_9H, now_ms]
        for browser in (quick, late):
            browser.leave()


async def test_a_reader_that_takes_nothing_is_given_up(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SEND_WITHIN_S", 0.05)
    browser = Browser()
    feed = await feed_of(door)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(feed, browser.scope, browser.receive, browser.send)
        browser.say(type="subscribe", view="board")
        await settled()
        browser.reading = trio.Event()
        await door.issue()
        await browser.stuck.wait()
        # The nursery ends because the server lets go.
    assert door.node.actor("test").hub.subscribers == 0


async def test_a_client_that_says_nothing_is_dropped(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "IDLE_S", 0.05)
    browser = Browser()
    await (await feed_of(door))(browser.scope, browser.receive, browser.send)
    assert browser.sent[-1] == {"type": "websocket.close", "code": 4507, "reason": "idle"}


async def test_a_client_that_leaves_leaves_nothing_behind(door: Door) -> None:
    browser = Browser()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(await feed_of(door), browser.scope, browser.receive, browser.send)
        browser.say(type="subscribe", view="board")
        browser.say(type="subscribe", view="panel", window="w1")
        await settled()
        assert door.node.actor("test").hub.subscribers == 2
        browser.leave()
    assert door.node.actor("test").hub.subscribers == 0
    assert all(event["type"] != "websocket.close" for event in browser.sent)


async def test_a_view_whose_subscription_ends_is_followed_again(door: Door) -> None:
    browser = Browser()
    hub = door.node.actor("test").hub
    async with trio.open_nursery() as nursery:
        nursery.start_soon(await feed_of(door), browser.scope, browser.receive, browser.send)
        browser.say(type="subscribe", view="board")
        browser.say(type="subscribe", view="strip", window="w1")
        await settled()
        for projection in list(hub._projections.values()):
            hub._remove(projection)
        await settled()
        assert hub.subscribers == 2
        again = browser.messages()[2:]
        assert sorted(m["view"] for m in again) == ["board", "strip"]
        await door.issue()
        await settled()
        (change,) = browser.messages()[4:]
        assert (change["view"], change["type"]) == ("board", "change")
        browser.leave()
    assert hub.subscribers == 0


async def test_a_fault_of_ours_ends_one_socket(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(session.Session, "_subscribe", broken)
    browser = Browser()
    browser.say(type="subscribe", view="board")
    await (await feed_of(door))(browser.scope, browser.receive, browser.send)
    assert browser.sent[-1]["code"] == 4500
    assert (await door.ask("GET", "board")).status_code == 200


@pytest.mark.parametrize("stop", ["told", "cancelled"])
async def test_a_client_that_never_reads_does_not_hold_up_the_stop(
    stop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams: list[PatientStream] = []
    monkeypatch.setattr(
        listener,
        "PatientStream",
        lambda stream: streams.append(s := PatientStream(stream)) or s,  # type: ignore[func-returns-value]
    )
    async with serving(MemoryJournal()) as door:
        client = await trio.open_tcp_stream("127.0.0.1", door.port)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await client.send_all(upgrade(door.port))
        await client.receive_some(4096)
        await client.send_all(masked(b'{"type":"subscribe","view":"floor"}'))
        for _ in range(3000):
            await door.issue()
            if streams[0].blocked:
                await settled()
                if streams[0].blocked:
                    break
        assert streams[0].blocked, "the client takes nothing, so a send is stuck"
        assert (await door.ask("GET", "board")).status_code == 200, "others are served"
        if stop == "told":
            door.stopping.set()
            with trio.fail_after(10):
                await door.stopped.wait()
        # Otherwise the server is cancelled when the block ends, and must end as well.
    await trio.aclose_forcefully(client)


async def test_a_message_to_a_peer_who_is_just_leaving_meets_a_broken_line_and_no_fault() -> None:
    left, right = socket.socketpair()
    patient = PatientStream(trio.SocketStream(trio.socket.from_stdlib_socket(left)))
    with right:
        patient.shut_down()
        with pytest.raises(trio.BrokenResourceError):
            await patient.send_all(b"late")
    await patient.aclose()


async def test_a_send_that_takes_too_long_breaks_the_connection(autojump_clock: MockClock) -> None:
    left, right = socket.socketpair()
    patient = PatientStream(trio.SocketStream(trio.socket.from_stdlib_socket(left)))
    with right:
        with trio.CancelScope(shield=True), pytest.raises(trio.BrokenResourceError):
            await patient.send_all(b"x" * 10_000_000)
        assert trio.current_time() == pytest.approx(stream.SEND_WITHIN_S, abs=0.1)
        assert left.fileno() == -1
        with pytest.raises(trio.ClosedResourceError):
            await patient.send_all(b"more")


async def test_what_is_sent_at_once_waits_its_turn_behind_what_is_being_sent() -> None:
    left, right = socket.socketpair()
    patient = PatientStream(trio.SocketStream(trio.socket.from_stdlib_socket(left)))
    far = trio.SocketStream(trio.socket.from_stdlib_socket(right))
    large = b"a" * 3_000_000
    taken = bytearray()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(patient.send_all, large)
        await settled()
        assert patient.blocked
        nursery.start_soon(patient.send_all, b"bb")
        await settled()
        nursery.start_soon(patient.send_all, b"c")
        await settled()
        while len(taken) < len(large) + 3:
            taken += await far.receive_some(65536)
    assert taken == large + b"bb" + b"c"
    await patient.send_all(b"d")
    assert await far.receive_some(10) == b"d"
    await far.aclose()
    with pytest.raises(trio.BrokenResourceError):
        await patient.send_all(b"e")
    await patient.aclose()
    with pytest.raises(trio.ClosedResourceError):
        await patient.send_all(b"f")


async def test_what_could_not_be_sent_now_goes_before_anything_else() -> None:
    left, right = socket.socketpair()
    patient = PatientStream(trio.SocketStream(trio.socket.from_stdlib_socket(left)))
    far = trio.SocketStream(trio.socket.from_stdlib_socket(right))
    large = b"a" * 3_000_000
    taken = bytearray()
    assert patient.claim()
    assert not patient.claim()
    assert patient.send_now(b"no") is None, "it is somebody else's turn to write"
    assert patient.wrote(b"", 0)
    assert patient.send_now(b"begin") is True
    assert patient.send_now(large) is False
    assert patient.send_now(b"no") is None, "it would come in between"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(patient.send_all, b"bb")
        await settled()
        assert patient.send_now(b"no") is None
        nursery.start_soon(patient.flush)
        nursery.start_soon(patient.send_all, b"c")
        while len(taken) < 5 + len(large) + 3:
            taken += await far.receive_some(65536)
    assert taken == b"begin" + large + b"bb" + b"c"
    assert patient.send_now(b"d") is True
    await far.aclose()
    with pytest.raises(trio.BrokenResourceError):
        patient.send_now(b"e")
    await patient.aclose()
    with pytest.raises(trio.ClosedResourceError):
        patient.send_now(b"f")


async def test_a_change_that_cannot_be_made_a_message_ends_one_socket(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = Outlet.pack

    def broken(self: Outlet, message: Any) -> bytes:
        if self.wire == "callq.v1.msgpack" and message["type"] == "change":
            raise RuntimeError("ours")
        return pack(self, message)

    monkeypatch.setattr(Outlet, "pack", broken)
    one, other = Browser(protocol="callq.v1.msgpack"), Browser()
    feed = await feed_of(door)
    async with trio.open_nursery() as nursery:
        for browser in (one, other):
            nursery.start_soon(feed, browser.scope, browser.receive, browser.send)
            browser.say(type="subscribe", view="board")
        await settled()
        assert (await door.issue())["state"] == "waiting"
        await settled()
        assert one.sent[-1]["code"] == 4500
        assert [message["type"] for message in other.messages()] == ["snapshot", "change"]
        other.leave()


async def test_a_send_that_is_cancelled_halfway_is_ended_first() -> None:
    left, right = socket.socketpair()
    patient = PatientStream(trio.SocketStream(trio.socket.from_stdlib_socket(left)))
    far = trio.SocketStream(trio.socket.from_stdlib_socket(right))
    large = b"a" * 3_000_000
    taken = bytearray()
    with left, right:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(patient.send_all, large)
            await settled()
            nursery.cancel_scope.cancel()
            with trio.CancelScope(shield=True), trio.fail_after(10):
                while len(taken) < len(large):
                    taken += await far.receive_some(65536)
    assert taken == large


async def test_an_aborted_send_fails_at_once_even_under_a_shield() -> None:
    left, right = socket.socketpair()
    patient = PatientStream(trio.SocketStream(trio.socket.from_stdlib_socket(left)))

    async def send() -> None:
        with trio.CancelScope(shield=True), pytest.raises(trio.BrokenResourceError):
            await patient.send_all(b"x" * 10_000_000)

    with right:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send)
            await settled()
            patient.abort()
        with pytest.raises(trio.BrokenResourceError):
            await patient.send_all(b"more")


async def test_nothing_follows_a_close_frame_though_it_waits_to_be_sent() -> None:
    left, right = socket.socketpair()
    patient = PatientStream(trio.SocketStream(trio.socket.from_stdlib_socket(left)))
    far = trio.SocketStream(trio.socket.from_stdlib_socket(right))
    taken = bytearray()
    refused: list[bytes] = []

    async def send(data: bytes, *, last: bool = False) -> None:
        try:
            await patient.send_all(data, last=last)
        except trio.ClosedResourceError:
            refused.append(data)

    with left, right:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send, large := b"a" * 3_000_000)
            await settled()
            nursery.start_soon(send, b"view")
            await settled()
            nursery.start_soon(lambda: send(b"close", last=True))
            await settled()
            nursery.start_soon(send, b"late")
            assert patient.send_now(b"now") is None
            await settled()
            with trio.fail_after(10):
                while len(taken) < len(large) + len(b"viewclose"):
                    taken += await far.receive_some(65536)
        with pytest.raises(trio.ClosedResourceError):
            await patient.send_all(b"later")
        with pytest.raises(trio.ClosedResourceError):
            patient.send_now(b"later")
        patient.shut_down()
        assert await far.receive_some(10) == b""
    assert taken == large + b"viewclose"
    assert refused == [b"late"]


async def test_nothing_is_sent_to_a_socket_that_is_closed_below_its_session() -> None:
    left, right = socket.socketpair()
    patient = PatientStream(trio.SocketStream(trio.socket.from_stdlib_socket(left)))
    told: list[object] = []

    async def tell(event: object) -> None:
        told.append(event)

    with left, right:
        async with Tasks() as tasks:
            feed: Any = FeedSocket(None, Config(), WorkerContext(None), tasks, False, None, None, tell, 1)
            feed.scope = {"state": {stream.STREAM: patient}}
            feed.connection = Connection(ConnectionType.SERVER)
            feed.app_put = tell
            for _ in range(2):
                await feed._close(4400, "malformed")
        with pytest.raises(trio.ClosedResourceError):
            patient.send_now(b"view")
        assert right.recv(100) == b"\x88\x0b" + (4400).to_bytes(2) + b"malformed"
    assert {"type": "websocket.disconnect", "code": 4400} in told


async def test_half_a_message_that_nobody_ends_is_not_taken_for_a_whole() -> None:
    with open_socket("127.0.0.1", 0) as listening:
        far = await trio.open_tcp_stream("127.0.0.1", listening.getsockname()[1])
        near = await trio.SocketListener(trio.socket.from_stdlib_socket(listening)).accept()
        patient = PatientStream(near)
        assert patient.send_now(b"a" * 10_000_000) is False
        patient.shut_down()
        with trio.move_on_after(0.1) as waited:
            while await far.receive_some(65536):
                pass
        assert waited.cancelled_caught, "an end is said in the middle"
        await patient.aclose()
        with pytest.raises(trio.BrokenResourceError):
            await far.receive_some(1)
        await far.aclose()


async def test_no_end_is_said_in_the_middle_of_what_is_being_sent() -> None:
    left, right = socket.socketpair()
    patient = PatientStream(trio.SocketStream(trio.socket.from_stdlib_socket(left)))
    far = trio.SocketStream(trio.socket.from_stdlib_socket(right))
    large = b"a" * 3_000_000
    taken = bytearray()
    with left, right:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(patient.send_all, large)
            await settled()
            patient.shut_down()
            with trio.fail_after(10):
                while len(taken) < len(large):
                    taken += (part := await far.receive_some(65536))
                    assert part, "half a message, and an end as if it were whole"
        patient.shut_down()
        with trio.fail_after(1):
            assert await far.receive_some(1) == b""


@pytest.mark.parametrize("views", [("floor",), ("floor", "board")])
async def test_a_screen_that_takes_nothing_is_dropped_as_slow(
    views: tuple[str, ...], door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SEND_WITHIN_S", 0.05)
    ended: list[str] = []
    dropped = trio.Event()

    def drop(hall: str, reason: str) -> None:
        ended.append(reason)
        dropped.set()

    monkeypatch.setattr(metrics, "feed_dropped", drop)
    hub = door.node.actor("test").hub
    client = await trio.open_tcp_stream("127.0.0.1", door.port)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await client.send_all(upgrade(door.port))
    await client.receive_some(4096)
    for view in views:
        await client.send_all(masked(json.dumps({"type": "subscribe", "view": view}).encode()))
    async with door.feed() as beside:
        await beside.subscribe("floor")
        for _ in range(3000):
            await door.issue()
            assert (await beside.next())["type"] == "change"
            if hub.subscribers == 1:
                break
        with trio.fail_after(5):
            await dropped.wait()
        assert ended == ["slow"]
    await trio.aclose_forcefully(client)


def test_who_was_cut_off_as_too_slow_has_not_left() -> None:
    assert session._verdict([session.TOO_SLOW, None]) == session.TOO_SLOW
    assert session._verdict([None, session.TOO_SLOW]) == session.TOO_SLOW
    assert session._verdict([session.IDLE, None]) is None
    assert session._verdict([session.GOING_AWAY]) == session.GOING_AWAY


async def test_an_address_that_is_taken_is_an_error_and_stays_with_its_owner() -> None:
    with open_socket("127.0.0.1", 0) as first:
        with pytest.raises(OSError, match="in use"):
            open_socket("127.0.0.1", first.getsockname()[1])
        assert first.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000


async def test_nobody_is_compressed_for(door: Door) -> None:
    client = await trio.open_tcp_stream("127.0.0.1", door.port)
    offer = b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    await client.send_all(upgrade(door.port)[:-2] + offer)
    answer = (await client.receive_some(4096)).lower()
    assert b" 101 " in answer
    assert b"sec-websocket-extensions" not in answer
    await trio.aclose_forcefully(client)


async def test_junk_from_a_peer_ends_its_connection_only(door: Door) -> None:
    for junk in (b"\x00\xff" * 100, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n\x81\xff", upgrade(1) + b"\xff" * 50):
        client = await trio.open_tcp_stream("127.0.0.1", door.port)
        await client.send_all(junk)
        with trio.move_on_after(2):
            while await client.receive_some(4096):
                pass
        await client.aclose()
        assert (await door.ask("GET", "board")).status_code == 200


def upgrade(port: int, token: str = ADMIN, hall: str = "test") -> bytes:
    """The handshake of a feed."""
    lines = [
        f"GET /v1/halls/{hall}/feed HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        f"Sec-WebSocket-Protocol: callq.v1.json, bearer.{token}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def masked(payload: bytes) -> bytes:
    """A text frame of a client, at most 125 bytes."""
    mask = os.urandom(4)
    return bytes([0x81, 0x80 | len(payload)]) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


async def test_a_client_that_pings_stays_and_is_dropped_a_minute_after_its_last_word(
    autojump_clock: MockClock,
) -> None:
    said = 0

    async def receive() -> dict[str, Any]:
        nonlocal said
        said += 1
        await trio.sleep(40 if said <= 5 else 3600)
        return {"type": "websocket.receive", "text": '{"type":"ping"}'}

    async def send(event: dict[str, Any]) -> None:
        assert event["type"] == "websocket.close"

    principal = Principal("tk_1", Role.SCREEN)
    api: Any = None  # pings need none
    wire = PROTOCOLS["callq.v1.json"]
    outlet = Outlet(wire, Browser().line)
    served = session.Session(api, principal, "test", wire, receive, send, outlet)
    began = trio.current_time()
    assert await served.run(trio.Event()) == session.IDLE
    assert trio.current_time() - began == pytest.approx(5 * 40 + session.IDLE_S)


async def test_more_commands_than_may_wait_are_all_answered_once_and_decided_in_order(door: Door) -> None:
    await door.staff()
    browser = Browser()
    count = 5 * session.MAX_COMMANDS
    async with trio.open_nursery() as nursery:
        nursery.start_soon(await feed_of(door), browser.scope, browser.receive, browser.send)
        for number in range(count):
            command = {"command": "unpause"} if number % 2 else {"command": "pause", "reason": "tea"}
            browser.say(type="command", id=number, window="w1", **command)
        while len(browser.messages()) < count:
            await settled()
        browser.leave()
    results = sorted(browser.messages(), key=lambda message: message["id"])
    assert [result["id"] for result in results] == list(range(count))
    assert all(result["ok"] for result in results)
    revisions = [result["revision"] for result in results]
    assert revisions == list(range(revisions[0], revisions[0] + count))
