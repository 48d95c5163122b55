"""好差评 over the public doors: a tablet and a phone rate, a supervisor follows up, an inspector lists."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.journal.port import GENESIS
from callq.journal.records import Records
from callq.runtime.home import MemoryHome
from callq.runtime.keeper import Keeper
from callq.views.ratings import FEWEST

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.client import FeedClient
    from tests.web.conftest import Door

DAY_S = 86_400


async def served(door: Door, **ticket: Any) -> Any:
    """A ticket whose service was completed at w1, with the citizen's key."""
    taken = await door.issue(**ticket)
    for command in ("call_next", "start", "complete"):
        await door.window(command)
    return taken | {"key": taken["links"]["citizen"].partition("#token=")[2]}


async def told(feed: FeedClient, key: str) -> Any:
    """The key of a view, as soon as it says something."""
    while not (found := (await feed.next())["data"].get(key)):
        pass
    return found


async def rate(door: Door, ticket: Any, level: int, token: str, **more: Any) -> Any:
    body = {"command": "rate", "level": level, **more}
    return await door.ask("POST", f"tickets/{ticket['id']}/commands", body, token=token)


async def test_from_the_tablets_question_to_the_closing_of_a_case(door: Door) -> None:
    await door.staff()
    tablet = await door.token("rating", hall="test", window="w1")
    leader = await door.token("supervisor", name="李主任")
    clerk = await door.token("clerk", hall="test", window="w1")
    async with door.feed(tablet) as feed, door.feed(leader) as cases, door.feed(clerk) as nosy:
        assert (await feed.subscribe("strip", window="w1"))["data"]["rating"] is None
        assert (await cases.subscribe("cases"))["data"]["cases"] == []
        await nosy.say(type="subscribe", view="cases")
        assert (await nosy.hear(type="error"))["problem"]["code"] == "forbidden"

        ticket = await served(door, person={"id_no": "360829199001011234", "name": "张三"})
        asked = await told(feed, "rating")
        assert (asked["ticket"], asked["step"], asked["before"]) == (ticket["id"], 0, 0)

        key = {"Idempotency-Key": f"rate-{ticket['id']}-0"}
        body = {"command": "rate", "level": 1, "reasons": ["slow"], "text": "电话13800138000，等了两小时"}
        once = await door.post(f"tickets/{ticket['id']}/commands", body, token=tablet, **key)
        again = await door.post(f"tickets/{ticket['id']}/commands", body, token=tablet, **key)
        assert once["revision"] == again["revision"]
        assert (await rate(door, ticket, 5, ticket["key"])).json()["code"] == "limit_reached"

        [case] = await told(cases, "cases")
        assert (case["level"], case["number"], case["state"]) == (1, ticket["number"], "open")
        assert "13800138000" not in str(case)
        assert "等了两小时" in case["text"]
        assert [reason["name"] for reason in case["reasons"]] == ["办理慢"]
        floor = (await door.get("floor"))["data"]
        assert floor["cases"] == {"open": 1, "called_back": 0, "due_ms": [case["due_ms"]]}

    def act(command: str, **more: Any) -> dict[str, Any]:
        return {"command": command, "case": case["id"], **more}

    await door.post("commands", act("case_take"), token=leader)
    other = await door.token("supervisor", name="王主任")
    refused = await door.ask("POST", "commands", act("case_call_back", reached=False), token=other)
    assert (refused.status_code, refused.json()["code"]) == (409, "case_taken")
    assert "李主任" in refused.json()["detail"]
    assert 0 < refused.json()["retry_ms"] <= 30 * 60_000
    [taken] = (await door.get("cases", token=other))["cases"]
    assert (taken["taken"]["by_name"], taken["state"]) == ("李主任", "open")
    refused = await door.ask("POST", "commands", act("case_close", outcome="已办"), token=leader)
    assert (refused.status_code, refused.json()["state"]) == (409, "open")
    assert refused.json()["case"] == case["id"]
    await door.post("commands", act("case_call_back", reached=False), token=leader)
    await door.post("commands", act("case_call_back", reached=True, result="已补办"), token=leader)
    await door.post("commands", act("case_close", outcome="已致歉，当天办结"), token=leader)
    [closed] = (await door.get("cases?state=closed", token=leader))["cases"]
    assert [one["kind"] for one in closed["acts"]] == ["not_reached", "reached", "closed"]
    assert (await door.get("cases?state=open", token=leader))["cases"] == []
    await door.post("commands", act("case_reopen", reason="又来反映"), token=leader)
    assert (await door.get("cases?state=overdue", token=leader))["cases"] == []
    door.clock.later(3 * DAY_S)
    assert len((await door.get("cases?state=overdue", token=leader))["cases"]) == 1
    unknown = await door.ask(
        "POST", "commands", act("case_close", outcome="x") | {"case": "r1"}, token=leader
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_case")
    for line in (await door.get("events?since=0&limit=1000", token=leader))["events"]:
        assert "360829199001011234" not in str(line)
    for role in ("supervisor", "inspector"):
        token = await door.token(role)
        [case] = (await door.get("cases", token=token))["cases"]
        events = (await door.get("events?since=0&limit=1000", token=token))["events"]
        acted = [one["who"]["name"] for one in events if one["kind"].startswith(("case_c", "case_r"))]
        assert [one["by_name"] for one in case["acts"]] == acted == ["李主任"] * 4, "one rule for names"


@pytest.mark.parametrize("role", ["clerk", "helper", "rating", "screen", "kiosk"])
async def test_nobody_else_sees_or_does_anything_of_it(door: Door, role: str) -> None:
    token = await door.token(role)
    for path in ("cases", "ratings?from=2026-11-23&to=2026-11-23"):
        assert (await door.ask("GET", path, token=token)).status_code == 403
    body = {"command": "case_close", "case": "r1", "outcome": "x"}
    assert (await door.ask("POST", "commands", body, token=token)).status_code == 403


@pytest.mark.parametrize("role", ["clerk", "helper", "screen", "kiosk"])
async def test_no_view_of_theirs_tells_that_a_service_was_rated(door: Door, role: str) -> None:
    await door.staff()
    tickets = [await served(door) for _ in range(FEWEST + 1)]
    *earlier, ticket = tickets
    assert all([(await rate(door, one, 1, one["key"])).is_success for one in earlier])
    token = await door.token(role)
    views: dict[str, dict[str, str]] = {
        "strip": {"window": "w1"},
        "panel": {"window": "w1"},
        "ticket": {"ticket": ticket["id"]},
        **{name: {} for name in ("floor", "desk", "board", "entrance")},
    }

    async def seen() -> dict[str, Any]:
        """All views that the role may follow, and what else it may look at."""
        found: dict[str, Any] = {}
        async with door.feed(token) as feed:
            for name, about in views.items():
                shown = await feed.subscribe(name, **about)
                found[name] = (
                    {**shown["data"], "server_ms": 0} if "data" in shown else shown["problem"]["code"]
                )
        for path in ("floor", "windows/w1", f"tickets/{ticket['id']}", "tickets"):
            answer = await door.ask("GET", path, token=token)
            found[path] = answer.json() if answer.is_success else answer.status_code
            if answer.is_success:
                del found[path]["revision"]
        return found

    before = await seen()
    assert before["ticket"] == "forbidden" or before["ticket"]["rating"] is None
    assert (await rate(door, ticket, 1, ticket["key"])).is_success
    assert await seen() == before
    if role == "clerk":
        asked = {"command": "request_rating"}
        assert (await door.ask("POST", "windows/w1/commands", asked, token=token)).is_success


@pytest.mark.parametrize("role", ["clerk", "helper", "screen", "kiosk"])
async def test_no_feed_of_theirs_tells_anything_when_a_service_is_rated(door: Door, role: str) -> None:
    await door.staff()
    ticket = await served(door)
    await door.issue()
    token, leader = await door.token(role), await door.token("supervisor")
    views: dict[str, dict[str, str]] = {
        "strip": {"window": "w1"},
        "panel": {"window": "w1"},
        "ticket": {"ticket": ticket["id"]},
        **{name: {} for name in ("floor", "desk", "board", "entrance")},
    }
    async with door.feed(token) as feed, door.feed(leader) as told_all:
        followed = [name for name, at in views.items() if "data" in await feed.subscribe(name, **at)]
        await told_all.subscribe("floor")
        door.clock.later(7)
        assert (await rate(door, ticket, 1, ticket["key"])).is_success
        assert (await told_all.hear(type="change"))["data"]["ratings"]["rated"] == 1
        await door.post("commands", {"command": "suspend", "reason": "演练"})
        suspended = (await door.get(""))["revision"]
        await feed.hear(type="change", revision=suspended)
        assert followed
        for message in feed.heard:
            assert message["revision"] == suspended, f"{message['view']}: {message['data'].keys()}"


async def test_ratings_are_listed_over_days_that_the_journal_has_forgotten(door: Door) -> None:
    await door.staff()
    tablet = await door.token("rating", hall="test", window="w1")
    inspector = await door.token("inspector")
    days, given, unrated = [], [], set()
    keeper = Keeper(door.node.actor("test"), door.journal, door.node.home, lambda: True)
    for level in (5, 1, 3):
        days.append((await door.get("", token=inspector)) and door.node.actor("test").day)
        ticket = await served(door, channel="kiosk")
        by_phone = level == 3
        answer = await rate(door, ticket, level, ticket["key"] if by_phone else tablet)
        assert answer.is_success, answer.text
        unrated.add((await served(door))["id"])
        given.append((ticket["number"], level, "phone" if by_phone else "window"))
        door.clock.later(DAY_S)
        tomorrow = await door.issue()  # the next day begins
        await door.post(f"tickets/{tomorrow['id']}/commands", {"command": "cancel"})
        await keeper.keep_snapshot()
        await keeper.look()
    oldest = (await door.journal.read_revisions("test", 0, 1))[0].id.revision
    assert oldest > 1, "the journal reaches back to the beginning"

    async def pages(first: str, last: str, limit: int = 100) -> tuple[list[Any], set[str]]:
        rows: list[Any] = []
        seen: set[str] = set()
        after = ""
        while True:
            path = f"ratings?from={first}&to={last}&limit={limit}{after}"
            page = await door.get(path, token=inspector)
            rows += page["ratings"]
            seen.update(page["days"])
            if page["next"] is None:
                return rows, seen
            after = f"&after={page['next']}"

    for limit in (1, 2, 100):
        rows, seen = await pages(days[0], days[-1], limit)
        assert [(row["number"], row["level"], row["rated_at"]) for row in rows] == given
        assert seen == set(days)
        assert unrated.isdisjoint(row["ticket"] for row in rows), "a service without a rating is given one"
    assert [row["day"] for row in rows] == days
    assert {(row["service"], row["window"], row["clerk"], row["channel"]) for row in rows} == {
        ("general", "w1", "c1", "kiosk")
    }
    assert not {"person", "name"} & set(rows[0])
    assert [row["level"] for row in (await pages(days[1], days[1]))[0]] == [1]
    assert (await pages("2020-01-01", "2020-01-02")) == ([], set())
    for wrong in (
        "from=2026-11-23&to=2026-11-22",
        "from=2026-01-01&to=2027-06-01",
        "from=2026-02-30&to=2026-03-01",
    ):
        answer = await door.ask("GET", f"ratings?{wrong}", token=inspector)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), wrong


