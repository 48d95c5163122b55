"""The state of one hall, and its canonical bytes.

Written only by `callq.domain.apply`. Replaying a journal gives the same state byte for byte
(`canonical`), which a test checks after every scenario.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from callq.domain.asks import HelpAsked, RatingAsked  # noqa: TC001 - as those of Person below
from callq.domain.cases import Case  # noqa: TC001 - as those of Person below
from callq.domain.commands import Person  # noqa: TC001 - a snapshot's decoder reads the annotations of Booking
from callq.domain.hall import (
    Clerk,
    Device,
    HallConfig,
    Item,
    NumberRange,
    Printer,
    Resource,
    Service,
    WindowConfig,
    Zone,
)
from callq.domain.lanes import CLASSES, Agenda, Lane, LaneKey, Tally
from callq.domain.ticket import FINAL, TicketState
from callq.domain.tides import Tide
from callq.domain.turns import Turns, turns_of
from callq.domain.window import Window

if TYPE_CHECKING:
    from callq.domain.desk import Companion, Precheck, PrecheckCount
    from callq.domain.devices import DeviceNow
    from callq.domain.history import ConfigVersion
    from callq.domain.notices import Notice
    from callq.domain.printing import Fault, Printout
    from callq.domain.routing.staffing import Staffing
    from callq.domain.ticket import Ticket


class KeyRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
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
    """Time of handling in all, also of what was put aside, sent on or given up."""
    done_ms: int = 0
    """Handling of what was completed, whoever had a part in it."""


class Epoch(NamedTuple):
    """A lineage of the store and the first revision written under it."""

    name: str
    since: int


class Standstill(NamedTuple):
    """A time in which nobody could take a ticket or check in, Unix ms.

    The hall was suspended, no node ran, or staff had stopped the service.
    """

    since_ms: int
    until_ms: int


class Announced(NamedTuple):
    """A call or a repeated one, and what became of it: when each is spoken follows from these alone."""

    ticket: str
    at_ms: int
    """When it was made, Unix ms."""
    calls: int
    """Which one of its ticket: 2 and more are repeated."""
    window: str
    zones: tuple[str, ...]
    """Where it is told: the window's zone, then that where its person waits if it is another."""
    needless_ms: int | None = None
    """Since when nobody needs it to be begun: its person came, or it was repeated."""
    over_ms: int | None = None
    """When it was taken back; what is being said of it is cut off."""


class Booking(NamedTuple):
    """A reserved place in a slot."""

    id: str
    service: str
    slot_ms: int
    slot_end_ms: int
    person: Person
    channel: str
    state: str
    """``booked``, ``arrived``, ``cancelled`` or ``no_show``."""
    day: str
    """Business day of the slot, ISO date."""
    ticket: str | None = None


class Credit(NamedTuple):
    """A number that is owed: to who was held when the day closed, or for a step that was deferred.

    It takes no place of the quota. Who was held sorts before everyone; a step waits as one who arrives.
    """

    service: str
    person: Person | None
    until: str
    """Last day, ISO date."""
    ticket: str
    """Whose come-back it is."""
    step: int | None = None
    """The deferred step of its visit; None: it was held."""

    def claimable(self, state: HallState) -> bool:
        """Whether a new ticket may claim it today.

        A step is taken up by its own ticket on its own day, unless the visit ended otherwise than done.
        """
        return state.day <= self.until and not (self.of_today(state) and self._goes_on(state))

    def of_today(self, state: HallState) -> bool:
        """Whether it is a step of a visit of this business day."""
        ticket = state.tickets.get(self.ticket)
        return self.step is not None and ticket is not None and ticket.day == state.day

    def _goes_on(self, state: HallState) -> bool:
        ticket = state.tickets[self.ticket]
        return ticket.state == TicketState.DONE or ticket.state not in FINAL


class Numbering(NamedTuple):
    """How a service numbers its tickets for one business day."""

    prefix: str
    ranges: tuple[NumberRange, ...]


