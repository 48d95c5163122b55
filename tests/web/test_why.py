"""Why a ticket was called, over HTTP: each sentence, all calls of a ticket, and whom a window leaves."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from msgspec import json
from msgspec.structs import replace

from callq.domain.hall import Booking, Routing, Rules
from callq.journal.memory import MemoryJournal
from tests.harness import small_hall
from tests.rules.scene import changed
from tests.web.conftest import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from callq.domain.hall import HallConfig
    from tests.web.conftest import Door

MIN = 60


def hall_by(policy: str = "index", config: HallConfig | None = None, **more: Any) -> HallConfig:
    """The small hall with a policy."""
    routing = Routing(policy=policy, **{"better_soon_s": 0, "pressure": 0.0, **more})  # type: ignore[arg-type]
    return replace(config or small_hall(), routing=routing)


@asynccontextmanager
async def opened(config: HallConfig) -> AsyncIterator[Door]:
    """A server for this hall, c1 at w1 serving everything."""
    async with serving(MemoryJournal(), config) as door:
        await door.staff()
        yield door


async def told(door: Door, ticket: Any) -> Any:
    """The answer of `/why`."""
    return await door.get(f"tickets/{ticket['id']}/why")


async def called(door: Door, window: str = "w1") -> Any:
    """Call the next; the explanation of that call, which is the newest of the ticket's."""
    ticket = (await door.window("call_next", window))["ticket"]
    found = await told(door, ticket)
    newest = found["calls"][0]
    assert (found["text"], found["text_en"]) == (newest["text"], newest["text_en"])
    assert (found["why"]["rule"], found["why"]["by"]) == (newest["rule"], newest["by"])
    assert (newest["window"], newest["label"], newest["clerk"]) == (window, window[1:], ticket["clerk"])
    assert (newest["at_ms"], newest["ended"]) == (ticket["called_ms"], None)
    return found


async def served(door: Door, window: str = "w1") -> None:
    await door.window("start", window)
    await door.window("complete", window)


async def missed(door: Door) -> None:
    door.clock.later(10)
    await door.window("recall")
    await door.window("miss")


async def arrives_early(door: Door) -> None:
    """Book a slot of the general service, and check in a quarter of an hour before it."""
    slots = (await door.get("slots?service=general"))["slots"]
    slot_ms = next(one["slot_ms"] for one in slots if one["slot_ms"] > door.clock.now_ms)
    body = {"service": "general", "slot_ms": slot_ms, "person": {"id_no": "11010519491231002X"}}
    booking = (await door.post("bookings", body))["booking"]
    door.clock.later((slot_ms - door.clock.now_ms) / 1000 - 15 * MIN)
    await door.post(f"bookings/{booking['id']}/commands", {"command": "check_in"})


async def test_who_waits_is_told_how_many_come_first(door: Door) -> None:
    await door.issue()
    second = await door.issue()
    found = await told(door, second)
    assert (found["why"], found["calls"], found["left_to"]) == (None, [], None)
    assert found["text"] == "还没有叫到：预计有 1 位先于您被叫到。"
    assert found["text_en"] == "Not called yet: 1 are expected to be called before you."


async def test_the_longest_wait(door: Door) -> None:
    await door.staff()
    first = await door.issue("estate")
    door.clock.later(2 * MIN)
    await door.issue()
    door.clock.later(MIN)
    found = await called(door)
    assert found["ticket"]["id"] == first["id"]
    assert found["text"] == "等候最久：已等 3 分，2 个队列的队首中最久。"
    assert found["text_en"] == "Longest wait: 3 min, the longest of the heads of 2 queues."
    assert found["calls"][0]["rule"] == "longest_wait"
    await served(door)
    assert (await called(door))["text"] == "等候最久：已等 1 分，本窗口可办的其他队列无人等候。"


