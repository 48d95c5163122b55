"""Corners of the rules where two of them meet; each was wrong once."""

from __future__ import annotations

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code, Rejected
from callq.domain.events import TicketUnbound
from callq.domain.hall import Booking, NumberRange, Resource, Rules, Service
from callq.domain.hours import slots_on
from callq.domain.ticket import TicketState
from tests.harness import Hall, check_invariants, small_hall

ANN = cmd.Person(id_hash="ann")
BOB = cmd.Person(id_hash="bob")


def refused(hall: Hall, command: cmd.AnyCommand) -> Code:
    with pytest.raises(Rejected) as refusal:
        hall.do(command)
    return refusal.value.code


def with_services(**changes: object) -> tuple[Service, ...]:
    """The services of the small hall, the first one changed."""
    first, *others = small_hall().services
    return (msgspec.structs.replace(first, **changes), *others)


def without(code: str) -> cmd.Configure:
    """The small hall less a service, and less the windows and clerks that serve nothing else."""
    config = small_hall()
    windows = [
        msgspec.structs.replace(w, services=tuple(s for s in w.services if s != code)) for w in config.windows
    ]
    clerks = [
        msgspec.structs.replace(c, skills={k: v for k, v in c.skills.items() if k != code})
        for c in config.clerks
    ]
    return cmd.Configure(
        config=small_hall(
            services=tuple(s for s in config.services if s.code != code),
            windows=tuple(w for w in windows if w.services or w.id == "w1"),
            clerks=tuple(c for c in clerks if c.skills),
        )
    )


def served(hall: Hall, window: str = "w1") -> None:
    """Call the next one and begin."""
    hall.do(cmd.CallNext(window=window))
    hall.do(cmd.Start(window=window))


# Undo


def test_an_undone_completion_takes_the_next_step_of_the_visit_back() -> None:
    hall = Hall()
    hall.staff()
    ticket = hall.issue("general", person=ANN, services=("social",))
    served(hall)
    hall.do(cmd.Complete(window="w1"))
    hall.do(cmd.Undo(window="w1"))
    assert (ticket.service, ticket.state) == ("general", "serving")
    check_invariants(hall.state)
    hall.issue("social", person=ANN)  # nothing keeps them from it


def test_an_undo_never_takes_a_resource_that_another_window_has_got() -> None:
    hall = Hall(
        small_hall(
            services=with_services(resource="line"),
            resources=(Resource(code="line", name="专网账号", capacity=1),),
        )
    )
    hall.staff("w1", "c1")
    hall.staff("w2", "c2")
    for _ in range(2):
        hall.issue()
    served(hall, "w1")
    hall.do(cmd.Complete(window="w1"))
    hall.do(cmd.CallNext(window="w2"))
    assert refused(hall, cmd.Undo(window="w1")) == Code.RESOURCE_BUSY


@pytest.mark.parametrize("level", [3, 4])
def test_a_rated_completion_stays_done_in_a_hall_of_older_nodes_alone(level: int) -> None:
    hall = Hall(level=level)
    hall.staff()
    ticket = hall.issue()
    served(hall)
    hall.do(cmd.Complete(window="w1"))
    hall.do(cmd.Rate(ticket=ticket.id, level=5))
    if level == 3:
        assert refused(hall, cmd.Undo(window="w1")) == Code.WRONG_STATE
    else:
        hall.do(cmd.Undo(window="w1"))
        assert (ticket.state, len(ticket.ratings)) == ("serving", 0)
        assert len(ticket.ratings_taken_back) == 1


def test_what_the_clock_ended_is_not_anybodys_to_undo() -> None:
    hall = Hall()
    hall.staff()
    ticket = hall.issue()
    served(hall)
    hall.do(cmd.CloseDay())
    hall.later(2 * 3600)
    hall.do(cmd.Tick(), who=cmd.SYSTEM)
    assert ticket.unconfirmed
    assert refused(hall, cmd.Undo(window="w1")) == Code.WRONG_STATE
    assert hall.state.windows["w1"].acted is None


def test_a_service_that_an_undo_brings_back_after_the_close_still_ends() -> None:
    hall = Hall()
    hall.staff()
    ticket = hall.issue()
    served(hall)
    hall.do(cmd.Complete(window="w1"))
    hall.do(cmd.CloseDay())
    hall.do(cmd.Undo(window="w1"))
    hall.later(2 * 3600)
    hall.ticks()
    assert ticket.unconfirmed


