"""What may be asked of a hall, in the imperative.

A command names what is wanted; `decide` answers with events or refuses. Ids that need randomness
(ticket ids) are minted before, so that deciding twice gives the same answer.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from callq.domain.devices import DeviceOrderName, Sighting
from callq.domain.hall import HallConfig
from callq.domain.notices import NoticeKind
from callq.domain.printing import Fault, PrintEnd
from callq.domain.tides import TideMemory, TideMode, TidePlan, TideSlot

TicketClass = Literal["ordinary", "appointment", "priority"]
Channel = Literal["kiosk", "counter", "phone", "web", "guide"]
HoldKind = Literal["without_papers", "with_papers", "waiting"]

UNSPECIFIED: Final = "unspecified"
"""Goes on record where a reason was left out."""


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", omit_defaults=True):
    """Base of all commands."""


class Person(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """Whom a ticket belongs to, as far as callq may know: keyed hashes and masked text, never clear ids."""

    id_hash: str = ""
    id_last4: str = ""
    phone_hash: str = ""
    phone_last4: str = ""
    name: str = ""
    """Masked, e.g. 张*."""


class Configure(Command, frozen=True, kw_only=True, tag="configure"):
    """Put a configuration in force; the first one creates the hall."""

    config: HallConfig
    level: int = 0
    """The schema that all nodes read, which a new hall may use from its first batch; 0: not known."""
    if_digest: str = ""
    """Digest of the configuration that it is to take the place of; empty: whatever is in force."""
    reason: str = ""


class OpenEpoch(Command, frozen=True, kw_only=True, tag="open_epoch"):
    """Record that the store's lineage changed (restart, promotion, restore)."""

    epoch: str
    skip: int = 0
    """Numbers that each series leaves out: after a failover, as many as a lost tail may have given."""


class RecordOutage(Command, frozen=True, kw_only=True, tag="record_outage"):
    """Record that no node ran for a while; to be decided before any tick or command after it."""

    since_ms: int
    """Last sign of life of any node, Unix ms."""
    until_ms: int


class RaiseLevel(Command, frozen=True, kw_only=True, tag="raise_level"):
    """Let batches use a schema that all nodes read."""

    level: int


class Tick(Command, frozen=True, kw_only=True, tag="tick"):
    """Do what time alone makes due."""


class Issue(Command, frozen=True, kw_only=True, tag="issue"):
    """取号: put a person in the queue of a service, or of the first of several."""

    ticket: str
    """New ticket id, minted by the door."""
    service: str
    """Empty: that of `item`."""
    cls: TicketClass = "ordinary"
    channel: Channel = "counter"
    person: Person | None = None
    traits: tuple[str, ...] = ()
    party: int = 1
    cases: int = 1
    prefer_clerk: str = ""
    services: tuple[str, ...] = ()
    """Further services of the visit, in order."""
    item: str = ""
    """The matter that it is for; of the service, if that is named."""
    come_back: str = ""
    """An expired ticket whose come-back credit is claimed, when the person is not known."""
    printer: str = ""
    """Where it is printed; empty: nowhere."""
    prechecked: bool = False
    """Whether a pre-check was passed for it."""
    class_reason: str = ""
    """Why it has its class, where staff granted it."""


class _OnTicket(Command, frozen=True, kw_only=True):
    ticket: str


class Cancel(_OnTicket, frozen=True, kw_only=True, tag="cancel"):
    """The citizen or staff gives the ticket up."""

    reason: str = ""


class Rejoin(_OnTicket, frozen=True, kw_only=True, tag="rejoin"):
    """过号重排: a missed ticket comes back, as the hall's policy says."""


class AbandonTicket(_OnTicket, frozen=True, kw_only=True, tag="abandon_ticket"):
    """弃号: staff gives a ticket up that nobody answers for."""

    reason: str = ""


class Returned(_OnTicket, frozen=True, kw_only=True, tag="returned"):
    """回来: a held ticket comes back, or a visit takes up its deferred step."""


class Transfer(Command, frozen=True, kw_only=True, tag="transfer"):
    """转移: to another service, window or clerk; give exactly one, and the ticket or its window."""

    ticket: str = ""
    window: str = ""
    """The window it is at, instead of `ticket`."""
    to_service: str = ""
    to_window: str = ""
    to_clerk: str = ""
    wait: bool = False
    """Whether it may wait for an absent window or clerk."""


