"""Two servers on one Redis, raced, killed, stopped and robbed of what Redis had: one queue all the same."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import trio

from tests.chaos.crowd import Witness, check, history, open_windows, under_load
from tests.live import LiveServer
from tests.redis.fixtures import cut_aof

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.redis.fixtures import RedisServer

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.redis,
    pytest.mark.timeout(240),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <async_generator object ByteStream"
        ":pytest.PytestUnraisableExceptionWarning"
    ),
]

KILLS = int(os.environ.get("CALLQ_KILLS", "5"))
"""Rounds of kills; more for a longer soak."""

ALL_WINDOWS = {f"w{n}": f"c0{n}" for n in range(1, 7)}


@contextmanager
def two_servers(tmp_path: Path, redis: RedisServer) -> Iterator[list[LiveServer]]:
    """Two servers on a Redis of the test's own."""
    redis.start()
    servers = [LiveServer(tmp_path / name, more=["--redis", redis.url]) for name in ("a", "b")]
    try:
        for server in servers:
            server.start()
        open_windows(servers[0], ALL_WINDOWS)
        yield servers
    finally:
        for server in servers:
            server.stop()


def check_both(servers: list[LiveServer], witness: Witness) -> None:
    """Both tell the same, and it is right."""
    check(servers[0], witness)
    servers[1].wait_ready()
    assert history(servers[0]) == history(servers[1])


async def test_sixteen_clients_at_each_race_for_one_hall(tmp_path: Path, own_server: RedisServer) -> None:
    with two_servers(tmp_path, own_server) as servers:
        witness = Witness()
        await under_load(servers, witness, lambda: None, citizens=10, clerks=ALL_WINDOWS, accepted=400)
        await trio.to_thread.run_sync(check_both, servers, witness)
        assert witness.accepted >= 400
        assert "lost" not in servers[0].log + servers[1].log


async def test_killed_at_random_moments_under_load(tmp_path: Path, own_server: RedisServer) -> None:
    with two_servers(tmp_path, own_server) as servers:
        witness = Witness()
        victims = ["a", "b", "redis", "a and redis", "everything"]
        for number in range(KILLS):
            victim = victims[number] if number < len(victims) else random.choice(victims)

            def fault(victim: str = victim) -> None:
                struck = [s for s, name in zip(servers, "ab", strict=True) if victim in (name, "everything")]
                if victim == "a and redis":
                    struck = servers[:1]
                for server in struck:
                    server.kill()
                if "redis" in victim or victim == "everything":
                    own_server.kill()
                    time.sleep(random.uniform(0, 0.5))
                    own_server.start()
                for server in struck:
                    server.start()
                for server in servers:
                    server.wait_ready()

            await under_load(servers, witness, fault, citizens=4, clerks=ALL_WINDOWS)
            await trio.to_thread.run_sync(check_both, servers, witness)
        for server in servers:
            assert not list((server.data / "alarms").glob("*")), "one master: nothing is ever lost"


async def test_a_time_out_in_the_middle_of_a_pipeline(tmp_path: Path, own_server: RedisServer) -> None:
    with two_servers(tmp_path, own_server) as servers:
        witness = Witness()

        def fault() -> None:
            # Longer than a reply may take: both nodes give up, and what they sent is executed late.
            assert own_server.process is not None
            os.kill(own_server.process.pid, signal.SIGSTOP)
            time.sleep(6)
            os.kill(own_server.process.pid, signal.SIGCONT)

        await under_load(servers, witness, fault, citizens=8, clerks=ALL_WINDOWS)
        await trio.to_thread.run_sync(check_both, servers, witness)


async def test_an_append_only_file_that_lost_its_end_gets_it_back(
    tmp_path: Path, own_server: RedisServer
) -> None:
    with two_servers(tmp_path, own_server) as servers:
        witness = Witness()

        def fault() -> None:
            own_server.kill()
            cut_aof(own_server.directory, 4_000)
            own_server.start()
            for server in servers:
                server.wait_ready()

        for _ in range(3):
            await under_load(servers, witness, fault, citizens=4, clerks=ALL_WINDOWS)
            await trio.to_thread.run_sync(check_both, servers, witness)
        assert any("entries_given_back" in server.log for server in servers)
        for server in servers:
            assert not list((server.data / "alarms").glob("*"))


async def test_a_file_that_lost_its_end_while_nobody_lived_is_healed_from_the_spool(tmp_path: Path) -> None:
    server = LiveServer(tmp_path / "data")
    try:
        server.start()
        open_windows(server)
        witness = Witness()

        def fault() -> None:
            # The spool is written in the background: what it has is on its way to the disk by then.
            time.sleep(0.2)
            server.kill()
            server.kill_redis()
            cut_aof(server.data / "redis", 2_000)
            server.start()

        await under_load([server], witness, lambda: None)
        await trio.to_thread.run_sync(fault)
        await trio.to_thread.run_sync(check, server, witness)
        assert "entries_given_back" in server.log
    finally:
        server.stop()


async def test_an_outage_is_on_record_although_somebody_pressed(tmp_path: Path) -> None:
    server = LiveServer(tmp_path / "data")
    try:
        server.start()
        open_windows(server)
        witness = Witness()

        def fault() -> None:
            # Redis hangs with commands under way, for longer than a restart would take.
            pid = server.redis_pid
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
            time.sleep(13)
            os.kill(pid, signal.SIGCONT)
            server.wait_ready()

        await under_load([server], witness, fault)
        await trio.to_thread.run_sync(check, server, witness)
        (outage,) = [event["data"] for event in history(server) if event["kind"] == "outage_recorded"]
        assert 9_000 < outage["until_ms"] - outage["since_ms"] < 20_000
    finally:
        server.stop()
