"""What may be sent: request bodies; those of windows are in `callq.web.window_bodies`.

Unknown fields are errors everywhere.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from callq.domain.commands import Channel
from callq.domain.devices import DeviceOrderName
from callq.domain.hall import DeviceKind, HallConfig, ItemChannel
from callq.domain.notices import NoticeKind
from callq.domain.printing import Fault, PrintEnd
from callq.domain.tides import TideMode
from callq.web.roles import Role
from callq.wire.codec import LINES, PLAIN

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=PLAIN)]
Reason = Annotated[str, msgspec.Meta(max_length=200, pattern=PLAIN)]
Given = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=PLAIN)]
"""A reason that has to be there."""
Told = Annotated[str, msgspec.Meta(max_length=500, pattern=LINES)]
"""In sentences."""
Moment = Annotated[int, msgspec.Meta(ge=0, lt=221_845_392_000_000)]
"""Unix milliseconds, before the year 9000: calendars, and what is added to them, end with 9999."""
Trait = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z_]{0,31}$(?!\n)")]


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of request bodies."""


class PersonBody(_Body, frozen=True, kw_only=True):
    """Whom a ticket is for. Only keyed hashes, last digits and a masked name of it are kept."""

    id_no: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    """Number of an identity document."""
    name: Annotated[str, msgspec.Meta(max_length=80, pattern=PLAIN)] | None = None
    phone: Annotated[str, msgspec.Meta(max_length=40)] | None = None


class IssueBody(_Body, frozen=True, kw_only=True):
    """Take a ticket for a service, or for a matter of one: exactly one of the two."""

    service: Short | None = None
    item: Short | None = None
    """Code of a matter; its service is the ticket's."""
    class_: Literal["ordinary", "priority"] = msgspec.field(name="class", default="ordinary")
    """`priority` is for staff to grant."""
    channel: Channel | None = None
    """How it was taken; left out: what the token's role suggests."""
    person: PersonBody | None = None
    traits: Annotated[tuple[Trait, ...], msgspec.Meta(max_length=8)] = ()
    """What whoever serves should know, e.g. `deaf`."""
    party: Annotated[int, msgspec.Meta(ge=1, le=999)] = 1
    """People who come with this ticket."""
    cases: Annotated[int, msgspec.Meta(ge=1, le=999)] = 1
    """Matters they bring."""
    prefer_clerk: Short | None = None
    """Clerk who began the case; recorded, and no promise."""
    services: Annotated[tuple[Short, ...], msgspec.Meta(max_length=8)] = ()
    """Further services of the visit, in order: the same ticket goes on to them."""
    come_back: Short | None = None
    """Id of an expired ticket whose come-back is claimed."""
    printer: Short | None = None
    """Where it is printed at once; left out: nowhere."""
    prechecked: bool = False
    """Whether the desk looked at the papers and nothing was missing; for staff to say."""
    class_reason: Reason = ""
    """Why `priority` was granted."""


class LikelyItem(_Body, frozen=True, kw_only=True):
    """A matter that somebody may have."""

    item: Short
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    """How sure the guide is."""


class RouteRequest(_Body, frozen=True, kw_only=True):
    """智能导办: where somebody can go."""

    items: Annotated[tuple[LikelyItem, ...], msgspec.Meta(max_length=16)] = ()
    """None: nothing is known of what they want."""
    traits: Annotated[tuple[Trait, ...], msgspec.Meta(max_length=8)] = ()
    arrive_ms: Moment | None = None
    """When they would come; left out: they are here."""
    accept: Annotated[tuple[ItemChannel, ...], msgspec.Meta(max_length=8)] | None = None
    """Channels that come into question; left out: all."""
    commit: bool = False
    """Issue the ticket of the best option that has one, or with a person the booking, at once."""
    person: PersonBody | None = None
    """For `commit`, as the next three."""
    class_: Literal["ordinary", "priority"] = msgspec.field(name="class", default="ordinary")
    channel: Channel | None = None
    party: Annotated[int, msgspec.Meta(ge=1, le=999)] = 1


