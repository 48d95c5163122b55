"""For programs that stand beside a device: they tell the server how it is, and do what it is told."""

from __future__ import annotations

from callq.agent.health import BEAT_S, VERSION, ActFailed, HealthReporter

__all__ = ["BEAT_S", "VERSION", "ActFailed", "HealthReporter"]
