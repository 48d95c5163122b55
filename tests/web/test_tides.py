"""潮汐 through the doors: a plan is proposed, accepted, and its windows open while the floor tells."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from callq.config import load_hall
from callq.domain import commands as cmd
from callq.domain.state import Index
from callq.domain.tides import TideMemory, TidePlan, TideReason
from callq.journal.memory import MemoryJournal
from callq.runtime.tides import TideKeeper
from tests.harness import tidal_hall
from tests.web.conftest import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from callq.domain.hall import HallConfig
    from tests.web.conftest import Door


def busy_hall() -> HallConfig:
    """Many come, and a supervisor is asked before windows w2 and w3 move."""
    config = tidal_hall()
    services = tuple(msgspec.structs.replace(service, daily=480.0) for service in config.services)
    tides = msgspec.structs.replace(config.tides, mode="advise", windows=("w2", "w3"))
    return msgspec.structs.replace(config, services=services, tides=tides)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with serving(MemoryJournal(), busy_hall()) as door:
        for window, clerk in (("w1", "c1"), ("w2", "c2"), ("w3", "c4")):
            await door.window("sign_in", window, clerk=clerk)
        await door.window("open")
        yield door


async def minute(door: Door, minutes: int = 1) -> Any:
    """Minutes pass, the last is reckoned; the floor's plan."""
    door.clock.later(60 * minutes)
    await TideKeeper(door.node.actor("test"), random.Random(1)).turn()
    return (await door.get("floor"))["data"]["plan"]


async def window(door: Door, name: str) -> Any:
    return (await door.get(f"windows/{name}"))["window"]


async def test_from_advice_to_open_windows(door: Door) -> None:
    supervisor = await door.token("supervisor")
    plan = await minute(door)
    proposal = plan["proposal"]
    assert (plan["mode"], plan["in_force"], set(proposal["open"])) == ("advise", None, {"w2", "w3"})
    assert proposal["until_ms"] == door.clock.now_ms + 180_000
    effect = proposal["effect"]
    assert (effect["windows"], set(effect["services"])) == (3, {"general", "estate"})
    assert effect["short_after"] < effect["short_before"]
    assert 0 < effect["wait_after_min"] < effect["wait_before_min"]
    assert proposal["cost_h"] >= 2 * 25 / 60 - 0.01
    reasons = {reason["code"]: reason for reason in proposal["reasons"]}
    assert "综合窗口" in reasons["load"]["text"]
    assert "windows of several services" in reasons["load"]["text_en"]
    assert [need["lead_min"] for need in plan["needs"]] == [6, 11, 16, 21, 26, 31]
    assert plan["day"][0]["from_ms"] <= door.clock.now_ms < plan["day"][1]["from_ms"]

    accept = {"command": "accept_plan", "plan": proposal["id"]}
    await door.post("commands", accept, token=supervisor)
    opens_ms = door.clock.now_ms + 300_000
    plan = (await door.get("floor"))["data"]["plan"]
    assert {row["window"]: row["opens_ms"] for row in plan["opening"]} == {"w2": opens_ms, "w3": opens_ms}
    assert (plan["proposal"], plan["in_force"]["id"]) == (None, proposal["id"])
    assert plan["in_force"]["by"]
    waits = await window(door, "w2")
    assert (waits["state"], waits["opens_ms"]) == ("closed", opens_ms)

    door.clock.later(300)
    opened = await window(door, "w2")
    assert (opened["state"], opened["opens_ms"]) == ("idle", None)
    assert (await door.get("floor"))["data"]["plan"]["opening"] == []


