"""Who sits where: changing clerks, narrowed skills, and what goes with a person."""

from __future__ import annotations

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.domain.hall import Clerk, Skill
from callq.web.roles import ALLOWED, Permission, Role
from tests.harness import small_hall
from tests.rules.scene import Scene, refused, rule, settle

BOTH = Clerk(id="c5", name="孙丽", skills={"general": 1, "social": 1})
EXPIRED = Clerk(id="c6", name="钱进", skills={"general": 1, "social": Skill(level=2, until="2026-11-22")})


def with_more_clerks() -> Scene:
    scene = Scene(small_hall(clerks=(*small_hall().clerks, BOTH, EXPIRED)))
    scene.staff("w1", "c1")
    return scene


@rule("T-resume")
def test_a_clerk_goes_on_at_the_new_window_with_what_waits_at_the_old(hall: Scene) -> None:
    ticket = hall.issue()
    hall.hold("waiting")
    hall.do(cmd.SignOut(window="w1"))
    hall.staff("w2", "c1")
    hall.do(cmd.Resume(window="w2", ticket=ticket.id))
    assert (ticket.state, ticket.window) == ("serving", "w2")


@rule("T-resume")
def test_no_stranger_goes_on_with_it_at_another_window(hall: Scene) -> None:
    ticket = hall.issue()
    hall.hold("waiting")
    hall.staff("w2", "c2")
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Resume(window="w2", ticket=ticket.id))


@rule("T-resume-skilled")
def test_skills_that_were_narrowed_since_do_not_keep_a_clerk_from_going_on(hall: Scene) -> None:
    ticket = hall.issue()
    hall.hold("waiting")
    hall.do(cmd.SetSkills(window="w1", skills=("estate",)))
    hall.do(cmd.Resume(window="w1", ticket=ticket.id))
    assert ticket.state == "serving"


@rule("W-bound-served")
@pytest.mark.parametrize("act", [cmd.HandOver, cmd.TakeOver])
def test_who_waits_for_a_clerk_that_is_replaced_may_go_to_anyone(
    act: type[cmd.HandOver | cmd.TakeOver],
) -> None:
    hall = with_more_clerks()
    hall.staff("w2", "c2")
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_clerk="c2"))
    hall.do(act(window="w2", clerk="c5"))
    assert ticket.bound == ""
    assert hall.call() is ticket
    settle(hall)


@rule("W-useful-seat")
@pytest.mark.parametrize("act", [cmd.HandOver, cmd.TakeOver])
def test_an_idle_window_is_not_given_to_somebody_useless_there(
    hall: Scene, act: type[cmd.HandOver | cmd.TakeOver]
) -> None:
    hall.staff("w3", "c4")
    with refused(hall, Code.NOT_ELIGIBLE):
        hall.do(act(window="w3", clerk="c2"))
    hall.do(act(window="w3", clerk="c3"))
    assert hall.state.windows["w3"].clerk == "c3"


@rule("W-skills-in-use")
def test_a_certificate_that_ran_out_is_no_skill_to_use() -> None:
    hall = with_more_clerks()
    hall.staff("w2", "c6")
    with refused(hall, Code.NOT_ELIGIBLE):
        hall.do(cmd.SetSkills(window="w2", skills=("general", "social")))
    hall.do(cmd.SetSkills(window="w2", skills=("general",)))


@rule("W-skills-in-use")
@pytest.mark.parametrize("act", [cmd.HandOver, cmd.TakeOver])
def test_the_next_clerk_begins_with_all_skills(act: type[cmd.HandOver | cmd.TakeOver]) -> None:
    hall = with_more_clerks()
    hall.staff("w2", "c5")
    hall.do(cmd.SetSkills(window="w2", skills=("general",)))
    social = hall.issue("social")
    assert hall.call("w2") is None
    hall.do(act(window="w2", clerk="c3"))
    assert hall.call("w2") is social


@rule("W-seconded")
def test_nobody_is_seconded_to_the_own_hall(hall: Scene) -> None:
    with refused(hall, Code.INVALID):
        hall.do(cmd.Second(clerk="c2", hall=hall.state.hall))


@rule("W-take-over")
def test_a_clerk_takes_nobodys_seat() -> None:
    assert ALLOWED[Permission.TAKE_OVER] == {Role.SUPERVISOR, Role.ADMIN}


@rule("T-skill-level")
def test_an_apprentice_of_the_skill_does_not_serve_what_needs_a_master(hall: Scene) -> None:
    config = small_hall()
    services = tuple(
        msgspec.structs.replace(s, min_level=3) if s.code == "general" else s for s in config.services
    )
    hall = Scene(msgspec.structs.replace(config, services=services, clerks=(*config.clerks, BOTH)))
    hall.staff("w1", "c1")
    hall.staff("w2", "c5")
    ticket = hall.issue()
    assert hall.call("w2") is None, "level 1 of 3"
    with refused(hall, Code.NOT_ELIGIBLE):
        hall.call("w2", ticket)
    assert hall.call("w1") is ticket
