"""How each device is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from prometheus_client import Counter, Histogram

from callq.agent.condition import Condition, Conditions, now_ms

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from displays.led.config import Device

State = Literal["starting", "shown", "sent", "refused", "lost"]
"""Of a device: `shown` is confirmed by it; `sent` is all that can be known of one that does not answer."""

STATES: Final[tuple[State, ...]] = get_args(State)
GOOD: Final = frozenset({"shown", "sent"})

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


@dataclass(slots=True, kw_only=True)
class DeviceHealth(Condition):
    """What is known of one device.

    Attributes:
      device: as in the file.
      shown_ms: when it was last sent something without fault; None: never.
      view: that it shows.
      sent, lost: how often it was sent something new, and how often it was lost.
    """

    device: Device
    shown_ms: int | None = None
    view: str = ""
    sent: int = 0
    lost: int = 0

    def told(self) -> dict[str, Any]:
        """As JSON."""
        device = self.device
        return {
            "name": device.name,
            "protocol": device.protocol,
            "address": device.address,
            "shows": f"window {device.window}" if device.window else f"zone {device.zone}",
            "state": self.state,
            "since_ms": self.since_ms,
            "shown_ms": self.shown_ms,
            "error": self.error,
            "sent": self.sent,
            "lost": self.lost,
        }


class Health(Conditions[DeviceHealth]):
    """All devices of a gateway, and its feed."""

    def __init__(self, devices: tuple[Device, ...]) -> None:
        super().__init__(
            (DeviceHealth(name=device.name, address=device.address, device=device) for device in devices),
            states=STATES,
            good=GOOD,
            prefix="callq_led",
            noun="device",
            keys=("devices", "views"),
        )
        self._sent = Counter(
            "callq_led_sent_signs", "Signs sent to a device", ("device",), registry=self.registry
        )
        self._lost = Counter(
            "callq_led_lost_devices", "Times a device was lost", ("device",), registry=self.registry
        )
        self._seconds = Histogram(
            "callq_led_show_duration_seconds",
            "From a change on the feed to its bytes being sent, and confirmed where the device does",
            ("protocol",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        for device in devices:
            self._sent.labels(device.name)
            self._lost.labels(device.name)

    def shown(self, name: str, seconds: float | None) -> None:
        """A device was sent what it shall show; `seconds` after the change, None: the same again."""
        one = self.devices[name]
        one.shown_ms = now_ms()
        if seconds is not None:
            one.sent += 1
            self._sent.labels(name).inc()
            self._seconds.labels(one.device.protocol).observe(seconds)
        self.become(name, "shown" if one.device.confirms else "sent")

    def reached(self, name: str) -> None:
        """A device can be reached, and has nothing to show yet."""
        if self.devices[name].state == "lost":
            self.become(name, "starting")

    def refused_by(self, name: str, error: str) -> None:
        """A device does not take what it is sent."""
        self.become(name, "refused", error)

    def lost(self, name: str, error: str) -> None:
        """A device cannot be reached."""
        one = self.devices[name]
        if one.state != "lost":
            one.lost += 1
            self._lost.labels(name).inc()
        self.become(name, "lost", error)

    def log(self, one: DeviceHealth, log: FilteringBoundLogger) -> None:
        """Say that a device has changed."""
        if one.state == "lost":
            log.warning("led_lost", error=one.error, address=one.address)
        elif one.state == "refused":
            log.error("led_refused", error=one.error)
        elif one.state in GOOD:
            log.info("led_shows", address=one.address)
