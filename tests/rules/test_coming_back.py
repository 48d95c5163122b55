"""Missing and rejoining, holds and returning."""

from __future__ import annotations

from callq.domain import commands as cmd
from callq.domain.errors import Code
from tests.rules.scene import MIN, Scene, refused, rule, with_rules


def missed_with(hall: Scene, others: int) -> str:
    """A ticket that was missed while so many wait after it."""
    ticket = hall.issue()
    for _ in range(others):
        hall.later(1)
        hall.issue()
    hall.call()
    hall.miss()
    hall.later(5)
    return ticket.id


@rule("T-rejoin-void")
def test_in_a_strict_hall_a_missed_number_is_void() -> None:
    hall = with_rules(rejoin="void")
    ticket = missed_with(hall, 0)
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Rejoin(ticket=ticket))


@rule("T-rejoin-second-call")
def test_a_second_call_is_made_at_the_window_that_missed_it() -> None:
    hall = with_rules(rejoin="second_call")
    hall.staff("w2", "c2")
    ticket = missed_with(hall, 1)
    hall.do(cmd.Rejoin(ticket=ticket))
    assert hall.queue(to="w:w1") == ["A001"]
    hall.later(15 * MIN)
    hall.tick()
    assert hall.serve("w2").number == "A002"
    assert hall.serve("w1").number == "A001"


@rule("T-rejoin-k-back")
def test_it_goes_k_places_back_with_the_clock_of_the_kth(hall: Scene) -> None:
    ticket = missed_with(hall, 5)
    hall.do(cmd.Rejoin(ticket=ticket))
    assert hall.queue() == ["A002", "A003", "A004", "A001", "A005", "A006"]
    a004 = next(t for t in hall.state.tickets.values() if t.number == "A004")
    assert hall.state.tickets[ticket].clock_ms == a004.clock_ms
    assert hall.state.tickets[ticket].returned == "missed"


@rule("T-rejoin-k-back")
def test_those_who_came_back_from_a_hold_count_as_places_too(hall: Scene) -> None:
    held = [hall.hold("without_papers") for _ in range(3) if hall.issue()]
    ticket = missed_with(hall, 2)
    for one in held:
        hall.do(cmd.Returned(ticket=one.id))
    hall.do(cmd.Rejoin(ticket=ticket))
    assert hall.queue() == ["A001", "A002", "A003", "A004", "A005", "A006"]


@rule("T-rejoin-fewer")
def test_where_fewer_than_k_wait_its_clock_is_now(hall: Scene) -> None:
    ticket = missed_with(hall, 2)
    hall.do(cmd.Rejoin(ticket=ticket))
    assert hall.queue() == ["A002", "A003", "A001"]
    assert hall.state.tickets[ticket].clock_ms == hall.now_ms


@rule("T-rejoin-max")
def test_once_is_enough(hall: Scene) -> None:
    ticket = missed_with(hall, 0)
    hall.do(cmd.Rejoin(ticket=ticket))
    hall.call()
    hall.miss()
    with refused(hall, Code.LIMIT_REACHED):
        hall.do(cmd.Rejoin(ticket=ticket))


@rule("T-hold-without-papers")
def test_who_fetches_something_comes_back_to_any_window_before_everyone(hall: Scene) -> None:
    hall.staff("w2", "c2")
    ticket = hall.issue()
    hall.hold("without_papers")
    hall.issue()
    assert hall.at_w1 is None
    hall.do(cmd.Returned(ticket=ticket.id))
    assert (hall.queue(), ticket.bound, ticket.returned) == (["A001", "A002"], "", "hold")
    assert hall.serve("w2") is ticket


@rule("T-return-first")
def test_who_came_back_sorts_first_whatever_the_clocks(hall: Scene) -> None:
    early = hall.issue()
    late = hall.issue()
    hall.call("w1", late)
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Hold(window="w1", kind="without_papers"))
    hall.do(cmd.Returned(ticket=late.id))
    assert late.clock_ms >= early.clock_ms
    assert hall.queue() == [late.number, early.number]


@rule("T-return-papers-called")
def test_papers_that_come_back_to_their_free_window_are_called_at_once(hall: Scene) -> None:
    ticket = hall.issue()
    hall.hold("with_papers")
    hall.issue()
    hall.do(cmd.Returned(ticket=ticket.id))
    assert (hall.at_w1, ticket.state) == (ticket, "called")
    assert ticket.why is not None
    assert ticket.why.rule == "papers_back"


