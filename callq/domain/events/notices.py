"""Notices that were posted and withdrawn."""

from __future__ import annotations

from typing import Literal

from callq.domain.events.base import _Event
from callq.domain.notices import Notice


class NoticePosted(_Event, frozen=True, kw_only=True, tag="notice_posted"):
    """Everyone, or some zones, are told something."""

    notice: Notice


class NoticeWithdrawn(_Event, frozen=True, kw_only=True, tag="notice_withdrawn"):
    """A notice is no longer in force."""

    notice: str
    """Its id."""
    reason: Literal["withdrawn", "over"] = "withdrawn"
    """By somebody, or because its time was over."""
