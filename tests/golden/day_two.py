"""The day that the golden stream of schema 2 records: every event of that schema at least once.

Scenes of one hall with bookings, visits, a scarce resource and number ranges, over two business days.
"""

from __future__ import annotations

import msgspec

from callq.domain import commands as cmd
from callq.domain.hall import Booking, Clerk, NumberRange, Resource, Rules, Service
from callq.domain.hours import slots_on
from tests.harness import BOB, Hall, small_hall

ANN = cmd.Person(id_hash="6b1d", id_last4="123X", phone_hash="77aa", phone_last4="0001", name="张*")
BEN = cmd.Person(phone_hash="88bb", phone_last4="0002")
EVE = cmd.Person(id_hash="9c2e", id_last4="4321")
SUPERVISOR = cmd.Actor(role="supervisor", id="t9", name="值班主任", device="desk-1")


def hall_of_two_days(level: int = 2) -> Hall:
    """A hall with everything that can be configured."""
    small = small_hall()
    general, social, estate = small.services
    replace = msgspec.structs.replace
    services: tuple[Service, ...] = (
        replace(general, ranges=(NumberRange(channel="web", first=500, last=999),), quota=300),
        replace(social, booking=Booking(slot_min=30, capacity=2)),
        replace(estate, resource="registry"),
    )
    clerks = (*small.clerks, Clerk(id="c5", name="新人", skills={"general": 1}, mentor="c1"))
    resources = (Resource(code="registry", name="登记专网账号", capacity=2),)
    rules = Rules(auto_start_s=600, renumber_on_reassign=True)
    config = replace(small, services=services, clerks=clerks, resources=resources, rules=rules)
    return Hall(config, level=level)


def scripted_v2() -> Hall:
    """A full day and the beginning of the next."""
    hall = hall_of_two_days()
    hall.do(cmd.OpenEpoch(epoch="00000000000000e1"))
    staff_arrives(hall)
    bookings(hall)
    an_ordinary_service(hall)
    out_of_the_ordinary(hall)
    a_visit(hall)
    the_hall_stands_still(hall)
    the_day_ends(hall)
    return hall


def staff_arrives(hall: Hall) -> None:
    hall.staff("w1", "c1")
    hall.staff("w2", "c2")
    hall.do(cmd.SignIn(window="w1", clerk="c5"))
    hall.do(cmd.SignOut(window="w1", clerk="c5"))
    hall.do(cmd.Second(clerk="c4", hall="town"), who=SUPERVISOR)
    hall.do(cmd.Unsecond(clerk="c4"), who=SUPERVISOR)
    hall.staff("w3", "c4")
    hall.do(cmd.SetSkills(window="w1", skills=("general", "social")))


def bookings(hall: Hall) -> None:
    slots = [s for s in slots_on(hall.state.config, "social", hall.state.day) if s.start_ms > hall.now_ms]
    for booking, person, slot in (("b1", ANN, slots[10]), ("b2", BEN, slots[10]), ("b3", EVE, slots[6])):
        hall.do(cmd.Book(booking=booking, service="social", slot_ms=slot.start_ms, person=person))
    hall.do(cmd.MoveBooking(booking="b1", slot_ms=slots[0].start_ms, by_staff=True), who=SUPERVISOR)
    hall.do(cmd.CancelBooking(booking="b2"), key="cancel-b2")
    hall.do(cmd.CheckIn(booking="b1", ticket="t-b1", channel="kiosk"))


def an_ordinary_service(hall: Hall) -> None:
    first = hall.issue(person=BEN, channel="kiosk", traits=("hearing",), party=2, cases=12)
    hall.issue(channel="web", prefer_clerk="c1")
    hall.do(cmd.CallNext(window="w1"), key="press-1")
    hall.do(cmd.Undo(window="w1"))
    hall.do(cmd.CallNext(window="w1"))
    hall.later(11)
    hall.do(cmd.Recall(window="w1"))
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Pause(window="w1", reason="取材料"))
    hall.later(300)
    hall.do(cmd.Complete(window="w1"))
    hall.do(cmd.Rate(ticket=first.id, level=5, reasons=("耐心",), text="谢谢"), who=BOB)
    hall.do(cmd.Unpause(window="w1"))


