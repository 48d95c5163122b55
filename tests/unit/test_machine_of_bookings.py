"""The machine of bookings, cell by cell: booked, then arrived, cancelled or no-show, and nothing after."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code, Rejected
from callq.domain.hall import Booking
from callq.domain.state import canonical
from tests.harness import MONDAY_9H, Hall, check_invariants, small_hall

HOUR_MS = 3_600_000
SLOT_MS = MONDAY_9H + 2 * HOUR_MS
ANN = cmd.Person(id_hash="ann")

CHECK_IN = cmd.CheckIn(booking="b1", ticket="k1")
CANCEL = cmd.CancelBooking(booking="b1")
CANCEL_BY_STAFF = cmd.CancelBooking(booking="b1", by_staff=True)
MOVE = cmd.MoveBooking(booking="b1", slot_ms=SLOT_MS + 25 * HOUR_MS)
MOVE_BY_STAFF = cmd.MoveBooking(booking="b1", slot_ms=SLOT_MS + 25 * HOUR_MS, by_staff=True)
CLOSE_DAY = cmd.CloseDay(reason="停电")

ACTS: dict[str, cmd.AnyCommand] = {
    "check_in": CHECK_IN,
    "cancel": CANCEL,
    "cancel by staff": CANCEL_BY_STAFF,
    "move": MOVE,
    "move by staff": MOVE_BY_STAFF,
    "close_day": CLOSE_DAY,
}


class Place(NamedTuple):
    """Where a booking stands: in a state, so long before or after its slot begins."""

    state: str
    minutes: int
    before: tuple[cmd.AnyCommand, ...] = ()


PLACES = {
    "booked, hours ahead": Place("booked", -110),
    "booked, too late to change": Place("booked", -50),
    "booked, early": Place("booked", -20),
    "booked, on time": Place("booked", 10),
    "booked, late": Place("booked", 30),
    "booked, over": Place("booked", 70),
    "arrived": Place("arrived", 10, (CHECK_IN,)),
    "cancelled": Place("cancelled", 10, (CANCEL_BY_STAFF,)),
    "no_show": Place("no_show", 70, (CLOSE_DAY,)),
}

EXPECTED: dict[tuple[str, str], str | Code] = {
    **{
        ("booked, hours ahead", act): outcome
        for act, outcome in {
            "check_in": Code.TOO_SOON,
            "cancel": "cancelled",
            "cancel by staff": "cancelled",
            "move": "booked",
            "move by staff": "booked",
            "close_day": "cancelled",
        }.items()
    },
    **{
        (place, act): outcome
        for place in (
            "booked, too late to change",
            "booked, early",
            "booked, on time",
            "booked, late",
            "booked, over",
        )
        for act, outcome in {
            "check_in": Code.TOO_SOON if place == "booked, too late to change" else "arrived",
            "cancel": Code.EXPIRED,
            "cancel by staff": "cancelled",
            "move": Code.EXPIRED,
            "move by staff": "booked",
            "close_day": "no_show" if place == "booked, over" else "cancelled",
        }.items()
    },
    **{
        (place, act): Code.WRONG_STATE
        for place in ("arrived", "cancelled", "no_show")
        for act in ACTS
        if act != "close_day"
    },
    # The day's end leaves them as they are; one that is closed is not closed again.
    ("arrived", "close_day"): "arrived",
    ("cancelled", "close_day"): "cancelled",
    ("no_show", "close_day"): Code.WRONG_STATE,
}


def scene(place: Place) -> Hall:
    """A hall where an hour's slot is booked at eleven, and it is so long before or after that."""
    general, *others = small_hall().services
    terms = Booking(slot_min=60, capacity=1, early_min=30, grace_min=15, cancel_before_h=1)
    hall = Hall(small_hall(services=(msgspec.structs.replace(general, booking=terms), *others)))
    hall.do(cmd.Book(booking="b1", service="general", slot_ms=SLOT_MS, person=ANN))
    hall.now_ms = SLOT_MS + place.minutes * 60_000
    for command in place.before:
        hall.do(command)
    assert hall.state.bookings["b1"].state == place.state
    return hall


@pytest.mark.parametrize(("place", "act"), list(itertools.product(PLACES, ACTS)))
def test_a_cell_of_the_machine(place: str, act: str) -> None:
    hall = scene(PLACES[place])
    before, expected = canonical(hall.state), EXPECTED[place, act]
    if isinstance(expected, Code):
        with pytest.raises(Rejected) as refusal:
            hall.do(ACTS[act])
        assert refusal.value.code == expected
        assert refusal.value.ids.get("booking") == ("b1" if act != "close_day" else None)
        assert canonical(hall.state) == before
    else:
        hall.do(ACTS[act])
        assert hall.state.bookings["b1"].state == expected
    check_invariants(hall.state)


def test_every_cell_is_there() -> None:
    assert set(EXPECTED) == set(itertools.product(PLACES, ACTS))


@pytest.mark.parametrize("act", ["cancel by staff", "move by staff"])
def test_what_is_given_up_frees_its_place(act: str) -> None:
    hall = scene(PLACES["booked, hours ahead"])
    other = cmd.Book(booking="b2", service="general", slot_ms=SLOT_MS, person=cmd.Person(id_hash="bob"))
    with pytest.raises(Rejected, match="full"):
        hall.do(other)
    hall.do(ACTS[act])
    hall.do(other)
    assert hall.state.slots["general", SLOT_MS] == 1


def test_who_arrives_or_stays_away_keeps_the_place() -> None:
    for place in ("arrived", "no_show"):
        assert scene(PLACES[place]).state.slots["general", SLOT_MS] == 1
