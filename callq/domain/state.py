"""The state of one hall, and its canonical bytes.

Written only by `callq.domain.apply`. Replaying a journal gives the same state byte for byte
(`canonical`), which a test checks after every scenario.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from callq.domain.hall import Clerk, HallConfig, Service, WindowConfig, Zone
from callq.domain.window import Window

if TYPE_CHECKING:
    from callq.domain.commands import Person
    from callq.domain.lanes import Lane, LaneKey
    from callq.domain.ticket import Ticket


class KeyRecord(NamedTuple):
    """What an accepted idempotency key did."""

    body: bytes
    revision: int
    ticket: str | None
    window: str | None


class ClerkDay(NamedTuple):
    """A clerk's counts of this business day."""

    since_ms: int
    """First sign-in."""
    done: int = 0
    missed: int = 0
    handling_ms: int = 0
    """Total of start to completion."""


class Epoch(NamedTuple):
    """A lineage of the store and the first revision written under it."""

    name: str
    since: int


class Index:
    """Look-ups of a configuration, made once when it comes into force."""

    __slots__ = ("clerks", "services", "serving", "windows", "zones")

    def __init__(self, config: HallConfig) -> None:
        self.services: dict[str, Service] = {s.code: s for s in config.services}
        self.windows: dict[str, WindowConfig] = {w.id: w for w in config.windows}
        self.zones: dict[str, Zone] = {z.code: z for z in config.zones}
        self.clerks: dict[str, Clerk] = {c.id: c for c in config.clerks}
        self.serving: dict[tuple[str, str], tuple[str, ...]] = {
            (w.id, c.id): tuple(
                s.code
                for s in config.services
                if s.needs in c.skills and (not w.services or s.code in w.services)
            )
            for w in config.windows
            for c in config.clerks
        }
        """Services by (window, clerk), in the hall's order."""


class HallState:
    """One hall now. Written only by `apply`."""

    __slots__ = (
        "clerk_at",
        "clerk_days",
        "config",
        "counters",
        "day",
        "day_ends_ms",
        "digest",
        "epochs",
        "hall",
        "index",
        "keys",
        "lanes",
        "live",
        "missed",
        "now_ms",
        "prefixes",
        "recent",
        "revision",
        "seq",
        "tickets",
        "windows",
    )

    def __init__(self, hall: str) -> None:
        self.hall = hall
        self.config = HallConfig(id=hall, name="", zones=(), services=(), windows=(), clerks=())
        """In force; empty until the hall is created."""
        self.index = Index(self.config)
        self.revision = 0
        self.now_ms = 0
        """Time of the last batch; never runs backwards."""
        self.digest = ""
        self.day = ""
        """Business day in force, ISO date."""
        self.day_ends_ms = 0
        self.epochs: tuple[Epoch, ...] = ()
        """Oldest first; the last is in force."""
        self.seq = 0
        self.counters: dict[str, int] = {}
        """Last number given by prefix."""
        self.prefixes: dict[str, str] = {}
        """By service, as the day began: another prefix in the configuration waits for the next day."""
        self.tickets: dict[str, Ticket] = {}
        """All live tickets, and those issued this business day or the one before."""
        self.windows: dict[str, Window] = {}
        self.lanes: dict[LaneKey, Lane] = {}
        self.clerk_at: dict[str, str] = {}
        """Window by clerk."""
        self.clerk_days: dict[str, ClerkDay] = {}
        self.live: dict[tuple[str, str], str] = {}
        """Live ticket by (person hash, service)."""
        self.recent: dict[str, tuple[str, ...]] = {}
        """Ids of the tickets called last, newest first, by zone."""
        self.missed: tuple[str, ...] = ()
        """Ids of the tickets missed last, newest first."""
        self.keys: dict[str, dict[tuple[str, str], KeyRecord]] = {}
        """Accepted idempotency keys by business day, then (principal, key)."""

    @property
    def created(self) -> bool:
        """Whether a first configuration is in force."""
        return bool(self.digest)

    @property
    def epoch(self) -> str:
        """Lineage in force."""
        return self.epochs[-1].name if self.epochs else ""

    def services_at(self, window: Window) -> tuple[str, ...]:
        """Services the window can take now: its clerk's skills within its equipment."""
        return self.index.serving.get((window.id, window.clerk), ()) if window.clerk else ()

    def remembered(self, principal: str, key: str) -> KeyRecord | None:
        """What an accepted key did, if it is still kept."""
        for day in self.keys.values():
            record = day.get((principal, key))
            if record is not None:
                return record
        return None


def person_keys(person: Person | None) -> tuple[str, ...]:
    """What tells a person apart, each by itself: the identity and the telephone; () if nothing is known."""
    return tuple(key for key in (person.id_hash, person.phone_hash) if key) if person else ()


_canonical = msgspec.msgpack.Encoder(order="deterministic")


def _fields(thing: Ticket | Window) -> dict[str, object]:
    fields = {name: getattr(thing, name) for name in thing.__slots__}
    if isinstance(thing, Window):
        fields["ticket"] = thing.ticket.id if thing.ticket else None
    return fields


def canonical(state: HallState) -> bytes:
    """The whole state as bytes; equal bytes mean equal states. For tests, digests and snapshots."""
    return _canonical.encode(
        {
            "hall": state.hall,
            "revision": state.revision,
            "now_ms": state.now_ms,
            "digest": state.digest,
            "day": state.day,
            "day_ends_ms": state.day_ends_ms,
            "epochs": state.epochs,
            "seq": state.seq,
            "counters": state.counters,
            "prefixes": state.prefixes,
            "tickets": [_fields(t) for _, t in sorted(state.tickets.items())],
            "windows": [_fields(w) for _, w in sorted(state.windows.items())],
            "lanes": [[*key, lane.ids()] for key, lane in sorted(state.lanes.items())],
            "clerk_at": state.clerk_at,
            "clerk_days": state.clerk_days,
            "live": sorted([*key, ticket] for key, ticket in state.live.items()),
            "recent": state.recent,
            "missed": state.missed,
            "keys": [
                [day, sorted([*key, *record] for key, record in keys.items())]
                for day, keys in sorted(state.keys.items())
            ],
        }
    )


def state_digest(state: HallState) -> str:
    """Short fingerprint of the whole state."""
    return hashlib.blake2b(canonical(state), digest_size=16).hexdigest()
