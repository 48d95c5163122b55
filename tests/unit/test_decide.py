"""Rules of the slice, told as short scenes."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.calendar import business_day, day_bounds
from callq.domain.decide import decide
from callq.domain.effects.tools import RECENT_MISSED
from callq.domain.errors import Code, Rejected
from callq.domain.estimate import ahead, expected_wait
from callq.domain.hall import Rules, digest
from callq.domain.numbers import ticket_number
from callq.domain.state import HallState, canonical
from tests.harness import MONDAY_9H, Hall, small_hall


def refused(hall: Hall, command: cmd.AnyCommand) -> Rejected:
    before = canonical(hall.state)
    with pytest.raises(Rejected) as caught:
        hall.do(command)
    assert canonical(hall.state) == before
    assert caught.value.hint
    return caught.value


def test_numbers_grow_past_three_digits() -> None:
    assert [ticket_number("A", n) for n in (1, 12, 999, 1000)] == ["A001", "A012", "A999", "A1000"]


def test_numbers_count_per_prefix_and_begin_again_with_the_business_day() -> None:
    hall = Hall()
    assert [hall.issue().number, hall.issue("social").number, hall.issue().number] == ["A001", "E001", "A002"]
    hall.later(18 * 3600)  # 03:00: still the same business day
    hall.do(cmd.Tick())
    assert hall.issue().number == "A003"
    hall.later(3600 + 1)
    hall.do(cmd.Tick())
    assert hall.issue().number == "A001"


def test_the_longest_wait_among_eligible_lanes_is_called() -> None:
    hall = Hall()
    hall.staff("w2", "c1")  # w2 is equipped for general and social only
    estate = hall.issue("estate")
    hall.later(60)
    social = hall.issue("social", cls="priority")
    hall.later(60)
    hall.issue("general")
    decision = hall.do(cmd.CallNext(window="w2"))
    assert decision.ticket == social.id
    assert hall.state.tickets[estate.id].state == "waiting"
    why = social.why
    assert why is not None
    assert why.rule == "longest_wait"
    assert [(lane.service, lane.cls) for lane in why.lanes] == [
        ("general", "ordinary"),
        ("social", "priority"),
    ]


def test_equal_clocks_go_by_issue_sequence() -> None:
    hall = Hall()
    hall.staff()
    first, second = hall.issue("social"), hall.issue("general")
    assert first.clock_ms == second.clock_ms
    assert hall.do(cmd.CallNext(window="w1")).ticket == first.id


def test_nothing_waiting_is_not_an_error_and_writes_nothing() -> None:
    hall = Hall()
    hall.staff()
    revision = hall.state.revision
    assert hall.do(cmd.CallNext(window="w1")).events == ()
    assert hall.state.revision == revision


def test_recall_waits_for_its_gap_and_ends_at_its_limit() -> None:
    hall = Hall()
    hall.staff()
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.later(7)
    assert refused(hall, cmd.Recall(window="w1")).extra == {"retry_ms": 3000}
    hall.later(2.999)
    assert refused(hall, cmd.Recall(window="w1")).extra == {"retry_ms": 1}
    hall.later(0.001)
    hall.do(cmd.Recall(window="w1"))
    hall.later(10)
    hall.do(cmd.Recall(window="w1"))
    hall.later(10)
    error = refused(hall, cmd.Recall(window="w1"))
    assert error.code == Code.LIMIT_REACHED
    assert "missed" in error.hint


def test_a_miss_needs_two_calls() -> None:
    hall = Hall()
    hall.staff()
    ticket = hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    error = refused(hall, cmd.Miss(window="w1"))
    assert (error.code, error.extra) == (Code.TOO_SOON, {"retry_ms": 10_000})
    hall.later(10)
    hall.do(cmd.Recall(window="w1"))
    hall.do(cmd.Miss(window="w1"))
    assert ticket.state == "missed"
    assert hall.state.missed == (ticket.id,)
    assert hall.state.windows["w1"].state == "idle"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (cmd.Issue(ticket="x", service="genral"), Code.UNKNOWN_SERVICE),
        (cmd.Cancel(ticket="nope"), Code.UNKNOWN_TICKET),
        (cmd.CallNext(window="w7"), Code.UNKNOWN_WINDOW),
        (cmd.SignIn(window="w1", clerk="c7"), Code.UNKNOWN_CLERK),
        (cmd.SignIn(window="w3", clerk="c2"), Code.NOT_ELIGIBLE),
        (cmd.CallNext(window="w1"), Code.WINDOW_CLOSED),
        (cmd.SignOut(window="w1"), Code.WINDOW_UNSTAFFED),
    ],
)
def test_refusals_name_their_reason(command: cmd.AnyCommand, code: Code) -> None:
    assert refused(Hall(), command).code == code


def test_an_open_window_without_a_clerk_calls_nobody() -> None:
    hall = Hall()
    hall.do(cmd.Open(window="w1"))
    hall.issue()
    assert refused(hall, cmd.CallNext(window="w1")).code == Code.WINDOW_UNSTAFFED


def test_a_clerk_sits_at_one_window_and_a_window_has_one_clerk() -> None:
    hall = Hall()
    hall.do(cmd.SignIn(window="w1", clerk="c1"))
    assert refused(hall, cmd.SignIn(window="w2", clerk="c1")).code == Code.CLERK_BUSY
    assert refused(hall, cmd.SignIn(window="w1", clerk="c2")).code == Code.WINDOW_OCCUPIED
    assert refused(hall, cmd.SignIn(window="w1", clerk="c1")).code == Code.WRONG_STATE


def test_one_live_ticket_per_person_and_service() -> None:
    hall = Hall()
    ann = cmd.Person(id_hash="h1", id_last4="1234", name="张*")
    first = hall.issue(person=ann)
    error = refused(hall, cmd.Issue(ticket="x", service="general", person=ann))
    assert (error.code, error.ids["ticket"], error.state) == (Code.DUPLICATE_TICKET, first.id, "waiting")
    hall.issue("social", person=ann)
    hall.issue(person=cmd.Person(id_hash="h2"))
    hall.do(cmd.Cancel(ticket=first.id))
    assert hall.issue(person=ann).number == "A003"


def test_a_person_is_known_by_identity_and_by_telephone() -> None:
    hall = Hall()
    first = hall.issue(person=cmd.Person(id_hash="h1", phone_hash="p1"))
    for same in (cmd.Person(phone_hash="p1"), cmd.Person(id_hash="h1", phone_hash="p2")):
        error = refused(hall, cmd.Issue(ticket="x", service="general", person=same))
        assert error.ids["ticket"] == first.id
    hall.do(cmd.Cancel(ticket=first.id))
    hall.issue(person=cmd.Person(phone_hash="p1"))


def test_other_hours_do_not_open_the_same_day_twice() -> None:
    hall = Hall()  # Monday 09:00
    hall.issue()
    hall.do(cmd.Configure(config=small_hall(day_starts="10:00")))
    hall.later(18 * 3600)  # Tuesday 03:00: the day in force ends when it would have
    hall.do(cmd.Tick())
    assert hall.issue().number == "A002"
    hall.later(2 * 3600)
    hall.do(cmd.Tick())
    assert (hall.state.day, hall.issue().number) == ("2026-11-24", "A001")
    hall.later(24 * 3600)  # Wednesday 05:00: the new day ends at ten
    hall.do(cmd.Tick())
    assert hall.issue().number == "A002"
    hall.do(cmd.Configure(config=small_hall(day_starts="00:00")))
    hall.do(cmd.Tick())
    assert hall.issue().number == "A003", "earlier hours do not end a day that people wait in"
    hall.later(5 * 3600 + 1)
    hall.do(cmd.Tick())
    assert (hall.state.day, hall.issue().number) == ("2026-11-25", "A001")


def test_another_prefix_waits_for_the_next_day() -> None:
    hall = Hall()
    hall.issue()
    services = small_hall().services
    renamed = (msgspec.structs.replace(services[0], prefix="Z"), *services[1:])
    hall.do(cmd.Configure(config=small_hall(services=renamed)))
    assert hall.issue().number == "A002"
    hall.later(86_400)
    hall.do(cmd.Tick())
    assert hall.issue().number == "Z001"


def test_a_service_may_allow_several_tickets_per_person() -> None:
    services = small_hall().services
    relaxed = (msgspec.structs.replace(services[0], one_per_person=False), *services[1:])
    hall = Hall(small_hall(services=relaxed))
    ann = cmd.Person(phone_hash="p")
    assert hall.issue(person=ann).number != hall.issue(person=ann).number


def test_cancelling_a_called_ticket_frees_the_window() -> None:
    hall = Hall()
    hall.staff()
    ticket = hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Cancel(ticket=ticket.id, reason="改天再来"))
    assert hall.state.windows["w1"].state == "idle"
    assert ticket.state == "cancelled"


def test_a_clerks_day_is_counted() -> None:
    hall = Hall()
    hall.staff()
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Start(window="w1"))
    hall.later(300)
    hall.do(cmd.Complete(window="w1"))
    day = hall.state.clerk_days["c1"]
    assert (day.done, day.missed, day.handling_ms) == (1, 0, 300_000)


def test_what_is_in_use_cannot_be_configured_away() -> None:
    hall = Hall()
    config = small_hall()
    hall.staff("w1", "c1")
    ticket = hall.issue("social")
    without_window = small_hall(windows=config.windows[1:])
    without_service = small_hall(services=(config.services[0], config.services[2]))
    without_clerk = small_hall(clerks=config.clerks[1:])
    assert refused(hall, cmd.Configure(config=without_window)).code == Code.WINDOW_OCCUPIED
    assert refused(hall, cmd.Configure(config=without_clerk)).code == Code.CLERK_BUSY
    error = refused(hall, cmd.Configure(config=without_service))
    assert error.code in (Code.WRONG_STATE, Code.INVALID)
    hall.do(cmd.SignOut(window="w1"))
    hall.do(cmd.Configure(config=without_window))
    assert "w1" not in hall.state.windows
    hall.do(cmd.Cancel(ticket=ticket.id))


def test_the_same_configuration_again_writes_nothing() -> None:
    hall = Hall()
    assert hall.do(cmd.Configure(config=small_hall())).events == ()


def test_a_broken_configuration_is_refused_whole() -> None:
    config = small_hall()
    twice = small_hall(windows=(*config.windows, config.windows[0]))
    assert refused(Hall(), cmd.Configure(config=twice)).code == Code.INVALID
    assert refused(Hall(), cmd.Configure(config=small_hall(id="other"))).code == Code.INVALID


def test_nothing_but_a_configuration_creates_a_hall() -> None:
    with pytest.raises(Rejected) as caught:
        decide(HallState("new"), cmd.Issue(ticket="x", service="general"), 0)
    assert caught.value.code == Code.UNKNOWN_HALL


def test_accepted_keys_are_kept_through_the_next_day_and_then_forgotten() -> None:
    hall = Hall()
    hall.do(cmd.Issue(ticket="x", service="general"), key="k1")
    for day in range(1, 4):
        hall.later(86_400)
        hall.do(cmd.Tick())
        known = hall.state.remembered("t1", "k1")
        assert (known is not None) == (day == 1)


def test_ahead_counts_all_classes_of_the_service() -> None:
    hall = Hall()
    first = hall.issue()
    hall.later(1000)
    hall.issue(cls="priority")
    hall.later(1000)
    last = hall.issue()
    assert (ahead(hall.state, first, hall.now_ms), ahead(hall.state, last, hall.now_ms)) == (0, 2)
    assert expected_wait(hall.state, first, hall.now_ms) is None
    estimate = expected_wait(hall.state, last, hall.now_ms)
    assert estimate is not None
    assert (estimate.p50_s, estimate.low_s, estimate.high_s) == (2000, 1200, 3200)


@pytest.mark.parametrize(
    ("zone", "utc", "day"),
    [
        ("Asia/Shanghai", "2026-11-22T19:59:59", "2026-11-22"),
        ("Asia/Shanghai", "2026-11-22T20:00:00", "2026-11-23"),
        ("Europe/Warsaw", "2026-03-29T01:59:00", "2026-03-28"),  # the clocks went forward that night
        ("Europe/Warsaw", "2026-03-29T02:00:00", "2026-03-29"),
        ("Asia/Shanghai", "2026-12-31T20:00:00", "2027-01-01"),
    ],
)
def test_business_days_begin_at_four_in_the_halls_own_zone(zone: str, utc: str, day: str) -> None:
    now_ms = round(datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp() * 1000)
    assert business_day(now_ms, zone, "04:00") == day
    began, following = day_bounds(day, zone, "04:00")
    assert began <= now_ms < following
    assert business_day(following, zone, "04:00") > day
    assert business_day(following - 1, zone, "04:00") == day


def test_a_day_across_a_clock_change_has_23_hours() -> None:
    start, following = day_bounds("2026-03-29", "Europe/Warsaw", "02:30")  # a local time that does not exist
    assert business_day(start, "Europe/Warsaw", "02:30") == "2026-03-29"
    assert business_day(start - 1, "Europe/Warsaw", "02:30") == "2026-03-28"
    assert following - start == 23 * 3_600_000


def test_monday_is_monday() -> None:
    assert business_day(MONDAY_9H, "Asia/Shanghai", "04:00") == "2026-11-23"


def test_equal_configurations_have_equal_digests_however_they_were_made() -> None:
    plain = small_hall()
    spelled = small_hall(timezone="".join(["Asia/", "Shanghai"]), rules=Rules(recall_gap_s=10), notices=())
    assert plain == spelled
    assert digest(plain) == digest(spelled)
    assert digest(plain) != digest(small_hall(rules=Rules(recall_gap_s=11)))


def test_the_list_of_missed_numbers_is_bounded() -> None:
    hall = Hall()
    hall.staff()
    for _ in range(RECENT_MISSED + 5):
        hall.issue()
        hall.do(cmd.CallNext(window="w1"))
        hall.later(11)
        hall.do(cmd.Recall(window="w1"))
        hall.do(cmd.Miss(window="w1"))
    assert len(hall.state.missed) == RECENT_MISSED
