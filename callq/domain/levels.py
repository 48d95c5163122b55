"""Which schema introduced what, and so which one a batch needs its readers to know.

A hall's batches may use what every node reads (`HallState.level`), no more, so that nodes of two
versions can serve it while they are upgraded one after another. The tables have a row for whatever
joined the stream after schema 1; a test compares them with the shapes of each schema under
``tests/golden``. A field counts only where it has another value than its default, because it is left
out otherwise.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_args

import msgspec

from callq.domain import events as ev
from callq.domain import hall, notices, tides

if TYPE_CHECKING:
    from collections.abc import Iterable

STRUCTS: Final[dict[int, tuple[type[msgspec.Struct], ...]]] = {
    2: (
        ev.TicketRejoined,
        ev.TicketHeld,
        ev.TicketReturned,
        ev.TicketResumed,
        ev.TicketTransferred,
        ev.TicketUnbound,
        ev.TicketReassigned,
        ev.ClassGranted,
        ev.TicketAbandoned,
        ev.StepBegun,
        ev.StepDeferred,
        ev.TicketRated,
        ev.Undone,
        ev.WindowHandedOver,
        ev.TraineeSeated,
        ev.TraineeLeft,
        ev.SkillsSet,
        ev.ClerkSeconded,
        ev.ClerkReturned,
        ev.HallSuspended,
        ev.HallResumed,
        ev.IssuingStopped,
        ev.IssuingStarted,
        ev.DayClosed,
        ev.Booked,
        ev.BookingArrived,
        ev.BookingMoved,
        ev.BookingCancelled,
        ev.NoShow,
        hall.Booking,
        hall.Holiday,
        hall.MovedWorkday,
        hall.NumberRange,
        hall.Resource,
        hall.Session,
        hall.Skill,
    ),
    3: (ev.OutageRecorded, ev.FeatureLevelRaised, ev.Skipped),
    4: (
        ev.Term,
        ev.TidesSet,
        ev.TidesReckoned,
        ev.TidesProposed,
        ev.TidesWithdrawn,
        ev.TidesDeclined,
        ev.TidesApplied,
        ev.WindowOpening,
        ev.WindowOpeningDropped,
        ev.WindowLeftAlone,
        hall.Item,
        hall.Outlet,
        hall.Routing,
        hall.Tides,
        hall.Voice,
        hall.VolumeHours,
        hall.Language,
        hall.ProfileSlot,
        hall.Minimum,
        tides.TidePlan,
        tides.TideReason,
        tides.SkillsOf,
        tides.TideMemory,
        ev.DeviceHeard,
        ev.DeviceVersionChanged,
        ev.DeviceFaultBegan,
        ev.DeviceFaultEnded,
        ev.DeviceSilent,
        ev.DeviceOrdered,
        ev.DeviceOrderEnded,
        ev.DeviceOrderLapsed,
        hall.Device,
        ev.NoticePosted,
        ev.NoticeWithdrawn,
        notices.Notice,
        hall.HallNotice,
        hall.Screens,
        hall.ZoneScreen,
        ev.HelpRequested,
        ev.HelpEnded,
        ev.RatingRequested,
        hall.Warnings,
        ev.PrintRequested,
        ev.PrintTaken,
        ev.PrintEnded,
        ev.PrinterReported,
        hall.Printer,
        ev.HelperJoined,
        ev.HelperLeft,
        ev.TicketPrechecked,
        ev.SentHome,
        hall.Check,
        hall.Desk,
        ev.CaseOpened,
        ev.CaseTaken,
        ev.RatingTakenBack,
        ev.CaseCalledBack,
        ev.CaseClosed,
        ev.CaseReopened,
        ev.RatedService,
        hall.Ratings,
        hall.RatingReason,
    ),
}
"""Events, and structs within them, by the schema that introduced them."""

LEFT_OUT: Final[dict[int, dict[type[msgspec.Struct], tuple[str, ...]]]] = {
    3: {
        ev.TicketCalled: ("clock_ms",),
        ev.TicketReturned: ("clock_ms",),
        ev.TicketUnbound: ("bound",),
        ev.StepDeferred: ("credit_until",),
        ev.HallResumed: ("slots_kept",),
        ev.DayOpened: ("own_counts", "skipped"),
        ev.Booked: ("day",),
        ev.BookingMoved: ("day",),
    },
    4: {
        ev.TicketIssued: ("item", "bound", "class_reason"),
        ev.Why: ("terms", "by", "target_min"),
        ev.TicketReassigned: ("bound",),
        ev.TicketRated: ("about",),
        ev.HallConfigured: ("reason",),
        ev.HallSuspended: ("reason_en",),
        ev.IssuingStopped: ("reason_en",),
    },
}
"""Fields, by their schema, that older readers do without: what they would say is then as it was before."""

FIELDS: Final[dict[int, dict[type[msgspec.Struct], tuple[str, ...]]]] = {
    2: {
        ev.TicketIssued: (
            "clock_ms",
            "party",
            "cases",
            "prefer_clerk",
            "steps",
            "booking",
            "series",
            "credit",
        ),
        ev.TicketStarted: ("auto",),
        ev.TicketCompleted: ("unconfirmed",),
        ev.TicketExpired: ("credit_until",),
        ev.Why: ("reason",),
        hall.HallConfig: ("resources", "sessions", "holidays", "moved_workdays"),
        hall.Service: ("quota", "sessions", "resource", "min_level", "ranges", "booking"),
        hall.Clerk: ("mentor",),
        hall.Rules: (
            "rejoin",
            "rejoin_k",
            "rejoin_max",
            "missed_abandon_min",
            "hold_max_min",
            "undo_s",
            "transfer_wait_min",
            "next_while_serving",
            "next_while_called",
            "auto_call_s",
            "auto_start_s",
            "serving_end_h",
            "renumber_on_reassign",
            "quota_returns_on_cancel",
            "come_back_days",
            "no_show_limit",
            "no_show_days",
            "rate_window_min",
            "rate_phone_h",
        ),
    },
    3: {ev.EpochOpened: ("skipped",), **LEFT_OUT[3]},
    4: {
        hall.HallConfig: (
            "routing",
            "tides",
            "voice",
            "items",
            "outlets",
            "devices",
            "screens",
            "practice",
            "warnings",
            "printers",
            "public_url",
            "desk",
            "ratings",
        ),
        hall.Service: (
            "target_appointment_min",
            "target_priority_min",
            "daily",
            "service_min",
            "service_cv",
            "theme",
            "theme_en",
            "everyday",
            "precheck",
            "needs_precheck",
        ),
        hall.Zone: ("place_en",),
        hall.WindowConfig: ("directions_en",),
        **LEFT_OUT[4],
    },
}
"""Fields that joined a struct later, by schema."""


def readable(events: tuple[ev.Event, ...], level: int) -> tuple[ev.Event, ...]:
    """The same events without what readers of a level do not know and can do without."""
    return tuple(_without(event, _unread(level)) for event in events)


_Unread = dict[type, dict[str, Any]]


@lru_cache
def _unread(level: int) -> _Unread:
    """Defaults of what readers of a level do without, by struct and field."""
    found: _Unread = {}
    for at, structs in LEFT_OUT.items():
        for kind, names in structs.items() if at > level else ():
            defaults = {f.name: f.default for f in msgspec.structs.fields(kind) if f.name in names}
            found.setdefault(kind, {}).update(defaults)
    return found


def _without(value: msgspec.Struct, unread: _Unread) -> Any:  # noqa: ANN401 - another of its kind
    changed = dict(unread.get(type(value), ()))
    for name, _ in _plan(type(value)).inner:
        inner = getattr(value, name)
        if type(inner) in unread:
            changed[name] = _without(inner, unread)
    return msgspec.structs.replace(value, **changed) if changed else value


def required_level(events: Iterable[ev.Event]) -> int:
    """The schema that a reader of these events must know, at least 1.

    A batch is written only where the hall's level is no less; but the first one of a hall, and one that
    raises the level, are written with what they need themselves.
    """
    level = 1
    for event in events:
        level = max(level, _needed(event))
        if isinstance(event, ev.FeatureLevelRaised):
            level = max(level, event.level)
    return level


class _Plan(NamedTuple):
    """What to look at in a struct."""

    level: int
    later: tuple[tuple[str, Any, int], ...]
    """Name, default and level of the fields that joined it later."""
    inner: tuple[tuple[str, Any], ...]
    """Name and default of the fields with structs in them."""


@lru_cache
def _plan(kind: type[msgspec.Struct]) -> _Plan:
    level = next((at for at, structs in STRUCTS.items() if kind in structs), 1)
    joined = {name: at for at, fields in FIELDS.items() for name in fields.get(kind, ())}
    fields = msgspec.structs.fields(kind)
    return _Plan(
        level,
        tuple((field.name, field.default, joined[field.name]) for field in fields if field.name in joined),
        tuple((field.name, field.default) for field in fields if _has_struct(field.type)),
    )


def _has_struct(annotation: Any) -> bool:  # noqa: ANN401 - whatever stands in an annotation
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return True
    return any(_has_struct(part) for part in get_args(annotation))


def _needed(value: object) -> int:
    if isinstance(value, msgspec.Struct):
        plan = _plan(type(value))
        used = (at for name, default, at in plan.later if getattr(value, name) != default)
        inner = (_needed(held) for name, default in plan.inner if (held := getattr(value, name)) != default)
        return max(plan.level, *used, *inner, 1)
    if isinstance(value, dict):
        return max(map(_needed, value.values()), default=1)
    if isinstance(value, tuple):
        return max(map(_needed, value), default=1)
    return 1
