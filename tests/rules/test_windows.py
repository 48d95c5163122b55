"""Windows and the people at them."""

from __future__ import annotations

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.domain.events import WindowHandedOver, decode_batch
from callq.domain.hall import Clerk
from callq.views.panel import project_panel
from tests.harness import small_hall
from tests.rules.scene import MIN, Scene, refused, rule, with_rules

PUPIL = Clerk(id="c9", name="周一", skills={"general": 1}, mentor="c1")


def with_pupil() -> Scene:
    """A trainee sits beside c1 at window w1."""
    scene = Scene(small_hall(clerks=(*small_hall().clerks, PUPIL)))
    scene.staff("w1", "c1")
    scene.do(cmd.SignIn(window="w1", clerk="c9"))
    return scene


@rule("W-states")
def test_the_state_follows_from_open_ticket_and_pause(hall: Scene) -> None:
    window = hall.state.windows["w1"]
    seen = [str(hall.state.windows["w2"].state), str(window.state)]
    hall.issue()
    hall.call()
    seen.append(window.state)
    hall.do(cmd.Start(window="w1"))
    seen.append(window.state)
    hall.complete()
    hall.do(cmd.Pause(window="w1"))
    seen.append(window.state)
    assert seen == ["closed", "idle", "calling", "serving", "paused"]


@rule("W-unstaffed")
def test_an_open_window_without_a_clerk_is_open_all_the_same(hall: Scene) -> None:
    hall.do(cmd.SignOut(window="w1"))
    window = hall.state.windows["w1"]
    assert (window.clerk, window.state) == (None, "idle")


@rule("W-pause-after")
def test_a_pause_while_busy_waits_for_the_end_of_the_ticket(hall: Scene) -> None:
    hall.issue()
    hall.serve()
    hall.do(cmd.Pause(window="w1", reason="午餐"))
    window = hall.state.windows["w1"]
    assert window.state == "serving"
    hall.complete()
    assert (window.state, window.pause_reason) == ("paused", "午餐")
    hall.do(cmd.Unpause(window="w1"))
    assert window.state == "idle"


@rule("W-pause-taken-back")
def test_a_pause_or_close_that_is_to_come_can_be_taken_back(hall: Scene) -> None:
    hall.issue()
    hall.serve()
    hall.do(cmd.Pause(window="w1"))
    hall.do(cmd.Unpause(window="w1"))
    hall.do(cmd.Close(window="w1"))
    hall.do(cmd.Open(window="w1"))
    hall.complete()
    assert hall.state.windows["w1"].state == "idle"


@rule("W-close-drains")
@pytest.mark.parametrize("end", ["complete", "miss", "hold", "transfer", "abandon", "cancel"])
def test_a_close_while_busy_waits_for_the_end_of_the_ticket(hall: Scene, end: str) -> None:
    ticket = hall.issue()
    hall.call()
    if end in ("complete", "hold"):
        hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Close(window="w1"))
    assert hall.state.windows["w1"].open
    if end == "miss":
        hall.miss()
    else:
        hall.do(
            {  # type: ignore[arg-type]
                "complete": cmd.Complete(window="w1"),
                "hold": cmd.Hold(window="w1", kind="waiting"),
                "transfer": cmd.Transfer(window="w1", to_service="social"),
                "abandon": cmd.Abandon(window="w1"),
                "cancel": cmd.Cancel(ticket=ticket.id),
            }[end]
        )
    assert hall.state.windows["w1"].state == "closed"


@rule("W-sign-out-busy")
def test_nobody_signs_out_while_a_ticket_is_there(hall: Scene) -> None:
    hall.issue()
    hall.call()
    with refused(hall, Code.WINDOW_BUSY):
        hall.do(cmd.SignOut(window="w1"))


