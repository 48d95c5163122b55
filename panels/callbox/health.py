"""How each box is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from prometheus_client import Counter, Histogram

from callq.agent.condition import Condition, Conditions, now_ms
from panels.callbox.desk import KINDS

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from panels.callbox.config import AgentConfig
    from panels.callbox.desk import Outcome

State = Literal["starting", "present", "silent", "lost"]
STATES: Final[tuple[State, ...]] = get_args(State)

_CONFIRM_S: Final = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_ANSWER_S: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1)


@dataclass(slots=True, kw_only=True)
class BoxHealth(Condition):
    """What is known of one box.

    Attributes:
      window, kind: as in the file.
      pressed_ms: when it was last pressed; None: never.
      outcome: what became of its last press; empty: there was none.
    """

    window: str
    kind: str
    pressed_ms: int | None = None
    outcome: str = ""


class Health(Conditions[BoxHealth]):
    """All boxes of an agent, and its feed; `refused` are windows."""

    def __init__(self, config: AgentConfig) -> None:
        boxes = [
            BoxHealth(
                name=pad.name, window=pad.window, kind="keypad", address=pad.device or pad.match or pad.usb
            )
            for pad in config.keypads
        ]
        boxes += [
            BoxHealth(
                name=box.name, window=box.window, kind=line.protocol, address=f"{line.address} {box.address}"
            )
            for line in config.lines
            for box in line.boxes
        ]
        super().__init__(
            boxes,
            states=STATES,
            good=frozenset({"present"}),
            prefix="callq_callbox",
            noun="box",
            keys=("boxes", "windows"),
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
        for line in config.lines:
            self._garbage.labels(line.name)
            self._answer.labels(line.name)
        for box in boxes:
            for kind in KINDS:
                self._presses.labels(box.name, kind)

    def present(self, name: str) -> None:
        """A box is there."""
        self.become(name, "present")

    def silent(self, name: str) -> None:
        """A box on an open line says nothing any more."""
        self.become(name, "silent", "it says nothing any more")

    def lost(self, name: str, error: str) -> None:
        """A box, or the line that it hangs on, is not there."""
        self.become(name, "lost", error)

    def pressed(self, name: str, outcome: Outcome) -> None:
        """A press of a box has come to its end."""
        box = self.devices[name]
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

    def log(self, one: BoxHealth, log: FilteringBoundLogger) -> None:
        """Say that a box has changed."""
        if one.state == "present":
            log.info("callbox_present", address=one.address)
        else:
            log.warning("callbox_missing", state=one.state, address=one.address, error=one.error)
