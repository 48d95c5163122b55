"""What a program beside devices needs: ways to them, the feed, and its word to the server on how they are."""

from __future__ import annotations

from callq.agent.health import (
    BEAT_S,
    VERSION,
    ActFailed,
    HealthReporter,
    health_client,
    hurry_told,
)

__all__ = ["BEAT_S", "VERSION", "ActFailed", "HealthReporter", "health_client", "hurry_told"]
