"""Every command in every state of the hall: running, suspended, its day closed, not there yet.

A refusal has its code and changes nothing, byte for byte.
"""

from __future__ import annotations

import itertools
from typing import Literal, NamedTuple, get_args

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.devices import Sighting
from callq.domain.errors import Code, Rejected
from callq.domain.events import SCHEMA_VERSION
from callq.domain.hall import Booking, Printer, digest
from callq.domain.state import HallState, canonical
from callq.domain.tides import TideMemory, TidePlan
from tests.harness import MONDAY_9H, Hall, check_invariants, explained, small_hall, tidal_hall

HOUR_MS = 3_600_000
IT = "t0001"
"""Waits for `general`; windows w1 and w2 are open for it, w3 is closed and empty."""

DONE: Literal["done"] = "done"
NOTHING: Literal["nothing"] = "nothing"
"""Accepted, and there is nothing to do."""

Outcome = Literal["done", "nothing"] | Code

CALL, START, COMPLETE = cmd.CallNext(window="w1"), cmd.Start(window="w1"), cmd.Complete(window="w1")
RECALL, MISS = cmd.Recall(window="w1"), cmd.Miss(window="w1")
SERVING = (CALL, START)
MISSED = (CALL, RECALL, MISS)
HELD = (*SERVING, cmd.Hold(window="w1", kind="without_papers"))
WAITS = (*SERVING, cmd.Hold(window="w1", kind="waiting"))
STOP = cmd.StopIssuing(service="social", reason="上级系统故障")
GO_ON = cmd.StartIssuing(service="social")
DEFERRED = (STOP, *SERVING, COMPLETE, GO_ON)
"""Where the ticket is a visit to `social` next."""

RATED = (*SERVING, COMPLETE, cmd.Rate(ticket=IT, level=1))
CALLED_BACK = cmd.CaseCallBack(case="it", reached=True, result="已说明")
CLOSED = cmd.CaseClose(case="it", outcome="已补办")
"""Of the only case there is, whose id the hall gives."""

ANN = cmd.Person(id_hash="ann")
TODAY = cmd.Book(booking="b1", service="general", slot_ms=MONDAY_9H + HOUR_MS, person=ANN)
TOMORROW = msgspec.structs.replace(TODAY, slot_ms=MONDAY_9H + 25 * HOUR_MS)


TIDAL = tidal_hall(tides=msgspec.structs.replace(tidal_hall().tides, mode="advise", windows=("w3",)))
RECKON = cmd.ReckonTides(
    minute_ms=MONDAY_9H,
    config=digest(TIDAL),
    memory=TideMemory(there=2),
    plan=explained(TidePlan(open=("w3",))),
)
PRINTERS = (cmd.Configure(config=small_hall(printers=(Printer(id="k1", name="一号机"),))),)
CHECKED = msgspec.structs.replace(small_hall().services[0], precheck=("身份证原件",))
CHECKING = (cmd.Configure(config=small_hall(services=(CHECKED, *small_hall().services[1:]))),)
PRINT = cmd.Reprint(ticket=IT, printer="k1")
PROPOSED = (cmd.SignIn(window="w3", clerk="c4"), cmd.Configure(config=TIDAL), RECKON)


class Row(NamedTuple):
    """A command, what leads up to it, and what becomes of it in each state of the hall."""

    command: cmd.AnyCommand
    running: Outcome
    suspended: Outcome
    closed: Outcome
    before: tuple[cmd.AnyCommand, ...] = ()
    visit: bool = False
    minutes: int = 0
    """How long the hall has been so."""
    level: int = SCHEMA_VERSION