class Reassign(_OnTicket, frozen=True, kw_only=True, tag="reassign"):
    """改号: the wrong service was chosen, or one window shall call it; credit kept."""

    service: str = ""
    """Empty: the one that it has."""
    window: str = ""
    """The only one that may call it for a while; empty: whoever serves the service."""
    wait: bool = False
    """Whether it may wait for an absent window."""


class GrantClass(_OnTicket, frozen=True, kw_only=True, tag="grant_class"):
    """Staff grants a class; who did is recorded."""

    cls: TicketClass
    reason: str = ""


class Rate(_OnTicket, frozen=True, kw_only=True, tag="rate"):
    """好差评: once per completed service."""

    level: int
    """5 very satisfied to 1 very dissatisfied."""
    reasons: tuple[str, ...] = ()
    text: str = ""
    step: int | None = None
    """Which step of the visit; None: the last one completed."""
    before: int | None = None
    """How many ratings of that step were taken back when this one was given; None: not said."""
    by_phone: bool = False
    """Given on a phone (a longer time limit) rather than at the window."""


class _AtWindow(Command, frozen=True, kw_only=True):
    window: str


class SignIn(_AtWindow, frozen=True, kw_only=True, tag="sign_in"):
    """签到: a clerk takes a seat at a window; a trainee may sit beside the mentor."""

    clerk: str


class SignOut(_AtWindow, frozen=True, kw_only=True, tag="sign_out"):
    """签退: the clerk leaves; refused while a ticket is at the window."""

    clerk: str = ""
    """A trainee who leaves; empty: the clerk of the window."""


class HandOver(_AtWindow, frozen=True, kw_only=True, tag="hand_over"):
    """交接: window and ticket go to another clerk; the handling time is split."""

    clerk: str


class TakeOver(_AtWindow, frozen=True, kw_only=True, tag="take_over"):
    """A supervisor seats another clerk at an occupied window."""

    clerk: str
    reason: str = UNSPECIFIED


class Open(_AtWindow, frozen=True, kw_only=True, tag="open"):
    """开窗: the window may call from now on."""


class Close(_AtWindow, frozen=True, kw_only=True, tag="close"):
    """关窗: at once when free; drains while a ticket is there."""


class Pause(_AtWindow, frozen=True, kw_only=True, tag="pause"):
    """暂停: at once when free; after the present ticket otherwise."""

    reason: str = ""


class Unpause(_AtWindow, frozen=True, kw_only=True, tag="unpause"):
    """恢复: call again, or forget a pause that was still to come."""


class SetSkills(_AtWindow, frozen=True, kw_only=True, tag="set_skills"):
    """Narrow the skills in use at a window; None: all that the clerk brings."""

    skills: tuple[str, ...] | None = None


class CallNext(_AtWindow, frozen=True, kw_only=True, tag="call_next"):
    """叫下一位: the policy chooses among eligible lanes."""


class CallTicket(_AtWindow, frozen=True, kw_only=True, tag="call_ticket"):
    """指呼: this one, out of turn."""

    ticket: str
    reason: str = UNSPECIFIED


class Recall(_AtWindow, frozen=True, kw_only=True, tag="recall"):
    """重呼: announce the called ticket once more."""


class Start(_AtWindow, frozen=True, kw_only=True, tag="start"):
    """开始办理: the person is here."""


class Complete(_AtWindow, frozen=True, kw_only=True, tag="complete"):
    """办结: the service is done."""


class Miss(_AtWindow, frozen=True, kw_only=True, tag="miss"):
    """过号: nobody came."""


class Abandon(_AtWindow, frozen=True, kw_only=True, tag="abandon"):
    """弃号 of the ticket at the window."""

    reason: str = ""


class Hold(_AtWindow, frozen=True, kw_only=True, tag="hold"):
    """挂起: without papers 不持件, with papers 持件, or waiting 等待."""

    kind: HoldKind


class Resume(_AtWindow, frozen=True, kw_only=True, tag="resume"):
    """恢复: go on with a ticket held as `waiting`, without a call."""

    ticket: str


class Undo(_AtWindow, frozen=True, kw_only=True, tag="undo"):
    """撤销: take the window's last call, miss or completion back."""


class Help(_AtWindow, frozen=True, kw_only=True, tag="help"):
    """求助: tell whoever runs the hall that the clerk needs help."""

    reason: str = ""


class HelpDone(_AtWindow, frozen=True, kw_only=True, tag="help_done"):
    """It came, or is needed no more."""


