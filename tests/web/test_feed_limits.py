"""The feed's bounds: views, repeated subscriptions, strips that resume, who acts for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.web.conftest import Door


async def test_a_socket_follows_only_so_many_views(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callq.web.session.MAX_VIEWS", 2)
    async with door.feed() as feed:
        await feed.subscribe("board")
        await feed.subscribe("strip", window="w1")
        refused = await feed.subscribe("strip", window="w2")
        assert (refused["type"], refused["problem"]["code"]) == ("error", "invalid")
        assert (await feed.subscribe("board"))["type"] == "snapshot", (
            "a view that is followed may be asked again"
        )


async def test_a_view_asked_for_again_is_followed_once(door: Door) -> None:
    async with door.feed() as feed:
        for _ in range(5):
            await feed.subscribe("board")
        feed.heard.clear()
        issued = await door.issue()
        assert issued
        await feed.hear(view="board", type="change")
        await feed.say(type="ping")
        await feed.hear(type="pong")
        assert [m for m in feed.heard if m["type"] == "change"] == []


async def test_a_strip_is_whole_however_it_is_resumed(door: Door) -> None:
    async with door.feed() as feed:
        first = await feed.subscribe("strip", window="w1")
    await door.post("windows/w1/commands", {"command": "sign_in", "clerk": "c1"})
    async with door.feed() as feed:
        again = await feed.subscribe("strip", window="w1", since=first["revision"], epoch=first["epoch"])
        assert set(again["data"]) == set(first["data"])


async def test_a_command_names_a_window_or_a_ticket(door: Door) -> None:
    ticket = await door.issue()
    async with door.feed() as feed:
        await feed.say(type="command", id=1, window="w1", ticket=ticket["id"], command="cancel")
        result = await feed.hear(type="result", id=1)
        assert (result["ok"], result["problem"]["code"]) == (False, "invalid")
    assert (await door.get(f"tickets/{ticket['id']}"))["ticket"]["state"] == "waiting"


async def test_an_unknown_member_of_a_query_is_refused_though_it_is_empty(door: Door) -> None:
    assert (await door.ask("GET", "board?bogus=")).status_code == 400
    assert (await door.ask("GET", "tickets?number=&state=&service=")).status_code == 200
