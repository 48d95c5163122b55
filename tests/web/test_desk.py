"""The desk over HTTP: finding, pre-checks, going along, the share of priority, and the list for paper."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import trio

from callq.cli import main
from callq.domain.hall import Check, Desk, Item, Printer, Routing
from callq.journal.memory import MemoryJournal
from callq.web import queue_files
from callq.web.queue_sheet import text_of
from callq.wire import messages as m
from tests.harness import MONDAY_9H, small_hall
from tests.web.conftest import ADMIN, Door, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ID = "110101199003070011"
PHONE = "13812345678"
PERSON = {"id_no": ID, "phone": PHONE, "name": "欧阳张三"}
CARD, DEED = "身份证原件", "不动产权证书"

GENERAL, SOCIAL, ESTATE = small_hall().services
HALL = small_hall(
    services=(
        GENERAL,
        msgspec.structs.replace(SOCIAL, name_en="Social security"),
        msgspec.structs.replace(
            ESTATE, needs_precheck=True, precheck=(CARD, Check(text=DEED, text_en="Deed", hint="2 楼补证"))
        ),
    ),
    items=(Item(code="house", name="房屋买卖", service="estate", precheck=("购房合同",)),),
    printers=(Printer(id="desk", name="导办台"),),
    desk=Desk(priority_share=20, priority_free=1),
    routing=Routing(policy="strict_priority"),
)


@pytest.fixture
async def desk() -> AsyncIterator[Door]:
    async with serving(MemoryJournal(), HALL) as door:
        yield door


async def found(door: Door, **wanted: Any) -> list[str]:
    answer = await door.post("find/tickets", wanted, token=await door.token("helper"))
    return [one["ticket"]["number"] for one in answer["tickets"]]


async def test_a_ticket_is_found_by_whatever_its_holder_knows(
    desk: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    await desk.issue(person=PERSON)
    await desk.issue("social", person={"phone": "13900001234"})
    await desk.issue()
    for number in ("A001", "a001", "Ａ００１", "a1", " A 001"):
        assert await found(desk, number=number) == ["A001"], number
    assert await found(desk, number="1") == ["E001", "A001"], "the newest first"
    assert await found(desk, person={"id_no": ID.lower()}) == ["A001"]
    assert await found(desk, person={"phone": f"+86 {PHONE}"}) == ["A001"]
    assert await found(desk, person={"id_no": "110101199003070029"}) == []
    assert await found(desk, tail="5678") == ["A001"]
    assert await found(desk, tail="011") == ["A001"], "of the document as well"
    assert await found(desk, tail="1234", service="social") == ["E001"]
    assert await found(desk, tail="1234", service="general") == []
    assert await found(desk, service="general") == ["A002", "A001"]
    # What is kept of the person is shown masked, so that they can be asked for the rest.
    answer = await desk.post("find/tickets", {"number": "A001"}, token=await desk.token("helper"))
    person = answer["tickets"][0]["person"]
    assert person == {"name": "欧*", "id_last4": "0011", "phone_last4": "5678"}
    everything = f"{answer}{capsys.readouterr()}{await desk.canonical()!r}"
    assert ID not in everything
    assert PHONE not in everything


async def test_about_when_it_was_taken_the_nearest_first(desk: Door) -> None:
    times = []
    for _ in range(4):
        times.append((await desk.issue())["issued_ms"])
        desk.clock.now_ms += 11 * 60_000
    assert await found(desk, issued_near_ms=times[1] + 60_000) == ["A002", "A003", "A001"]
    assert await found(desk, issued_near_ms=times[3] + 21 * 60_000) == []
    assert await found(desk, issued_near_ms=times[1], limit=1) == ["A002"]


async def test_a_press_whose_answer_was_lost_is_found_by_its_key(desk: Door) -> None:
    helper, other = await desk.token("helper"), await desk.token("helper")
    body = {"service": "general", "person": PERSON}
    made = await desk.post("tickets", body, token=helper, **{"Idempotency-Key": "press-1"})
    for token, key, number in (
        (helper, "press-1", ["A001"]),
        (helper, "press-2", []),
        (other, "press-1", []),
    ):
        answer = await desk.post("find/tickets", {"key": key}, token=token)
        assert [one["ticket"]["number"] for one in answer["tickets"]] == number
    # With the holder's link, as the press would have been answered; no other press opens a ticket.
    answer = await desk.post("find/tickets", {"key": "press-1"}, token=helper)
    assert answer["tickets"][0]["ticket"]["links"] == made["ticket"]["links"]
    path = f"tickets/{made['ticket']['id']}/commands"
    await desk.post(path, {"command": "accompany"}, token=other, **{"Idempotency-Key": "press-3"})
    for token, wanted in ((other, {"key": "press-3"}), (helper, {"number": "A001"})):
        (row,) = (await desk.post("find/tickets", wanted, token=token))["tickets"]
        assert list(row["ticket"]["links"]) == ["self"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"person": {}},
        {"person": {"name": "张三"}},
        {"person": {"id_no": "?"}},
        {"tail": "56"},
        {"tail": "5678\n"},
        {"tail": "%%%%"},
        {"number": ""},
        {"issued_near_ms": -1},
        {"issued_near_ms": 1e300},
        {"limit": 0, "number": "1"},
        {"limit": 10**9, "number": "1"},
        {"key": "a b"},
        {"key": ""},
        {"idno": ID},
        {"number": {"$ne": None}},
        [],
        "x",
    ],
)
async def test_a_search_that_says_nothing_or_nonsense_is_refused(desk: Door, body: Any) -> None:
    before = await desk.canonical()
    answer = await desk.ask("POST", "find/tickets", body, token=await desk.token("helper"))
    assert answer.status_code == 400, answer.text
    assert ID not in answer.text
    assert await desk.canonical() == before


async def test_numbers_that_are_none_find_nothing(desk: Door) -> None:
    await desk.issue()
    for number in ("0", "B1", "A", "1A", "²", "A1;", "9" * 60, "A001' OR 1=1"):
        assert await found(desk, number=number) == [], number
    answer = await desk.ask("POST", "find/tickets", {"service": "nowhere"})
    assert answer.json()["code"] == "unknown_service"


async def test_a_pre_check_before_a_number(desk: Door) -> None:
    helper, kiosk = await desk.token("helper", name="帮办小周"), await desk.token("kiosk")
    refused = await desk.ask("POST", "tickets", {"service": "estate"}, token=kiosk)
    assert (refused.status_code, refused.json()["code"]) == (409, "precheck_needed")
    assert refused.json()["service"] == "estate"
    assert refused.json()["hint"]
    lies = await desk.ask("POST", "tickets", {"service": "estate", "prechecked": True}, token=kiosk)
    assert lies.status_code == 403
    sent = await desk.post("prechecks", {"service": "estate", "missing": [DEED]}, token=helper)
    assert sent["missing"] == [{"text": DEED, "text_en": "Deed", "hint": "2 楼补证", "hint_en": ""}]
    assert (await desk.post("prechecks", {"item": "house", "missing": ["购房合同"]}, token=helper))[
        "service"
    ] == "estate"
    ticket = (await desk.post("tickets", {"item": "house", "prechecked": True}, token=helper))["ticket"]
    assert ticket["prechecked_ms"] == MONDAY_9H
    (row,) = (await desk.post("find/tickets", {"number": ticket["number"]}, token=helper))["tickets"]
    assert [check["text"] for check in row["checks"]] == [CARD, DEED, "购房合同"]
    waiting = await desk.issue("general")
    nothing = {"command": "precheck"}
    answer = await desk.ask("POST", f"tickets/{waiting['id']}/commands", nothing, token=helper)
    assert answer.json()["code"] == "invalid", "there is no list"
    floor = (await desk.get("floor"))["data"]["prechecks"]
    assert floor == {
        "passed": 1,
        "lacking": 2,
        "services": [{"service": "estate", "passed": 1, "lacking": 2}],
    }
    events = (await desk.get("events", token=await desk.token("inspector")))["events"]
    kinds = [one for one in events if one["kind"] in ("sent_home", "ticket_prechecked")]
    assert [one["data"].get("missing") for one in kinds] == [[DEED], ["购房合同"], None]
    assert [one["data"].get("helper") for one in kinds] == [None, None, "帮办小周"]
    assert {one["who"]["name"] for one in kinds} == {"帮办小周"}
    listed = (await desk.get("items?q=房屋"))["items"][0]
    assert [check["text"] for check in listed["checks"]] == [CARD, DEED, "购房合同"]


async def test_the_window_knows_that_a_helper_comes_along(desk: Door) -> None:
    helper = await desk.token("helper", name="帮办小周")
    await desk.staff()
    ticket = await desk.issue("general")
    path = f"tickets/{ticket['id']}/commands"
    async with desk.feed() as panel, desk.feed(helper) as tablet:
        shown = await panel.subscribe("panel", window="w1")
        assert shown["data"]["next"]["companion"] is None
        assert (await tablet.subscribe("desk"))["data"]["accompanied"] == []
        answer = await desk.post(path, {"command": "accompany"}, token=helper)
        assert answer["ticket"]["accompanied_ms"] == MONDAY_9H
        change = await panel.next()
        assert change["data"]["next"]["companion"]["helper"] == "帮办小周"
        (row,) = (await tablet.next())["data"]["accompanied"]
        assert (row["number"], row["helper"], row["window"]) == ("A001", "帮办小周", None)
        await desk.window("call_next")
        assert (await panel.next())["data"]["current"]["companion"]["helper"] == "帮办小周"
        (row,) = (await tablet.next())["data"]["accompanied"]
        assert row["window"] == "w1"
        await desk.window("start")
        await desk.window("complete")
    assert (await desk.get("floor"))["data"]["accompanied"] == []


async def test_the_share_of_priority_is_told_and_kept(desk: Door) -> None:
    helper, chief = await desk.token("helper"), await desk.token("supervisor")
    first, second = await desk.issue(), await desk.issue()
    grant = {"command": "grant_class", "class": "priority", "reason": "孕妇"}
    await desk.post(f"tickets/{first['id']}/commands", grant, token=helper)
    assert (await desk.get("floor"))["data"]["priority_share"] == {
        "granted": 1,
        "issued": 2,
        "limit_percent": 20,
        "most": 1,
        "most_next": 1,
        "over": "supervisor",
    }
    refused = await desk.ask("POST", f"tickets/{second['id']}/commands", grant, token=helper)
    assert (refused.status_code, refused.json()["code"]) == (409, "limit_reached")
    assert "supervisor" in refused.json()["hint"]
    body = {"service": "general", "class": "priority", "class_reason": "残疾人"}
    assert (await desk.ask("POST", "tickets", body, token=helper)).json()["code"] == "limit_reached"
    await desk.post("tickets", body, token=chief)
    await desk.post(f"tickets/{second['id']}/commands", grant, token=chief)
    reasons = [
        one["data"].get("class_reason") or one["data"].get("reason")
        for one in (await desk.get("events"))["events"]
        if one["kind"] in ("class_granted", "ticket_issued")
    ]
    assert reasons == [None, None, "孕妇", "残疾人", "孕妇"]


async def test_the_list_for_paper_is_in_the_order_of_calls(desk: Door, tmp_path: Path) -> None:
    helper = await desk.token("helper")
    await desk.staff()
    numbers = [(await desk.issue("general", party=n + 1))["id"] for n in range(4)]
    await desk.issue("social", person=PERSON, traits=["deaf"])
    await desk.window("call_next")
    grant = {"command": "grant_class", "class": "priority", "reason": "孕妇"}
    await desk.post(f"tickets/{numbers[3]}/commands", grant, token=helper)
    await desk.post(f"tickets/{numbers[2]}/commands", {"command": "accompany"}, token=helper)
    queue = await desk.get("queue", token=helper)
    general = queue["zones"][0]["services"][0]["rows"]
    assert [(row["number"], row["state"], row["place"]) for row in general] == [
        ("A001", "called", None),
        ("A004", "waiting", 1),
        ("A002", "waiting", 2),
        ("A003", "waiting", 3),
    ]
    assert (queue["waiting"], general[0]["window"]) == (4, "1")
    page = await desk.ask("GET", "queue.html", token=helper)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert re.findall(r'data-number="(\w+)"', page.text) == ["A001", "A004", "A002", "A003", "E001"]
    for words in ("孕妇", "欧*", "5678"):
        assert words not in page.text, "nothing of a person"
    for words in ("1 号窗口", "优先", "听力不便", "2 人同来", "有帮办员陪同", "2026-"):
        assert words in page.text
    assert "http" not in page.text, "it needs nothing else"
    english = await desk.ask("GET", "queue.html?lang=en", token=helper)
    for words in ("Social security", "Priority", "hard of hearing", "window 1", "with a helper"):
        assert words in english.text
    text = text_of(msgspec.convert(queue, m.QueueList), "zh")
    assert text.index("A004") < text.index("A002") < text.index("A003")
    # And on the server's disk, for when it is gone.
    assert await queue_files.write_all(desk.node, tmp_path) == {}
    path = queue_files.path_of(tmp_path, "test")
    assert path.read_text(encoding="utf-8") == page.text
    failed = await queue_files.write_all(desk.node, path)
    assert list(failed) == ["test"], "no folder there"
    desk.clock.now_ms += 10_000
    for command in ("recall", "miss"):
        await desk.window(command)
    page = await desk.ask("GET", "queue.html", token=helper)
    assert re.findall(r'data-number="(\w+)"', page.text) == ["A004", "A002", "A003", "A001", "E001"]
    assert ("已过号" in page.text, "过号重排" in page.text) == (True, False)


async def test_the_list_at_a_terminal(
    desk: Door, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLQ_ADMIN_TOKEN", ADMIN)
    for _ in range(2):
        await desk.issue()
    capsys.readouterr()

    async def run(*more: str) -> int:
        line = ["hall", "queue", "test", "--url", desk.url, *more]
        return await trio.to_thread.run_sync(main, line)

    assert await run("--lang", "en") == 0
    told = capsys.readouterr().out
    assert told.index("A001") < told.index("A002")
    path = tmp_path / "list.html"
    assert await run("--html", "--out", str(path)) == 0
    assert "2 waiting" in capsys.readouterr().err
    page = await desk.ask("GET", "queue.html", token=await desk.token("helper"))
    assert path.read_text(encoding="utf-8") == page.text
    assert await run("--out", str(tmp_path)) == 1
    assert "name a file" in capsys.readouterr().err
