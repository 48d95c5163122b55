"""The whole server with its own Redis: started, stopped by a signal, started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from callq.web.listener import open_socket
from callq.web.server import ServeConfig, serve_until
from tests.harness import small_hall
from tests.live import ADMIN, LiveServer
from tests.redis.fixtures import PROGRAMS, need_redis
from tests.web.test_slow_readers import masked, upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.redis

STORE_LINKS = 4
"""Connections to the store that may have been needed at once, and are kept."""


@pytest.fixture(autouse=True)
def _redis() -> None:
    need_redis(PROGRAMS[0] if PROGRAMS else None)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    live = LiveServer(tmp_path / "data")
    yield live.start()
    live.stop()


async def test_it_starts_on_a_free_port_and_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    config = ServeConfig(
        halls=(small_hall(),), host="127.0.0.1", port=0, data_dir=tmp_path / "data", admin_token=ADMIN
    )
    headers = {"Authorization": f"Bearer {ADMIN}"}
    made: list[str] = []
    for round in range(2):
        stopping = trio.Event()
        async with trio.open_nursery() as nursery:
            port = await nursery.start(serve_until, stopping, config)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as http:
                for ticket in made:
                    assert (await http.get(f"/v1/halls/test/tickets/{ticket}")).status_code == 200
                answer = await http.post("/v1/halls/test/tickets", json={"service": "general"})
                assert answer.json()["ticket"]["number"] == f"A{round + 1:03d}"
                made.append(answer.json()["ticket"]["id"])
            stopping.set()


async def test_an_address_that_is_taken_disturbs_no_store(tmp_path: Path) -> None:
    with open_socket("127.0.0.1", 0) as taken:
        config = ServeConfig((small_hall(),), "127.0.0.1", taken.getsockname()[1], tmp_path / "data")
        with pytest.raises(OSError, match="in use"):
            await serve_until(trio.Event(), config)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_though_a_client_never_reads(server: LiveServer, number: signal.Signals) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(upgrade(server.port, ADMIN, "county"))
        assert b" 101 " in client.recv(4096)
        client.sendall(masked(b'{"type":"subscribe","view":"floor"}'))
        with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {ADMIN}"}) as citizens:
            for _ in range(300):
                answer = citizens.post("/v1/halls/county/tickets", json={"service": "general"})
                assert answer.status_code == 201
        os.kill(server.pid, number)
        assert server.stop() == 0
    assert "stopped_serving" in server.log
    assert "Traceback" not in server.log


def logged(text: str) -> list[dict[str, Any]]:
    """The lines of a log, each of which is one object."""
    return [json.loads(line) for line in text.splitlines()]


def test_its_whole_log_is_one_object_a_line_and_names_the_node(server: LiveServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"NO HTTP AT ALL\r\n\r\n")
        client.recv(4096)
    assert server.stop() == 0
    lines = logged(server.log)
    assert [line["event"] for line in lines][-1] == "redis_stopped"
    serving = next(line for line in lines if line["event"] == "serving")
    (running,) = [line for line in lines if line["event"] == "hall_running"]
    assert running["hall"] == "county"
    assert running["node"] == serving["node"] == (server.data / "NODE").read_text().strip()


def test_why_it_does_not_start_is_a_line_of_its_log(tmp_path: Path) -> None:
    nobody = LiveServer(tmp_path / "data", more=("--redis", "redis://anna:pa55@127.0.0.1:1/0"))
    with pytest.raises(AssertionError, match="the server ended"):
        nobody.start()
    (line,) = logged(nobody.log)
    assert (line["event"], line["level"]) == ("server_failed", "critical")
    assert "127.0.0.1:1" in line["error"]
    assert "pa55" not in nobody.log
    assert nobody.stop() == 1


def test_strangers_leave_nothing_behind(server: LiveServer) -> None:
    def descriptors() -> int:
        return len(os.listdir(f"/proc/{server.pid}/fd"))

    server.issue()
    before = descriptors()
    hello = upgrade(server.port, ADMIN, "county")
    kinds = (b"", b"POST /v1/halls/county/tickets HT", hello[:60], hello, b"\x16\x03\x01" * 200)
    for number in range(300):
        with socket.create_connection(("127.0.0.1", server.port)) as stranger:
            stranger.sendall(kinds[number % len(kinds)])
            if number % 5 == 3:
                stranger.recv(64)
            if number % 2:
                stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    deadline = time.monotonic() + 20
    while (left := descriptors()) > before + STORE_LINKS and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left <= before + STORE_LINKS
    assert server.issue()["number"] == "A002"
    assert "Traceback" not in server.log
