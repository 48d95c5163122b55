"""kill -9 under load: whatever was acknowledged is there afterwards, and acted once."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from tests.live import ADMIN, LiveServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.redis,
    pytest.mark.timeout(240),
    # httpx leaves its body generator half-read when the peer is killed in the middle of a request.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <async_generator object ByteStream"
        ":pytest.PytestUnraisableExceptionWarning"
    ),
]

CITIZENS = 8
CLERKS = {"w1": "c01", "w2": "c02", "w3": "c03"}
ROUNDS = 4
ACCEPTED_PER_ROUND = 60


class Witness:
    """Remembers what was acknowledged to anyone."""

    def __init__(self) -> None:
        self.issued: dict[str, dict[str, Any]] = {}
        """Ticket as first acknowledged, by idempotency key."""
        self.called: dict[str, str] = {}
        """Ticket id by idempotency key of the call that was acknowledged."""
        self.done: set[str] = set()
        self.accepted = 0
        self.enough = False
        """Everybody finishes what they are at and goes home: cancelling would leave half-read answers."""
        self._news = trio.Event()

    def noted(self) -> None:
        """Something was acknowledged."""
        self.accepted += 1
        self._news.set()

    async def reaches(self, goal: int) -> None:
        """Wait until `goal` commands were acknowledged."""
        while self.accepted < goal:
            self._news = trio.Event()
            await self._news.wait()


class Client:
    """Someone who repeats a request with the same key until it is answered."""

    def __init__(self, server: LiveServer, http: httpx.AsyncClient) -> None:
        self._server = server
        self._http = http

    async def post(self, path: str, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        while True:
            try:
                answer = await self._http.post(
                    f"{self._server.url}/v1/halls/county{path}",
                    json=body,
                    headers={"Authorization": f"Bearer {ADMIN}", "Idempotency-Key": key},
                )
            except httpx.TransportError:
                await trio.sleep(0.05)
                continue
            if answer.status_code >= 500:
                assert answer.status_code == 503, answer.text
                await trio.sleep(0.05)
                continue
            return answer.status_code, answer.json()


async def citizen(client: Client, witness: Witness, name: str) -> None:
    for count in itertools.count():
        if witness.enough:
            return
        key = f"{name}-{count}"
        service = random.choice(["general", "social", "medical"])
        status, answer = await client.post("/tickets", {"service": service}, key)
        assert status == 201, answer
        witness.issued[key] = answer["ticket"]
        witness.noted()


async def clerk(client: Client, witness: Witness, window: str, name: str) -> None:
    path = f"/windows/{window}/commands"
    for count in itertools.count():
        if witness.enough:
            return
        status, answer = await client.post(path, {"command": "call_next"}, f"{name}-call-{count}")
        if status == 409:
            # The answer to an earlier press was lost with the server; the ticket is at the window.
            assert answer["code"] == "window_busy", answer
        elif answer["ticket"] is None:
            await trio.sleep(0.02)
            continue
        else:
            witness.called[f"{name}-call-{count}"] = answer["ticket"]["id"]
            witness.noted()
        await client.post(path, {"command": "start"}, f"{name}-start-{count}")
        status, answer = await client.post(path, {"command": "complete"}, f"{name}-done-{count}")
        if status == 200:
            witness.done.add(answer["ticket"]["id"])
            witness.noted()


async def under_load(server: LiveServer, witness: Witness, fault: Callable[[], None]) -> None:
    """Run everybody, let the fault happen in the middle, and go on until as much again was accepted."""
    witness.enough = False
    limits = httpx.Limits(max_connections=50)
    async with httpx.AsyncClient(timeout=10, limits=limits) as http, trio.open_nursery() as nursery:
        client = Client(server, http)
        stamp = f"r{witness.accepted}"
        for number in range(CITIZENS):
            nursery.start_soon(citizen, client, witness, f"{stamp}-c{number}")
        for window in CLERKS:
            nursery.start_soon(clerk, client, witness, window, f"{stamp}-{window}")
        for step in range(2):
            goal = witness.accepted + random.randint(ACCEPTED_PER_ROUND // 2, ACCEPTED_PER_ROUND)
            with trio.fail_after(60):
                await witness.reaches(goal)
            if step == 0:
                await trio.to_thread.run_sync(fault)
        witness.enough = True


def check(server: LiveServer, witness: Witness) -> None:
    """Everything acknowledged is there; every key acted once; numbers have no gap and no double."""
    tickets: dict[str, dict[str, Any]] = {}
    after = ""
    while True:
        page = server.ask("GET", f"/v1/halls/county/tickets?limit=500{after}")
        tickets.update({ticket["id"]: ticket for ticket in page["tickets"]})
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    for key, ticket in witness.issued.items():
        kept = tickets[ticket["id"]]
        assert kept["number"] == ticket["number"], key
    assert len({t["id"] for t in witness.issued.values()}) == len(witness.issued), "two keys, one ticket"
    for prefix in "AEFG":
        numbers = sorted(int(t["number"][1:]) for t in tickets.values() if t["number"][0] == prefix)
        assert numbers == list(range(1, len(numbers) + 1)), f"{prefix}: a gap or a double"
    for key, ticket in witness.called.items():
        assert tickets[ticket]["state"] in ("called", "serving", "done"), key
    assert len(set(witness.called.values())) == len(witness.called), "a ticket was called twice"
    for ticket in witness.done:
        assert tickets[ticket]["state"] == "done"
    events: list[dict[str, Any]] = []
    since = 0
    while page := server.ask("GET", f"/v1/halls/county/events?since={since}&limit=1000"):
        if not page["events"]:
            break
        events += page["events"]
        since = page["next"]
    calls = [e["data"]["ticket"] for e in events if e["kind"] == "ticket_called"]
    assert len(set(calls)) == len(calls), "the journal calls a ticket twice"
    issued = [e["data"]["ticket"] for e in events if e["kind"] == "ticket_issued"]
    assert set(issued) == set(tickets)


@pytest.mark.parametrize("victim", ["server", "redis", "both"])
async def test_nothing_acknowledged_is_lost(tmp_path: Path, victim: str) -> None:
    server = LiveServer(tmp_path / "data")
    try:
        server.start()
        for window, name in CLERKS.items():
            server.window(window, "sign_in", clerk=name)
            server.window(window, "open")
        witness = Witness()

        def fault() -> None:
            if victim in ("server", "both"):
                server.kill()
            if victim in ("redis", "both"):
                server.kill_redis()
            if victim in ("server", "both"):
                server.start()
            else:
                server.wait_ready()

        for _ in range(ROUNDS):
            await under_load(server, witness, fault)
            await trio.to_thread.run_sync(check, server, witness)
        assert witness.accepted >= ROUNDS * ACCEPTED_PER_ROUND
    finally:
        server.stop()
