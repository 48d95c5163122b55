"""Everything that can be sent is sent wrong, to every request of the route table and over the feed.

Each answer has a code that the request documents, none is a fault of ours, what is refused changed
nothing, and no trace is logged. New routes, commands and messages are met here by themselves.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgpack
import msgspec
import pytest
import trio
from structlog.testing import capture_logs
from trio_websocket import ConnectionClosed

from callq.domain.errors import STATUS, Code
from callq.journal.memory import MemoryJournal
from callq.web import feed_wire
from callq.web.routes import ROUTES, Route
from tests.web import hostile
from tests.web.conftest import ADMIN, serving
from tests.web.test_refusals_of_the_hall import SLOT, book, busy_hall

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx

    from tests.web.client import FeedClient
    from tests.web.conftest import Door

SEED = 20_261_126
EACH = 6
"""Spoiled bodies for each struct, beyond one for each of its members."""

NEVER = {Code.INTERNAL, Code.STORE_UNAVAILABLE}
KEYS = (b"", b"a b", b"\xff\xfe", "键".encode(), b"x" * 201, b"a\tb", b"a\x7f")
SEGMENTS = (
    "%00",
    "%0a",
    "%ff",
    "%2e%2e",
    "%2F",
    "x" * 2_000,
    "%E2%80%AE",
    "%ED%A0%80",
    "w1%20",
    "W1",
    "'",
    "%25",
)
QUERIES = (*SEGMENTS, "-1", "1e3", "9" * 400, "9999-12-31", "0001-01-01", "2026-02-30", "NaN", "%F0%9F%98%80")


@pytest.fixture(autouse=True)
def _no_faults(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with capture_logs() as logs:
        yield
    assert [line for line in logs if "trace" in line or "exc_info" in line] == []
    assert [line for line in caplog.records if line.exc_info] == []


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with serving(MemoryJournal(), busy_hall()) as door:
        yield door


class Hall:
    """A hall in which something goes on, and right values for whatever asks about it."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.path: dict[str, str] = {
            "hall": "test",
            "window": "w1",
            "device": "tv-1",
            "printer": "k1",
            "version": "1",
        }
        self.given = hostile.Given({})

    async def open(self) -> Hall:
        """Staff it; one ticket waits, one is called, one place is booked."""
        door = self.door
        await door.staff()
        await door.issue()
        self.path["booking"] = await book(door, person={"phone": "13812345678"})
        called = await door.window("call_next")
        self.path["ticket"] = called["ticket"]["id"]
        self.path["announcement"] = f"{called['ticket']['number']}-{called['ticket']['called_ms']}"
        likely = [{"item": "card", "confidence": 0.9}]
        self.path["decision"] = (await door.post("route", {"items": likely}))["decision"]
        self.given = hostile.Given(
            {
                **self.path,
                "service": "general",
                "services": ["social"],
                "clerk": "c1",
                "prefer_clerk": "c1",
                "slot_ms": SLOT,
                "day": "2026-11-23",
                "from": "2026-11-23",
                "to": "2026-11-23",
                "zone": "hall",
                "view": "board",
                # A ticket is for a service or a matter, and a request is one or many.
                "item": hostile.LEFT_OUT,
                "items": likely,
                "accept": ["window"],
                "requests": hostile.LEFT_OUT,
                "traits": ["deaf"],
                "person": {"id_no": "110101199003070011", "name": "张三", "phone": "13912345678"},
                "config": hostile.plain(busy_hall()),
                "toml": hostile.LEFT_OUT,
            }
        )
        return self

    async def state(self) -> bytes:
        return await self.door.canonical()


def checked(answer: httpx.Response, route: Route, sent: object) -> bool:
    """Look an answer over; whether it is a refusal."""
    told = f"{route.name} {sent!r:.300} -> {answer.status_code} {answer.text[:300]}"
    if answer.is_success:
        return False
    assert answer.headers["content-type"] == "application/problem+json", told
    problem: dict[str, Any] = answer.json()
    code = Code(problem["code"])
    assert code not in NEVER, told
    assert code in (*route.all_codes, Code.NOT_FOUND), f"not documented: {told}"
    assert problem["status"] == answer.status_code, told
    assert answer.status_code == STATUS[code] or code is Code.INVALID, told
    assert problem["hint"], told
    assert "Traceback" not in answer.text
    return True


