"""Who may do what: every role at every request and view, written out again by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from callq.web.roles import ALLOWED, VIEW_PERMISSION, Permission, Role
from callq.web.routes import ROUTES
from callq.web.tokens import Tokens

if TYPE_CHECKING:
    from tests.web.conftest import Door

ROLES = [role.value for role in Role]
STAFF = "admin supervisor clerk helper"
LOOKING = f"{STAFF} inspector"

REQUESTS = {
    "GET ": " ".join(ROLES),
    "POST tickets": f"{STAFF} kiosk guide",
    "POST tickets priority": STAFF,
    "GET tickets": LOOKING,
    "GET tickets/{ticket}": f"{LOOKING} kiosk guide citizen",
    "POST tickets/{ticket}/commands": f"{STAFF} citizen",
    "GET windows/w1": LOOKING,
    "POST windows/w1/commands": "admin supervisor clerk",
    "POST commands": "admin",
    "GET board": f"{LOOKING} kiosk screen device guide",
    "GET floor": "admin supervisor helper inspector",
    "GET events": "admin supervisor inspector",
    "POST /v1/tokens": "admin",
}
"""Roles that a request lets in; everyone else is forbidden."""

VIEWS = {
    "board": f"{LOOKING} kiosk screen device guide",
    "strip": f"{LOOKING} screen device rating",
    "panel": "admin supervisor clerk inspector",
    "floor": "admin supervisor helper inspector",
    "ticket": f"{LOOKING} kiosk guide citizen",
}

BODIES = {
    "POST tickets": {"service": "nowhere"},
    "POST tickets priority": {"service": "nowhere", "class": "priority"},
}


def test_the_matrix_covers_every_request_and_permission() -> None:
    covered = {
        key.replace("{ticket}", "x").replace("w1", "x").removesuffix(" priority").rstrip() for key in REQUESTS
    }
    asked = set()
    for route in ROUTES:
        path = route.path.removeprefix("/v1/halls/{hall}").lstrip("/")
        if route.path.startswith("/v1/halls/{hall}") or route.path == "/v1/tokens":
            short = "/v1/tokens" if route.path == "/v1/tokens" else path
            asked.add(f"{route.method} {short.replace('{ticket}', 'x').replace('{window}', 'x')}".rstrip())
    assert asked == covered
    assert set(ALLOWED) == set(Permission)
    assert set(VIEW_PERMISSION) == set(VIEWS)
    assert all(allowed <= set(Role) for allowed in ALLOWED.values())


def test_an_inspector_changes_nothing() -> None:
    changing = {
        Permission.ISSUE,
        Permission.ISSUE_PRIORITY,
        Permission.CANCEL_TICKET,
        Permission.COMMAND_WINDOW,
        Permission.CONFIGURE,
        Permission.CREATE_TOKEN,
    }
    assert {p for p in changing if Role.INSPECTOR in ALLOWED[p]} == set()
    reading = set(Permission) - changing - {Permission.READ_PERSONS}
    assert {p for p in reading if Role.INSPECTOR not in ALLOWED[p]} == set()


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_is_let_in_where_it_may_and_nowhere_else(door: Door, role: str) -> None:
    ticket = await door.issue()
    token = await a_token(door, role, ticket["id"])
    for request, allowed in REQUESTS.items():
        method, path = request.removesuffix(" priority").split(" ", 1)
        path = path.replace("{ticket}", ticket["id"])
        body = BODIES.get(request, {"command": "nothing"}) if method == "POST" else None
        before = await door.canonical()
        answer = await door.ask(method, path, body, token=token)
        # A citizen's key is no token at all where no hall is named.
        let_in = answer.status_code not in (401, 403)
        assert let_in is (role in allowed.split()), f"{role}: {request}: {answer.text}"
        assert answer.status_code < 500
        assert await door.canonical() == before


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_follows_the_views_it_may(door: Door, role: str) -> None:
    ticket = await door.issue()
    about = {"strip": {"window": "w1"}, "panel": {"window": "w1"}, "ticket": {"ticket": ticket["id"]}}
    async with door.feed(await a_token(door, role, ticket["id"])) as feed:
        for view, allowed in VIEWS.items():
            message = await feed.subscribe(view, **about.get(view, {}))
            if role in allowed.split():
                assert message["type"] == "snapshot"
            else:
                assert message["problem"]["code"] == "forbidden"


async def a_token(door: Door, role: str, ticket: str) -> str:
    if role == "citizen":
        secret = await door.node.keyring.secret()
        return Tokens(door.node.keyring, secret).citizen_key("test", ticket)
    return await door.token(role)


async def test_a_token_of_one_hall_is_forbidden_elsewhere(door: Door) -> None:
    token = await door.token("admin", hall="elsewhere")
    for path in ("", "board", "tickets"):
        answer = await door.ask("GET", path, token=token)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    answer = await door.ask("POST", "/v1/tokens", {"role": "screen"}, token=token)
    assert answer.status_code == 403
    answer = await door.ask("POST", "/v1/tokens", {"role": "screen", "hall": "test"}, token=token)
    assert answer.status_code == 403


async def test_a_token_of_one_window_works_only_there(door: Door) -> None:
    token = await door.token("clerk", hall="test", window="w1")
    for path, body in (
        ("windows/w1/commands", {"command": "open"}),
        ("windows/w2/commands", {"command": "open"}),
    ):
        answer = await door.ask("POST", path, body, token=token)
        assert answer.status_code == (200 if "w1" in path else 403), answer.text
    async with door.feed(token) as feed:
        assert (await feed.subscribe("panel", window="w1"))["type"] == "snapshot"
        assert (await feed.subscribe("panel", window="w2"))["problem"]["code"] == "forbidden"
        result = await feed.do(1, "open", window="w2")
        assert result["problem"]["code"] == "forbidden"


async def test_a_token_of_one_clerk_acts_as_no_other(door: Door) -> None:
    token = await door.token("clerk", hall="test", clerk="c1")
    other = {"command": "sign_in", "clerk": "c2"}
    assert (await door.ask("POST", "windows/w1/commands", other, token=token)).status_code == 403
    await door.post("windows/w1/commands", {"command": "sign_in", "clerk": "c1"}, token=token)
    await door.post("windows/w1/commands", {"command": "open"}, token=token)
    await door.staff("w2", "c2")
    for command in ("pause", "close", "sign_out"):
        answer = await door.ask("POST", "windows/w2/commands", {"command": command}, token=token)
        assert answer.status_code == 403
    again = await door.ask(
        "POST", "windows/w1/commands", {"command": "sign_out"}, token=token, **{"Idempotency-Key": "k"}
    )
    repeated = await door.ask(
        "POST", "windows/w1/commands", {"command": "sign_out"}, token=token, **{"Idempotency-Key": "k"}
    )
    assert again.json()["revision"] == repeated.json()["revision"]


async def test_a_citizens_key_opens_its_ticket_and_nothing_else(door: Door) -> None:
    mine, other = await door.issue(), await door.issue()
    key = mine["links"]["citizen"].partition("#token=")[2]
    assert (await door.get(f"tickets/{mine['id']}", token=key))["ticket"]["number"] == "A001"
    assert (await door.ask("GET", f"tickets/{other['id']}", token=key)).status_code == 403
    assert (await door.ask("GET", "tickets", token=key)).status_code == 403
    assert (await door.ask("GET", "/v1/halls/other/tickets/x", token=key)).status_code == 401
    assert (await door.ask("GET", "/v1/halls", token=key)).status_code == 401, "a key names no hall"
    cancel = {"command": "cancel"}
    answer = await door.ask("POST", f"tickets/{other['id']}/commands", cancel, token=key)
    assert answer.status_code == 403
    cancelled = await door.post(f"tickets/{mine['id']}/commands", cancel, token=key)
    assert cancelled["ticket"]["state"] == "cancelled"


async def test_a_key_is_shown_only_where_the_ticket_is_issued(door: Door) -> None:
    ticket = await door.issue()
    assert "citizen" in ticket["links"]
    assert "citizen" not in (await door.get(f"tickets/{ticket['id']}"))["ticket"]["links"]
