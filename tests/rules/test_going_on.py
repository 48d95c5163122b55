"""Transfers, reassignment, and visits of several services."""

from __future__ import annotations

from typing import Any

import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.domain.estimate import ahead
from callq.domain.hall import Session
from callq.views.ticket import ticket_out
from tests.harness import small_hall
from tests.rules.scene import ANN, HOUR, MIN, Scene, refused, rule, with_service


@rule("X-service")
def test_a_transfer_to_a_service_keeps_the_first_arrival(hall: Scene) -> None:
    ticket = hall.issue()
    arrival = ticket.clock_ms
    hall.later(60)
    hall.issue("social")
    hall.serve()
    hall.later(60)
    hall.do(cmd.Transfer(window="w1", to_service="social"))
    assert hall.queue("social") == ["A001", "E001"]
    assert (ticket.clock_ms, ticket.returned, hall.at_w1) == (arrival, "transfer", None)


@rule("X-service")
def test_a_miss_on_the_way_does_not_cost_the_first_arrival(hall: Scene) -> None:
    ticket = hall.issue()
    arrival = ticket.clock_ms
    hall.call()
    hall.miss()
    hall.do(cmd.Rejoin(ticket=ticket.id))
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_service="social"))
    assert ticket.clock_ms == arrival


@rule("X-service")
def test_nor_does_coming_back_in_another_place_gain_an_earlier_one(hall: Scene) -> None:
    for _ in range(3):
        hall.issue()
    hall.later(600)
    waits = hall.issue("social")
    hall.later(600)
    ticket = hall.issue()
    hall.call("w1", ticket)
    hall.miss()
    hall.do(cmd.Rejoin(ticket=ticket.id))
    hall.call("w1", ticket)
    hall.do(cmd.Transfer(window="w1", to_service="social"))
    assert hall.queue("social") == [waits.number, ticket.number]


@rule("X-link")
def test_a_transfer_remembers_where_it_came_from(hall: Scene) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_service="estate"))
    assert ticket.origin is not None
    assert (ticket.origin.service, ticket.origin.window, ticket.origin.clerk) == ("general", "w1", "c1")


@rule("X-from")
@pytest.mark.parametrize("state", ["called", "serving", "held"])
def test_called_served_and_held_tickets_can_be_sent_on(hall: Scene, state: str) -> None:
    ticket = hall.issue()
    hall.call()
    if state != "called":
        hall.do(cmd.Start(window="w1"))
    if state == "held":
        hall.do(cmd.Hold(window="w1", kind="waiting"))
    assert ticket.state == state
    hall.do(cmd.Transfer(ticket=ticket.id, to_service="social"))
    assert (ticket.state, hall.queue("social")) == ("waiting", ["A001"])
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Transfer(ticket=ticket.id, to_service="general"))


@rule("X-window", "X-clerk")
def test_a_transfer_to_a_window_or_a_clerk_waits_for_it_alone(hall: Scene) -> None:
    hall.staff("w2", "c2")
    one, two = hall.issue(), hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_window="w2"))
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_clerk="c2"))
    assert (one.bound, two.bound) == ("w:w2", "c:c2")
    assert ahead(hall.state, hall.issue(), hall.now_ms) == 2, "they sort before a new one"
    hall.do(cmd.Cancel(ticket="t0003"))
    assert hall.call("w1") is None
    assert hall.serve("w2") is one
    hall.complete("w2")
    assert hall.serve("w2") is two


@rule("X-refused-closed")
def test_a_closed_target_is_refused(hall: Scene) -> None:
    hall.issue()
    hall.serve()
    hall.do(cmd.SignIn(window="w2", clerk="c2"))
    for target in ({"to_window": "w2"}, {"to_clerk": "c2"}):
        with refused(hall, Code.WINDOW_CLOSED) as refusal:
            hall.do(cmd.Transfer(window="w1", **target))  # type: ignore[arg-type]
        assert "wait: true" in refusal.value.hint
    hall.do(cmd.StopIssuing(service="social", reason="上级系统故障"))
    with refused(hall, Code.SERVICE_CLOSED):
        hall.do(cmd.Transfer(window="w1", to_service="social"))


@rule("X-refused-closed")
def test_a_service_whose_hours_are_over_today_is_refused() -> None:
    whole = Session(
        code="whole", name="全天", ticketing="00:00-24:00", serving="00:00-24:00", services=("general",)
    )
    early = Session(
        code="early", name="早", ticketing="06:00-08:00", serving="06:00-08:30", services=("social", "estate")
    )
    hall = Scene(small_hall(sessions=(whole, early)))
    hall.staff()
    hall.issue()
    hall.serve()
    with refused(hall, Code.SERVICE_CLOSED):
        hall.do(cmd.Transfer(window="w1", to_service="social"))


