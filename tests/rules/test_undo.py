"""Taking back: the window's last call, miss or completion."""

from __future__ import annotations

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.domain.hall import Clerk, Resource
from callq.domain.snapshot import decode_state, encode_state
from tests.harness import check_invariants, small_hall
from tests.rules.scene import ANN, MIN, Scene, changed, refused, rule, settle, with_rules
from tests.unit.viewing import shown

SOMEBODY_ELSE = cmd.Actor(role="clerk", id="t2")


def undo(hall: Scene, window: str = "w1") -> None:
    hall.do(cmd.Undo(window=window))


@rule("U-call")
def test_a_call_is_taken_back_to_the_exact_place(hall: Scene) -> None:
    first = hall.issue()
    hall.issue()
    before = hall.queue(), first.place
    hall.call()
    hall.later(5)
    undo(hall)
    assert (hall.queue(), first.place) == before
    assert (hall.at_w1, first.calls, first.why) == (None, 0, None)


@rule("U-call-elsewhere")
def test_a_call_by_name_goes_back_to_the_missed_and_the_held(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    hall.miss()
    hall.call("w1", ticket)
    undo(hall)
    assert (ticket.state, hall.state.missed) == ("missed", (ticket.id,))
    hall.call("w1", ticket)
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Hold(window="w1", kind="with_papers"))
    hall.do(cmd.Returned(ticket=ticket.id))
    undo(hall)
    assert (ticket.state, list(hall.state.held)) == ("held", [ticket.id])


@rule("U-call-elsewhere")
def test_a_missed_one_goes_back_between_those_missed_before_and_since(hall: Scene) -> None:
    one, two, three = (hall.issue() for _ in range(3))
    for _ in range(3):
        hall.call()
        hall.miss()
    before = hall.state.missed
    assert before == (three.id, two.id, one.id)
    hall.call("w1", two)
    undo(hall)
    assert hall.state.missed == before
    hall.call("w1", one)
    undo(hall)
    assert hall.state.missed == before


@rule("U-call-elsewhere")
def test_a_missed_one_has_the_time_that_it_had_left(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    hall.miss()
    due_ms = hall.state.due["missed", ticket.id]
    hall.later(5 * MIN)
    hall.call("w1", ticket)
    hall.later(5)
    undo(hall)
    assert hall.state.due["missed", ticket.id] == due_ms
    hall.now_ms = due_ms
    hall.tick()
    assert ticket.state == "abandoned"


@rule("U-bound")
@pytest.mark.parametrize("where", [{"to_window": "w2"}, {"to_clerk": "c2"}])
def test_who_waits_for_somebody_absent_goes_on_doing_so(hall: Scene, where: dict[str, str]) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", wait=True, **where))
    bound, due_ms = ticket.bound, hall.state.due["unbind", ticket.id]
    assert bound
    hall.later(MIN)
    hall.call("w1", ticket)
    hall.later(5)
    restarted = decode_state(encode_state(hall.state))
    assert restarted.windows["w1"].acted == hall.state.windows["w1"].acted
    undo(hall)
    assert (ticket.state, ticket.bound, hall.state.due["unbind", ticket.id]) == ("waiting", bound, due_ms)
    assert hall.call() is None
    hall.now_ms = due_ms
    hall.tick()
    assert (ticket.bound, hall.call()) == ("", ticket)


@rule("U-bound")
def test_but_not_for_somebody_who_has_left_since(hall: Scene) -> None:
    hall.staff("w2", "c2")
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_window="w2"))
    hall.call("w1", ticket)
    hall.do(cmd.SignOut(window="w2"))
    undo(hall)
    assert (ticket.state, ticket.bound, hall.call()) == ("waiting", "", ticket)


