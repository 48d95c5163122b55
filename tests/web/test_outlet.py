"""Frames written past hypercorn are what any WebSocket client reads, and go out as they are published."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
import trio
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, Message, TextMessage

from callq.web.feed_wire import PROTOCOLS
from callq.web.outlet import Outlet
from callq.web.stream import PatientStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.conftest import Door


@pytest.fixture
def stream() -> Iterator[PatientStream]:
    left, right = socket.socketpair()
    with left, right:
        yield PatientStream(trio.SocketStream(trio.socket.from_stdlib_socket(left)))


@pytest.mark.parametrize("wire", PROTOCOLS.values(), ids=PROTOCOLS)
@pytest.mark.parametrize("size", [0, 1, 100, 120, 125, 126, 300, 65_500, 65_535, 65_536, 200_000])
async def test_a_frame_of_any_size_is_read_by_a_client(stream: PatientStream, wire: Any, size: int) -> None:
    message = {"type": "change", "data": "县" * (size // 3) + "x" * (size % 3)}
    packed = Outlet(wire, stream).pack(message)
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(packed + packed)
    found = list(client.events())
    parts = [event for event in found if isinstance(event, Message)]
    assert len(parts) == len(found)
    assert all(isinstance(event, TextMessage if wire.field == "text" else BytesMessage) for event in parts)
    whole = [event.data for event in parts]
    joined = "".join(whole).encode() if wire.field == "text" else b"".join(map(bytes, whole))
    content = wire.encode(message)
    assert joined == content + content
    assert sum(event.message_finished for event in parts) == 2


async def test_the_server_writes_to_its_sockets_itself(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    began = []
    write = PatientStream.write

    def kept(self: PatientStream, data: bytes) -> int:
        began.append((data[0], trio.lowlevel.current_task().name))
        return write(self, data)

    monkeypatch.setattr(PatientStream, "write", kept)
    async with door.feed(wire="callq.v1.msgpack") as feed:
        await feed.subscribe("board")
        await door.issue()
        assert (await feed.next())["type"] == "change"
    whole_binary_frame = 0x82
    frames = [task for first, task in began if first == whole_binary_frame]
    assert len(frames) == 2
    assert frames[0].endswith("_follow"), "the first is sent by a task of the socket"
    assert not frames[1].endswith("_follow"), "a change by whoever publishes it"


async def test_a_client_that_closes_amid_changes_is_answered(door: Door) -> None:
    over = False

    async def busy() -> None:
        while not over:
            await door.issue()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(busy)
        for _ in range(20):
            async with door.feed() as feed:
                await feed.subscribe("floor")
                await feed.next()
                with trio.fail_after(5):
                    await feed.socket.aclose()
                assert feed.socket.closed is not None
                assert feed.socket.closed.code == 1000
        over = True
    with trio.fail_after(5):
        while door.node.actor("test").hub.subscribers:
            await trio.lowlevel.checkpoint()