def out_of_the_ordinary(hall: Hall) -> None:
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Close(window="w1"))
    hall.do(cmd.Open(window="w1"))
    hall.later(11)
    hall.do(cmd.Recall(window="w1"))
    missed = hall.state.windows["w1"].ticket
    assert missed is not None
    hall.do(cmd.Miss(window="w1"))
    hall.do(cmd.Rejoin(ticket=missed.id))
    wrong = hall.issue("estate")
    hall.do(cmd.Reassign(ticket=wrong.id, service="general"), who=SUPERVISOR)
    hall.do(cmd.GrantClass(ticket=wrong.id, cls="priority", reason="孕妇"), who=SUPERVISOR)
    hall.do(cmd.CallTicket(window="w1", ticket=wrong.id, reason="赶火车"))
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Transfer(window="w1", to_clerk="c2"))
    hall.later(15 * 60)
    hall.ticks()
    _holds(hall)
    gone = hall.issue()
    hall.do(cmd.Cancel(ticket=gone.id, reason="改天再来"), key="cancel-1")


def _holds(hall: Hall) -> None:
    hall.do(cmd.CallNext(window="w2"))
    hall.do(cmd.Start(window="w2"))
    hall.do(cmd.Hold(window="w2", kind="waiting"))
    waiting = next(iter(hall.state.held))
    hall.do(cmd.Resume(window="w2", ticket=waiting))
    hall.do(cmd.Hold(window="w2", kind="without_papers"))
    hall.do(cmd.Returned(ticket=waiting))
    hall.do(cmd.CallNext(window="w2"))
    hall.later(601)
    hall.ticks()
    hall.do(cmd.Abandon(window="w2", reason="离开"))
    hall.do(cmd.TakeOver(window="w2", clerk="c3", reason="换岗"), who=SUPERVISOR)


def a_visit(hall: Hall) -> None:
    visit = hall.issue("estate", services=("general", "social"))
    hall.do(cmd.CallNext(window="w3"))
    hall.do(cmd.Start(window="w3"))
    hall.do(cmd.Complete(window="w3"))
    assert visit.step == 1
    hall.do(cmd.StopIssuing(service="social", reason="上级系统故障"), who=SUPERVISOR)
    hall.do(cmd.CallTicket(window="w1", ticket=visit.id, reason="一件事专办"))
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Complete(window="w1"))
    assert visit.deferred == 2
    hall.do(cmd.StartIssuing(service="social"), who=SUPERVISOR)


def the_hall_stands_still(hall: Hall) -> None:
    hall.do(cmd.Suspend(reason="停电"), who=SUPERVISOR)
    hall.later(1200)
    hall.do(cmd.ResumeHall(), who=SUPERVISOR)
    hall.do(cmd.SignOut(window="w2"))
    hall.do(cmd.Close(window="w2"))
    renamed = msgspec.structs.replace(hall.state.config, name="测试大厅（新）", notices=("中午不休息",))
    hall.do(cmd.Configure(config=renamed), who=SUPERVISOR)


def the_day_ends(hall: Hall) -> None:
    ticket = hall.issue()
    hall.do(cmd.CallTicket(window="w1", ticket=ticket.id, reason="最后一位"))
    hall.do(cmd.Start(window="w1"))
    held = hall.issue("estate", person=BEN)
    hall.do(cmd.CallNext(window="w3"))
    hall.do(cmd.Start(window="w3"))
    hall.do(cmd.Hold(window="w3", kind="without_papers"))
    hall.later(6 * 3600)
    assert hall.state.bookings["b3"].state == "booked"
    hall.do(cmd.CloseDay(reason="提前下班"), who=SUPERVISOR)
    hall.later(24 * 3600)
    hall.ticks()
    back = hall.issue("estate", person=BEN)
    assert (back.returned, held.state) == ("hold", "expired")
    hall.issue()
    hall.do(cmd.CallNext(window="w3"))