class DayClock(NamedTuple):
    """What the hours of a business day are reckoned by."""

    timezone: str
    day_starts: str

    def today(self, config: HallConfig) -> HallConfig:
        """A configuration as the day goes by it; the very same where it agrees."""
        if (config.timezone, config.day_starts) == self:
            return config
        return msgspec.structs.replace(config, timezone=self.timezone, day_starts=self.day_starts)


class Index:
    """Look-ups of a configuration, made when it comes into force."""

    __slots__ = (
        "_day",
        "_in_use",
        "_open_lanes",
        "_serving",
        "beginners",
        "clerks",
        "devices",
        "items",
        "printers",
        "resources",
        "services",
        "windows",
        "zones",
    )

    def __init__(self, config: HallConfig) -> None:
        self.services: dict[str, Service] = {s.code: s for s in config.services}
        self.windows: dict[str, WindowConfig] = {w.id: w for w in config.windows}
        self.zones: dict[str, Zone] = {z.code: z for z in config.zones}
        self.clerks: dict[str, Clerk] = {c.id: c for c in config.clerks}
        self.items: dict[str, Item] = {i.code: i for i in config.items}
        self.devices: dict[str, Device] = {d.id: d for d in config.devices}
        self.printers: dict[str, Printer] = {p.id: p for p in config.printers}
        self.resources: dict[str, Resource] = {r.code: r for r in config.resources}
        soon = config.routing is not None and config.routing.better_soon_s
        self.beginners = bool(soon) and any(_begins(clerk) for clerk in config.clerks)
        """Whether some clerk may leave tickets to a better one: `HallState.turns` is kept only then."""
        self._day = ""
        self._serving: dict[tuple[str, str], tuple[str, ...]] = {}
        """Answers for `_day`, by window and clerk."""
        self._in_use: dict[tuple[str, str, tuple[str, ...]], tuple[str, ...]] = {}
        """The same where skills were narrowed."""
        self._open_lanes: dict[tuple[str, ...], tuple[tuple[LaneKey, Lane], ...]] = {}

    def equipped(self, window: str) -> tuple[str, ...]:
        """Services that a window can serve with the right clerk, in the hall's order."""
        equipment = self.windows[window].services
        return tuple(code for code in self.services if not equipment or code in equipment)

    def mastered(self, clerk: str, day: str) -> tuple[str, ...]:
        """Services that a clerk masters on a business day, in the hall's order."""
        person = self.clerks[clerk]
        return tuple(
            code
            for code, service in self.services.items()
            if person.level(service.needs, day) >= service.min_level
        )

    def serving(self, window: str, clerk: str, day: str) -> tuple[str, ...]:
        """Services that a clerk can take at a window on a business day, in the hall's order."""
        if day != self._day:
            self._day, self._serving, self._in_use = day, {}, {}
        key = (window, clerk)
        found = self._serving.get(key)
        if found is None:
            mastered = self.mastered(clerk, day)
            found = self._serving[key] = tuple(code for code in self.equipped(window) if code in mastered)
        return found

    def in_use(self, window: str, clerk: str, skills: tuple[str, ...] | None, day: str) -> tuple[str, ...]:
        """The same where only these skills of the clerk are in use; None: all."""
        able = self.serving(window, clerk, day)
        if skills is None:
            return able
        key = (window, clerk, skills)
        found = self._in_use.get(key)
        if found is None:
            found = self._in_use[key] = tuple(s for s in able if self.services[s].needs in skills)
        return found

    def open_lanes(
        self, services: tuple[str, ...], lanes: dict[LaneKey, Lane]
    ) -> tuple[tuple[LaneKey, Lane], ...]:
        """Lanes of some services that are for any window, in the hall's order.

        Args:
          services: codes.
          lanes: those of the one hall in which the configuration is in force; these stay as long as it does.
        """
        found = self._open_lanes.get(services)
        if found is None:
            keys = (LaneKey(code, cls) for code in services for cls in CLASSES)
            found = self._open_lanes[services] = tuple((key, lanes[key]) for key in keys)
        return found

    def target_min(self, service: str, cls: str) -> int:
        """How long nobody of a class should wait for a service, minutes."""
        return self.services[service].target_min(cls)

    def target_ms(self, service: str, cls: str) -> float:
        """The same, ms."""
        return self.services[service].target_min(cls) * 60_000.0


