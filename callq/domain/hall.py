"""The configuration of a hall: what is fixed until the next `configured` event.

These structs are the hall file, the payload of the event that puts a configuration in force, and
what every rule reads. Unknown fields are refused everywhere: a node that meets a field it does not
know must let go of the hall rather than ignore a rule.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec

WindowKind = Literal["comprehensive", "domain", "dedicated", "tidal", "green", "fallback", "result", "remote"]

CODE_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,31}$"
"""Codes of halls, zones, services, windows, clerks and skills: lower case, at most 32 characters."""

PREFIX_PATTERN: Final = r"^[A-HJ-NPR-Z]{1,2}$"
"""Ticket prefixes: one or two capitals, never I, O or Q, which read as digits."""

CODE_RE: Final = re.compile(CODE_PATTERN)
PREFIX_RE: Final = re.compile(PREFIX_PATTERN)


class _Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of configuration structs."""


class Zone(_Config, frozen=True, kw_only=True):
    """A floor or area: screens and voice belong to it."""

    code: str
    name: str
    name_en: str = ""
    place: str = ""
    """Where it is, e.g. 一楼东厅."""
    place_en: str = ""


class NumberRange(_Config, frozen=True, kw_only=True):
    """Which counters a channel draws from, so that e.g. web tickets never collide with a kiosk's paper."""

    channel: Literal["kiosk", "counter", "phone", "web", "guide"]
    first: int
    last: int


class Booking(_Config, frozen=True, kw_only=True):
    """How a service is booked."""

    slot_min: Literal[15, 20, 30, 60] = 60
    capacity: int = 4
    """Bookings a slot."""
    days_ahead: int = 7
    cancel_before_h: int = 2
    """Cancelling or moving is possible until so many hours before the slot."""
    grace_min: int = 15
    """Checking in so late after the slot's start still counts as on time."""
    early_min: int = 30
    """Checking in is possible so long before the slot."""


class Check(_Config, frozen=True, kw_only=True):
    """预审: something to look at before a number: a paper, or a condition."""

    text: str
    text_en: str = ""
    hint: str = ""
    """Where to get it, or what to do without it; told to whoever lacks it."""
    hint_en: str = ""


class Service(_Config, frozen=True, kw_only=True):
    """What a ticket queues for."""

    code: str
    name: str
    prefix: str
    name_en: str = ""
    skill: str = ""
    """Skill a clerk needs; empty means the service's own code."""
    zone: str = ""
    """Zone where people wait; empty means that of the first window equipped for it."""
    examples: tuple[str, ...] = ()
    """Plain examples of matters, for kiosks and guides."""
    target_wait_min: int = 20
    """Minutes nobody should wait longer than; of appointments and priority see below."""
    one_per_person: bool = True
    """Whether a known person may hold only one live ticket for it."""
    quota: int | None = None
    """Tickets a business day; counted once an issue. None: no limit."""
    sessions: tuple[str, ...] = ()
    """Codes of the sessions in which it is ticketed and served; empty means all."""
    resource: str = ""
    """Resource that serving it takes up; empty: none."""
    min_level: int = 1
    """Skill level a clerk needs, 1 to 3."""
    ranges: tuple[NumberRange, ...] = ()
    """Channels with number ranges of their own; others draw from below the first range."""
    booking: Booking | None = None
    """Slots that can be booked; None: no bookings."""
    target_appointment_min: int = 8
    target_priority_min: int = 5
    daily: float = 0.0
    """Tickets expected on a working day: the service's share of the load, and the forecast of the tides."""
    service_min: float = 10.0
    """Mean handling, minutes."""
    service_cv: float = 0.9
    """Coefficient of variation of the handling."""
    theme: str = ""
    """Heading under which kiosks show it, e.g. 个人."""
    theme_en: str = ""
    everyday: str = ""
    """What people call it, e.g. 看病报销: on the large-type page of kiosks, and to find it by."""
    precheck: tuple[str | Check, ...] = ()
    """What helpers look at before a number, in order."""
    needs_precheck: bool = False
    """Whether no number is taken before that: kiosks send people to the desk."""

    @property
    def needs(self) -> str:
        """Code of the skill that this service needs."""
        return self.skill or self.code

    def target_min(self, cls: str) -> int:
        """Minutes nobody of a class should wait longer than."""
        if cls == "priority":
            return self.target_priority_min
        return self.target_appointment_min if cls == "appointment" else self.target_wait_min


