"""`callq demo` as a visitor runs it: a real process, real sockets, the public API."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from callq.cli.ports import any_free
from callq.demo.client import ApiProblem, Unreachable, open_api
from callq.demo.feed import open_feed
from callq.journal.redis.process import holders_of
from tests.redis.fixtures import PROGRAMS, need_redis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = [pytest.mark.redis, pytest.mark.timeout(180)]

ADMIN = "an-administrator-of-this-test"
LIMIT_S = 60
SEEN = {"ticket_issued", "ticket_called", "ticket_started", "ticket_completed"}


@pytest.fixture(autouse=True)
def redis_server() -> None:
    """Skips on a laptop without a redis-server, and fails in CI."""
    need_redis(PROGRAMS[0] if PROGRAMS else None)


class Demo:
    """A running `callq demo`."""

    def __init__(self, process: trio.Process, port: int, cache: Path) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.directory = cache / "callq" / f"demo-{port}"
        self.output = ""

    async def read_until(self, text: str) -> str:
        """What it printed, once `text` is part of it."""
        with trio.fail_after(LIMIT_S):
            while text not in self.output:
                piece = await self.process.stdout.receive_some()
                assert piece, f"ended early: {self.output}"
                self.output += piece.decode()
        return self.output

    def redis(self) -> list[int]:
        """Process ids of its redis-server."""
        return holders_of(self.directory / "data" / "redis" / "server.lock")

    async def end(self, how: signal.Signals) -> int:
        """Send a signal and wait for the end; the exit status."""
        self.process.send_signal(how)
        with trio.fail_after(LIMIT_S):
            return await self.process.wait()


@asynccontextmanager
async def demo(cache: Path, *options: str, port: int | None = None) -> AsyncIterator[Any]:
    """A demo in a process of its own; killed if the test does not end it."""
    port = port or any_free("127.0.0.1")
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "callq.cli", "demo", "--port", str(port), "--seed", "1", *options],
        stdout=subprocess.PIPE,
        env={**os.environ, "XDG_CACHE_HOME": str(cache), "CALLQ_ADMIN_TOKEN": ADMIN, "PYTHONUNBUFFERED": "1"},
    )
    running = Demo(process, port, cache)
    try:
        yield running
    finally:
        if process.poll() is None:
            process.kill()
            await process.wait()
        for pid in running.redis():
            os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def events_until(demo: Demo, wanted: set[str], since: int = 0) -> list[dict[str, Any]]:
    """The hall's events after a revision, once every wanted kind has happened."""
    found: list[dict[str, Any]] = []
    async with open_api(demo.url, ADMIN) as api:
        with trio.fail_after(LIMIT_S):
            while not wanted <= {event["kind"] for event in found}:
                try:
                    page = await api.get("/v1/halls/county/events", since=since, limit=500)
                except ApiProblem as problem:
                    if problem.status != 503:  # Redis may be away for a moment
                        raise
                else:
                    found += page["events"]
                    since = page["next"]
                await trio.sleep(0.1)
    return found


async def test_a_hall_lives_and_ends_without_a_trace(tmp_path: Path) -> None:
    async with demo(tmp_path, "--speed", "20") as running:
        output = await running.read_until("Ctrl-C")
        events = await events_until(running, SEEN)
        served = {event["data"]["ticket"] for event in events if event["kind"] == "ticket_completed"}
        async with open_api(running.url, ADMIN) as api:
            for ticket in list(served)[:3]:
                shown = (await api.get(f"/v1/halls/county/tickets/{ticket}"))["ticket"]
                assert (shown["state"], shown["window"] != "w1") == ("done", True)
            window = (await api.get("/v1/halls/county/windows/w1"))["window"]
            assert (window["open"], window["clerk"]) == (False, None), "the visitor's window is left alone"
        assert len(running.redis()) == 1
        [redis] = running.redis()
        assert f"{running.url}/panel/county/w1#token=cq_" in output
        assert await running.end(signal.SIGTERM) == 0
        assert not running.directory.exists()
        assert not is_alive(redis)
        async with open_api(running.url) as api:
            with pytest.raises(Unreachable):
                await api.get("/healthz")