@rule("W-hand-over")
def test_a_hand_over_gives_window_and_ticket_and_splits_the_time(hall: Scene) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.later(3 * MIN)
    hall.do(cmd.HandOver(window="w1", clerk="c2"))
    assert (hall.state.windows["w1"].clerk, ticket.clerk, hall.at_w1) == ("c2", "c2", ticket)
    hall.later(2 * MIN)
    hall.complete()
    days = hall.state.clerk_days
    assert (days["c1"].handling_ms, days["c2"].handling_ms) == (3 * MIN * 1000, 2 * MIN * 1000)
    assert (days["c1"].done, days["c2"].done, ticket.handled_ms) == (0, 1, 5 * MIN * 1000)


@rule("W-hand-over-able")
def test_the_ticket_is_handed_to_somebody_who_can_serve_it(hall: Scene) -> None:
    hall.issue("social")
    hall.serve()
    with refused(hall, Code.NOT_ELIGIBLE):
        hall.do(cmd.HandOver(window="w1", clerk="c2"))


@rule("W-occupied")
def test_a_seat_that_is_taken_is_refused(hall: Scene) -> None:
    with refused(hall, Code.WINDOW_OCCUPIED):
        hall.do(cmd.SignIn(window="w1", clerk="c2"))


@rule("W-take-over")
def test_a_supervisor_may_seat_somebody_else(hall: Scene) -> None:
    hall.issue()
    hall.serve()
    hall.do(cmd.TakeOver(window="w1", clerk="c2", reason="晕倒"), who=cmd.Actor(role="supervisor", id="s"))
    assert hall.state.windows["w1"].clerk == "c2"
    hall.complete()
    assert hall.state.clerk_days["c2"].done == 1


@rule("W-take-over-why")
def test_why_a_supervisor_did_is_on_record(hall: Scene) -> None:
    supervisor = cmd.Actor(role="supervisor", id="s")
    with refused(hall, Code.INVALID):
        hall.do(cmd.TakeOver(window="w1", clerk="c2", reason=" "), who=supervisor)
    for clerk, reason in (("c2", "晕倒"), ("c1", "unspecified")):
        given = {"reason": reason} if clerk == "c2" else {}
        done = hall.do(cmd.TakeOver(window="w1", clerk=clerk, **given), who=supervisor)
        assert [e.reason for e in done.events if isinstance(e, WindowHandedOver)] == [reason]
    batch = decode_batch(hall.payloads[-1])
    assert batch.who == supervisor


@rule("W-one-seat")
def test_a_clerk_sits_at_one_window_at_a_time(hall: Scene) -> None:
    with refused(hall, Code.CLERK_BUSY):
        hall.do(cmd.SignIn(window="w2", clerk="c1"))
    hall.do(cmd.SignIn(window="w2", clerk="c2"))
    with refused(hall, Code.CLERK_BUSY):
        hall.do(cmd.HandOver(window="w1", clerk="c2"))


@rule("W-useful-seat")
def test_a_clerk_sits_where_there_is_something_to_serve(hall: Scene) -> None:
    with refused(hall, Code.NOT_ELIGIBLE):
        hall.do(cmd.SignIn(window="w3", clerk="c2"))


@rule("W-trainee")
def test_a_trainee_sits_beside_the_mentor_and_leaves_with_the_mentor() -> None:
    hall = with_pupil()
    assert hall.state.trainees == {"w1": "c9"}
    assert hall.state.windows["w1"].clerk == "c1"
    with refused(hall, Code.CLERK_BUSY):
        hall.do(cmd.SignIn(window="w2", clerk="c9"))
    hall.do(cmd.SignOut(window="w1"))
    assert hall.state.clerk_at == {}


@rule("W-trainee")
def test_a_trainee_may_leave_alone_take_the_seat_but_stays_by_no_stranger() -> None:
    hall = with_pupil()
    hall.do(cmd.SignOut(window="w1", clerk="c9"))
    assert hall.state.clerk_at == {"c1": "w1"}
    hall.do(cmd.SignIn(window="w1", clerk="c9"))
    hall.do(cmd.HandOver(window="w1", clerk="c2"))
    assert hall.state.clerk_at == {"c2": "w1"}
    hall = with_pupil()
    hall.do(cmd.HandOver(window="w1", clerk="c9"))
    assert (hall.state.clerk_at, hall.state.trainees) == ({"c9": "w1"}, {})