async def test_a_window_that_was_to_close_stays_and_the_floor_says_why(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    await door.post("commands", {"command": "set_tides", "mode": "automatic"})
    for name in ("w2", "w3"):
        await door.window("open", name)
    door.clock.later(1860)
    for service in ("general", "general", "estate"):
        await door.post("tickets", {"service": service})
    await door.window("call_next", "w3")
    await door.window("start", "w3")
    actor = door.node.actor("test")
    keeper = TideKeeper(actor, random.Random(1))
    door.clock.later(60)
    await keeper.turn()
    door.clock.later(60)
    why = (TideReason(code="spare"),)
    plan = TidePlan(drain=("w3",), reasons=why)
    minute_ms = actor.now() - actor.now() % 60_000
    digest = actor.glance(lambda state: state.digest)
    await actor.command(
        cmd.ReckonTides(minute_ms=minute_ms, config=digest, memory=TideMemory(), plan=plan),
        who=cmd.SYSTEM,
        render=lambda *_: None,
    )
    await door.window("hold", "w3", kind="waiting")
    held = await window(door, "w3")
    assert (held["state"], held["draining"]) == ("idle", False)
    stays = (await door.get("floor"))["data"]["plan"]["in_force"]
    (reason,) = stays["reasons"]
    assert (reason["code"], reason["window"], stays["stay"]) == ("waited_for", "w3", ["w3"])
    assert reason["text"].startswith("3 号窗口办完后不关闭")
    assert reason["text_en"].startswith("window 3 stays open after its ticket")
    assert stays["effect"]["wait_before_min"] is None
    door.clock.later(60)
    capsys.readouterr()
    await keeper.turn()
    told = [line for line in capsys.readouterr().out.splitlines() if "tides_kept" in line]
    assert len(told) == 1
    assert "waited_for" in told[0]


async def test_the_bar_over_a_window_says_that_it_opens_soon(door: Door) -> None:
    async with door.feed() as feed:
        before = await feed.subscribe("strip", window="w2")
        proposal = (await minute(door))["proposal"]
        await door.post("commands", {"command": "accept_plan", "plan": proposal["id"]})
        assert before["data"]["line1"] == "未开放"
        assert (await feed.next())["data"]["line1"] == "即将开放"


async def test_what_was_replaced_is_refused_with_what_to_do(door: Door) -> None:
    first = (await minute(door))["proposal"]["id"]
    await door.window("open", "w2")
    second = (await minute(door))["proposal"]["id"]
    assert second != first
    answer = await door.ask("POST", "commands", {"command": "accept_plan", "plan": first})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["state"]) == (409, "expired", "replaced")
    assert problem["hint"]


async def test_declined_over_the_feed_it_is_not_asked_again(door: Door) -> None:
    proposal = (await minute(door))["proposal"]
    async with door.feed() as feed:
        await feed.say(
            type="command", id=1, command="decline_plan", plan=proposal["id"], reason="午餐，13800138000"
        )
        assert (await feed.hear(type="result", id=1))["ok"]
    assert (await minute(door))["proposal"] is None
    events = (await door.get("events?since=0&limit=500"))["events"]
    (declined,) = [event for event in events if event["kind"] == "tides_declined"]
    assert "13800138000" not in declined["data"]["reason"]


async def test_a_supervisor_sets_the_mode_of_the_day(door: Door) -> None:
    await door.post("commands", {"command": "set_tides", "mode": "automatic"})
    plan = await minute(door)
    assert (plan["mode"], plan["by_hand"], plan["proposal"]) == ("automatic", True, None)
    assert {row["window"] for row in plan["opening"]} == {"w2", "w3"}
    await door.post("commands", {"command": "set_tides", "mode": "off"})
    assert (await minute(door))["opening"] == []
    await door.post("commands", {"command": "set_tides", "mode": None})
    assert (await minute(door))["mode"] == "advise"
    wrong = await door.ask("POST", "commands", {"command": "set_tides", "mode": "high"})
    assert wrong.status_code == 400


@pytest.mark.parametrize("role", ["clerk", "helper", "kiosk", "inspector"])
async def test_who_does_not_run_the_hall_decides_nothing(door: Door, role: str) -> None:
    token = await door.token(role)
    proposal = (await minute(door))["proposal"]
    for body in (
        {"command": "accept_plan", "plan": proposal["id"]},
        {"command": "decline_plan", "plan": proposal["id"]},
        {"command": "set_tides", "mode": "automatic"},
    ):
        answer = await door.ask("POST", "commands", body, token=token)
        assert answer.status_code == 403