@rule("X-refused-unskilled")
def test_an_unskilled_target_is_refused(hall: Scene) -> None:
    hall.staff("w2", "c2")
    hall.staff("w3", "c4")
    hall.issue("social")
    hall.serve()
    for target in ({"to_window": "w2"}, {"to_clerk": "c2"}, {"to_window": "w3"}):
        with refused(hall, Code.NOT_ELIGIBLE):
            hall.do(cmd.Transfer(window="w1", **target))  # type: ignore[arg-type]


@rule("X-refused-itself")
def test_a_transfer_to_itself_is_refused(hall: Scene) -> None:
    hall.issue()
    hall.serve()
    for target in ({"to_service": "general"}, {"to_window": "w1"}, {"to_clerk": "c1"}):
        with refused(hall, Code.WRONG_STATE):
            hall.do(cmd.Transfer(window="w1", **target))  # type: ignore[arg-type]


@rule("X-refused-itself")
@pytest.mark.parametrize("kind", ["without_papers", "with_papers", "waiting"])
def test_so_is_one_of_a_held_ticket_to_where_it_is_held(hall: Scene, kind: cmd.HoldKind) -> None:
    ticket = hall.issue()
    hall.hold(kind)
    for target in ({"to_window": "w1"}, {"to_clerk": "c1"}):
        with refused(hall, Code.WRONG_STATE) as refusal:
            hall.do(cmd.Transfer(ticket=ticket.id, **target))  # type: ignore[arg-type]
        assert ("resume" if kind == "waiting" else "returned") in refusal.value.hint
    hall.do(cmd.SignOut(window="w1"))
    hall.staff("w2", "c1")
    hall.do(cmd.Transfer(ticket=ticket.id, to_clerk="c1"))
    assert hall.call("w2") is ticket, "the clerk has gone elsewhere: that is another place"


@rule("X-refused-twice")
def test_nobody_is_sent_to_a_queue_they_stand_in_already(hall: Scene) -> None:
    hall.issue(person=ANN)
    hall.issue("social", person=ANN)
    hall.serve()
    with refused(hall, Code.DUPLICATE_TICKET):
        hall.do(cmd.Transfer(window="w1", to_service="social"))


@rule("X-absent-waits")
def test_an_absent_window_or_clerk_only_with_the_wish_to_wait(hall: Scene) -> None:
    hall.issue()
    hall.serve()
    hall.do(cmd.Open(window="w2"))
    for target in ({"to_window": "w2"}, {"to_clerk": "c2"}):
        with refused(hall, Code.WINDOW_UNSTAFFED):
            hall.do(cmd.Transfer(window="w1", **target))  # type: ignore[arg-type]
    hall.do(cmd.Transfer(window="w1", to_clerk="c2", wait=True))
    assert hall.queue(to="c:c2") == ["A001"]


@rule("X-absent-waits")
@pytest.mark.parametrize("target", [{"to_window": "w2"}, {"to_clerk": "c2"}])
def test_one_whose_window_is_not_open_yet_may_be_waited_for_too(hall: Scene, target: dict[str, Any]) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.SignIn(window="w2", clerk="c2"))
    hall.do(cmd.Transfer(window="w1", wait=True, **target))
    hall.do(cmd.Open(window="w2"))
    assert hall.call("w2") is ticket


@rule("X-absent-waits")
def test_a_trainee_counts_as_absent(hall: Scene) -> None:
    config = small_hall()
    pupil = type(config.clerks[1])(id="c9", name="周一", skills={"general": 1}, mentor="c2")
    hall = Scene(small_hall(clerks=(*config.clerks, pupil)))
    hall.staff("w1", "c1")
    hall.staff("w2", "c2")
    hall.do(cmd.SignIn(window="w2", clerk="c9"))
    hall.issue()
    hall.serve()
    with refused(hall, Code.WINDOW_UNSTAFFED):
        hall.do(cmd.Transfer(window="w1", to_clerk="c9"))


@rule("X-unbind-sign-out")
def test_who_waits_for_a_clerk_that_leaves_may_go_to_anyone(hall: Scene) -> None:
    hall.staff("w2", "c2")
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_clerk="c2"))
    hall.do(cmd.SignOut(window="w2"))
    assert (ticket.bound, hall.queue()) == ("", ["A001"])


@rule("X-unbind-quarter")
def test_after_a_quarter_of_an_hour_anyone_may_take_it(hall: Scene) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_clerk="c2", wait=True))
    clock = ticket.clock_ms
    hall.later(15 * MIN - 1)
    hall.tick()
    assert ticket.bound == "c:c2"
    hall.later(1)
    hall.tick()
    assert (ticket.bound, ticket.clock_ms) == ("", clock)


