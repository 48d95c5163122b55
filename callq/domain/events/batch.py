"""A batch: what one accepted command did, and its bytes."""

from __future__ import annotations

import contextlib
from typing import Final

import msgspec

from callq.domain.commands import Actor
from callq.domain.errors import BETWEEN_RELEASES, BadBytes
from callq.domain.events.asks import HelpEnded, HelpRequested, RatingRequested
from callq.domain.events.bookings import (
    Booked,
    BookingArrived,
    BookingCancelled,
    BookingMoved,
    NoShow,
)
from callq.domain.events.desk import HelperJoined, HelperLeft, SentHome, TicketPrechecked
from callq.domain.events.devices import (
    DeviceFaultBegan,
    DeviceFaultEnded,
    DeviceHeard,
    DeviceOrdered,
    DeviceOrderEnded,
    DeviceOrderLapsed,
    DeviceSilent,
    DeviceVersionChanged,
)
from callq.domain.events.hall import (
    DayClosed,
    DayOpened,
    EpochOpened,
    FeatureLevelRaised,
    HallConfigured,
    HallResumed,
    HallSuspended,
    IssuingStarted,
    IssuingStopped,
    OutageRecorded,
)
from callq.domain.events.notices import NoticePosted, NoticeWithdrawn
from callq.domain.events.printing import PrintEnded, PrinterReported, PrintRequested, PrintTaken
from callq.domain.events.ratings import (
    CaseCalledBack,
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CaseTaken,
    RatingTakenBack,
)
from callq.domain.events.tickets import (
    ClassGranted,
    StepBegun,
    StepDeferred,
    TicketAbandoned,
    TicketCalled,
    TicketCancelled,
    TicketCompleted,
    TicketExpired,
    TicketHeld,
    TicketIssued,
    TicketMissed,
    TicketRated,
    TicketReassigned,
    TicketRecalled,
    TicketRejoined,
    TicketResumed,
    TicketReturned,
    TicketStarted,
    TicketTransferred,
    TicketUnbound,
    Undone,
)
from callq.domain.events.tides import (
    TidesApplied,
    TidesDeclined,
    TidesProposed,
    TidesReckoned,
    TidesSet,
    TidesWithdrawn,
    WindowLeftAlone,
    WindowOpening,
    WindowOpeningDropped,
)
from callq.domain.events.windows import (
    ClerkReturned,
    ClerkSeconded,
    ClerkSignedIn,
    ClerkSignedOut,
    PauseRequested,
    SkillsSet,
    TraineeLeft,
    TraineeSeated,
    WindowClosed,
    WindowDraining,
    WindowHandedOver,
    WindowOpened,
    WindowPaused,
    WindowUnpaused,
)

SCHEMA_VERSION: Final = 4
"""Version of the payload written by this code."""

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
    | TidesSet
    | TidesReckoned
    | TidesProposed
    | TidesWithdrawn
    | TidesDeclined
    | TidesApplied
    | WindowOpening
    | WindowOpeningDropped
    | WindowLeftAlone
    | DeviceHeard
    | DeviceVersionChanged
    | DeviceFaultBegan
    | DeviceFaultEnded
    | DeviceSilent
    | DeviceOrdered
    | DeviceOrderEnded
    | DeviceOrderLapsed
    | NoticePosted
    | NoticeWithdrawn
    | HelpRequested
    | HelpEnded
    | RatingRequested
    | PrintRequested
    | PrintTaken
    | PrintEnded
    | PrinterReported
    | HelperJoined
    | HelperLeft
    | TicketPrechecked
    | SentHome
    | CaseOpened
    | CaseCalledBack
    | CaseClosed
    | CaseReopened
    | CaseTaken
    | RatingTakenBack
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
        raise BadBytes(f"a batch that cannot be read: {error}", hint=BETWEEN_RELEASES) from error
    if batch.v > SCHEMA_VERSION:
        _refuse_newer(payload)
    return batch


def _refuse_newer(payload: bytes) -> None:
    """Say so where a batch is of a schema to come; what is wrong with any other is for the caller to say."""
    with contextlib.suppress(msgspec.DecodeError, ValueError):
        version = _version.decode(payload).v
        if version > SCHEMA_VERSION:
            raise BadBytes(
                f"a batch of schema {version}, this version of callq reads up to {SCHEMA_VERSION}",
                code="too_new",
                hint="upgrade",
            )
