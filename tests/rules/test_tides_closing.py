"""潮汐: windows open later, and close without cutting anybody off."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.errors import Code
from callq.domain.hall import Minimum, Routing, Rules
from callq.domain.snapshot import decode_state, encode_state
from callq.domain.tides import (
    SkillsOf,
    TidePlan,
    opening_ms,
)
from tests.harness import MONDAY_9H, tidal_hall
from tests.rules.scene import HOUR, MIN, Scene, refused, rule, settle
from tests.rules.tidal import BOSS, Tidal, tidal


def kept(scene: Scene) -> tuple[str, str, str]:
    """Why which window stayed that was to close after its ticket, and for which service."""
    plan = scene.state.tides.in_force
    assert plan is not None
    assert plan.only_keeps
    (reason,) = plan.reasons
    return reason.code, reason.window, reason.service


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
@pytest.mark.parametrize("way", ["leaving", "drain"])
@pytest.mark.parametrize("goes_on", ["step", "transfer", "undone"])
@pytest.mark.parametrize(("alone", "stands"), [(True, "idle"), (False, "closed")])
def test_a_window_stays_that_alone_serves_what_its_own_ticket_waits_for_next(
    way: str, goes_on: str, alone: bool, stands: str
) -> None:
    automatic = tidal(tidal_hall(rules=Rules(undo_s=120)))
    automatic.staff_all()
    if alone:
        automatic.do(cmd.Close(window="w3"))
    automatic.later(HOUR)
    match goes_on:
        case "step":
            automatic.do(cmd.Issue(ticket="v", service="general", services=("estate",)))
        case "transfer":
            automatic.do(cmd.Issue(ticket="v", service="general"))
        case _:
            automatic.do(cmd.Issue(ticket="v", service="estate"))
    automatic.call("w1")
    automatic.reckon(**({"leaving": ("w1",), "leave": 1} if way == "leaving" else {"drain": ("w1",)}))
    match goes_on:
        case "step":
            automatic.do(cmd.Start(window="w1"))
            automatic.complete("w1")
        case "transfer":
            automatic.do(cmd.Transfer(window="w1", to_service="estate"))
        case _:
            automatic.do(cmd.Undo(window="w1"))
    assert automatic.state.tickets["v"].service == "estate"
    # Whoever is only called back has finished nothing: one of several that may leave stays for now.
    leaves = way == "drain" or goes_on != "undone"
    assert automatic.stands("w1") == [stands if leaves else "idle"]
    if leaves and stands == "idle":
        assert kept(automatic) == ("last", "w1", "estate")
    settle(automatic)


@rule("T-looked-at-again")
def test_who_is_sent_back_to_the_clerk_at_the_window_keeps_it() -> None:
    hall = tidal(tidal_hall(routing=Routing(policy="index", first_contact_min=15)))
    hall.staff_all()
    hall.do(cmd.Issue(ticket="v", service="general"))
    hall.serve("w1")
    hall.do(cmd.Transfer(window="w1", to_service="estate"))
    hall.do(cmd.CallTicket(window="w1", ticket="v", reason="急"))
    hall.reckon(leaving=("w1",), leave=1)
    hall.do(cmd.Transfer(window="w1", to_service="general"))
    assert hall.queue(to="c:c1") == ["A001"]
    assert hall.stands("w1") == ["idle"]
    assert kept(hall) == ("waited_for", "w1", "")
    settle(hall)


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
@pytest.mark.parametrize("kept_open", [True, False])
@pytest.mark.parametrize("way", ["leaving", "drain"])
def test_what_a_plan_wanted_of_a_window_stands_again_when_a_completion_is_taken_back(
    automatic: Tidal, way: str, kept_open: bool
) -> None:
    automatic.staff_all()
    automatic.do(cmd.SetSkills(window="w1", skills=("general",)))
    automatic.issue("estate")
    automatic.issue()
    automatic.serve("w3")
    automatic.serve("w1")
    automatic.later(HOUR)
    if way == "leaving":
        automatic.reckon(leaving=("w1", "w3"), leave=1)
    else:
        automatic.reckon(drain=("w3",))

    def wanted() -> tuple[object, ...]:
        tides, window = automatic.state.tides, automatic.state.windows["w3"]
        return tides.leave, tides.leaving, tides.draining, window.open, window.draining

    before = wanted()
    waits = automatic.issue("estate") if kept_open else None
    automatic.complete("w3")
    assert automatic.stands("w3") == ["idle" if kept_open else "closed"]
    assert wanted() != before
    restarted = decode_state(encode_state(automatic.state))
    after, window = restarted.windows["w3"], automatic.state.windows["w3"]
    assert (after.acted, after.tide_end) == (window.acted, window.tide_end)
    assert window.tide_end is not None
    automatic.do(cmd.Undo(window="w3"))
    assert wanted() == before
    if waits is not None:
        automatic.do(cmd.Cancel(ticket=waits.id))
    automatic.complete("w3")
    assert automatic.stands("w3") == ["closed"]


@rule("T-undo")
def test_an_undo_lets_no_window_close_that_a_person_has_opened_since(automatic: Tidal) -> None:
    automatic.staff_all()
    automatic.do(cmd.SetSkills(window="w1", skills=("general",)))
    automatic.issue("estate")
    automatic.issue()
    automatic.serve("w3")
    automatic.serve("w1")
    automatic.later(HOUR)
    automatic.reckon(leaving=("w1", "w3"), leave=1)
    automatic.issue("estate")
    automatic.complete("w3")
    for command in (cmd.Close, cmd.Open):
        automatic.do(command(window="w1"), who=BOSS)
    automatic.do(cmd.Undo(window="w3"))
    assert (automatic.state.tides.leaving, automatic.state.tides.leave) == (("w3",), 1)
    automatic.complete("w1")
    assert automatic.stands("w1") == ["idle"]


@rule("T-undo")
def test_what_a_plan_wanted_stands_again_though_another_window_stayed_since(automatic: Tidal) -> None:
    automatic.staff_all()
    automatic.do(cmd.SetSkills(window="w1", skills=("general",)))
    automatic.do(cmd.Close(window="w2"))
    for service, window in (("estate", "w3"), ("general", "w1")):
        automatic.issue(service)
        automatic.serve(window)
    automatic.later(HOUR)
    automatic.reckon(drain=("w3", "w1"))
    automatic.issue("estate")
    automatic.issue("general")
    automatic.complete("w3")
    automatic.complete("w1")
    assert automatic.stands("w1", "w3") == ["idle", "idle"]
    automatic.do(cmd.Undo(window="w3"))
    assert (automatic.state.tides.draining, automatic.state.windows["w3"].draining) == (("w3",), True)


@rule("T-undo")
@pytest.mark.parametrize("moved", [True, False])
def test_what_a_person_closes_after_it_stayed_is_the_persons_matter(moved: bool) -> None:
    hall = tidal(tidal_hall(rules=Rules(undo_s=120)), override_min=30 if moved else 0)
    hall.staff_all()
    hall.do(cmd.SetSkills(window="w1", skills=("general",)))
    hall.issue("estate")
    hall.serve("w3")
    hall.later(HOUR)
    hall.reckon(leaving=("w3",), leave=1)
    hall.issue("estate")
    hall.complete("w3")
    hall.do(cmd.Close(window="w3"))
    hall.do(cmd.Undo(window="w3"))
    assert (hall.state.tides.leave, hall.state.windows["w3"].draining) == (0, True)
    settle(hall)


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
