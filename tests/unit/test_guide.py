"""Where somebody is sent: a table of cases, and what each answer owes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Rejected
from callq.domain.hall import Booking, Item, WindowConfig, Zone
from callq.guide.facts import Facts
from callq.guide.question import Question
from callq.guide.reasons import TEXTS, UNAVAILABLE
from callq.guide.route import Routed, route
from callq.guide.traits import BURDEN_MIN
from tests.guided import OUTLETS, guided_hall
from tests.harness import MONDAY_9H, Hall
from tests.unit.documents import cells, rows, section, text

if TYPE_CHECKING:
    from callq.domain.hall import HallConfig

ALL_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = 60_000
HOUR = 60 * MINUTE


def ask(hall: Hall, *items: Any, **more: Any) -> Routed:
    """Ask a hall; an item is a code, or a code and how sure it is."""
    likely = [(one, 0.9) if isinstance(one, str) else one for one in items]
    if "traits" in more:
        more["traits"] = frozenset(more["traits"].split())
    if "accept" in more:
        more["accept"] = frozenset(more["accept"].split())
    return route(Facts(hall.state, max(hall.now_ms, hall.state.now_ms)), Question(likely, **more))


def ways(found: Routed) -> list[str]:
    """Channel and services of each option, best first."""
    return [" ".join((one.channel, one.service, *one.services)) for one in found.options]


def codes(found: Routed, rank: int = 1) -> set[str]:
    return {one.code for one in found.options[rank - 1].why}


def open_hall(config: HallConfig | None = None) -> Hall:
    """Every window but the green and the signing one is staffed."""
    hall = Hall(config or guided_hall())
    for window, clerk in (("w1", "c1"), ("w2", "c2"), ("w3", "c4"), ("w6", "c3")):
        hall.do(cmd.SignIn(window=window, clerk=clerk))
        hall.do(cmd.Open(window=window))
    return hall


@pytest.mark.parametrize(
    ("items", "more", "expected"),
    [
        # The hall's order of channels decides between ways that are equally quick.
        (["card"], {}, ["self_service social", "window social"]),
        (["pension"], {}, ["window social", "remote video", "online social"]),
        (["permit"], {}, ["online general", "window general", "agent general"]),
        # Who does not like machines is not sent to one first.
        (["card"], {"traits": "elderly"}, ["window social", "self_service social"]),
        (["permit"], {"traits": "digital_shy"}, ["window general", "online general", "agent general"]),
        (["advice"], {"traits": "deaf"}, ["window general", "phone general", "doorstep general"]),
        (["advice"], {}, ["phone general", "window general", "doorstep general"]),
        # What is not accepted is not offered.
        (["pension"], {"accept": "online remote"}, ["remote video", "online social"]),
        # Several matters are one visit; a channel for a part of them comes after.
        (["licence", "house"], {}, ["window general estate", "online general", "appointment estate"]),
        (["house", "search"], {}, ["window estate", "self_service estate", "appointment estate"]),
        (["licence", "permit"], {}, ["window general", "online general", "agent general"]),
        # Unsure: the best of each that is possible, then the desk, then the rest.
        (
            [("card", 0.5), ("licence", 0.3), ("house", 0.1)],
            {},
            ["self_service social", "window general", "window desk", "window social", "online general"],
        ),
        ([], {}, ["window desk"]),
        ([("card", 0.1)], {}, ["window desk"]),
        # Two weak beliefs in one service are a strong one in the service.
        ([("licence", 0.4), ("permit", 0.3)], {}, ["window general", "online general", "agent general"]),
    ],
)
def test_ways_in_their_order(items: list[Any], more: dict[str, Any], expected: list[str]) -> None:
    found = ask(open_hall(), *items, **more)
    assert ways(found) == expected
    assert [one.rank for one in found.options] == list(range(1, len(expected) + 1))
    assert found.unavailable == ()


def test_who_waits_longer_is_sent_to_the_machine() -> None:
    hall = open_hall()
    for _ in range(6):
        hall.issue("social")
    hall.later(20 * 60)
    found = ask(hall, "pension")
    wait = found.options[ways(found).index("window social")].wait
    assert (wait.p50_s, wait.low_s, wait.high_s) == (1200, 720, 1920)
    assert ways(found) == ["remote video", "online social", "window social"]
    assert [one.ahead for one in found.options] == [0, None, 6]
    self_service = ask(hall, "card")
    assert "shortest_wait" in codes(self_service)
    assert "shortest_wait" not in codes(self_service, 2)
    assert self_service.options[0].wait.p50_s == 180
    assert self_service.options[0].outlet is not None
    assert self_service.options[0].outlet.place == "北门"


def test_a_wait_that_nobody_knows_is_null() -> None:
    found = ask(open_hall(), "licence", "permit").options[0]
    assert found.wait.p50_s is None
    assert found.ahead == 0
    assert {one.code for one in found.why} >= {"window_free"}
    assert ask(open_hall(), "permit").options[0].wait.p50_s is None


def test_windows_are_those_that_serve_it_now() -> None:
    hall = open_hall()
    assert ask(hall, "licence").options[0].windows == ("w1", "w2")
    hall.do(cmd.Pause(window="w1", reason="喝水"))
    assert ask(hall, "licence").options[0].windows == ("w2",)
    hall.do(cmd.Close(window="w2"))
    found = ask(hall, "licence", accept="window")
    assert found.options[0].windows == ()
    assert codes(found) == {"no_window_now", "hall_prefers"}
    assert ways(ask(hall, "licence"))[0] == "online general"


def test_traits_choose_among_windows() -> None:
    hall = open_hall()
    hall.do(cmd.SignOut(window="w2"))
    hall.do(cmd.SignIn(window="w5", clerk="c2"))
    hall.do(cmd.Open(window="w5"))
    assert ask(hall, "licence").options[0].windows == ("w1", "w5")
    found = ask(hall, "licence", traits="pregnant")
    assert found.options[0].windows == ("w5", "w1")
    assert codes(found) >= {"may_have_priority", "green_window"}
    hall.do(cmd.Close(window="w5"))
    hall.do(cmd.SignOut(window="w5"))
    hall.do(cmd.SignIn(window="w7", clerk="c2"))
    hall.do(cmd.Open(window="w7"))
    found = ask(hall, "licence", traits="deaf")
    assert found.options[0].windows == ("w7", "w1")
    assert "sign_language" in codes(found)


def test_who_takes_no_stairs() -> None:
    hall = open_hall()
    found = ask(hall, "house", traits="wheelchair")
    assert found.options[0].windows == ("w1", "w3")
    assert "ground_floor" in codes(found)
    hall.do(cmd.Close(window="w1"))
    found = ask(hall, "house", traits="wheelchair")
    assert "upstairs" in codes(found)
    assert any("二楼" in one.zh for one in found.options[0].why)


def test_a_stopped_service_is_told_and_not_offered() -> None:
    hall = open_hall()
    hall.do(cmd.StopIssuing(service="social", reason="系统故障"))
    found = ask(hall, "pension")
    assert ways(found) == ["remote video", "online social"]
    (stopped,) = found.unavailable
    assert (stopped.service, stopped.code, stopped.next_ms) == ("social", "service_closed", None)
    assert stopped.zh == "暂停取号：系统故障"
    assert stopped.en == "It takes no tickets for now: 系统故障"
    hall.do(cmd.StopIssuing(service="social", reason="系统故障", reason_en="System down"))
    (stopped,) = ask(hall, "pension").unavailable
    assert stopped.en == "It takes no tickets for now: System down"
    both = ask(hall, "pension", "licence")
    assert ways(both) == ["online social general", "window general", "remote video"]
    assert "only_part" in codes(both, 2)


def test_where_nothing_is_left_the_desk_is() -> None:
    hall = open_hall()
    hall.do(cmd.StopIssuing(service="estate", reason="系统故障"))
    found = ask(hall, "house", accept="window")
    assert ways(found) == ["window desk"]


def test_a_full_service_offers_a_slot_and_tomorrow() -> None:
    config = guided_hall(hours="08:00-18:00")
    services = tuple(
        msgspec.structs.replace(one, quota=1) if one.code == "estate" else one for one in config.services
    )
    hall = open_hall(msgspec.structs.replace(config, services=services))
    hall.issue("estate")
    found = ask(hall, "house")
    assert ways(found) == ["appointment estate", "window estate", "window desk"]
    assert found.options[0].arrive_ms == MONDAY_9H + 30 * MINUTE
    assert found.options[0].commit == "booking"
    assert found.options[1].arrive_ms == MONDAY_9H + 23 * HOUR
    assert found.options[1].commit is None
    assert found.unavailable[0].code == "quota_exhausted"
    assert found.unavailable[0].next_ms == MONDAY_9H + 23 * HOUR


def test_where_the_papers_are_looked_at_first_the_desk_is_named() -> None:
    config = guided_hall()
    services = tuple(
        msgspec.structs.replace(one, precheck=("身份证原件",), needs_precheck=True)
        if one.code == "estate"
        else one
        for one in config.services
    )
    found = ask(open_hall(msgspec.structs.replace(config, services=services)), "house")
    assert "window estate" not in ways(found)
    assert [one.code for one in found.unavailable if "estate" in (one.service or "")] == ["precheck_needed"]


def test_after_hours_machines_and_the_next_session() -> None:
    hall = open_hall(guided_hall(hours="08:00-17:00"))
    hall.now_ms = MONDAY_9H + 11 * HOUR
    found = ask(hall, "card")
    assert ways(found) == ["self_service social", "window social"]
    later = found.options[1]
    assert later.arrive_ms == MONDAY_9H + 23 * HOUR
    assert (later.commit, later.windows, later.ahead, later.wait.p50_s) == (None, (), None, None)
    assert "11月24日 08:00 开始取号" in [one.zh for one in later.why]
    assert [one.code for one in later.why] == ["hall_prefers_others", "opens_at", "wait_unknown_then"]
    assert [one.minutes for one in later.why] == [5, 720, 15]
    assert found.unavailable[0].code == "outside_session"
    assert ways(ask(hall, "advice")) == ["window general", "phone general", "doorstep general"]
    assert ask(hall, "advice").options[1].arrive_ms == MONDAY_9H + 24 * HOUR


def test_who_comes_later_is_told_about_then() -> None:
    hall = open_hall(guided_hall(hours="08:00-17:00"))
    hall.issue("general")
    hall.later(600)
    now = hall.now_ms
    soon = ask(hall, "licence", arrive_ms=now + 6 * MINUTE, accept="window").options[0]
    assert (soon.commit, soon.arrive_ms, soon.ahead) == ("ticket", now + 6 * MINUTE, 1)
    assert (soon.wait.p50_s, soon.wait.low_s, soon.wait.high_s) == (600, 324, 1056)
    half = ask(hall, "licence", arrive_ms=now + 30 * MINUTE, accept="window").options[0]
    assert (half.commit, half.ahead) == (None, None)
    assert (half.wait.low_s, half.wait.high_s) == (180, 1440)
    far = ask(hall, "licence", arrive_ms=now + 3 * HOUR, accept="window")
    assert far.options[0].wait.p50_s is None
    assert codes(far) >= {"take_ticket_on_arrival", "wait_unknown_then"}
    evening = ask(hall, "house", arrive_ms=MONDAY_9H + 10 * HOUR)
    assert ways(evening)[0] == "appointment estate"
    assert evening.options[0].arrive_ms == MONDAY_9H + 23 * HOUR
    past = ask(hall, "licence", arrive_ms=now - HOUR).options[0]
    assert past.arrive_ms is None


def test_a_suspended_hall_sends_elsewhere() -> None:
    hall = open_hall()
    hall.do(cmd.Suspend(reason="停电"))
    found = ask(hall, "licence")
    assert ways(found) == ["online general"]
    assert (found.unavailable[0].code, found.unavailable[0].next_ms) == ("hall_suspended", None)


def test_a_closed_day_is_over() -> None:
    hall = open_hall()
    hall.do(cmd.CloseDay(reason="台风"))
    found = ask(hall, "licence")
    assert ways(found) == ["online general", "window general"]
    assert found.options[1].arrive_ms == hall.state.day_ends_ms


def test_a_matter_nobody_knows_is_refused() -> None:
    with pytest.raises(Rejected) as refused:
        ask(open_hall(), "nonsense")
    assert refused.value.code == "unknown_item"


def test_only_who_is_sure_has_the_matter_on_the_ticket() -> None:
    hall = open_hall()
    assert ask(hall, "licence").options[0].item == "licence"
    unsure = ask(hall, ("licence", 0.4), ("permit", 0.4)).options[0]
    assert (unsure.item, unsure.items) == (None, ("licence", "permit"))
    visit = ask(hall, "house", "licence").options[0]
    assert (visit.service, visit.services, visit.item) == ("estate", ("general",), "house")
    assert "one_visit" in {one.code for one in visit.why}


def test_no_more_options_than_help() -> None:
    found = ask(open_hall(), ("pension", 0.3), ("permit", 0.3), ("house", 0.3))
    assert len(found.options) == 8
    assert ways(found)[3] == "window desk"


def test_every_reason_is_in_the_page_for_guides() -> None:
    described = rows(section(text("docs/guide.md"), "Reasons"))
    assert set(described) == set(TEXTS)
    for code, said in TEXTS.items():
        assert tuple(cells(described[code])[1:3]) == said


def test_what_is_unavailable_is_in_the_page_for_guides() -> None:
    described = rows(section(text("docs/guide.md"), "Where there is no way"))
    assert set(described) == set(UNAVAILABLE)
    for code, said in UNAVAILABLE.items():
        assert tuple(cells(described[code])[1:3]) == said


def test_what_traits_count_is_in_the_page_for_guides() -> None:
    table = [cells(line) for line in section(text("docs/guide.md"), "Traits").splitlines() if "| `" in line]
    assert {(trait.strip("`"), channel.strip("`")): float(n) for trait, channel, n in table} == BURDEN_MIN


@pytest.mark.parametrize(
    ("items", "more", "rank", "said"),
    [
        (["card"], {}, 2, {"hall_prefers_others": 5, "window_free": 0}),
        (["permit"], {}, 1, {"hall_prefers": 0, "no_queue": 3}),
        (["permit"], {}, 3, {"hall_prefers_others": 10, "outlet_opens_at": 2 * 1440 + 60, "no_queue": 0}),
        (["card"], {"traits": "elderly digital_shy"}, 2, {"may_need_help": 540}),
        (
            ["advice"],
            {"traits": "wheelchair disabled"},
            3,
            {"hall_prefers_others": 10, "spares_the_way": -30},
        ),
        (["house"], {"traits": "wheelchair", "accept": "window"}, 1, {"ground_floor": 0, "hall_prefers": 0}),
        (["house"], {"accept": "appointment"}, 1, {"slot_free": 30, "hall_prefers_others": 5}),
        (["licence"], {"arrive_ms": MONDAY_9H + 2 * HOUR}, 2, {"wait_unknown_then": 15}),
        ([("card", 0.3), ("licence", 0.3)], {}, 4, {"likely": 0, "other_way": 0, "hall_prefers_others": 5}),
    ],
)
def test_what_moves_an_option_is_said_with_its_minutes(
    items: list[Any], more: dict[str, Any], rank: int, said: dict[str, float]
) -> None:
    found = {one.code: one.minutes for one in ask(open_hall(), *items, **more).options[rank - 1].why}
    assert found.items() >= said.items()


def test_a_queue_that_stands_counts_its_wait_or_what_it_is_taken_for() -> None:
    hall = open_hall()
    for window in ("w1", "w2"):
        hall.issue("general")
        hall.do(cmd.CallNext(window=window))

    def counted() -> dict[str, float]:
        return {one.code: one.minutes for one in ask(hall, "licence", accept="window").options[0].why}

    # The next who is done, of two who take ten minutes each.
    assert counted().items() >= {"nobody_ahead": 5.0}.items()
    hall.issue("general")
    # Who came a moment ago tells nothing yet; that one more is served before does.
    wait = ask(hall, "licence", accept="window").options[0].wait
    assert (wait.p50_s, wait.low_s, wait.high_s) == (300, 180, 480)
    assert not {"nobody_ahead", "wait_unknown"} & set(counted())
    for window in ("w1", "w2"):
        hall.do(cmd.Pause(window=window, reason="喝水"))
        hall.do(cmd.Start(window=window))
        hall.later(60)
        hall.do(cmd.Complete(window=window))
    assert counted().items() >= {"no_window_now": 30.0}.items()


def test_only_windows_of_the_channel_are_free_for_it() -> None:
    hall = open_hall()
    hall.issue("social")
    hall.do(cmd.CallNext(window="w1"))
    found = ask(hall, "pension")
    said = {one.channel: {why.code for why in one.why} for one in found.options}
    assert "window_free" in said["remote"]
    assert "window_free" not in said["window"]


def test_waits_are_compared_within_one_matter() -> None:
    outlets = tuple(
        msgspec.structs.replace(one, wait_min=30.0) if one.channel == "online" else one for one in OUTLETS
    )
    hall = open_hall(guided_hall(outlets=outlets))
    hall.issue("general")
    hall.later(20 * 60)
    assert "shortest_wait" in codes(ask(hall, "licence"))
    # Nobody knows how long one waits for an agent, who is quicker than both.
    unknown = tuple(
        msgspec.structs.replace(one, wait_min=None, days=ALL_DAYS, hours="00:00-24:00")
        if one.channel == "agent"
        else one
        for one in outlets
    )
    beside = open_hall(guided_hall(outlets=unknown))
    beside.issue("general")
    beside.later(20 * 60)
    found = ask(beside, "permit")
    assert [one.wait.p50_s for one in found.options] == [None, 1200, 1800]
    assert not [rank for rank in (1, 2, 3) if "shortest_wait" in codes(found, rank)]
    assert "shortest_wait" in codes(ask(beside, "permit", accept="window online"))
    # Of the visit it is known how long one waits for the licence, not for the house.
    both = ask(hall, "licence", "house")
    assert ways(both)[:2] == ["window general estate", "online general"]
    assert not [one for rank in (1, 2) for one in codes(both, rank) if one == "shortest_wait"]
    # The machine is quicker, but for something else.
    unsure = ask(hall, ("licence", 0.4), ("card", 0.4))
    said = {way: "shortest_wait" in codes(unsure, rank) for rank, way in enumerate(ways(unsure), 1)}
    assert said["window general"]
    assert not said["online general"]


def test_who_may_be_told_of_the_matter_that_the_way_settles() -> None:
    found = ask(open_hall(), ("card", 0.3), ("pension", 0.25), accept="online")
    assert found.options[0].items == ("pension",)
    assert "退休待遇" in next(one.zh for one in found.options[0].why if one.code == "likely")


def test_stairs_are_those_to_the_windows() -> None:
    zones = (
        Zone(code="hall", name="大厅", place="一楼"),
        Zone(code="upstairs", name="地下", place="负一楼"),
    )
    services = tuple(
        msgspec.structs.replace(one, zone="hall") if one.code == "estate" else one
        for one in guided_hall().services
    )
    hall = open_hall(guided_hall(zones=zones, services=services))
    hall.do(cmd.Close(window="w1"))
    found = next(
        one for one in ask(hall, "house", traits="wheelchair").options[0].why if one.code == "upstairs"
    )
    assert found.zh.startswith("在负一楼")
    assert found.minutes == 15


def test_how_sure_is_sure() -> None:
    hall = open_hall()
    # A matter is meant from 0.6 on.
    assert "likely" not in codes(ask(hall, ("licence", 0.6)))
    assert "likely" in codes(ask(hall, ("licence", 0.59)))
    # One of less than 0.2 is not worth an option.
    assert ways(ask(hall, ("house", 0.2)))[0] == "window estate"
    assert ways(ask(hall, ("house", 0.19))) == ["window desk"]


def test_who_is_unsure_chooses_among_three_services() -> None:
    config = guided_hall()
    more = Item(code="ask", name="查询", service="desk", channels=("window",))
    hall = open_hall(msgspec.structs.replace(config, items=(*config.items, more)))
    found = ask(hall, ("licence", 0.25), ("pension", 0.24), ("house", 0.23), ("ask", 0.22), accept="window")
    assert ways(found) == ["window general", "window social", "window estate", "window desk"]
    assert [one.items for one in found.options] == [("licence",), ("pension",), ("house",), ()]
    assert lacks(found) == [("less_likely", "desk", ("ask",), ())]


def test_who_comes_within_a_quarter_of_an_hour_may_have_a_ticket_now() -> None:
    hall = open_hall()
    for _ in range(4):
        hall.issue("general")
    hall.later(26 * 60)
    commits = {
        minutes: ask(hall, "licence", arrive_ms=hall.now_ms + round(minutes * MINUTE), accept="window")
        .options[0]
        .commit
        for minutes in (1, 14.9, 15, 15.1, 20)
    }
    # Nobody is called in less than 26 x 0.6 minutes.
    assert commits == {1: "ticket", 14.9: "ticket", 15: "ticket", 15.1: None, 20: None}


def test_no_ticket_is_offered_before_the_service_gives_any() -> None:
    hall = Hall(guided_hall(hours="09:30-17:00"), now_ms=MONDAY_9H + 29 * MINUTE + 30_000)
    for window, clerk in (("w1", "c1"), ("w3", "c4")):
        hall.do(cmd.SignIn(window=window, clerk=clerk))
        hall.do(cmd.Open(window=window))
    opens_ms = MONDAY_9H + 30 * MINUTE
    early = ask(hall, "licence", arrive_ms=opens_ms, accept="window").options[0]
    assert (early.commit, early.arrive_ms) == (None, opens_ms)
    with pytest.raises(Rejected):
        hall.do(cmd.Issue(ticket="t", service="general"))
    hall.now_ms = opens_ms
    hall.do(cmd.Tick())
    assert ask(hall, "licence", accept="window").options[0].commit == "ticket"
    hall.do(cmd.Issue(ticket="t", service="general"))


def test_a_number_that_would_be_called_before_is_not_taken() -> None:
    hall = open_hall()

    def window(minutes: int) -> Routed:
        return ask(hall, "licence", arrive_ms=hall.now_ms + minutes * MINUTE, accept="window")

    free = window(14)
    assert (free.options[0].commit, free.options[0].ahead) == (None, None)
    assert "take_ticket_on_arrival" in codes(free)
    # Who is at the door is here, whatever their clock says.
    assert window(1).options[0].commit == "ticket"
    assert window(2).options[0].commit is None
    hall.issue("general")
    hall.later(600)
    assert [window(minutes).options[0].commit for minutes in (6, 7)] == ["ticket", None]


def test_after_a_crowd_the_wait_is_what_the_count_says_and_decides() -> None:
    hall = open_hall()
    hall.do(cmd.Close(window="w1"))
    hall.issue("general")
    hall.later(4 * 60)
    # As long as the only one before them has waited.
    quick = ask(hall, "licence", accept="window")
    assert quick.options[0].wait.p50_s == 240
    for _ in range(40):
        hall.issue("general")
    found = next(one for one in ask(hall, "licence").options if one.channel == "window")
    assert (found.ahead, found.wait.p50_s) == (41, 41 * 600)
    hall.do(cmd.Close(window="w2"))
    found = next(one for one in ask(hall, "licence").options if one.channel == "window")
    assert found.wait.p50_s is None
    assert "no_window_now" in {one.code for one in found.why}


def test_windows_that_are_about_to_stop_serve_nobody_more() -> None:
    hall = open_hall()
    hall.issue("general")
    hall.issue("general")
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.CallNext(window="w2"))
    assert ask(hall, "licence", accept="window").options[0].windows == ("w1", "w2")
    hall.do(cmd.Pause(window="w1"))
    assert hall.state.windows["w1"].pause_after
    assert ask(hall, "licence", accept="window").options[0].windows == ("w2",)
    hall.do(cmd.Close(window="w2"))
    assert hall.state.windows["w2"].draining
    assert ask(hall, "licence", accept="window").options[0].windows == ()
    hall.do(cmd.Unpause(window="w1"))
    hall.do(cmd.Open(window="w2"))
    assert ask(hall, "licence", accept="window").options[0].windows == ("w1", "w2")


def test_a_ticket_for_video_is_called_by_video() -> None:
    hall = open_hall()
    remote = next(one for one in ask(hall, "pension").options if one.channel == "remote")
    assert (remote.service, remote.windows, remote.items) == ("video", ("w6",), ("pension",))
    ticket = hall.issue("video")
    for window in ("w1", "w2"):
        assert hall.do(cmd.CallNext(window=window)).ticket is None
    hall.do(cmd.CallNext(window="w6"))
    assert ticket.window == "w6"


@pytest.mark.parametrize("services", [("social", "video"), ()])
def test_a_hall_whose_other_windows_would_call_it_too_is_refused(services: tuple[str, ...]) -> None:
    windows = tuple(
        msgspec.structs.replace(one, services=services) if one.id == "w1" else one
        for one in guided_hall().windows
    )
    with pytest.raises(Rejected, match="no service is for remote windows alone") as refused:
        Hall(guided_hall(windows=windows))
    assert "name a service in remote windows" in refused.value.hint


def test_alternatives_of_one_service_are_not_all_wanted() -> None:
    hall = open_hall()
    # Together it is the service that is meant; the agent does one of the two.
    found = ask(hall, ("permit", 0.35), ("licence", 0.3))
    assert ways(found) == ["window general", "online general", "agent general"]
    assert not [rank for rank in (1, 2, 3) if "only_part" in codes(found, rank)]
    assert "食品许可" in next(one.zh for one in found.options[2].why if one.code == "likely")
    # Beside something certain it is the certain matter that may be left out.
    found = ask(hall, "house", ("permit", 0.35), ("licence", 0.3))
    assert "only_part" in codes(found, ways(found).index("online general") + 1)
    assert "one_visit" in codes(found)


def test_what_may_be_wanted_too_is_named() -> None:
    found = ask(open_hall(), ("licence", 0.9), ("house", 0.5), ("permit", 0.2), ("card", 0.1))
    assert {one.items for one in found.options} == {("licence",)}
    assert lacks(found) == [
        ("less_likely", "estate", ("house",), ()),
        ("less_likely", "general", ("permit",), ()),
    ]


def test_who_takes_no_stairs_is_sent_to_the_ground_floor_first() -> None:
    config = guided_hall()
    green = WindowConfig(id="w8", label="8", zone="upstairs", kind="green", services=("general",))
    hall = open_hall(msgspec.structs.replace(config, windows=(*config.windows, green)))
    hall.do(cmd.SignOut(window="w2"))
    hall.do(cmd.SignIn(window="w8", clerk="c2"))
    hall.do(cmd.Open(window="w8"))
    found = ask(hall, "licence", traits="wheelchair disabled")
    assert found.options[0].windows == ("w1", "w8")
    assert "ground_floor" in codes(found)
    assert "green_window" not in codes(found)
    assert ask(hall, "licence", traits="disabled").options[0].windows == ("w8", "w1")


def test_all_services_of_a_visit_count() -> None:
    hall = open_hall()
    found = ask(hall, "licence", "house", accept="window")
    assert not {"further_no_window", "upstairs"} & codes(found)
    hall.do(cmd.Close(window="w1"))
    stairs = ask(hall, "licence", "house", accept="window", traits="wheelchair")
    assert [(one.zh, one.minutes) for one in stairs.options[0].why if one.code == "upstairs"] == [
        ("在二楼，请走无障碍通道或请导办员协助", 15)
    ]
    hall.do(cmd.Pause(window="w3", reason="喝水"))
    found = ask(hall, "licence", "house", accept="window")
    assert [(one.zh, one.minutes) for one in found.options[0].why if one.code == "further_no_window"] == [
        ("“不动产登记”目前没有窗口在办理", 30)
    ]


def test_where_all_is_closed_the_visit_is_at_the_next_opening() -> None:
    hall = open_hall(guided_hall(hours="08:00-17:00"))
    hall.now_ms = MONDAY_9H + 11 * HOUR
    found = ask(hall, "licence", "house", accept="window")
    assert ways(found) == ["window general estate"]
    assert codes(found) >= {"one_visit", "opens_at"}
    assert found.options[0].arrive_ms == MONDAY_9H + 23 * HOUR


def test_matters_beyond_the_eighth_option_are_told() -> None:
    config = guided_hall()
    services = tuple(
        msgspec.structs.replace(
            config.services[0],
            code=f"s{n}",
            skill="general",
            prefix="S" + "ABCDEFGHJK"[n],
            booking=Booking(slot_min=30),
        )
        for n in range(10)
    )
    items = tuple(
        Item(code=f"i{n}", name=f"事项{n}", service=f"s{n}", channels=("appointment",)) for n in range(10)
    )
    empty = WindowConfig(id="w9", label="9", zone="hall", services=tuple(one.code for one in services))
    hall = Hall(
        msgspec.structs.replace(
            config,
            services=(*config.services, *services),
            windows=(*config.windows, empty),
            items=(*config.items, *items),
        )
    )
    found = ask(hall, *(f"i{n}" for n in range(10)))
    assert len(found.options) == 8
    settled = {code for one in found.options for code in one.items}
    assert {one.items[0] for one in found.unavailable} == {f"i{n}" for n in range(10)} - settled
    assert {one.code for one in found.unavailable} == {"not_shown"}


# What there is no option for ------------------------------------------------------------------------


def lacks(found: Routed) -> list[tuple[Any, ...]]:
    return [(one.code, one.service, one.items, one.instead) for one in found.unavailable]


def test_who_accepts_nothing_that_does_is_told_what_would() -> None:
    found = ask(open_hall(), "card", accept="phone")
    assert ways(found) == []
    assert lacks(found) == [("not_accepted", "social", ("card",), ("self_service", "window"))]
    # Matter by matter, and the best first.
    found = ask(open_hall(), "card", "pension", accept="online", traits="elderly")
    assert ways(found) == ["online social"]
    assert lacks(found) == [("not_accepted", "social", ("card",), ("window", "self_service"))]
    assert "only_part" in codes(found)
    found = ask(open_hall(), accept="phone")
    assert lacks(found) == [("not_accepted", "desk", (), ("window",))]


def test_what_is_accepted_but_not_to_be_had_is_told() -> None:
    hall = open_hall()
    far = hall.now_ms + 20 * 24 * HOUR
    found = ask(hall, "house", accept="appointment", arrive_ms=far)
    assert ways(found) == []
    assert lacks(found) == [("no_way", "estate", ("house",), ("window",))]
    hall.do(cmd.StopIssuing(service="general", reason="故障"))
    # That the service is stopped says it all.
    found = ask(hall, "advice", accept="window")
    assert lacks(found) == [("service_closed", "general", ("advice",), ("phone", "doorstep"))]


def test_a_suspended_hall_sends_nobody_to_its_machines() -> None:
    hall = open_hall()
    hall.do(cmd.Suspend(reason="停电"))
    found = ask(hall, "card")
    assert ways(found) == []
    assert lacks(found) == [("hall_suspended", "social", ("card",), ())]


def test_a_hall_without_a_desk_says_so() -> None:
    windows = tuple(one for one in guided_hall().windows if one.kind != "fallback")
    hall = Hall(guided_hall(windows=windows))
    assert lacks(ask(hall)) == [("nothing_meant", None, (), ())]
    assert lacks(ask(hall, ("card", 0.1))) == [("nothing_meant", None, (), ())]


def test_the_desk_that_is_open_is_offered_last_and_says_why() -> None:
    hall = open_hall()
    hall.do(cmd.StopIssuing(service="estate", reason="故障"))
    found = ask(hall, "house")
    assert ways(found) == ["appointment estate", "window desk"]
    assert "desk_meanwhile" in codes(found, 2)


# ----------------------------------------------------------------------------------------------------


def test_an_unsure_citizen_is_told_when_the_desk_opens() -> None:
    hall = open_hall(guided_hall(hours="08:00-17:00"))
    hall.now_ms = MONDAY_9H + 11 * HOUR
    found = ask(hall)
    assert ways(found) == ["window desk"]
    assert found.options[0].arrive_ms == MONDAY_9H + 23 * HOUR
    assert found.options[0].commit is None
    assert lacks(found) == [("outside_session", "desk", (), ())]
    # What can be done now comes before the desk that opens tomorrow.
    noon = open_hall(guided_hall(hours="08:00-12:00"))
    noon.now_ms = MONDAY_9H + 5 * HOUR
    unsure = ask(noon, ("advice", 0.3))
    assert ways(unsure) == ["phone general", "doorstep general", "window desk", "window general"]
