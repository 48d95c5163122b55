"""Bookings through the door: slots, reserving, arriving, changing, and that nobody is named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from callq.domain.hall import Booking, Session
from callq.journal.memory import MemoryJournal
from tests.harness import MONDAY_9H, small_hall
from tests.web.conftest import Door, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOUR = 3_600_000
SLOT = MONDAY_9H + HOUR
PERSON = {"id_no": "110101199003070011", "phone": "13812345678", "name": "张三"}
BODY = {"service": "general", "slot_ms": SLOT, "person": PERSON}


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    general, *others = small_hall().services
    bookable = msgspec.structs.replace(general, booking=Booking(capacity=2, days_ahead=1))
    hours = Session(code="day", name="日间", ticketing="08:30-12:00", serving="09:00-12:00")
    async with serving(MemoryJournal(), small_hall(services=(bookable, *others), sessions=(hours,))) as door:
        yield door


async def book(door: Door, **more: Any) -> Any:
    return (await door.post("bookings", {**BODY, **more}))["booking"]


async def test_slots_are_offered_booked_and_offered_less(door: Door) -> None:
    screen = await door.token("screen")
    offered = await door.get("slots?service=general", token=screen)
    assert (offered["day"], offered["last_day"]) == ("2026-11-23", "2026-11-24")
    assert [(s["slot_ms"], s["free"]) for s in offered["slots"]] == [(SLOT, 2), (SLOT + HOUR, 2)]
    booking = await book(door)
    assert re.fullmatch(r"[0-9a-hjkmnp-tv-z]{10}", booking["id"])
    assert (booking["state"], booking["day"]) == ("booked", "2026-11-23")
    assert (await door.get("slots?service=general"))["slots"][0]["free"] == 1
    assert len((await door.get("slots?service=general&day=2026-11-24"))["slots"]) == 3
    assert (await door.get("slots?service=general&day=2026-11-25"))["slots"] == []
    for query, code in (
        ("service=general&day=2026-02-30", "invalid"),
        ("service=social", "service_closed"),
        ("service=passports", "unknown_service"),
        ("day=2026-11-24", "invalid"),
    ):
        assert (await door.ask("GET", f"slots?{query}")).json()["code"] == code


async def test_a_check_in_gives_an_appointment_and_its_key(door: Door) -> None:
    booking = await book(door)
    door.clock.later(45 * 60)
    kiosk = await door.token("kiosk")
    spelled = f"{booking['id'][:5]}-{booking['id'][5:]}".upper().replace("0", "O").replace("1", "I")
    answer = await door.post(f"bookings/{spelled}/commands", {"command": "check_in"}, token=kiosk)
    assert (answer["booking"]["state"], answer["booking"]["ticket"]) == ("arrived", answer["ticket"]["id"])
    ticket = answer["ticket"]
    assert (ticket["class"], ticket["channel"], ticket["booking"]) == ("appointment", "kiosk", booking["id"])
    key = ticket["links"]["citizen"].partition("#token=")[2]
    assert (await door.get(f"tickets/{ticket['id']}", token=key))["ticket"]["state"] == "waiting"
    again = (await door.get(f"bookings/{booking['id']}"))["ticket"]
    assert again["number"] == ticket["number"]
    assert "citizen" not in again["links"]


async def test_a_repeated_request_finds_the_booking_it_made(door: Door) -> None:
    key = {"Idempotency-Key": "phone-1"}
    first = await door.post("bookings", BODY, **key)
    assert await door.post("bookings", BODY, **key) == first
    other = await door.ask("POST", "bookings", {**BODY, "slot_ms": SLOT + HOUR}, **key)
    assert other.json()["code"] == "idempotency_conflict"
    assert len((await door.get("bookings"))["bookings"]) == 1
    door.clock.later(45 * 60)
    path = f"bookings/{first['booking']['id']}/commands"
    arrived = await door.post(path, {"command": "check_in"}, **key | {"Idempotency-Key": "kiosk-1"})
    assert await door.post(path, {"command": "check_in"}, **{"Idempotency-Key": "kiosk-1"}) == arrived


async def test_a_booking_is_moved_and_given_up(door: Door) -> None:
    booking = await book(door)
    path = f"bookings/{booking['id']}/commands"
    moved = (await door.post(path, {"command": "move", "slot_ms": SLOT + HOUR}))["booking"]
    assert (moved["slot_ms"], moved["state"]) == (SLOT + HOUR, "booked")
    assert (await door.post(path, {"command": "cancel"}))["booking"]["state"] == "cancelled"
    assert [s["free"] for s in (await door.get("slots?service=general"))["slots"]] == [2, 2]


async def test_staff_list_bookings_page_by_page(door: Door) -> None:
    tomorrow = SLOT + 24 * HOUR
    first = await book(door, person={"phone": "13900000001"})
    second = await book(door, person={"phone": "13900000002"}, slot_ms=SLOT + HOUR)
    third = await book(door, person={"phone": "13900000003"}, slot_ms=tomorrow)
    page = await door.get("bookings?limit=2")
    assert [b["id"] for b in page["bookings"]] == [first["id"], second["id"]]
    rest = await door.get(f"bookings?limit=2&after={page['next']}")
    assert ([b["id"] for b in rest["bookings"]], rest["next"]) == ([third["id"]], None)
    assert [b["id"] for b in (await door.get("bookings?day=2026-11-24"))["bookings"]] == [third["id"]]
    assert (await door.get("bookings?state=arrived"))["bookings"] == []


async def test_an_identity_card_finds_its_booking_and_nobody_is_named(door: Door) -> None:
    booking = await book(door)
    await book(door, person={"phone": "13900000001"}, slot_ms=SLOT + HOUR)
    kiosk = await door.token("kiosk")
    found = await door.post("find/bookings", {"person": {"id_no": PERSON["id_no"]}}, token=kiosk)
    assert [b["id"] for b in found["bookings"]] == [booking["id"]]
    assert (await door.post("find/bookings", {"person": {}}))["bookings"] == []
    journal = b"".join(entry.payload for entry in door.journal._halls["test"])
    answers = str(found) + str(await door.get("bookings")) + str(await door.canonical()) + str(journal)
    for secret in (PERSON["id_no"], PERSON["phone"], "张三"):
        assert secret not in answers
    supervisor = await door.token("supervisor")
    assert "0011" not in (await door.ask("GET", "events", token=supervisor)).text


async def test_a_hall_tells_its_hours(door: Door) -> None:
    hall = await door.get("")
    assert hall["sessions"] == [
        {
            "code": "day",
            "name": "日间",
            "kind": "morning",
            "ticketing": "08:30-12:00",
            "serving": "09:00-12:00",
            "days": ["mon", "tue", "wed", "thu", "fri"],
            "services": [],
        }
    ]
    general, social, _ = hall["services"]
    assert (general["bookable"], social["bookable"]) == (True, False)
    assert general["ticketing"]["until_ms"] == MONDAY_9H + 3 * HOUR
    door.clock.later(4 * 3600)
    board = (await door.get("board"))["data"]["waiting"][0]["ticketing"]
    assert (board["open"], board["closed"]) == (False, "outside_session")
    assert board["next_ms"] == MONDAY_9H + 47 * HOUR // 2
