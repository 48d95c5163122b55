"""Taking numbers."""

from __future__ import annotations

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.domain.events import EpochOpened
from callq.domain.hall import Booking, NumberRange, Session
from tests.harness import small_hall
from tests.rules.scene import ANN, BOB, HOUR, Scene, changed, refused, rule, with_rules, with_service

MORNING = Session(
    code="morning", name="上午", ticketing="08:30-11:30", serving="08:30-12:00", services=("general",)
)
ALL_DAY = Session(
    code="whole", name="全天", ticketing="00:00-24:00", serving="00:00-24:00", services=("social", "estate")
)


def morning_hall() -> Scene:
    scene = Scene(small_hall(sessions=(MORNING, ALL_DAY)))
    scene.staff()
    return scene


@rule("N-unique", "N-per-prefix")
def test_numbers_count_from_one_for_each_prefix_and_day(hall: Scene) -> None:
    assert [hall.issue().number, hall.issue("social").number, hall.issue().number] == ["A001", "E001", "A002"]
    hall.next_day()
    assert hall.issue().number == "A001"


@rule("N-gapless")
def test_a_refused_or_cancelled_ticket_leaves_no_gap(hall: Scene) -> None:
    first = hall.issue(person=ANN)
    with refused(hall, Code.DUPLICATE_TICKET):
        hall.issue(person=ANN)
    hall.do(cmd.Cancel(ticket=first.id))
    assert hall.issue().number == "A002"


@rule("N-skipped")
def test_after_a_failover_every_series_of_the_day_leaves_numbers_out_on_record() -> None:
    web = NumberRange(channel="web", first=500, last=520)
    hall = with_service(ranges=(web,))
    hall.issue()
    hall.issue()
    (opened,) = hall.do(cmd.OpenEpoch(epoch="e2", skip=20)).events
    assert isinstance(opened, EpochOpened)
    assert [(s.series, s.prefix, s.first, s.last) for s in opened.skipped] == [
        ("A", "A", 3, 22),
        ("A500", "A", 500, 519),
        ("E", "E", 1, 20),
        ("G", "G", 1, 20),
    ]
    assert hall.issue().number == "A023"
    assert hall.issue(channel="web").number == "A520"
    assert hall.issue("social").number == "E021"
    assert hall.issue("estate").number == "G021"
    assert hall.do(cmd.OpenEpoch(epoch="e2", skip=20)).events == ()
    hall.next_day()
    assert [hall.issue().number, hall.issue(channel="web").number] == ["A001", "A500"]


@rule("N-skipped-next-day")
def test_a_day_that_begins_right_after_a_failover_leaves_out_its_first_numbers() -> None:
    hall = with_service()
    hall.issue()
    hall.now_ms = hall.state.day_ends_ms - 60_000
    hall.do(cmd.OpenEpoch(epoch="e2", skip=20))
    hall.next_day()
    assert [hall.issue().number, hall.issue("social").number] == ["A021", "E021"]
    hall.next_day()
    assert hall.issue().number == "A001"


@rule("N-skipped")
def test_nothing_is_left_out_beyond_the_end_of_a_range() -> None:
    web = NumberRange(channel="web", first=5, last=6)
    hall = with_service(ranges=(web,))
    hall.issue(channel="web")
    hall.issue(channel="web")
    (opened,) = hall.do(cmd.OpenEpoch(epoch="e2", skip=20)).events
    assert isinstance(opened, EpochOpened)
    assert [(s.series, s.first, s.last) for s in opened.skipped][:2] == [("A", 1, 4), ("E", 1, 20)]
    for channel in ("web", "kiosk"):
        with refused(hall, Code.QUOTA_EXHAUSTED):
            hall.issue(channel=channel)


@rule("N-skipped")
def test_a_prefix_for_tomorrow_leaves_todays_series_what_they_are(hall: Scene) -> None:
    hall.do(cmd.Configure(config=changed(small_hall(), "general", prefix="B")))
    (opened,) = hall.do(cmd.OpenEpoch(epoch="e2", skip=5)).events
    assert isinstance(opened, EpochOpened)
    assert [s.series for s in opened.skipped] == ["A", "E", "G"]
    assert hall.issue().number == "A006"


