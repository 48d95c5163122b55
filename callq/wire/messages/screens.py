"""Rows of the views for screens."""

from __future__ import annotations

from typing import Literal

from callq.wire.messages.base import TicketStateName, WindowStateName, _Wire
from callq.wire.messages.halls import Suspended, Ticketing
from callq.wire.messages.ratings import RatingCall
from callq.wire.messages.tickets import Wait

NoticeKindName = Literal["ordinary", "urgent"]


class BoardCall(_Wire, frozen=True, kw_only=True):
    """A call on the screens, newest first; `calls` > 1 means it was repeated."""

    number: str
    window: str
    label: str
    at_ms: int
    calls: int
    state: TicketStateName
    service: str
    service_name: str
    service_name_en: str
    directions: str
    directions_en: str
    zone: str
    zone_name: str
    zone_name_en: str
    zone_place: str
    """Of the window's zone: which floor, which side."""
    zone_place_en: str


class Announcement(_Wire, frozen=True, kw_only=True):
    """A call that a zone's announcer speaks: not before `from_ms`, not begun after `expires_ms`."""

    id: str
    number: str
    window: str
    label: str
    text: str
    """In the hall's first language."""
    text_en: str
    calls: int
    state: TicketStateName
    at_ms: int
    from_ms: int
    until_ms: int
    expires_ms: int
    audio_url: str
    zones: tuple[str, ...]
    """Where it is spoken."""


class VolumeFrom(_Wire, frozen=True, kw_only=True):
    """How loud it is from a moment on, percent; 0: quiet."""

    from_ms: int
    volume: int


class BoardWaiting(_Wire, frozen=True, kw_only=True):
    """How many wait for a service."""

    service: str
    name: str
    name_en: str
    prefix: str
    count: int
    ticketing: Ticketing


class BoardMissed(_Wire, frozen=True, kw_only=True):
    """A number called in vain in the last minutes."""

    number: str
    service: str
    at_ms: int


class BoardWindow(_Wire, frozen=True, kw_only=True):
    """A window's state; citizens see an unstaffed one as not open."""

    id: str
    label: str
    state: WindowStateName
    staffed: bool
    number: str | None


class Notice(_Wire, frozen=True, kw_only=True):
    """What the hall tells everyone, or the people of some zones."""

    id: str | None
    """To withdraw it; null: it stands in the hall file."""
    text: str
    text_en: str
    kind: NoticeKindName
    zones: tuple[str, ...]
    """Codes; empty: all."""
    since_ms: int | None
    until_ms: int | None
    """When it ends; null: when it is withdrawn."""


class ScreenMedia(_Wire, frozen=True, kw_only=True):
    """A picture or a video that a screen shows by turns with others."""

    url: str
    kind: Literal["picture", "video"]


class ScreenLayout(_Wire, frozen=True, kw_only=True):
    """How a screen is laid out and coloured."""

    blocks: tuple[Literal["recent", "waiting", "missed", "media"], ...]
    recent: int | None
    """Earlier calls that are listed; null: as many as the drawing has."""
    accent: str
    """Colour of header, footer and large call; empty: ink-blue."""
    logo: str
    media: tuple[ScreenMedia, ...]
    picture_s: int


class Place(_Wire, frozen=True, kw_only=True):
    """Header of a screen."""

    hall: str
    name: str
    name_en: str
    timezone: str
    zone: str | None
    zone_name: str
    zone_name_en: str
    zone_place: str
    zone_place_en: str
    windows: str
    """Which windows, e.g. 1–6."""


class EntranceService(_Wire, frozen=True, kw_only=True):
    """What is done, where one waits for it, and how long."""

    service: str
    name: str
    name_en: str
    prefix: str
    zone: str
    """Where its people wait; empty: nowhere in particular."""
    zone_name: str
    zone_name_en: str
    zone_place: str
    zone_place_en: str
    windows: str
    """Which windows there are equipped for it, e.g. 1–6; all that are, where none there is."""
    working: int
    """How many windows that are at work do it now."""
    count: int
    wait: Wait
    """Of whoever would take an ordinary ticket now."""
    ticketing: Ticketing
    examples: tuple[str, ...]
    theme: str
    """Heading under which kiosks show it; empty: none."""
    theme_en: str
    everyday: str
    """What people call it; empty: its name."""
    bookable: bool
    needs_precheck: bool
    """Whether the desk looks at the papers before a number is given."""


class UnresolvedDesk(_Wire, frozen=True, kw_only=True):
    """办不成事: where matters go that fit nowhere, or came to nothing."""

    service: str
    """That a ticket for it is of; empty: none can be taken."""
    windows: str
    """Which windows, e.g. 80."""
    zone_name: str
    zone_name_en: str
    zone_place: str
    zone_place_en: str
    directions: str
    """How to walk there."""
    directions_en: str


class EntranceZone(_Wire, frozen=True, kw_only=True):
    """A zone and its windows."""

    code: str
    name: str
    name_en: str
    place: str
    place_en: str
    windows: tuple[BoardWindow, ...]


class Strip(_Wire, frozen=True, kw_only=True):
    """A window bar, always whole."""

    window: str
    label: str
    line1: str
    line2: str
    line2_en: str
    """The same in English; empty where the hall is suspended and the reason has no English."""
    number: str | None
    service_name: str
    """Of the ticket there; empty: none."""
    service_name_en: str
    calls: int
    """How often the ticket there was called; 0: none."""
    state: WindowStateName
    opens_ms: int | None
    """When a plan opens it."""
    suspended: Suspended | None
    timezone: str
    accent: str
    """The dark colour that the hall file gives the screens of its zone; empty: ink-blue."""
    rating: RatingCall | None = None
    """Who can rate the service here now; null: nobody, or somebody else is called."""
