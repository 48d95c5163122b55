"""Devices of a hall: how often they report, what is known of each, and when silence counts.

A device is a screen, an LED bar, a kiosk, a call box, a printer or a rating tablet. It reports every
`BEAT_MS`; a report that says nothing new is no event. When a device was last heard is kept beside the
journal, and what matters of it (silent, heard again) comes in as a command of the node that watches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from callq.domain.state import HallState

DeviceOrderName = Literal["test", "restart", "resend"]
DeviceState = Literal["ok", "fault", "silent", "unknown"]

STATES: Final[tuple[DeviceState, ...]] = ("ok", "fault", "silent", "unknown")

BEAT_MS: Final = 30_000
"""How often a device reports."""

MISSED_BEATS: Final = 3
"""So many reports that did not come, and a device is silent."""

SILENT_MS: Final = BEAT_MS * MISSED_BEATS

ORDER_VALID_MS: Final = 15 * 60_000
"""A device that comes back later than this after an order is not given it any more."""

MAX_UNLISTED: Final = 200
"""Devices that report without being in the hall file, at most."""

AUDIO_BLOCKED: Final = "audio_blocked"
"""Fault of a screen whose browser lets no page sound before somebody has touched it."""


class DeviceFault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One thing that is wrong with a device."""

    code: str
    since_ms: int
    detail: str = ""
    """What the device said of it when it began."""


class DeviceOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The last thing that a device was told to do."""

    id: str
    order: DeviceOrderName
    given_ms: int
    until_ms: int
    """A device that is away until then is not given it any more."""
    by: str = ""
    """Role of whoever gave it."""
    state: Literal["given", "done", "failed", "lapsed"] = "given"
    ended_ms: int | None = None
    error: str = ""
    """Why it could not be carried out, in the device's words."""

    def pending(self, now_ms: int) -> bool:
        """Whether the device is still to carry it out."""
        return self.state == "given" and now_ms < self.until_ms


class DeviceNow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a hall knows of a device, in the file or not."""

    kind: str = ""
    """As it says itself; empty: it was not heard yet."""
    heard_ms: int | None = None
    """When it last said something new, or, if it is silent, when it was last heard; None: never."""
    since_ms: int | None = None
    """Since when it is in its state; None: never heard."""
    silent: bool = False
    version: str = ""
    faults: tuple[DeviceFault, ...] = ()
    """In the order of their beginning."""
    order: DeviceOrder | None = None

    @property
    def state(self) -> DeviceState:
        """What a manager is shown first."""
        if self.heard_ms is None:
            return "unknown"
        if self.silent:
            return "silent"
        return "fault" if self.faults else "ok"

    def fault(self, code: str) -> DeviceFault | None:
        """The fault of this code, if it has it."""
        return next((fault for fault in self.faults if fault.code == code), None)


NEVER: Final = DeviceNow()
"""What is known of a device that was never heard."""


class Sighting(NamedTuple):
    """When a device was last heard."""

    device: str
    seen_ms: int


def listed(state: HallState, device: str) -> bool:
    """Whether a device is in the hall file."""
    return device in state.index.devices


def device_now(state: HallState, device: str) -> DeviceNow:
    """What is known of a device; `NEVER` of one that nobody has heard of."""
    return state.devices.get(device, NEVER)


def gone_silent(state: HallState, seen: dict[str, int], now_ms: int, watched_ms: int) -> tuple[Sighting, ...]:
    """Devices that have missed too many reports and are not known to be silent.

    Args:
      state: the hall.
      seen: when each device was last heard, Unix ms.
      now_ms: Unix milliseconds.
      watched_ms: since when they could be heard without a break: while nobody listens, nobody is silent.
    """
    found = []
    for device, known in state.devices.items():
        if known.silent or known.heard_ms is None:
            continue
        seen_ms = max(seen.get(device, 0), known.heard_ms)
        if now_ms - max(seen_ms, watched_ms) >= SILENT_MS:
            found.append(Sighting(device, seen_ms))
    return tuple(found)


def lapsed(state: HallState, now_ms: int) -> tuple[str, ...]:
    """Devices that did not come for their order in time."""
    return tuple(
        device
        for device, known in state.devices.items()
        if known.order is not None and known.order.state == "given" and now_ms >= known.order.until_ms
    )
