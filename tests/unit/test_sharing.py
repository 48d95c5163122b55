"""What tickets have in common is one object, also in a hall that was read back."""

from __future__ import annotations

from callq.domain import commands as cmd
from callq.domain.commands import Person
from callq.domain.snapshot import decode_state, encode_state
from callq.domain.state import HallState, canonical
from tests.harness import Hall


def visitors(count: int = 3) -> Hall:
    hall = Hall()
    for number in range(count):
        person = Person(id_hash=f"{number:032x}", id_last4="".join(["12", "34"]), name="".join(["张", "*"]))
        hall.do(
            cmd.Issue(ticket=f"t-{number}", service=str(b"social", "ascii"), person=person), key=f"k{number}"
        )
    return hall


def assert_shares(state: HallState) -> None:
    first, *others = state.tickets.values()
    assert first.person is not None
    for other in others:
        assert other.person is not None
        assert other.service is first.service
        assert other.day is first.day
        assert other.zone is first.zone
        assert other.steps is first.steps
        assert other.person.id_last4 is first.person.id_last4
        assert other.person.name is first.person.name
    for ticket in state.tickets.values():
        assert ticket.first_arrival_ms is ticket.issued_ms
        assert ticket.first_clock_ms is ticket.clock_ms


def test_tickets_of_one_day_share_what_they_have_in_common() -> None:
    assert_shares(visitors().state)


def test_a_hall_that_was_read_back_shares_as_much() -> None:
    hall = visitors()
    again = decode_state(encode_state(hall.state))
    assert canonical(again) == canonical(hall.state)
    assert_shares(again)


def test_what_looks_up_a_ticket_points_at_its_own_texts() -> None:
    again = decode_state(encode_state(visitors().state))
    assert again.live
    assert sum(map(len, again.keys.values())) == 3
    for (known, service), ids in again.live.items():
        ticket = again.tickets[ids[0]]
        assert ticket.person is not None
        assert known is ticket.person.id_hash
        assert service is ticket.service
        assert ids[0] is ticket.id
    assert len({id(who) for keys in again.keys.values() for who, _ in keys}) <= 1
    for lane in again.lanes.values():
        for ticket_id in lane.ids():
            assert ticket_id is again.tickets[ticket_id].id


def called(count: int = 3) -> Hall:
    """Each was called, missed and called again."""
    hall = visitors(count)
    hall.staff()
    for _ in range(count):
        ticket = hall.do(cmd.CallNext(window="w1")).ticket
        assert ticket is not None
        hall.later(10)
        hall.do(cmd.Recall(window="w1"))
        hall.do(cmd.Miss(window="w1"))
        hall.do(cmd.CallTicket(window="w1", ticket=ticket, reason="赶火车"))
        hall.do(cmd.Start(window="w1"))
        hall.do(cmd.Complete(window="w1"))
    return hall


def assert_calls_share(state: HallState) -> None:
    first, *others = state.tickets.values()
    assert first.why is not None
    assert first.call is not None
    for other in others:
        assert other.why is not None
        assert other.call is not None
        assert other.why.rule is first.why.rule
        assert other.window is first.window is first.call.window is other.past[0].window
        assert other.clerk is first.clerk is first.call.clerk is other.past[0].clerk
        assert other.past[0].grounds.rule is first.past[0].grounds.rule
    for ticket in state.tickets.values():
        assert ticket.why is not None
        for lane in ticket.why.lanes:
            assert lane.service is ticket.service
            assert lane.cls is first.why.lanes[0].cls


def test_calls_share_their_texts() -> None:
    assert_calls_share(called().state)


def test_calls_that_were_read_back_share_as_much() -> None:
    hall = called()
    again = decode_state(encode_state(hall.state))
    assert canonical(again) == canonical(hall.state)
    assert_calls_share(again)


def test_a_call_points_at_the_tickets_that_it_was_chosen_among() -> None:
    hall = visitors(2)
    hall.staff()
    hall.do(cmd.CallNext(window="w1"))
    for state in (hall.state, decode_state(encode_state(hall.state))):
        ticket = state.tickets["t-0"]
        assert ticket.why is not None
        (lane,) = ticket.why.lanes
        assert lane.head is ticket.id
        assert lane.clock_ms is ticket.clock_ms
