"""How each box is: for logs, Prometheus, and whoever asks the agent."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

from panels.callbox.desk import KINDS

if TYPE_CHECKING:
    from panels.callbox.config import AgentConfig
    from panels.callbox.desk import Outcome

State = Literal["starting", "present", "silent", "lost"]
STATES: Final[tuple[State, ...]] = ("starting", "present", "silent", "lost")

_CONFIRM_S: Final = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_ANSWER_S: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1)


def now_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class BoxHealth:
    """What is known of one box.

    Attributes:
      name, window, kind, address: as in the file.
      state: now.
      since_ms: of the state.
      pressed_ms: when it was last pressed; None: never.
      outcome: what became of its last press; empty: there was none.
      error: why the box is not there; empty where it is.
    """

    name: str
    window: str
    kind: str
    address: str
    state: State = "starting"
    since_ms: int = field(default_factory=now_ms)
    pressed_ms: int | None = None
    outcome: str = ""
    error: str = ""

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


class Health:
    """All boxes and the feed; has metrics of its own, since the agent is a process of its own."""

    def __init__(self, config: AgentConfig) -> None:
        boxes = [
            BoxHealth(pad.name, pad.window, "keypad", pad.device or pad.match or pad.usb)
            for pad in config.keypads
        ]
        boxes += [
            BoxHealth(box.name, box.window, line.protocol, f"{line.address} {box.address}")
            for line in config.lines
            for box in line.boxes
        ]
        self.boxes = {box.name: box for box in boxes}
        self.feed_error = "not connected yet"
        """Why there is no feed; empty while there is one."""
        self.windows: dict[str, str] = {}
        """Windows that the server does not give, with the reason."""
        self.registry = CollectorRegistry()
        self._state = Gauge(
            "callq_callbox_box_status", "1 for the state of a box", ("box", "status"), registry=self.registry
        )
        self._presses = Counter(
            "callq_callbox_presses",
            "Presses, by what became of them",
            ("box", "outcome"),
            registry=self.registry,
        )
        self._confirm = Histogram(
            "callq_callbox_confirm_duration_seconds",
            "From a press to the server's answer",
            buckets=_CONFIRM_S,
            registry=self.registry,
        )
        self._answer = Histogram(
            "callq_callbox_answer_duration_seconds",
            "From a hub's frame to the answer on the line",
            ("line",),
            buckets=_ANSWER_S,
            registry=self.registry,
        )
        self._garbage = Counter(
            "callq_callbox_garbage_bytes",
            "Bytes on a line that belong to no frame",
            ("line",),
            registry=self.registry,
        )
        self._feed = Gauge("callq_callbox_feed_up", "1 while the feed is there", registry=self.registry)
        for line in config.lines:
            self._garbage.labels(line.name)
            self._answer.labels(line.name)
        for name in self.boxes:
            for kind in KINDS:
                self._presses.labels(name, kind)
            self._mark(name, "starting")

    @property
    def good(self) -> bool:
        """Whether the feed is there, every window is known, and no box is missing."""
        return (
            not self.feed_error
            and not self.windows
            and all(box.state in ("starting", "present") for box in self.boxes.values())
        )

    def present(self, name: str) -> None:
        """A box is there."""
        self._become(self.boxes[name], "present", "")

    def silent(self, name: str) -> None:
        """A box on an open line says nothing any more."""
        self._become(self.boxes[name], "silent", "it says nothing any more")

    def lost(self, name: str, error: str) -> None:
        """A box, or the line that it hangs on, is not there."""
        self._become(self.boxes[name], "lost", error)

    def pressed(self, name: str, outcome: Outcome) -> None:
        """A press of a box has come to its end."""
        box = self.boxes[name]
        box.pressed_ms, box.outcome = now_ms(), outcome.kind
        self._presses.labels(name, outcome.kind).inc()
        if outcome.command and outcome.kind != "given_up":
            self._confirm.observe(outcome.seconds)

    def answered(self, line: str, seconds: float) -> None:
        """A hub was answered."""
        self._answer.labels(line).observe(seconds)

    def garbage(self, line: str, count: int) -> None:
        """Bytes on a line made no sense."""
        self._garbage.labels(line).inc(count)

    def feed(self, error: str) -> None:
        """The feed is there (no error), or not."""
        self.feed_error = error
        self._feed.set(not error)

    def _become(self, box: BoxHealth, state: State, error: str) -> None:
        if (state, error) == (box.state, box.error):
            return
        log = structlog.get_logger().bind(device=box.name)
        if state != box.state:
            box.since_ms = now_ms()
        box.state, box.error = state, error
        self._mark(box.name, state)
        if state == "present":
            log.info("callbox_present", address=box.address)
        else:
            log.warning("callbox_missing", state=state, address=box.address, error=error)

    def _mark(self, name: str, state: State) -> None:
        for each in STATES:
            self._state.labels(name, each).set(each == state)

    def json(self) -> bytes:
        """All of it as one JSON object."""
        return msgspec.json.encode(
            {
                "ok": self.good,
                "feed_error": self.feed_error,
                "windows": self.windows,
                "boxes": [box.told() for box in self.boxes.values()],
            }
        )

    def exposition(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)
