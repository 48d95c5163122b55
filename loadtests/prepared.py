"""What screens are measured against: the same listener, which pushes prepared frames and nothing else.

`python -m loadtests.prepared PORT JSON_BYTES MSGPACK_BYTES`: it speaks as much of the feed as
`loadtests.crowd` needs. Whoever takes a press writes the next frame of that size to every screen of its hall,
and no task is woken for a screen that takes it at once: the least with which the same can be done.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec
import trio

from callq.runtime import garbage
from callq.web.listener import Listener, open_socket
from callq.web.outlet import frame_head
from callq.web.stream import STREAM

if TYPE_CHECKING:
    from callq.web.stream import PatientStream

HELD = 10_000
"""Presses that it has frames for."""


class _Said(msgspec.Struct):
    type: str
    view: str = ""
    id: int = -1


class _Screen:
    """A socket that follows a board.

    Args:
      stream: its connection's.
      frames: by press; `frames[n]` is whole.
      nursery: of its socket, for what its buffer does not take.
    """

    def __init__(self, stream: PatientStream, frames: list[bytes], nursery: trio.Nursery) -> None:
        self._stream = stream
        self._frames = frames
        self._nursery = nursery
        self._newest = 0
        self._behind = False
        """Somebody is sending, who goes on with the newest, as in the feed."""

    def show(self, number: int) -> None:
        self._newest = number
        if self._behind:
            return
        try:
            out = self._stream.send_now(self._frames[number])
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return  # Its own task hears of it.
        if not out:
            self._behind = True
            self._nursery.start_soon(self._catch_up, number if out is False else 0)

    async def _catch_up(self, shown: int) -> None:
        try:
            await self._stream.flush()
            while shown < self._newest:
                shown = self._newest
                await self._stream.send_all(self._frames[shown])
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return
        self._behind = False


class _Hall:
    """Its screens, and which frame is the newest."""

    def __init__(self) -> None:
        self._newest = 0
        self.screens: dict[_Screen, None] = {}

    def press(self) -> int:
        """Show the next frame; its number."""
        self._newest += 1
        for screen in self.screens:
            screen.show(self._newest)
        return self._newest


class Prepared:
    """ASGI application.

    Args:
      sizes: bytes of a frame's content, by wire.
    """

    def __init__(self, sizes: dict[str, int]) -> None:
        self._halls: dict[str, _Hall] = {}
        self._frames = {wire: [_frame(wire, n, size) for n in range(HELD)] for wire, size in sizes.items()}
        """Whole WebSocket frames, which are written to the connection as callq writes its own."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """Serve one socket; over HTTP it only says that it is ready."""
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await receive()
        name = scope["subprotocols"][0]
        wire = name.rpartition(".")[2]
        await send({"type": "websocket.accept", "subprotocol": name})
        hall = self._halls.setdefault(scope["path"], _Hall())
        stream, frames = scope["state"][STREAM], self._frames[wire]
        async with trio.open_nursery() as nursery:
            screen = _Screen(stream, frames, nursery)
            try:
                while (event := await receive())["type"] != "websocket.disconnect":
                    content = event["text"] or event["bytes"]
                    decode = msgspec.json.decode if wire == "json" else msgspec.msgpack.decode
                    said = decode(content, type=_Said)
                    if said.type == "subscribe":
                        await stream.send_all(frames[0])
                        if said.view == "board":
                            hall.screens[screen] = None
                    else:
                        await send(_event(wire, {"type": "result", "id": said.id, "revision": hall.press()}))
            finally:
                hall.screens.pop(screen, None)
            nursery.cancel_scope.cancel()


def _frame(wire: str, number: int, size: int) -> bytes:
    kind = "change" if number else "snapshot"
    message = {"type": kind, "view": "board", "zone": "hall", "revision": number, "data": ""}
    bare = len(msgspec.json.encode(message))
    encode = msgspec.json.encode if wire == "json" else msgspec.msgpack.encode
    content = encode({**message, "data": "x" * max(0, size - bare)})
    return frame_head(1 if wire == "json" else 2, len(content)) + content


def _event(wire: str, message: object) -> dict[str, object]:
    if wire == "json":
        return {"type": "websocket.send", "text": msgspec.json.encode(message).decode()}
    return {"type": "websocket.send", "bytes": msgspec.msgpack.encode(message)}


async def _serve(port: int, sizes: dict[str, int]) -> None:
    with open_socket("127.0.0.1", port) as listening:
        await Listener(Prepared(sizes), listening, max_message=65536).run(trio.Event())


if __name__ == "__main__":
    garbage.begin()
    trio.run(_serve, int(sys.argv[1]), {"json": int(sys.argv[2]), "msgpack": int(sys.argv[3])})
