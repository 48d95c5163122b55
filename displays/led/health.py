"""How each device is: for logs, Prometheus, and whoever asks the gateway."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

if TYPE_CHECKING:
    from displays.led.config import Device

State = Literal["starting", "shown", "sent", "refused", "lost"]
"""Of a device: `shown` is confirmed by it; `sent` is all that can be known of one that does not answer."""

STATES: Final[tuple[State, ...]] = ("starting", "shown", "sent", "refused", "lost")
GOOD: Final = frozenset({"shown", "sent"})

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


def now_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class DeviceHealth:
    """What is known of one device.

    Attributes:
      state: now.
      since_ms: of the state.
      shown_ms: when it was last sent something without fault; None: never.
      error: what is wrong; empty where nothing is.
      view: that it shows.
      sent, lost: how often it was sent something new, and how often it was lost.
    """

    device: Device
    state: State = "starting"
    since_ms: int = field(default_factory=now_ms)
    shown_ms: int | None = None
    error: str = ""
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


class Health:
    """All devices and the feed; has metrics of its own, since the gateway is a process of its own."""

    def __init__(self, devices: tuple[Device, ...]) -> None:
        self.devices = {device.name: DeviceHealth(device) for device in devices}
        self.feed_error = "not connected yet"
        """Why there is no feed; empty while there is one."""
        self.views: dict[str, str] = {}
        """Views that the server does not give, with the reason."""
        self.registry = CollectorRegistry()
        self._state = Gauge(
            "callq_led_device_status",
            "1 for the state of a device",
            ("device", "status"),
            registry=self.registry,
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
        self._feed = Gauge("callq_led_feed_up", "1 while the feed is there", registry=self.registry)
        for device in devices:
            self._sent.labels(device.name)
            self._lost.labels(device.name)
            self._mark(device.name, "starting")

    @property
    def good(self) -> bool:
        """Whether the feed is there and every device took what it was sent last."""
        waiting = GOOD | {"starting"}
        return (
            not self.feed_error
            and not self.views
            and all(one.state in waiting for one in self.devices.values())
        )

    def shown(self, name: str, seconds: float | None) -> None:
        """A device was sent what it shall show; `seconds` after the change, None: the same again."""
        one = self.devices[name]
        one.shown_ms = now_ms()
        if seconds is not None:
            one.sent += 1
            self._sent.labels(name).inc()
            self._seconds.labels(one.device.protocol).observe(seconds)
        self._become(one, "shown" if one.device.confirms else "sent", "")

    def reached(self, name: str) -> None:
        """A device can be reached, and has nothing to show yet."""
        one = self.devices[name]
        if one.state == "lost":
            self._become(one, "starting", "")

    def refused(self, name: str, error: str) -> None:
        """A device does not take what it is sent."""
        self._become(self.devices[name], "refused", error)

    def lost(self, name: str, error: str) -> None:
        """A device cannot be reached."""
        one = self.devices[name]
        if one.state != "lost":
            one.lost += 1
            self._lost.labels(name).inc()
        self._become(one, "lost", error)

    def feed(self, error: str) -> None:
        """The feed is there (no error), or not."""
        self.feed_error = error
        self._feed.set(not error)

    def _become(self, one: DeviceHealth, state: State, error: str) -> None:
        log = structlog.get_logger().bind(device=one.device.name)
        if (state, error) == (one.state, one.error):
            return
        if state != one.state:
            one.since_ms = now_ms()
        one.state, one.error = state, error
        self._mark(one.device.name, state)
        if state == "lost":
            log.warning("led_lost", error=error, address=one.device.address)
        elif state == "refused":
            log.error("led_refused", error=error)
        elif state in GOOD:
            log.info("led_shows", address=one.device.address)

    def _mark(self, name: str, state: State) -> None:
        for each in STATES:
            self._state.labels(name, each).set(each == state)

    def json(self) -> bytes:
        """All of it as one JSON object."""
        return msgspec.json.encode(
            {
                "ok": self.good,
                "feed_error": self.feed_error,
                "views": self.views,
                "devices": [one.told() for one in self.devices.values()],
            }
        )

    def exposition(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)