C = Code
ROWS = [
    # What the store and the hall's keepers do goes on whatever the hall is at.
    Row(cmd.Configure(config=small_hall(name="新名")), DONE, DONE, DONE),
    Row(cmd.OpenEpoch(epoch="next"), DONE, DONE, DONE),
    Row(cmd.RecordOutage(since_ms=MONDAY_9H, until_ms=MONDAY_9H + HOUR_MS), DONE, DONE, DONE, minutes=30),
    Row(cmd.RaiseLevel(level=4), DONE, DONE, DONE, level=0),
    Row(cmd.Suspend(reason="停电"), DONE, C.WRONG_STATE, DONE),
    Row(cmd.ResumeHall(), C.WRONG_STATE, DONE, C.WRONG_STATE),
    Row(STOP, DONE, DONE, DONE),
    Row(GO_ON, DONE, DONE, DONE, before=(STOP,)),
    Row(cmd.CloseDay(reason="停电"), DONE, DONE, C.WRONG_STATE),
    Row(cmd.Second(clerk="c3", hall="town"), DONE, DONE, DONE),
    # Nothing is planned while the hall stands still or when its day is closed; what was asked stays askable.
    Row(RECKON, DONE, NOTHING, NOTHING, before=PROPOSED[:2]),
    Row(cmd.SetTides(mode="automatic"), DONE, DONE, DONE, before=PROPOSED),
    Row(cmd.AcceptPlan(plan="p9"), DONE, DONE, C.EXPIRED, before=PROPOSED),
    Row(cmd.DeclinePlan(plan="p9"), DONE, DONE, C.EXPIRED, before=PROPOSED),
    # What people are told does not hang on whether the hall works.
    Row(cmd.PostNotice(text="电梯停运", kind="urgent"), DONE, DONE, DONE),
    Row(cmd.WithdrawNotice(notice="that one"), DONE, DONE, DONE, before=(cmd.PostNotice(text="电梯停运"),)),
    Row(cmd.Unsecond(clerk="c3"), DONE, DONE, DONE, before=(cmd.Second(clerk="c3", hall="town"),)),
    # Devices are what they are; what staff tell them is not about the queue.
    Row(cmd.ReportDevice(device="tv-1", faults=(cmd.FaultSaid(code="paper_out"),)), DONE, DONE, DONE),
    Row(
        cmd.WatchDevices(silent=(Sighting("tv-1", MONDAY_9H + HOUR_MS),)),
        DONE,
        DONE,
        DONE,
        before=(cmd.ReportDevice(device="tv-1"),),
        minutes=30,
    ),
    Row(
        cmd.OrderDevice(device="tv-1", order="test"),
        DONE,
        DONE,
        DONE,
        before=(cmd.ReportDevice(device="tv-1"),),
    ),
    Row(cmd.OrderDevice(device="tv-1", order="test"), C.UNKNOWN_DEVICE, C.UNKNOWN_DEVICE, C.UNKNOWN_DEVICE),
    # Time does nothing while the hall stands still.
    Row(cmd.Tick(), DONE, NOTHING, NOTHING, before=MISSED, minutes=31),
    Row(cmd.Tick(), NOTHING, NOTHING, DONE, before=SERVING, minutes=121),
    # Nobody is called or joins a queue while it does, or when the day is closed.
    Row(cmd.Issue(ticket="new", service="general"), DONE, C.HALL_SUSPENDED, C.OUTSIDE_SESSION),
    Row(CALL, DONE, C.HALL_SUSPENDED, NOTHING),
    Row(cmd.CallTicket(window="w1", ticket=IT, reason="赶火车"), DONE, C.HALL_SUSPENDED, C.WRONG_STATE),
    Row(RECALL, DONE, C.HALL_SUSPENDED, C.WRONG_STATE, before=(CALL,)),
    Row(MISS, DONE, C.HALL_SUSPENDED, C.WRONG_STATE, before=(CALL, RECALL)),
    Row(cmd.Rejoin(ticket=IT), DONE, C.HALL_SUSPENDED, C.WRONG_STATE, before=MISSED),
    Row(cmd.Returned(ticket=IT), DONE, C.HALL_SUSPENDED, C.WRONG_STATE, before=HELD),
    Row(cmd.Returned(ticket=IT), DONE, C.HALL_SUSPENDED, C.EXPIRED, before=DEFERRED, visit=True),
    Row(cmd.Resume(window="w1", ticket=IT), DONE, C.HALL_SUSPENDED, C.WRONG_STATE, before=WAITS),
    Row(cmd.Transfer(ticket=IT, to_service="social"), DONE, C.HALL_SUSPENDED, C.EXPIRED, before=SERVING),
    Row(cmd.Reassign(ticket=IT, service="social"), DONE, C.HALL_SUSPENDED, C.WRONG_STATE),
    Row(
        cmd.CheckIn(booking="b1", ticket="new"),
        DONE,
        C.HALL_SUSPENDED,
        C.WRONG_STATE,
        before=(TODAY,),
        minutes=50,
    ),
    # What ends something, or concerns what is at a window already, is possible.
    Row(START, DONE, DONE, C.WRONG_STATE, before=(CALL,)),
    Row(COMPLETE, DONE, DONE, DONE, before=SERVING),
    Row(cmd.Abandon(window="w1"), DONE, DONE, DONE, before=SERVING),
    Row(cmd.Hold(window="w1", kind="waiting"), DONE, DONE, C.EXPIRED, before=SERVING),
    Row(cmd.Undo(window="w1"), DONE, DONE, DONE, before=(*SERVING, COMPLETE)),
    Row(cmd.Undo(window="w1"), DONE, DONE, C.WRONG_STATE, before=(CALL,)),
    Row(cmd.Cancel(ticket=IT), DONE, DONE, C.WRONG_STATE),
    Row(cmd.AbandonTicket(ticket=IT), DONE, DONE, C.WRONG_STATE, before=MISSED),
    Row(cmd.GrantClass(ticket=IT, cls="priority", reason="孕妇"), DONE, DONE, C.WRONG_STATE),
    Row(cmd.Rate(ticket=IT, level=5), DONE, DONE, DONE, before=(*SERVING, COMPLETE)),
    # Seats and flags are the staff's own matter.
    Row(cmd.SignIn(window="w3", clerk="c3"), DONE, DONE, DONE),
    Row(cmd.SignOut(window="w2"), DONE, DONE, DONE),
    Row(cmd.HandOver(window="w1", clerk="c3"), DONE, DONE, DONE),
    Row(cmd.TakeOver(window="w1", clerk="c3", reason="晕倒"), DONE, DONE, DONE),
    Row(cmd.SetSkills(window="w1", skills=("general",)), DONE, DONE, DONE),
    Row(cmd.Open(window="w3"), DONE, DONE, DONE),
    Row(cmd.Close(window="w1"), DONE, DONE, DONE),
    Row(cmd.Pause(window="w1"), DONE, DONE, DONE),
    Row(cmd.Unpause(window="w1"), DONE, DONE, DONE, before=(cmd.Pause(window="w1"),)),
    Row(cmd.Help(window="w1"), DONE, DONE, DONE),
    Row(cmd.HelpDone(window="w1"), DONE, DONE, DONE, before=(cmd.Help(window="w1"),)),
    Row(cmd.RequestRating(window="w1"), DONE, DONE, DONE, before=(*SERVING, COMPLETE)),
    # What was rated badly is looked after whatever the hall does.
    Row(cmd.CaseTake(case="it"), DONE, DONE, DONE, before=RATED),
    Row(cmd.CaseCallBack(case="it", reached=True, result="已说明"), DONE, DONE, DONE, before=RATED),
    Row(cmd.CaseClose(case="it", outcome="已补办"), DONE, DONE, DONE, before=(*RATED, CALLED_BACK)),
    Row(cmd.CaseReopen(case="it", reason="又来反映"), DONE, DONE, DONE, before=(*RATED, CALLED_BACK, CLOSED)),
    # Paper has nothing to do with whether the hall works.
    Row(cmd.Reprint(ticket=IT, printer="k1"), DONE, DONE, C.WRONG_STATE, before=PRINTERS),
    Row(cmd.TakePrint(ticket=IT, printer="k1", copy=1), DONE, DONE, DONE, before=(*PRINTERS, PRINT)),
    Row(
        cmd.EndPrint(ticket=IT, printer="k1", copy=1, state="failed"),
        DONE,
        DONE,
        DONE,
        before=(*PRINTERS, PRINT),
    ),
    Row(cmd.ReportPrinter(printer="k1", fault="paper_out"), DONE, DONE, DONE, before=PRINTERS),
    # Going along, and looking at papers, is between people.
    Row(cmd.Accompany(ticket=IT), DONE, DONE, C.WRONG_STATE),
    Row(cmd.Release(ticket=IT), DONE, DONE, C.WRONG_STATE, before=(cmd.Accompany(ticket=IT),)),
    Row(cmd.PrecheckTicket(ticket=IT), DONE, DONE, C.WRONG_STATE, before=CHECKING),
    Row(cmd.SendHome(service="general", missing=("身份证原件",)), DONE, DONE, DONE, before=CHECKING),
    # Bookings are for later; a day that is closed takes none.
    Row(TODAY, DONE, DONE, C.OUTSIDE_SESSION),
    Row(TOMORROW, DONE, DONE, DONE),
    Row(cmd.CancelBooking(booking="b1"), DONE, DONE, DONE, before=(TOMORROW,)),
    Row(cmd.CancelBooking(booking="b1", by_staff=True), DONE, DONE, C.WRONG_STATE, before=(TODAY,)),
    Row(
        cmd.MoveBooking(booking="b1", slot_ms=TOMORROW.slot_ms + HOUR_MS),
        DONE,
        DONE,
        DONE,
        before=(TOMORROW,),
    ),
]

