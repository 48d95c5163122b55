"""The day that the golden stream of schema 3 records: every event of that schema at least once.

The scenes of schema 2, in a hall that older nodes read at first, with a failover and a time in which no
node ran.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from callq.domain import commands as cmd
from tests.golden import day_two as scenes

if TYPE_CHECKING:
    from tests.harness import Hall


def scripted_v3() -> Hall:
    """A full day and the beginning of the next."""
    hall = scenes.hall_of_two_days(level=0)
    hall.do(cmd.OpenEpoch(epoch="00000000000000e1"), who=cmd.SYSTEM)
    hall.do(cmd.RaiseLevel(level=3), who=cmd.SYSTEM)
    all_scenes(hall)
    return hall


def all_scenes(hall: Hall) -> None:
    """From the first clerk who comes to the day after."""
    scenes.staff_arrives(hall)
    scenes.bookings(hall)
    scenes.an_ordinary_service(hall)
    hall.do(cmd.OpenEpoch(epoch="00000000000000e2", skip=20), who=cmd.SYSTEM)
    scenes.out_of_the_ordinary(hall)
    _no_node_runs(hall)
    _papers_follow_their_clerk(hall)
    scenes.a_visit(hall)
    scenes.the_hall_stands_still(hall)
    _next_is_taken_back(hall)
    _the_night_stays_part_of_the_day(hall)
    scenes.the_day_ends(hall)
    visit = next(t for t in hall.state.tickets.values() if t.deferred is not None)
    hall.issue("social", come_back=visit.id)
    _no_node_runs(hall)


def _papers_follow_their_clerk(hall: Hall) -> None:
    ticket = hall.issue("social")
    hall.do(cmd.CallTicket(window="w1", ticket=ticket.id))
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Hold(window="w1", kind="with_papers"))
    hall.do(cmd.SignOut(window="w2"))
    hall.do(cmd.HandOver(window="w1", clerk="c3"))
    hall.do(cmd.SignIn(window="w2", clerk="c1"))
    hall.later(60)
    hall.do(cmd.Pause(window="w1"))
    hall.do(cmd.Returned(ticket=ticket.id))
    hall.do(cmd.Close(window="w1"))
    assert ticket.bound == "w:w2"
    hall.do(cmd.CallNext(window="w2"))
    hall.do(cmd.Start(window="w2"))
    hall.do(cmd.Complete(window="w2"))
    for window in ("w1", "w2"):
        hall.do(cmd.SignOut(window=window))
    hall.staff("w1", "c1")
    hall.do(cmd.SignIn(window="w2", clerk="c3"))


def _next_is_taken_back(hall: Hall) -> None:
    rules = replace(hall.state.config.rules, next_while_serving="complete")
    hall.do(cmd.Configure(config=replace(hall.state.config, rules=rules)))
    first = hall.issue()
    hall.issue()
    hall.do(cmd.CallTicket(window="w1", ticket=first.id, reason="有急事"))
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Hold(window="w1", kind="without_papers"))
    hall.later(60)
    hall.do(cmd.CallTicket(window="w1", ticket=first.id, reason="有急事"))
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Pause(window="w1", reason="取材料"))
    hall.do(cmd.Undo(window="w1"))
    assert first.state == "serving"
    hall.do(cmd.Unpause(window="w1"))
    hall.do(cmd.Complete(window="w1"))


def _the_night_stays_part_of_the_day(hall: Hall) -> None:
    config = hall.state.config
    hall.do(cmd.Configure(config=replace(config, day_starts="00:00")))
    one_at_night, half_an_hour = hall.state.day_ends_ms - 3 * 3_600_000, 1_800_000
    person = cmd.Person(id_hash="0123", id_last4="0007")
    hall.do(cmd.Book(booking="night", service="social", slot_ms=one_at_night, person=person))
    hall.do(cmd.MoveBooking(booking="night", slot_ms=one_at_night + half_an_hour, by_staff=True))
    assert hall.state.bookings["night"].day == hall.state.day
    hall.do(cmd.CancelBooking(booking="night", by_staff=True))
    hall.do(cmd.Configure(config=config))


def _no_node_runs(hall: Hall) -> None:
    since_ms = hall.now_ms
    hall.later(45)
    hall.do(cmd.RecordOutage(since_ms=since_ms, until_ms=hall.now_ms), who=cmd.SYSTEM)
