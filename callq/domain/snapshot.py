"""The whole state of a hall as bytes, so that a restart need not begin with the first entry.

A snapshot is exact: the state that is read back has the same canonical bytes and decides everything as
the one that was written, the order of its tables included (events follow that order). What is large
is written and read by msgspec as it stands, tickets one by one: what many of them have in common is held
once again (`sharing`) before the next is read, or a hall read back would take twice the memory.

Layout: `MAGIC`, the format and the hall's level (16 bits each), a CRC-32 of the rest, big-endian; the
rest is the body, msgpack. A field that joins `_Body` or a struct within it goes to the end and has a
default that means what was the case before: so this version reads bodies without it, and one that does
not know it yet passes it over as long as the hall's level is one that it reads. What cannot be said that
way (a named tuple with one more field, say) is a new format; the reader of the old one stays.
"""

from __future__ import annotations

import gc
import struct
import zlib
from sys import intern
from typing import Any, Final, NamedTuple

import msgspec

from callq.domain.asks import HelpAsked, RatingAsked
from callq.domain.cases import Case
from callq.domain.desk import Companion, Precheck, PrecheckCount
from callq.domain.devices import DeviceNow
from callq.domain.errors import BETWEEN_RELEASES, BadBytes
from callq.domain.events import SCHEMA_VERSION
from callq.domain.hall import HallConfig
from callq.domain.history import ConfigVersion
from callq.domain.lanes import Agenda, Due, Lane, LaneKey, Place
from callq.domain.notices import Notice
from callq.domain.printing import Fault, Printout
from callq.domain.sharing import held_once
from callq.domain.state import (
    Announced,
    Booking,
    ClerkDay,
    Credit,
    DayClock,
    Epoch,
    HallState,
    Index,
    KeyRecord,
    Numbering,
    Standstill,
)
from callq.domain.ticket import SHOWN_AS_CALL, Ticket, TicketState
from callq.domain.tides import Tide
from callq.domain.window import Acted, Window

FORMAT: Final = 1
"""Layout of the body written by this code."""

MAGIC: Final = b"CQHS"

_HEAD: Final = struct.Struct(">4sHHI")


class _Act(NamedTuple):
    """An `Acted` whose old values are by name."""

    act: str
    at_ms: int
    who: str
    ticket: str
    revision: int
    before: Any
    """The ticket's fields by name."""
    window: Any
    due_ms: int | None
    previous: _Act | None
    absent: bool = False


class _Seat(NamedTuple):
    """A window: its fields but for `ticket` and `acted`, the id of its ticket, and what it did last."""

    fields: dict[str, Any]
    ticket: str | None
    acted: _Act | None


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    """A state in terms of what msgpack knows."""

    hall: str
    config: HallConfig
    revision: int
    now_ms: int
    known_ms: int
    left_out: tuple[int, int]
    digest: str
    day: str
    day_clock: DayClock
    day_ends_ms: int
    day_closed: bool
    epochs: tuple[Epoch, ...]
    suspended_since: int | None
    suspended_reason: str
    frozen_ms: int
    level: int
    standstills: tuple[Standstill, ...]
    stopped: dict[str, str]
    stopped_since: dict[str, int]
    stops: dict[str, tuple[Standstill, ...]]
    seq: int
    order: int
    counters: dict[str, int]
    numbering: dict[str, Numbering]
    issued: dict[str, int]
    tickets: list[msgspec.Raw]
    windows: list[_Seat]
    lanes: list[tuple[LaneKey, msgspec.Raw]]
    """With their places, which tickets say as well."""
    held: list[str]
    due: dict[tuple[str, str], int]
    clerk_at: dict[str, str]
    trainees: dict[str, str]
    seconded: dict[str, str]
    clerk_days: dict[str, ClerkDay]
    own_counts: bool
    live: dict[tuple[str, str], tuple[str, ...]]
    recent: dict[str, tuple[str, ...]]
    missed: tuple[str, ...]
    credits: dict[str, Credit]
    bookings: dict[str, Booking]
    slots: dict[tuple[str, int], int]
    no_shows: dict[str, tuple[str, ...]]
    keys: dict[str, dict[tuple[str, str], KeyRecord]]
    keys_until: dict[str, int]
    tides: Tide = Tide()
    devices: dict[str, DeviceNow] = {}
    notices: dict[str, Notice] = {}
    help_asked: dict[str, HelpAsked] = {}
    ratings_asked: dict[str, RatingAsked] = {}
    prints: dict[str, Printout] = {}
    printer_faults: dict[str, Fault] = {}
    companions: dict[str, Companion] = {}
    prechecks: dict[str, tuple[Precheck, ...]] = {}
    precheck_counts: dict[str, PrecheckCount] = {}
    cases: dict[str, Case] = {}
    ratings_today: tuple[int, ...] = ()
    config_history: tuple[ConfigVersion, ...] = ()
    suspended_reason_en: str = ""
    announced: tuple[Announced, ...] = ()
    stopped_en: dict[str, str] = {}


