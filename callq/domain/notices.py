"""通知: what a hall tells everyone, posted by a supervisor while it runs.

Those of the hall file stand beside them, and are no part of this: they end with the configuration.
Ends are times of the wall's clock, which a suspended hall does not stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from callq.domain.hall import HallConfig
    from callq.domain.state import HallState

NoticeKind = Literal["ordinary", "urgent"]
"""``urgent`` comes before all others, and stays while the hall is suspended."""

MOST: Final = 20
"""Notices in force at once: more than that nobody reads."""


class Notice(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """A notice in force."""

    id: str
    text: str
    since_ms: int
    text_en: str = ""
    kind: NoticeKind = "ordinary"
    zones: tuple[str, ...] = ()
    """Codes; empty: all."""
    until_ms: int | None = None
    """When it ends, Unix ms; None: when it is withdrawn."""

    def told_in(self, zone: str | None) -> bool:
        """Whether a zone's people are told; None is the whole hall."""
        return zone is None or not self.zones or zone in self.zones


def first_end_ms(state: HallState) -> int | None:
    """When the next notice ends, Unix ms; None: none does by itself."""
    return min((one.until_ms for one in state.notices.values() if one.until_ms is not None), default=None)


def homeless(notice: Notice, config: HallConfig) -> bool:
    """Whether none of a notice's zones is in a configuration."""
    return bool(notice.zones) and not any(zone.code in notice.zones for zone in config.zones)
