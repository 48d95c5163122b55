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
