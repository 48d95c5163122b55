"""潮汐: what plans may do, and how they are proposed and accepted."""

from __future__ import annotations

import msgspec

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.errors import Code
from callq.domain.tides import (
    PART_MS,
    SkillsOf,
    TideMemory,
    TideNeed,
    TideReason,
    beta_of,
    mode_of,
    opening_ms,
)
from tests.harness import small_hall
from tests.rules.scene import HOUR, MIN, refused, rule, settle
from tests.rules.tidal import BOSS, Tidal, tidal


@rule("T-one-minute-once")
def test_of_two_nodes_that_reckon_a_minute_one_is_heard(automatic: Tidal) -> None:
    automatic.reckon(open=("w1",))
    again = automatic.command(open=("w2",))
    assert not automatic.do(again, who=cmd.SYSTEM).events
    assert opening_ms(automatic.state, "w2") is None


@rule("T-one-minute-once")
def test_what_changes_nothing_is_not_written(automatic: Tidal) -> None:
    memory = TideMemory(needs=(TideNeed(6, 2),), there=1, below_clock=5)
    assert automatic.reckon(memory).events
    assert not automatic.reckon(memory).events
    assert automatic.reckon(msgspec.structs.replace(memory, below_clock=None)).events


@rule("T-still-possible")
def test_what_is_no_longer_possible_is_left_out(automatic: Tidal) -> None:
    automatic.do(cmd.Open(window="w2"))
    events = automatic.reckon(open=("w1", "w2", "gone"), close=("w3",)).events
    assert [type(e) for e in events] == [ev.TidesReckoned, ev.TidesApplied, ev.WindowOpening]
    plan = automatic.state.tides.in_force
    assert plan is not None
    assert (plan.open, plan.close) == (("w1",), ())


@rule("T-other-configuration")
def test_a_plan_of_another_configuration_is_not_heard(automatic: Tidal) -> None:
    automatic.later(MIN)
    command = automatic.command(open=("w1",))
    automatic.do(cmd.Configure(config=msgspec.structs.replace(automatic.state.config, name="新名")))
    assert not automatic.do(command, who=cmd.SYSTEM).events


@rule("T-only-tidal")
def test_only_windows_that_the_hall_file_names_are_moved() -> None:
    hall = tidal(windows=("w2",))
    hall.reckon(open=("w1", "w2"))
    assert opening_ms(hall.state, "w1") is None
    assert opening_ms(hall.state, "w2") is not None
    settle(hall)


@rule("T-off")
def test_tides_that_are_off_move_nothing(automatic: Tidal) -> None:
    automatic.reckon(open=("w1",))
    automatic.do(cmd.SetTides(mode="off"), who=BOSS)
    assert opening_ms(automatic.state, "w1") is None
    assert not automatic.reckon(open=("w1",)).events
    automatic.do(cmd.SetTides(mode=None), who=BOSS)
    assert mode_of(automatic.state) == "automatic"
    assert automatic.reckon(open=("w1",)).events


@rule("T-off")
def test_the_mode_of_a_day_ends_with_it(automatic: Tidal) -> None:
    automatic.do(cmd.SetTides(mode="advise"), who=BOSS)
    assert not automatic.do(cmd.SetTides(mode="advise"), who=BOSS).events
    automatic.next_day()
    assert mode_of(automatic.state) == "automatic"


@rule("T-off")
def test_the_slider_of_a_day_ends_with_it_too(advised: Tidal) -> None:
    advised.reckon(open=("w1",))
    advised.do(cmd.SetTides(mode=None, beta=1.5), who=BOSS)
    assert beta_of(advised.state) == 1.5
    assert advised.state.tides.proposal is None, "what was reckoned with another slider is not asked any more"
    assert not advised.do(cmd.SetTides(mode=None, beta=1.5), who=BOSS).events
    advised.next_day()
    assert beta_of(advised.state) == advised.state.config.tides.beta == 0