@rule("T-return-papers-waits")
def test_papers_wait_for_their_own_window_while_it_serves(hall: Scene) -> None:
    hall.staff("w2", "c2")
    ticket = hall.issue()
    hall.hold("with_papers")
    hall.issue()
    hall.serve()
    hall.do(cmd.Returned(ticket=ticket.id))
    assert hall.queue(to="w:w1") == ["A001"]
    hall.later(15 * MIN)
    hall.tick()
    assert hall.call("w2") is None
    hall.complete()
    assert hall.call() is ticket


@rule("T-return-papers-clerk")
def test_papers_follow_their_clerk_when_the_window_has_closed(hall: Scene) -> None:
    ticket = hall.issue()
    hall.hold("with_papers")
    hall.do(cmd.Close(window="w1"))
    hall.do(cmd.SignOut(window="w1"))
    hall.staff("w2", "c1")
    hall.issue()
    hall.serve("w2")
    hall.do(cmd.Returned(ticket=ticket.id))
    assert ticket.bound == "w:w2"


@rule("T-return-papers-any")
def test_papers_go_to_any_window_when_neither_is_there(hall: Scene) -> None:
    ticket = hall.issue()
    hall.hold("with_papers")
    hall.do(cmd.Close(window="w1"))
    hall.do(cmd.SignOut(window="w1"))
    hall.staff("w2", "c2")
    hall.do(cmd.Returned(ticket=ticket.id))
    assert (ticket.bound, ticket.state) == ("", "waiting")


@rule("T-return-papers-any")
def test_a_window_about_to_close_does_not_wait_for_papers(hall: Scene) -> None:
    ticket = hall.issue()
    hall.hold("with_papers")
    hall.issue()
    hall.serve()
    hall.do(cmd.Close(window="w1"))
    hall.do(cmd.Returned(ticket=ticket.id))
    assert ticket.bound == ""


@rule("T-hold-waiting")
def test_a_waiting_hold_lets_the_window_serve_others_and_never_runs_out(hall: Scene) -> None:
    ticket = hall.issue()
    hall.issue()
    hall.hold("waiting")
    assert hall.serve().number == "A002"
    hall.later(5 * 60 * MIN)
    hall.tick()
    assert ticket.state == "held"


@rule("T-resume")
def test_a_waiting_hold_goes_on_without_a_call_when_the_window_is_free(hall: Scene) -> None:
    ticket = hall.issue()
    hall.hold("waiting")
    hall.issue()
    hall.serve()
    with refused(hall, Code.WINDOW_BUSY):
        hall.do(cmd.Resume(window="w1", ticket=ticket.id))
    hall.complete()
    hall.do(cmd.Resume(window="w1", ticket=ticket.id))
    assert (ticket.state, ticket.calls, hall.at_w1) == ("serving", 1, ticket)


@rule("T-resume-waiting-only")
def test_other_holds_come_back_by_returning(hall: Scene) -> None:
    ticket = hall.issue()
    hall.hold("without_papers")
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Resume(window="w1", ticket=ticket.id))
    other = hall.issue()
    hall.hold("waiting")
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Returned(ticket=other.id))
    with refused(hall, Code.WRONG_STATE):
        hall.call("w1", other)


@rule("T-resume-skilled")
def test_a_colleague_without_the_skill_cannot_go_on(hall: Scene) -> None:
    ticket = hall.issue("social")
    hall.hold("waiting")
    hall.do(cmd.SignOut(window="w1"))
    hall.do(cmd.SignIn(window="w1", clerk="c2"))
    with refused(hall, Code.NOT_ELIGIBLE):
        hall.do(cmd.Resume(window="w1", ticket=ticket.id))


@rule("T-abandon-held")
def test_a_hold_that_lasts_too_long_is_abandoned(hall: Scene) -> None:
    ticket = hall.issue()
    hall.hold("with_papers")
    hall.later(120 * MIN - 1)
    hall.tick()
    assert ticket.state == "held"
    hall.later(1)
    hall.tick()
    assert ticket.state == "abandoned"


@rule("T-held-not-counted")
def test_held_time_counts_neither_as_waiting_nor_as_handling(hall: Scene) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.later(3 * MIN)
    hall.do(cmd.Hold(window="w1", kind="waiting"))
    hall.later(40 * MIN)
    hall.do(cmd.Resume(window="w1", ticket=ticket.id))
    hall.later(2 * MIN)
    hall.complete()
    assert ticket.handled_ms == 5 * MIN * 1000
    assert hall.state.clerk_days["c1"].handling_ms == 5 * MIN * 1000