@rule("N-gapless")
def test_a_restart_of_the_store_leaves_no_gap(hall: Scene) -> None:
    hall.issue()
    hall.do(cmd.OpenEpoch(epoch="e2"))
    assert hall.issue().number == "A002"


@rule("N-three-digits")
def test_digits_are_three_and_grow() -> None:
    web = NumberRange(channel="web", first=999, last=1200)
    hall = with_service(ranges=(web,))
    assert [hall.issue(channel=c).number for c in ("kiosk", "web", "web")] == ["A001", "A999", "A1000"]


@rule("N-range")
def test_a_channel_with_a_range_draws_from_it_and_the_others_from_below() -> None:
    web = NumberRange(channel="web", first=3, last=4)
    hall = with_service(ranges=(web,))
    assert [hall.issue(channel=c).number for c in ("kiosk", "web", "counter", "web")] == [
        "A001",
        "A003",
        "A002",
        "A004",
    ]
    for channel in ("web", "kiosk"):
        with refused(hall, Code.QUOTA_EXHAUSTED):
            hall.issue(channel=channel)


@rule("N-prefix-next-day")
def test_a_changed_prefix_waits_for_the_next_business_day(hall: Scene) -> None:
    hall.issue()
    hall.do(cmd.Configure(config=changed(small_hall(), "general", prefix="B")))
    assert hall.issue().number == "A002"
    hall.next_day()
    assert hall.issue().number == "B001"


@rule("N-prefix-next-day")
def test_ranges_that_come_at_noon_give_no_number_twice(hall: Scene) -> None:
    for _ in range(3):
        hall.issue()
    web = NumberRange(channel="web", first=2, last=9)
    hall.do(cmd.Configure(config=changed(small_hall(), "general", ranges=(web,))))
    assert hall.issue(channel="web").number == "A004"
    hall.next_day()
    assert hall.issue(channel="web").number == "A002"


@rule("N-prefix-next-day")
def test_a_service_that_takes_over_todays_prefix_goes_on_with_its_numbers(hall: Scene) -> None:
    hall.do(cmd.Cancel(ticket=hall.issue().id))
    config = changed(small_hall(), "general", prefix="B")
    extra = msgspec.structs.replace(config.services[1], code="tax", prefix="A", skill="social")
    hall.do(cmd.Configure(config=msgspec.structs.replace(config, services=(*config.services, extra))))
    assert hall.issue("tax").number == "A002"
    assert hall.issue("general").number == "A003"


@rule("N-prefix-next-day")
def test_nor_does_a_service_with_ranges_that_takes_it_over(hall: Scene) -> None:
    for _ in range(3):
        hall.do(cmd.Cancel(ticket=hall.issue().id))
    config = changed(small_hall(), "general", prefix="B")
    web = NumberRange(channel="web", first=2, last=9)
    tax = msgspec.structs.replace(config.services[1], code="tax", prefix="A", skill="social", ranges=(web,))
    hall.do(cmd.Configure(config=msgspec.structs.replace(config, services=(*config.services, tax))))
    assert hall.issue("tax", channel="web").number == "A004"
    hall.next_day()
    assert hall.issue("tax", channel="web").number == "A002"


@rule("N-quota")
def test_the_quota_of_the_day_is_counted_once_an_issue() -> None:
    hall = with_service(quota=2)
    hall.issue()
    hall.issue()
    with refused(hall, Code.QUOTA_EXHAUSTED):
        hall.issue()
    hall.next_day()
    assert hall.issue().number == "A001"


