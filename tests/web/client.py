"""A feed client that is not callq's own: trio-websocket for frames, json and msgpack for what is in them."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgpack  # type: ignore[import-untyped]
import trio
from trio_websocket import open_websocket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from trio_websocket import WebSocketConnection

HEAR_WITHIN_S = 10.0


class FeedClient:
    """One socket."""

    def __init__(self, socket: WebSocketConnection, wire: str) -> None:
        self.socket = socket
        self._binary = wire == "callq.v1.msgpack"
        self.heard: list[dict[str, Any]] = []
        """Messages that were passed over by `hear`."""

    async def say(self, **message: object) -> None:
        """Send a message."""
        await self.socket.send_message(msgpack.packb(message) if self._binary else json.dumps(message))

    async def next(self) -> dict[str, Any]:
        """The next message, whatever it is."""
        with trio.fail_after(HEAR_WITHIN_S):
            frame = await self.socket.get_message()
        assert isinstance(frame, bytes) is self._binary
        found: dict[str, Any] = msgpack.unpackb(frame) if self._binary else json.loads(frame)
        return found

    async def hear(self, **wanted: object) -> dict[str, Any]:
        """The next message with these members; others are kept in `heard`."""
        while True:
            message = await self.next()
            if wanted.items() <= message.items():
                return message
            self.heard.append(message)

    async def subscribe(self, view: str, **about: object) -> dict[str, Any]:
        """Follow a view; its first message."""
        await self.say(type="subscribe", view=view, **about)
        while True:
            message = await self.next()
            if message.get("view") == view:
                return message
            self.heard.append(message)

    async def do(self, id: int, command: str, **more: object) -> dict[str, Any]:
        """A command to window w1 unless another is named; its result."""
        target = {} if {"window", "ticket"} & more.keys() or command == "configure" else {"window": "w1"}
        await self.say(type="command", id=id, command=command, **target, **more)
        return await self.hear(type="result", id=id)


@asynccontextmanager
async def connect_feed(
    port: int, hall: str, token: str | None, wire: str = "callq.v1.json"
) -> AsyncIterator[FeedClient]:
    """An open feed."""
    protocols = [wire, *([f"bearer.{token}"] if token is not None else [])]
    path = f"/v1/halls/{hall}/feed"
    async with open_websocket(
        "127.0.0.1",
        port,
        path,
        use_ssl=False,
        subprotocols=protocols,
        # Its reader would wait for good for somebody to take what came last, and with it the close.
        message_queue_size=1000,
    ) as socket:
        try:
            yield FeedClient(socket, wire)
        finally:
            # After a close that the peer began, trio-websocket leaves the connection to the collector.
            await trio.aclose_forcefully(socket._stream)
            # Its reader would wait for ever for somebody to take what was not heard.
            await socket._recv_channel.aclose()