def test_an_undo_does_not_reach_back_into_yesterday() -> None:
    hall = Hall()
    hall.staff()
    hall.issue()
    served(hall)
    hall.now_ms = hall.state.day_ends_ms - 1
    hall.do(cmd.Complete(window="w1"))
    hall.later(1)
    hall.ticks()
    assert refused(hall, cmd.Undo(window="w1")) == Code.WRONG_STATE
    assert hall.state.clerk_days["c1"].done == 0


def test_a_person_with_several_tickets_does_not_stop_an_undo_where_the_hall_allows_them() -> None:
    hall = Hall(small_hall(services=with_services(one_per_person=False)))
    hall.staff()
    first = hall.issue(person=ANN)
    hall.issue(person=ANN)
    served(hall)
    hall.do(cmd.Complete(window="w1"))
    hall.do(cmd.Undo(window="w1"))
    assert first.state == "serving"


# Scarce things and what people hold


def test_next_frees_the_resource_that_it_then_needs() -> None:
    hall = Hall(
        small_hall(
            services=with_services(resource="line"),
            resources=(Resource(code="line", name="专网账号", capacity=1),),
            rules=Rules(next_while_serving="complete"),
        )
    )
    hall.staff()
    hall.issue()
    second = hall.issue()
    served(hall)
    assert hall.do(cmd.CallNext(window="w1")).ticket == second.id
    check_invariants(hall.state)


def test_nobody_is_sent_to_a_queue_they_stand_in_already() -> None:
    hall = Hall()
    hall.staff()
    hall.issue("general", person=ANN)
    hall.issue("social", person=ANN)
    hall.do(cmd.CallNext(window="w1"))
    assert refused(hall, cmd.Transfer(window="w1", to_service="social")) == Code.DUPLICATE_TICKET


def test_nothing_is_bound_to_a_window_that_is_about_to_close() -> None:
    hall = Hall(small_hall(rules=Rules(rejoin="second_call", min_calls_before_miss=1)))
    hall.staff()
    missed = hall.issue()
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Miss(window="w1"))
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Close(window="w1"))
    hall.do(cmd.Rejoin(ticket=missed.id))
    assert missed.bound == ""


def test_a_reassigned_ticket_waits_for_nobody_in_particular() -> None:
    hall = Hall()
    hall.staff("w1", "c1")
    ticket = hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Transfer(window="w1", to_clerk="c2", wait=True))
    hall.do(cmd.Reassign(ticket=ticket.id, service="social"))
    hall.later(3600)
    assert not any(isinstance(e, TicketUnbound) for e in hall.do(cmd.Tick(), who=cmd.SYSTEM).events), (
        "the time for the transfer ran on"
    )


# Bookings and the day's early end


def hall_with_bookings() -> tuple[Hall, int]:
    hall = Hall(small_hall(services=with_services(booking=Booking())))
    slot = next(
        slot.start_ms
        for slot in slots_on(hall.state.config, "general", hall.state.day)
        if slot.start_ms > hall.now_ms
    )
    return hall, slot


def test_a_day_that_ends_early_blames_nobody_for_not_coming() -> None:
    hall, slot = hall_with_bookings()
    hall.do(cmd.Book(booking="b1", service="general", slot_ms=slot, person=ANN))
    hall.do(cmd.CloseDay(reason="停电"))
    assert hall.state.bookings["b1"].state == "cancelled"
    assert hall.state.no_shows == {}


def test_who_was_awaited_in_vain_is_a_no_show_even_when_the_day_ends_early() -> None:
    hall, slot = hall_with_bookings()
    hall.do(cmd.Book(booking="b1", service="general", slot_ms=slot, person=ANN))
    hall.later(5 * 3600)
    hall.do(cmd.CloseDay())
    assert hall.state.bookings["b1"].state == "no_show"


