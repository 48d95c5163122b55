"""Screens at a simulated hall: they follow a view, lose their node, and go on at another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import trio

from callq.domain.errors import StoreUnavailable
from callq.runtime.hub import FeedClosed
from callq.views.view import View

if TYPE_CHECKING:
    from callq.runtime.hub import Frame, Subscription
    from tests.simulation.nodes import SimNode
    from tests.simulation.run import Run

VIEWS = (View("board"), View("panel", window="w1"), View("board", zone="hall"), View("floor"))


class Watcher:
    """One screen, as the feed's protocol wants it: it resumes by revision and epoch."""

    def __init__(self, run: Run, name: str, view: View) -> None:
        self.run = run
        self.name = name
        self.view = view
        self.node: SimNode = run.world.rng.choice(run.nodes)
        self.data: dict[str, object] = {}
        self.revision: int | None = None
        self.epoch: str | None = None
        self.rewinds = 0
        """How often the store had forgotten something when the last frame came."""

    async def live(self) -> None:
        """Watch until cancelled."""
        rng = self.run.world.rng
        while True:
            node = self.node
            try:
                with node.attached():
                    await self._follow(node)
            except (StoreUnavailable, FeedClosed) as error:
                self.run.world.note(self.name, f"lost {node.name}: {error}")
            await trio.sleep(rng.choice((0.02, 1)) * rng.random())
            if rng.random() < 0.8:
                self.node = rng.choice(self.run.nodes)

    async def _follow(self, node: SimNode) -> None:
        rng = self.run.world.rng
        subscription = node.actor.subscribe(self.view, self.revision, self.epoch)
        try:
            with trio.move_on_after(rng.choice((0.1, 0.4, 4, 60))):
                while True:
                    self._take(await subscription.receive(), node)
            while self.run.closing:
                self._take(await subscription.receive(), node)
        finally:
            subscription.close()

    def _take(self, frame: Frame, node: SimNode) -> None:
        back = self.revision is not None and frame.revision < self.revision
        shaken, self.rewinds = self.rewinds != self.run.model.rewinds, self.run.model.rewinds
        if back and frame.epoch == self.epoch and not shaken:
            self.run.world.violated(
                "revision went back",
                f"{self.name} at {node.name}: {frame.kind} of {frame.revision} after {self.revision}",
            )
        if frame.kind == "snapshot":
            self.data = {}
        elif not self.data:
            self.run.world.violated("change without a snapshot", f"{self.name} at {node.name}")
        self.data.update(frame.data)
        self.revision, self.epoch = frame.revision, frame.epoch

    async def check(self, fresh: Subscription) -> None:
        """What it shows is what a screen that is switched on now shows."""
        frame = await fresh.receive()
        if shown(self.data) != shown(frame.data):
            differ = [key for key, value in frame.data.items() if shown(self.data.get(key)) != shown(value)]
            self.run.world.violated(
                "feed differs",
                f"{self.name} {self.view} at {self.revision} and a fresh one at {frame.revision}: {differ}",
            )


AGES = frozenset(("waited_s", "wait", "ticketing"))
"""What ages by time alone and is the client's to age."""


def shown(data: object) -> object:
    """A view's data as far as they change by events."""
    return _without_ages(msgspec.to_builtins(data))


def _without_ages(data: Any) -> object:
    if isinstance(data, dict):
        return {key: _without_ages(value) for key, value in data.items() if key not in AGES}
    if isinstance(data, list | tuple):
        return [_without_ages(value) for value in data]
    return data