class Resource(_Config, frozen=True, kw_only=True):
    """Something scarce that services need, e.g. accounts of a special network."""

    code: str
    name: str
    capacity: int
    """Windows that may serve with it at once."""


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
SessionKind = Literal["morning", "noon", "afternoon", "evening", "weekend", "booked_only"]


class Session(_Config, frozen=True, kw_only=True):
    """Hours of ticketing and of serving, which differ: people inside are served after ticketing ends."""

    code: str
    name: str
    ticketing: str
    """Local hours, e.g. ``08:30-16:30``; ``24:00`` is the end of the day; may run past midnight."""
    serving: str
    kind: SessionKind = "morning"
    """``booked_only``: only bookings are ticketed, and it opens only if there are any."""
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    services: tuple[str, ...] = ()
    """Services ticketed and served in it; empty means all that do not name their sessions."""


class Holiday(_Config, frozen=True, kw_only=True):
    """Days without sessions, both ends included."""

    first: str
    """ISO date."""
    last: str
    name: str = ""


class MovedWorkday(_Config, frozen=True, kw_only=True):
    """调休: a date that works like a weekday though it is not one, holidays or not."""

    date: str
    like: Weekday = "mon"
    name: str = ""


class WindowConfig(_Config, frozen=True, kw_only=True):
    """A counter: a stable id and a shown label."""

    id: str
    label: str
    zone: str
    kind: WindowKind = "comprehensive"
    directions: str = ""
    """How to walk there, e.g. 进门右转，第一排."""
    directions_en: str = ""
    services: tuple[str, ...] = ()
    """Services it is equipped for; empty means all."""


class Skill(_Config, frozen=True, kw_only=True):
    """What a clerk masters, and until when the certificate lasts (持证上岗)."""

    level: int
    """1 to 3."""
    until: str = ""
    """Last day it is valid, ISO date; empty: no end."""


class Clerk(_Config, frozen=True, kw_only=True):
    """Someone who signs in at windows and brings skills."""

    id: str
    name: str
    skills: dict[str, int | Skill]
    """Level 1 to 3, or level and last valid day, by skill code."""
    mentor: str = ""
    """A trainee's mentor: may sign in beside that clerk."""

    def level(self, skill: str, day: str) -> int:
        """Level in a skill on a business day; 0 for none or one that has expired."""
        found = self.skills.get(skill, 0)
        if isinstance(found, Skill):
            return found.level if not found.until or day <= found.until else 0
        return found


class Rules(_Config, frozen=True, kw_only=True):
    """Numbers each hall may set for itself; the defaults are the usual ones."""

    recall_gap_s: int = 10
    max_calls: int = 3
    min_calls_before_miss: int = 2
    missed_shown_min: int = 30
    """How long a missed number stays on the screens."""
    rejoin: Literal["void", "second_call", "k_back"] = "k_back"
    """过号: the number is void, may be called again at the window only, or goes back k places."""
    rejoin_k: int = 3
    rejoin_max: int = 1
    """How often one ticket may rejoin in all."""
    missed_abandon_min: int = 30
    """A missed ticket that does not come back by then is abandoned."""
    hold_max_min: int = 120
    """A held ticket that does not come back by then is abandoned."""
    undo_s: int = 15
    transfer_wait_min: int = 15
    """How long a transfer waits for an absent window or clerk before anyone may take it."""
    next_while_serving: Literal["refuse", "complete"] = "refuse"
    next_while_called: Literal["refuse", "miss"] = "refuse"
    auto_call_s: int = 0
    """An idle window calls by itself after so long; 0: never."""
    auto_start_s: int = 0
    """A called ticket counts as started after so long; 0: never."""
    serving_end_h: int = 2
    """A ticket still serving so long after its day closed is done, unconfirmed."""
    renumber_on_reassign: bool = False
    quota_returns_on_cancel: bool = False
    come_back_days: int = 3
    """A ticket held without papers at the day's close is owed a come-back for so many days; 0: none."""
    no_show_limit: int = 3
    """So many no-shows within `no_show_days` bar a person from booking; 0: never."""
    no_show_days: int = 30
    rate_window_min: int = 10
    """How long a service can be rated at the window."""
    rate_phone_h: int = 24
    """How long it can be rated by phone."""


ItemChannel = Literal[
    "window", "self_service", "remote", "online", "appointment", "phone", "doorstep", "agent"
]
"""Ways in which a matter can be dealt with."""


