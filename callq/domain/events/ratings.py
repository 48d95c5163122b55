"""What became of bad ratings."""

from __future__ import annotations

from callq.domain.cases import RatedAt
from callq.domain.events.base import _Event


class RatingTakenBack(_Event, frozen=True, kw_only=True, tag="rating_taken_back"):
    """The completion that was rated was undone; it follows that in the same batch."""

    ticket: str
    step: int


class CaseOpened(_Event, frozen=True, kw_only=True, tag="case_opened"):
    """A bad rating is looked after from now on; it follows the rating in the same batch."""

    case: str
    ticket: str
    step: int
    due_ms: int
    rated_at: RatedAt = "window"


class CaseTaken(_Event, frozen=True, kw_only=True, tag="case_taken"):
    """Somebody is going to call back."""

    case: str


class CaseCalledBack(_Event, frozen=True, kw_only=True, tag="case_called_back"):
    """回访: somebody tried to talk with whoever rated."""

    case: str
    reached: bool
    result: str = ""


class CaseClosed(_Event, frozen=True, kw_only=True, tag="case_closed"):
    """销号: nothing more is to be done."""

    case: str
    outcome: str


class CaseReopened(_Event, frozen=True, kw_only=True, tag="case_reopened"):
    """It was closed too soon."""

    case: str
    reason: str
    due_ms: int
