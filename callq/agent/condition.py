"""How the devices of a program are, and its feed: for logs, Prometheus, and whoever asks its status page."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import generate_latest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from structlog.typing import FilteringBoundLogger

STARTING: Final = "starting"
"""State of a device of which nothing is known yet."""


def now_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True, kw_only=True)
class Condition:
    """What is known of one device.

    Attributes:
      name: as in the file.
      address: where it is.
      state: now; `STARTING`, or another of its program's states.
      since_ms: of the state.
      error: what is wrong; empty where nothing is.
    """

    name: str
    address: str
    state: str = STARTING
    since_ms: int = field(default_factory=now_ms)
    error: str = ""

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


C = TypeVar("C", bound=Condition)


class Conditions(ABC, Generic[C]):
    """All devices of a program and its feed; has metrics of its own, since it is a process of its own.

    Args:
      devices: what is known of each.
      states: that a device can be in.
      good: those in which nothing is wrong.
      prefix: of the metrics: ``callq_led``.
      noun: a device, as a label and in the name of the metric of its state.
      keys: of the JSON: for all devices, and for what the server does not give.

    Attributes:
      devices: by name.
      feed_error: why there is no feed; empty while there is one.
      refused: views or windows that the server does not give, with the reason.
      registry: of the metrics.
    """

    def __init__(
        self,
        devices: Iterable[C],
        *,
        states: tuple[str, ...],
        good: frozenset[str],
        prefix: str,
        noun: str,
        keys: tuple[str, str],
    ) -> None:
        self.devices = {one.name: one for one in devices}
        self.feed_error = "not connected yet"
        self.refused: dict[str, str] = {}
        self.registry = CollectorRegistry()
        self._states, self._good, self._keys = states, good | {STARTING}, keys
        self._state = Gauge(
            f"{prefix}_{noun}_status",
            f"1 for the state of a {noun}",
            (noun, "status"),
            registry=self.registry,
        )
        self._feed = Gauge(f"{prefix}_feed_up", "1 while the feed is there", registry=self.registry)
        for one in self.devices.values():
            self._mark(one)

    @property
    def good(self) -> bool:
        """Whether the feed is there and gives everything, and nothing is wrong with any device."""
        return (
            not self.feed_error
            and not self.refused
            and all(one.state in self._good for one in self.devices.values())
        )

    def feed(self, error: str) -> None:
        """The feed is there (no error), or not."""
        self.feed_error = error
        self._feed.set(not error)

    def become(self, name: str, state: str, error: str = "") -> None:
        """A device is in this state now; that it is in already changes nothing."""
        one = self.devices[name]
        if (state, error) == (one.state, one.error):
            return
        if state != one.state:
            one.since_ms = now_ms()
        one.state, one.error = state, error
        self._mark(one)
        self.log(one, structlog.get_logger().bind(device=name))

    @abstractmethod
    def log(self, one: C, log: FilteringBoundLogger) -> None:
        """Say that a device has changed."""

    def json(self) -> bytes:
        """All of it as one JSON object."""
        devices, refused = self._keys
        return msgspec.json.encode(
            {
                "ok": self.good,
                "feed_error": self.feed_error,
                refused: self.refused,
                devices: [one.told() for one in self.devices.values()],
            }
        )

    def exposition(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _mark(self, one: C) -> None:
        for state in self._states:
            self._state.labels(one.name, state).set(state == one.state)