class RequestRating(_AtWindow, frozen=True, kw_only=True, tag="request_rating"):
    """请评价: ask whoever was served last here for a rating."""


class Suspend(Command, frozen=True, kw_only=True, tag="suspend"):
    """Evacuation, power: clocks and calls freeze."""

    reason: str = ""
    reason_en: str = ""


class ResumeHall(Command, frozen=True, kw_only=True, tag="resume_hall"):
    """Clocks and calls go on."""


class StopIssuing(Command, frozen=True, kw_only=True, tag="stop_issuing"):
    """No more tickets for a service, e.g. because its own system is down."""

    service: str
    reason: str
    reason_en: str = ""


class StartIssuing(Command, frozen=True, kw_only=True, tag="start_issuing"):
    """Tickets for the service again."""

    service: str


class CloseDay(Command, frozen=True, kw_only=True, tag="close_day"):
    """日结: end the business day before its time."""

    reason: str = ""


class Second(Command, frozen=True, kw_only=True, tag="second"):
    """Record that a clerk serves another hall from now on, and is away from here."""

    clerk: str
    hall: str


class Unsecond(Command, frozen=True, kw_only=True, tag="unsecond"):
    """The clerk is back from the other hall."""

    clerk: str


class ReckonTides(Command, frozen=True, kw_only=True, tag="reckon_tides"):
    """What a minute's reckoning of the tides comes to; the node that reckons sends it."""

    minute_ms: int
    """The minute, Unix ms: each is reckoned once."""
    config: str
    """Digest of the configuration that it was reckoned with."""
    memory: TideMemory
    plan: TidePlan | None = None
    """What should move; None: nothing."""
    ahead: tuple[TideSlot, ...] | None = None
    """The rest of the day as forecast, where that was reckoned anew."""


class SetTides(Command, frozen=True, kw_only=True, tag="set_tides"):
    """潮汐: run the tides otherwise for the rest of the day; None: as the hall file has it."""

    mode: TideMode | None
    beta: float | None = None


class AcceptPlan(Command, frozen=True, kw_only=True, tag="accept_plan"):
    """Carry out what is proposed."""

    plan: str
    """Its id."""


class DeclinePlan(Command, frozen=True, kw_only=True, tag="decline_plan"):
    """Do not, and do not propose it again for a while."""

    plan: str
    reason: str = ""


class PostNotice(Command, frozen=True, kw_only=True, tag="notice"):
    """通知: tell everyone in the hall something, or the people of some zones."""

    text: str
    text_en: str = ""
    kind: NoticeKind = "ordinary"
    zones: tuple[str, ...] = ()
    """Codes; empty: all."""
    until_ms: int | None = None
    """When it ends, Unix ms; None: when it is withdrawn."""


class WithdrawNotice(Command, frozen=True, kw_only=True, tag="withdraw_notice"):
    """Take a notice back."""

    notice: str
    """Its id."""


class Book(Command, frozen=True, kw_only=True, tag="book"):
    """预约: reserve a place in a slot."""

    booking: str
    """New booking id, minted by the door."""
    service: str
    slot_ms: int
    """Start of the slot."""
    person: Person
    channel: Channel = "web"


class _OnBooking(Command, frozen=True, kw_only=True):
    booking: str


class CheckIn(_OnBooking, frozen=True, kw_only=True, tag="check_in"):
    """The person is here: the booking becomes a ticket."""

    ticket: str
    """New ticket id, minted by the door."""
    channel: Channel = "kiosk"
    traits: tuple[str, ...] = ()
    printer: str = ""
    """Where it is printed; empty: nowhere."""


class CancelBooking(_OnBooking, frozen=True, kw_only=True, tag="cancel_booking"):
    """Give the booking up."""

    by_staff: bool = False


class MoveBooking(_OnBooking, frozen=True, kw_only=True, tag="move_booking"):
    """Another slot of the same service."""

    slot_ms: int
    by_staff: bool = False