@rule("W-trainee-mentor")
def test_only_the_own_mentor_has_room_for_a_trainee(hall: Scene) -> None:
    hall = Scene(small_hall(clerks=(*small_hall().clerks, PUPIL)))
    hall.staff("w2", "c2")
    with refused(hall, Code.WINDOW_OCCUPIED):
        hall.do(cmd.SignIn(window="w2", clerk="c9"))


@rule("W-seconded")
def test_a_clerk_who_serves_another_hall_is_away(hall: Scene) -> None:
    with refused(hall, Code.CLERK_BUSY):
        hall.do(cmd.Second(clerk="c1", hall="village"))
    hall.do(cmd.Second(clerk="c2", hall="village"))
    with refused(hall, Code.CLERK_BUSY):
        hall.do(cmd.SignIn(window="w2", clerk="c2"))
    hall.do(cmd.Unsecond(clerk="c2"))
    hall.do(cmd.SignIn(window="w2", clerk="c2"))


@rule("W-seconded-awaited")
def test_nobody_waits_for_a_clerk_who_serves_another_hall(hall: Scene) -> None:
    first = hall.issue()
    hall.later(1)
    hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_clerk="c2", wait=True))
    hall.do(cmd.Second(clerk="c2", hall="village"))
    assert (first.state, first.bound) == ("waiting", ""), "who waited goes back to the service"
    assert hall.serve() is first
    for wait in (False, True):
        with refused(hall, Code.CLERK_BUSY) as refusal:
            hall.do(cmd.Transfer(window="w1", to_clerk="c2", wait=wait))
        assert refusal.value.state == "seconded"


@rule("W-bound-back")
def test_who_waits_for_a_window_that_closes_goes_back_to_the_service(hall: Scene) -> None:
    hall.staff("w2", "c2")
    ticket = hall.issue()
    clock = ticket.clock_ms
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_window="w2"))
    told = hall.do(cmd.Close(window="w2")).events
    assert [type(event).__name__ for event in told] == ["WindowClosed", "TicketUnbound"]
    assert (ticket.bound, ticket.clock_ms, hall.queue()) == ("", clock, ["A001"])


@rule("W-bound-back")
def test_a_window_that_drains_lets_those_who_wait_for_it_go_at_once(hall: Scene) -> None:
    hall.staff("w2", "c2")
    hall.issue()
    ticket = hall.issue()
    hall.serve("w2")
    hall.serve("w1")
    hall.do(cmd.Transfer(window="w1", to_window="w2"))
    hall.do(cmd.Close(window="w2"))
    assert ticket.bound == ""


@rule("W-another-device")
def test_another_device_goes_on_where_a_panel_was_lost(hall: Scene) -> None:
    hall.issue()
    hall.call()
    tablet = cmd.Actor(role="clerk", id="t9", device="tablet")
    hall.do(cmd.Start(window="w1"), who=tablet)
    hall.do(cmd.Complete(window="w1"), who=tablet)


@rule("W-skills-in-use")
def test_the_skills_in_use_can_be_narrowed_until_sign_out(hall: Scene) -> None:
    hall.issue()
    hall.do(cmd.SetSkills(window="w1", skills=("estate",)))
    assert hall.call() is None
    with refused(hall, Code.NOT_ELIGIBLE):
        hall.do(cmd.SetSkills(window="w1", skills=("surgery",)))
    hall.do(cmd.SignOut(window="w1"))
    hall.do(cmd.SignIn(window="w1", clerk="c1"))
    assert hall.call() is not None


@rule("W-auto-call")
def test_an_idle_window_calls_by_itself_after_the_delay() -> None:
    hall = with_rules(auto_call_s=20)
    ticket = hall.issue()
    hall.later(19)
    hall.tick()
    assert ticket.state == "waiting"
    hall.later(1)
    hall.tick()
    assert (ticket.state, hall.at_w1) == ("called", ticket)
    assert ticket.why is not None
    assert ticket.why.lanes