async def test_by_the_index_what_was_promised_counts() -> None:
    async with opened(hall_by()) as door:
        await door.issue("estate")
        door.clock.later(2 * MIN)
        urgent = await door.issue("social", **{"class": "priority"})
        door.clock.later(2 * MIN)
        found = await called(door)
        assert found["ticket"]["id"] == urgent["id"]
        assert found["text"] == "已等 2 分（承诺 5 分内），按等候与承诺之比，在 2 个队列中应先办。"
        assert found["text_en"] == (
            "2 min waited, 5 promised: by what was promised, first of 2 queues compared."
        )
        assert [lane["target_min"] for lane in found["why"]["lanes"]] == [5, 20]
        await served(door)
        assert (await called(door))["text"] == "已等 4 分（承诺 20 分内），本窗口可办的其他队列无人等候。"


async def test_where_the_length_of_the_queue_decided_the_sentence_says_so() -> None:
    async with opened(hall_by(pressure=0.5)) as door:
        await door.issue("estate")
        door.clock.later(MIN)
        crowd = [await door.issue() for _ in range(4)]
        door.clock.later(MIN)
        found = await called(door)
        assert found["ticket"]["id"] == crowd[0]["id"]
        assert found["why"]["by"] == "pressure"
        assert found["text"] == (
            "已等 1 分（承诺 20 分内）；只看等候与承诺之比不是第一，但这项业务排队人数相对偏多（4 人），"
            "比较 2 个队列后先办。"
        )
        assert found["text_en"] == (
            "1 min waited, 20 promised: not first by that alone, but many wait for this service "
            "for its share (4 wait), so first of 2 queues compared."
        )


async def test_a_long_queue_is_not_blamed_where_waits_alone_say_the_same() -> None:
    async with opened(hall_by(pressure=0.5)) as door:
        for _ in range(4):
            await door.issue()
        door.clock.later(MIN)
        await door.issue("estate")
        door.clock.later(MIN)
        found = await called(door)
        own = next(lane for lane in found["why"]["lanes"] if lane["service"] == "general")
        assert own["pressure"] > 0
        assert found["why"]["by"] == ""
        assert "应先办" in found["text"]


async def test_beyond_a_multiple_of_what_was_promised() -> None:
    async with opened(hall_by(pressure=5.0)) as door:
        await door.issue("estate")
        door.clock.later(41 * MIN)
        for _ in range(4):
            await door.issue()
        found = await called(door)
        assert found["why"]["by"] == "guard"
        assert found["text"] == "等候远超承诺，必须最先办理：已等 41 分（承诺 20 分内）。"
        assert found["text_en"] == (
            "Has waited far longer than promised, so comes first: 41 min waited, 20 promised."
        )


async def test_a_green_window() -> None:
    small = small_hall()
    windows = (replace(small.windows[0], kind="green"), *small.windows[1:])
    async with opened(hall_by("longest_wait", replace(small, windows=windows))) as door:
        await door.issue()
        door.clock.later(MIN)
        await door.issue(**{"class": "priority"})
        found = await called(door)
        assert found["why"]["by"] == "green"
        assert found["text"] == "绿色通道窗口先办优先人群：已等不到 1 分（承诺 5 分内）。"
        assert found["text_en"] == (
            "This green-channel window serves those with priority first: < 1 of 5 min waited."
        )


async def test_who_waits_for_this_clerk_alone() -> None:
    async with opened(hall_by()) as door:
        ticket = await door.issue(prefer_clerk="c1")
        assert ticket["bound"] == {"clerk": "c1"}
        door.clock.later(MIN)
        found = await called(door)
        assert found["why"]["by"] == "named"
        assert (
            found["text"] == "只由本窗口或这位工作人员接办的事项，轮到时先接续：已等 1 分（承诺 20 分内）。"
        )
        assert "began the matter or was asked for: 1 min waited, 20 promised." in found["text_en"]