@rule("T-off")
def test_the_day_so_far_is_remembered_in_quarters_of_an_hour(automatic: Tidal) -> None:
    for there in (1, 2, 3):
        automatic.reckon(TideMemory(needs=(TideNeed(6, there + 1), TideNeed(11, 9)), there=there))
    automatic.later(15 * MIN)
    automatic.reckon(TideMemory(needs=(TideNeed(6, 2),), there=1))
    automatic.reckon(TideMemory(there=2))
    parts = automatic.state.tides.past
    assert [(part.open, part.needed) for part in parts] == [(3, 4), (1, 2)]
    assert {part.from_ms % PART_MS for part in parts} == {0}
    automatic.next_day()
    assert automatic.state.tides.past == ()


@rule("T-needs-a-profile")
def test_tides_need_to_know_when_people_come() -> None:
    hall = Tidal(small_hall())
    with refused(hall, Code.INVALID):
        hall.do(cmd.SetTides(mode="automatic"), who=BOSS)
    hall.do(cmd.SetTides(mode="off"), who=BOSS)
    settle(hall)


@rule("T-day-ends")
def test_nothing_opens_after_the_day_was_closed(automatic: Tidal) -> None:
    automatic.reckon(open=("w1",))
    automatic.do(cmd.CloseDay(reason="停电"))
    automatic.later(6 * MIN)
    automatic.tick()
    assert automatic.stands("w1") == ["closed"]
    assert not automatic.reckon(open=("w1",)).events


@rule("T-day-ends")
def test_the_next_day_begins_without_what_was_planned(automatic: Tidal) -> None:
    automatic.now_ms = automatic.state.day_ends_ms - 4 * MIN * 1000
    automatic.tick()
    automatic.reckon(TideMemory(there=3), open=("w1",))
    automatic.next_day()
    assert automatic.state.tides.memory == TideMemory()
    automatic.later(6 * MIN)
    automatic.tick()
    assert automatic.stands("w1") == ["closed"]


@rule("T-advise")
def test_a_supervisor_is_asked_first(advised: Tidal) -> None:
    advised.reckon(open=("w1",), wanted=1)
    assert opening_ms(advised.state, "w1") is None
    plan = advised.asked
    assert plan.until_ms == advised.now_ms + 3 * MIN * 1000
    advised.later(30)
    advised.do(cmd.AcceptPlan(plan=plan.id), who=BOSS)
    assert opening_ms(advised.state, "w1") == advised.now_ms + 5 * MIN * 1000
    assert (advised.state.tides.by, advised.state.tides.proposal) == ("boss", None)


@rule("T-advise")
def test_what_is_asked_stays_the_same_while_it_is_right(advised: Tidal) -> None:
    advised.reckon(open=("w1",), wanted=1)
    first = advised.asked
    assert not advised.reckon(open=("w1",), wanted=1).events
    advised.reckon(open=("w1",), wanted=1)
    assert (advised.asked.id, advised.asked.until_ms) == (first.id, first.until_ms + 2 * MIN * 1000)
    advised.reckon(open=("w1", "w2"), wanted=2)
    assert advised.asked.id != first.id
    advised.reckon()
    assert advised.state.tides.proposal is None


@rule("T-outdated")
def test_what_was_replaced_cannot_be_accepted(advised: Tidal) -> None:
    advised.reckon(open=("w1",), wanted=1)
    first = advised.asked.id
    advised.reckon(open=("w2",), wanted=1)
    with refused(advised, Code.EXPIRED) as refusal:
        advised.do(cmd.AcceptPlan(plan=first), who=BOSS)
    assert refusal.value.state == "replaced"
    with refused(advised, Code.EXPIRED):
        advised.do(cmd.DeclinePlan(plan=first), who=BOSS)


@rule("T-outdated")
def test_nor_can_what_has_lost_its_time_or_its_windows(advised: Tidal) -> None:
    advised.reckon(open=("w1",), wanted=1)
    plan = advised.asked.id
    advised.later(3 * MIN)
    with refused(advised, Code.EXPIRED) as late:
        advised.do(cmd.AcceptPlan(plan=plan), who=BOSS)
    assert late.value.state == "outdated"
    advised.reckon(open=("w1",), wanted=1)
    advised.do(cmd.Open(window="w1"))
    with refused(advised, Code.EXPIRED):
        advised.do(cmd.AcceptPlan(plan=advised.asked.id), who=BOSS)


