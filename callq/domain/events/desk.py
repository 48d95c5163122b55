"""What happened at the desk."""

from __future__ import annotations

from callq.domain.events.base import _Event


class HelperJoined(_Event, frozen=True, kw_only=True, tag="helper_joined"):
    """A helper goes along with the holder of a ticket; who it is, the batch says."""

    ticket: str
    helper: str = ""
    """Name of the helper's token."""


class HelperLeft(_Event, frozen=True, kw_only=True, tag="helper_left"):
    """No more."""

    ticket: str


class TicketPrechecked(_Event, frozen=True, kw_only=True, tag="ticket_prechecked"):
    """The holder of a ticket was pre-checked, with its issue or since."""

    ticket: str
    service: str
    missing: tuple[str, ...] = ()
    """In the hall file's words; empty: passed."""
    helper: str = ""
    """Name of the helper's token."""


class SentHome(_Event, frozen=True, kw_only=True, tag="sent_home"):
    """Somebody was pre-checked and took no number, since something was missing."""

    service: str
    missing: tuple[str, ...]
    item: str = ""