def unshown(state: bytes) -> list[str]:
    """Characters that no text of a hall may hold, of those that are sent here."""
    return [odd for odd in ("\u202e", "\u2066", "\ufeff", "\u200b", "\x9b", "a\nb") if odd.encode() in state]


@pytest.mark.parametrize("route", [r for r in ROUTES if r.body is not None], ids=lambda r: r.name)
async def test_no_body_is_too_strange_for_an_answer(door: Door, route: Route) -> None:
    hall = await Hall(door).open()
    mallory = hostile.Mallory(SEED, hall.given)
    path = route.path.format(**hall.path)
    bodies = [*hostile.JSON_BODIES, *map(hostile.as_json, mallory.bodies(route.body, EACH))]
    for part in route.parts:
        bodies += [hostile.as_json({"requests": [one]}) for one in mallory.bodies(part, EACH)]
    before = await hall.state()
    for body in bodies:
        answer = await door.ask("POST", path, body)
        after = await hall.state()
        if checked(answer, route, body):
            assert after == before, f"refused, and yet something changed: {body!r:.300}"
        assert not unshown(after), f"accepted and kept: {body!r:.300}"
        before = after


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: r.name)
async def test_no_address_is_too_strange_for_an_answer(door: Door, route: Route) -> None:
    hall = await Hall(door).open()
    mallory = hostile.Mallory(SEED, hall.given)
    body = None
    if route.body is not None:
        body = hostile.as_json(mallory.right(msgspec.inspect.type_info(route.body)))
    names = [name for name in hall.path if f"{{{name}}}" in route.path]
    addresses = [route.path.format(**{**hall.path, name: odd}) for name in names for odd in SEGMENTS]
    path = route.path.format(**hall.path)
    fields = [field.encode_name for field in msgspec.structs.fields(route.query)]
    needed = "&".join(
        f"{field.encode_name}={quote(str(hall.given.by_name[field.encode_name]))}"
        for field in msgspec.structs.fields(route.query)
        if field.required
    )
    addresses += [f"{path}?{needed}&{name}={odd}" for name in fields for odd in QUERIES]
    addresses += [f"{path}?{odd}" for odd in ("x=1", "%ff=%ff", "&&&", "=", "a&" * 500, "x" * 10_000)]
    before = await hall.state()
    for address in addresses:
        answer = await door.ask(route.method, address, body)
        if checked(answer, route, address):
            assert await hall.state() == before, address
        elif route.method == "POST":
            before = await hall.state()


@pytest.mark.parametrize("route", [r for r in ROUTES if r.body is not None], ids=lambda r: r.name)
async def test_no_key_is_too_strange_for_an_answer(door: Door, route: Route) -> None:
    hall = await Hall(door).open()
    body = hostile.as_json(hostile.Mallory(SEED, hall.given).right(msgspec.inspect.type_info(route.body)))
    before = await hall.state()
    for key in KEYS:
        headers = {b"Authorization": f"Bearer {ADMIN}".encode(), b"Idempotency-Key": key}
        answer = await door.http.post(route.path.format(**hall.path), content=body, headers=headers)
        assert checked(answer, route, key)
        assert await hall.state() == before


@pytest.mark.parametrize("route", [r for r in ROUTES if "{hall}" in r.path], ids=lambda r: r.name)
async def test_a_token_of_another_hall_opens_nothing(door: Door, route: Route) -> None:
    hall = await Hall(door).open()
    mallory = hostile.Mallory(SEED, hall.given)
    body = hostile.as_json(mallory.right(msgspec.inspect.type_info(route.body))) if route.body else None
    before = await hall.state()
    stranger = await door.token("admin", hall="other")
    for token in (stranger, stranger[:-1] + "A", "ct_" + hall.path["ticket"] + "." + "A" * 43, "x" * 5_000):
        answer = await door.ask(route.method, route.path.format(**hall.path), body, token=token)
        assert answer.status_code == (403 if token == stranger else 401)
        assert checked(answer, route, token)
        assert await hall.state() == before


