"""A crowd at the door: requests begin a few at a time, and others get their turn."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import trio
from trio.testing import wait_all_tasks_blocked

from callq.web.listener import Listener, open_socket
from callq.web.pace import AT_ONCE, FIRST_OF, Pace

if TYPE_CHECKING:
    import pytest

    from tests.web.conftest import Door

CROWD = 200
ASK = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"


async def test_the_newest_of_the_first_requests_begins_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callq.web.pace.AT_ONCE", 1)
    pace, came, began = Pace(), list[int](), list[int]()

    async def request(number: int) -> None:
        came.append(number)
        # Nobody comes in between: they queue in this order.
        await pace.turn(new=number % 2 == 0)
        began.append(number)

    async with trio.open_nursery() as nursery:
        for number in range(60):
            nursery.start_soon(request, number)
    waited = came[1:]
    assert [n for n in began if n in waited and n % 2 == 0] == [n for n in waited[::-1] if n % 2 == 0]
    assert [n for n in began if n in waited and n % 2] == [n for n in waited if n % 2]
    known = [place for place, n in enumerate(began[:30]) if n in waited and n % 2]
    assert {late - early for early, late in pairwise(known)} == {FIRST_OF}
    assert pace.free


async def test_a_few_requests_begin_in_one_round() -> None:
    pace, began = Pace(), 0

    async def request(number: int) -> None:
        nonlocal began
        await pace.turn(new=number % 2 == 0)
        began += 1

    async with trio.open_nursery() as nursery:
        for number in range(10 * AT_ONCE):
            nursery.start_soon(request, number)
        rounds, before = 0, 0
        while began < 10 * AT_ONCE:
            await trio.lowlevel.checkpoint()
            # This one's turn may come before or after theirs.
            assert began - before <= 2 * AT_ONCE
            rounds, before = rounds + 1, began
    assert 9 <= rounds <= 25


async def test_whoever_gives_up_leaves_no_place_taken() -> None:
    pace = Pace()
    for _ in range(2):
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                for number in range(3 * AT_ONCE):
                    nursery.start_soon(lambda new=number % 2 == 0: pace.turn(new=new))
                scope.cancel()
    assert pace.free
    with trio.fail_after(1):
        await pace.turn(new=True)


async def test_a_place_that_is_given_to_who_gives_up_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callq.web.pace.AT_ONCE", 1)
    pace, begun = Pace(), list[str]()
    gives_up = trio.CancelScope()

    async def second() -> None:
        with gives_up:
            await pace.turn(new=True)

    async def third() -> None:
        await pace.turn(new=False)
        begun.append("third")

    async with trio.open_nursery() as nursery:
        # The place is held until all have queued.
        pace._going = 1
        for task in (second, third):
            nursery.start_soon(task)
            await wait_all_tasks_blocked()
        gives_up.cancel()
        # In the same round, before who gives up has noticed.
        pace._pass_on()
        with trio.fail_after(1):
            while not begun:
                await trio.lowlevel.checkpoint()
    assert pace.free


async def test_a_crowd_of_requests_does_not_hold_up_the_others() -> None:
    begun = most = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal begun
        begun += 1
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def look() -> None:
        nonlocal most
        while True:
            before = begun
            await trio.lowlevel.checkpoint()
            most = max(most, begun - before)

    with open_socket("127.0.0.1", 0) as listening:
        async with trio.open_nursery() as nursery:
            await nursery.start(Listener(app, listening, max_message=1000).run, trio.Event())
            guests = [
                await trio.open_tcp_stream("127.0.0.1", listening.getsockname()[1]) for _ in range(CROWD)
            ]
            await wait_all_tasks_blocked(0.05)
            nursery.start_soon(look)
            for guest in guests:
                # At once: nobody else runs in between.
                os.write(guest.socket.fileno(), ASK)
            for guest in guests:
                assert (await guest.receive_some(100)).startswith(b"HTTP/1.1 204")
                await guest.aclose()
            nursery.cancel_scope.cancel()
    assert begun == CROWD
    # This one's turn may come before or after theirs.
    assert 0 < most <= 2 * AT_ONCE


async def test_a_crowd_at_the_door_is_let_in_by_several() -> None:
    asked = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal asked
        asked += 1
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with open_socket("127.0.0.1", 0) as listening:
        guests = [await trio.open_tcp_stream("127.0.0.1", listening.getsockname()[1]) for _ in range(CROWD)]
        for guest in guests:
            await guest.send_all(ASK)
        async with trio.open_nursery() as nursery:
            await nursery.start(Listener(app, listening, max_message=1000).run, trio.Event())
            rounds = 0
            while asked < CROWD:
                await trio.lowlevel.checkpoint()
                rounds += 1
            for guest in guests:
                await guest.aclose()
            nursery.cancel_scope.cancel()
    assert rounds < CROWD / 3


async def test_metrics_are_put_together_once_for_all_who_ask(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callq.web.app.SCRAPE_S", 60.0)
    first, second = [(await door.ask("GET", "/metrics", token=None)).text for _ in range(2)]
    assert first == second
    assert "callq_http_requests" in first or "callq_http_request_duration_seconds" in first
    monkeypatch.setattr("callq.web.app.SCRAPE_S", 0.0)
    assert (await door.ask("GET", "/metrics", token=None)).text != first
