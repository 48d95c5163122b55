"""A hall with tides, for tests that are transcripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.tides import (
    TideMemory,
    TidePlan,
)
from tests.harness import explained, tidal_hall
from tests.rules.scene import HOUR, MIN, Scene, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.decide import Decision
    from callq.domain.hall import HallConfig

BOSS = cmd.Actor(role="supervisor", id="boss")


class Tidal(Scene):
    """A hall whose minutes are reckoned by the test."""

    def reckon(self, memory: TideMemory | None = None, **plan: Any) -> Decision:
        """A minute passes, and this should move."""
        self.later(MIN)
        self.tick()
        return self.do(self.command(memory, **plan), who=cmd.SYSTEM)

    def command(self, memory: TideMemory | None = None, **plan: Any) -> cmd.ReckonTides:
        """What a node sends that reckons this minute."""
        return cmd.ReckonTides(
            minute_ms=self.now_ms,
            config=self.state.digest,
            memory=memory or self.state.tides.memory,
            plan=explained(TidePlan(**plan)) if plan else None,
        )

    def staff_all(self) -> None:
        """Every window is open, and has been for long enough."""
        for window in ("w1", "w2", "w3"):
            self.do(cmd.Open(window=window))
        self.later(HOUR)

    def stands(self, *windows: str) -> list[str]:
        """States of windows."""
        return [self.state.windows[w].state for w in windows]

    @property
    def asked(self) -> TidePlan:
        """What is proposed."""
        plan = self.state.tides.proposal
        assert plan is not None
        return plan


def tidal(config: HallConfig | None = None, **tides: Any) -> Tidal:
    """A hall with clerks at all windows, closed ones, whose tides are automatic unless told otherwise."""
    hall = config or tidal_hall()
    hall = msgspec.structs.replace(hall, tides=msgspec.structs.replace(hall.tides, **tides))
    scene = Tidal(hall)
    for window, clerk in (("w1", "c1"), ("w2", "c2"), ("w3", "c4")):
        scene.do(cmd.SignIn(window=window, clerk=clerk))
    return scene


@pytest.fixture
def automatic() -> Iterator[Tidal]:
    """Plans are carried out at once."""
    scene = tidal()
    yield scene
    settle(scene)


@pytest.fixture
def advised() -> Iterator[Tidal]:
    """A supervisor is asked."""
    scene = tidal(mode="advise")
    yield scene
    settle(scene)
