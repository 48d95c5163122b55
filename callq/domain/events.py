"""What happened, in the past tense: the only thing that is stored.

Events are facts that `apply` can replay without deciding anything again. The names and fields here
are the stream format: fields may be added with a default, never renamed, removed or given another
meaning. A batch is what one accepted command did; it is one entry of the hall's journal.
"""

from __future__ import annotations

from typing import Final

import msgspec

from callq.domain.commands import Actor, Channel, Person, TicketClass
from callq.domain.errors import BadBytes
from callq.domain.hall import HallConfig

SCHEMA_VERSION: Final = 1
"""Version of the payload written by this code."""


class _Event(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="e", omit_defaults=True, forbid_unknown_fields=True
):
    """Base of events."""


class LaneSeen(msgspec.Struct, frozen=True, array_like=True):
    """A lane that was looked at when a ticket was chosen."""

    service: str
    cls: str
    head: str
    """Ticket id of its first."""
    clock_ms: int
    count: int


class Why(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """By which rule a ticket was chosen, and among which lanes."""

    rule: str
    lanes: tuple[LaneSeen, ...] = ()


class HallConfigured(_Event, frozen=True, kw_only=True, tag="hall_configured"):
    """A configuration came into force."""

    config: HallConfig
    digest: str


class EpochOpened(_Event, frozen=True, kw_only=True, tag="epoch_opened"):
    """The store's lineage changed."""

    epoch: str


class DayOpened(_Event, frozen=True, kw_only=True, tag="day_opened"):
    """A business day began: numbers start again, what ended before the last one is forgotten."""

    day: str
    ends_ms: int
    """When it ends, as worked out when it began: a replay needs no calendar."""


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


class TicketCalled(_Event, frozen=True, kw_only=True, tag="ticket_called"):
    """A ticket was called to a window."""

    ticket: str
    window: str
    clerk: str
    why: Why


class TicketRecalled(_Event, frozen=True, kw_only=True, tag="ticket_recalled"):
    """The call was repeated."""

    ticket: str


class TicketStarted(_Event, frozen=True, kw_only=True, tag="ticket_started"):
    """The person came and is served."""

    ticket: str


class TicketCompleted(_Event, frozen=True, kw_only=True, tag="ticket_completed"):
    """The service is done; the window is free."""

    ticket: str


class TicketMissed(_Event, frozen=True, kw_only=True, tag="ticket_missed"):
    """Nobody came; the window is free."""

    ticket: str


class TicketCancelled(_Event, frozen=True, kw_only=True, tag="ticket_cancelled"):
    """Given up by the citizen or by staff; a window that had called it is free."""

    ticket: str
    reason: str = ""


class TicketExpired(_Event, frozen=True, kw_only=True, tag="ticket_expired"):
    """The day closed over it."""

    ticket: str
    reason: str


class ClerkSignedIn(_Event, frozen=True, kw_only=True, tag="clerk_signed_in"):
    """A clerk took a seat."""

    window: str
    clerk: str


class ClerkSignedOut(_Event, frozen=True, kw_only=True, tag="clerk_signed_out"):
    """A clerk left."""

    window: str
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


Event = (
    HallConfigured
    | EpochOpened
    | DayOpened
    | TicketIssued
    | TicketCalled
    | TicketRecalled
    | TicketStarted
    | TicketCompleted
    | TicketMissed
    | TicketCancelled
    | TicketExpired
    | ClerkSignedIn
    | ClerkSignedOut
    | WindowOpened
    | WindowDraining
    | WindowClosed
    | PauseRequested
    | WindowPaused
    | WindowUnpaused
)


class Batch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
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
        version = _version.decode(payload).v
        if version > SCHEMA_VERSION:
            raise BadBytes(
                f"a batch of schema {version}, this version of callq reads up to {SCHEMA_VERSION}: upgrade"
            )
        return _decoder.decode(payload)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadBytes(f"a batch that cannot be read: {error}") from error
