"""What happened to the hall, its days, and the store it lives in."""

from __future__ import annotations

import msgspec

from callq.domain.events.base import _Event
from callq.domain.hall import HallConfig


class HallConfigured(_Event, frozen=True, kw_only=True, tag="hall_configured"):
    """A configuration came into force."""

    config: HallConfig
    digest: str
    reason: str = ""
    """Why, in the words of whoever did it."""


class Skipped(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """Numbers of one series that are not given: entries that were lost may have given them."""

    series: str
    """The counter: a prefix, or a prefix and the start of a channel's range."""
    prefix: str
    first: int
    last: int


class EpochOpened(_Event, frozen=True, kw_only=True, tag="epoch_opened"):
    """The store's lineage changed."""

    epoch: str
    skipped: tuple[Skipped, ...] = ()
    """What each series leaves out after a failover."""


class OutageRecorded(_Event, frozen=True, kw_only=True, tag="outage_recorded"):
    """Nobody could reach the hall for a while: what must happen within a time has that much longer."""

    since_ms: int
    until_ms: int


class FeatureLevelRaised(_Event, frozen=True, kw_only=True, tag="feature_level_raised"):
    """Every node reads this schema: from now on batches may use it."""

    level: int


class DayOpened(_Event, frozen=True, kw_only=True, tag="day_opened"):
    """A business day began: numbers start again, what ended before the last one is forgotten."""

    day: str
    ends_ms: int
    """When it ends, as worked out when it began: a replay needs no calendar."""
    own_counts: bool = False
    """Clerks' counts of the day are of its own tickets alone, not of services that outlive the day before."""
    skipped: tuple[Skipped, ...] = ()
    """Numbers left out at its beginning, which a lost tail of the journal may have given already."""


class HallSuspended(_Event, frozen=True, kw_only=True, tag="hall_suspended"):
    """Clocks and calls stand still."""

    reason: str = ""
    reason_en: str = ""


class HallResumed(_Event, frozen=True, kw_only=True, tag="hall_resumed"):
    """Clocks and calls go on."""

    slots_kept: bool = False
    """Slots stayed where they are by the wall's clock: who came early for one has not longer to wait."""


class IssuingStopped(_Event, frozen=True, kw_only=True, tag="issuing_stopped"):
    """No tickets for a service for now."""

    service: str
    reason: str
    reason_en: str = ""


class IssuingStarted(_Event, frozen=True, kw_only=True, tag="issuing_started"):
    """Tickets for it again."""

    service: str


class DayClosed(_Event, frozen=True, kw_only=True, tag="day_closed"):
    """The business day was ended before its time: no tickets until the next."""

    reason: str = ""