def test_a_day_that_has_ended_is_not_booked() -> None:
    hall, slot = hall_with_bookings()
    hall.do(cmd.Book(booking="b1", service="general", slot_ms=slot + 86_400_000, person=ANN))
    hall.do(cmd.CloseDay())
    book = cmd.Book(booking="b2", service="general", slot_ms=slot, person=BOB)
    assert refused(hall, book) == Code.OUTSIDE_SESSION
    assert refused(hall, cmd.MoveBooking(booking="b1", slot_ms=slot)) == Code.OUTSIDE_SESSION


def test_bookings_and_their_slots_are_forgotten_together() -> None:
    hall, slot = hall_with_bookings()
    hall.do(cmd.Book(booking="b1", service="general", slot_ms=slot, person=ANN))
    hall.later(40 * 86_400)
    hall.ticks()
    assert bool(hall.state.slots) == bool(hall.state.bookings)
    check_invariants(hall.state)


# Another configuration in the middle of the day


def test_a_service_with_bookings_stays() -> None:
    hall, slot = hall_with_bookings()
    hall.do(cmd.Book(booking="b1", service="general", slot_ms=slot, person=ANN))
    assert refused(hall, without("general")) == Code.WRONG_STATE
    assert refused(hall, cmd.Configure(config=small_hall())) == Code.WRONG_STATE, "nobody could change them"
    hall.do(cmd.CancelBooking(booking="b1", by_staff=True))
    hall.do(without("general"))


def test_a_service_that_a_visit_still_needs_stays() -> None:
    hall = Hall()
    hall.staff()
    ticket = hall.issue("general", services=("estate",))
    assert refused(hall, without("estate")) == Code.WRONG_STATE
    served(hall)
    hall.do(cmd.StopIssuing(service="estate", reason="系统故障"))
    hall.do(cmd.Complete(window="w1"))
    assert ticket.deferred == 1
    assert refused(hall, without("estate")) == Code.WRONG_STATE, "the deferred step is owed"


def test_a_window_that_tickets_wait_for_stays() -> None:
    hall = Hall()
    hall.staff()
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Transfer(window="w1", to_window="w2", wait=True))
    config = small_hall()
    less = small_hall(windows=(config.windows[0], config.windows[2]))
    assert refused(hall, cmd.Configure(config=less)) == Code.WINDOW_BUSY


def test_a_capacity_is_not_lowered_below_what_is_in_use() -> None:
    def config(capacity: int) -> cmd.Configure:
        resources = (Resource(code="line", name="专网账号", capacity=capacity),)
        return cmd.Configure(config=small_hall(services=with_services(resource="line"), resources=resources))

    hall = Hall(config(2).config)
    for window, clerk in (("w1", "c1"), ("w2", "c2")):
        hall.staff(window, clerk)
        hall.issue()
        hall.do(cmd.CallNext(window=window))
    assert refused(hall, config(1)) == Code.RESOURCE_BUSY
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Complete(window="w1"))
    hall.do(config(1))


def test_a_changed_prefix_takes_effect_on_the_next_business_day() -> None:
    hall = Hall()
    hall.issue()
    hall.do(cmd.Configure(config=small_hall(services=with_services(prefix="B"))))
    assert hall.issue().number == "A002"
    hall.later(86_400)
    hall.ticks()
    assert hall.issue().number == "B001"


def test_changed_ranges_give_no_number_twice() -> None:
    hall = Hall(small_hall(services=with_services(ranges=(NumberRange(channel="web", first=3, last=9),))))
    assert [hall.issue(channel=c).number for c in ("web", "web", "kiosk")] == ["A003", "A004", "A001"]
    hall.do(cmd.Configure(config=small_hall()))
    assert [hall.issue(channel="kiosk").number] == ["A002"]
    assert refused(hall, cmd.Issue(ticket="t9", service="general", channel="kiosk")) == Code.QUOTA_EXHAUSTED
    hall.later(86_400)
    hall.ticks()
    assert [hall.issue(channel=c).number for c in ("web", "kiosk")] == ["A001", "A002"]
    check_invariants(hall.state)


def test_nothing_is_undone_across_a_change_of_the_configuration() -> None:
    hall = Hall()
    hall.staff()
    ticket = hall.issue()
    served(hall)
    hall.do(cmd.Complete(window="w1"))
    hall.do(without("general"))
    assert refused(hall, cmd.Undo(window="w1")) == Code.WRONG_STATE
    assert ticket.state == TicketState.DONE