def _begins(clerk: Clerk) -> bool:
    """Whether a clerk has a skill, as long as it is valid, at level 1."""
    return any((skill if isinstance(skill, int) else skill.level) == 1 for skill in clerk.skills.values())


class HallState:
    """One hall now. Written only by `apply`."""

    __slots__ = (
        "agenda",
        "announced",
        "at_windows",
        "bookings",
        "bound",
        "cases",
        "clerk_at",
        "clerk_days",
        "companions",
        "config",
        "config_history",
        "counters",
        "credits",
        "day",
        "day_clock",
        "day_closed",
        "day_ends_ms",
        "devices",
        "digest",
        "due",
        "epochs",
        "frozen_ms",
        "hall",
        "held",
        "help_asked",
        "index",
        "issued",
        "keys",
        "keys_until",
        "known_ms",
        "lanes",
        "left_out",
        "level",
        "live",
        "missed",
        "no_shows",
        "notices",
        "now_ms",
        "numbering",
        "order",
        "own_counts",
        "precheck_counts",
        "prechecks",
        "printer_faults",
        "prints",
        "ratings_asked",
        "ratings_today",
        "recent",
        "revision",
        "seconded",
        "seq",
        "slots",
        "staffing",
        "standstills",
        "stopped",
        "stopped_en",
        "stopped_since",
        "stops",
        "suspended_reason",
        "suspended_reason_en",
        "suspended_since",
        "tickets",
        "tides",
        "today",
        "trainees",
        "turns",
        "waiting",
        "windows",
    )

    def __init__(self, hall: str) -> None:
        self.hall = hall
        self.config = HallConfig(id=hall, name="", zones=(), services=(), windows=(), clerks=())
        """In force; empty until the hall is created."""
        self.config_history: tuple[ConfigVersion, ...] = ()
        """Versions that came into force, oldest first; see `callq.domain.history`."""
        self.today = self.config
        """The same by the clock that the present day began with: another one waits for the next day."""
        self.index = Index(self.config)
        self.revision = 0
        self.now_ms = 0
        """Time of the last batch; never runs backwards."""
        self.left_out = (0, 0)
        """When numbers were last left out after a failover, Unix ms, and how many of each series."""
        self.known_ms = 0
        """Until when it is known whether the hall was in use: the last batch that was not about nodes or the
        store alone, or the end of the last outage."""
        self.digest = ""
        self.day = ""
        """Business day in force, ISO date."""
        self.day_clock = DayClock(self.config.timezone, self.config.day_starts)
        self.day_ends_ms = 0
        self.day_closed = False
        """The day was ended before its time: no more tickets."""
        self.epochs: tuple[Epoch, ...] = ()
        """Oldest first; the last is in force."""
        self.level = 0
        """Feature level: the highest schema that batches may use, since all nodes read it."""
        self.suspended_since: int | None = None
        self.suspended_reason = ""
        self.suspended_reason_en = ""
        self.frozen_ms = 0
        """How long the hall has stood still in all: its own time is the wall's less this."""
        self.standstills: tuple[Standstill, ...] = ()
        """Those of this business day that are over, oldest first; none overlaps another."""
        self.stopped: dict[str, str] = {}
        """Reason by service that takes no more tickets."""
        self.stopped_en: dict[str, str] = {}
        """The same in English, where it was given."""
        self.stopped_since: dict[str, int] = {}
        """Since when it takes none, Unix ms."""
        self.stops: dict[str, tuple[Standstill, ...]] = {}
        """Stops of this business day that are over, by service, oldest first."""
        self.seq = 0
        self.order = 0
        """Last tie-break given; never less than `seq`."""
        self.counters: dict[str, int] = {}
        """Last number given by series: a prefix, or a prefix and the start of a channel's range."""
        self.numbering: dict[str, Numbering] = {}
        """By service, as the day began: another prefix in the configuration waits for the next day."""
        self.issued: dict[str, int] = {}
        """Tickets that count against the quota, by service."""
        self.tickets: dict[str, Ticket] = {}
        """All live tickets, those that ended this business day, and those that may still be rated."""
        self.windows: dict[str, Window] = {}
        self.lanes: dict[LaneKey, Lane] = {}
        """Lanes for any window always; those for one window or clerk while somebody waits in them."""
        self.waiting = Tally()
        """Tickets in the lanes, by service."""
        self.bound = Tally()
        """Those among them that only one window or clerk may call, by whom (`LaneKey.to`)."""
        self.at_windows = Tally()
        """Tickets called to or served at windows, by service."""
        self.turns = Turns()
        """When each window without a ticket became ready, and each that serves should end, in the hall's own
        time; empty where no clerk is a beginner."""
        self.staffing: Staffing | None = None
        """What the routing made of the open windows and their skills; None: not worked out since."""
        self.held: dict[str, None] = {}
        """Ids of held tickets."""
        self.agenda = Agenda()
        self.due: dict[tuple[str, str], int] = {}
        """The agenda by (kind, entity)."""
        self.clerk_at: dict[str, str] = {}
        """Window by clerk; trainees included."""
        self.trainees: dict[str, str] = {}
        """Trainee by window."""
        self.seconded: dict[str, str] = {}
        """Other hall by clerk who serves there."""
        self.clerk_days: dict[str, ClerkDay] = {}
        self.own_counts = False
        """Those are of tickets of this business day alone."""
        self.live: dict[tuple[str, str], tuple[str, ...]] = {}
        """Ids of live tickets, in order, by (person hash, service): a telephone may be that of several."""
        self.recent: dict[str, tuple[str, ...]] = {}
        """Ids of the tickets called last, newest first, by zone."""
        self.announced: tuple[Announced, ...] = ()
        """Calls of this business day, the newest first, those that were taken back included."""
        self.missed: tuple[str, ...] = ()
        """Ids of the tickets missed last, newest first."""
        self.credits: dict[str, Credit] = {}
        """Come-backs owed, by the ticket that expired, or ``TICKET/STEP`` for a deferred step."""
        self.bookings: dict[str, Booking] = {}
        self.slots: dict[tuple[str, int], int] = {}
        """Places taken by (service, start of the slot)."""
        self.no_shows: dict[str, tuple[str, ...]] = {}
        """Days of no-shows by person, oldest first."""
        self.keys: dict[str, dict[tuple[str, str], KeyRecord]] = {}
        """Accepted idempotency keys by business day, then (principal, key)."""
        self.keys_until: dict[str, int] = {}
        """Until when those of a day that is over are kept at least, Unix ms."""
        self.tides = Tide()
        """The tides of this business day."""
        self.devices: dict[str, DeviceNow] = {}
        """What is known of each device that was heard or told something."""
        self.notices: dict[str, Notice] = {}
        """Those in force that were posted, by id, oldest first; those of the hall file are in `config`."""
        self.help_asked: dict[str, HelpAsked] = {}
        """Clerks who wait for help, by window."""
        self.ratings_asked: dict[str, RatingAsked] = {}
        """Of whom a rating was asked last, by window."""
        self.prints: dict[str, Printout] = {}
        """The last print by ticket."""
        self.printer_faults: dict[str, Fault] = {}
        """What is wrong with a printer, as its agent said last; by printer."""
        self.companions: dict[str, Companion] = {}
        """Who goes along with a ticket, by ticket; see `companion_of`."""
        self.prechecks: dict[str, tuple[Precheck, ...]] = {}
        """The last pre-check for each service, by ticket; see `precheck_of`."""
        self.precheck_counts: dict[str, PrecheckCount] = {}
        """Pre-checks of this business day, by service."""
        self.cases: dict[str, Case] = {}
        """Bad ratings that somebody looks after, and those that were closed lately; by id, oldest first."""
        self.ratings_today: tuple[int, ...] = ()
        """Ratings of this business day's tickets by level, 1 first; empty: none yet."""

    @property
    def created(self) -> bool:
        """Whether a first configuration is in force."""
        return bool(self.digest)

    @property
    def epoch(self) -> str:
        """Lineage in force."""
        return self.epochs[-1].name if self.epochs else ""

    def clock(self, now_ms: int) -> int:
        """The hall's own time, ms: the wall's, less the time it has been suspended."""
        return (now_ms if self.suspended_since is None else self.suspended_since) - self.frozen_ms

    def stood_still(self, service: str) -> list[Standstill]:
        """Times of the day, those that are over, in which nobody could check in for a service; in order."""
        found: list[Standstill] = []
        for stood in sorted((*self.standstills, *self.stops.get(service, ()))):
            if found and stood.since_ms <= found[-1].until_ms:
                stood = Standstill(found[-1].since_ms, max(stood.until_ms, found.pop().until_ms))
            found.append(stood)
        return found

    def grace_until(self, service: str, begins_ms: int, grace_ms: int) -> int:
        """When a grace in Unix time runs out: what stands still meanwhile does not use it up."""
        until_ms = begins_ms + grace_ms
        for stood in self.stood_still(service):
            if stood.since_ms >= until_ms:
                break
            until_ms += max(0, stood.until_ms - max(stood.since_ms, begins_ms))
        return until_ms

    def could_come(self, booking: Booking, now_ms: int) -> bool:
        """Whether nothing stood still in a booking's slot, up to now."""
        going_on = (self.suspended_since, self.stopped_since.get(booking.service))
        stood = [Standstill(since_ms, now_ms) for since_ms in going_on if since_ms is not None]
        return all(
            s.until_ms <= booking.slot_ms or s.since_ms >= booking.slot_end_ms
            for s in (*stood, *self.stood_still(booking.service))
        )

    def services_at(self, window: Window) -> tuple[str, ...]:
        """Services the window takes now: its clerk's skills in use, within its equipment."""
        return self.index.in_use(window.id, window.clerk, window.active, self.day) if window.clerk else ()

    def mastered_at(self, window: Window) -> tuple[str, ...]:
        """Services the window could take with all of its clerk's skills: what was begun there goes on."""
        return self.index.serving(window.id, window.clerk, self.day) if window.clerk else ()

    def live_ticket(self, person: Person | None, service: str, but: Ticket | None = None) -> Ticket | None:
        """The live ticket that a known person holds for a service, if any other than `but`.

        A missed one that may not rejoin is none: its holder is told to take a new number.
        """
        for known in person_keys(person):
            for held in self.live.get((known, service), ()):
                ticket = self.tickets[held]
                void = ticket.state == "missed" and not self.may_rejoin(ticket)
                if ticket is not but and not void and same_person(ticket.person, person):
                    return ticket
        return None

    def may_rejoin(self, ticket: Ticket) -> bool:
        """Whether a ticket could come back after a miss, under the rules in force."""
        rules = self.config.rules
        return rules.rejoin != "void" and ticket.rejoined_in_step < rules.rejoin_max

    def resource_free(self, service: str, window: Window) -> bool:
        """Whether a window may serve it next without exceeding the capacity of what it needs.

        What the window itself is at does not count: it will have ended by then.
        """
        services = self.index.services
        wanted = services[service].resource
        if not wanted:
            return True
        used = sum(n for code, n in self.at_windows.counts.items() if services[code].resource == wanted)
        own = window.ticket is not None and services[window.ticket.service].resource == wanted
        return used - own < self.index.resources[wanted].capacity

    def count_again(self) -> None:
        """Work out what is kept only to be quick: for a state that was read, not replayed."""
        lanes = [(key, len(lane)) for key, lane in self.lanes.items()]
        self.waiting = Tally(key.service for key, count in lanes for _ in range(count))
        self.bound = Tally(key.to for key, count in lanes if key.to for _ in range(count))
        self.at_windows = Tally(w.ticket.service for w in self.windows.values() if w.ticket is not None)
        self.turns = turns_of(self)
        self.staffing = None

    def lanes_of(self, service: str) -> list[tuple[LaneKey, Lane]]:
        """Non-empty lanes of a service, those for one window or clerk included."""
        return [(key, lane) for key, lane in self.lanes.items() if key.service == service and lane]

    def remembered(self, principal: str, key: str) -> KeyRecord | None:
        """What an accepted key did, if it is still kept."""
        for day in self.keys.values():
            record = day.get((principal, key))
            if record is not None:
                return record
        return None