@pytest.mark.parametrize("beta", [-3.0, -0.4, 0.0])
async def test_nobody_waits_in_vain_however_thrifty_the_hall_is(beta: float) -> None:
    config = tidal_hall()
    services = tuple(msgspec.structs.replace(service, daily=1.0) for service in config.services)
    tides = msgspec.structs.replace(config.tides, windows=("w3",), beta=beta)
    async with serving(
        MemoryJournal(), msgspec.structs.replace(config, services=services, tides=tides)
    ) as door:
        await door.staff()
        await narrowed(door, ["general", "social"])
        await door.window("sign_in", "w3", clerk="c4")
        assert (await minute(door, 30))["opening"] == []
        ticket = await door.issue("estate")
        plan = await minute(door)
        opens_ms = door.clock.now_ms + 300_000
        assert plan["opening"] == [{"window": "w3", "opens_ms": opens_ms}]
        (reason,) = plan["in_force"]["reasons"]
        assert (reason["code"], reason["service"]) == ("unserved", "estate")
        assert (reason["needed"], reason["there"]) == (1.0, 0.0)
        assert reason["text"] == "有 1 人在等不动产登记，现在没有窗口能办"
        assert reason["text_en"] == "1 person waits for 不动产登记, which no window serves now"
        assert (await minute(door, 5))["opening"] == []
        called = await door.window("call_next", "w3")
        assert called["ticket"]["id"] == ticket["id"]


@pytest.mark.parametrize("sample", ["dongyuan", "taizhou"])
async def test_a_sample_hall_proposes_its_tidal_windows_under_load(sample: str) -> None:
    config = msgspec.structs.replace(load_hall(sample), id="test")
    index = Index(config)
    tidal = [window for window in config.windows if window.kind == "tidal"]
    base = [window for window in config.windows if window.kind == "comprehensive"][:12]
    free = [clerk.id for clerk in config.clerks]
    async with serving(MemoryJournal(), config) as door:
        for one in (*tidal, *base):
            clerk = next(
                c for c in free if set(one.services[:2]) & set(index.serving(one.id, c, "2026-11-23"))
            )
            free.remove(clerk)
            await door.window("sign_in", one.id, clerk=clerk)
            if one in base:
                await door.window("open", one.id)
        quiet = await minute(door)
        assert (quiet["mode"], quiet["in_force"]) == ("advise", None)
        for service in tidal[0].services[:2] * 15 + tidal[-1].services[:2] * 15:
            await door.issue(service)
        proposal = (await minute(door))["proposal"]
        assert set(proposal["open"]) == {window.id for window in tidal}
        assert proposal["effect"]["short_after"] < proposal["effect"]["short_before"]
        assert {"load"} <= {reason["code"] for reason in proposal["reasons"]}
        await door.post("commands", {"command": "accept_plan", "plan": proposal["id"]})
        door.clock.later(300)
        assert (await door.window("call_next", tidal[0].id))["ticket"]["state"] == "called"


# Spare skills ------------------------------------------------------------------------------------------


@pytest.fixture
async def narrow() -> AsyncIterator[Door]:
    """One window is open, of which a supervisor has told the clerk to serve general matters alone."""
    config = tidal_hall()
    tides = msgspec.structs.replace(config.tides, windows=("w3",), widening=True)
    async with serving(MemoryJournal(), msgspec.structs.replace(config, tides=tides)) as door:
        await door.window("sign_in", "w1", clerk="c1")
        await door.window("open", "w1")
        answer = await narrowed(door, ["general"])
        assert answer["window"]["active_skills"] == ["general"]
        yield door


async def narrowed(door: Door, skills: list[str] | None) -> Any:
    """A supervisor sets the skills in use at w1."""
    body = {"command": "set_skills", "skills": skills}
    return await door.post("windows/w1/commands", body, token=await door.token("supervisor"))


