"""差评办件: what becomes of a bad rating."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.cases import ACTS_MAX, REASONS
from callq.domain.errors import Code
from callq.domain.hall import RatingReason, Ratings, Session
from callq.views.ratings import FEWEST
from callq.views.view import View, project
from callq.web.roles import ALLOWED, VIEW_PERMISSION, Permission, Role
from tests.harness import MONDAY_9H, Hall, small_hall
from tests.rules.scene import ANN, HOUR, MIN, Scene, refused, rule, settle

if TYPE_CHECKING:
    from typing import Any

    from callq.domain.cases import Case
    from callq.domain.ticket import Ticket

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def hall_with(**ratings: object) -> Scene:
    scene = Scene(small_hall(ratings=Ratings(**ratings)))  # type: ignore[arg-type]
    scene.staff("w1", "c1")
    return scene


def done(hall: Scene, **visit: object) -> Ticket:
    ticket = hall.issue(**visit)  # type: ignore[arg-type]
    hall.serve()
    hall.complete()
    return ticket


def bad(hall: Scene, level: int = 1, **rating: object) -> Case:
    """A case of a bad rating."""
    ticket = done(hall)
    hall.do(cmd.Rate(ticket=ticket.id, level=level, **rating))  # type: ignore[arg-type]
    (case,) = (case for case in hall.state.cases.values() if case.ticket == ticket.id)
    return case


def now(hall: Scene, case: Case) -> Case:
    return hall.state.cases[case.id]


def strip(hall: Scene) -> Any:
    return msgspec.to_builtins(project(View("strip", window="w1"), hall.state, hall.now_ms, {}))["rating"]


@rule("R-by-itself")
def test_a_completed_service_asks_by_itself(hall: Scene) -> None:
    assert strip(hall) is None
    ticket = done(hall)
    asked = strip(hall)
    assert (asked["ticket"], asked["number"], asked["step"]) == (ticket.id, ticket.number, 0)
    assert asked["until_ms"] == (ticket.done_ms or 0) + 10 * MIN * 1000
    assert [reason["code"] for reason in asked["reasons"]] == [reason.code for reason in REASONS]
    hall.later(60)
    hall.do(cmd.RequestRating(window="w1"))
    assert strip(hall)["asked_ms"] == asked["asked_ms"] + 60_000


@rule("R-withdrawn")
def test_who_is_called_next_is_not_asked_for_anothers(hall: Scene) -> None:
    ticket = done(hall)
    late = done(hall)
    hall.issue()
    hall.call()
    assert strip(hall) is None
    hall.do(cmd.Rate(ticket=ticket.id, level=5))  # on its way when the next one was called
    hall.do(cmd.Start(window="w1"))
    with refused(hall, Code.EXPIRED):
        hall.do(cmd.Rate(ticket=late.id, level=1))
    hall.do(cmd.Rate(ticket=late.id, level=1, by_phone=True))


@rule("R-record")
def test_a_rating_is_recorded_with_its_service(hall: Scene) -> None:
    ticket = done(hall, services=("social",), channel="kiosk")
    rated, *_ = hall.do(cmd.Rate(ticket=ticket.id, level=4, reasons=("slow", "slow"), by_phone=True)).events
    assert rated.reasons == ("slow",)
    about = rated.about
    assert (about.number, about.service, about.window, about.clerk) == (ticket.number, "general", "w1", "c1")
    assert (about.channel, about.by_phone, about.done_ms) == ("kiosk", True, hall.now_ms)


@rule("R-case")
def test_a_bad_rating_opens_a_case(hall: Scene) -> None:
    for level in (5, 4, 3):
        hall.do(cmd.Rate(ticket=done(hall).id, level=level))
    assert hall.state.cases == {}
    case = bad(hall, 2, reasons=("slow",), text="等了两小时")
    assert (case.level, case.state, case.service, case.window, case.clerk) == (
        2,
        "open",
        "general",
        "w1",
        "c1",
    )
    assert (case.reasons, case.text, case.opened_ms) == (("slow",), "等了两小时", hall.now_ms)
    bad(hall, 1)
    assert len(hall.state.cases) == 2


@rule("R-case")
@pytest.mark.parametrize(("bad_level", "cases"), [(0, 0), (1, 1), (3, 3)])
def test_how_bad_is_the_halls_to_say(bad_level: int, cases: int) -> None:
    hall = hall_with(bad_level=bad_level)
    for level in (1, 2, 3, 4):
        hall.do(cmd.Rate(ticket=done(hall).id, level=level))
    assert len(hall.state.cases) == cases
    settle(hall)


@rule("R-case")
def test_a_hall_of_older_nodes_opens_none() -> None:
    hall = Hall(level=3)
    hall.staff("w1", "c1")
    ticket = hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Complete(window="w1"))
    (rated,) = hall.do(cmd.Rate(ticket=ticket.id, level=1)).events
    assert rated.about is None
    assert ticket.ratings[0].level == 1
    assert hall.state.cases == {}


WEEK = Session(code="day", name="工作日", ticketing="08:30-16:30", serving="08:30-17:30")
SATURDAY = msgspec.structs.replace(WEEK, code="sat", name="周六", kind="weekend", days=("sat",))


@rule("R-case-due")
@pytest.mark.parametrize(
    ("ratings", "sessions", "days", "due_h"),
    [
        ({"due_workdays": 0, "due_h": 48}, (), 0, 48),  # plain hours
        ({}, (), 0, 43),  # open every day: when tomorrow's business day ends, at 4 in the morning
        ({}, (WEEK, SATURDAY), 0, 32.5),  # Tuesday at half past five
        ({}, (WEEK, SATURDAY), 4, 4 * 24 + 72 + 8.5),  # rated on Friday: Monday
        ({"due_workdays": 2}, (WEEK, SATURDAY), 4, 4 * 24 + 96 + 8.5),
    ],
)
def test_when_a_case_is_due(ratings: Any, sessions: Any, days: int, due_h: float) -> None:
    hall = Scene(small_hall(ratings=Ratings(**ratings), sessions=sessions), MONDAY_9H + days * DAY_MS)
    hall.staff("w1", "c1")
    assert bad(hall).due_ms == MONDAY_9H + due_h * HOUR_MS


@rule("R-case-due")
def test_without_a_working_day_in_sight_hours_count() -> None:
    never = msgspec.structs.replace(WEEK, kind="booked_only", days=("sun",))
    all_day = msgspec.structs.replace(WEEK, code="noon", kind="noon")
    hall = Scene(small_hall(sessions=(never, all_day)))
    hall.staff("w1", "c1")
    assert bad(hall).due_ms == hall.now_ms + 24 * HOUR_MS


@rule("R-case-call-back")
def test_calling_back(hall: Scene) -> None:
    case = bad(hall)
    hall.do(cmd.CaseCallBack(case=case.id, reached=False, result="无人接听"))
    assert (now(hall, case).state, now(hall, case).tried) == ("open", 1)
    with refused(hall, Code.INVALID):
        hall.do(cmd.CaseCallBack(case=case.id, reached=True, result=" "))
    hall.do(cmd.CaseCallBack(case=case.id, reached=True, result="已道歉，同意补办"))
    hall.later(60)
    leader = cmd.Actor(role="supervisor", id="t9", name="李主任")
    hall.do(cmd.CaseCallBack(case=case.id, reached=False), who=leader)
    found = now(hall, case)
    assert found.state == "called_back"
    assert [(act.kind, act.by, act.name) for act in found.acts] == [
        ("not_reached", "t1", ""),
        ("reached", "t1", ""),
        ("not_reached", "t9", "李主任"),
    ]
    assert found.acts[2].at_ms == found.acts[1].at_ms + 60_000
    with refused(hall, Code.UNKNOWN_CASE):
        hall.do(cmd.CaseCallBack(case="r0", reached=False))


@rule("R-case-call-back")
def test_a_case_remembers_so_many_acts_and_can_be_closed_then(hall: Scene) -> None:
    case = bad(hall)
    for _ in range(ACTS_MAX):
        hall.do(cmd.CaseCallBack(case=case.id, reached=False))
    with refused(hall, Code.LIMIT_REACHED):
        hall.do(cmd.CaseCallBack(case=case.id, reached=False))
    hall.do(cmd.CaseClose(case=case.id, outcome="联系不上"))
    with refused(hall, Code.LIMIT_REACHED):
        hall.do(cmd.CaseReopen(case=case.id, reason="又来反映"))


@rule("R-case-taken")
def test_two_do_not_call_the_same_person_back(hall: Scene) -> None:
    case = bad(hall)
    leader = cmd.Actor(role="supervisor", id="t9", name="李主任")
    hall.do(cmd.CaseTake(case=case.id), who=leader)
    for command in (
        cmd.CaseTake(case=case.id),
        cmd.CaseCallBack(case=case.id, reached=False),
        cmd.CaseCallBack(case=case.id, reached=True, result="已致歉"),
    ):
        with refused(hall, Code.CASE_TAKEN) as why:
            hall.do(command)
        assert "李主任" in str(why.value)
    hall.do(cmd.CaseCallBack(case=case.id, reached=True, result="满意"), who=leader)
    assert now(hall, case).taken is None
    hall.do(cmd.CaseTake(case=case.id), who=leader)
    with refused(hall, Code.CASE_TAKEN):
        hall.do(cmd.CaseClose(case=case.id, outcome="已补办"))
    hall.do(cmd.CaseClose(case=case.id, outcome="已补办"), who=leader)
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.CaseTake(case=case.id), who=leader)


@rule("R-case-taken")
def test_who_took_a_case_has_it_for_half_an_hour(hall: Scene) -> None:
    case = bad(hall)
    leader = cmd.Actor(role="supervisor", id="t9", name="李主任")
    hall.do(cmd.CaseTake(case=case.id), who=leader)
    hall.later(20 * MIN)
    hall.do(cmd.CaseTake(case=case.id), who=leader)
    hall.later(30 * MIN - 1)
    with refused(hall, Code.CASE_TAKEN):
        hall.do(cmd.CaseTake(case=case.id))
    hall.later(1)
    hall.do(cmd.CaseTake(case=case.id))
    with refused(hall, Code.CASE_TAKEN):
        hall.do(cmd.CaseCallBack(case=case.id, reached=False), who=leader)
    hall.do(cmd.CaseCallBack(case=case.id, reached=False))
    assert [act.kind for act in now(hall, case).acts] == ["not_reached"]


@rule("R-case-close")
@pytest.mark.parametrize("room", [1, 2])
def test_a_case_whose_record_is_full_can_always_be_closed(hall: Scene, room: int) -> None:
    case = bad(hall)
    for _ in range(ACTS_MAX - 1 - room):
        hall.do(cmd.CaseCallBack(case=case.id, reached=False))
    hall.do(cmd.CaseClose(case=case.id, outcome="联系不上"))
    hall.do(cmd.CaseReopen(case=case.id, reason="又来反映"))
    for _ in range(room - 1):
        with refused(hall, Code.WRONG_STATE):
            hall.do(cmd.CaseClose(case=case.id, outcome="联系不上"))
        hall.do(cmd.CaseCallBack(case=case.id, reached=False))
    with refused(hall, Code.LIMIT_REACHED):
        hall.do(cmd.CaseCallBack(case=case.id, reached=False))
    hall.do(cmd.CaseClose(case=case.id, outcome="联系不上"))
    assert now(hall, case).state == "closed"


@rule("R-case-close")
def test_closing_needs_a_call_back_or_tries(hall: Scene) -> None:
    one, other = bad(hall), bad(hall)
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.CaseClose(case=one.id, outcome="已补办"))
    hall.do(cmd.CaseCallBack(case=one.id, reached=True, result="满意"))
    with refused(hall, Code.INVALID):
        hall.do(cmd.CaseClose(case=one.id, outcome=" "))
    hall.do(cmd.CaseClose(case=one.id, outcome="已补办"))
    assert (now(hall, one).state, now(hall, one).closed_ms) == ("closed", hall.now_ms)
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.CaseClose(case=one.id, outcome="再办"))
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.CaseCallBack(case=one.id, reached=False))
    for _ in range(2):
        hall.do(cmd.CaseCallBack(case=other.id, reached=False))
        with refused(hall, Code.WRONG_STATE):
            hall.do(cmd.CaseClose(case=other.id, outcome="联系不上"))
    hall.do(cmd.CaseCallBack(case=other.id, reached=False))
    hall.do(cmd.CaseClose(case=other.id, outcome="联系不上"))


@rule("R-case-reopen")
def test_reopening(hall: Scene) -> None:
    case = bad(hall)
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.CaseReopen(case=case.id, reason="没办完"))
    hall.do(cmd.CaseCallBack(case=case.id, reached=True, result="满意"))
    hall.do(cmd.CaseClose(case=case.id, outcome="已补办"))
    hall.later(30 * HOUR)
    hall.tick()
    with refused(hall, Code.INVALID):
        hall.do(cmd.CaseReopen(case=case.id, reason=" "))
    hall.do(cmd.CaseReopen(case=case.id, reason="没办完"))
    found = now(hall, case)
    assert (found.state, found.tried, found.closed_ms) == ("open", 0, None)
    assert found.due_ms > case.due_ms
    with refused(hall, Code.WRONG_STATE):  # what was tried before counts no more
        hall.do(cmd.CaseClose(case=case.id, outcome="已补办"))


@rule("R-case-kept")
def test_open_cases_are_kept_and_closed_ones_for_a_while() -> None:
    hall = hall_with(keep_days=2)
    left, closed = bad(hall), bad(hall)
    hall.do(cmd.CaseCallBack(case=closed.id, reached=True, result="满意"))
    hall.do(cmd.CaseClose(case=closed.id, outcome="已补办"))
    for _ in range(2):
        hall.next_day()
    assert set(hall.state.cases) == {left.id, closed.id}
    hall.next_day()
    assert set(hall.state.cases) == {left.id}
    for _ in range(5):
        hall.next_day()
    assert left.ticket not in hall.state.tickets
    assert now(hall, left) == left
    settle(hall)


@rule("R-case-without-a-person")
def test_cases_tell_no_person_and_clerks_no_cases(hall: Scene) -> None:
    ticket = done(hall, person=ANN)
    hall.do(cmd.Rate(ticket=ticket.id, level=1, by_phone=True))
    shown = msgspec.to_builtins(project(View("cases"), hall.state, hall.now_ms, {}))
    (case,) = shown["cases"]
    assert "ann" not in str(shown)
    assert "ticket" not in case
    assert VIEW_PERMISSION["cases"] is Permission.LIST_RATINGS
    assert ALLOWED[Permission.LIST_RATINGS] == {Role.ADMIN, Role.SUPERVISOR, Role.INSPECTOR}
    assert Role.CLERK not in ALLOWED[Permission.COMMAND_HALL]


@rule("R-few")
def test_few_ratings_are_not_told_by_level(hall: Scene) -> None:
    def told() -> Any:
        return msgspec.to_builtins(project(View("floor"), hall.state, hall.now_ms, {}))["ratings"]

    for given in range(FEWEST):
        assert told() == {"done": given, "rated": given, "levels": None}
        hall.do(cmd.Rate(ticket=done(hall).id, level=1 + given % 2 * 4))
    done(hall)
    assert told() == {"done": FEWEST + 1, "rated": FEWEST, "levels": (3, 0, 0, 0, 2)}
    hall.next_day()
    assert told() == {"done": 0, "rated": 0, "levels": None}


@rule("R-case")
def test_a_hall_names_its_own_reasons() -> None:
    hall = hall_with(reasons=(RatingReason(code="noise", reason="太吵", reason_en="Noisy"),))
    case = bad(hall, reasons=("noise", "还有别的"))
    (row,) = msgspec.to_builtins(project(View("cases"), hall.state, hall.now_ms, {}))["cases"]
    assert [reason["name"] for reason in row["reasons"]] == ["太吵", "还有别的"]
    assert case.reasons == ("noise", "还有别的")
