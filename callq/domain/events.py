"""What happened, in the past tense: the only thing that is stored.

Events are facts that `apply` can replay without deciding anything again. The names and fields here
are the stream format: fields may be added with a default, never renamed, removed or given another
meaning. A batch is what one accepted command did; it is one entry of the hall's journal.
"""

from __future__ import annotations

import contextlib
from typing import Final

import msgspec

from callq.domain.commands import Actor, Channel, HoldKind, Person, TicketClass
from callq.domain.errors import BadBytes
from callq.domain.hall import HallConfig

SCHEMA_VERSION: Final = 3
"""Version of the payload written by this code."""


class _Event(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="e",
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,
):
    """Base of events. Nothing in them points back, so the garbage collector need not look at them."""


class LaneSeen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A lane that was looked at when a ticket was chosen."""

    service: str
    cls: str
    head: str
    """Ticket id of its first."""
    clock_ms: int
    """The clock that it was compared by: its first's, or an older one behind who came back."""
    count: int


class Why(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """By which rule a ticket was chosen, and among which lanes."""

    rule: str
    """The policy's name, ``called_by_name`` for one called out of turn, or ``papers_back``."""
    lanes: tuple[LaneSeen, ...] = ()
    reason: str = ""
    """What the clerk gave for calling out of turn."""


class HallConfigured(_Event, frozen=True, kw_only=True, tag="hall_configured"):
    """A configuration came into force."""

    config: HallConfig
    digest: str


class Skipped(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """Numbers of one series that are not given: entries that were lost may have given them."""

    series: str
    """The counter: a prefix, or a prefix and the start of a channel's range."""
    prefix: str
    first: int
    last: int


class EpochOpened(_Event, frozen=True, kw_only=True, tag="epoch_opened"):
    """The store's lineage changed."""

    epoch: str
    skipped: tuple[Skipped, ...] = ()
    """What each series leaves out after a failover."""


class OutageRecorded(_Event, frozen=True, kw_only=True, tag="outage_recorded"):
    """Nobody could reach the hall for a while: what must happen within a time has that much longer."""

    since_ms: int
    until_ms: int


class FeatureLevelRaised(_Event, frozen=True, kw_only=True, tag="feature_level_raised"):
    """Every node reads this schema: from now on batches may use it."""

    level: int


class DayOpened(_Event, frozen=True, kw_only=True, tag="day_opened"):
    """A business day began: numbers start again, what ended before the last one is forgotten."""

    day: str
    ends_ms: int
    """When it ends, as worked out when it began: a replay needs no calendar."""
    own_counts: bool = False
    """Clerks' counts of the day are of its own tickets alone, not of services that outlive the day before."""
    skipped: tuple[Skipped, ...] = ()
    """Numbers left out at its beginning, which a lost tail of the journal may have given already."""


class TicketIssued(_Event, frozen=True, kw_only=True, tag="ticket_issued"):
    """A ticket entered its lane; its lateness clock is the time of the batch."""

    ticket: str
    number: str
    counter: int
    """The digits of the number: the prefix's counter after this issue."""
    prefix: str
    service: str
    cls: TicketClass
    zone: str
    channel: Channel
    person: Person | None = None
    traits: tuple[str, ...] = ()
    clock_ms: int | None = None
    """Lateness clock in the hall's own time, where it is not that of the batch."""
    party: int = 1
    cases: int = 1
    prefer_clerk: str = ""
    steps: tuple[str, ...] = ()
    """All services of the visit, if there are several."""
    booking: str = ""
    series: str = ""
    """Counter that the number came from, where it is not the prefix's own."""
    credit: str = ""
    """Come-back that was claimed: an expired ticket's, which sorts before its lane, or ``TICKET/STEP``."""


class TicketCalled(_Event, frozen=True, kw_only=True, tag="ticket_called"):
    """A ticket was called to a window."""

    ticket: str
    window: str
    clerk: str
    why: Why
    clock_ms: int | None = None
    """Lateness clock from now on, where it changes: of a held one, later by the time it was held."""


class TicketRecalled(_Event, frozen=True, kw_only=True, tag="ticket_recalled"):
    """The call was repeated."""

    ticket: str


class TicketStarted(_Event, frozen=True, kw_only=True, tag="ticket_started"):
    """The person came and is served."""

    ticket: str
    auto: bool = False
    """By the clock, not by the clerk."""


class TicketCompleted(_Event, frozen=True, kw_only=True, tag="ticket_completed"):
    """The service is done; the window is free."""

    ticket: str
    unconfirmed: bool = False
    """Ended by the clock after its day had closed."""


class TicketMissed(_Event, frozen=True, kw_only=True, tag="ticket_missed"):
    """Nobody came; the window is free."""

    ticket: str


class TicketRejoined(_Event, frozen=True, kw_only=True, tag="ticket_rejoined"):
    """A missed ticket waits again."""

    ticket: str
    clock_ms: int
    bound: str = ""
    """Who alone may call it."""


class TicketHeld(_Event, frozen=True, kw_only=True, tag="ticket_held"):
    """Put aside; the window is free."""

    ticket: str
    kind: HoldKind


class TicketReturned(_Event, frozen=True, kw_only=True, tag="ticket_returned"):
    """A held ticket waits again, before everyone in its lane."""

    ticket: str
    bound: str = ""
    clock_ms: int | None = None
    """Lateness clock from now on, where it changes: later by the time it was held."""


class TicketResumed(_Event, frozen=True, kw_only=True, tag="ticket_resumed"):
    """A waiting hold goes on at a window, without a call."""

    ticket: str
    window: str
    clerk: str


class TicketTransferred(_Event, frozen=True, kw_only=True, tag="ticket_transferred"):
    """Sent on; waits with its first arrival as its clock."""

    ticket: str
    service: str
    zone: str
    clock_ms: int
    bound: str = ""


class TicketUnbound(_Event, frozen=True, kw_only=True, tag="ticket_unbound"):
    """Whom it waited for is gone: anyone who serves its service may call it now."""

    ticket: str
    reason: str
    bound: str = ""
    """Who alone may call it now, where its papers went with their clerk."""


class TicketReassigned(_Event, frozen=True, kw_only=True, tag="ticket_reassigned"):
    """Another service; its place in time is kept."""

    ticket: str
    service: str
    zone: str
    number: str = ""
    """New number, if the hall renumbers."""
    series: str = ""
    counter: int = 0


class ClassGranted(_Event, frozen=True, kw_only=True, tag="class_granted"):
    """Staff granted a class."""

    ticket: str
    cls: TicketClass
    by: str
    reason: str = ""


class TicketAbandoned(_Event, frozen=True, kw_only=True, tag="ticket_abandoned"):
    """Given up by its clerk or by the clock; no rating."""

    ticket: str
    reason: str = ""


class TicketCancelled(_Event, frozen=True, kw_only=True, tag="ticket_cancelled"):
    """Given up by the citizen or by staff; a window that had called it is free."""

    ticket: str
    reason: str = ""


class TicketExpired(_Event, frozen=True, kw_only=True, tag="ticket_expired"):
    """The day closed over it."""

    ticket: str
    reason: str
    credit_until: str = ""
    """Last day of its come-back credit, ISO date; empty: none."""


class StepBegun(_Event, frozen=True, kw_only=True, tag="step_begun"):
    """The visit goes on: the ticket waits for its next service."""

    ticket: str
    step: int
    zone: str


class StepDeferred(_Event, frozen=True, kw_only=True, tag="step_deferred"):
    """The next service is closed or full; the visit keeps the step, for a later day as well."""

    ticket: str
    step: int
    reason: str
    next_ms: int | None = None
    """When tickets for it are given again, if known."""
    credit_until: str = ""
    """Last day, ISO date, on which a new ticket may claim it; empty: none may."""


class TicketRated(_Event, frozen=True, kw_only=True, tag="ticket_rated"):
    """What somebody thought of one completed service."""

    ticket: str
    step: int
    level: int
    reasons: tuple[str, ...] = ()
    text: str = ""


class Undone(_Event, frozen=True, kw_only=True, tag="undone"):
    """A window's last act was taken back; its announcement is withdrawn."""

    window: str
    ticket: str
    act: str


class ClerkSignedIn(_Event, frozen=True, kw_only=True, tag="clerk_signed_in"):
    """A clerk took a seat."""

    window: str
    clerk: str


class ClerkSignedOut(_Event, frozen=True, kw_only=True, tag="clerk_signed_out"):
    """A clerk left."""

    window: str
    clerk: str


class WindowHandedOver(_Event, frozen=True, kw_only=True, tag="window_handed_over"):
    """Another clerk has the window and its ticket now."""

    window: str
    before: str
    clerk: str
    reason: str = ""


class TraineeSeated(_Event, frozen=True, kw_only=True, tag="trainee_seated"):
    """A trainee sits beside the mentor."""

    window: str
    clerk: str


class TraineeLeft(_Event, frozen=True, kw_only=True, tag="trainee_left"):
    """The trainee left."""

    window: str
    clerk: str


class SkillsSet(_Event, frozen=True, kw_only=True, tag="skills_set"):
    """Skills in use at a window; None: all of the clerk's."""

    window: str
    skills: tuple[str, ...] | None


class ClerkSeconded(_Event, frozen=True, kw_only=True, tag="clerk_seconded"):
    """A clerk serves another hall."""

    clerk: str
    hall: str


class ClerkReturned(_Event, frozen=True, kw_only=True, tag="clerk_returned"):
    """A seconded clerk is back."""

    clerk: str


class WindowOpened(_Event, frozen=True, kw_only=True, tag="window_opened"):
    """The window may call; a close that was to come is forgotten."""

    window: str


class WindowDraining(_Event, frozen=True, kw_only=True, tag="window_draining"):
    """The window will close after its ticket."""

    window: str


class WindowClosed(_Event, frozen=True, kw_only=True, tag="window_closed"):
    """The window is closed."""

    window: str


class PauseRequested(_Event, frozen=True, kw_only=True, tag="pause_requested"):
    """The window will pause after its ticket."""

    window: str
    reason: str = ""


class WindowPaused(_Event, frozen=True, kw_only=True, tag="window_paused"):
    """The window is paused."""

    window: str
    reason: str = ""


class WindowUnpaused(_Event, frozen=True, kw_only=True, tag="window_unpaused"):
    """The window goes on, or a pause that was to come is forgotten."""

    window: str


class HallSuspended(_Event, frozen=True, kw_only=True, tag="hall_suspended"):
    """Clocks and calls stand still."""

    reason: str = ""


class HallResumed(_Event, frozen=True, kw_only=True, tag="hall_resumed"):
    """Clocks and calls go on."""

    slots_kept: bool = False
    """Slots stayed where they are by the wall's clock: who came early for one has not longer to wait."""


class IssuingStopped(_Event, frozen=True, kw_only=True, tag="issuing_stopped"):
    """No tickets for a service for now."""

    service: str
    reason: str


class IssuingStarted(_Event, frozen=True, kw_only=True, tag="issuing_started"):
    """Tickets for it again."""

    service: str


class DayClosed(_Event, frozen=True, kw_only=True, tag="day_closed"):
    """The business day was ended before its time: no tickets until the next."""

    reason: str = ""


class Booked(_Event, frozen=True, kw_only=True, tag="booked"):
    """A place in a slot is reserved."""

    booking: str
    service: str
    slot_ms: int
    slot_end_ms: int
    person: Person
    channel: Channel = "web"
    day: str = ""
    """Business day of the slot, ISO date, where it is not what the configuration in force says."""


class BookingArrived(_Event, frozen=True, kw_only=True, tag="booking_arrived"):
    """Checked in: it is a ticket now."""

    booking: str
    ticket: str


class BookingMoved(_Event, frozen=True, kw_only=True, tag="booking_moved"):
    """Another slot."""

    booking: str
    slot_ms: int
    slot_end_ms: int
    day: str = ""
    """As for `Booked`."""


class BookingCancelled(_Event, frozen=True, kw_only=True, tag="booking_cancelled"):
    """Given up; the place is free."""

    booking: str


class NoShow(_Event, frozen=True, kw_only=True, tag="no_show"):
    """Nobody came for it."""

    booking: str


Event = (
    HallConfigured
    | EpochOpened
    | OutageRecorded
    | FeatureLevelRaised
    | DayOpened
    | TicketIssued
    | TicketCalled
    | TicketRecalled
    | TicketStarted
    | TicketCompleted
    | TicketMissed
    | TicketRejoined
    | TicketHeld
    | TicketReturned
    | TicketResumed
    | TicketTransferred
    | TicketUnbound
    | TicketReassigned
    | ClassGranted
    | TicketAbandoned
    | TicketCancelled
    | TicketExpired
    | StepBegun
    | StepDeferred
    | TicketRated
    | Undone
    | ClerkSignedIn
    | ClerkSignedOut
    | WindowHandedOver
    | TraineeSeated
    | TraineeLeft
    | SkillsSet
    | ClerkSeconded
    | ClerkReturned
    | WindowOpened
    | WindowDraining
    | WindowClosed
    | PauseRequested
    | WindowPaused
    | WindowUnpaused
    | HallSuspended
    | HallResumed
    | IssuingStopped
    | IssuingStarted
    | DayClosed
    | Booked
    | BookingArrived
    | BookingMoved
    | BookingCancelled
    | NoShow
)


class Batch(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """What one accepted command did: the payload of one journal entry."""

    v: int
    """Schema version, first so that it can be read before the rest is understood."""
    at_ms: int
    who: Actor
    key: str
    """Idempotency key; ``~`` begins one that the server minted, which is not remembered."""
    command: msgspec.Raw
    """The command as it was decided, msgpack."""
    events: tuple[Event, ...]
    body: bytes = b""
    """Digest of the caller's request body, 16 bytes; empty for minted keys."""
    ticket: str | None = None
    """Ticket that the answer is about."""
    window: str | None = None
    """Window that the answer is about."""
    digest: str = ""
    """Digest of the state before this batch, if its writer checks for drift; see `state_digest`."""


class _Version(msgspec.Struct):
    v: int


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Batch)
_version = msgspec.msgpack.Decoder(_Version)


def encode_batch(batch: Batch) -> bytes:
    """Bytes of a batch, msgpack."""
    return _encoder.encode(batch)


def encode_command(command: msgspec.Struct) -> msgspec.Raw:
    """A command as it is kept inside a batch."""
    return msgspec.Raw(_encoder.encode(command))


def decode_batch(payload: bytes) -> Batch:
    """Read a batch.

    Raises:
      BadBytes: a newer schema, an unknown event or field, or damaged bytes. A node that meets one
        lets go of the hall; skipping it would show a wrong queue.
    """
    try:
        batch = _decoder.decode(payload)
    except (msgspec.DecodeError, ValueError) as error:
        _refuse_newer(payload)
        raise BadBytes(f"a batch that cannot be read: {error}") from error
    if batch.v > SCHEMA_VERSION:
        _refuse_newer(payload)
    return batch


def _refuse_newer(payload: bytes) -> None:
    """Say so where a batch is of a schema to come; what is wrong with any other is for the caller to say."""
    with contextlib.suppress(msgspec.DecodeError, ValueError):
        version = _version.decode(payload).v
        if version > SCHEMA_VERSION:
            raise BadBytes(
                f"a batch of schema {version}, this version of callq reads up to {SCHEMA_VERSION}: upgrade"
            )