class Item(_Config, frozen=True, kw_only=True):
    """事项: one government matter, as guides and citizens name it; it maps to exactly one service."""

    code: str
    name: str
    service: str
    name_en: str = ""
    channels: tuple[ItemChannel, ...] = ("window",)
    """How it can be dealt with, the hall's favourite first."""
    precheck: tuple[str | Check, ...] = ()
    """What helpers look at before a number, after what its service has."""


class Outlet(_Config, frozen=True, kw_only=True):
    """A way of dealing with matters that is no queue of the hall: self-service, online, phone and so on."""

    channel: Literal["self_service", "online", "phone", "doorstep", "agent"]
    name: str
    name_en: str = ""
    zone: str = ""
    """Where it is, of ways within the hall."""
    place: str = ""
    """How to find it: directions, an address on the web, a telephone number."""
    hours: str = "00:00-24:00"
    """Local hours."""
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    wait_min: float | None = None
    """Usual wait, minutes; None: not known."""


class Routing(_Config, frozen=True, kw_only=True):
    """Which ticket a free window calls, and the numbers that this goes by."""

    policy: Literal["index", "longest_wait", "fixed_queue_ratio", "strict_priority"]
    pressure: float | None = None
    """Weight of the queues' lengths in the index; None: 21 by the open windows, or these by 84
    if that is less."""
    guard: float = 2.0
    """So many times its target, and a ticket goes first; 0: none does."""
    better_soon_s: int = 60
    """A clerk of level 1 leaves a ticket to a better one who is free within so long; 0: to nobody."""
    first_contact_min: int = 10
    """一号位: so long a ticket waits for the clerk who began its matter, if that clerk is there; 0: never."""


class ProfileSlot(_Config, frozen=True, kw_only=True):
    """How many people come in some hours of the day, against the other hours."""

    hours: str
    """Local hours, e.g. ``09:00-09:30``."""
    rate: float
    """Relative arrivals a minute."""


class Minimum(_Config, frozen=True, kw_only=True):
    """Windows that stay open for a service in some hours, such as over lunch."""

    hours: str
    service: str
    least: int


class Tides(_Config, frozen=True, kw_only=True):
    """潮汐: opening and closing windows as the load moves."""

    mode: Literal["off", "advise", "automatic"] = "off"
    beta: float = 0.0
    """Between cost and comfort: negative saves windows, positive saves waiting."""
    opening_min: int = 5
    """From the decision to open a window until it calls, minutes."""
    min_open_min: int = 20
    """A window that the plan opened stays open at least so long."""
    close_after_min: int = 5
    """One is closed when fewer have been needed for longer than this."""
    close_margin: int = 5
    """So many windows more than needed stay open."""
    windows: tuple[str, ...] = ()
    """Windows that the plan may open and close; empty: those of kind ``tidal``."""
    widening: bool = False
    """Whether the plan also lets clerks use skills that they were told to leave."""
    override_min: int = 30
    """So long the plan leaves a window alone that a person opened or closed."""
    profile: tuple[ProfileSlot, ...] = ()
    minima: tuple[Minimum, ...] = ()


class Language(_Config, frozen=True, kw_only=True):
    """A language in which calls are announced; what is left out is built in for ``zh`` and ``en``."""

    code: str
    """Also the folder of its clips."""
    engine: str = ""
    """Voice of espeak-ng, e.g. ``yue``."""
    call: str = ""
    """Sentence with ``{number}`` and ``{window}``."""
    elsewhere: str = ""
    """The same where people wait in another zone than the window's; also ``{zone}``."""
    again: str = ""
    """Said before a repeated call."""
    digits: tuple[str, ...] = ()
    """How 0 to 9 are spoken."""


class VolumeHours(_Config, frozen=True, kw_only=True):
    """How loud it is in some hours."""

    hours: str
    """Local hours of one day, e.g. ``12:00-14:00``."""
    volume: int
    """Percent; 0: quiet."""


class Voice(_Config, frozen=True, kw_only=True):
    """How calls are announced."""

    one: Literal["yao", "yi"] = "yao"
    """Whether the digit 1 is spoken 幺 or 一 in Mandarin."""
    chime: bool = True
    repeat: int = 1
    """How often a call is spoken each time."""
    stale_s: int = 30
    """A call whose turn has not come so long after it is no longer spoken."""
    volume: int = 80
    """Percent."""
    hours: tuple[VolumeHours, ...] = ()
    """Hours with another volume."""
    rooms: tuple[tuple[str, ...], ...] = ()
    """Zones that hear each other and so take turns."""
    languages: tuple[Language, ...] = ()
    """In the order in which they are spoken; empty: Mandarin alone."""


