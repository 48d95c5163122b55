"""Windows, and what commands are answered with."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from callq.wire.messages.base import WindowStateName, _Wire
from callq.wire.messages.panels import LeftTo, PastCall, Why
from callq.wire.messages.tickets import Ticket


class Window(_Wire, frozen=True, kw_only=True):
    """A counter now."""

    id: str
    label: str
    kind: str
    zone: str
    state: WindowStateName
    open: bool
    draining: bool
    pause_after: bool
    active_skills: tuple[str, ...]
    pause_reason: str | None = None
    clerk: str | None = None
    trainee: str | None = None
    """Who sits beside the clerk."""
    ticket: str | None = None
    since_ms: int | None = None
    """When the present state began."""
    opens_ms: int | None = None
    """When a closed window is about to open."""


class TicketAnswer(_Wire, frozen=True, kw_only=True):
    """Answer of ticket requests."""

    ticket: Ticket
    revision: int


class WhyAnswer(_Wire, frozen=True, kw_only=True):
    """Why a ticket was called."""

    ticket: Ticket
    why: Why | None
    """Null: it was not called, or waits again."""
    text: str
    """One sentence, in Chinese: why it was called, or that it was not yet and how many are before it."""
    text_en: str
    calls: tuple[PastCall, ...]
    """All calls of the ticket, the newest first, those that were taken back included; at most the last 17."""
    left_to: LeftTo | None
    """If it waits and an idle window could call it, but leaves it to a better clerk."""
    revision: int


class WindowAnswer(_Wire, frozen=True, kw_only=True):
    """Answer of window requests; `ticket` is the one the command was about."""

    window: Window
    ticket: Ticket | None
    revision: int
    left_to: tuple[LeftTo, ...] | UnsetType = UNSET
    """Only of a `call_next` that called nobody: whom the window leaves to better clerks."""


class RevisionAnswer(_Wire, frozen=True, kw_only=True):
    """Answer of hall commands."""

    revision: int
