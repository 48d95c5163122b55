"""What screens are measured against does the least: it writes at a press, and wakes nobody."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import trio

from callq.web.stream import PatientStream
from loadtests.prepared import Prepared, _Hall, _Screen
from tests.web.test_listener import house
from tests.web.test_slow_readers import masked, upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGE = [bytes([number]) * 3_000_000 for number in range(4)]
"""Frames that no buffer takes."""


@contextmanager
def screen(
    frames: list[bytes], nursery: trio.Nursery
) -> Iterator[tuple[_Screen, PatientStream, socket.socket]]:
    """One with its connection and its far end."""
    left, right = socket.socketpair()
    right.setblocking(False)
    with left, right:
        stream = PatientStream(trio.SocketStream(trio.socket.from_stdlib_socket(left)))
        yield _Screen(stream, frames, nursery), stream, right


async def test_a_press_writes_to_every_screen_before_anybody_else_runs() -> None:
    hall = _Hall()
    async with trio.open_nursery() as nursery:
        with screen([b"0", b"1"], nursery) as (one, _, near), screen([b"0", b"1"], nursery) as (two, _, far):
            hall.screens |= {one: None, two: None}
            assert hall.press() == 1
            assert (near.recv(10), far.recv(10)) == (b"1", b"1")
            assert not nursery.child_tasks


async def test_a_screen_that_is_behind_goes_on_with_the_newest() -> None:
    hall = _Hall()
    async with trio.open_nursery() as nursery:
        with screen(LARGE, nursery) as (slow, _, far):
            hall.screens[slow] = None
            for _ in range(3):
                hall.press()
            peer, taken = trio.socket.from_stdlib_socket(far), bytearray()
            with trio.fail_after(10):
                while len(taken) < 2 * len(LARGE[0]):
                    taken += await peer.recv(65536)
            assert taken == LARGE[1] + LARGE[3]


@pytest.mark.parametrize("closed", ["here", "there"])
async def test_a_screen_that_is_gone_does_not_end_a_press(closed: str) -> None:
    hall = _Hall()
    async with trio.open_nursery() as nursery:
        with screen([b"0", b"1"], nursery) as (gone, stream, far):
            hall.screens[gone] = None
            if closed == "here":
                await stream.aclose()
            else:
                far.close()
            assert hall.press() == 1


async def test_who_leaves_is_shown_nothing() -> None:
    prepared = Prepared({"json": 200, "msgpack": 200})
    async with house(prepared) as server:
        guest = await server.guest()
        await guest.send_all(upgrade(server.port))
        assert b" 101 " in await guest.receive_some(4096)
        await guest.send_all(masked(b'{"type":"subscribe","view":"board"}'))
        assert b'"snapshot"' in await guest.receive_some(4096)
        (hall,) = prepared._halls.values()
        assert len(hall.screens) == 1
        hall.press()
        assert b'"change"' in await guest.receive_some(4096)
        await guest.aclose()
        await server.empty()
        assert not hall.screens
