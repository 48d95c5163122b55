"""Every way to be refused: the code, what comes with it, and that nothing moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest
import trio

from callq.domain.errors import STATUS, Code
from tests.harness import small_hall

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from tests.web.conftest import Door

PROBLEM = {"type", "title", "status", "detail", "code", "hint"}


class Refused(NamedTuple):
    """A request that is refused after `given` has happened."""

    code: Code
    method: str
    path: str
    body: object = None
    given: Callable[[Door], Awaitable[Any]] | None = None
    state: str | None = None


async def staffed(door: Door) -> None:
    await door.staff()


async def called(door: Door) -> None:
    await door.staff()
    await door.issue()
    await door.window("call_next")


async def serving(door: Door) -> None:
    await called(door)
    await door.window("start")


async def called_three_times(door: Door) -> None:
    await called(door)
    for _ in range(2):
        door.clock.later(15)
        await door.window("recall")


async def paused(door: Door) -> None:
    await door.staff()
    await door.window("pause")


async def opened_without_clerk(door: Door) -> None:
    await door.window("open")


async def known_citizen_waits(door: Door) -> None:
    await door.issue(person={"id_no": "110101199003070011"})


def window(command: str, window: str = "w1", **more: object) -> tuple[str, str, object]:
    return "POST", f"windows/{window}/commands", {"command": command, **more}


def config(**changes: object) -> object:
    return {"command": "configure", "config": msgspec.to_builtins(small_hall(**changes))}


TICKETS = ("POST", "tickets")
CANCEL_UNKNOWN = ("POST", "tickets/01abc/commands", {"command": "cancel"})

CASES = {
    "not json": Refused(Code.INVALID, *TICKETS, b"{"),
    "not utf-8": Refused(Code.INVALID, *TICKETS, b'{"service":"\xff"}'),
    "not an object": Refused(Code.INVALID, *TICKETS, b"[]"),
    "empty body": Refused(Code.INVALID, *TICKETS, b""),
    "nested too deep": Refused(Code.INVALID, *TICKETS, b"[" * 30_000),
    "a number beyond all bounds": Refused(Code.INVALID, *TICKETS, b'{"service":' + b"9" * 500 + b"}"),
    "a configuration with a number beyond all bounds": Refused(
        Code.INVALID,
        "POST",
        "commands",
        msgspec.json.encode(
            {
                "command": "configure",
                "config": {**msgspec.to_builtins(small_hall()), "rules": {"max_calls": 7}},
            }
        ).replace(b"7", b"7" * 30),
    ),
    "missing field": Refused(Code.INVALID, *TICKETS, {}),
    "wrong type": Refused(Code.INVALID, *TICKETS, {"service": 7}),
    "unknown field": Refused(Code.INVALID, *TICKETS, {"service": "general", "clas": "priority"}),
    "an appointment is never issued": Refused(
        Code.INVALID, *TICKETS, {"service": "general", "class": "appointment"}
    ),
    "malformed identity number": Refused(
        Code.INVALID, *TICKETS, {"service": "general", "person": {"id_no": "11 01/01"}}
    ),
    "malformed telephone": Refused(
        Code.INVALID, *TICKETS, {"service": "general", "person": {"phone": "call me"}}
    ),
    "unknown command": Refused(Code.INVALID, *window("dance")),
    "command without its clerk": Refused(Code.INVALID, *window("sign_in")),
    "unknown query": Refused(Code.INVALID, "GET", "tickets?servce=general"),
    "query twice": Refused(Code.INVALID, "GET", "tickets?service=general&service=social"),
    "query out of range": Refused(Code.INVALID, "GET", "events?limit=0"),
    "query of the wrong type": Refused(Code.INVALID, "GET", "events?since=now"),
    "unknown zone": Refused(Code.INVALID, "GET", "board?zone=cellar"),
    "a citizen has no token": Refused(Code.INVALID, "POST", "/v1/tokens", {"role": "citizen"}),
    "a window without its hall": Refused(
        Code.INVALID, "POST", "/v1/tokens", {"role": "clerk", "window": "w1"}
    ),
    "configuration of another hall": Refused(Code.INVALID, "POST", "commands", config(id="other")),
    "configuration that serves nobody": Refused(Code.INVALID, "POST", "commands", config(windows=())),
    "unknown address": Refused(Code.NOT_FOUND, "GET", "/v1/nothing"),
    "unknown page": Refused(Code.NOT_FOUND, "GET", "/nothing"),
    "unknown hall": Refused(Code.UNKNOWN_HALL, "GET", "/v1/halls/nowhere"),
    "command to an unknown hall": Refused(
        Code.UNKNOWN_HALL, "POST", "/v1/halls/nowhere/tickets", {"service": "general"}
    ),
    "token for an unknown hall": Refused(
        Code.UNKNOWN_HALL, "POST", "/v1/tokens", {"role": "screen", "hall": "nowhere"}
    ),
    "token for an unknown window": Refused(
        Code.UNKNOWN_WINDOW, "POST", "/v1/tokens", {"role": "clerk", "hall": "test", "window": "w9"}
    ),
    "token for an unknown clerk": Refused(
        Code.UNKNOWN_CLERK, "POST", "/v1/tokens", {"role": "clerk", "hall": "test", "clerk": "c9"}
    ),
    "unknown service": Refused(Code.UNKNOWN_SERVICE, *TICKETS, {"service": "passports"}),
    "unknown window": Refused(Code.UNKNOWN_WINDOW, "GET", "windows/w9"),
    "command to an unknown window": Refused(Code.UNKNOWN_WINDOW, *window("open", "w9")),
    "unknown ticket": Refused(Code.UNKNOWN_TICKET, "GET", "tickets/01abc"),
    "cancel of an unknown ticket": Refused(Code.UNKNOWN_TICKET, *CANCEL_UNKNOWN),
    "unknown clerk": Refused(Code.UNKNOWN_CLERK, *window("sign_in", clerk="c9")),
    "start with nobody called": Refused(Code.WRONG_STATE, *window("start"), staffed, "idle"),
    "open twice": Refused(Code.WRONG_STATE, *window("open"), staffed, "idle"),
    "complete before start": Refused(Code.WRONG_STATE, *window("complete"), called, "calling"),
    "call at a closed window": Refused(Code.WINDOW_CLOSED, *window("call_next"), None, "closed"),
    "call with nobody signed in": Refused(
        Code.WINDOW_UNSTAFFED, *window("call_next"), opened_without_clerk, "idle"
    ),
    "call while paused": Refused(Code.WINDOW_PAUSED, *window("call_next"), paused, "paused"),
    "call while busy": Refused(Code.WINDOW_BUSY, *window("call_next"), called, "calling"),
    "sign out while serving": Refused(Code.WINDOW_BUSY, *window("sign_out"), serving, "serving"),
    "a seat that is taken": Refused(Code.WINDOW_OCCUPIED, *window("sign_in", clerk="c2"), staffed, "idle"),
    "a clerk who sits elsewhere": Refused(
        Code.CLERK_BUSY, *window("sign_in", "w2", clerk="c1"), staffed, "idle"
    ),
    "a clerk without the skill": Refused(
        Code.NOT_ELIGIBLE, *window("sign_in", "w3", clerk="c2"), None, "closed"
    ),
    "a second ticket for one person": Refused(
        Code.DUPLICATE_TICKET,
        *TICKETS,
        {"service": "general", "person": {"id_no": "110101199003070011"}},
        known_citizen_waits,
        "waiting",
    ),
    "recall at once": Refused(Code.TOO_SOON, *window("recall"), called, "calling"),
    "miss after one call": Refused(Code.TOO_SOON, *window("miss"), called, "calling"),
    "a fourth call": Refused(Code.LIMIT_REACHED, *window("recall"), called_three_times, "calling"),
    "a window where somebody sits cannot be removed": Refused(
        Code.WINDOW_OCCUPIED, "POST", "commands", config(windows=small_hall().windows[1:]), staffed, "idle"
    ),
    "a window with a ticket cannot be removed": Refused(
        Code.WINDOW_BUSY, "POST", "commands", config(windows=small_hall().windows[1:]), called, "calling"
    ),
    "body too large": Refused(
        Code.PAYLOAD_TOO_LARGE, *TICKETS, {"service": "general", "traits": ["x" * 30] * 3000}
    ),
    "configuration too large": Refused(
        Code.PAYLOAD_TOO_LARGE, "POST", "commands", {"command": "configure", "config": "x" * 1_100_000}
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_refusal_names_its_reason_and_moves_nothing(door: Door, name: str) -> None:
    case = CASES[name]
    if case.given is not None:
        await case.given(door)
    before = await door.canonical()
    answer = await door.ask(case.method, case.path, case.body)
    problem = is_problem(answer, case.code)
    assert problem.get("state") == case.state
    if STATUS[case.code] == 409:
        assert problem["revision"] == msgspec.msgpack.decode(before)["revision"]
    assert await door.canonical() == before


def is_problem(answer: httpx.Response, code: Code, status: int | None = None) -> dict[str, Any]:
    """The answer's problem document, after looking it over."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code
    assert answer.status_code == problem["status"] == (status or STATUS[code])
    assert problem.keys() >= PROBLEM
    assert problem["type"] == f"urn:callq:problem:{code}"
    assert problem["hint"]
    assert "Traceback" not in answer.text
    return problem