async def test_papers_that_are_back_at_their_window(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    await called(door)
    await door.window("start")
    await door.window("hold", kind="with_papers")
    await door.issue()
    await door.window("call_next")
    await door.post(f"tickets/{ticket['id']}/commands", {"command": "returned"})
    waiting = await told(door, ticket)
    assert waiting["why"] is None
    assert waiting["text"].startswith("挂起后回来排队：")
    assert [call["ended"] for call in waiting["calls"]] == ["held"]
    await served(door)
    found = await called(door)
    assert found["ticket"]["id"] == ticket["id"]
    assert found["why"]["by"] == "papers"
    assert found["text"] == "材料在本窗口，补齐回来后在原窗口先办。"
    assert [call["ended"] for call in found["calls"]] == [None, "held"]


async def test_papers_that_are_back_at_their_free_window(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    await called(door)
    await door.window("start")
    await door.window("hold", kind="with_papers")
    door.clock.later(MIN)
    await door.post(f"tickets/{ticket['id']}/commands", {"command": "returned"})
    found = await told(door, ticket)
    assert found["why"]["rule"] == "papers_back"
    assert found["text_en"].startswith("The papers are at this window")
    held = found["calls"][1]
    assert (held["ended"], held["rule"]) == ("held", "longest_wait")
    assert held["ended_ms"] == held["at_ms"] == found["calls"][0]["at_ms"] - 60_000


async def test_called_by_name(door: Door) -> None:
    await door.staff()
    await door.issue("estate")
    door.clock.later(MIN)
    await door.issue()
    late = await door.issue()
    door.clock.later(MIN)
    await door.window("call_ticket", ticket=late["id"], reason="孕妇不适")
    found = await told(door, late)
    assert found["why"]["rule"] == "called_by_name"
    assert found["text"] == (
        "1 号窗口工作人员指定呼叫，原因：孕妇不适。已等 1 分（承诺 20 分内），1 个队列的队首等得更久。"
    )
    assert found["text_en"] == (
        "Called by name by the clerk at window 1, reason: 孕妇不适. "
        "1 min waited, 20 promised; the first of 1 queue had waited longer."
    )
    assert found["calls"][0]["reason"] == "孕妇不适"


async def test_a_booking_before_its_time() -> None:
    booked = changed(small_hall(), "general", booking=Booking())
    async with opened(hall_by(config=booked)) as door:
        await arrives_early(door)
        found = await called(door)
        assert found["why"]["by"] == "before_slot"
        assert found["text"] == "此时没有其他到时间的人可叫，预约时间未到也可提前办理。"
        assert found["text_en"] == (
            "Nobody else whose time has come can be called, so a booking is taken before its time."
        )


async def test_the_queue_that_is_longer_than_its_share() -> None:
    async with opened(hall_by("fixed_queue_ratio")) as door:
        await door.issue("estate")
        door.clock.later(MIN)
        for _ in range(3):
            await door.issue()
        found = await called(door)
        assert (
            found["text"] == "这项业务排队人数超出应有份额最多，其中等候最久：已等不到 1 分（承诺 20 分内）。"
        )
        assert found["text_en"].startswith("More wait for this service than for others by its share")


async def test_priority_before_all_others() -> None:
    async with opened(hall_by("strict_priority")) as door:
        await door.issue("estate")
        door.clock.later(MIN)
        await door.issue(**{"class": "priority"})
        found = await called(door)
        assert found["text"] == "先办优先和预约，同类中等候最久：已等不到 1 分（承诺 5 分内）。"
        assert found["text_en"].startswith("Priority and appointments come first")


async def test_what_was_promised_then_is_told_also_when_it_is_another_now() -> None:
    async with opened(hall_by(config=changed(small_hall(), "general", target_wait_min=15))) as door:
        ticket = await door.issue()
        door.clock.later(3 * MIN)
        before = await called(door)
        assert "承诺 15 分内" in before["text"]
        config = json.decode(
            json.encode(hall_by(config=changed(small_hall(), "general", target_wait_min=40)))
        )
        await door.post("commands", {"command": "configure", "config": config})
        after = await told(door, ticket)
        assert after["text"] == before["text"]
        assert after["why"]["lanes"] == before["why"]["lanes"]
        await missed(door)
        await door.post(f"tickets/{ticket['id']}/commands", {"command": "rejoin"})
        waiting = await told(door, ticket)
        assert waiting["calls"][0]["text"] == before["text"]
        assert "承诺 40 分内" in (await called(door))["text"]


async def test_a_suspended_hall_changes_nothing_of_what_was(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    door.clock.later(3 * MIN)
    before = await called(door)
    await door.post("commands", {"command": "suspend", "reason": "消防演练"})
    door.clock.later(10 * MIN)
    await door.post("commands", {"command": "resume"})
    after = await told(door, ticket)
    assert (after["why"], after["text"]) == (before["why"], before["text"])


async def test_all_calls_of_a_ticket_are_told_in_their_order(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    path = f"tickets/{ticket['id']}/commands"
    await called(door)
    await missed(door)
    assert [call["ended"] for call in (await told(door, ticket))["calls"]] == ["missed"]
    await door.post(path, {"command": "rejoin"})
    waiting = await told(door, ticket)
    assert (waiting["why"], waiting["text"]) == (None, "叫过号后重新排队：预计下一个就是您。")
    assert waiting["calls"][0]["ended_ms"] == door.clock.now_ms

    door.clock.later(MIN)
    await door.window("call_next")
    await door.window("undo")
    back = await told(door, ticket)
    assert (back["why"], [call["ended"] for call in back["calls"]]) == (None, ["undone", "missed"])

    door.clock.later(MIN)
    await door.window("call_ticket", ticket=ticket["id"], reason="老人")
    await door.window("start")
    await door.window("transfer", to={"service": "social"})
    assert (await told(door, ticket))["text"].startswith("已转来排队")
    door.clock.later(MIN)
    await called(door)
    await door.window("start")
    await door.window("complete")
    found = await told(door, ticket)
    assert [(call["rule"], call["service"], call["ended"]) for call in found["calls"]] == [
        ("longest_wait", "social", "completed"),
        ("called_by_name", "general", "transferred"),
        ("longest_wait", "general", "undone"),
        ("longest_wait", "general", "missed"),
    ]
    assert all(call["text"] and call["text_en"] for call in found["calls"])
    times = [call["at_ms"] for call in found["calls"]]
    assert times == sorted(times, reverse=True)
    for call in found["calls"]:
        page = await door.get(f"events?since={call['revision'] - 1}&limit=1")
        record = next(event["data"] for event in page["events"] if event["kind"] == "ticket_called")
        assert (record["ticket"], record["why"]["rule"]) == (ticket["id"], call["rule"])


async def test_a_call_that_was_taken_back_is_told_to_who_never_was_called_otherwise(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    await door.window("call_next")
    await door.window("undo")
    found = await told(door, ticket)
    assert found["text"] == "刚才的叫号已撤销，仍在原位：预计下一个就是您。"
    assert found["text_en"] == "The call was taken back, and the place kept: you are expected to be next."


async def test_a_visit_of_two_services_keeps_the_calls_of_both(door: Door) -> None:
    await door.staff()
    ticket = await door.issue(services=["general", "social"])
    await called(door)
    await served(door)
    between = await told(door, ticket)
    assert between["text"] == "上一项已办完，等候下一项：预计下一个就是您。"
    assert [(call["service"], call["ended"]) for call in between["calls"]] == [("general", "completed")]
    await door.window("call_next")
    assert [call["service"] for call in (await told(door, ticket))["calls"]] == ["social", "general"]


async def test_whoever_may_not_see_clerks_is_not_told_who_called(door: Door) -> None:
    await door.staff()
    await door.issue()
    citizen = (await door.post("tickets", {"service": "general"}))["ticket"]
    await door.window("call_next")
    await served(door)
    await door.window("call_next")
    key = citizen["links"]["citizen"].partition("token=")[2]
    own = await door.get(f"tickets/{citizen['id']}/why", token=key)
    assert [call["clerk"] for call in own["calls"]] == [None]
    assert [call["clerk"] for call in (await told(door, citizen))["calls"]] == ["c1"]


async def test_who_called_is_told_also_when_another_goes_on(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    await door.window("call_next")
    await door.window("start")
    await door.window("hand_over", clerk="c2")
    found = await told(door, ticket)
    assert found["ticket"]["clerk"] == "c2"
    assert found["calls"][0]["clerk"] == "c1"


# Left to a better clerk ---------------------------------------------------------------------------


async def test_next_says_whom_a_beginner_leaves_to_whom_and_until_when() -> None:
    async with opened(hall_by(better_soon_s=60)) as door, door.feed() as feed:
        await door.staff("w3", "c4")
        ticket = await door.issue("estate")
        answer = await door.window("call_next")
        assert answer["ticket"] is None
        row = {
            "service": "estate",
            "class": "ordinary",
            "number": ticket["number"],
            "by": "w1",
            "window": "w3",
            "label": "3",
            "level": 3,
            "until_ms": door.clock.now_ms + 60_000,
            "text": f"{ticket['number']} 由 1 号窗口留给更熟练的 3 号窗口，最迟到 09:01。",
            "text_en": (
                f"{ticket['number']} is left by window 1 to a more experienced clerk at window 3, "
                "until 09:01 at the latest."
            ),
        }
        assert answer["left_to"] == [row]
        panel = (await feed.subscribe("panel", window="w1"))["data"]
        assert (panel["next"], panel["left_to"]) == (None, [row])
        assert (await feed.subscribe("panel", window="w3"))["data"]["left_to"] == []
        assert (await feed.do(1, "call_next"))["left_to"] == [row]
        found = await told(door, ticket)
        assert found["left_to"] == row
        assert found["text"] == f"还没有叫到：预计下一个就是您。{row['text']}"
        assert found["text_en"] == f"Not called yet: you are expected to be next. {row['text_en']}"

        door.clock.later(60)
        answer = await door.window("call_next")
        assert answer["ticket"]["id"] == ticket["id"]
        assert "left_to" not in answer
        assert "left_to" not in await feed.do(2, "start")
        assert (await told(door, ticket))["left_to"] is None


async def test_the_sentence_of_who_is_called_instead_tells_of_the_queue_that_is_left() -> None:
    async with opened(hall_by(better_soon_s=60)) as door:
        await door.staff("w3", "c4")
        left = await door.issue("estate")
        door.clock.later(10)
        await door.issue()
        found = await called(door)
        assert found["ticket"]["service"] == "general"
        assert found["text"] == ("已等不到 1 分（承诺 20 分内），另有 1 个队列留给更熟练的工作人员。")
        assert found["text_en"] == ("< 1 of 20 min waited; other queues: 1 left to a more experienced clerk.")
        # A window that is busy leaves nobody.
        assert (await told(door, left))["left_to"] is None


async def test_a_booking_before_its_time_is_not_called_for_want_of_anybody_where_some_are_left() -> None:
    booked = changed(small_hall(), "general", booking=Booking())
    async with opened(hall_by(config=booked, better_soon_s=60)) as door:
        await arrives_early(door)
        await door.staff("w3", "c4")
        await door.issue("estate")
        found = await called(door)
        assert found["why"]["by"] == "before_slot"
        assert found["text"] == "其他到时间的人暂留给更熟练的工作人员，预约时间未到也可提前办理。"


async def test_next_that_ends_a_service_says_whom_it_leaves_as_well() -> None:
    config = replace(small_hall(), rules=Rules(next_while_serving="complete"))
    async with opened(hall_by(config=config, better_soon_s=60)) as door:
        await door.issue()
        await door.window("call_next")
        await door.window("start")
        await door.staff("w3", "c4")
        ticket = await door.issue("estate")
        answer = await door.window("call_next")
        assert answer["window"]["state"] == "idle"
        assert [row["number"] for row in answer["left_to"]] == [ticket["number"]]