@rule("W-auto-call")
def test_a_paused_or_unstaffed_window_does_not_call_by_itself() -> None:
    hall = with_rules(auto_call_s=20)
    hall.do(cmd.Pause(window="w1"))
    hall.do(cmd.Open(window="w2"))
    ticket = hall.issue()
    hall.later(60)
    hall.tick()
    assert ticket.state == "waiting"


@rule("W-auto-call-ready")
def test_who_takes_a_seat_gets_the_whole_delay() -> None:
    hall = with_rules(auto_call_s=20)
    hall.do(cmd.SignOut(window="w1"))
    ticket = hall.issue()
    hall.later(10 * MIN)
    hall.do(cmd.SignIn(window="w1", clerk="c1"))
    hall.later(15)
    hall.do(cmd.HandOver(window="w1", clerk="c2"))
    hall.later(15)
    hall.do(cmd.TakeOver(window="w1", clerk="c1"))
    assert hall.state.windows["w1"].since_ms < hall.now_ms - 10 * MIN * 1000, "it has been idle for long"
    hall.later(19)
    hall.tick()
    assert ticket.state == "waiting"
    hall.later(1)
    hall.tick()
    assert ticket.state == "called"


@rule("W-auto-call-ready")
def test_so_does_who_takes_a_call_back() -> None:
    hall = with_rules(auto_call_s=20)
    hall.later(15)
    ticket = hall.issue()
    hall.later(3)
    hall.call()
    hall.later(5)
    hall.do(cmd.Undo(window="w1"))
    hall.tick()
    assert ticket.state == "waiting", "nobody could take back what the clock would do now"
    hall.later(19)
    hall.tick()
    assert ticket.state == "waiting"
    hall.later(1)
    hall.tick()
    assert ticket.state == "called"


@rule("W-auto-call-ready")
def test_opening_and_ending_a_pause_begin_the_delay_too() -> None:
    hall = with_rules(auto_call_s=20)
    ticket = hall.issue()
    for stop, go_on in ((cmd.Close, cmd.Open), (cmd.Pause, cmd.Unpause)):
        hall.do(stop(window="w1"))
        hall.later(MIN)
        hall.do(go_on(window="w1"))
        hall.later(19)
        hall.tick()
        assert ticket.state == "waiting"
    hall.later(1)
    hall.tick()
    assert ticket.state == "called"


@rule("W-auto-call")
def test_who_comes_to_a_window_that_has_been_ready_is_called_at_once() -> None:
    hall = with_rules(auto_call_s=20)
    hall.later(MIN)
    ticket = hall.issue()
    hall.tick()
    assert ticket.state == "called"


@rule("W-not-removed")
def test_a_window_in_use_or_with_papers_cannot_be_removed(hall: Scene) -> None:
    ticket = hall.issue()
    hall.hold("with_papers")
    config = msgspec.structs.replace(small_hall(), windows=small_hall().windows[1:])
    with refused(hall, Code.WINDOW_OCCUPIED):
        hall.do(cmd.Configure(config=config))
    hall.issue()
    hall.call()
    with refused(hall, Code.WINDOW_BUSY):
        hall.do(cmd.Configure(config=config))
    hall.do(cmd.Undo(window="w1"))
    hall.do(cmd.SignOut(window="w1"))
    with refused(hall, Code.WINDOW_BUSY):
        hall.do(cmd.Configure(config=config))
    hall.do(cmd.AbandonTicket(ticket=ticket.id))
    hall.do(cmd.Configure(config=config))
    assert "w1" not in hall.state.windows


@rule("W-mean")
def test_the_mean_handling_is_of_what_was_completed(hall: Scene) -> None:
    for _ in range(2):
        hall.issue()
    hall.serve()
    hall.later(5 * MIN)
    hall.complete()
    hall.serve()
    hall.later(30 * MIN)
    hall.do(cmd.Transfer(window="w1", to_service="social"))
    today = project_panel(hall.state, "w1", hall.now_ms, {})["today"]
    assert (today.done, today.mean_s) == (1, 5 * MIN)  # type: ignore[attr-defined]
    assert hall.state.clerk_days["c1"].handling_ms == 35 * MIN * 1000