DeviceKind = Literal["screen", "led", "kiosk", "call_box", "printer", "rating"]


class Device(_Config, frozen=True, kw_only=True):
    """A machine of the hall that reports how it is."""

    id: str
    kind: DeviceKind
    name: str
    zone: str = ""
    """Where it stands; of one that belongs to no window."""
    window: str = ""
    """The window that it belongs to."""
    place: str = ""
    """How to find it, e.g. 东墙，吊顶下."""


class Contact(_Config, frozen=True, kw_only=True):
    """Where people ask when the queue cannot help."""

    phone: str = ""
    address: str = ""


class HallNotice(_Config, frozen=True, kw_only=True):
    """A standing notice that is for some zones, or has an English text."""

    text: str
    text_en: str = ""
    zones: tuple[str, ...] = ()
    """Codes; empty: all."""


ScreenBlock = Literal["recent", "waiting", "missed", "media"]
"""What a zone's screen may show besides the newest call."""


class ZoneScreen(_Config, frozen=True, kw_only=True):
    """What the screens of one zone have otherwise; None: as all screens."""

    zone: str
    blocks: tuple[ScreenBlock, ...] | None = None
    recent: int | None = None
    accent: str | None = None
    media: tuple[str, ...] | None = None
    picture_s: int | None = None


class Screens(_Config, frozen=True, kw_only=True):
    """How the screens are laid out and coloured."""

    blocks: tuple[ScreenBlock, ...] = ("recent", "waiting", "missed")
    recent: int | None = None
    """Earlier calls that are listed; None: seven in landscape, six in portrait."""
    accent: str = ""
    """Dark colour of header, footer and large call, e.g. ``#0B2C4D``; empty: ink-blue."""
    logo: str = ""
    """Short text before the hall's name."""
    media: tuple[str, ...] = ()
    """Pictures and videos of the media folder, in order."""
    picture_s: int = 12
    """How long a picture is shown."""
    zones: tuple[ZoneScreen, ...] = ()

    def of_zone(self, zone: str | None) -> Screens:
        """What holds for a zone's screens, without `zones`; None: for the hall's."""
        own = next((one for one in self.zones if one.zone == zone), None)
        fields = msgspec.structs.asdict(own) if own else {}
        given = {name: value for name, value in fields.items() if name != "zone" and value is not None}
        return msgspec.structs.replace(self, zones=(), **given)


class Warnings(_Config, frozen=True, kw_only=True):
    """预警: from when on the floor page calls for attention; 0 in any of them: never."""

    waiting: int = 10
    """More people than this wait for a service."""
    waiting_severe: int = 20
    """So many more that it is severe."""
    late_severe: float = 1.5
    """So many times its target the first of a queue has waited: severe. Over the target at all: attention."""
    unstaffed_min: int = 1
    """空岗: so many minutes an open window has had no clerk."""
    serving_min: int = 25
    """So many minutes one ticket is being served."""
    paused_min: int = 15
    """So many minutes a window is paused."""


class RatingReason(_Config, frozen=True, kw_only=True):
    """Why somebody was not satisfied, to choose from."""

    code: str
    reason: str
    reason_en: str = ""


class Ratings(_Config, frozen=True, kw_only=True):
    """好差评: which ratings are bad, why, and what becomes of them."""

    bad_level: int = 2
    """Ratings up to this level open a case: 2 is 不满意, 1 非常不满意; 0: none does."""
    due_workdays: int = 1
    """A case is due at the end of the so-manieth working day after its own; 0: by hours."""
    due_h: int = 24
    """So many hours after it was opened, where no working days count."""
    attempts: int = 3
    """回访: so many tries to reach somebody, and a case may be closed without."""
    keep_days: int = 90
    """Closed cases are listed so long; open ones always."""
    reasons: tuple[RatingReason, ...] = ()
    """Empty: the usual six."""


class Printer(_Config, frozen=True, kw_only=True):
    """Where tickets are printed, at a kiosk or a desk."""

    id: str
    name: str
    name_en: str = ""
    zone: str = ""
    """Where it is; empty: nowhere in particular."""
    dots: Literal[384, 576] = 576
    """Width of its paper: 384 for rolls of 58 mm, 576 for 80 mm."""


