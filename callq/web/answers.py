"""Answers that only HTTP has: a view with its revision, a token, how the server is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from callq.metrics import HallStatus
from callq.wire import messages as m

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Base of answers."""


class Content(NamedTuple):
    """An answer that is no JSON, with its own headers."""

    content: bytes
    headers: Mapping[str, str]


class BoardData(_Answer, frozen=True, kw_only=True):
    """Data of the view `board`."""

    place: m.Place
    calls: tuple[m.BoardCall, ...]
    waiting: tuple[m.BoardWaiting, ...]
    missed: tuple[m.BoardMissed, ...]
    missed_shown_min: int
    rejoin: m.Rejoin
    suspended: m.Suspended | None
    windows: tuple[m.BoardWindow, ...]
    notices: tuple[m.Notice, ...]
    screen: m.ScreenLayout
    server_ms: int


class BoardAnswer(_Answer, frozen=True, kw_only=True):
    """A zone's screen now."""

    revision: int
    epoch: str
    data: BoardData


class FloorTotals(_Answer, frozen=True, kw_only=True):
    """Waiting, late and serving now; the others since the business day began."""

    waiting: int
    late: int
    """Who has waited beyond the target, as of the last change."""
    mean_since_ms: int | None
    """Since when those who wait have waited on average; null: nobody waits."""
    serving: int
    issued: int
    priority: int
    """Of those."""
    done: int
    missed: int


class FloorData(_Answer, frozen=True, kw_only=True):
    """Data of the view `floor`."""

    place: m.Place
    windows: tuple[m.Window, ...]
    clerks: tuple[m.Option, ...]
    queues: tuple[m.Queue, ...]
    services: tuple[m.ServiceNow, ...]
    suspended: m.Suspended | None
    day_closed: bool
    seconded: dict[str, str]
    """Other hall by clerk who serves there."""
    held: tuple[m.HeldTicket, ...]
    help: tuple[m.HelpCall, ...]
    plan: m.Tides
    devices: tuple[m.Device, ...]
    device_counts: m.DeviceCounts
    totals: FloorTotals
    notices: tuple[m.Notice, ...]
    zones: tuple[m.ZoneInfo, ...]
    warnings: tuple[m.FloorWarning, ...]
    thresholds: m.Thresholds
    config_digest: str
    priority_share: m.PriorityShare
    prechecks: m.Prechecks
    accompanied: tuple[m.Accompanied, ...]
    ratings: m.RatingsNow | None
    """Null, as are the cases, for whoever may not list ratings."""
    cases: m.CasesNow | None
    server_ms: int


class FloorAnswer(_Answer, frozen=True, kw_only=True):
    """The hall on one page now."""

    revision: int
    epoch: str
    data: FloorData


class TokenAnswer(_Answer, frozen=True, kw_only=True):
    """A new token; the secret is in no later answer."""

    token: str
    id: str
    role: str
    hall: str | None
    window: str | None
    clerk: str | None
    name: str
    device: str | None


class Alive(_Answer, frozen=True, kw_only=True):
    """The process answers."""

    status: Literal["ok"] = "ok"
    node: str
    """Name of the node that answers."""
    nodes: list[str]
    """Nodes that serve the store."""
    clock: Literal["ok", "doubtful", "off"]
    """``doubtful``: a jump of the wall clock is not followed yet; ``off``: the node does not decide."""
    alarms: list[str]
    """Files in the node's data directory that people have to look at: acknowledged entries that are lost."""


class Ready(_Answer, frozen=True, kw_only=True):
    """Every hall runs."""

    ready: bool
    halls: dict[str, HallStatus]