# The feed -----------------------------------------------------------------------------------------

COMMANDS = {"window": "commandWindow", "ticket": "commandTicket", None: "commandHall"}
"""The request whose body a command over the feed has, by what it names."""


def messages(hall: Hall, more: tuple[Any, ...]) -> list[Any]:
    """Spoiled messages of every kind."""
    mallory = hostile.Mallory(SEED, hall.given, more)
    found = mallory.bodies(feed_wire.Incoming, 10)
    by_name = {route.name: route for route in ROUTES}
    for target, name in COMMANDS.items():
        for number, body in enumerate(mallory.bodies(by_name[name].body, 3)):
            if isinstance(body, dict):
                named = {target: hall.path[target]} if target else {}
                found.append({"type": "command", "id": number, **named, **body})
        odd = mallory.bodies(feed_wire._Id, 10)
        found += [{"type": "command", **one, "command": "start"} for one in odd if isinstance(one, dict)]
    return found


@pytest.mark.parametrize("wire", ["callq.v1.json", "callq.v1.msgpack"])
async def test_no_message_is_too_strange_for_the_feed(door: Door, wire: str) -> None:
    hall = await Hall(door).open()
    binary = wire == "callq.v1.msgpack"
    if binary:
        frames: list[bytes | None] = [*hostile.MSGPACK_BODIES]
        frames += map(hostile.as_msgpack, messages(hall, hostile.ONLY_MSGPACK))
    else:
        frames = [
            body for body in hostile.JSON_BODIES if len(body) < feed_wire.MAX_MESSAGE and _is_text(body)
        ]
        frames += map(hostile.as_json, messages(hall, ()))
    before = await hall.state()
    async with door.feed(wire=wire) as feed:
        for frame in frames:
            if frame is None or len(frame) > feed_wire.MAX_MESSAGE:
                continue
            await feed.socket.send_message(frame if binary else frame.decode())
            answers = await _answers(feed, _is_command(frame, binary))
            after = await hall.state()
            for answer in answers:
                told = f"{frame!r:.300} -> {str(answer)[:300]}"
                code = answer.get("problem", {}).get("code")
                assert code is None or Code(code) not in NEVER, told
                assert answer.get("ok") or after == before, told
            assert not unshown(after), f"accepted and kept: {frame!r:.300}"
            before = after


async def _answers(feed: FeedClient, command: bool) -> list[dict[str, Any]]:
    """What a message was answered, if it was: a ping that follows is answered after it was understood."""
    await feed.say(type="ping")
    found: list[dict[str, Any]] = []
    ponged = False
    while not ponged or (command and not found):
        with trio.fail_after(10):
            message = await feed.next()
        ponged = ponged or message["type"] == "pong"
        if message["type"] in ("error", "result"):
            found.append(message)
    return found


def _is_command(frame: bytes, binary: bool) -> bool:
    """Whether a frame is a command, which is always answered."""
    try:
        value = msgpack.unpackb(frame) if binary else json.loads(frame)
    except (ValueError, RecursionError, msgpack.UnpackException):
        return False
    return isinstance(value, dict) and value.get("type") == "command"


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


async def test_a_feed_of_another_hall_is_refused(door: Door) -> None:
    before = await door.canonical()
    stranger = await door.token("admin", hall="other")
    for token in (stranger, stranger[:-1] + "A"):
        async with door.feed(token) as feed:
            with pytest.raises(ConnectionClosed) as closed:
                await feed.next()
        assert closed.value.reason is not None
        assert closed.value.reason.code == (4403 if token == stranger else 4401)
    assert await door.canonical() == before