STATES: dict[str, tuple[cmd.AnyCommand, ...]] = {
    "running": (),
    "suspended": (cmd.Suspend(reason="消防演练"),),
    "closed": (cmd.CloseDay(reason="停电"),),
}


def scene(row: Row, state: str) -> Hall:
    """A hall in that state, at the moment of the command."""
    general, *others = small_hall().services
    bookable = msgspec.structs.replace(general, booking=Booking(capacity=2, cancel_before_h=0))
    hall = Hall(small_hall(services=(bookable, *others)), level=row.level)
    hall.staff("w1", "c1")
    hall.staff("w2", "c2")
    hall.issue(services=("social",) if row.visit else ())
    for command in row.before:
        hall.do(of_the_case(hall, command))
        if not isinstance(command, cmd.Complete):
            hall.later(11)
    for command in STATES[state]:
        hall.do(command)
    hall.later(row.minutes * 60)
    return hall


def of_the_case(hall: Hall, command: cmd.AnyCommand) -> cmd.AnyCommand:
    """A command about the only case, by its id."""
    if (
        isinstance(command, cmd.CaseTake | cmd.CaseCallBack | cmd.CaseClose | cmd.CaseReopen)
        and hall.state.cases
    ):
        return msgspec.structs.replace(command, case=next(iter(hall.state.cases)))
    return command