async def test_an_unknown_field_is_told_with_the_nearest_that_exists(door: Door) -> None:
    answer = await door.ask(*TICKETS, {"service": "general", "persn": {}})
    assert "did you mean `person`?" in answer.json()["hint"]
    answer = await door.ask(*TICKETS, {"service": "general", "person": {"id": "1"}})
    assert "`id` at `$.person`" in answer.json()["detail"]
    assert "id_no" in answer.json()["hint"]


async def test_an_unknown_command_is_told_with_the_nearest_that_exists(door: Door) -> None:
    answer = await door.ask(*window("call_nxt"))
    assert "did you mean `call_next`?" in answer.json()["hint"]


async def test_too_soon_says_when(door: Door) -> None:
    await called(door)
    door.clock.later(4)
    problem = is_problem(await door.ask(*window("recall")), Code.TOO_SOON)
    assert problem["retry_ms"] == 6000


async def test_a_duplicate_names_the_ticket_that_is_there(door: Door) -> None:
    person = {"person": {"id_no": "110101199003070011"}}
    ticket = await door.issue(**person)  # type: ignore[arg-type]
    problem = is_problem(await door.ask(*TICKETS, {"service": "general", **person}), Code.DUPLICATE_TICKET)
    assert problem["ticket"] == ticket["id"]
    assert (await door.issue("social", **person))["number"] == "E001", "another service is another queue"