async def test_a_full_page_is_told_before_an_archived_day_that_the_journal_has_too(door: Door) -> None:
    await door.staff()
    inspector = await door.token("inspector")
    actor, home = door.node.actor("test"), door.node.home
    assert isinstance(home, MemoryHome)
    keeper = Keeper(actor, door.journal, home, lambda: True)
    today = actor.day
    for level in (5, 4):
        ticket = await served(door)
        assert (await rate(door, ticket, level, ticket["key"])).is_success
    door.clock.later(DAY_S)
    await door.issue()
    tomorrow = actor.day
    await keeper.keep_snapshot()
    await keeper.look()
    kept = await door.journal.read_revisions("test", home.days["test", today].entries[-1].id.revision, 100)
    await door.journal.trim("test", kept[0].id)
    home.days["test", tomorrow] = Records(GENESIS, list(kept), True)
    after = 0
    for level in (5, 4):
        path = f"ratings?from={today}&to={tomorrow}&limit=1&after={after}"
        page = await door.get(path, token=inspector)
        assert [row["level"] for row in page["ratings"]] == [level]
        after = page["next"]
    assert after is None


async def test_what_was_said_of_a_completion_that_was_taken_back_is_not_listed(door: Door) -> None:
    await door.staff()
    inspector, leader = await door.token("inspector"), await door.token("supervisor")
    first = await served(door)
    assert (await rate(door, first, 5, first["key"])).is_success
    second = await served(door)
    assert (await rate(door, second, 1, second["key"])).is_success
    async with door.feed(leader) as feed:
        assert (await feed.subscribe("cases"))["data"]["ratings"]["rated"] == 2
        await door.window("undo")
        told = (await feed.hear(type="change"))["data"]
        assert (told["ratings"]["rated"], told["cases"][0]["undone_ms"]) == (1, door.clock())
    today = door.node.actor("test").day
    path = f"ratings?from={today}&to={today}"

    async def listed(limit: int) -> list[int]:
        rows, after = [], ""
        while True:
            page = await door.get(f"{path}&limit={limit}{after}", token=inspector)
            rows += [row["level"] for row in page["ratings"]]
            assert page["days"] == [today]
            if page["next"] is None:
                return rows
            after = f"&after={page['next']}"

    for limit in (1, 2, 100):
        assert await listed(limit) == [5]
    await door.window("complete")
    late = await rate(door, second, 2, second["key"], before=0)
    assert late.json()["code"] == "wrong_state", "it was pressed before the completion was taken back"
    assert (await rate(door, second, 4, second["key"], before=1)).is_success
    third = await served(door)
    assert (await rate(door, third, 3, third["key"])).is_success
    for limit in (1, 2, 100):
        assert await listed(limit) == [5, 4, 3]
    seen = (await door.get(f"tickets/{second['id']}", token=leader))["ticket"]["ratings"]
    assert [(one["level"], one["taken_back"]) for one in seen] == [(4, False), (1, True)]