def step_key(ticket: Ticket, step: int) -> str:
    """Key among the credits of what is owed for a deferred step."""
    return f"{ticket.id}/{step}"


def same_person(one: Person | None, other: Person | None) -> bool:
    """Whether two descriptions are of one person: by identity, by telephone only where one has none."""
    if one and other and one.id_hash and other.id_hash:
        return one.id_hash == other.id_hash
    return not set(person_keys(one)).isdisjoint(person_keys(other))


def person_keys(person: Person | None) -> tuple[str, ...]:
    """What tells a person apart, each by itself: the identity and the telephone; () if nothing is known."""
    if person is None:
        return ()
    known, phone = person.id_hash, person.phone_hash
    if not phone:
        return (known,) if known else ()
    return (known, phone) if known else (phone,)


_canonical = msgspec.msgpack.Encoder(order="deterministic")


def _fields(thing: Ticket | Window) -> dict[str, object]:
    fields = msgspec.structs.asdict(thing)
    if isinstance(thing, Window):
        fields["ticket"] = thing.ticket.id if thing.ticket else None
    return fields


PLAIN: Final = (
    "hall",
    "revision",
    "now_ms",
    "left_out",
    "known_ms",
    "digest",
    "day",
    "day_clock",
    "day_ends_ms",
    "day_closed",
    "epochs",
    "suspended_since",
    "suspended_reason",
    "suspended_reason_en",
    "frozen_ms",
    "level",
    "standstills",
    "stopped",
    "stopped_since",
    "stops",
    "seq",
    "order",
    "counters",
    "numbering",
    "issued",
    "clerk_at",
    "trainees",
    "seconded",
    "clerk_days",
    "own_counts",
    "recent",
    "missed",
    "credits",
    "bookings",
    "no_shows",
    "keys_until",
    "tides",
    "devices",
    "notices",
    "help_asked",
    "ratings_asked",
    "prints",
    "printer_faults",
    "companions",
    "prechecks",
    "precheck_counts",
    "cases",
    "ratings_today",
    "config_history",
    "announced",
    "stopped_en",
)
"""Parts that are bytes as they stand."""


