"""The feed over a real socket, in both subprotocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgpack
import msgspec
import pytest
import trio
from trio_websocket import ConnectionClosed, open_websocket

from callq.domain.hall import Rules
from callq.journal.memory import MemoryJournal
from callq.web.session import MAX_MALFORMED
from callq.wire.messages import Strip
from tests.harness import MONDAY_9H, small_hall
from tests.web.client import connect_feed
from tests.web.conftest import ADMIN, serving

if TYPE_CHECKING:
    from tests.web.client import FeedClient
    from tests.web.conftest import Door

WIRES = ("callq.v1.json", "callq.v1.msgpack")


async def listen(feed: FeedClient) -> None:
    """Hear everything until the end."""
    with trio.fail_after(20):
        while True:
            await feed.socket.get_message()


async def closed_with(feed: FeedClient) -> int:
    """The code that the server closes with, after whatever it still says."""
    with pytest.raises(ConnectionClosed) as closed:
        await listen(feed)
    assert closed.value.reason is not None
    return int(closed.value.reason.code)


@pytest.mark.parametrize("wire", WIRES)
async def test_a_snapshot_then_numbered_changes(door: Door, wire: str) -> None:
    async with door.feed(wire=wire) as feed:
        first = await feed.subscribe("board", zone="hall")
        assert first["type"] == "snapshot"
        assert first["zone"] == "hall"
        assert first["epoch"] == (await door.get(""))["epoch"]
        assert first["data"]["place"]["zone_name"] == "大厅"
        assert first["data"]["server_ms"] > MONDAY_9H - 10**12
        assert "reset" not in first
        await door.issue()
        change = await feed.next()
        assert change["type"] == "change"
        assert change["revision"] == first["revision"] + 1
        assert set(change["data"]) == {"waiting", "server_ms"}
        assert change["data"]["waiting"][0] == {
            "service": "general",
            "name": "综合受理",
            "name_en": "",
            "prefix": "A",
            "count": 1,
            "ticketing": {
                "open": True,
                "until_ms": None,
                "closed": None,
                "reason": "",
                "reason_en": "",
                "next_ms": None,
            },
        }


@pytest.mark.parametrize("wire", WIRES)
async def test_commands_are_answered_as_over_http(door: Door, wire: str) -> None:
    ticket = await door.issue()
    async with door.feed(wire=wire) as feed:
        assert (await feed.do(1, "sign_in", clerk="c1"))["window"]["clerk"] == "c1"
        assert (await feed.do(2, "open"))["ok"] is True
        called = await feed.do(3, "call_next")
        assert called["ticket"]["id"] == ticket["id"]
        assert called["ticket"]["class"] == "ordinary"
        over_http = await door.get("windows/w1")
        assert {k: called[k] for k in ("window", "ticket", "revision")} == over_http
        refused = await feed.do(4, "recall")
        assert refused["ok"] is False
        assert refused["problem"]["code"] == "too_soon"
        assert refused["problem"]["state"] == "calling"
        assert refused["problem"]["retry_ms"] == 10_000
        cancelled = await feed.do(5, "cancel", ticket=ticket["id"])
        assert cancelled["ticket"]["state"] == "cancelled"
        config = msgspec.to_builtins(small_hall(rules=Rules(max_calls=4)))
        assert (await feed.do(6, "configure", config=config))["revision"] > called["revision"]


async def test_commands_of_one_socket_are_decided_in_their_order(door: Door) -> None:
    for _ in range(30):
        await door.issue()
    async with door.feed() as feed:
        commands = [("sign_in", {"clerk": "c1"}), ("open", {})]
        for _ in range(30):
            commands += [("call_next", {}), ("start", {}), ("complete", {})]
        for id, (command, more) in enumerate(commands):
            await feed.say(type="command", id=id, window="w1", command=command, **more)
        results: dict[Any, Any] = {}
        while len(results) < len(commands):
            message = await feed.hear(type="result")
            results[message["id"]] = message
    assert all(message["ok"] for message in results.values())
    revisions = [results[id]["revision"] for id in range(len(commands))]
    assert revisions == sorted(revisions)
    numbers = [results[id]["ticket"]["number"] for id in range(2, len(commands), 3)]
    assert numbers == [f"A{n:03d}" for n in range(1, 31)]


async def test_several_views_on_one_socket_and_one_given_up(door: Door) -> None:
    ticket = await door.issue()
    async with door.feed() as feed:
        await feed.subscribe("panel", window="w1")
        await feed.subscribe("strip", window="w1")
        await feed.subscribe("strip", window="w2")
        await feed.subscribe("floor")
        await feed.subscribe("ticket", ticket=ticket["id"])
        await feed.say(type="unsubscribe", view="strip", window="w2")
        await feed.say(type="ping")
        await feed.hear(type="pong")
        await door.staff("w2", "c2")
        await door.window("call_next", "w2")
        seen: dict[str, Any] = {}
        while seen.get("ticket") != "called":
            message = await feed.hear(type="change")
            assert (message["view"], message.get("window")) != ("strip", "w2")
            if message["view"] == "ticket":
                assert message["ticket"] == ticket["id"]
                seen["ticket"] = message["data"].get("state")


async def test_a_strip_comes_whole_every_time(door: Door) -> None:
    keys = {*Strip.__struct_fields__, "server_ms"}
    assert keys > {"window", "label", "line1", "line2", "number", "calls", "state"}
    async with door.feed() as feed:
        first = await feed.subscribe("strip", window="w1", since=1, epoch="x")
        assert first["type"] == "snapshot"
        assert set(first["data"]) == keys
        await door.staff()
        await door.issue()
        await door.window("call_next")
        while True:
            change = await feed.hear(type="change")
            assert set(change["data"]) == keys
            if change["data"]["state"] == "calling":
                break
        assert change["data"]["line1"] == "A001 请办理"


async def test_since_resumes_without_loss(door: Door) -> None:
    async with door.feed() as feed:
        first = await feed.subscribe("board")
    await door.issue()
    async with door.feed() as feed:
        back = await feed.subscribe("board", since=first["revision"], epoch=first["epoch"])
        assert back["type"] == "change"
        assert set(back["data"]) == {"waiting", "server_ms"}
        again = await feed.subscribe("board", since=back["revision"], epoch=back["epoch"])
        assert again["type"] == "change"
        assert set(again["data"]) == {"server_ms"}


@pytest.mark.parametrize("stale", [{"since": 1}, {"epoch": "another"}, {"since": 10_000}])
async def test_what_cannot_be_resumed_is_reset(door: Door, stale: dict[str, Any]) -> None:
    async with door.feed() as feed:
        first = await feed.subscribe("board")
        resume = {"since": first["revision"], "epoch": first["epoch"], **stale}
        await feed.say(type="unsubscribe", view="board")
        back = await feed.subscribe("board", **resume)
        assert back["type"] == "snapshot"
        assert back["reset"] is True


async def test_after_a_restart_of_the_server_a_screen_goes_on() -> None:
    journal = MemoryJournal()
    async with serving(journal) as door, door.feed() as feed:
        first = await feed.subscribe("board")
        await door.issue()
        last = await feed.next()
    journal.restart()
    async with serving(journal) as door, door.feed() as feed:
        back = await feed.subscribe("board", since=first["revision"], epoch=first["epoch"])
        assert back["epoch"] != first["epoch"]
        assert back["revision"] > last["revision"]
        assert back["data"]["waiting"][0]["count"] == 1


async def test_a_socket_of_a_hall_that_stops_is_told_to_come_again(door: Door) -> None:
    async with door.feed() as feed:
        await feed.subscribe("board")
        door.node.actor("test").hub.close()
        assert await closed_with(feed) == 4503


async def test_a_view_whose_ticket_is_forgotten_is_told_so(door: Door) -> None:
    ticket = await door.issue()
    async with door.feed() as feed:
        await feed.subscribe("ticket", ticket=ticket["id"])
        await feed.subscribe("board")
        await door.post(f"tickets/{ticket['id']}/commands", {"command": "cancel"})
        await feed.hear(view="ticket", type="change")
        for _ in range(2):  # it stays through the next day
            door.clock.later(24 * 3600)
            await door.issue()
        gone = await feed.hear(view="ticket", type="error")
        assert gone["problem"]["code"] == "unknown_ticket"
        await door.issue()
        assert (await feed.hear(view="board", type="change"))["data"]["waiting"]


async def test_unknown_things_are_refused_and_the_socket_stays(door: Door) -> None:
    async with door.feed() as feed:
        for view, about, code in (
            ("strip", {"window": "w9"}, "unknown_window"),
            ("ticket", {"ticket": "01abc"}, "unknown_ticket"),
            ("board", {"zone": "cellar"}, "invalid"),
            ("weather", {}, "invalid"),
        ):
            message = await feed.subscribe(view, **about)
            assert (message["type"], message["problem"]["code"]) == ("error", code)
        for message in (
            {"type": "dance"},
            {"type": "subscribe"},
            {"type": "subscribe", "view": "board", "sinse": 1},
            {"type": "command", "command": "open", "window": "w1"},
            {},
        ):
            await feed.say(**message)
            assert (await feed.next())["problem"]["code"] == "invalid"
        assert (await feed.do(1, "dance"))["problem"]["code"] == "invalid"
        assert (await feed.do(2, "open", key="two words"))["problem"]["code"] == "invalid"
        await feed.say(type="ping")
        assert (await feed.next())["type"] == "pong"


@pytest.mark.parametrize("wire", WIRES)
async def test_malformed_bytes_are_refused_and_end_the_socket_only_when_they_go_on(
    door: Door, wire: str
) -> None:
    junk: Any = "{" if wire == "callq.v1.json" else b"\xc1"
    async with door.feed(wire=wire) as feed:
        await feed.socket.send_message(junk)
        assert (await feed.next())["problem"]["code"] == "invalid"
        await feed.say(type="pong")
        for _ in range(MAX_MALFORMED + 1):
            await feed.socket.send_message(junk)
        assert await closed_with(feed) == 4400


async def test_what_only_msgpack_can_say_is_refused_and_the_socket_stays(door: Door) -> None:
    command = {"type": "command", "id": 1, "window": "w1", "command": "pause"}
    odd: list[Any] = [
        {1: 2},
        {None: {}},
        {"type": [1]},
        {**command, 5: 6},
        {**command, "reason": msgpack.Timestamp(1, 2)},
        {**command, "reason": msgpack.ExtType(5, b"x")},
        {**command, "reason": b"bytes"},
        {**command, "key": b"bytes"},
    ]
    async with door.feed(wire="callq.v1.msgpack") as feed:
        for message in odd:
            await feed.socket.send_message(msgpack.packb(message))
            assert (await feed.next())["problem"]["code"] == "invalid"
        assert (await feed.do(2, "open"))["ok"] is True


async def test_the_wrong_kind_of_frame_is_refused(door: Door) -> None:
    async with door.feed() as feed:
        await feed.socket.send_message(b'{"type":"ping"}')
        assert (await feed.next())["problem"]["code"] == "invalid"
        await feed.socket.send_message(b"")
        assert (await feed.next())["problem"]["code"] == "invalid"


@pytest.mark.parametrize("size", [70_000, 400_000])
async def test_a_message_too_large_ends_the_socket(door: Door, size: int) -> None:
    async with door.feed() as feed:
        await feed.socket.send_message('{"type":"ping","x":"' + "x" * size + '"}')
        assert await closed_with(feed) in (4413, 1009)


@pytest.mark.parametrize(
    ("token", "hall", "code"),
    [("wrong", "test", 4401), (None, "test", 4401), (ADMIN, "nowhere", 4404)],
)
async def test_who_may_not_come_in_is_closed_with_a_code_that_says_do_not_come_again(
    door: Door, token: str | None, hall: str, code: int
) -> None:
    async with connect_feed(door.port, hall, token) as feed:
        assert await closed_with(feed) == code


async def test_a_token_of_another_hall_is_forbidden(door: Door) -> None:
    async with door.feed(await door.token("screen", hall="elsewhere")) as feed:
        assert await closed_with(feed) == 4403


async def test_the_token_may_come_as_a_header(door: Door) -> None:
    headers = [(b"Authorization", f"Bearer {ADMIN}".encode())]
    async with open_websocket(
        "127.0.0.1",
        door.port,
        "/v1/halls/test/feed",
        use_ssl=False,
        subprotocols=["callq.v1.json"],
        extra_headers=headers,
    ) as socket:
        await socket.send_message('{"type":"ping"}')
        assert '"pong"' in await socket.get_message()
        assert socket.subprotocol == "callq.v1.json"


@pytest.mark.parametrize(
    ("path", "protocol", "code"),
    [("/v1/halls/test/feed", "chat", "invalid"), ("/v1/elsewhere", "callq.v1.json", "not_found")],
)
async def test_a_handshake_that_makes_no_sense_is_refused(
    door: Door, path: str, protocol: str, code: str
) -> None:
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": protocol,
    }
    answer = await door.ask("GET", path, **handshake)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert answer.status_code == answer.json()["status"]


async def test_http_at_the_feeds_address_is_not_found(door: Door) -> None:
    assert (await door.ask("GET", "feed")).status_code == 404


async def test_the_server_says_goodbye(door: Door) -> None:
    async with door.feed() as feed:
        await feed.subscribe("board")
        door.stopping.set()
        assert await closed_with(feed) == 4509