@rule("X-reassign")
def test_a_wrong_service_is_put_right_with_number_and_place_kept(hall: Scene) -> None:
    ticket = hall.issue()
    hall.later(60)
    hall.issue("social")
    hall.do(cmd.Reassign(ticket=ticket.id, service="social"))
    assert hall.queue("social") == ["A001", "E001"]
    hall.serve()
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Reassign(ticket=ticket.id, service="general"))


@rule("X-reassign")
def test_a_reassigned_ticket_waits_for_nobody_in_particular(hall: Scene) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_clerk="c2", wait=True))
    hall.do(cmd.Reassign(ticket=ticket.id, service="social"))
    assert (ticket.bound, list(hall.state.due)) == ("", [])


@rule("V-next-step")
def test_a_visit_goes_on_to_its_next_service_by_itself(hall: Scene) -> None:
    ticket = hall.issue(services=("social", "estate"))
    hall.serve()
    hall.later(60)
    hall.complete()
    assert (ticket.state, ticket.service, ticket.clock_ms) == ("waiting", "social", hall.now_ms)
    hall.serve()
    hall.complete()
    hall.serve()
    hall.complete()
    assert [step.state for step in ticket.steps] == ["done"] * 3
    assert ticket.state == "done"


@rule("V-deferred-closed")
def test_a_step_that_is_closed_is_kept_with_the_next_chance() -> None:
    whole = Session(
        code="whole",
        name="全天",
        ticketing="00:00-24:00",
        serving="00:00-24:00",
        services=("general", "social"),
    )
    noon = Session(
        code="pm", name="下午", ticketing="14:00-16:00", serving="14:00-17:00", services=("estate",)
    )
    hall = Scene(small_hall(sessions=(whole, noon)))
    hall.staff()
    ticket = hall.issue(services=("estate",))
    hall.serve()
    (_, deferred) = hall.do(cmd.Complete(window="w1")).events
    assert (ticket.state, ticket.steps[1].state) == ("done", "deferred")
    assert deferred.next_ms == hall.now_ms + 5 * HOUR * 1000


@rule("V-deferred-full")
def test_a_step_that_is_full_is_kept_for_another_day() -> None:
    hall = with_service("social", quota=1)
    hall.issue("social")
    ticket = hall.issue(services=("social",))
    hall.call("w1", ticket)
    hall.do(cmd.Start(window="w1"))
    (_, deferred) = hall.do(cmd.Complete(window="w1")).events
    assert ticket.steps[1].state == "deferred"
    assert deferred.next_ms == hall.state.day_ends_ms
    shown = ticket_out(hall.state, ticket, hall.now_ms).visit
    assert shown is not None
    assert shown.deferred is not None
    assert (shown.deferred.reason, shown.deferred.next_ms) == ("quota_exhausted", hall.state.day_ends_ms)


@rule("V-take-up")
def test_a_deferred_step_is_taken_up_the_same_day_when_it_is_open_again(hall: Scene) -> None:
    hall.do(cmd.StopIssuing(service="social", reason="上级系统故障"))
    ticket = hall.issue(services=("social",))
    hall.serve()
    hall.complete()
    with refused(hall, Code.SERVICE_CLOSED):
        hall.do(cmd.Returned(ticket=ticket.id))
    hall.do(cmd.StartIssuing(service="social"))
    hall.do(cmd.Returned(ticket=ticket.id))
    assert (hall.queue("social"), ticket.number) == (["A001"], "A001")
    hall.serve()
    hall.complete()
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Returned(ticket=ticket.id))


@rule("V-own-day")
def test_a_number_of_yesterday_does_not_wait_among_those_of_today(hall: Scene) -> None:
    ticket = hall.issue(services=("social",))
    hall.now_ms = hall.state.day_ends_ms - 60_000
    hall.serve()
    hall.next_day()
    with refused(hall, Code.EXPIRED):
        hall.do(cmd.Transfer(window="w1", to_service="social"))
    with refused(hall, Code.EXPIRED):
        hall.do(cmd.Hold(window="w1", kind="waiting"))
    hall.complete()
    assert (ticket.state, ticket.steps[1].state) == ("done", "deferred")
    with refused(hall, Code.EXPIRED):
        hall.do(cmd.Returned(ticket=ticket.id))


@rule("V-one-live")
def test_a_step_whose_service_the_person_queues_for_already_is_deferred(hall: Scene) -> None:
    other = hall.issue("social", person=ANN)
    ticket = hall.issue(services=("social",), person=ANN)
    hall.call("w1", ticket)
    hall.do(cmd.Start(window="w1"))
    hall.complete()
    assert (ticket.steps[1].state, other.state) == ("deferred", "waiting")