class RouteBody(RouteRequest, frozen=True, kw_only=True):
    """One request, or up to a hundred in `requests` and nothing beside it."""

    requests: (
        Annotated[
            tuple[Any, ...],
            msgspec.Meta(
                min_length=1,
                max_length=100,
                extra_json_schema={"items": {"$ref": "#/components/schemas/RouteRequest"}},
            ),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    """Each is read by itself: one that is wrong, or no object, does not spoil the others."""


class CommitBody(_Body, frozen=True, kw_only=True):
    """Go with an option of a decision."""

    option: Annotated[int, msgspec.Meta(ge=1, le=99)]
    """Its rank."""
    person: PersonBody | None = None
    """A booking needs one."""
    traits: Annotated[tuple[Trait, ...], msgspec.Meta(max_length=8)] = ()
    """Further ones; those that the decision was made for are known."""
    class_: Literal["ordinary", "priority"] = msgspec.field(name="class", default="ordinary")
    """`priority` is for staff to grant."""
    channel: Channel | None = None
    party: Annotated[int, msgspec.Meta(ge=1, le=999)] = 1


class BookBody(_Body, frozen=True, kw_only=True):
    """Reserve a place in a slot."""

    service: Short
    slot_ms: Moment
    """Start of the slot, as `GET …/slots` has it."""
    person: PersonBody
    channel: Channel | None = None
    """How it was booked; left out: what the token's role suggests."""


class FindBookingsBody(_Body, frozen=True, kw_only=True):
    """Whose bookings are looked for; the person is in no address, where logs would keep it."""

    person: PersonBody


class FindTicketsBody(_Body, frozen=True, kw_only=True):
    """Which tickets are looked for; conditions are combined, and at least one is given."""

    number: Short | None = None
    """As printed, or its digits alone: `A012`, `a12`, `12`."""
    person: PersonBody | None = None
    """By `id_no` or `phone`; only their hashes are compared."""
    tail: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z]{3,4}$(?!\n)")] | None = None
    """The last three or four characters of telephone or document."""
    issued_near_ms: Moment | None = None
    """About when it was taken: the nearest first, none further than 20 min."""
    service: Short | None = None
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    """Idempotency key of a request of the same token that took it or was about it."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 12
    """Most tickets in the answer."""


Missing = Annotated[
    tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=PLAIN)], ...],
    msgspec.Meta(max_length=200),
]
"""Texts of the list that the hall file has."""


class PrecheckBody(_Body, frozen=True, kw_only=True):
    """预审 of somebody who takes no number, since something is missing; nothing about the person."""

    service: Short | None = None
    item: Short | None = None
    """Code of a matter; exactly one of the two."""
    missing: Missing


class CommandBody(_Body, frozen=True, kw_only=True, tag_field="command"):
    """Base of commands."""


class CancelBody(CommandBody, frozen=True, kw_only=True, tag="cancel"):
    """取消: give the ticket up."""

    reason: Reason = ""


class RejoinBody(CommandBody, frozen=True, kw_only=True, tag="rejoin"):
    """过号重排: a missed ticket comes back, as the hall's policy says."""


class AbandonTicketBody(CommandBody, frozen=True, kw_only=True, tag="abandon"):
    """弃号: nobody answers for the ticket."""

    reason: Reason = ""


class ReturnedBody(CommandBody, frozen=True, kw_only=True, tag="returned"):
    """回来: after a hold; or a visit takes up its deferred step."""


class Target(_Body, frozen=True, kw_only=True):
    """Where a ticket goes; exactly one of them."""

    service: Short | msgspec.UnsetType = msgspec.UNSET
    window: Short | msgspec.UnsetType = msgspec.UNSET
    clerk: Short | msgspec.UnsetType = msgspec.UNSET


To = Annotated[Target, msgspec.Meta(extra_json_schema={"minProperties": 1, "maxProperties": 1})]


class TransferBody(CommandBody, frozen=True, kw_only=True, tag="transfer"):
    """转移; with `wait` also to a window or clerk that is absent."""

    to: To
    wait: bool = False


class ReassignBody(CommandBody, frozen=True, kw_only=True, tag="reassign"):
    """改号: the wrong service was chosen, or one window shall call it; the place in time is kept."""

    service: Short | None = None
    window: Short | None = None
    """The only one that may call it, for a while; at least one of the two."""
    wait: bool = False
    """Whether it may wait for a window that is absent."""


class GrantClassBody(CommandBody, frozen=True, kw_only=True, tag="grant_class"):
    """Grant a class; who did, and why, is on record."""

    class_: Literal["ordinary", "priority"] = msgspec.field(name="class")
    reason: Given


class RateBody(CommandBody, frozen=True, kw_only=True, tag="rate"):
    """好差评: once per completed service."""

    level: Annotated[int, msgspec.Meta(ge=1, le=5)]
    """5 非常满意, 4 满意, 3 基本满意, 2 不满意, 1 非常不满意."""
    reasons: Annotated[tuple[Short, ...], msgspec.Meta(max_length=8)] = ()
    text: Annotated[str, msgspec.Meta(max_length=500, pattern=LINES)] = ""
    """Long numbers in it are not kept."""
    step: Annotated[int, msgspec.Meta(ge=0, le=99)] | None = None
    """Which step of the visit, from 0; left out: the last one completed."""
    before: Annotated[int, msgspec.Meta(ge=0, le=9999)] | None = None
    """How many ratings of that step were taken back by then, as the views tell; left out: not compared."""


class ReprintBody(CommandBody, frozen=True, kw_only=True, tag="reprint"):
    """补打: the same number on paper once more; who asked is on record."""

    printer: Short | None = None
    """Left out: the one that printed it, or the only one of the hall."""


class AccompanyBody(CommandBody, frozen=True, kw_only=True, tag="accompany"):
    """陪同: go along with the ticket's holder until it is over; the window is told."""


class ReleaseBody(CommandBody, frozen=True, kw_only=True, tag="release"):
    """Go along no more."""


class PrecheckTicketBody(CommandBody, frozen=True, kw_only=True, tag="precheck"):
    """预审 of somebody who has a number: passed, or what is missing."""

    missing: Missing = ()


TicketCommandBody = (
    CancelBody
    | RejoinBody
    | AbandonTicketBody
    | ReturnedBody
    | TransferBody
    | ReassignBody
    | GrantClassBody
    | RateBody
    | ReprintBody
    | AccompanyBody
    | ReleaseBody
    | PrecheckTicketBody
)


class CheckInBody(CommandBody, frozen=True, kw_only=True, tag="check_in"):
    """The person is here: the booking becomes a ticket."""

    channel: Channel | None = None
    traits: Annotated[tuple[Trait, ...], msgspec.Meta(max_length=8)] = ()
    printer: Short | None = None
    """Where the ticket is printed at once; left out: nowhere."""


class CancelBookingBody(CommandBody, frozen=True, kw_only=True, tag="cancel"):
    """Give the booking up, until some hours before its slot; staff at any time."""


class MoveBookingBody(CommandBody, frozen=True, kw_only=True, tag="move"):
    """Another slot of the same service."""

    slot_ms: Moment


BookingCommandBody = CheckInBody | CancelBookingBody | MoveBookingBody


Copy = Annotated[int, msgspec.Meta(ge=1, le=99)]
"""Which of a ticket's prints."""


class TakePrintBody(CommandBody, frozen=True, kw_only=True, tag="take"):
    """An agent begins with a print; nobody else may after it."""

    ticket: Short
    copy: Copy


class EndPrintBody(CommandBody, frozen=True, kw_only=True, tag="end"):
    """What became of a print."""

    ticket: Short
    copy: Copy
    state: PrintEnd
    fault: Fault = ""


class ReportPrinterBody(CommandBody, frozen=True, kw_only=True, tag="report"):
    """What is wrong with the printer; empty: nothing."""

    fault: Fault


PrinterCommandBody = TakePrintBody | EndPrintBody | ReportPrinterBody


class ConfigureBody(CommandBody, frozen=True, kw_only=True, tag="configure"):
    """Put a configuration in force."""

    config: HallConfig
    if_digest: Short | None = None
    """Digest of the one that it is to take the place of; left out: whatever is in force."""
    reason: Reason = ""
    """Why; the history has it."""


class ConfigCheckBody(_Body, frozen=True, kw_only=True):
    """A configuration to look at: exactly one of the two."""

    toml: str | None = None
    """As a hall file."""
    config: dict[str, Any] | None = None
    """The keys of a hall file as JSON, well-shaped or not."""


class SuspendBody(CommandBody, frozen=True, kw_only=True, tag="suspend"):
    """Evacuation, power: clocks and calls stand still; the reason is shown."""

    reason: Reason = ""
    reason_en: Reason = ""
    """The same in English, for screens and pages in English."""


class ResumeHallBody(CommandBody, frozen=True, kw_only=True, tag="resume"):
    """Clocks and calls go on."""


class StopIssuingBody(CommandBody, frozen=True, kw_only=True, tag="stop_issuing"):
    """No more tickets for a service; the reason is shown."""

    service: Short
    reason: Given
    reason_en: Reason = ""
    """The same in English, for screens and pages in English."""


class StartIssuingBody(CommandBody, frozen=True, kw_only=True, tag="start_issuing"):
    """Tickets for it again."""

    service: Short


class CloseDayBody(CommandBody, frozen=True, kw_only=True, tag="close_day"):
    """日结 before its time."""

    reason: Reason = ""


class SecondBody(CommandBody, frozen=True, kw_only=True, tag="second"):
    """A clerk serves another hall from now on."""

    clerk: Short
    hall: Short


class UnsecondBody(CommandBody, frozen=True, kw_only=True, tag="unsecond"):
    """The clerk is back."""

    clerk: Short


class SetTidesBody(CommandBody, frozen=True, kw_only=True, tag="set_tides"):
    """潮汐: run the tides otherwise for the rest of the day."""

    mode: TideMode | None
    """`off`, `advise` (a supervisor is asked), `automatic`; null: as the hall file has it."""
    beta: Annotated[float, msgspec.Meta(ge=-3, le=3)] | None = None
    """Between cost (less) and comfort (more); null or left out: as the hall file has it."""


class AcceptPlanBody(CommandBody, frozen=True, kw_only=True, tag="accept_plan"):
    """Carry out what the floor's `plan` proposes."""

    plan: Short
    """Its id: another one is refused."""


class DeclinePlanBody(CommandBody, frozen=True, kw_only=True, tag="decline_plan"):
    """Do not, and do not propose it again for a while."""

    plan: Short
    reason: Reason = ""


class OrderDeviceBody(CommandBody, frozen=True, kw_only=True, tag="order_device"):
    """Have a device show a test, start again, or take everything anew; it does so within half a minute."""

    device: Short
    order: DeviceOrderName
    """`test`, `restart`, `resend`."""


class NoticeBody(CommandBody, frozen=True, kw_only=True, tag="notice"):
    """通知: tell everyone in the hall something, or the people of some zones."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern=PLAIN)]
    text_en: Annotated[str, msgspec.Meta(max_length=120, pattern=PLAIN)] = ""
    kind: NoticeKind = "ordinary"
    """`urgent` comes before all others, and stays while the hall is suspended."""
    zones: Annotated[tuple[Short, ...], msgspec.Meta(max_length=100)] = ()
    """Codes; left out: all."""
    until_ms: Moment | None = None
    """When it ends; left out: when it is withdrawn."""


class WithdrawNoticeBody(CommandBody, frozen=True, kw_only=True, tag="withdraw_notice"):
    """Take a notice back that was posted."""

    notice: Short
    """Its id, as the floor and the boards have it."""


class CaseTakeBody(CommandBody, frozen=True, kw_only=True, tag="case_take"):
    """Be the one who calls back, for half an hour at most: `case_taken` for everyone else."""

    case: Short


class CaseCallBackBody(CommandBody, frozen=True, kw_only=True, tag="case_call_back"):
    """回访: somebody talked with whoever rated badly, or tried to."""

    case: Short
    reached: bool
    result: Told = ""
    """What came of it; needed where somebody was reached. Long numbers in it are not kept."""


class CaseCloseBody(CommandBody, frozen=True, kw_only=True, tag="case_close"):
    """销号: nothing more is to be done."""

    case: Short
    outcome: Annotated[Told, msgspec.Meta(min_length=1)]
    """What was done about it. Long numbers in it are not kept."""


class CaseReopenBody(CommandBody, frozen=True, kw_only=True, tag="case_reopen"):
    """It was closed too soon; it is due anew."""

    case: Short
    reason: Given


HallCommandBody = (
    ConfigureBody
    | SuspendBody
    | ResumeHallBody
    | StopIssuingBody
    | StartIssuingBody
    | CloseDayBody
    | SecondBody
    | UnsecondBody
    | SetTidesBody
    | AcceptPlanBody
    | DeclinePlanBody
    | OrderDeviceBody
    | NoticeBody
    | WithdrawNoticeBody
    | CaseTakeBody
    | CaseCallBackBody
    | CaseCloseBody
    | CaseReopenBody
)


FaultCode = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$(?!\n)")]


class FaultBody(_Body, frozen=True, kw_only=True):
    """Something that is wrong with a device."""

    code: FaultCode
    detail: Reason = ""
    """In words, for whoever mends it. Long numbers in it are not kept."""


class HealthBody(_Body, frozen=True, kw_only=True):
    """How a device is; whatever is left out is as it should be."""

    version: Annotated[str, msgspec.Meta(max_length=64, pattern=PLAIN)] = ""
    """What it runs, in its own words."""
    faults: Annotated[tuple[FaultCode | FaultBody, ...], msgspec.Meta(max_length=16)] = ()
    """All that is wrong now, by code alone or with words."""
    audio_blocked: bool = False
    """The browser lets the page make no sound."""
    kind: DeviceKind | None = None
    """What it is; the hall file knows it of devices that are listed."""
    done: Short | None = None
    """Id of the order that it has carried out, or tried to."""
    error: Reason = ""
    """Why it could not."""


class TokenBody(_Body, frozen=True, kw_only=True):
    """Make a token."""

    role: Role
    hall: Short | None = None
    """The only hall it counts in; left out: all."""
    window: Short | None = None
    """The only window it may use."""
    clerk: Short | None = None
    """The only clerk it may act as."""
    device: Short | None = None
    """The only device it may report for."""
    name: Annotated[str, msgspec.Meta(max_length=64, pattern=PLAIN)] = ""
    """For people, e.g. where it is used."""