async def test_a_province_gets_its_file_over_the_public_api(door: Door, tmp_path: Path) -> None:
    await door.staff()
    ticket = await served(door, person={"id_no": "360829199001011234", "name": "张三"})
    assert (await rate(door, ticket, 2, ticket["key"], reasons=["slow"], text="慢")).is_success
    await served(door)
    inspector = await door.token("inspector")
    today = door.node.actor("test").day

    async def export(*more: str, token: str = inspector) -> tuple[int, str, str]:
        command = [
            *(sys.executable, "-m", "callq.cli", "ratings", "export", "--url", door.url, "--hall", "test")
        ]
        span = ["--from", today, "--to", today]
        env = {**os.environ, "CALLQ_RATINGS_TOKEN": token}
        done = await trio.run_process(
            [*command, *span, *more], capture_stdout=True, capture_stderr=True, check=False, env=env
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    settings = ("--set", "regionCode=441625", "--set", "serviceDepartment=示例中心")
    status, out, said = await export("--mapping", "province-a", "--format", "jsonl", *settings)
    assert (status, "1 ratings" in said) == (0, True), said
    [row] = [json.loads(line) for line in out.splitlines()]
    assert (row["projNo"], row["satisfaction"]) == (f"test-{today}-{ticket['number']}-0", "2")
    assert (row["evaluateChannel"], row["evaluateDetail"], row["regionCode"]) == ("3", "办理慢", "441625")
    assert "张" not in out

    status, _, said = await export("--mapping", "province-a")
    assert (status, "--set serviceDepartment=" in said) == (1, True), said
    status, _, said = await export("--mapping", "province-a", "--set", "regioncode=1")
    assert (status, "did you mean 'regionCode'" in said) == (1, True), said
    wrong = tmp_path / "mine.toml"
    wrong.write_text('name = "我省"\n\n[[fields]]\nname = "a"\nsource = ["levle"]\n', encoding="utf-8")
    status, _, said = await export("--mapping", str(wrong))
    assert (status, f"{wrong}:5:" in said, "did you mean 'level'" in said) == (1, True, True), said
    status, _, said = await export("--mapping", "province-b")
    assert (status, "province-a" in said) == (1, True), said
    status, _, said = await export("--mapping", "province-a", token=await door.token("clerk"))
    assert (status, "list_ratings" in said) == (1, True), said
    assert inspector not in said