class Desk(_Config, frozen=True, kw_only=True):
    """帮办导办: what the desk and the helpers may do."""

    priority_share: int = 0
    """Percent of the day's tickets that staff may give priority; 0: no limit."""
    priority_free: int = 10
    """So many may have it before the share counts."""
    over_share: Literal["supervisor", "refuse"] = "supervisor"
    """What is beyond the share: a supervisor's to grant, or nobody's."""


class HallConfig(_Config, frozen=True, kw_only=True):
    """One hall, whole."""

    id: str
    name: str
    zones: tuple[Zone, ...]
    services: tuple[Service, ...]
    windows: tuple[WindowConfig, ...]
    clerks: tuple[Clerk, ...]
    name_en: str = ""
    timezone: str = "Asia/Shanghai"
    day_starts: str = "04:00"
    """Local time at which a business day begins."""
    policy: Literal["longest_wait"] = "longest_wait"
    """What a hall goes by that has no `routing`."""
    contact: Contact = Contact()
    notices: tuple[str | HallNotice, ...] = ()
    resources: tuple[Resource, ...] = ()
    sessions: tuple[Session, ...] = ()
    """None: open all day, every day."""
    holidays: tuple[Holiday, ...] = ()
    moved_workdays: tuple[MovedWorkday, ...] = ()
    rules: Rules = Rules()
    routing: Routing | None = None
    tides: Tides = Tides()
    voice: Voice = Voice()
    items: tuple[Item, ...] = ()
    outlets: tuple[Outlet, ...] = ()
    devices: tuple[Device, ...] = ()
    screens: Screens = Screens()
    practice: bool = False
    """A hall to learn in: marked on its pages, and its citizens are simulated."""
    warnings: Warnings = Warnings()
    printers: tuple[Printer, ...] = ()
    public_url: str = ""
    """Address at which phones reach the server, for the codes on tickets; empty: that of whoever prints."""
    desk: Desk = Desk()
    ratings: Ratings = Ratings()

    @property
    def policy_name(self) -> str:
        """The policy in force."""
        return self.routing.policy if self.routing else self.policy


_ENCODER: Final = msgspec.msgpack.Encoder(order="deterministic")


def remote_only(config: HallConfig) -> tuple[str, ...]:
    """Services that remote windows are equipped for by name, and no other windows; in the hall's order.

    Only with a ticket for one of these is it certain that somebody is served by video.
    """
    by_video = {code for window in config.windows if window.kind == "remote" for code in window.services}
    others = [window for window in config.windows if window.kind != "remote"]
    if not all(window.services for window in others):
        return ()
    shared = {code for window in others for code in window.services}
    return tuple(one.code for one in config.services if one.code in by_video - shared)


def unresolved_desk(config: HallConfig) -> WindowConfig | None:
    """办不成事: where matters go that fit nowhere, or came to nothing; None: the hall has no such window.

    Of several the first that is equipped for a service by name, since a ticket can be taken for that.
    """
    found = [window for window in config.windows if window.kind == "fallback"]
    return next((window for window in found if window.services), found[0] if found else None)


def digest(config: HallConfig) -> str:
    """Hex digest (32 characters) of a configuration: equal content, equal digest.

    Fields that equal their defaults do not count, so that fields added later change no digest. (The
    encoder's own `omit_defaults` goes by identity, and would tell equal configurations apart.)
    """
    return hashlib.blake2b(_ENCODER.encode(plain(config)), digest_size=16).hexdigest()


def lean(config: HallConfig) -> HallConfig:
    """An equal configuration whose encoding leaves out everything that equals a default.

    So nodes that do not know a new field yet can read a configuration that does not use it.
    """
    return msgspec.convert(plain(config), HallConfig)


@lru_cache
def _defaults(kind: type[msgspec.Struct]) -> list[tuple[str, object]]:
    """Fields of a struct and their defaults; msgspec works them out anew each time it is asked."""
    return [(field.name, field.default) for field in msgspec.structs.fields(kind)]


def plain(value: Any) -> Any:  # noqa: ANN401 - structs, and whatever they hold
    """Structs as tables without what equals a default: msgspec leaves out only the very same objects."""
    if isinstance(value, msgspec.Struct):
        fields = ((name, getattr(value, name), default) for name, default in _defaults(type(value)))
        return {name: plain(content) for name, content, default in fields if content != default}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value