def named(value: object) -> str:
    return type(value.command).__name__ if isinstance(value, Row) else str(value)


@pytest.mark.parametrize(("row", "state"), list(itertools.product(ROWS, STATES)), ids=named)
def test_a_command_does_what_the_table_says(row: Row, state: str) -> None:
    hall = scene(row, state)
    expected: Outcome = getattr(row, state)
    command = of_the_case(hall, row.command)
    if isinstance(command, cmd.WithdrawNotice):
        command = cmd.WithdrawNotice(notice=next(iter(hall.state.notices)))
    before = canonical(hall.state)
    if isinstance(expected, Code):
        with pytest.raises(Rejected) as refusal:
            hall.do(command)
        assert refusal.value.code == expected
        assert refusal.value.hint
    else:
        assert bool(hall.do(command).events) is (expected == DONE)
    assert (canonical(hall.state) == before) is (expected != DONE)
    check_invariants(hall.state)


def test_every_command_has_its_row() -> None:
    assert {type(row.command) for row in ROWS} == set(get_args(cmd.AnyCommand))


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_in_a_hall_that_does_not_exist_yet_only_a_configuration_is_heard(row: Row) -> None:
    hall = Hall.__new__(Hall)
    hall.state, hall.now_ms = HallState("test"), MONDAY_9H
    hall.payloads, hall.numbers, hall.level = [], {}, SCHEMA_VERSION
    hall.taken_as_it_stands()
    before = canonical(hall.state)
    if isinstance(row.command, cmd.Configure):
        assert hall.do(row.command).events
        return
    with pytest.raises(Rejected) as refusal:
        hall.do(row.command)
    assert refusal.value.code == Code.UNKNOWN_HALL
    assert canonical(hall.state) == before
