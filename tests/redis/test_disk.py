"""Disks that are full, and files that end in the middle: nothing acknowledged is lost, groups stay whole."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
import structlog
import trio
from structlog.testing import capture_logs

from callq.domain.errors import StoreUnavailable
from callq.journal.port import GENESIS, AppendRefused, EntryId, OutcomeUnknown, chained
from callq.journal.redis.journal import RedisJournal, open_redis
from callq.journal.redis.store import open_store
from tests.redis.fixtures import RedisServer, aof_of, cut_aof, eventually, on_a_small_disk

if TYPE_CHECKING:
    from pathlib import Path

    from callq.journal.redis.process import Program


class Hall:
    """Appends groups as a hall does: an unknown outcome is resolved by sending the same again."""

    def __init__(self, journal: RedisJournal) -> None:
        self.journal = journal
        self.acknowledged: list[EntryId] = []
        self.turned_away = 0

    @property
    def head(self) -> EntryId:
        return self.acknowledged[-1] if self.acknowledged else GENESIS

    async def append(self, size: int) -> None:
        first = chained(self.head, b"x" * size)
        second = chained(first.id, b"y" * size)
        while True:
            try:
                await self.journal.append("demo", self.head, [first, second])
            except AppendRefused as refused:
                if refused.last != second.id:
                    raise
            except OutcomeUnknown:
                self.turned_away += 1
                await trio.sleep(0.01)
                continue
            self.acknowledged += (first.id, second.id)
            return

    async def keep_appending(self, size: int) -> None:
        while True:
            await self.append(size)


async def test_on_a_full_disk_the_server_dies_and_with_room_the_hall_goes_on(
    tmp_path: Path, redis_program: Program
) -> None:
    program, make_room = on_a_small_disk(redis_program, tmp_path, kib=256)
    with capture_logs() as logs:
        async with (
            open_store(tmp_path / "data", program=program, log=structlog.get_logger()) as store,
            trio.open_nursery() as nursery,
        ):
            hall = Hall(store.journal)
            nursery.start_soon(hall.keep_appending, 3000)
            # It is started again and again, each time a little later, and dies of the next append.
            await eventually(lambda: store.server.restarts >= 3, "it is started again and again")
            stuck = len(hall.acknowledged)
            assert stuck > 20
            assert hall.turned_away > 0
            assert aof_of(tmp_path / "data" / "redis").stat().st_size <= 256 * 1024
            make_room(100_000)
            await eventually(lambda: len(hall.acknowledged) > stuck + 20, "the hall goes on")
            nursery.cancel_scope.cancel()
    died = [line for line in logs if line["event"] == "redis_died"]
    # Of those that are started again some die so early that they never were ready.
    ended = [line for line in logs if line["event"] in ("redis_died", "redis_restart_failed")]
    assert [line["again_in_s"] for line in ended[:3]] == [0.1, 0.2, 0.4]
    assert "AOF" in died[0]["said"]
    assert died[0]["disk_free_bytes"] > 0
    async with open_store(tmp_path / "data", program=redis_program.path) as store:
        entries = await store.journal.read("demo", GENESIS, 1_000_000)
    assert [entry.id for entry in entries][: len(hall.acknowledged)] == hall.acknowledged
    assert len(entries) in (len(hall.acknowledged), len(hall.acknowledged) + 2)


async def test_what_is_there_can_be_read_while_the_disk_is_full(
    tmp_path: Path, redis_program: Program
) -> None:
    program, make_room = on_a_small_disk(redis_program, tmp_path, kib=64)
    async with open_store(tmp_path / "data", program=program) as store:
        hall = Hall(store.journal)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(hall.keep_appending, 3000)
            await eventually(lambda: hall.turned_away > 0, "the disk is full")
            nursery.cancel_scope.cancel()

        async def is_read() -> bool:
            try:
                entries = await store.journal.read("demo", GENESIS)
                # Answers that rest on what is there are given, too: an empty group writes nothing.
                await store.journal.append("demo", entries[-1].id, [])
            except StoreUnavailable:
                return False
            return [entry.id for entry in entries][: len(hall.acknowledged)] == hall.acknowledged

        await eventually(is_read, "all that was acknowledged is there")
        restarts = store.server.restarts
        for _ in range(20):
            assert await is_read()
        assert store.server.restarts == restarts
        make_room(100_000)


async def test_a_server_that_cannot_even_start_is_tried_again_and_the_log_says_why(
    tmp_path: Path, redis_program: Program
) -> None:
    program, make_room = on_a_small_disk(redis_program, tmp_path, kib=100_000)
    with capture_logs() as logs:
        async with open_store(tmp_path / "data", program=program, log=structlog.get_logger()) as store:
            hall = Hall(store.journal)
            await hall.append(10)
            make_room(0)
            os.kill(store.server.pid, signal.SIGKILL)
            await eventually(lambda: store.server.restarts >= 3, "it is tried again and again")
            make_room(100_000)
            await hall.append(10)
            assert len(await store.journal.read("demo", GENESIS)) == len(hall.acknowledged) == 4
    failed = [line for line in logs if line["event"] == "redis_restart_failed"]
    assert len(failed) >= 2
    assert all("no room to start in" in line["error"] for line in failed)
    assert not any("eady to accept" in line["error"] for line in failed), "those are words of an earlier one"
    assert [line["again_in_s"] for line in failed[:2]] == [0.2, 0.4]
    (died,) = [line["again_in_s"] for line in logs if line["event"] == "redis_died"]
    assert died == 0.1


@pytest.mark.parametrize("cut", [1, 2, 30, 300, 700, 1500])
async def test_of_a_file_that_was_cut_short_whole_groups_are_left(own_server: RedisServer, cut: Any) -> None:
    own_server.start()
    async with open_redis(own_server.endpoint) as journal:
        hall = Hall(journal)
        for _ in range(10):
            await hall.append(60)
    own_server.kill()
    cut_aof(own_server.directory, cut)
    own_server.start()
    async with open_redis(own_server.endpoint) as journal:
        entries = await journal.read("demo", GENESIS)
        left = [entry.id for entry in entries]
        assert left == hall.acknowledged[: len(left)]
        assert len(left) < len(hall.acknowledged)
        assert len(left) % 2 == 0, "a group was torn"
        # What is left can be gone on from, and given back what it lost.
        again = Hall(journal)
        again.acknowledged = left
        while len(again.acknowledged) < len(hall.acknowledged):
            await again.append(60)
        assert again.acknowledged == hall.acknowledged
    own_server.kill()
    own_server.start()
    async with open_redis(own_server.endpoint) as journal:
        assert [entry.id for entry in await journal.read("demo", GENESIS)] == hall.acknowledged


async def test_an_embedded_server_takes_a_file_that_was_cut_short(
    tmp_path: Path, redis_program: Program
) -> None:
    async with open_store(tmp_path, program=redis_program.path) as store:
        hall = Hall(store.journal)
        for _ in range(3):
            await hall.append(60)
    cut_aof(tmp_path / "redis", 5)
    async with open_store(tmp_path, program=redis_program.path) as store:
        assert [entry.id for entry in await store.journal.read("demo", GENESIS)] == hall.acknowledged[:4]