@rule("N-quota", "N-quota-returned")
@pytest.mark.parametrize("end", ["stays", "cancelled"])
def test_what_was_booked_takes_no_place_of_the_quota_and_gives_none_back(end: str) -> None:
    rules = msgspec.structs.replace(small_hall().rules, quota_returns_on_cancel=True)
    config = changed(small_hall(), "general", quota=1, booking=Booking(slot_min=60, capacity=1))
    hall = Scene(msgspec.structs.replace(config, rules=rules))
    hall.do(cmd.Book(booking="b1", service="general", slot_ms=hall.now_ms + HOUR * 1000, person=BOB))
    hall.later(HOUR)
    hall.do(cmd.CheckIn(booking="b1", ticket="booked", channel="kiosk"))
    assert hall.state.issued == {}
    hall.issue()
    if end == "cancelled":
        hall.do(cmd.Cancel(ticket="booked"))
    with refused(hall, Code.QUOTA_EXHAUSTED):
        hall.issue()


@rule("N-quota", "N-quota-returned")
@pytest.mark.parametrize("end", ["stays", "cancelled"])
def test_what_is_owed_takes_no_place_of_the_quota_and_gives_none_back(end: str) -> None:
    rules = msgspec.structs.replace(small_hall().rules, quota_returns_on_cancel=True)
    hall = Scene(msgspec.structs.replace(changed(small_hall(), "general", quota=1), rules=rules))
    hall.staff()
    hall.issue(person=ANN)
    hall.hold("without_papers")
    hall.next_day()
    back = hall.issue(person=ANN)
    assert (back.returned, hall.state.issued) == ("hold", {})
    hall.issue()
    if end == "cancelled":
        hall.do(cmd.Cancel(ticket=back.id))
    with refused(hall, Code.QUOTA_EXHAUSTED):
        hall.issue()


@rule("N-quota")
def test_in_a_hall_of_an_older_level_it_did_and_what_took_a_place_gives_it_back() -> None:
    rules = msgspec.structs.replace(small_hall().rules, quota_returns_on_cancel=True)
    config = changed(small_hall(), "general", quota=1, booking=Booking(slot_min=60, capacity=1))
    hall = Scene(msgspec.structs.replace(config, rules=rules), level=2)
    hall.do(cmd.Book(booking="b1", service="general", slot_ms=hall.now_ms + HOUR * 1000, person=BOB))
    hall.later(HOUR)
    hall.do(cmd.CheckIn(booking="b1", ticket="booked", channel="kiosk"))
    assert hall.state.issued == {"general": 1}
    hall.do(cmd.RaiseLevel(level=3), who=cmd.SYSTEM)
    hall.do(cmd.Cancel(ticket="booked"))
    assert hall.state.issued == {"general": 0}


@rule("N-quota-only-issues")
def test_coming_from_elsewhere_takes_no_place_of_the_quota() -> None:
    hall = with_service("social", quota=1)
    hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_service="social"))
    assert hall.issue("social").number == "E001"
    hall.do(cmd.Reassign(ticket=hall.issue().id, service="social"))
    assert len(hall.queue("social")) == 3


@rule("N-quota-stays-used")
def test_a_cancel_gives_no_place_back() -> None:
    hall = with_service(quota=1)
    hall.do(cmd.Cancel(ticket=hall.issue().id))
    with refused(hall, Code.QUOTA_EXHAUSTED):
        hall.issue()


@rule("N-quota-returned")
def test_a_cancel_gives_the_place_back_where_the_hall_wants_it() -> None:
    rules = msgspec.structs.replace(small_hall().rules, quota_returns_on_cancel=True)
    config = msgspec.structs.replace(changed(small_hall(), "general", quota=1), rules=rules)
    hall = Scene(config)
    ticket = hall.issue()
    hall.do(cmd.Reassign(ticket=ticket.id, service="social"))
    hall.do(cmd.Cancel(ticket=ticket.id))
    assert hall.state.issued == {"general": 0}
    assert hall.issue().number == "A002"


@rule("N-hours")
def test_tickets_are_given_in_ticketing_hours_only() -> None:
    hall = morning_hall()
    hall.issue()
    hall.later(2.5 * HOUR)
    with refused(hall, Code.OUTSIDE_SESSION) as refusal:
        hall.issue()
    tomorrow_8h30 = hall.now_ms + 21 * HOUR * 1000
    assert refusal.value.extra["next_ms"] == tomorrow_8h30
    assert hall.issue("social").number == "E001"


