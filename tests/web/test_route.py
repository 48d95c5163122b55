"""The guide's door: decisions from memory, commits that act once, tickets by matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import trio

from callq.domain.hall import Booking, Routing
from callq.journal.memory import MemoryJournal
from callq.web import guide
from tests.guided import ITEMS, guided_hall
from tests.web.conftest import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.web.conftest import Door

PERSON = {"name": "张三", "phone": "13800000000"}
OTHER = {"phone": "13900000000"}


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with serving(MemoryJournal(), guided_hall()) as door:
        await door.staff()
        yield door


def items(*codes: str) -> list[dict[str, Any]]:
    return [{"item": code, "confidence": 0.9} for code in codes]


async def route(door: Door, *codes: str, **more: Any) -> Any:
    return await door.post("route", {"items": items(*codes), **more})


async def refused(door: Door, path: str, body: object, **more: Any) -> Any:
    answer = await door.ask("POST", path, body, **more)
    assert answer.is_client_error, answer.text
    return answer.json()


async def issued(door: Door) -> list[str]:
    return [ticket["id"] for ticket in (await door.get("tickets"))["tickets"]]


# Deciding -----------------------------------------------------------------------------------------


async def test_a_decision_has_options_with_waits_and_reasons(door: Door) -> None:
    guide = await door.token("guide", hall="test")
    before = await door.canonical()
    found = await door.post("route", {"items": items("licence"), "traits": ["elderly"]}, token=guide)
    first, second = found["options"]
    assert first == {
        "rank": 1,
        "channel": "window",
        "service": "general",
        "services": [],
        "items": ["licence"],
        "item": "licence",
        "zone": "hall",
        "windows": ["w1"],
        "wait": {"p50_s": None, "low_s": None, "high_s": None},
        "ahead": 0,
        "arrive_ms": None,
        "commit": "ticket",
        "outlet": None,
        "why": first["why"],
    }
    assert [one["code"] for one in first["why"]] == ["hall_prefers", "may_have_priority", "window_free"]
    assert all(one["zh"] and one["en"] for one in first["why"])
    assert second["outlet"] == {"name": "网上大厅", "name_en": "", "place": "example.org"}
    assert found["valid_until_ms"] == door.clock.now_ms + 600_000
    assert found["revision"] == (await door.get(""))["revision"]
    assert await door.canonical() == before


async def test_a_batch_answers_in_order_and_one_bad_request_spoils_nothing(door: Door) -> None:
    requests: list[Any] = [{"items": items(code.code)} for code in ITEMS]
    requests[2] = {"items": items("nothing")}
    requests[4] = {"items": [{"item": "card", "confidence": 2}]}
    requests[5] = {"item": []}
    requests.append({"items": items("card"), "commit": True})
    requests += [None, 7, "card", [{"items": items("card")}]]
    found = await door.post("route", {"requests": requests})
    assert found["kind"] == "batch"
    kinds = [one["kind"] for one in found["decisions"]]
    refusals = [one for one in found["decisions"] if one["kind"] == "refusal"]
    bad = [number for number, kind in enumerate(kinds) if kind == "refusal"]
    assert bad == [2, 4, 5, 7, 8, 9, 10, 11]
    assert [one["index"] for one in refusals] == bad
    assert [one["problem"]["code"] for one in refusals] == ["unknown_item", *["invalid"] * 7]
    assert [one["problem"]["status"] for one in refusals] == [404, *[400] * 7]
    assert refusals[-3]["problem"]["detail"] == "Expected `object`, got `int`"
    assert found["decisions"][5]["problem"]["hint"] == "did you mean `items`?"
    for number in (0, 1, 3, 6):
        assert found["decisions"][number]["options"][0]["items"] == [ITEMS[number].code]


async def test_requests_are_a_list(door: Door) -> None:
    said: object
    for said in (None, {}, "card", 7):
        assert (await refused(door, "route", {"requests": said}))["code"] == "invalid"


async def test_who_accepts_nothing_that_does_is_told_why_and_what_would(door: Door) -> None:
    found = await route(door, "card", accept=["phone"])
    assert found["options"] == []
    (lack,) = found["unavailable"]
    assert (lack["code"], lack["service"], lack["items"]) == ("not_accepted", "social", ["card"])
    assert lack["instead"] == ["self_service", "window"]
    assert lack["zh"]
    again = await route(door, "card", accept=lack["instead"])
    assert [one["channel"] for one in again["options"]] == lack["instead"]


@pytest.mark.parametrize("policy", ["index", "strict_priority", "longest_wait"])
@pytest.mark.parametrize("cls", ["ordinary", "priority"])
async def test_the_ticket_says_what_the_guide_said(policy: Any, cls: str) -> None:
    async with serving(MemoryJournal(), guided_hall(routing=Routing(policy=policy))) as door:
        await door.staff()
        for other in ("ordinary", "priority", "ordinary", "priority"):
            await door.issue("general", **{"class": other})
            door.clock.later(240)
        await door.post("windows/w1/commands", {"command": "call_next"})
        found = await route(door, "licence", accept=["window"], **{"class": cls})
        (option,) = found["options"]
        path = f"route/{found['decision']}/commit"
        ticket = (await door.post(path, {"option": 1, "class": cls}))["ticket"]
        assert (ticket["state"], ticket["ahead"]) == ("waiting", option["ahead"])
        assert option["ahead"] == (1 if (policy, cls) == ("strict_priority", "priority") else 3)
        assert {name: ticket["wait"][name] for name in option["wait"]} == option["wait"]
        assert option["wait"]["p50_s"]


async def test_a_hundred_is_the_most(door: Door) -> None:
    found = await door.post("route", {"requests": [{}] * 100})
    ids = [one["decision"] for one in found["decisions"]]
    assert len(set(ids)) == 100
    assert (await refused(door, "route", {"requests": [{}] * 101}))["code"] == "invalid"
    assert (await refused(door, "route", {"requests": []}))["code"] == "invalid"
    assert (await refused(door, "route", {"requests": [{}], "items": items("card")}))["code"] == "invalid"


async def test_what_is_asked_is_checked(door: Door) -> None:
    assert (await refused(door, "route", {"items": items("nothing")}))["code"] == "unknown_item"
    for body in ({"items": [{"confidence": 1}]}, {"accept": ["boat"]}, {"traits": ["TALL"]}):
        assert (await refused(door, "route", body))["code"] == "invalid"


async def test_a_hall_without_matters_has_its_desk_only() -> None:
    config = guided_hall(items=(), outlets=())
    async with serving(MemoryJournal(), config) as door:
        assert [one["service"] for one in (await door.post("route", {}))["options"]] == ["desk"]
    async with serving(MemoryJournal()) as door:
        assert (await door.post("route", {}))["options"] == []


# Committing ---------------------------------------------------------------------------------------


async def test_a_commit_issues_the_ticket_of_its_option(door: Door) -> None:
    decision = (await route(door, "house", "licence", traits=["deaf"]))["decision"]
    guide = await door.token("guide", hall="test")
    body = {"option": 1, "person": PERSON, "traits": ["wheelchair"], "party": 2}
    answer = await door.ask("POST", f"route/{decision}/commit", body, token=guide)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["decision"], made["option"], made["booking"]) == (decision, 1, None)
    ticket = made["ticket"]
    assert (ticket["service"], ticket["item"], ticket["channel"]) == ("estate", "house", "guide")
    assert [step["service"] for step in ticket["visit"]["steps"]] == ["estate", "general"]
    assert (ticket["traits"], ticket["party"]) == (["deaf", "wheelchair"], 2)
    key = ticket["links"]["citizen"].partition("#token=")[2]
    assert (await door.get(f"tickets/{ticket['id']}", token=key))["ticket"]["number"] == "G001"


async def test_the_same_again_by_anyone_gives_the_same_ticket(door: Door) -> None:
    path = f"route/{(await route(door, 'licence'))['decision']}/commit"
    kiosk_of_another = await door.token("guide")
    first = await door.post(path, {"option": 1})
    again = await door.post(path, {"option": 1})
    assert again == first
    keyed = await door.post(path, {"option": 1}, **{"Idempotency-Key": "k"})
    elsewhere = await door.post(path, {"option": 1}, token=kiosk_of_another)
    assert keyed["ticket"] == elsewhere["ticket"] == first["ticket"]
    # Also when it is long over, and when the ticket is.
    door.clock.later(3600)
    await door.post(f"tickets/{first['ticket']['id']}/commands", {"command": "cancel"})
    late = await door.post(path, {"option": 1}, token=kiosk_of_another)
    assert (late["ticket"]["id"], late["ticket"]["state"]) == (first["ticket"]["id"], "cancelled")
    assert await issued(door) == [first["ticket"]["id"]]


async def test_thirty_two_at_once_get_one_ticket(door: Door) -> None:
    path = f"route/{(await route(door, 'licence'))['decision']}/commit"
    tokens = [await door.token("guide") for _ in range(4)]
    found = []

    async def commit(number: int) -> None:
        keys = {"Idempotency-Key": f"k{number}"} if number % 3 else {}
        found.append(await door.post(path, {"option": 1}, token=tokens[number % 4], **keys))

    async with trio.open_nursery() as nursery:
        for number in range(32):
            nursery.start_soon(commit, number)
    assert len(found) == 32
    assert len({one["ticket"]["id"] for one in found}) == 1
    assert len(await issued(door)) == 1


async def test_another_option_or_person_afterwards_is_a_conflict(door: Door) -> None:
    path = f"route/{(await route(door, 'pension', accept=['window', 'remote']))['decision']}/commit"
    ticket = (await door.post(path, {"option": 1, "person": PERSON}))["ticket"]
    for body in ({"option": 2, "person": PERSON}, {"option": 1, "person": OTHER}):
        for keys in ({}, {"Idempotency-Key": "k"}):
            problem = await refused(door, path, body, **keys)
            assert problem["code"] == "idempotency_conflict"
            assert problem["ticket"] == ticket["id"]
    again = await door.post(path, {"option": 1, "person": PERSON}, **{"Idempotency-Key": "k"})
    assert again["ticket"]["id"] == ticket["id"]


async def test_who_asks_again_may_know_less_or_more(door: Door) -> None:
    path = f"route/{(await route(door, 'licence'))['decision']}/commit"
    first = await door.post(path, {"option": 1})
    for more in ({}, {"person": PERSON}, {"party": 3}, {"channel": "phone", "traits": ["deaf"]}):
        again = await door.post(path, {"option": 1, **more})
        assert again["ticket"]["id"] == first["ticket"]["id"]
        assert again["ticket"]["party"] == 1, "it stays as it was committed"
    assert len(await issued(door)) == 1


async def test_a_key_that_was_used_elsewhere_is_a_conflict(door: Door) -> None:
    one, other = [(await route(door, "licence"))["decision"] for _ in range(2)]
    keys = {"Idempotency-Key": "k"}
    await door.post(f"route/{one}/commit", {"option": 1}, **keys)
    problem = await refused(door, f"route/{other}/commit", {"option": 1}, **keys)
    assert problem["code"] == "idempotency_conflict"


async def test_an_old_decision_is_refused(door: Door) -> None:
    decision = (await route(door, "licence"))["decision"]
    door.clock.later(600)
    problem = await refused(door, f"route/{decision}/commit", {"option": 1})
    assert (problem["code"], problem["status"], problem["state"]) == ("expired", 409, "expired")
    assert "new one" in problem["hint"]
    assert await issued(door) == []


async def test_a_decision_ends_with_its_day(door: Door) -> None:
    door.clock.later(19 * 3600 - 60)
    found = await route(door, "licence")
    assert found["valid_until_ms"] == door.clock.now_ms + 60_000


async def test_what_is_tampered_with_is_refused(door: Door) -> None:
    decision = (await route(door, "licence"))["decision"]
    other = "A" if decision[5] != "A" else "B"
    for said in (decision[:5] + other + decision[6:], decision[:-4], "nonsense", decision + "x"):
        problem = await refused(door, f"route/{said}/commit", {"option": 1})
        assert (problem["code"], problem["status"]) == ("invalid", 400)
    assert await issued(door) == []


async def test_what_issues_nothing_says_so(door: Door) -> None:
    decision = (await route(door, "card"))["decision"]
    problem = await refused(door, f"route/{decision}/commit", {"option": 1})
    assert "self_service" in problem["detail"]
    assert problem["hint"] == "go there; these can be committed: 2"
    assert (await refused(door, f"route/{decision}/commit", {"option": 9}))["code"] == "invalid"
    assert (await door.post(f"route/{decision}/commit", {"option": 2}))["ticket"]["item"] == "card"


async def test_an_appointment_becomes_a_booking_once(door: Door) -> None:
    found = await route(door, "house", accept=["appointment"])
    assert [one["commit"] for one in found["options"]] == ["booking"]
    path = f"route/{found['decision']}/commit"
    problem = await refused(door, path, {"option": 1})
    assert (problem["code"], problem["detail"]) == ("invalid", "a booking needs a person")
    made = await door.post(path, {"option": 1, "person": PERSON})
    booking = made["booking"]
    assert made["ticket"] is None
    assert booking["slot_ms"] == found["options"][0]["arrive_ms"]
    again = await door.post(path, {"option": 1, "person": PERSON}, token=await door.token("guide"))
    assert again["booking"] == booking
    assert len((await door.get("bookings"))["bookings"]) == 1
    other = await refused(door, path, {"option": 1, "person": OTHER})
    assert other["code"] == "idempotency_conflict"


async def test_rules_of_tickets_hold_for_commits(door: Door) -> None:
    ticket = await door.issue("general", person=PERSON)
    decision = (await route(door, "licence", accept=["window"]))["decision"]
    problem = await refused(door, f"route/{decision}/commit", {"option": 1, "person": PERSON})
    assert (problem["code"], problem["ticket"]) == ("duplicate_ticket", ticket["id"])
    guide = await door.token("guide")
    wanted = {"option": 1, "class": "priority"}
    assert (await refused(door, f"route/{decision}/commit", wanted, token=guide))["code"] == "forbidden"
    helper = await door.token("helper")
    made = await door.post(f"route/{decision}/commit", wanted, token=helper)
    assert made["ticket"]["class"] == "priority"
    await door.post("commands", {"command": "stop_issuing", "service": "social", "reason": "故障"})
    found = await route(door, "pension")
    assert found["unavailable"][0]["code"] == "service_closed"


# At once ------------------------------------------------------------------------------------------


async def test_a_request_can_be_committed_at_once(door: Door) -> None:
    body = {"items": items("card"), "commit": True, "person": PERSON}
    keys = {"Idempotency-Key": "k"}
    found = await door.post("route", body, **keys)
    assert (found["committed"], found["ticket"]["service"]) == (2, "social")
    assert "citizen" in found["ticket"]["links"]
    again = await door.post("route", body, **keys)
    assert (again["ticket"], again["revision"]) == (found["ticket"], found["revision"])
    # The decision itself can be committed too, and is the same ticket.
    same = await door.post(f"route/{found['decision']}/commit", {"option": 2, "person": PERSON})
    assert same["ticket"]["id"] == found["ticket"]["id"]
    assert len(await issued(door)) == 1
    conflict = await refused(door, "route", {**body, "items": items("pension")}, **keys)
    assert conflict["code"] == "idempotency_conflict"
    assert (await refused(door, "route", body))["code"] == "duplicate_ticket"


async def test_what_a_key_did_counts_when_nothing_can_be_issued_any_more(door: Door) -> None:
    body: dict[str, Any] = {"items": items("pension"), "accept": ["window"], "commit": True}
    keys = {"Idempotency-Key": "k"}
    found = await door.post("route", body, **keys)
    await door.post("commands", {"command": "stop_issuing", "service": "social", "reason": "故障"})
    again = await door.post("route", body, **keys)
    assert (again["ticket"]["id"], again["committed"]) == (found["ticket"]["id"], None)
    problem = await refused(door, "route", body)
    assert (problem["code"], problem["state"]) == ("service_closed", "service_closed")
    assert "故障" in problem["detail"]


async def test_at_once_a_known_person_may_get_a_booking(door: Door) -> None:
    body = {"items": items("house"), "accept": ["appointment"], "commit": True}
    problem = await refused(door, "route", body)
    assert (problem["code"], problem["detail"]) == ("invalid", "a booking needs a person")
    keys = {"Idempotency-Key": "k"}
    found = await door.post("route", {**body, "person": PERSON}, **keys)
    assert (found["ticket"], found["committed"]) == (None, 1)
    door.clock.later(60)
    again = await door.post("route", {**body, "person": PERSON}, **keys)
    assert again["booking"] == found["booking"]


async def test_a_repeated_request_and_its_decision_are_the_first_ticket(door: Door) -> None:
    body = {"items": items("card"), "commit": True}
    keys = {"Idempotency-Key": "k"}
    found = await door.post("route", body, **keys)
    for seconds in (1.1, 60, 590, 3600):
        door.clock.later(seconds)
        again = await door.post("route", body, **keys)
        assert (again["ticket"]["id"], again["committed"]) == (found["ticket"]["id"], 2)
        same = await door.post(f"route/{again['decision']}/commit", {"option": 2})
        assert same["ticket"]["id"] == found["ticket"]["id"]
    assert await issued(door) == [found["ticket"]["id"]]


async def test_a_repeated_request_whose_options_are_others_gives_no_second_ticket(door: Door) -> None:
    body = {"items": items("licence", "house"), "commit": True}
    keys = {"Idempotency-Key": "k"}
    found = await door.post("route", body, **keys)
    ticket = found["ticket"]["id"]
    assert found["committed"] == 1
    # With one service stopped the visit is none any more; the other's ticket is another option.
    await door.post("commands", {"command": "stop_issuing", "service": "general", "reason": "故障"})
    again = await door.post("route", body, **keys)
    assert (again["ticket"]["id"], again["committed"]) == (ticket, None)
    assert again["options"] != found["options"]
    for option in again["options"]:
        if option["commit"]:
            problem = await refused(
                door, f"route/{again['decision']}/commit", {"option": option["rank"], "person": PERSON}
            )
            assert (problem["code"], problem["ticket"]) == ("idempotency_conflict", ticket)
    # The queue of the machine's matter has moved: the same ticket, at another rank.
    await door.post("commands", {"command": "start_issuing", "service": "general"})
    back = await door.post("route", body, **keys)
    assert (back["ticket"]["id"], back["committed"]) == (ticket, 1)
    assert await issued(door) == [ticket]


async def test_a_repeated_request_may_have_its_option_at_another_rank(door: Door) -> None:
    body = {"items": items("pension"), "commit": True}
    keys = {"Idempotency-Key": "k"}
    found = await door.post("route", body, **keys)
    ticket = found["ticket"]["id"]
    assert (found["committed"], found["options"][0]["channel"]) == (1, "window")
    for _ in range(5):
        await door.issue("social")
    door.clock.later(1200)
    again = await door.post("route", body, **keys)
    assert [one["channel"] for one in again["options"]] == ["online", "window", "remote"]
    assert (again["ticket"]["id"], again["committed"]) == (ticket, 2)
    path = f"route/{again['decision']}/commit"
    assert (await door.post(path, {"option": 2}))["ticket"]["id"] == ticket
    problem = await refused(door, path, {"option": 3})
    assert problem["detail"] == "option 2 of the decision was committed"


async def test_a_repeated_request_answers_the_booking_that_took_the_last_place() -> None:
    base = guided_hall(hours="08:00-10:00")
    services = [
        msgspec.structs.replace(one, booking=Booking(slot_min=30, capacity=1, days_ahead=0))
        if one.code == "estate"
        else one
        for one in base.services
    ]
    async with serving(MemoryJournal(), msgspec.structs.replace(base, services=tuple(services))) as door:
        body = {"items": items("house"), "accept": ["appointment"], "commit": True, "person": PERSON}
        keys = {"Idempotency-Key": "k"}
        found = await door.post("route", body, **keys)
        assert (found["committed"], found["ticket"]) == (1, None)
        door.clock.later(1.1)
        again = await door.post("route", body, **keys)
        assert again["booking"] == found["booking"]
        assert (again["options"], again["ticket"], again["committed"]) == ([], None, None)
        assert again["revision"] == found["revision"]


async def test_a_booking_outlives_its_key(door: Door) -> None:
    day = 24 * 3600
    body = {"items": items("house"), "accept": ["appointment"], "commit": True, "person": PERSON}
    body["arrive_ms"] = door.clock.now_ms + 5 * day * 1000
    keys = {"Idempotency-Key": "k"}
    found = await door.post("route", body, **keys)
    for _ in range(4):
        door.clock.later(day)
        again = await door.post("route", body, **keys)
        assert (again["booking"], again["committed"]) == (found["booking"], 1)
    same = await door.post(f"route/{again['decision']}/commit", {"option": 1, "person": PERSON})
    assert same["booking"] == found["booking"]
    assert len((await door.get("bookings"))["bookings"]) == 1


async def test_at_once_nobody_is_sent_to_the_less_likely(door: Door) -> None:
    def body(*likely: tuple[str, float], **more: Any) -> dict[str, Any]:
        said = [{"item": code, "confidence": confidence} for code, confidence in likely]
        return {"items": said, "commit": True, **more}

    # First the machine's way for the more probable; its window comes after the desk.
    found = await door.post("route", body(("permit", 0.55), ("house", 0.2)))
    assert [one["service"] for one in found["options"]][:3] == ["general", "estate", "desk"]
    assert found["ticket"]["service"] == "desk"
    await door.post("commands", {"command": "stop_issuing", "service": "desk", "reason": "午休"})
    found = await door.post("route", body(("permit", 0.55), ("house", 0.2)))
    assert (found["ticket"]["service"], found["ticket"]["item"]) == ("general", None)
    for likely in ([("permit", 0.4), ("house", 0.4)], [("search", 0.5), ("pension", 0.3)]):
        problem = await refused(door, "route", body(*likely))
        assert (problem["code"], problem["status"]) == ("choice_needed", 409)
        assert "choose" in problem["hint"]
    found = await door.post("route", body(("pension", 0.5), ("house", 0.3)))
    assert found["ticket"]["service"] == "social"
    assert len(await issued(door)) == 3


async def test_at_once_the_reason_is_the_true_one(door: Door) -> None:
    async def why(*codes: str, **more: Any) -> tuple[str, str | None]:
        problem = await refused(door, "route", {"items": items(*codes), "commit": True, **more})
        return problem["code"], problem.get("state")

    assert await why("card", accept=["phone"]) == ("choice_needed", "not_accepted")
    assert await why("search") == ("choice_needed", "nothing_to_issue")
    far = door.clock.now_ms + 3_600_000 * 24 * 20
    assert await why("house", accept=["appointment"], arrive_ms=far) == ("service_closed", "no_way")
    await door.post("commands", {"command": "stop_issuing", "service": "estate", "reason": "故障"})
    # The desk is open, and settles nothing.
    assert await why("house") == ("invalid", None)
    assert await why("house", accept=["window"]) == ("service_closed", "service_closed")
    await door.post("commands", {"command": "suspend", "reason": "停电"})
    assert await why("licence") == ("hall_suspended", "hall_suspended")
    found = await route(door, "house", accept=["appointment"])
    said = [one for one in found["options"][0]["why"] if one["code"] == "suspended_now"]
    assert "停电" in said[0]["zh"]
    assert "停电" in said[0]["en"]
    assert found["unavailable"][0]["code"] == "hall_suspended"


async def test_when_somebody_comes_is_a_time_that_they_can_come_at(door: Door) -> None:
    now = door.clock.now_ms
    for arrive_ms, hint in (
        (now // 1000, "these are seconds"),
        (now - 6 * 60_000, "leave it out"),
        (now + 367 * 24 * 3_600_000, "milliseconds"),
        (0, "leave it out"),
    ):
        problem = await refused(door, "route", {"items": items("licence"), "arrive_ms": arrive_ms})
        assert problem["code"] == "invalid"
        assert "arrive_ms" in problem["detail"]
        assert hint in problem["hint"]
    just = await route(door, "licence", arrive_ms=now - 60_000)
    assert just["options"][0]["arrive_ms"] is None
    # Repeated under its key it was to come when it was asked first.
    body = {"items": items("licence"), "arrive_ms": now + 30_000, "commit": True}
    keys = {"Idempotency-Key": "k"}
    first = await door.post("route", body, **keys)
    door.clock.later(3600)
    assert (await door.post("route", body, **keys))["ticket"]["id"] == first["ticket"]["id"]
    assert (await refused(door, "route", body))["code"] == "invalid"


async def test_who_is_called_before_they_come_takes_the_ticket_then(door: Door) -> None:
    now = door.clock.now_ms
    body = {"items": items("licence"), "accept": ["window"], "arrive_ms": now + 14 * 60_000}
    found = await door.post("route", body)
    (option,) = found["options"]
    assert (option["commit"], option["ahead"]) == (None, None)
    assert "take_ticket_on_arrival" in {one["code"] for one in option["why"]}
    problem = await refused(door, f"route/{found['decision']}/commit", {"option": 1})
    assert problem["code"] == "invalid"
    assert (await refused(door, "route", {**body, "commit": True}))["code"] == "choice_needed"
    # Behind three, of whom the first has waited long, there is time.
    for _ in range(3):
        await door.issue("general")
    await door.post("windows/w1/commands", {"command": "pause", "reason": "喝水"})
    door.clock.later(25 * 60)
    body["arrive_ms"] = door.clock.now_ms + 14 * 60_000
    assert (await door.post("route", {**body, "commit": True}))["ticket"]["service"] == "general"


async def test_a_decision_counts_in_its_hall_only() -> None:
    configs = [msgspec.structs.replace(guided_hall(), id=hall) for hall in ("test", "other")]
    async with serving(MemoryJournal(), *configs) as door:
        decision = (await route(door, "licence"))["decision"]
        problem = await refused(door, f"/v1/halls/other/route/{decision}/commit", {"option": 1})
        assert (problem["code"], problem["status"]) == ("invalid", 400)
        assert "this hall" in problem["detail"]
        assert (await door.get("tickets"))["tickets"] == []


async def test_a_batch_lets_others_have_their_turn(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = 0
    seen: list[int] = []
    decide = guide._decide

    def watched(*given: Any) -> Any:
        seen.append(turns)
        return decide(*given)

    async def others() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    monkeypatch.setattr(guide, "_decide", watched)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(others)
        await door.post("route", {"requests": [{}] * 100})
        nursery.cancel_scope.cancel()
    assert len(seen) == 100
    # Sixteen at a time; who has just had a turn may have the next one before the others.
    assert max(seen.count(turn) for turn in seen) <= 32


async def test_a_batch_that_is_too_large_is_refused(door: Door) -> None:
    large = {"items": items("licence") * 16, "traits": ["digital_shy"] * 8}
    problem = await refused(door, "route", {"requests": [large] * 100})
    assert (problem["code"], problem["status"]) == ("payload_too_large", 413)


# Two nodes ----------------------------------------------------------------------------------------


async def test_any_node_commits_what_another_decided() -> None:
    journal = MemoryJournal()
    async with serving(journal, guided_hall()) as one, serving(journal, guided_hall()) as other:
        await one.staff()
        path = f"route/{(await route(one, 'licence'))['decision']}/commit"
        found = []

        async def commit(door: Door) -> None:
            found.append((await door.post(path, {"option": 1}))["ticket"]["id"])

        async with trio.open_nursery() as nursery:
            for number in range(8):
                nursery.start_soon(commit, (one, other)[number % 2])
        assert len(found) == 8
        assert len(set(found)) == 1
        assert await issued(one) == await issued(other) == [found[0]]


# Matters ------------------------------------------------------------------------------------------


async def test_a_ticket_can_be_taken_for_a_matter(door: Door) -> None:
    ticket = (await door.post("tickets", {"item": "house"}))["ticket"]
    assert (ticket["service"], ticket["item"], ticket["number"]) == ("estate", "house", "G001")
    assert (await refused(door, "tickets", {"item": "nothing"}))["code"] == "unknown_item"
    for body in ({}, {"service": "estate", "item": "house"}):
        assert (await refused(door, "tickets", body))["code"] == "invalid"


async def test_matters_are_listed_and_found(door: Door) -> None:
    found = await door.get("items")
    assert [one["code"] for one in found["items"]] == [one.code for one in ITEMS]
    assert found["items"][0] == {
        "code": "card",
        "name": "社保卡补换",
        "name_en": "",
        "service": "social",
        "channels": ["self_service", "window"],
        "checks": [],
    }
    assert found["next"] is None
    page = await door.get("items?limit=3")
    rest = await door.get(f"items?after={page['next']}")
    assert [*page["items"], *rest["items"]] == found["items"]

    async def codes(query: str) -> list[str]:
        return [one["code"] for one in (await door.get(f"items?{query}"))["items"]]

    assert await codes("q=过户") == ["house"]
    assert await codes("q=HOU") == ["house"]
    assert await codes("service=general") == ["licence", "permit", "advice"]
    assert await codes("service=general&q=许可") == ["permit"]
    assert await codes("q=nothing") == []