async def test_every_link_opens(tmp_path: Path) -> None:
    async with demo(tmp_path) as running:
        output = await running.read_until("Ctrl-C")
        links = set(re.findall(rf"(?m)^  {re.escape(running.url)}(/\S*)$", output))
        assert {link.split("#")[0] for link in links} == {
            "/",
            "/metrics",
            "/v1/openapi.json",
            *(f"/panel/county/w{n}" for n in range(1, 7)),
            "/tv/county/all",
            "/tv/county/hall?device=tv-hall",
            "/tv/county/floor2?device=tv-floor2",
            "/tv/county/entrance",
            "/tv/county/window/w1",
            "/floor/county",
            "/desk/county",
            "/editor/county",
            "/kiosk/county",
            "/rating/county/w1",
            "/cases/county",
        }
        async with httpx.AsyncClient(base_url=running.url, trust_env=False) as client:
            for link in links:
                assert (await client.get(link.split("#")[0])).status_code == 200
        first = re.search(rf"(?m)^  {re.escape(running.url)}(/\S*)$", output)[1]  # type: ignore[index]
        hall, *passes = first.removeprefix("/#links=").split(",")
        assert hall == "county"
        assert [entry.split("=")[2:] for entry in passes if entry.startswith("panel/w1=")] == [["c01"]]
        listed = [entry.split("=")[:2] for entry in passes]
        hrefs = {
            f"/{page.replace('/', '/county/') if '/' in page else f'{page}/county'}#token={token}"
            for page, token in listed
        }
        whole = dict(listed)["tv/all"]
        hrefs |= {f"/tv/county/{page}#token={whole}" for page in ("entrance", "window/w1")}
        hrefs |= {f"/{page}/county#token={dict(listed)['floor']}" for page in ("editor", "cases")}
        # A device's own link says which it is; these have their own alone.
        with_token = {re.sub(r"\?device=[\w-]+", "", link) for link in links if "#token=" in link}
        alone = ("/kiosk/", "/desk/", "/rating/")
        assert hrefs == {link for link in with_token if not link.startswith(alone)}
        assert len(first) < 600, "a terminal is narrow"

        # The curl example does what it says.
        [curl] = [line for line in output.split("\n") if line.startswith("  curl ")]
        taken = await trio.run_process(["bash", "-c", f"{curl} --silent --noproxy '*'"], capture_stdout=True)
        assert json.loads(taken.stdout)["ticket"]["state"] == "waiting"
        assert await running.end(signal.SIGINT) == 0


async def test_the_visitor_serves_at_the_window_that_was_left(tmp_path: Path) -> None:
    async with demo(tmp_path, "--speed", "20") as running:
        output = await running.read_until("Ctrl-C")
        token = re.search(r"/panel/county/w1#token=(\S+)", output)[1]  # type: ignore[index]
        async with open_feed(running.url, "county", token, encoding="msgpack") as feed:
            panel = await feed.subscribe("panel", window="w1")
            await feed.command("sign_in", window="w1", clerk="c01")
            await feed.command("open", window="w1")
            ticket = None
            with trio.fail_after(LIMIT_S):
                while ticket is None:
                    ticket = (await feed.command("call_next", window="w1"))["ticket"]
                    if ticket is None:
                        await panel.changed()
            await feed.command("start", window="w1")
            done = await feed.command("complete", window="w1")
            assert (done["ticket"]["number"], done["ticket"]["state"]) == (ticket["number"], "done")
        assert await running.end(signal.SIGTERM) == 0


async def test_what_a_killed_demo_left_is_cleared_by_the_next(tmp_path: Path) -> None:
    async with demo(tmp_path) as killed:
        await killed.read_until("Ctrl-C")
        assert await killed.end(signal.SIGKILL) == -signal.SIGKILL
        [orphan] = killed.redis()
        async with demo(tmp_path) as running:
            await running.read_until("Ctrl-C")
            assert not killed.directory.exists()
            assert not is_alive(orphan)
            assert running.redis()
            assert await running.end(signal.SIGTERM) == 0


async def test_the_hall_goes_on_when_its_redis_is_killed(tmp_path: Path) -> None:
    async with demo(tmp_path, "--speed", "20") as running:
        await running.read_until("Ctrl-C")
        before = await events_until(running, SEEN)
        [redis] = running.redis()
        os.kill(redis, signal.SIGKILL)
        await events_until(running, SEEN, since=max(event["revision"] for event in before))
        assert running.redis() != [redis]
        assert await running.end(signal.SIGTERM) == 0


async def test_two_demos_at_once_do_not_meet(tmp_path: Path) -> None:
    async with demo(tmp_path) as one, demo(tmp_path) as other:
        await one.read_until("Ctrl-C")
        await other.read_until("Ctrl-C")
        assert one.redis() != other.redis()
        assert await one.end(signal.SIGTERM) == 0
        await events_until(other, {"ticket_issued"})
        assert await other.end(signal.SIGTERM) == 0


async def test_a_kept_hall_goes_on_where_it_was(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    port = any_free("127.0.0.1")
    async with demo(tmp_path, "--speed", "20", "--data", str(kept), port=port) as first:
        await first.read_until("Ctrl-C")
        before = await events_until(first, SEEN)
        assert await first.end(signal.SIGTERM) == 0
    assert kept.exists()
    async with demo(tmp_path, "--speed", "20", "--data", str(kept), port=port) as again:
        await again.read_until("Ctrl-C")
        after = await events_until(again, SEEN)
        assert after[: len(before)] == before
        await events_until(again, SEEN, since=max(event["revision"] for event in after))
        assert await again.end(signal.SIGTERM) == 0


async def test_a_port_in_use_is_told_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = await trio.run_process(
            [sys.executable, "-m", "callq.cli", "demo", "--port", str(taken.getsockname()[1])],
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )
    assert done.returncode == 1
    assert b"is free: give that one" in done.stderr
    assert b"Traceback" not in done.stderr


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        async with open_feed(f"http://127.0.0.1:{any_free('127.0.0.1')}", "county", "x"):
            pass
