"""Tickets that wait for one window or clerk, and what ends that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.hall import Clerk
from tests.harness import small_hall
from tests.rules.scene import Scene, rule, settle

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
