"""What a person's traits change: which windows come first, which channels ask too much, who may go first.

The table is of minutes: what a channel that is hard for somebody has to save, or one that spares them
something may cost. Traits that nobody knows here change nothing; they are passed on with the ticket.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from callq.guide.reasons import reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.domain.hall import ItemChannel, WindowConfig
    from callq.domain.state import HallState
    from callq.wire.messages.guide import Reason

PRIORITY: Final = frozenset({"elderly", "disabled", "pregnant", "military"})
"""Whom staff may grant priority to."""

STEPLESS: Final = frozenset({"wheelchair"})
"""Who does not take stairs."""

BURDEN_MIN: Final[dict[tuple[str, ItemChannel], float]] = {
    ("elderly", "online"): 120,
    ("elderly", "self_service"): 60,
    ("digital_shy", "online"): 480,
    ("digital_shy", "self_service"): 480,
    ("deaf", "phone"): 480,
    ("blind", "self_service"): 240,
    ("blind", "online"): 60,
    ("wheelchair", "doorstep"): -15,
    ("disabled", "doorstep"): -15,
}
"""Minutes of waiting that a channel is worth less to somebody."""

UPSTAIRS_MIN: Final = 15
"""The same for who does not take stairs, where only windows upstairs serve."""

_FLOOR: Final = re.compile(r"((?:负|地下|[Bb])?[一二三四五六七八九十0-9]+) ?[楼层Ff]")
_GROUND: Final = frozenset({"一", "1"})
_SIGNS: Final = ("手语", "sign language")


def burdens(traits: frozenset[str], channel: ItemChannel) -> tuple[Reason, ...]:
    """What a channel asks of somebody, and what it spares them."""
    if not traits:
        return ()
    counts = [BURDEN_MIN.get((trait, channel), 0.0) for trait in traits]
    asked, spared = sum(n for n in counts if n > 0), sum(n for n in counts if n < 0)
    found = (reason("may_need_help", asked), reason("spares_the_way", spared))
    return tuple(one for one in found if one.minutes)


def upstairs(state: HallState, zone: str) -> bool:
    """Whether a zone's place names another floor than the first; one that names none is taken as level."""
    found = _FLOOR.search(state.index.zones[zone].place) if zone in state.index.zones else None
    return found is not None and found[1] not in _GROUND


def fitting(
    state: HallState, windows: Sequence[WindowConfig], traits: frozenset[str]
) -> tuple[list[WindowConfig], list[Reason]]:
    """Windows that serve a service, the most fitting for somebody first, and what makes them so."""
    if not traits or not windows:
        return list(windows), []
    deaf, first, stepless = "deaf" in traits, bool(traits & PRIORITY), bool(traits & STEPLESS)

    def misses(window: WindowConfig) -> tuple[bool, bool, bool]:
        """What it lacks for them, the weightiest first: who cannot get there has nothing of the rest."""
        return (
            stepless and upstairs(state, window.zone),
            deaf and not _signs(window),
            first and window.kind != "green",
        )

    order = sorted(windows, key=misses)
    level = [window for window in order if not (stepless and upstairs(state, window.zone))]
    reached = level or order
    signing = next((window for window in reached if deaf and _signs(window)), None)
    green = next((window for window in reached if first and window.kind == "green"), None)
    reasons: list[Reason] = []
    if signing:
        reasons.append(reason("sign_language", label=signing.label))
    if green:
        reasons.append(reason("green_window", label=green.label))
    if level and len(level) < len(windows):
        reasons.append(reason("ground_floor"))
    return order, reasons


def _signs(window: WindowConfig) -> bool:
    text = f"{window.label} {window.directions}".lower()
    return any(sign in text for sign in _SIGNS)
