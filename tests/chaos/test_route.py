"""Commits of the guide's decisions: raced, repeated, killed in the middle; one ticket whatever happens."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from tests.chaos.crowd import open_windows
from tests.chaos.test_nodes import two_servers
from tests.live import LiveServer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
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

CLIENTS = 32
ROUNDS = int(os.environ.get("CALLQ_KILLS", "3"))
"""Kills in the middle of a race; more for a longer soak."""

ITEM = {"items": [{"item": "food-licence"}], "accept": ["window"]}


def decide(server: LiveServer, **more: Any) -> Any:
    """Ask where to go; the decision."""
    return server.ask("POST", "/v1/halls/county/route", {**ITEM, **more})


async def race(
    servers: Sequence[LiveServer],
    path: str,
    body: object,
    hurt: Callable[[], None] | None = None,
    **keys: str,
) -> list[Any]:
    """Every client asks until it is answered, at one server or another; `hurt` happens meanwhile."""
    found: list[Any] = []
    begun = trio.Event()

    async def client(http: httpx.AsyncClient, number: int) -> None:
        at = number
        while True:
            server = servers[at % len(servers)]
            headers = {"Authorization": f"Bearer {server.admin}", **keys}
            try:
                answer = await http.post(f"{server.url}/v1/halls/county/{path}", json=body, headers=headers)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.is_success:
                found.append(answer.json())
                begun.set()
                return
            assert answer is None or answer.status_code == 503, answer.text
            at += random.randint(0, 1)
            await trio.sleep(0.02)

    async def harm() -> None:
        if hurt is not None:
            await trio.sleep(random.uniform(0, 0.05))
            await trio.to_thread.run_sync(hurt)

    with trio.fail_after(90):
        async with httpx.AsyncClient(timeout=20) as http, trio.open_nursery() as nursery:
            nursery.start_soon(harm)
            for number in range(CLIENTS):
                nursery.start_soon(client, http, number)
    return found


def issued(server: LiveServer) -> list[str]:
    """Ids of all tickets, as the journal has them."""
    events = server.ask("GET", "/v1/halls/county/events?since=0&limit=1000")["events"]
    return [event["data"]["ticket"] for event in events if event["kind"] == "ticket_issued"]


async def test_thirty_two_clients_race_to_commit_one_decision(tmp_path: Path) -> None:
    server = LiveServer(tmp_path / "data")
    try:
        server.start()
        open_windows(server)
        decision = decide(server)["decision"]
        found = await race([server], f"route/{decision}/commit", {"option": 1})
        assert len(found) == CLIENTS
        assert {one["ticket"]["number"] for one in found} == {"A001"}
        assert issued(server) == [found[0]["ticket"]["id"]]
        assert len({one["ticket"]["links"]["citizen"] for one in found}) == 1
    finally:
        server.stop()


async def test_a_commit_is_repeated_while_its_node_is_killed(tmp_path: Path) -> None:
    server = LiveServer(tmp_path / "data")
    try:
        server.start()
        open_windows(server)

        def killed() -> None:
            server.kill()
            server.start()

        tickets = []
        for number in range(ROUNDS):
            if number % 2:
                path, body, keys = "route", {**ITEM, "commit": True}, {"Idempotency-Key": f"k{number}"}
            else:
                path, body, keys = f"route/{decide(server)['decision']}/commit", {"option": 1}, {}
            found = await race([server], path, body, killed, **keys)
            assert len(found) == CLIENTS
            (ticket,) = {one["ticket"]["id"] for one in found}
            tickets.append(ticket)
        assert issued(server) == tickets
        assert len(set(tickets)) == ROUNDS
    finally:
        server.stop()


async def test_two_nodes_race_and_the_one_that_decided_is_killed(
    tmp_path: Path, own_server: RedisServer
) -> None:
    with two_servers(tmp_path, own_server) as servers:
        one, other = servers

        def killed() -> None:
            one.kill()
            one.start()

        tickets = []
        for _ in range(ROUNDS):
            path = f"route/{decide(one)['decision']}/commit"
            found = await race(servers, path, {"option": 1}, killed)
            (ticket,) = {answer["ticket"]["id"] for answer in found}
            tickets.append(ticket)
            # Long after, and at the node that never saw the decision.
            again = other.ask("POST", f"/v1/halls/county/{path}", {"option": 1})
            assert again["ticket"]["id"] == ticket
        assert issued(one) == issued(other) == tickets
        assert len(set(tickets)) == ROUNDS