@rule("T-outdated")
def test_what_nobody_proposed_cannot_be_accepted(advised: Tidal) -> None:
    with refused(advised, Code.EXPIRED) as refusal:
        advised.do(cmd.AcceptPlan(plan="p1"), who=BOSS)
    assert refusal.value.state == "none"


@rule("T-declined")
def test_what_was_declined_is_not_asked_again_until_more_is_needed(advised: Tidal) -> None:
    advised.reckon(open=("w1",), wanted=1)
    advised.do(cmd.DeclinePlan(plan=advised.asked.id, reason="午餐"), who=BOSS)
    advised.reckon(open=("w1",), wanted=1)
    assert advised.state.tides.proposal is None
    advised.reckon(open=("w1", "w2"), wanted=2)
    assert advised.asked.open == ("w1", "w2")


@rule("T-declined")
def test_it_is_asked_again_after_a_while(advised: Tidal) -> None:
    advised.reckon(open=("w1",), wanted=1)
    advised.do(cmd.DeclinePlan(plan=advised.asked.id), who=BOSS)
    advised.later(29 * MIN - 1)
    advised.reckon(open=("w1",), wanted=1)
    assert advised.state.tides.proposal is None
    advised.reckon(open=("w1",), wanted=1)
    assert advised.asked.open == ("w1",)


@rule("T-declined")
def test_declined_closings_are_asked_again_when_fewer_are_needed(advised: Tidal) -> None:
    advised.staff_all()
    advised.later(HOUR)
    advised.reckon(close=("w3",), wanted=2)
    advised.do(cmd.DeclinePlan(plan=advised.asked.id), who=BOSS)
    advised.reckon(close=("w3",), wanted=2)
    assert advised.state.tides.proposal is None
    advised.reckon(close=("w2", "w3"), wanted=1)
    advised.do(cmd.AcceptPlan(plan=advised.asked.id), who=BOSS)
    assert advised.stands("w1", "w2", "w3") == ["idle", "closed", "closed"]


@rule("T-declined")
def test_what_is_for_another_reason_is_asked_all_the_same(advised: Tidal) -> None:
    advised.do(cmd.Open(window="w1"))
    advised.later(HOUR)
    load = TideReason(code="load", needed=2.2, there=1.0)
    advised.reckon(open=("w2", "w3"), wanted=3, reasons=(load,))
    advised.do(cmd.DeclinePlan(plan=advised.asked.id), who=BOSS)
    advised.reckon(open=("w2",), wanted=2, reasons=(load,))
    assert advised.state.tides.proposal is None
    waits = TideReason(code="unserved", service="estate", needed=5.0)
    advised.reckon(open=("w3",), wanted=2, reasons=(waits,))
    assert advised.asked.open == ("w3",)
    advised.reckon(open=("w2",), wanted=2, reasons=(msgspec.structs.replace(load, needed=3.1),))
    assert advised.asked.open == ("w2",)


@rule("T-declined")
def test_who_declines_a_closing_or_a_skill_is_asked_for_another_skill() -> None:
    scene = tidal(mode="advise", widening=True)
    scene.staff_all()
    scene.do(cmd.SetSkills(window="w1", skills=("general",)))
    scene.later(HOUR)
    scene.reckon(close=("w3",), wanted=2)
    scene.do(cmd.DeclinePlan(plan=scene.asked.id), who=BOSS)
    estate = (SkillsOf(window="w1", skills=("general", "estate"), widens=True),)
    scene.reckon(skills=estate, wanted=3)
    scene.do(cmd.DeclinePlan(plan=scene.asked.id), who=BOSS)
    scene.reckon(skills=estate, wanted=2)
    assert scene.state.tides.proposal is None
    social = (SkillsOf(window="w1", skills=("general", "social"), widens=True),)
    scene.reckon(skills=social, wanted=3)
    assert scene.asked.skills == social
    settle(scene)


@rule("T-advise")
def test_another_mode_asks_nothing_more(advised: Tidal) -> None:
    advised.reckon(open=("w1",), wanted=1)
    advised.do(cmd.SetTides(mode="automatic"), who=BOSS)
    assert advised.state.tides.proposal is None
