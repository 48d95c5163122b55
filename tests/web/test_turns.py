"""Whose turn it is: requests that wait for theirs, and connections that make way for others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from callq.web import pace
from callq.web.listener import ACCEPTED_AT_ONCE, Listener, open_socket
from tests.web.test_connections import frame, problem, said
from tests.web.test_listener import GET, WHOLE, House, house, whole_answer
from tests.web.test_slow_readers import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable

CROWD = 40
LATER_S = 0.3
"""Well after the deadlines that a test sets."""

SOON_S = 0.05


class Guide:
    """An application that writes down who is served; what `/part` asks for stays half an answer."""

    def __init__(self) -> None:
        self.served: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.served.append(scope["path"])
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept", "subprotocol": scope["subprotocols"][0]})
            while (await receive())["type"] != "websocket.disconnect":
                pass
            return
        while (await receive()).get("more_body"):
            pass
        headers = [(b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["path"] == "/part":
            await send({"type": "http.response.body", "body": b"ha", "more_body": True})
            await trio.sleep_forever()
        await send({"type": "http.response.body", "body": b"half"})


def hold(server: House) -> Callable[[], None]:
    """Take all places of the pace; what gives them back."""
    held = server.served._pace
    assert held._going == 0
    held._going = pace.AT_ONCE

    def give_back() -> None:
        for _ in range(pace.AT_ONCE):
            held._pass_on()

    return give_back


async def settled() -> None:
    await wait_all_tasks_blocked(0.01)


async def answer(guest: trio.SocketStream) -> bytes:
    """One answer of `Guide`."""
    heard = b""
    with trio.fail_after(5):
        while not heard.endswith(b"half"):
            heard += (part := await guest.receive_some(4096))
            assert part, heard
    assert heard.startswith(b"HTTP/1.1 200 "), heard
    return heard


async def alive(feed: trio.SocketStream) -> None:
    """A ping is answered."""
    await feed.send_all(frame(b"", 0x89))
    with trio.fail_after(5):
        assert await feed.receive_some(10) == b"\x8a\x00"


async def shaken(feed: trio.SocketStream) -> None:
    """The handshake is answered."""
    with trio.fail_after(5):
        assert (await feed.receive_some(4096)).startswith(b"HTTP/1.1 101 ")


def ask(path: str) -> bytes:
    return GET.replace(b"/ ", f"/{path} ".encode(), 1)


# Requests that wait for their turn ----------------------------------------------------------------


async def test_the_newest_first_request_goes_before_the_next_of_who_was_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "AT_ONCE", 1)
    guide = Guide()
    async with house(guide) as server:
        known = await server.guest()
        await known.send_all(ask("known"))
        await answer(known)
        give_back = hold(server)
        guests = {"/first": await server.guest(), "/second": await server.guest(), "/known": known}
        for path, guest in guests.items():
            await guest.send_all(ask(path[1:]))
            await settled()
        assert guide.served == ["/known"]
        give_back()
        for guest in guests.values():
            await answer(guest)
        assert guide.served == ["/known", "/second", "/first", "/known"]
        assert server.served._pace._going == 0


async def test_who_waits_for_a_turn_is_not_taken_for_one_who_asks_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("FIRST_REQUEST_WITHIN_S", "KEEP_ALIVE_S"):
        monkeypatch.setattr(f"callq.web.connection.{name}", LATER_S / 2)
    async with house(Guide()) as server:
        guest = await server.guest()
        for _ in range(2):
            give_back = hold(server)
            await guest.send_all(GET)
            await trio.sleep(LATER_S)
            give_back()
            await answer(guest)


async def test_who_waits_for_a_turn_makes_way_and_leaves_no_place_taken() -> None:
    guide = Guide()
    async with house(guide, most=1) as server:
        give_back = hold(server)
        queued = await server.guest()
        await queued.send_all(ask("queued"))
        await settled()
        newcomer = await server.guest()
        assert await said(queued) == b""
        give_back()
        assert server.served._pace._going == 0
        await newcomer.send_all(ask("newcomer"))
        await answer(newcomer)
    assert guide.served == ["/newcomer"]


async def test_a_feed_that_waited_for_its_turn_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_REQUEST_WITHIN_S", "KEEP_ALIVE_S"):
        monkeypatch.setattr(f"callq.web.connection.{name}", LATER_S)
    async with house(Guide(), most=2) as server:
        give_back = hold(server)
        feed = await server.guest()
        await feed.send_all(upgrade(server.port))
        await settled()
        give_back()
        await shaken(feed)
        silent = await server.guest()
        await settled()
        newcomer = await server.guest()
        assert await said(silent) == b""
        await newcomer.send_all(GET)
        await answer(newcomer)
        await alive(feed)
        await trio.sleep(LATER_S * 1.5)
        await alive(feed)


async def test_a_request_that_cannot_begin_in_time_is_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callq.web.http_protocol.BEGUN_WITHIN_S", SOON_S)
    guide = Guide()
    async with house(guide) as server:
        give_back = hold(server)
        for hello in (ask("late"), upgrade(server.port)):
            guest = await server.guest()
            await guest.send_all(hello)
            heard = await said(guest)
            assert problem(heard, 429)["code"] == "too_many_requests"
            head, _, content = heard.lower().partition(b"\r\n\r\n")
            lines = head.split(b"\r\n")
            assert b"content-length: %d" % len(content) in lines
            assert b"connection: close" in lines
            assert any(line.startswith(b"retry-after: ") for line in lines)
        give_back()
        assert server.served._pace._going == 0
        guest = await server.guest()
        await guest.send_all(ask("on-time"))
        await answer(guest)
    assert guide.served == ["/on-time"]


# Who makes way ------------------------------------------------------------------------------------


async def test_whose_answer_is_still_being_made_does_not_make_way() -> None:
    async with house(Guide(), most=2) as server:
        asking = await server.guest()
        await asking.send_all(ask("part"))
        with trio.fail_after(5):
            while not (await asking.receive_some(4096)).endswith(b"ha"):
                pass
        silent = await server.guest()
        await settled()
        newcomer = await server.guest()
        assert await said(silent) == b""
        await newcomer.send_all(GET)
        await answer(newcomer)
        with trio.move_on_after(SOON_S) as waited:
            await asking.receive_some(1)
        assert waited.cancelled_caught, "its connection was ended"


async def test_who_does_not_send_a_body_makes_way() -> None:
    async with house(Guide(), most=1) as server:
        owing = await server.guest()
        await owing.send_all(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n1234")
        await settled()
        newcomer = await server.guest()
        await newcomer.send_all(GET)
        await answer(newcomer)
        assert await said(owing) == b"", "it is just the end, as documented"


class Office:
    """An application that answers when it is told to, once it has the whole body."""

    def __init__(self) -> None:
        self.at_work = trio.Event()
        self.done = trio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        self.at_work.set()
        await self.done.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"half"})


async def hand_in(guest: trio.SocketStream, office: Office, rest: bytes = b"") -> None:
    """A body in two packets, the second with `rest` behind it, until the application has it."""
    await guest.send_all(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbo")
    await settled()
    await guest.send_all(b"dy" + rest)
    with trio.fail_after(5):
        await office.at_work.wait()
    await settled()


@pytest.mark.parametrize("rest", [b"", GET], ids=["alone", "with the next request behind it"])
async def test_whose_body_came_in_parts_does_not_make_way_while_it_is_worked_on(rest: bytes) -> None:
    office = Office()
    async with house(office, most=2) as server:
        owing = await server.guest()
        await hand_in(owing, office, rest)
        silent = await server.guest()
        await settled()
        await server.guest()
        assert await said(silent) == b""
        office.done.set()
        await answer(owing)


async def test_whose_body_came_in_parts_makes_way_once_he_is_answered() -> None:
    office = Office()
    office.done.set()
    async with house(office, most=1) as server:
        kept = await server.guest()
        await hand_in(kept, office)
        await answer(kept)
        newcomer = await server.guest()
        assert await said(kept) == b""
        await newcomer.send_all(GET)
        await answer(newcomer)


async def test_who_sends_the_rest_of_a_body_and_takes_no_answer_makes_way() -> None:
    async def hasty(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"%d" % len(WHOLE))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": WHOLE})

    async with house(hasty, most=1) as server:
        deaf = await server.guest()
        await deaf.send_all(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbo")
        with trio.fail_after(5):
            while not any(stream.blocked for stream in server.served._streams):
                await settled()
        await deaf.send_all(b"dy")
        await settled()
        newcomer = await server.guest()
        await newcomer.send_all(GET)
        with trio.fail_after(2):
            assert (await newcomer.receive_some(100)).startswith(b"HTTP/1.1 200 ")


async def test_who_takes_no_answer_is_gone_at_once_when_he_makes_way() -> None:
    async with house(most=1) as server:
        deaf = await server.guest()
        await deaf.send_all(GET)
        with trio.fail_after(5):
            while not any(stream.blocked for stream in server.served._streams):
                await settled()
        newcomer = await server.guest()
        with trio.fail_after(2):
            while len(server.served._streams) != 1 or any(one.blocked for one in server.served._streams):
                await settled()
        await newcomer.send_all(GET)
        assert (await newcomer.receive_some(100)).startswith(b"HTTP/1.1 200 ")


async def test_who_asks_nothing_does_not_hold_up_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callq.web.listener.DRAIN_S", 60.0)
    monkeypatch.setattr("callq.web.connection.LINGER_S", 60.0)
    async with house(Guide()) as server:
        silent = await server.guest()
        refused = await server.guest()
        await refused.send_all(b"GET / HTTP/3.0\r\nHost: test\r\n\r\n")
        assert b" 505 " in await said(refused)
        kept = await server.guest()
        await kept.send_all(GET)
        await answer(kept)
        await settled()
        server.stopping.set()
        with trio.fail_after(2):
            while server.served._streams:
                await settled()
        for guest in (silent, kept):
            assert await said(guest) == b""


async def test_whose_body_came_in_parts_is_answered_though_the_server_stops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("callq.web.listener.DRAIN_S", 60.0)
    office = Office()
    async with house(office) as server:
        owing = await server.guest()
        await hand_in(owing, office)
        server.stopping.set()
        await settled()
        office.done.set()
        await answer(owing)
        await server.empty()


async def test_what_is_begun_is_ended_though_the_server_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callq.web.listener.DRAIN_S", 60.0)
    async with house() as server:
        taking = await server.guest()
        await taking.send_all(GET)
        owing = await server.guest()
        await owing.send_all(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbo")
        with trio.fail_after(5):
            while not any(stream.blocked for stream in server.served._streams):
                await settled()
        queued = await server.guest()
        give_back = hold(server)
        await queued.send_all(GET)
        await settled()
        server.stopping.set()
        await settled()
        give_back()
        await owing.send_all(b"dy")
        for guest in (queued, taking, owing):
            with trio.fail_after(10):
                await whole_answer(guest)
        await server.empty()


async def test_an_answer_that_nobody_takes_holds_up_the_stop_for_so_long_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("callq.web.listener.DRAIN_S", LATER_S)
    async with house() as server:
        deaf = await server.guest()
        await deaf.send_all(GET)
        with trio.fail_after(5):
            while not any(stream.blocked for stream in server.served._streams):
                await settled()
        began = trio.current_time()
        server.stopping.set()
        await server.empty()
        assert trio.current_time() - began >= LATER_S


# The door -----------------------------------------------------------------------------------------


async def test_a_crowd_at_the_door_is_let_in_a_few_in_each_round() -> None:
    with open_socket("127.0.0.1", 0) as listening:
        guests = [await trio.open_tcp_stream("127.0.0.1", listening.getsockname()[1]) for _ in range(CROWD)]
        async with trio.open_nursery() as nursery:
            served = Listener(Guide(), listening, max_message=1000)
            await nursery.start(served.run, trio.Event())
            before = most = 0
            with trio.fail_after(5):
                while before < CROWD:
                    await trio.lowlevel.checkpoint()
                    most = max(most, len(served._streams) - before)
                    before = len(served._streams)
            for guest in guests:
                await guest.aclose()
            nursery.cancel_scope.cancel()
    # This one's turn may come before or after the door's.
    assert 0 < most <= 2 * ACCEPTED_AT_ONCE
