"""潮汐: plans that are proposed and carried out, windows that follow, people who know better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.errors import Code
from callq.domain.hall import HallConfig, Minimum, Routing, Rules, Tides
from callq.domain.tides import (
    SkillsOf,
    TideMemory,
    TideNeed,
    TidePlan,
    mode_of,
    opening_ms,
)
from callq.domain.window import WindowState
from tests.harness import MONDAY_9H, explained, small_hall, tidal_hall
from tests.rules.scene import HOUR, MIN, Scene, refused, rule, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.decide import Decision

BOSS = cmd.Actor(role="supervisor", id="boss")


def kept(scene: Scene) -> tuple[str, str, str]:
    """Why which window stayed that was to close after its ticket, and for which service."""
    plan = scene.state.tides.in_force
    assert plan is not None
    assert plan.only_keeps
    (reason,) = plan.reasons
    return reason.code, reason.window, reason.service


class Tidal(Scene):
    """A hall whose minutes are reckoned by the test."""

    def reckon(self, memory: TideMemory | None = None, **plan: Any) -> Decision:
        """A minute passes, and this should move."""
        self.later(MIN)
        self.tick()
        return self.do(self.command(memory, **plan), who=cmd.SYSTEM)

    def command(self, memory: TideMemory | None = None, **plan: Any) -> cmd.ReckonTides:
        """What a node sends that reckons this minute."""
        return cmd.ReckonTides(
            minute_ms=self.now_ms,
            config=self.state.digest,
            memory=memory or self.state.tides.memory,
            plan=explained(TidePlan(**plan)) if plan else None,
        )

    def staff_all(self) -> None:
        """Every window is open, and has been for long enough."""
        for window in ("w1", "w2", "w3"):
            self.do(cmd.Open(window=window))
        self.later(HOUR)

    def stands(self, *windows: str) -> list[str]:
        """States of windows."""
        return [self.state.windows[w].state for w in windows]

    @property
    def asked(self) -> TidePlan:
        """What is proposed."""
        plan = self.state.tides.proposal
        assert plan is not None
        return plan


def tidal(config: HallConfig | None = None, **tides: Any) -> Tidal:
    """A hall with clerks at all windows, closed ones, whose tides are automatic unless told otherwise."""
    hall = config or tidal_hall()
    hall = msgspec.structs.replace(hall, tides=msgspec.structs.replace(hall.tides, **tides))
    scene = Tidal(hall)
    for window, clerk in (("w1", "c1"), ("w2", "c2"), ("w3", "c4")):
        scene.do(cmd.SignIn(window=window, clerk=clerk))
    return scene


@pytest.fixture
def automatic() -> Iterator[Tidal]:
    """Plans are carried out at once."""
    scene = tidal()
    yield scene
    settle(scene)


@pytest.fixture
def advised() -> Iterator[Tidal]:
    """A supervisor is asked."""
    scene = tidal(mode="advise")
    yield scene
    settle(scene)


# Opening and closing -----------------------------------------------------------------------------------


@rule("T-opens-later")
def test_a_window_opens_some_minutes_after_it_was_decided(automatic: Tidal) -> None:
    automatic.reckon(open=("w1",), reasons=())
    assert automatic.stands("w1") == ["closed"]
    assert opening_ms(automatic.state, "w1") == automatic.now_ms + 5 * MIN * 1000
    automatic.later(5 * MIN - 1)
    automatic.tick()
    assert automatic.stands("w1") == ["closed"]
    automatic.later(1)
    automatic.tick()
    assert automatic.stands("w1") == ["idle"]
    assert opening_ms(automatic.state, "w1") is None


@rule("T-opens-later")
def test_where_opening_takes_no_time_it_opens_at_once() -> None:
    hall = tidal(opening_min=0)
    hall.reckon(open=("w1",))
    assert hall.stands("w1") == ["idle"]
    settle(hall)


@rule("T-opens-staffed")
def test_a_window_does_not_open_without_its_clerk(automatic: Tidal) -> None:
    automatic.reckon(open=("w1",))
    decision = automatic.do(cmd.SignOut(window="w1"))
    assert isinstance(decision.events[0], ev.WindowOpeningDropped)
    automatic.later(6 * MIN)
    automatic.tick()
    assert automatic.stands("w1") == ["closed"]
    assert not automatic.reckon(open=("w1",)).events


@rule("T-suspended")
def test_an_opening_stands_still_while_the_hall_does(automatic: Tidal) -> None:
    automatic.reckon(open=("w1",))
    automatic.do(cmd.Suspend(reason="停电"))
    assert not automatic.reckon(open=("w2",)).events
    automatic.later(HOUR)
    automatic.do(cmd.ResumeHall())
    automatic.later(5 * MIN - 1)
    automatic.tick()
    assert automatic.stands("w1") == ["closed"]
    automatic.later(1)
    automatic.tick()
    assert automatic.stands("w1") == ["idle"]


@rule("T-drains")
def test_a_plan_cuts_nobody_off(automatic: Tidal) -> None:
    automatic.staff_all()
    ticket = automatic.issue()
    automatic.serve("w1")
    automatic.later(HOUR)
    automatic.reckon(close=("w1", "w3"), drain=("w1",))
    assert automatic.stands("w1", "w3") == ["serving", "closed"]
    assert automatic.state.windows["w1"].draining
    automatic.complete("w1")
    assert (ticket.state, *automatic.stands("w1")) == ("done", "closed")


@rule("T-first-to-finish")
def test_of_busy_windows_whoever_finishes_first_closes(automatic: Tidal) -> None:
    automatic.staff_all()
    for _ in range(3):
        automatic.issue()
    automatic.serve("w1")
    automatic.serve("w2")
    automatic.later(HOUR)
    automatic.reckon(leaving=("w1", "w2"), leave=1)
    automatic.complete("w2")
    assert automatic.stands("w1", "w2") == ["serving", "closed"]
    automatic.complete("w1")
    assert automatic.stands("w1") == ["idle"]
    assert (automatic.state.tides.leave, automatic.state.tides.leaving) == (0, ("w1",))


@rule("T-first-to-finish")
def test_next_does_not_call_at_a_window_that_closes() -> None:
    hall = tidal(tidal_hall(rules=Rules(next_while_serving="complete")))
    hall.staff_all()
    hall.issue()
    waits = hall.issue()
    hall.serve("w1")
    hall.later(HOUR)
    hall.reckon(leaving=("w1",), leave=1)
    hall.do(cmd.CallNext(window="w1"))
    assert hall.stands("w1") == ["closed"]
    assert waits.state == "waiting"
    settle(hall)


@rule("T-looked-at-again")
def test_a_window_that_somebody_is_sent_to_stays(automatic: Tidal) -> None:
    automatic.staff_all()
    automatic.issue()
    sent = automatic.issue()
    automatic.serve("w1")
    automatic.serve("w2")
    automatic.later(HOUR)
    automatic.reckon(leaving=("w1",), leave=1)
    automatic.do(cmd.Transfer(window="w2", to_window="w1"))
    automatic.complete("w1")
    assert automatic.stands("w1") == ["idle"]
    assert kept(automatic) == ("waited_for", "w1", "")
    assert (automatic.state.tides.leave, automatic.state.tides.leaving) == (0, ())
    assert automatic.call("w1") is sent


@rule("T-looked-at-again")
def test_a_window_whose_clerk_began_a_matter_stays_for_it() -> None:
    """一号位: whoever comes back for a matter waits for the clerk who began it."""
    hall = tidal(tidal_hall(routing=Routing(policy="index", first_contact_min=15)))
    hall.staff_all()
    hall.issue()
    hall.serve("w1")
    hall.reckon(leaving=("w1",), leave=1)
    hall.do(cmd.Issue(ticket="back", service="general", prefer_clerk="c1"))
    hall.complete("w1")
    assert hall.stands("w1") == ["idle"]
    assert kept(hall) == ("waited_for", "w1", "")
    settle(hall)


@rule("T-looked-at-again")
@pytest.mark.parametrize("kind", ["with_papers", "waiting"])
@pytest.mark.parametrize("way", ["leaving", "drain"])
def test_a_window_that_put_somebody_aside_stays_for_them(automatic: Tidal, kind: Any, way: str) -> None:
    automatic.staff_all()
    automatic.issue()
    automatic.issue()
    automatic.serve("w1")
    automatic.reckon(**({"leaving": ("w1",), "leave": 1} if way == "leaving" else {"drain": ("w1",)}))
    automatic.do(cmd.Hold(window="w1", kind=kind))
    assert automatic.stands("w1") == ["idle"]
    assert kept(automatic) == ("waited_for", "w1", "")
    automatic.serve("w1")
    assert not automatic.state.windows["w1"].draining
    automatic.reckon(leaving=("w1",), leave=1)
    assert automatic.state.tides.leave == 0, "nor is it asked to close while they are to come back"


@rule("T-looked-at-again")
def test_whoever_fetches_something_is_served_anywhere(automatic: Tidal) -> None:
    automatic.staff_all()
    automatic.issue()
    automatic.serve("w1")
    automatic.reckon(leaving=("w1",), leave=1)
    automatic.do(cmd.Hold(window="w1", kind="without_papers"))
    assert automatic.stands("w1") == ["closed"]


@rule("T-looked-at-again")
@pytest.mark.parametrize("way", ["leaving", "drain"])
def test_a_minimum_that_has_begun_keeps_a_window(way: str) -> None:
    lunch = Minimum(hours="12:00-13:00", service="estate", least=2)
    hall = tidal(minima=(lunch,))
    hall.staff_all()
    hall.issue("estate")
    hall.serve("w3")
    hall.now_ms = MONDAY_9H + 2 * HOUR * 1000
    hall.reckon(**({"leaving": ("w3",), "leave": 1} if way == "leaving" else {"drain": ("w3",)}))
    hall.now_ms = MONDAY_9H + 3 * HOUR * 1000
    hall.complete("w3")
    assert hall.stands("w3") == ["idle"]
    assert kept(hall) == ("minimum", "w3", "estate")
    plan = hall.state.tides.in_force
    assert plan is not None
    assert (plan.reasons[0].needed, plan.reasons[0].there) == (2.0, 2.0)
    settle(hall)


@rule("T-looked-at-again")
def test_what_nobody_else_serves_keeps_a_window_while_somebody_waits_for_it(automatic: Tidal) -> None:
    automatic.staff_all()
    automatic.do(cmd.SetSkills(window="w1", skills=("general",)))
    automatic.issue("estate")
    automatic.serve("w3")
    automatic.later(HOUR)
    automatic.reckon(leaving=("w3",), leave=1)
    automatic.issue("estate")
    automatic.complete("w3")
    assert automatic.stands("w3") == ["idle"]
    assert kept(automatic) == ("last", "w3", "estate")


@rule("T-looked-at-again")
def test_a_pause_that_was_to_come_comes_where_the_window_stays(automatic: Tidal) -> None:
    automatic.staff_all()
    automatic.issue()
    automatic.serve("w1")
    automatic.reckon(drain=("w1",))
    automatic.do(cmd.Pause(window="w1", reason="午休"))
    automatic.do(cmd.Hold(window="w1", kind="with_papers"))
    assert automatic.stands("w1") == ["paused"]


@rule("T-looked-at-again")
def test_it_is_when_a_call_is_taken_back_too() -> None:
    routing = Routing(policy="index", first_contact_min=15)
    hall = tidal(tidal_hall(routing=routing, rules=Rules(undo_s=120)))
    hall.staff_all()
    hall.do(cmd.Issue(ticket="back", service="general", prefer_clerk="c1"))
    hall.call("w1")
    hall.reckon(drain=("w1",))
    hall.do(cmd.Undo(window="w1"))
    assert hall.stands("w1") == ["idle"]
    assert hall.queue(to="c:c1") == ["A001"]
    assert kept(hall) == ("waited_for", "w1", "")
    settle(hall)


@rule("T-looked-at-again")
def test_what_a_person_closes_is_not_looked_at_again(automatic: Tidal) -> None:
    automatic.staff_all()
    automatic.issue()
    automatic.serve("w1")
    automatic.do(cmd.Close(window="w1"))
    automatic.do(cmd.Hold(window="w1", kind="with_papers"))
    assert automatic.stands("w1") == ["closed"]


@rule("T-looked-at-again")
def test_a_free_window_is_looked_at_as_the_plan_comes(automatic: Tidal) -> None:
    automatic.staff_all()
    automatic.issue("estate")
    automatic.hold("waiting", "w3")
    automatic.reckon(close=("w1", "w3"), wanted=1, cost_h=-3.0, short_before=0.0, short_after=0.5)
    assert automatic.stands("w1", "w3") == ["closed", "idle"]
    plan = automatic.state.tides.in_force
    assert plan is not None
    assert (plan.wanted, plan.cost_h) == (2, -1.5)
    assert (plan.short_before, plan.short_after) == (None, None), "of less than was reckoned"


@rule("T-looked-at-again")
def test_windows_that_close_together_leave_their_minimum() -> None:
    lunch = Minimum(hours="09:00-18:00", service="estate", least=1)
    hall = tidal(minima=(lunch,))
    hall.staff_all()
    hall.reckon(close=("w1", "w3"))
    assert hall.stands("w1", "w3") == ["closed", "idle"]
    settle(hall)


@rule("T-looked-at-again")
def test_what_is_proposed_meanwhile_stays_proposed() -> None:
    hall = tidal(mode="advise")
    hall.staff_all()
    hall.issue()
    hall.serve("w1")
    hall.reckon(leaving=("w1",), leave=1)
    hall.do(cmd.AcceptPlan(plan=hall.asked.id), who=BOSS)
    hall.reckon(close=("w3",))
    asked = hall.asked
    hall.do(cmd.Hold(window="w1", kind="with_papers"))
    assert kept(hall) == ("waited_for", "w1", "")
    assert hall.asked == asked
    settle(hall)


@rule("T-looked-at-again")
def test_a_completion_after_which_a_window_stayed_can_be_taken_back(automatic: Tidal) -> None:
    automatic.staff_all()
    automatic.issue()
    automatic.issue()
    automatic.serve("w1")
    automatic.serve("w2")
    automatic.reckon(leaving=("w1",), leave=1)
    automatic.do(cmd.Transfer(window="w2", to_clerk="c1"))
    automatic.complete("w1")
    assert automatic.stands("w1") == ["idle"]
    automatic.do(cmd.Undo(window="w1"))
    assert automatic.stands("w1") == ["serving"]


@rule("T-reasons")
@pytest.mark.parametrize(
    "moves",
    [
        {"open": ("w1",)},
        {"leave": -1},
        {"close": ("w2",)},
        {"leaving": ("w1",), "leave": 1},
        {"skills": (SkillsOf(window="w1", skills=("general",), widens=False),)},
    ],
)
def test_a_plan_without_reasons_is_not_heard(automatic: Tidal, moves: dict[str, Any]) -> None:
    command = automatic.command()
    bare = msgspec.structs.replace(command, minute_ms=automatic.now_ms + MIN, plan=TidePlan(**moves))
    with refused(automatic, Code.INVALID):
        automatic.do(bare, who=cmd.SYSTEM)


@rule("T-reasons")
def test_what_is_left_of_a_plan_keeps_its_own_reasons() -> None:
    hall = tidal(override_min=0)
    hall.do(cmd.Open(window="w1"))
    skills = SkillsOf(window="w1", skills=("general",), widens=False)
    hall.reckon(open=("w1", "gone"), skills=(skills,))
    plan = hall.state.tides.in_force
    assert plan is not None
    assert [reason.code for reason in plan.reasons] == ["short_queue"]
    settle(hall)


@rule("T-stays")
def test_a_draining_window_stays_when_the_load_comes_back(automatic: Tidal) -> None:
    automatic.staff_all()
    automatic.issue()
    automatic.serve("w1")
    automatic.later(HOUR)
    automatic.reckon(drain=("w1",))
    automatic.reckon(stay=("w1",))
    automatic.complete("w1")
    assert automatic.stands("w1") == ["idle"]
    automatic.issue()
    automatic.serve("w1")
    automatic.reckon(leaving=("w1",), leave=1)
    automatic.reckon(leave=-1)
    automatic.complete("w1")
    assert automatic.stands("w1") == ["idle"]


@rule("T-undo")
def test_a_completion_that_closed_a_window_can_be_taken_back(automatic: Tidal) -> None:
    automatic.staff_all()
    ticket = automatic.issue()
    automatic.serve("w1")
    automatic.later(HOUR)
    automatic.reckon(leaving=("w1",), leave=1)
    automatic.complete("w1")
    automatic.do(cmd.Undo(window="w1"))
    assert [ticket.state, *automatic.stands("w1")] == ["serving", "serving"]
    automatic.complete("w1")
    assert automatic.stands("w1") == ["closed"]


# What plans may do -------------------------------------------------------------------------------------


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


# Asking ------------------------------------------------------------------------------------------------


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


@rule("T-advise")
def test_another_mode_asks_nothing_more(advised: Tidal) -> None:
    advised.reckon(open=("w1",), wanted=1)
    advised.do(cmd.SetTides(mode="automatic"), who=BOSS)
    assert advised.state.tides.proposal is None


# People ------------------------------------------------------------------------------------------------


@rule("T-by-hand")
def test_a_window_that_a_person_moved_is_left_alone(automatic: Tidal) -> None:
    automatic.do(cmd.Open(window="w1"))
    automatic.later(20 * MIN)
    assert not automatic.reckon(close=("w1",)).events
    automatic.do(cmd.Close(window="w1"))
    assert not automatic.reckon(open=("w1",)).events
    automatic.later(27 * MIN)
    assert not automatic.reckon(open=("w1",)).events
    assert automatic.reckon(open=("w1",)).events


@rule("T-by-hand")
def test_a_person_opens_at_once_what_was_to_open(automatic: Tidal) -> None:
    automatic.reckon(open=("w1",))
    automatic.do(cmd.Open(window="w1"))
    assert automatic.stands("w1") == ["idle"]
    automatic.later(5 * MIN)
    automatic.tick()
    assert opening_ms(automatic.state, "w1") is None


@rule("T-by-hand")
def test_a_person_takes_an_opening_back(automatic: Tidal) -> None:
    automatic.reckon(open=("w1",))
    automatic.do(cmd.Close(window="w1"))
    automatic.later(6 * MIN)
    automatic.tick()
    assert automatic.stands("w1") == ["closed"]
    with refused(automatic, Code.WRONG_STATE):
        automatic.do(cmd.Close(window="w1"))


@rule("T-by-hand")
def test_a_person_keeps_a_window_that_was_to_close(automatic: Tidal) -> None:
    automatic.staff_all()
    automatic.issue()
    automatic.serve("w1")
    automatic.later(HOUR)
    automatic.reckon(leaving=("w1",), leave=1)
    automatic.do(cmd.Close(window="w1"))
    automatic.do(cmd.Open(window="w1"))
    automatic.complete("w1")
    assert automatic.stands("w1") == ["idle"]


@rule("T-by-hand")
def test_windows_that_no_plan_moves_need_no_protection() -> None:
    hall = tidal(windows=("w2",))
    hall.do(cmd.Open(window="w1"))
    assert hall.state.tides.alone == {}
    settle(hall)


# Spare skills ------------------------------------------------------------------------------------------


def wide(**tides: Any) -> Tidal:
    """A hall whose plan may widen skills; the clerk at w1 was told to do general matters alone."""
    scene = tidal(tidal_hall(), widening=True, override_min=0, **tides)
    scene.do(cmd.Open(window="w1"))
    scene.do(cmd.SetSkills(window="w1", skills=("general",)))
    return scene


def skills_at_w1(hall: Tidal) -> tuple[str, ...] | None:
    """In use there."""
    return hall.state.windows["w1"].active


@rule("T-widens")
def test_a_spare_skill_comes_into_use_and_goes_again() -> None:
    hall = wide()
    more = SkillsOf(window="w1", skills=("general", "estate"), widens=True)
    hall.reckon(skills=(more,))
    assert skills_at_w1(hall) == ("general", "estate")
    assert hall.state.tides.widened == {"w1": ("general",)}
    hall.reckon(skills=(SkillsOf(window="w1", skills=("general",), widens=False),))
    assert skills_at_w1(hall) == ("general",)
    assert hall.state.tides.widened == {}
    settle(hall)


@rule("T-widens")
def test_nobody_uses_a_skill_that_the_clerk_does_not_have() -> None:
    hall = wide()
    hall.do(cmd.SetSkills(window="w2", skills=("general",)))
    assert not hall.reckon(skills=(SkillsOf(window="w2", skills=("general", "estate"), widens=True),)).events
    settle(hall)


@rule("T-widens")
def test_another_clerk_begins_with_skills_of_their_own() -> None:
    hall = wide()
    hall.reckon(skills=(SkillsOf(window="w1", skills=("general", "estate"), widens=True),))
    hall.do(cmd.HandOver(window="w1", clerk="c3"))
    assert hall.state.tides.widened == {}
    settle(hall)


@rule("T-widens")
def test_skills_that_a_person_set_are_left_alone() -> None:
    hall = tidal(tidal_hall(), widening=True)
    hall.do(cmd.SetSkills(window="w1", skills=("general",)))
    more = SkillsOf(window="w1", skills=("general", "estate"), widens=True)
    assert not hall.reckon(skills=(more,)).events
    hall.later(30 * MIN)
    assert hall.reckon(skills=(more,)).events
    settle(hall)


# State ---------------------------------------------------------------------------------------------------


@rule("T-forgets-nothing")
def test_an_outage_delays_an_opening_and_forgets_none(automatic: Tidal) -> None:
    automatic.reckon(open=("w1",))
    since = automatic.now_ms
    automatic.later(10 * MIN)
    automatic.do(cmd.RecordOutage(since_ms=since, until_ms=automatic.now_ms), who=cmd.SYSTEM)
    automatic.tick()
    assert automatic.stands("w1") == [WindowState.CLOSED]
    automatic.later(5 * MIN)
    automatic.tick()
    assert automatic.stands("w1") == [WindowState.IDLE]


@rule("T-forgets-nothing")
def test_a_window_that_is_removed_is_forgotten(automatic: Tidal) -> None:
    automatic.reckon(open=("w1",))
    automatic.do(cmd.Open(window="w3"))
    automatic.do(cmd.Close(window="w3"))
    automatic.do(cmd.SignOut(window="w3"))
    config = automatic.state.config
    windows = tuple(window for window in config.windows if window.id != "w3")
    tides = msgspec.structs.replace(config.tides, windows=("w1", "w2"))
    smaller = msgspec.structs.replace(config, windows=windows, tides=tides)
    automatic.do(cmd.Configure(config=smaller))
    assert "w3" not in automatic.state.tides.alone
    assert opening_ms(automatic.state, "w1") is not None


@rule("T-older-nodes")
def test_while_a_node_cannot_read_of_tides_people_move_windows_as_ever() -> None:
    hall = Tidal(small_hall(tides=Tides(windows=("w1",))), level=3)
    hall.staff("w1", "c1")
    assert [type(event) for event in hall.do(cmd.Close(window="w1")).events] == [ev.WindowClosed]
    settle(hall)
