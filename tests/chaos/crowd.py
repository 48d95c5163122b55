"""People at one or several servers who insist: they repeat a request with its key until it is answered."""

from __future__ import annotations

import itertools
import random
import time
from typing import TYPE_CHECKING, Any

import httpx
import trio

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.live import LiveServer

CLERKS = {"w1": "c01", "w2": "c02", "w3": "c03"}
SERVICES = ("general", "social", "medical")
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
    """Someone who repeats a request with its key, at this server or the next, until it is answered."""

    def __init__(self, servers: Sequence[LiveServer], http: httpx.AsyncClient, first: int = 0) -> None:
        self._servers = servers
        self._http = http
        self._at = first

    async def post(self, path: str, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        while True:
            server = self._servers[self._at % len(self._servers)]
            try:
                answer = await self._http.post(
                    f"{server.url}/v1/halls/county{path}",
                    json=body,
                    headers={"Authorization": f"Bearer {server.admin}", "Idempotency-Key": key},
                )
            except httpx.TransportError:
                await self._elsewhere()
                continue
            if answer.status_code >= 500:
                assert answer.status_code == 503, answer.text
                await self._elsewhere()
                continue
            return answer.status_code, answer.json()

    async def _elsewhere(self) -> None:
        self._at += random.randint(0, 1)
        await trio.sleep(0.05)


async def citizen(client: Client, witness: Witness, name: str) -> None:
    """Takes one number after the other."""
    for count in itertools.count():
        if witness.enough:
            return
        key = f"{name}-{count}"
        status, answer = await client.post("/tickets", {"service": random.choice(SERVICES)}, key)
        assert status == 201, answer
        witness.issued[key] = answer["ticket"]
        witness.noted()


async def clerk(client: Client, witness: Witness, window: str, name: str) -> None:
    """Calls, serves and completes; somebody else may press at the same window."""
    path = f"/windows/{window}/commands"
    for count in itertools.count():
        if witness.enough:
            return
        status, answer = await client.post(path, {"command": "call_next"}, f"{name}-call-{count}")
        if status == 409:
            # The answer to an earlier press was lost with the server, or somebody else pressed.
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


async def under_load(
    servers: Sequence[LiveServer],
    witness: Witness,
    fault: Callable[[], None],
    *,
    citizens: int = 8,
    clerks: dict[str, str] = CLERKS,
    accepted: int = ACCEPTED_PER_ROUND,
) -> None:
    """Run everybody at every server, with a fault in the middle, until as much again was accepted.

    Args:
      servers: each has so many citizens and a clerk for each window.
      witness: of what is acknowledged.
      fault: called in a thread.
      citizens: at each server.
      clerks: window to clerk, the same at each server: they race for the same windows.
      accepted: about how much is acknowledged before and after the fault.
    """
    witness.enough = False
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(timeout=20, limits=limits) as http, trio.open_nursery() as nursery:
        stamp = f"r{witness.accepted}"
        for at in range(len(servers)):
            for number in range(citizens):
                client = Client(servers, http, at)
                nursery.start_soon(citizen, client, witness, f"{stamp}-s{at}-c{number}")
            for window in clerks:
                client = Client(servers, http, at)
                nursery.start_soon(clerk, client, witness, window, f"{stamp}-s{at}-{window}")
        for step in range(2):
            goal = witness.accepted + random.randint(accepted // 2, accepted)
            with trio.fail_after(90):
                await witness.reaches(goal)
            if step == 0:
                await trio.to_thread.run_sync(fault)
        witness.enough = True


def check(server: LiveServer, witness: Witness) -> None:
    """Everything acknowledged is there; every key acted once; numbers have no gap and no double."""
    server.wait_ready()
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
    assert len(tickets) == len(witness.issued), "one key, two tickets"
    for prefix in "AEFG":
        numbers = sorted(int(t["number"][1:]) for t in tickets.values() if t["number"][0] == prefix)
        assert numbers == list(range(1, len(numbers) + 1)), f"{prefix}: a gap or a double"
    for key, called in witness.called.items():
        assert tickets[called]["state"] in ("called", "serving", "done"), key
    assert len(set(witness.called.values())) == len(witness.called), "a ticket was called twice"
    for done in witness.done:
        assert tickets[done]["state"] == "done"
    events = history(server)
    calls = [e["data"]["ticket"] for e in events if e["kind"] == "ticket_called"]
    assert len(set(calls)) == len(calls), "the journal calls a ticket twice"
    issued = [e["data"]["ticket"] for e in events if e["kind"] == "ticket_issued"]
    assert set(issued) == set(tickets)
    assert len(issued) == len(set(issued))
    at_window: dict[str, str] = {}
    for event in events:
        data = event["data"]
        if event["kind"] == "ticket_called":
            assert at_window.setdefault(data["window"], data["ticket"]) == data["ticket"], (
                "two tickets at a window"
            )
        elif event["kind"] == "ticket_completed":
            at_window = {window: ticket for window, ticket in at_window.items() if ticket != data["ticket"]}


def _when_there_is_a_store(server: LiveServer, path: str) -> Any:
    """What a GET answers, repeated while the store is away, as the refusal says."""
    for _ in range(20):
        try:
            return server.ask("GET", path)
        except AssertionError as refused:
            if "store_unavailable" not in str(refused):
                raise
            time.sleep(0.5)
    return server.ask("GET", path)


def history(server: LiveServer) -> list[dict[str, Any]]:
    """All events of the hall, oldest first."""
    events: list[dict[str, Any]] = []
    since = 0
    while page := _when_there_is_a_store(server, f"/v1/halls/county/events?since={since}&limit=1000"):
        if not page["events"]:
            break
        events += page["events"]
        since = page["next"]
    return events


def open_windows(server: LiveServer, clerks: dict[str, str] = CLERKS) -> None:
    """Clerks sign in and open their windows."""
    for window, name in clerks.items():
        server.window(window, "sign_in", clerk=name)
        server.window(window, "open")