async def test_no_token_and_a_wrong_one(door: Door) -> None:
    for token in (None, "wrong", "cq_" + "A" * 43, "ct_01abc." + "A" * 43):
        answer = await door.ask("GET", "", token=token)
        is_problem(answer, Code.UNAUTHORISED)
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_another_scheme_is_no_token(door: Door) -> None:
    answer = await door.ask("GET", "", token=None, Authorization="Basic dGVzdDp0ZXN0")
    is_problem(answer, Code.UNAUTHORISED)


async def test_a_wrong_method_says_which_are_right(door: Door) -> None:
    answer = await door.ask("DELETE", "tickets")
    is_problem(answer, Code.INVALID, 405)
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


async def test_trimmed_events_are_gone(door: Door) -> None:
    await door.issue()
    del door.journal._halls["test"][:2]
    is_problem(await door.ask("GET", "events?since=0"), Code.TRIMMED)


async def test_a_hall_that_is_restarted_is_unavailable(door: Door) -> None:
    door.node._set("test", "failed")
    answer = await door.ask("GET", "")
    is_problem(answer, Code.STORE_UNAVAILABLE)
    assert int(answer.headers["retry-after"]) >= 1
    assert (await door.get("/v1/halls"))["halls"][0]["id"] == "test"
    ready = await door.ask("GET", "/readyz", token=None)
    is_problem(ready, Code.STORE_UNAVAILABLE)
    assert "retry-after" in ready.headers


async def test_a_fault_of_ours_tells_nothing_about_itself(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr("callq.web.api.hall_info", broken)
    answer = await door.ask("GET", "")
    is_problem(answer, Code.INTERNAL)
    assert "secret" not in answer.text
    monkeypatch.setattr("callq.web.tokens.Tokens.authenticate", broken)
    answer = await door.ask("GET", "")
    is_problem(answer, Code.INTERNAL)
    assert "secret" not in answer.text
    monkeypatch.undo()
    assert (await door.ask("GET", "")).status_code == 200


async def test_a_body_without_end_is_refused(door: Door) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b"x" * 4096

    answer = await door.http.post(
        "/v1/halls/test/tickets",
        content=endless(),
        headers={"Authorization": "Bearer the-first-administrator"},
    )
    is_problem(answer, Code.PAYLOAD_TOO_LARGE)


async def test_a_body_that_is_announced_as_huge_is_not_waited_for(door: Door) -> None:
    client = await trio.open_tcp_stream("127.0.0.1", door.port)
    lines = [
        "POST /v1/halls/test/tickets HTTP/1.1",
        "Host: test",
        "Authorization: Bearer the-first-administrator",
        "Content-Length: 1000000000",
        "Connection: close",
    ]
    await client.send_all("\r\n".join([*lines, "", ""]).encode())
    with trio.fail_after(5):
        answer = await client.receive_some(4096)
    assert b" 413 " in answer
    await trio.aclose_forcefully(client)