class FaultSaid(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A fault as a device says it."""

    code: str
    detail: str = ""


class ReportDevice(Command, frozen=True, kw_only=True, tag="report_device"):
    """A device says how it is."""

    device: str
    kind: str = ""
    """Of one that is not in the hall file."""
    version: str = ""
    faults: tuple[FaultSaid, ...] = ()
    audio_blocked: bool = False
    done: str = ""
    """Id of the order that it has carried out, or tried to."""
    error: str = ""
    """Why it could not."""


class WatchDevices(Command, frozen=True, kw_only=True, tag="watch_devices"):
    """What a node found that watches over the devices."""

    silent: tuple[Sighting, ...] = ()
    """Devices that have missed too many reports."""


class OrderDevice(Command, frozen=True, kw_only=True, tag="order_device"):
    """Tell a device to show a test, to start again, or to take everything anew."""

    device: str
    order: DeviceOrderName


class Reprint(_OnTicket, frozen=True, kw_only=True, tag="reprint"):
    """补打: the same number on paper once more."""

    printer: str = ""
    """Empty: the one that printed it, or the only one of the hall."""


class _OnPrint(_OnTicket, frozen=True, kw_only=True):
    printer: str
    copy: int
    """Which of the ticket's prints."""


class TakePrint(_OnPrint, frozen=True, kw_only=True, tag="take_print"):
    """An agent begins with a print."""


class EndPrint(_OnPrint, frozen=True, kw_only=True, tag="end_print"):
    """An agent says what became of it."""

    state: PrintEnd
    fault: Fault = ""


class ReportPrinter(Command, frozen=True, kw_only=True, tag="report_printer"):
    """An agent says what is wrong with its printer, or that nothing is."""

    printer: str
    fault: Fault = ""


class Accompany(_OnTicket, frozen=True, kw_only=True, tag="accompany"):
    """陪同: a helper goes along with the ticket's holder until it is over."""


class Release(_OnTicket, frozen=True, kw_only=True, tag="release"):
    """The helper goes along no more."""


class PrecheckTicket(_OnTicket, frozen=True, kw_only=True, tag="precheck"):
    """预审 of somebody who has a number already."""

    missing: tuple[str, ...] = ()
    """In the hall file's words; empty: passed."""


class SendHome(Command, frozen=True, kw_only=True, tag="send_home"):
    """预审 of somebody without a number, to whom something is missing."""

    service: str
    """Empty: that of `item`."""
    item: str = ""
    missing: tuple[str, ...]
    """In the hall file's words; at least one."""


class _OnCase(Command, frozen=True, kw_only=True):
    case: str


class CaseTake(_OnCase, frozen=True, kw_only=True, tag="case_take"):
    """Whoever asks is going to call back, so that nobody else does meanwhile."""


class CaseCallBack(_OnCase, frozen=True, kw_only=True, tag="case_call_back"):
    """回访: somebody talked with whoever rated badly, or tried to."""

    reached: bool
    result: str = ""


class CaseClose(_OnCase, frozen=True, kw_only=True, tag="case_close"):
    """销号: nothing more is to be done."""

    outcome: str


class CaseReopen(_OnCase, frozen=True, kw_only=True, tag="case_reopen"):
    """It was closed too soon."""

    reason: str


TicketCommand = (
    Cancel
    | Rejoin
    | AbandonTicket
    | Returned
    | Reassign
    | GrantClass
    | Rate
    | Reprint
    | Accompany
    | Release
    | PrecheckTicket
)
WindowCommand = (
    SignIn
    | SignOut
    | HandOver
    | TakeOver
    | Open
    | Close
    | Pause
    | Unpause
    | SetSkills
    | CallNext
    | CallTicket
    | Recall
    | Start
    | Complete
    | Miss
    | Abandon
    | Hold
    | Resume
    | Undo
    | Help
    | HelpDone
    | RequestRating
)
HallCommand = (
    Suspend
    | ResumeHall
    | StopIssuing
    | StartIssuing
    | CloseDay
    | Second
    | Unsecond
    | SetTides
    | AcceptPlan
    | DeclinePlan
    | OrderDevice
    | PostNotice
    | WithdrawNotice
    | CaseTake
    | CaseCallBack
    | CaseClose
    | CaseReopen
)
BookingCommand = CheckIn | CancelBooking | MoveBooking

PrinterCommand = TakePrint | EndPrint | ReportPrinter
AnyCommand = (
    Configure
    | OpenEpoch
    | RecordOutage
    | RaiseLevel
    | Tick
    | ReckonTides
    | ReportDevice
    | WatchDevices
    | Issue
    | Transfer
    | Book
    | TicketCommand
    | WindowCommand
    | HallCommand
    | BookingCommand
    | PrinterCommand
    | SendHome
)


class Actor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who asked: kept with every change."""

    role: str
    id: str
    """The principal: a token's id, or ``system``. Idempotency keys are scoped to it."""
    name: str = ""
    device: str = ""


SYSTEM = Actor(role="system", id="system")
