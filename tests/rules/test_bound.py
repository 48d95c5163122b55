"""Tickets that wait for one window or clerk, and what ends that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.domain.hall import Clerk, WindowConfig
from tests.harness import small_hall
from tests.rules.scene import Scene, refused, rule, settle, with_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.ticket import Ticket

BOTH = Clerk(id="c5", name="孙丽", skills={"general": 1, "social": 1})


@pytest.fixture
def hall() -> Iterator[Scene]:
    """Window w1 open with a clerk of every skill; c5 masters two of them."""
    scene = Scene(small_hall(clerks=(*small_hall().clerks, BOTH)))
    scene.staff("w1", "c1")
    yield scene
    settle(scene)


def bound_to_w2(hall: Scene, service: str = "general", clerk: str = "c2", **where: str) -> Ticket:
    """A ticket that waits for window w2 alone, or for its clerk."""
    hall.staff("w2", clerk)
    ticket = hall.issue(service)
    hall.serve()
    hall.do(cmd.Transfer(window="w1", **(where or {"to_window": "w2"})))  # type: ignore[arg-type]
    assert hall.call() is None
    return ticket


@rule("W-bound-served")
def test_who_waits_for_a_window_whose_clerk_leaves_may_go_to_anyone(hall: Scene) -> None:
    ticket = bound_to_w2(hall)
    hall.do(cmd.SignOut(window="w2"))
    assert hall.call() is ticket


@rule("W-bound-served")
@pytest.mark.parametrize("act", [cmd.HandOver, cmd.TakeOver])
def test_a_new_clerk_keeps_what_they_serve_and_no_more(
    hall: Scene, act: type[cmd.HandOver | cmd.TakeOver]
) -> None:
    general, social = bound_to_w2(hall, clerk="c5"), hall.issue("social")
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_window="w2"))
    hall.do(act(window="w2", clerk="c3"))
    assert (general.bound, social.bound) == ("", "w:w2")


@rule("W-bound-served")
@pytest.mark.parametrize("where", [{"to_window": "w2"}, {"to_clerk": "c5"}])
def test_what_a_narrowed_window_does_not_serve_is_let_go(hall: Scene, where: dict[str, str]) -> None:
    ticket = bound_to_w2(hall, clerk="c5", **where)
    hall.do(cmd.SetSkills(window="w2", skills=("social",)))
    assert hall.call() is ticket


@rule("W-bound-served")
def test_what_a_configuration_takes_from_a_window_is_let_go(hall: Scene) -> None:
    ticket = bound_to_w2(hall, clerk="c5")
    windows = tuple(
        msgspec.structs.replace(w, services=("social",)) if w.id == "w2" else w
        for w in hall.state.config.windows
    )
    hall.do(cmd.Configure(config=msgspec.structs.replace(hall.state.config, windows=windows)))
    assert hall.call() is ticket


@rule("W-bound-served")
def test_papers_go_with_their_clerk_when_the_window_closes(hall: Scene) -> None:
    ticket = hall.issue()
    hall.hold("with_papers")
    hall.do(cmd.Pause(window="w1"))
    hall.do(cmd.HandOver(window="w1", clerk="c2"))
    hall.staff("w2", "c1")
    hall.do(cmd.Returned(ticket=ticket.id))
    assert ticket.bound == "w:w1"
    hall.do(cmd.Close(window="w1"))
    assert ticket.bound == "w:w2"
    assert hall.call("w2") is ticket


@rule("W-bound-served")
@pytest.mark.parametrize("where", [{"to_window": "w2"}, {"to_clerk": "c2"}])
def test_an_undone_call_goes_back_to_nobody_who_has_left(hall: Scene, where: dict[str, str]) -> None:
    ticket = bound_to_w2(hall, **where)
    hall.call("w1", ticket)
    hall.do(cmd.SignOut(window="w2"))
    hall.do(cmd.Undo(window="w1"))
    assert (ticket.state, ticket.bound) == ("waiting", "")


def bound_to_a_trainee() -> tuple[Scene, Ticket]:
    """A ticket that waits for somebody who sits beside the mentor at w2."""
    pupil = Clerk(id="c9", name="周一", skills={"general": 1}, mentor="c2")
    hall = Scene(small_hall(clerks=(*small_hall().clerks, pupil)))
    hall.staff("w1", "c1")
    hall.staff("w2", "c2")
    hall.do(cmd.SignIn(window="w2", clerk="c9"))
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_clerk="c9", wait=True))
    assert ticket.bound == "c:c9"
    return hall, ticket


@rule("W-bound-served")
@pytest.mark.parametrize(
    "act",
    [
        cmd.SignOut(window="w2", clerk="c9"),
        cmd.SignOut(window="w2"),
        cmd.HandOver(window="w2", clerk="c3"),
        cmd.TakeOver(window="w2", clerk="c3", reason="晕倒"),
    ],
)
def test_who_waits_for_a_trainee_is_let_go_as_well(
    act: cmd.SignOut | cmd.HandOver | cmd.TakeOver,
) -> None:
    hall, ticket = bound_to_a_trainee()
    hall.do(act)
    assert (ticket.bound, hall.call()) == ("", ticket)


@rule("W-bound-served")
def test_who_waits_for_a_trainee_is_called_when_the_trainee_gets_the_seat() -> None:
    hall, ticket = bound_to_a_trainee()
    hall.do(cmd.HandOver(window="w2", clerk="c9"))
    assert (ticket.bound, hall.call("w2")) == ("c:c9", ticket)


@rule("W-bound-served")
@pytest.mark.parametrize(
    ("where", "clerk", "window", "bound"),
    [
        ({"to_window": "w2"}, "c3", "w2", ""),
        ({"to_window": "w2"}, "c2", "w2", "w:w2"),
        ({"to_clerk": "c5"}, "c5", "w4", ""),
        ({"to_clerk": "c5"}, "c5", "w2", "c:c5"),
    ],
)
def test_who_waits_for_somebody_to_come_is_let_go_when_that_does_not_serve_them(
    where: dict[str, str], clerk: str, window: str, bound: str
) -> None:
    w4 = WindowConfig(id="w4", label="4", zone="hall", services=("social",))
    hall = Scene(small_hall(clerks=(*small_hall().clerks, BOTH), windows=(*small_hall().windows, w4)))
    hall.staff("w1", "c1")
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", wait=True, **where))
    hall.do(cmd.SignIn(window=window, clerk=clerk))
    assert ticket.bound == bound


@rule("T-hold-waiting-left")
def test_a_hold_goes_on_where_it_is_whatever_skills_are_in_use(hall: Scene) -> None:
    hall.staff("w2", "c2")
    ticket = hall.issue()
    hall.hold("waiting")
    hall.do(cmd.SetSkills(window="w1", skills=("social",)))
    with refused(hall, Code.WRONG_STATE) as refusal:
        hall.do(cmd.Returned(ticket=ticket.id))
    assert "window w1" in refusal.value.hint
    with refused(hall, Code.WRONG_STATE):
        hall.call("w2", ticket)
    hall.do(cmd.Resume(window="w1", ticket=ticket.id))
    assert hall.at_w1 is ticket


@rule("T-return-papers-narrowed")
def test_papers_are_called_where_they_are_whatever_skills_are_in_use(hall: Scene) -> None:
    ticket = hall.issue()
    hall.hold("with_papers")
    hall.do(cmd.SetSkills(window="w1", skills=("social",)))
    hall.do(cmd.Returned(ticket=ticket.id))
    assert (hall.at_w1, ticket.state) == (ticket, "called")


@rule("T-return-papers-narrowed")
@pytest.mark.parametrize("auto", [False, True])
def test_papers_that_wait_stay_where_they_are_and_nobody_else_does(auto: bool) -> None:
    hall = with_rules(auto_call_s=5 if auto else 0)
    hall.staff("w2", "c2")
    papers = hall.issue()
    hall.hold("with_papers")
    sent = hall.issue()
    hall.serve("w2")
    hall.issue("social")
    hall.serve()
    hall.do(cmd.Transfer(window="w2", to_window="w1"))
    hall.do(cmd.Pause(window="w2"))
    hall.do(cmd.Returned(ticket=papers.id))
    hall.do(cmd.SetSkills(window="w1", skills=("social",)))
    assert (papers.bound, sent.bound) == ("w:w1", "")
    hall.do(cmd.Configure(config=msgspec.structs.replace(hall.state.config, name="另一个")))
    assert papers.bound == "w:w1"
    hall.complete()
    if auto:
        hall.later(5)
        hall.tick()
        assert hall.at_w1 is papers
    else:
        assert hall.call() is papers
    hall.do(cmd.Start(window="w1"))
    hall.complete()
    assert hall.call() is None, "what anyone may call is for the skills in use"
    settle(hall)