@rule("N-inside-are-served")
def test_people_inside_are_served_after_ticketing_has_ended() -> None:
    hall = morning_hall()
    hall.issue()
    hall.later(2.9 * HOUR)
    assert hall.serve().number == "A001"


@rule("N-one-live")
def test_one_live_ticket_for_a_person_and_service(hall: Scene) -> None:
    first = hall.issue(person=ANN)
    with refused(hall, Code.DUPLICATE_TICKET) as refusal:
        hall.issue(person=cmd.Person(phone_hash="ann-phone"))
    assert refusal.value.ids["ticket"] == first.id
    assert hall.issue("social", person=ANN).number == "E001"
    hall.do(cmd.Cancel(ticket=first.id))
    assert hall.issue(person=ANN).number == "A002"


@rule("N-one-live-unless")
def test_a_hall_may_allow_several() -> None:
    hall = with_service(one_per_person=False)
    assert [hall.issue(person=ANN).number for _ in range(2)] == ["A001", "A002"]


@rule("N-party-cases")
def test_a_ticket_says_how_many_people_and_matters(hall: Scene) -> None:
    ticket = hall.issue(party=2, cases=12)
    assert (ticket.party, ticket.cases) == (2, 12)
    with refused(hall, Code.INVALID):
        hall.issue(cases=0)


@rule("N-kept")
def test_id_and_number_stay_through_transfer_reassign_and_next_step(hall: Scene) -> None:
    ticket = hall.issue(services=("estate",))
    hall.do(cmd.Reassign(ticket=ticket.id, service="social"))
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_service="general"))
    hall.serve()
    hall.complete()
    assert (ticket.service, ticket.number, ticket.state) == ("estate", "A001", "waiting")
    assert hall.state.tickets[ticket.id] is ticket


@rule("K-granted-by")
def test_who_granted_priority_is_on_record(hall: Scene) -> None:
    old = hall.issue()
    hall.do(
        cmd.GrantClass(ticket=old.id, cls="priority", reason="拄拐"), who=cmd.Actor(role="helper", id="h1")
    )
    assert (old.cls, old.granted_by) == ("priority", "h1")
    assert hall.issue(cls="priority").granted_by == "t1"
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.GrantClass(ticket=old.id, cls="priority"))


@rule("K-granted-keeps-clock")
def test_a_granted_ticket_keeps_its_place_in_time(hall: Scene) -> None:
    hall.issue(cls="priority")
    hall.later(5)
    late = hall.issue()
    hall.later(5)
    hall.issue(cls="priority")
    hall.do(cmd.GrantClass(ticket=late.id, cls="priority"))
    assert hall.queue(cls="priority") == ["A001", "A002", "A003"]


@rule("K-stays")
@pytest.mark.parametrize("way", ["missed", "hold", "transfer"])
def test_coming_back_never_changes_the_class(hall: Scene, way: str) -> None:
    ticket = hall.issue(cls="priority")
    if way == "missed":
        hall.call()
        hall.miss()
        hall.do(cmd.Rejoin(ticket=ticket.id))
    elif way == "hold":
        hall.hold("without_papers")
        hall.do(cmd.Returned(ticket=ticket.id))
    else:
        hall.serve()
        hall.do(cmd.Transfer(window="w1", to_service="social"))
    assert (ticket.state, ticket.cls, ticket.returned) == ("waiting", "priority", way)


@rule("K-appointment-is-booked")
def test_the_appointment_class_comes_from_a_booking_alone(hall: Scene) -> None:
    with refused(hall, Code.INVALID):
        hall.issue(cls="appointment")
    ticket = hall.issue()
    with refused(hall, Code.INVALID):
        hall.do(cmd.GrantClass(ticket=ticket.id, cls="appointment"))


@rule("N-renumber")
def test_reassign_renumbers_where_the_hall_wants_it() -> None:
    hall = with_rules(renumber_on_reassign=True)
    ticket = hall.issue()
    hall.issue("social")
    hall.do(cmd.Reassign(ticket=ticket.id, service="social"))
    assert (ticket.number, hall.issue("social").number) == ("E002", "E003")
    assert hall.issue().number == "A002"
