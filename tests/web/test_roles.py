"""Who may do what: every role at every request and view, written out again by hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.web import orders
from callq.web.roles import ALLOWED, VIEW_PERMISSION, Permission, Role
from callq.web.routes import ROUTES
from callq.web.tokens import Tokens
from tests.harness import small_hall

if TYPE_CHECKING:
    from tests.web.conftest import Door

ROLES = [role.value for role in Role]
STAFF = "admin supervisor clerk helper"
LOOKING = f"{STAFF} inspector"
DESK = "admin supervisor helper"
TO_TICKET = "tickets/{ticket}"
TO_BOOKING = "bookings/0000000000"

REQUESTS = {
    "GET ": " ".join(ROLES),
    "POST tickets": f"{STAFF} kiosk guide",
    "POST tickets priority": STAFF,
    "POST tickets prechecked": DESK,
    "GET tickets": LOOKING,
    "GET tickets/{ticket}": f"{LOOKING} kiosk guide citizen",
    "GET tickets/{ticket}/why": f"{LOOKING} kiosk guide citizen",
    "POST tickets/{ticket}/commands": f"{STAFF} kiosk rating citizen",
    "GET windows/w1": LOOKING,
    "POST windows/w1/commands": "admin supervisor clerk",
    "POST commands": "admin supervisor",
    "GET config": "admin supervisor inspector",
    "GET config/fields": "admin supervisor inspector",
    "POST config/check": "admin supervisor",
    "GET config/history": "admin supervisor inspector",
    "GET config/history/9999": "admin supervisor inspector",
    "GET slots?service=general": " ".join(ROLES),
    "POST bookings": f"{STAFF} guide",
    "GET bookings": LOOKING,
    "GET bookings/0000000000": f"{LOOKING} kiosk guide",
    "POST bookings/0000000000/commands": f"{STAFF} kiosk guide",
    "POST find/bookings": f"{LOOKING} kiosk guide",
    "GET items": " ".join(ROLES),
    "POST route": f"{STAFF} guide",
    "POST route/DECISION/commit": f"{STAFF} guide",
    "GET announcements/A001-1/audio": f"{LOOKING} kiosk screen device guide",
    "GET board": f"{LOOKING} kiosk screen device guide",
    "GET floor": "admin supervisor helper inspector",
    "GET events": "admin supervisor inspector",
    "POST printers/k9/commands": "admin device",
    "GET cases": "admin supervisor inspector",
    "GET ratings?from=2026-11-23&to=2026-11-23": "admin supervisor inspector",
    "POST /v1/tokens": "admin",
    "POST find/tickets": DESK,
    "POST prechecks": DESK,
    "GET queue": LOOKING,
    "GET queue.html": LOOKING,
    "POST devices/tv-1/health": "clerk kiosk screen device rating",
}
"""Roles that a request lets in; everyone else is forbidden."""

VIEWS = {
    "board": f"{LOOKING} kiosk screen device guide",
    "announcements": f"{LOOKING} kiosk screen device guide",
    "strip": f"{LOOKING} screen device rating",
    "entrance": f"{LOOKING} kiosk screen device guide",
    "panel": "admin supervisor clerk inspector",
    "floor": "admin supervisor helper inspector",
    "ticket": f"{LOOKING} kiosk guide citizen",
    "orders": "clerk kiosk screen device rating",
    "cases": "admin supervisor inspector",
    "printers": f"{LOOKING} kiosk device",
    "desk": "admin supervisor helper inspector",
}

COMMANDS: dict[str, tuple[str, dict[str, object], str]] = {
    "cancel": (TO_TICKET, {}, f"{STAFF} citizen"),
    "rejoin": (TO_TICKET, {}, f"{STAFF} kiosk"),
    "returned": (TO_TICKET, {}, STAFF),
    "reassign": (TO_TICKET, {"service": "nowhere"}, STAFF),
    "grant_class": (TO_TICKET, {"class": "priority", "reason": "pregnant"}, STAFF),
    "abandon": (TO_TICKET, {}, "admin supervisor clerk"),
    "transfer": (TO_TICKET, {"to": {"service": "nowhere"}}, "admin supervisor clerk"),
    "rate": (TO_TICKET, {"level": 5}, "rating citizen"),
    "reprint": (TO_TICKET, {}, f"{STAFF} kiosk"),
    "accompany": (TO_TICKET, {}, DESK),
    "release": (TO_TICKET, {}, DESK),
    "precheck": (TO_TICKET, {}, DESK),
    "hand_over": ("windows/w1", {"clerk": "c9"}, "admin supervisor clerk"),
    "take_over": ("windows/w1", {"clerk": "c9"}, "admin supervisor"),
    "set_skills": ("windows/w1", {"skills": ["surgery"]}, "admin supervisor"),
    "undo": ("windows/w1", {}, "admin supervisor clerk"),
    "start_issuing": ("", {"service": "nowhere"}, "admin supervisor"),
    "unsecond": ("", {"clerk": "c9"}, "admin supervisor"),
    "order_device": ("", {"device": "nobody", "order": "test"}, "admin supervisor"),
    "configure": ("", {"config": msgspec.to_builtins(small_hall(id="other"))}, "admin supervisor"),
    "check_in": (TO_BOOKING, {}, f"{STAFF} kiosk"),
    "cancel booking": (TO_BOOKING, {}, f"{STAFF} guide"),
    "move": (TO_BOOKING, {"slot_ms": 0}, f"{STAFF} guide"),
}
"""By command: where it goes, the rest of its body (of something that does not exist), and who may."""

BODIES = {
    "POST tickets": {"service": "nowhere"},
    "POST bookings": {"service": "nowhere", "slot_ms": 0, "person": {"phone": "13812345678"}},
    "POST find/bookings": {"person": {"phone": "13812345678"}},
    "POST find/tickets": {"number": "A001"},
    "POST prechecks": {"service": "general", "missing": ["nothing"]},
    "POST tickets prechecked": {"service": "nowhere", "prechecked": True},
    "POST route": {"items": [{"item": "nothing"}]},
    "POST route/DECISION/commit": {"option": 1},
    "POST tickets priority": {"service": "nowhere", "class": "priority"},
}


def test_the_matrix_covers_every_request_and_permission() -> None:
    covered = {
        re.sub("{ticket}|w1|0000000000|DECISION|A001-1|tv-1|k9|9999", "x", key)
        .removesuffix(" priority")
        .removesuffix(" prechecked")
        .split("?")[0]
        .rstrip()
        for key in REQUESTS
    }
    asked = set()
    for route in ROUTES:
        path = route.path.removeprefix("/v1/halls/{hall}").lstrip("/")
        if route.path.startswith("/v1/halls/{hall}") or route.path == "/v1/tokens":
            short = "/v1/tokens" if route.path == "/v1/tokens" else path
            asked.add(
                re.sub(
                    "{ticket}|{window}|{booking}|{decision}|{announcement}|{device}|{printer}|{version}",
                    "x",
                    f"{route.method} {short}",
                ).rstrip()
            )
    assert asked == covered
    assert set(ALLOWED) == set(Permission)
    assert set(VIEW_PERMISSION) == set(VIEWS)
    assert all(allowed <= set(Role) for allowed in ALLOWED.values())


def test_an_inspector_changes_nothing() -> None:
    reading = {p for p in Permission if p.value.startswith(("read_", "list_"))}
    changing = set(Permission) - reading
    assert {p for p in changing if Role.INSPECTOR in ALLOWED[p]} == set()
    reading.remove(Permission.READ_PERSONS)
    assert {p for p in reading if Role.INSPECTOR not in ALLOWED[p]} == set()


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_is_let_in_where_it_may_and_nowhere_else(door: Door, role: str) -> None:
    ticket = await door.issue()
    token = await a_token(door, role, ticket["id"])
    for request, allowed in REQUESTS.items():
        method, path = request.removesuffix(" priority").removesuffix(" prechecked").split(" ", 1)
        path = path.replace("{ticket}", ticket["id"])
        body = BODIES.get(request, {"command": "nothing"}) if method == "POST" else None
        before = await door.canonical()
        answer = await door.ask(method, path, body, token=token)
        # A citizen's key is no token at all where no hall is named.
        let_in = answer.status_code not in (401, 403)
        assert let_in is (role in allowed.split()), f"{role}: {request}: {answer.text}"
        assert answer.status_code < 500
        assert await door.canonical() == before


def test_every_command_to_a_ticket_or_booking_has_its_permission() -> None:
    told = {name.split()[0] for name, (where, _, _) in COMMANDS.items() if where in (TO_TICKET, TO_BOOKING)}
    known = {*orders.TICKET_PERMISSION, *orders.BOOKING_PERMISSION}
    assert {kind.__struct_config__.tag for kind in known} == told  # type: ignore[attr-defined]
    for gate, own in (
        (Permission.COMMAND_TICKET, orders.TICKET_PERMISSION),
        (Permission.COMMAND_BOOKING, orders.BOOKING_PERMISSION),
    ):
        assert ALLOWED[gate] == frozenset[Role]().union(*(ALLOWED[needed] for needed in own.values()))


@pytest.mark.parametrize("role", ROLES)
async def test_a_command_is_for_its_roles_whichever_door_it_comes_through(door: Door, role: str) -> None:
    ticket = (await door.issue())["id"]
    token = await a_token(door, role, ticket)
    for name, (where, more, allowed) in COMMANDS.items():
        target = where.replace("{ticket}", ticket)
        body = {"command": name.split()[0], **more}
        # Nothing may change hands between the roles: a command that is let in would.
        path = f"{target}/commands".lstrip("/")
        if role in allowed.split() and name in ("cancel", "abandon", "grant_class", "accompany"):
            continue
        before = await door.canonical()
        answer = await door.ask("POST", path, body, token=token)
        assert (answer.status_code != 403) is (role in allowed.split()), f"{role}: {name}: {answer.text}"
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