DERIVED: Final = frozenset(
    {"index", "agenda", "today", "waiting", "bound", "at_windows", "turns", "staffing"}
)
"""What a state has that follows from the rest: look-ups and hours of the configuration, `due` in order,
counts."""

_OTHERWISE: Final = frozenset({"tickets", "windows", "lanes", "held"})
"""What the body has in another shape than the state."""

_AS_IT_IS: Final = tuple(name for name in _Body.__struct_fields__ if name not in _OTHERWISE)

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(_Body)
_ticket_decoder: Final = msgspec.msgpack.Decoder(Ticket)

_TICKET_FIELDS: Final = {field.name: field.type for field in msgspec.structs.fields(Ticket)}
_WINDOW_FIELDS: Final = {field.name: field.type for field in msgspec.structs.fields(Window)}


def encode_state(state: HallState) -> bytes:
    """Bytes of a state, uncompressed; the state is not changed and nothing of it is shared."""
    body = _encoder.encode(
        _Body(
            **{name: getattr(state, name) for name in _AS_IT_IS},
            tickets=[msgspec.Raw(_encoder.encode(ticket)) for ticket in state.tickets.values()],
            windows=[_seat(window) for window in state.windows.values()],
            lanes=[(key, msgspec.Raw(_encoder.encode(lane.places()))) for key, lane in state.lanes.items()],
            held=list(state.held),
        )
    )
    return _HEAD.pack(MAGIC, FORMAT, state.level, zlib.crc32(body)) + body


def _seat(window: Window) -> _Seat:
    fields = msgspec.structs.asdict(window)
    acted = fields.pop("acted")
    ticket = fields.pop("ticket")
    return _Seat(fields, ticket.id if ticket else None, _act(acted))


def _act(acted: Acted | None) -> _Act | None:
    if acted is None:
        return None
    act, at_ms, who, ticket, revision, before, window, due_ms, previous, absent = acted
    return _Act(act, at_ms, who, ticket, revision, dict(before), dict(window), due_ms, _act(previous), absent)


def decode_state(body: bytes) -> HallState:
    """The state that was written.

    Raises:
      BadBytes: a newer format or level, or damaged bytes. Whoever meets one begins with an older
        snapshot, or with the first entry.
    """
    try:
        magic, version, level, checksum = _HEAD.unpack_from(body)
    except struct.error as error:
        raise BadBytes(f"a snapshot that cannot be read: {error}") from error
    rest = memoryview(body)[_HEAD.size :]
    if magic != MAGIC:
        raise BadBytes("not a snapshot of a hall")
    if version > FORMAT or level > SCHEMA_VERSION:
        raise BadBytes(
            f"a snapshot of format {version} and schema {level}, this version of callq reads up to "
            f"{FORMAT} and {SCHEMA_VERSION}",
            code="too_new",
            hint="upgrade",
        )
    if checksum != zlib.crc32(rest):
        raise BadBytes("a snapshot that cannot be read: its checksum is another")
    collecting = gc.isenabled()
    gc.disable()  # There is no garbage among so many new objects, and looking for it takes as long again.
    try:
        return _state(_decoder.decode(rest))
    except (msgspec.DecodeError, ValueError, KeyError) as error:
        detail = f"a snapshot of schema {level} that cannot be read: {error!r}"
        raise BadBytes(detail, hint=BETWEEN_RELEASES) from error
    finally:
        if collecting:
            gc.enable()


