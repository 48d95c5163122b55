"""The error tree and every stable code a caller may meet.

Three kinds: rejected by a rule (the caller's matter, nothing changed), bad bytes from a peer, and
a store that is unavailable for now (try again with the same idempotency key).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, Literal


class Code(StrEnum):
    """Stable machine-readable error codes, as listed in the API document."""

    INVALID = "invalid"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    UNKNOWN_HALL = "unknown_hall"
    UNKNOWN_SERVICE = "unknown_service"
    UNKNOWN_ITEM = "unknown_item"
    UNKNOWN_WINDOW = "unknown_window"
    UNKNOWN_TICKET = "unknown_ticket"
    UNKNOWN_CLERK = "unknown_clerk"
    UNKNOWN_BOOKING = "unknown_booking"
    WRONG_STATE = "wrong_state"
    WINDOW_CLOSED = "window_closed"
    WINDOW_UNSTAFFED = "window_unstaffed"
    WINDOW_PAUSED = "window_paused"
    WINDOW_BUSY = "window_busy"
    WINDOW_OCCUPIED = "window_occupied"
    CLERK_BUSY = "clerk_busy"
    NOT_ELIGIBLE = "not_eligible"
    RESOURCE_BUSY = "resource_busy"
    DUPLICATE_TICKET = "duplicate_ticket"
    QUOTA_EXHAUSTED = "quota_exhausted"
    OUTSIDE_SESSION = "outside_session"
    SERVICE_CLOSED = "service_closed"
    HALL_SUSPENDED = "hall_suspended"
    TOO_SOON = "too_soon"
    LIMIT_REACHED = "limit_reached"
    CHOICE_NEEDED = "choice_needed"
    EXPIRED = "expired"
    TRIMMED = "trimmed"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    TOO_MANY_REQUESTS = "too_many_requests"
    INTERNAL = "internal"
    STORE_UNAVAILABLE = "store_unavailable"
    VOICE_UNAVAILABLE = "voice_unavailable"
    UNKNOWN_DEVICE = "unknown_device"
    PRECHECK_NEEDED = "precheck_needed"
    UNKNOWN_CASE = "unknown_case"
    CASE_TAKEN = "case_taken"


CONFLICT: Final = 409

STATUS: Final[dict[Code, int]] = {
    Code.INVALID: 400,
    Code.UNAUTHORISED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.UNKNOWN_HALL: 404,
    Code.UNKNOWN_SERVICE: 404,
    Code.UNKNOWN_ITEM: 404,
    Code.UNKNOWN_WINDOW: 404,
    Code.UNKNOWN_TICKET: 404,
    Code.UNKNOWN_CLERK: 404,
    Code.UNKNOWN_BOOKING: 404,
    Code.WRONG_STATE: 409,
    Code.WINDOW_CLOSED: 409,
    Code.WINDOW_UNSTAFFED: 409,
    Code.WINDOW_PAUSED: 409,
    Code.WINDOW_BUSY: 409,
    Code.WINDOW_OCCUPIED: 409,
    Code.CLERK_BUSY: 409,
    Code.NOT_ELIGIBLE: 409,
    Code.RESOURCE_BUSY: 409,
    Code.DUPLICATE_TICKET: 409,
    Code.QUOTA_EXHAUSTED: 409,
    Code.OUTSIDE_SESSION: 409,
    Code.SERVICE_CLOSED: 409,
    Code.HALL_SUSPENDED: 409,
    Code.TOO_SOON: 409,
    Code.LIMIT_REACHED: 409,
    Code.CHOICE_NEEDED: 409,
    Code.EXPIRED: 409,
    Code.TRIMMED: 410,
    Code.PAYLOAD_TOO_LARGE: 413,
    Code.IDEMPOTENCY_CONFLICT: 422,
    Code.TOO_MANY_REQUESTS: 429,
    Code.INTERNAL: 500,
    Code.STORE_UNAVAILABLE: 503,
    Code.VOICE_UNAVAILABLE: 503,
    Code.UNKNOWN_DEVICE: 404,
    Code.PRECHECK_NEEDED: 409,
    Code.UNKNOWN_CASE: 404,
    Code.CASE_TAKEN: 409,
}
"""HTTP status of each code."""

TITLE: Final[dict[Code, str]] = {
    Code.INVALID: "The request is not valid",
    Code.UNAUTHORISED: "A valid bearer token is required",
    Code.FORBIDDEN: "This token may not do that",
    Code.NOT_FOUND: "There is nothing at this address",
    Code.UNKNOWN_HALL: "There is no such hall",
    Code.UNKNOWN_SERVICE: "The hall has no such service",
    Code.UNKNOWN_ITEM: "The hall has no such item",
    Code.UNKNOWN_WINDOW: "The hall has no such window",
    Code.UNKNOWN_TICKET: "The hall has no such ticket",
    Code.UNKNOWN_CLERK: "The hall has no such clerk",
    Code.UNKNOWN_BOOKING: "The hall has no such booking",
    Code.WRONG_STATE: "Not possible in the present state",
    Code.WINDOW_CLOSED: "The window is closed",
    Code.WINDOW_UNSTAFFED: "Nobody is signed in at the window",
    Code.WINDOW_PAUSED: "The window is paused",
    Code.WINDOW_BUSY: "The window has a ticket, or one comes back to it",
    Code.WINDOW_OCCUPIED: "A clerk is signed in at the window",
    Code.CLERK_BUSY: "The clerk is signed in, or serves another hall",
    Code.NOT_ELIGIBLE: "The clerk cannot serve anything at this window",
    Code.RESOURCE_BUSY: "What the service needs is all in use",
    Code.QUOTA_EXHAUSTED: "No tickets are left",
    Code.OUTSIDE_SESSION: "Tickets are not given at this time",
    Code.SERVICE_CLOSED: "The service takes no tickets for now",
    Code.HALL_SUSPENDED: "The hall is suspended",
    Code.DUPLICATE_TICKET: "The person already has a live ticket or booking for this service",
    Code.TOO_SOON: "Too soon",
    Code.LIMIT_REACHED: "The limit is reached",
    Code.CHOICE_NEEDED: "Somebody has to choose first",
    Code.EXPIRED: "The time for this has passed",
    Code.TRIMMED: "These events are no longer kept",
    Code.PAYLOAD_TOO_LARGE: "The request body is too large",
    Code.IDEMPOTENCY_CONFLICT: "The idempotency key was used with another body",
    Code.TOO_MANY_REQUESTS: "The server has no room for more",
    Code.INTERNAL: "The server failed; nothing was changed",
    Code.STORE_UNAVAILABLE: "The store is unavailable for now",
    Code.VOICE_UNAVAILABLE: "The server has no voice for this",
    Code.UNKNOWN_DEVICE: "The hall has no such device",
    Code.PRECHECK_NEEDED: "The desk looks at the papers first",
    Code.UNKNOWN_CASE: "The hall has no such case",
    Code.CASE_TAKEN: "Somebody else is calling back",
}


class CallqError(Exception):
    """Root of everything callq raises on purpose."""


class Rejected(CallqError):
    """A rule refused the command; nothing has changed.

    Attributes:
      code: stable code.
      detail: what happened, for this occurrence.
      hint: what the caller can do about it.
      ids: entities concerned, e.g. ``{"ticket": ..., "window": ...}``.
      state: current state of the entity concerned; every conflict (409) has one.
      extra: further members of the problem document, e.g. ``retry_ms``, or every one of the ``problems`` of a
        configuration.
      revision: of the state that it was decided on, once known.
    """

    def __init__(
        self,
        code: Code,
        detail: str,
        hint: str,
        *,
        state: str | None = None,
        **ids: str,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        if state is None and STATUS[code] == CONFLICT:
            raise ValueError(f"a conflict without a state: {code}")
        self.code = code
        self.detail = detail
        self.hint = hint
        self.ids = ids
        self.state = state
        self.extra: dict[str, Any] = {}
        self.revision: int | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception of several arguments does not come back from another process by itself.
        told = (self.code, self.detail, self.hint, self.state, self.ids)
        return _again, told, {"extra": self.extra, "revision": self.revision}

    def having(self, **extra: Any) -> Rejected:  # noqa: ANN401
        """The same refusal with further members."""
        self.extra.update(extra)
        return self


def _again(code: Code, detail: str, hint: str, state: str | None, ids: dict[str, str]) -> Rejected:
    return Rejected(code, detail, hint, state=state, **ids)


class BadBytes(CallqError):
    """Bytes from a peer or from the store that cannot be understood.

    Attributes:
      code: stable: ``bad_bytes``, or ``too_new`` where a later version wrote them.
      hint: what helps; empty: nothing is known.
    """

    def __init__(
        self, detail: str, *, code: Literal["bad_bytes", "too_new"] = "bad_bytes", hint: str = ""
    ) -> None:
        super().__init__(f"{detail}: {hint}" if hint else detail)
        self.code = code
        self.hint = hint


BETWEEN_RELEASES: Final = (
    "damaged, or written by a build between releases, whose data is discarded: see docs/stream-format.md"
)
"""Hint where bytes of a level that this version knows have another shape."""


class StoreUnavailable(CallqError):
    """The store cannot be reached or did not confirm in time; repeat with the same key."""

    def __init__(self, detail: str = "the store did not confirm in time", retry_after_s: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s