async def skills_after(door: Door, minutes: int = 1) -> list[str]:
    """Each of some minutes is reckoned; the skills in use at w1 then."""
    for _ in range(minutes):
        await minute(door)
    found: list[str] = (await window(door, "w1"))["active_skills"]
    return found


async def queue(door: Door) -> list[str]:
    """Three come for real estate, which no window serves; the tickets' ids."""
    return [(await door.issue("estate"))["id"] for _ in range(3)]


async def test_a_spare_skill_comes_into_use_while_its_queue_is_long(narrow: Door) -> None:
    assert (await narrow.window("call_next"))["ticket"] is None
    tickets = await queue(narrow)
    assert (await narrow.window("call_next"))["ticket"] is None
    # For half an hour the plan leaves alone what a supervisor has set.
    assert await skills_after(narrow, 29) == ["general"]
    assert await skills_after(narrow, 2) == ["general", "estate"]
    plan = (await narrow.get("floor"))["data"]["plan"]["in_force"]
    assert plan["skills"] == [{"window": "w1", "skills": ["general", "estate"]}]
    (reason,) = plan["reasons"]
    assert (reason["code"], reason["service"]) == ("long_queue", "estate")

    called = (await narrow.window("call_next"))["ticket"]
    assert called["id"] in tickets
    for ticket in tickets:
        await narrow.post(f"tickets/{ticket}/commands", {"command": "cancel"})
    assert await skills_after(narrow, 2) == ["general", "estate"]
    assert await skills_after(narrow, 1) == ["general"]
    (reason,) = (await narrow.get("floor"))["data"]["plan"]["in_force"]["reasons"]
    assert (reason["code"], reason["service"]) == ("short_queue", "estate")


async def test_what_a_supervisor_sets_holds_whatever_the_plan_has_widened(narrow: Door) -> None:
    tickets = await queue(narrow)
    assert await skills_after(narrow, 31) == ["general", "estate"]
    # That is how it should be, says the supervisor: the plan takes nothing back.
    await narrowed(narrow, ["general", "estate"])
    for ticket in tickets:
        await narrow.post(f"tickets/{ticket}/commands", {"command": "cancel"})
    assert await skills_after(narrow, 35) == ["general", "estate"]
    # And now narrower than the plan would like.
    await narrowed(narrow, ["social"])
    await queue(narrow)
    assert await skills_after(narrow, 29) == ["social"]
    alone = (await narrow.get("floor"))["data"]["plan"]["alone"]
    assert [row["window"] for row in alone] == ["w1"]


async def test_without_widening_narrowed_skills_stay_narrowed() -> None:
    async with serving(MemoryJournal(), tidal_hall()) as door:
        await door.window("sign_in", "w1", clerk="c1")
        await door.window("open", "w1")
        await narrowed(door, ["general"])
        await queue(door)
        assert await skills_after(door, 35) == ["general"]
        answer = await narrowed(door, None)
        assert answer["window"]["active_skills"] == ["general", "social", "estate"]


@pytest.mark.parametrize(
    ("skills", "status", "code"),
    [
        (["surgery"], 409, "not_eligible"),
        ([], 400, "invalid"),
        ("general", 400, "invalid"),
        ([1], 400, "invalid"),
    ],
)
async def test_skills_that_make_no_sense_are_refused(
    narrow: Door, skills: object, status: int, code: str
) -> None:
    before = await narrow.canonical()
    body = {"command": "set_skills", "skills": skills}
    answer = await narrow.ask("POST", "windows/w1/commands", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    missing = await narrow.ask("POST", "windows/w1/commands", {"command": "set_skills"})
    assert missing.status_code == 400
    assert await narrow.canonical() == before


async def test_a_clerk_does_not_choose_the_skills_in_use(narrow: Door) -> None:
    body = {"command": "set_skills", "skills": ["estate"]}
    for role in ("clerk", "helper"):
        answer = await narrow.ask("POST", "windows/w1/commands", body, token=await narrow.token(role))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