OTHERWISE: Final = ("tickets", "windows", "lanes", "held", "agenda", "due", "live", "slots", "keys")
"""Parts whose order, or whose empty places, say nothing."""


def canonical(state: HallState) -> bytes:
    """The whole state as bytes; equal bytes mean equal states. For tests, digests and snapshots."""
    found: dict[str, object] = {name: getattr(state, name) for name in PLAIN}
    found["tickets"] = [_fields(t) for _, t in sorted(state.tickets.items())]
    found["windows"] = [_fields(w) for _, w in sorted(state.windows.items())]
    found["lanes"] = [[*key, lane.ids()] for key, lane in sorted(state.lanes.items()) if lane]
    found["held"] = sorted(state.held)
    found["agenda"] = state.agenda.all()
    found["due"] = sorted([*key, at_ms] for key, at_ms in state.due.items())
    found["live"] = sorted([*key, *tickets] for key, tickets in state.live.items())
    found["slots"] = sorted([*key, count] for key, count in state.slots.items() if count)
    found["keys"] = [
        [day, [[*key, *msgspec.structs.astuple(record)] for key, record in sorted(keys.items())]]
        for day, keys in sorted(state.keys.items())
    ]
    return _canonical.encode(found)


def state_digest(state: HallState) -> str:
    """Short fingerprint of the whole state."""
    return hashlib.blake2b(canonical(state), digest_size=16).hexdigest()
