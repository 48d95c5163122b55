"""Printing over the doors: issue with a printer, take, end, reprint, and who sees what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from callq.domain.hall import Booking, Printer
from callq.journal.memory import MemoryJournal
from tests.harness import MONDAY_9H, small_hall
from tests.rules.scene import changed
from tests.web.conftest import Door, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HALL = changed(
    small_hall(
        printers=(Printer(id="k1", name="1 号自助机", zone="hall"),), public_url="https://queue.example.cn"
    ),
    "general",
    booking=Booking(),
)


@pytest.fixture
async def printing() -> AsyncIterator[Door]:
    async with serving(MemoryJournal(), HALL) as door:
        yield door


async def test_the_agent_gets_the_words_and_the_key_and_the_kiosk_sees_what_became_of_it(
    printing: Door,
) -> None:
    kiosk, device = await printing.token("kiosk"), await printing.token("device")
    body = {"service": "general", "printer": "k1", "traits": ["wants_priority"]}
    answer = await printing.post("tickets", body, token=kiosk, **{"Idempotency-Key": "press-1"})
    ticket = answer["ticket"]
    assert ticket["print"]["state"] == "pending"
    assert ticket["links"]["page"].startswith("https://queue.example.cn/t/test/")
    async with printing.feed(device) as agent, printing.feed(kiosk) as page:
        shown = await agent.subscribe("printers")
        job = {"ticket": ticket["id"], "number": "A001", "copy": 1, "taken": False, "at_ms": MONDAY_9H}
        assert shown["data"]["printers"][0]["jobs"] == [job]
        await page.subscribe("ticket", ticket=ticket["id"])
        take = {"command": "take", "ticket": ticket["id"], "copy": 1}
        took = await printing.post(
            "printers/k1/commands", take, token=device, **{"Idempotency-Key": "take-1"}
        )
        assert took["ticket"]["links"]["page"] == ticket["links"]["page"]
        assert (took["paper"]["hall"], took["paper"]["printer"], took["paper"]["dots"]) == (
            HALL.name,
            "1 号自助机",
            576,
        )
        again = await printing.post(
            "printers/k1/commands", take, token=device, **{"Idempotency-Key": "take-1"}
        )
        assert again["revision"] == took["revision"]
        other = await printing.ask("POST", "printers/k1/commands", take, token=device)
        assert (other.status_code, other.json()["code"]) == (409, "wrong_state")
        end = {"command": "end", "ticket": ticket["id"], "copy": 1, "state": "printed"}
        ended = await printing.post("printers/k1/commands", end, token=device)
        assert (ended["print"]["state"], ended["paper"], ended["printer"]["jobs"]) == ("printed", None, [])
        assert "citizen" not in ended["ticket"]["links"]
        while (await page.next())["data"]["ticket"]["print"]["state"] != "printed":
            pass


async def test_a_kiosk_reprints_and_only_agents_take(printing: Door) -> None:
    kiosk, device = await printing.token("kiosk"), await printing.token("device")
    ticket = (await printing.post("tickets", {"service": "general", "printer": "k1"}, token=kiosk))["ticket"]
    report = {"command": "report", "fault": "paper_out"}
    answer = await printing.post("printers/k1/commands", report, token=device)
    assert (answer["printer"]["fault"], answer["ticket"], answer["print"]) == ("paper_out", None, None)
    failed = {"command": "end", "ticket": ticket["id"], "copy": 1, "state": "failed", "fault": "paper_out"}
    await printing.post("printers/k1/commands", failed, token=device)
    path = f"tickets/{ticket['id']}/commands"
    again = await printing.post(path, {"command": "reprint"}, token=kiosk)
    assert (again["ticket"]["number"], again["ticket"]["print"]["copy"]) == ("A001", 2)
    take = {"command": "take", "ticket": ticket["id"], "copy": 2}
    for role in ("kiosk", "helper", "clerk", "screen", "inspector", "guide"):
        refused = await printing.ask("POST", "printers/k1/commands", take, token=await printing.token(role))
        assert refused.status_code == 403, role
    key = ticket["links"]["citizen"].partition("#token=")[2]
    assert (await printing.ask("POST", path, {"command": "reprint"}, token=key)).status_code == 403
    unknown = await printing.ask("POST", "printers/k9/commands", report, token=device)
    assert (unknown.status_code, unknown.json()["hint"]) == (400, "one of: k1")


async def test_a_booking_is_checked_in_and_printed(printing: Door) -> None:
    slots = (await printing.get("slots?service=general"))["slots"]
    person = {"phone": "13800000000"}
    booked = await printing.post(
        "bookings", {"service": "general", "slot_ms": slots[0]["slot_ms"], "person": person}
    )
    printing.clock.now_ms = slots[0]["slot_ms"]
    arrived = await printing.post(
        f"bookings/{booked['booking']['id']}/commands",
        {"command": "check_in", "printer": "k1"},
        token=await printing.token("kiosk"),
    )
    assert (arrived["ticket"]["class"], arrived["ticket"]["print"]["printer"]) == ("appointment", "k1")
