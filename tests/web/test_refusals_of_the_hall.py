"""Refusals by the rules of sessions, quotas, resources, bookings and holds, at the door: nothing moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

from callq.domain.errors import Code
from callq.domain.hall import Booking, Clerk, Item, Outlet, Resource, Rules, Service, Session
from callq.journal.memory import MemoryJournal
from tests.harness import MONDAY_9H, small_hall
from tests.web.conftest import Door, serving
from tests.web.test_refusals import is_problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

HOUR = 3_600_000
SLOT = MONDAY_9H + 2 * HOUR
ZHANG = {"id_no": "110101199003070011"}
LI = {"phone": "13812345678"}
WANG = {"phone": "13912345678"}


def busy_hall() -> Any:
    """A hall with everything that can run out: hours, a quota, one account, slots of one place."""
    general, social, estate = small_hall().services
    replace = msgspec.structs.replace
    booking = Booking(slot_min=60, capacity=1, cancel_before_h=1, grace_min=15, early_min=30)
    return small_hall(
        services=(
            replace(general, quota=2, booking=booking),
            replace(social, resource="network"),
            replace(estate, resource="network", sessions=("late",)),
            Service(code="tax", name="办税", prefix="T", zone="hall", booking=booking),
        ),
        clerks=(
            *small_hall().clerks,
            Clerk(id="c5", name="周洁", skills={"tax": 2}),
        ),
        resources=(Resource(code="network", name="专网账号", capacity=1),),
        sessions=(
            Session(code="day", name="日间", ticketing="08:30-16:30", serving="09:00-17:00"),
            Session(code="late", name="延时", ticketing="14:30-18:00", serving="14:30-18:30"),
        ),
        rules=Rules(rejoin_max=1, no_show_limit=1),
        items=(
            Item(code="card", name="社保卡", service="social", channels=("window", "online")),
            Item(code="house", name="过户", service="estate"),
            Item(code="return", name="申报", service="tax", channels=("appointment", "window")),
        ),
        outlets=(Outlet(channel="online", name="网上"),),
    )


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with serving(MemoryJournal(), busy_hall()) as door:
        yield door


class Case(NamedTuple):
    """What happened before, what is asked, and how it is refused."""

    given: Callable[[Door], Awaitable[Any]] | None
    path: str
    body: dict[str, Any]
    code: Code
    state: str | None = None
    more: tuple[tuple[str, Any], ...] = ()


async def suspended(door: Door) -> None:
    await door.post("commands", {"command": "suspend", "reason": "消防演练"})


async def suspended_while_calling(door: Door) -> None:
    await door.staff()
    await door.issue()
    await door.window("call_next")
    await suspended(door)


async def stopped(door: Door) -> None:
    await door.post("commands", {"command": "stop_issuing", "service": "general", "reason": "系统故障"})


async def stopped_while_serving_another(door: Door) -> None:
    await stopped(door)
    await door.staff()
    await door.issue("social")
    await door.window("call_next")
    await door.window("start")


async def day_closed(door: Door) -> None:
    await door.post("commands", {"command": "close_day", "reason": "停电"})


async def quota_given(door: Door) -> None:
    await door.issue()
    await door.issue()


async def account_in_use(door: Door) -> str:
    await door.staff("w1", "c1")
    await door.staff("w2", "c3")
    await door.issue("social")
    second = await door.issue("social")
    await door.window("call_next", "w1")
    return str(second["id"])


async def book(door: Door, **more: Any) -> str:
    body = {"service": "general", "slot_ms": SLOT, "person": ZHANG, **more}
    return str((await door.post("bookings", body))["booking"]["id"])


async def booked_too_late_to_change(door: Door) -> str:
    booking = await book(door)
    door.clock.later(3600 + 1)
    return booking


async def checked_in(door: Door) -> str:
    booking = await book(door, slot_ms=SLOT)
    door.clock.now_ms = SLOT - HOUR // 4
    await door.post(f"bookings/{booking}/commands", {"command": "check_in"})
    return booking


async def nobody_came(door: Door) -> None:
    await book(door)
    door.clock.later(24 * 3600)
    await door.issue("social")


async def done(door: Door) -> str:
    await door.staff()
    ticket = await door.issue()
    for command in ("call_next", "start", "complete"):
        await door.window(command)
    return str(ticket["id"])


async def done_long_ago(door: Door) -> str:
    ticket = await done(door)
    door.clock.later(20)
    return ticket


async def rejoined_and_missed_again(door: Door) -> str:
    await door.staff()
    ticket = str((await door.issue())["id"])
    for _ in range(2):
        await door.window("call_next")
        door.clock.later(11)
        await door.window("recall")
        await door.window("miss")
        if (await door.get(f"tickets/{ticket}"))["ticket"]["returned"] is None:
            await door.post(f"tickets/{ticket}/commands", {"command": "rejoin"})
    return ticket


async def waits(door: Door) -> str:
    await door.staff()
    return str((await door.issue())["id"])


ISSUE = {"service": "general"}
BOOK = {"service": "general", "slot_ms": SLOT, "person": ZHANG}

CASES = {
    "a ticket while the hall is suspended": Case(
        suspended, "tickets", ISSUE, Code.HALL_SUSPENDED, "suspended"
    ),
    "a recall while it is suspended": Case(
        suspended_while_calling,
        "windows/w1/commands",
        {"command": "recall"},
        Code.HALL_SUSPENDED,
        "suspended",
    ),
    "suspending twice": Case(suspended, "commands", {"command": "suspend"}, Code.WRONG_STATE, "suspended"),
    "resuming what goes on": Case(None, "commands", {"command": "resume"}, Code.WRONG_STATE, "running"),
    "a ticket of a stopped service": Case(stopped, "tickets", ISSUE, Code.SERVICE_CLOSED, "stopped"),
    "a transfer to a stopped service": Case(
        stopped_while_serving_another,
        "windows/w1/commands",
        {"command": "transfer", "to": {"service": "general"}},
        Code.SERVICE_CLOSED,
        "stopped",
    ),
    "a ticket before its session": Case(
        None,
        "tickets",
        {"service": "estate"},
        Code.OUTSIDE_SESSION,
        "closed",
        more=(("next_ms", MONDAY_9H + 11 * HOUR // 2),),
    ),
    "a ticket after the day was closed": Case(
        day_closed,
        "tickets",
        ISSUE,
        Code.OUTSIDE_SESSION,
        "closed",
        more=(("next_ms", MONDAY_9H + 47 * HOUR // 2),),
    ),
    "closing it twice": Case(day_closed, "commands", {"command": "close_day"}, Code.WRONG_STATE, "closed"),
    "a ticket beyond the quota": Case(quota_given, "tickets", ISSUE, Code.QUOTA_EXHAUSTED, "full"),
    "calling what needs an account that is in use": Case(
        account_in_use,
        "windows/w2/commands",
        {"command": "call_ticket", "ticket": "{made}", "reason": "老人"},
        Code.RESOURCE_BUSY,
        "idle",
    ),
    "a slot that does not exist": Case(
        None, "bookings", {**BOOK, "slot_ms": SLOT + 1}, Code.OUTSIDE_SESSION, "not_offered"
    ),
    "a slot that is full": Case(book, "bookings", {**BOOK, "person": LI}, Code.QUOTA_EXHAUSTED, "full"),
    "a second booking that day": Case(
        book, "bookings", {**BOOK, "slot_ms": SLOT + HOUR}, Code.DUPLICATE_TICKET, "booked"
    ),
    "a booking of a service that takes none": Case(
        None, "bookings", {**BOOK, "service": "social"}, Code.SERVICE_CLOSED, "not_bookable"
    ),
    "a booking of nobody": Case(None, "bookings", {**BOOK, "person": {"name": "张三"}}, Code.INVALID),
    "a booking by somebody who did not come": Case(
        nobody_came, "bookings", {**BOOK, "slot_ms": SLOT + 24 * HOUR}, Code.LIMIT_REACHED, "barred"
    ),
    "an unknown booking": Case(
        None, "bookings/0000000000/commands", {"command": "check_in"}, Code.UNKNOWN_BOOKING
    ),
    "checking in too early": Case(
        book,
        "bookings/{made}/commands",
        {"command": "check_in"},
        Code.TOO_SOON,
        "booked",
        (("retry_ms", 3 * HOUR // 2),),
    ),
    "checking in twice": Case(
        checked_in, "bookings/{made}/commands", {"command": "check_in"}, Code.WRONG_STATE, "arrived"
    ),
    "a rating of what is not done": Case(
        waits, "tickets/{made}/commands", {"command": "rate", "level": 5}, Code.WRONG_STATE, "waiting"
    ),
    "an undo after its time": Case(
        done_long_ago, "windows/w1/commands", {"command": "undo"}, Code.EXPIRED, "idle"
    ),
    "a second rejoin": Case(
        rejoined_and_missed_again,
        "tickets/{made}/commands",
        {"command": "rejoin"},
        Code.LIMIT_REACHED,
        "missed",
    ),
    "a transfer to where it is": Case(
        waits,
        "windows/w1/commands",
        {"command": "transfer", "to": {"service": "general"}},
        Code.WRONG_STATE,
        "idle",
    ),
    "a transfer of a ticket that waits": Case(
        waits,
        "tickets/{made}/commands",
        {"command": "transfer", "to": {"window": "w2"}},
        Code.WRONG_STATE,
        "waiting",
    ),
    "a preferred clerk who does not exist": Case(
        None, "tickets", {**ISSUE, "prefer_clerk": "c9"}, Code.UNKNOWN_CLERK
    ),
    "seconding somebody who sits here": Case(
        waits, "commands", {"command": "second", "clerk": "c1", "hall": "town"}, Code.CLERK_BUSY, "signed_in"
    ),
    "a party of nobody": Case(None, "tickets", {**ISSUE, "party": 0}, Code.INVALID),
    "a transfer to nowhere": Case(
        waits, "windows/w1/commands", {"command": "transfer", "to": {}}, Code.WRONG_STATE, "idle"
    ),
    "a call out of turn without a reason": Case(
        waits,
        "windows/w1/commands",
        {"command": "call_ticket", "ticket": "{made}", "reason": ""},
        Code.INVALID,
    ),
    "a level beyond the five": Case(
        done, "tickets/{made}/commands", {"command": "rate", "level": 6}, Code.INVALID
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_refusal_names_its_reason_and_moves_nothing(door: Door, name: str) -> None:
    case = CASES[name]
    made = str(await case.given(door)) if case.given else ""
    path = case.path.replace("{made}", made)
    body = {key: made if value == "{made}" else value for key, value in case.body.items()}
    token = None
    if body.get("command") == "rate":
        token = await door.token("rating")
    before = await door.canonical()
    answer = await door.ask("POST", path, body, **({"token": token} if token else {}))
    problem = is_problem(answer, case.code)
    assert problem.get("state") == case.state
    assert dict(case.more).items() <= problem.items()
    assert await door.canonical() == before


async def test_late_changes_are_for_staff(door: Door) -> None:
    booking = await booked_too_late_to_change(door)
    guide = await door.token("guide")
    before = await door.canonical()
    for command in ({"command": "cancel"}, {"command": "move", "slot_ms": SLOT + HOUR}):
        refused = await door.ask("POST", f"bookings/{booking}/commands", command, token=guide)
        problem = is_problem(refused, Code.EXPIRED)
        assert (problem["booking"], problem["state"]) == (booking, "booked")
    assert await door.canonical() == before
    helper = await door.token("helper")
    answer = await door.post(f"bookings/{booking}/commands", {"command": "cancel"}, token=helper)
    assert answer["booking"]["state"] == "cancelled"


async def test_only_whoever_did_it_takes_it_back(door: Door) -> None:
    await done(door)
    before = await door.canonical()
    somebody = await door.token("clerk")
    refused = await door.ask("POST", "windows/w1/commands", {"command": "undo"}, token=somebody)
    is_problem(refused, Code.FORBIDDEN)
    assert await door.canonical() == before
    again = await door.window("undo")
    assert (again["window"]["state"], again["ticket"]["state"]) == ("serving", "serving")
