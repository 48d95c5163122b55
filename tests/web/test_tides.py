"""潮汐 through the doors: a plan is proposed, accepted, and its windows open while the floor tells."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from callq.domain import commands as cmd
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