@rule("U-withdrawn")
def test_the_announcement_is_withdrawn(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    assert hall.state.recent["hall"] == (ticket.id,)
    undo(hall)
    assert hall.state.recent["hall"] == ()  # type: ignore[comparison-overlap]


@rule("U-miss")
def test_a_miss_is_taken_back_to_the_call(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    hall.miss()
    undo(hall)
    assert (ticket.state, ticket.calls, hall.at_w1, hall.state.missed) == ("called", 2, ticket, ())
    assert hall.state.clerk_days["c1"].missed == 0


@rule("U-miss")
def test_a_miss_is_not_taken_back_while_the_hall_stands_still(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    hall.miss()
    hall.do(cmd.Suspend(reason="停电"))
    with refused(hall, Code.HALL_SUSPENDED):
        undo(hall)
    hall.do(cmd.ResumeHall())
    undo(hall)
    assert (ticket.state, hall.at_w1) == ("called", ticket)


@rule("U-complete")
def test_a_completion_is_taken_back_to_the_service(hall: Scene) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.later(60)
    hall.complete()
    undo(hall)
    assert (ticket.state, hall.at_w1, hall.state.clerk_days["c1"].done) == ("serving", ticket, 0)
    hall.later(60)
    hall.complete()
    assert ticket.handled_ms == 120_000


@rule("U-complete")
def test_a_completion_that_closed_the_window_opens_it_again(hall: Scene) -> None:
    hall.issue()
    hall.serve()
    hall.do(cmd.Close(window="w1"))
    hall.complete()
    undo(hall)
    assert hall.state.windows["w1"].state == "serving"
    assert hall.state.windows["w1"].draining


@rule("U-complete-visit")
def test_the_next_step_is_taken_back_too(hall: Scene) -> None:
    ticket = hall.issue(services=("social",), person=ANN)
    hall.serve()
    hall.complete()
    undo(hall)
    assert (ticket.state, ticket.service, ticket.step) == ("serving", "general", 0)
    hall.do(cmd.Abandon(window="w1"))
    check_invariants(hall.state)
    assert hall.issue("social", person=ANN).number == "E001"


@rule("U-complete-visit")
def test_the_step_that_was_done_counts_once(hall: Scene) -> None:
    ticket = hall.issue(services=("social",))
    hall.serve()
    hall.later(400)
    before = hall.state.clerk_days["c1"]
    hall.later(200)
    hall.complete()
    counted = hall.state.clerk_days["c1"]
    assert (counted.done, counted.done_ms, counted.handling_ms) == (1, 600_000, 600_000)
    undo(hall)
    assert (hall.state.clerk_days["c1"], ticket.handled_ms) == (before, 0)
    hall.complete()
    assert (ticket.service, hall.state.clerk_days["c1"]) == ("social", counted)


@rule("U-complete-visit")
def test_a_step_that_was_put_aside_and_done_while_the_hall_stood_still_counts_once(hall: Scene) -> None:
    ticket = hall.issue(services=("social",))
    hall.serve()
    hall.later(100)
    hall.do(cmd.Hold(window="w1", kind="waiting"))
    hall.later(MIN)
    hall.do(cmd.Resume(window="w1", ticket=ticket.id))
    before = hall.state.clerk_days["c1"]
    hall.later(200)
    hall.do(cmd.Suspend(reason="停电"))
    hall.later(30)
    hall.complete()
    hall.later(5)
    hall.do(cmd.ResumeHall())
    counted = hall.state.clerk_days["c1"]
    assert (counted.done, counted.done_ms, counted.handling_ms) == (1, 300_000, 300_000)
    undo(hall)
    assert (hall.state.clerk_days["c1"], ticket.handled_ms) == (before, 100_000)


@rule("U-complete-visit", "U-next")
def test_a_step_that_next_ended_counts_once() -> None:
    hall = with_rules(next_while_serving="complete")
    ticket = hall.issue(services=("social",))
    hall.serve()
    before = hall.state.clerk_days["c1"]
    hall.later(600)
    assert hall.call() is ticket
    assert (ticket.service, hall.state.clerk_days["c1"].done_ms) == ("social", 600_000)
    undo(hall)
    assert (ticket.state, ticket.service, hall.state.clerk_days["c1"]) == ("serving", "general", before)
    hall.complete()
    assert (hall.state.clerk_days["c1"].done_ms, hall.state.clerk_days["c1"].handling_ms) == (600_000,) * 2
    settle(hall)


@rule("U-fifteen-seconds")
def test_fifteen_seconds_and_no_more(hall: Scene) -> None:
    hall.issue()
    hall.call()
    hall.later(15.001)
    with refused(hall, Code.EXPIRED):
        undo(hall)
    hall.now_ms -= 1
    undo(hall)


@rule("U-own-act")
def test_nobody_takes_back_what_another_did(hall: Scene) -> None:
    hall.issue()
    hall.call()
    with refused(hall, Code.FORBIDDEN):
        hall.do(cmd.Undo(window="w1"), who=SOMEBODY_ELSE)


@rule("U-last-act")
def test_only_the_last_act_at_the_window(hall: Scene) -> None:
    hall.issue()
    hall.call()
    hall.do(cmd.Start(window="w1"))
    with refused(hall, Code.WRONG_STATE):
        undo(hall)
    hall.complete()
    undo(hall)
    with refused(hall, Code.WRONG_STATE):
        undo(hall)


@rule("U-gone-on")
def test_not_when_the_ticket_has_gone_on_since(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    hall.miss()
    hall.do(cmd.Rejoin(ticket=ticket.id))
    with refused(hall, Code.WRONG_STATE):
        undo(hall)


@rule("U-gone-on", "R-undone")
@pytest.mark.parametrize("by_phone", [False, True])
def test_a_rating_hinders_no_undo_and_counts_no_more_then(hall: Scene, *, by_phone: bool) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.complete()
    before = shown(hall, "panel", window="w1")
    hall.do(cmd.Rate(ticket=ticket.id, level=1, by_phone=by_phone))
    assert shown(hall, "panel", window="w1") == before, "the clerk sees that it is rated"
    undo(hall)
    assert (ticket.state, hall.at_w1) == ("serving", ticket)
    assert (ticket.ratings, [(r.step, r.level) for r in ticket.ratings_taken_back]) == ((), [(0, 1)])
    floor = shown(hall, "floor")
    assert (floor["ratings"]["done"], floor["ratings"]["rated"], floor["cases"]["open"]) == (0, 0, 1)
    (case,) = shown(hall, "cases")["cases"]
    assert case["undone_ms"] == hall.now_ms
    settle(hall)
    hall.complete()
    assert shown(hall, "strip", window="w1")["rating"]["before"] == 1
    for late in (0, 2):
        with refused(hall, Code.WRONG_STATE):
            hall.do(cmd.Rate(ticket=ticket.id, level=5, before=late, by_phone=by_phone))
    hall.do(cmd.Rate(ticket=ticket.id, level=2, before=1))
    assert [rating.level for rating in ticket.ratings] == [2]
    undone = {one["level"]: one["undone_ms"] for one in shown(hall, "cases")["cases"]}
    assert undone == {1: case["undone_ms"], 2: None}
    with refused(hall, Code.LIMIT_REACHED):
        hall.do(cmd.Rate(ticket=ticket.id, level=5))
    assert shown(hall, "strip", window="w1")["rating"] is None
    settle(hall)


@rule("R-undone")
def test_who_gives_up_after_all_is_counted_neither_as_done_nor_as_rated(hall: Scene) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.complete()
    hall.do(cmd.Rate(ticket=ticket.id, level=5))
    undo(hall)
    hall.do(cmd.Abandon(window="w1"))
    rated = shown(hall, "floor")["ratings"]
    assert (ticket.state, rated["done"], rated["rated"]) == ("abandoned", 0, 0)
    settle(hall)


@rule("R-undone")
def test_what_was_rated_of_an_earlier_step_stays_rated(hall: Scene) -> None:
    ticket = hall.issue("social", services=("general",))
    for _ in range(2):
        hall.serve()
        hall.complete()
    for step, level in ((0, 5), (1, 1)):
        hall.do(cmd.Rate(ticket=ticket.id, level=level, step=step))
    undo(hall)
    assert [rating.level for rating in ticket.ratings] == [5]
    assert shown(hall, "floor")["ratings"]["rated"] == 1
    settle(hall)


@rule("R-undone")
@pytest.mark.parametrize("how", ["clerk", "service", "hand_over"])
def test_who_completes_what_another_took_back_is_rated_too(hall: Scene, how: str) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.complete()
    assert shown(hall, "strip", window="w1")["rating"]["before"] == 0
    hall.do(cmd.Rate(ticket=ticket.id, level=1))
    undo(hall)
    at = "w1"
    if how == "hand_over":
        hall.do(cmd.HandOver(window="w1", clerk="c2"))
    elif how == "clerk":
        at = "w2"
        hall.staff(at, "c2")
        hall.do(cmd.Transfer(window="w1", to_clerk="c2"))
        assert hall.serve(at) is ticket
    else:
        hall.do(cmd.Transfer(window="w1", to_service="social"))
        assert hall.serve() is ticket
    hall.complete(at)
    asked = shown(hall, "strip", window=at)["rating"]
    assert (asked["ticket"], asked["step"], asked["before"]) == (ticket.id, 0, 1)
    (left,) = shown(hall, "ticket", ticket=ticket.id)["rating"]["steps"]
    assert (left["step"], left["before"]) == (0, 1)
    hall.do(cmd.Rate(ticket=ticket.id, level=2))
    assert [rating.level for rating in ticket.ratings] == [2]
    first, second = hall.state.cases.values()
    assert (first.level, second.level) == (1, 2)
    assert (first.service, first.clerk) != (second.service, second.clerk)
    with refused(hall, Code.LIMIT_REACHED):
        hall.do(cmd.Rate(ticket=ticket.id, level=5))
    assert shown(hall, "strip", window=at)["rating"] is None
    settle(hall)


@rule("U-gone-on", "R-undone")
def test_a_rating_of_an_earlier_step_hinders_no_undo_of_another_clerk(hall: Scene) -> None:
    hall.staff("w2", "c2")
    ticket = hall.issue("social", services=("general",))
    hall.serve()
    hall.complete()
    hall.call("w2")
    assert hall.state.windows["w2"].ticket is ticket
    hall.do(cmd.Rate(ticket=ticket.id, level=2, step=0, by_phone=True))
    undo(hall, "w2")
    assert (ticket.state, ticket.step, len(ticket.ratings)) == ("waiting", 1, 1)
    settle(hall)


@rule("U-own-day")
def test_not_into_another_day(hall: Scene) -> None:
    hall.issue()
    hall.now_ms = hall.state.day_ends_ms - 5_000
    hall.serve()
    hall.complete()
    hall.later(5)
    hall.tick()
    with refused(hall, Code.WRONG_STATE):
        undo(hall)


@rule("U-next")
@pytest.mark.parametrize("flag", [None, cmd.Pause(window="w1"), cmd.Close(window="w1")])
def test_what_next_ended_first_is_taken_back_with_the_call(flag: cmd.AnyCommand | None) -> None:
    hall = with_rules(next_while_serving="complete", next_while_called="miss", min_calls_before_miss=1)
    one, two, three = (hall.issue() for _ in range(3))
    hall.serve()
    hall.call()
    assert (one.state, hall.at_w1) == ("done", two)
    if flag is not None:
        hall.do(flag)
    undo(hall)
    assert (one.state, two.state, hall.at_w1) == ("serving", "waiting", one)
    assert hall.queue() == ["A002", "A003"]
    assert (hall.state.clerk_days["c1"].done, hall.state.recent["hall"]) == (0, (one.id,))
    settle(hall)
    if flag is None:
        hall.complete()
        hall.call()
        hall.call()
        assert (two.state, hall.at_w1) == ("missed", three)
        undo(hall)
        assert (two.state, three.state, hall.at_w1) == ("called", "waiting", two)
        settle(hall)


@rule("U-next")
def test_where_the_first_of_the_two_has_gone_on_neither_is_taken_back() -> None:
    hall = with_rules(next_while_serving="complete")
    one, _ = hall.issue(services=("social",)), hall.issue()
    hall.serve()
    hall.call()
    hall.do(cmd.Cancel(ticket=one.id))
    with refused(hall, Code.WRONG_STATE):
        undo(hall)


@rule("U-flags")
@pytest.mark.parametrize(
    ("flag", "state"), [(cmd.Pause(window="w1", reason="午休"), "paused"), (cmd.Close(window="w1"), "closed")]
)
def test_a_pause_or_close_asked_for_since_the_call_takes_effect(
    hall: Scene, flag: cmd.AnyCommand, state: str
) -> None:
    ticket = hall.issue()
    hall.call()
    hall.do(flag)
    undo(hall)
    assert (ticket.state, hall.state.windows["w1"].state) == ("waiting", state)


@rule("U-flags")
def test_a_pause_since_the_end_comes_after_the_ticket_again(hall: Scene) -> None:
    hall.issue()
    hall.serve()
    hall.complete()
    hall.do(cmd.Pause(window="w1", reason="午休"))
    undo(hall)
    window = hall.state.windows["w1"]
    assert (window.state, window.paused, window.pause_after) == ("serving", False, True)
    hall.complete()
    assert (window.state, window.pause_reason) == ("paused", "午休")


@rule("U-flags")
def test_a_window_opened_again_since_stays_open(hall: Scene) -> None:
    hall.issue()
    hall.serve()
    hall.do(cmd.Close(window="w1"))
    hall.complete()
    hall.do(cmd.Open(window="w1"))
    undo(hall)
    hall.complete()
    assert hall.state.windows["w1"].state == "idle"


@rule("U-last-act")
def test_another_clerk_takes_nothing_back(hall: Scene) -> None:
    hall.issue()
    hall.call()
    hall.do(cmd.HandOver(window="w1", clerk="c2"))
    with refused(hall, Code.WRONG_STATE):
        undo(hall)


@rule("U-flags")
def test_skills_that_were_narrowed_since_stay_narrowed(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    hall.do(cmd.SetSkills(window="w1", skills=("estate",)))
    undo(hall)
    assert hall.queue() == ["A001"]
    assert hall.call() is None
    hall.do(cmd.SetSkills(window="w1", skills=None))
    assert hall.call() is ticket


@rule("U-flags")
def test_a_trainee_who_came_since_stays(hall: Scene) -> None:
    config = small_hall()
    hall.do(
        cmd.Configure(
            config=small_hall(
                clerks=(*config.clerks, Clerk(id="c9", name="周一", skills={"general": 1}, mentor="c1"))
            )
        )
    )
    ticket = hall.issue()
    hall.serve()
    hall.complete()
    hall.do(cmd.SignIn(window="w1", clerk="c9"))
    undo(hall)
    assert (ticket.state, hall.state.trainees) == ("serving", {"w1": "c9"})


@rule("U-configured")
@pytest.mark.parametrize("act", ["call", "complete", "miss"])
def test_a_configuration_takes_nobodys_undo_away(hall: Scene, act: str) -> None:
    ticket = hall.issue("estate")
    hall.call()
    if act == "complete":
        hall.do(cmd.Start(window="w1"))
        hall.complete()
    elif act == "miss":
        hall.miss()
    hall.do(cmd.Configure(config=small_hall(notices=("中午不休息",))))
    undo(hall)
    assert ticket.state == {"call": "waiting", "complete": "serving", "miss": "called"}[act]


@rule("U-configured")
def test_but_for_a_completion_whose_service_is_gone(hall: Scene) -> None:
    hall.issue("estate")
    hall.serve()
    hall.complete()
    config = small_hall()
    c1, c2, c3, _ = config.clerks
    left = [msgspec.structs.replace(c, skills={"general": 2, "social": 2}) for c in (c1, c2, c3)]
    gone = small_hall(
        services=config.services[:2], windows=config.windows[:2], zones=config.zones[:1], clerks=tuple(left)
    )
    hall.do(cmd.Configure(config=gone))
    with refused(hall, Code.WRONG_STATE):
        undo(hall)


@rule("U-configured")
def test_nor_where_nothing_is_left_of_what_it_needs() -> None:
    """One account for two windows, and the other one has it now."""
    config = small_hall(resources=(Resource(code="net", name="专网", capacity=1),))
    scarce = changed(config, "general", resource="net")
    hall = Scene(scarce)
    hall.staff("w1", "c1")
    hall.staff("w2", "c2")
    hall.issue()
    hall.serve()
    hall.complete()
    hall.issue()
    hall.call("w2")
    hall.do(cmd.Configure(config=msgspec.structs.replace(scarce, name="新名")))
    with refused(hall, Code.RESOURCE_BUSY):
        undo(hall)
    settle(hall)