def _state(body: _Body) -> HallState:
    state = HallState(body.hall)
    for name in _AS_IT_IS:
        setattr(state, name, getattr(body, name))
    # Before tickets are read: they take the memory that this frees.
    for keys in state.keys.values():
        same = {(intern(who), key): record for (who, key), record in keys.items()}
        keys.clear()
        keys.update(same)
    state.index = Index(body.config)
    state.today = body.day_clock.today(body.config)
    for raw in body.tickets:
        ticket = _ticket_decoder.decode(raw)
        state.tickets[ticket.id] = ticket
        held_once(ticket, state.tickets)
    state.windows = {str(seat.fields["id"]): _window(seat, state) for seat in body.windows}
    state.lanes = _lanes([key for key, _ in body.lanes], state)
    state.live = _live(body.live, state)
    state.held = dict.fromkeys(body.held)
    state.agenda = Agenda(Due(at_ms, kind, entity) for (kind, entity), at_ms in body.due.items())
    state.count_again()
    if not body.announced:
        state.announced = _announced(state)
    return state


def _announced(state: HallState) -> tuple[Announced, ...]:
    """The calls that are listed, where a snapshot is older than their turns: none is left unspoken."""
    zones: dict[str, list[str]] = {}
    for zone, ids in state.recent.items():
        for ticket_id in ids:
            zones.setdefault(ticket_id, []).append(zone)
    listed = (state.tickets[ticket_id] for ticket_id in zones if ticket_id in state.tickets)
    calls = sorted(
        (one for one in listed if one.state in SHOWN_AS_CALL),
        key=lambda one: (one.last_call_ms or 0, one.seq),
    )
    return tuple(
        Announced(
            ticket.id,
            ticket.last_call_ms or 0,
            ticket.calls,
            ticket.window or "",
            tuple(sorted(zones[ticket.id], key=ticket.zone.__eq__)),
            needless_ms=None if ticket.state is TicketState.CALLED else ticket.started_ms,
        )
        for ticket in reversed(calls)
    )


def _lanes(keys: list[LaneKey], state: HallState) -> dict[LaneKey, Lane]:
    """Whoever waits, in their lane."""
    places: dict[LaneKey, list[Place]] = {key: [] for key in keys}
    for ticket in state.tickets.values():
        if ticket.state == TicketState.WAITING:
            places[ticket.lane].append(ticket.place)
    return {key: Lane(found) for key, found in places.items()}


def _live(
    read: dict[tuple[str, str], tuple[str, ...]], state: HallState
) -> dict[tuple[str, str], tuple[str, ...]]:
    """The same with the texts that tickets have already."""
    found = {}
    for (known, service), ids in read.items():
        person = state.tickets[ids[0]].person if ids[0] in state.tickets else None
        same = [text for text in (person.id_hash, person.phone_hash) if text == known] if person else []
        found[same[0] if same else known, intern(service)] = tuple(
            state.tickets[id].id if id in state.tickets else id for id in ids
        )
    return found


def _window(seat: _Seat, state: HallState) -> Window:
    window = Window(**_typed(seat.fields, _WINDOW_FIELDS))
    if seat.ticket is not None:
        window.ticket = state.tickets[seat.ticket]
    window.acted = _acted(seat.acted)
    return window


def _acted(act: _Act | None) -> Acted | None:
    if act is None:
        return None
    before = tuple(_typed(act.before, _TICKET_FIELDS).items())
    window = tuple(_typed(act.window, _WINDOW_FIELDS).items())
    *_, due_ms, previous, absent = act
    return Acted(*act[:5], before, window, due_ms, _acted(previous), absent)


def _typed(fields: dict[str, Any], types: dict[str, Any]) -> dict[str, Any]:
    """Values as the fields of a struct have them: enums, structs and tuples again."""
    return {name: msgspec.convert(value, types[name]) for name, value in fields.items() if name in types}
