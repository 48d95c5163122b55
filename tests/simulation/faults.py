"""The faults of a simulated run: what its plan says, at the time it says, between any two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from callq.domain.events import EpochOpened, decode_batch
from tests.simulation.connection import GOOD
from tests.simulation.home import HALL

if TYPE_CHECKING:
    from tests.simulation.redis_model import Server
    from tests.simulation.run import Run

FOUNDED: Final = 4
"""Revision from which a hall is configured, has an epoch, and may use every event."""


class Faults:
    """Who makes things go wrong, and puts them right at the end."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._world = run.world
        self._model = run.model
        self._nodes = run.nodes
        self._plan = run.plan
        self._back_s = 0.0
        """When the store that is down comes back."""
        self.unseen_promotions = 0
        """Promoted servers that restarted before any node had met them."""

    async def afflict(self) -> None:
        """Let happen what is planned; afterwards everything can recover."""
        for at_s, fault in self._plan.faults:
            await trio.sleep_until(at_s)
            for _ in range(self._world.rng.randrange(4)):
                # Between any two steps of whoever is at work.
                await trio.lowlevel.checkpoint()
            getattr(self, f"_{fault}")()
        await trio.sleep_until(max(self._plan.length_s, self._back_s))
        self._recover()

    def _recover(self) -> None:
        self._world.note("WORLD", "faults end")
        self._run.closing = True
        for server in self._model.servers:
            if not server.up and server is self._model.master:
                self._start(server)
        for server in self._model.servers:
            if server is not self._model.master and (not server.up or server.role == "master"):
                self._model.demote(server)
        for node in self._nodes:
            self._model.discover(node.name)
            node.line = GOOD
            if abs(node.skew_ms) > 1_500:
                node.skew_ms = 0

    def _node_crash(self) -> None:
        self._world.rng.choice(self._nodes).crash()

    def _store_restart(self) -> None:
        self._down(self._world.rng.uniform(0.05, 1.5))

    def _outage(self) -> None:
        self._down(self._world.rng.choice((3, 12, 40)) * self._world.rng.uniform(0.7, 1.3))

    def _down(self, for_s: float) -> None:
        server = self._model.master
        if server.up:
            self._model.crash(server)
            self._back_s = self._world.now_s + for_s
            self._world.after(for_s, lambda: self._up(server))

    def _up(self, server: Server) -> None:
        if server is self._model.master and not self._model.master.up:
            self._start(self._model.master)

    def _start(self, server: Server) -> None:
        if server.lineage.promoted and not self._knows(server):
            # After a plain restart Redis does not tell any more that it was promoted.
            self.unseen_promotions += 1
        self._model.start(server)

    def _knows(self, server: Server) -> bool:
        """Whether the hall has an epoch of this server's lineage."""
        return any(
            isinstance(event, EpochOpened) and event.epoch == server.lineage.epoch
            for entry in server.store.history(HALL)
            for event in decode_batch(entry.payload).events
        )

    def _shift(self) -> None:
        if self._model.master.up and not self._model.master.lineage.promoted:
            # One that was promoted has a backlog, and keeps its ids while it has.
            self._model.shift()

    def _replica_stalls(self) -> None:
        for replica in self._model.master.replicas:
            replica.stalled_until = self._world.now_s + self._world.rng.uniform(0.5, 5)

    def _failover(self) -> None:
        rng = self._world.rng
        replicas = self._model.master.replicas
        for replica in replicas:
            replica.catch_up()
        if not replicas or min(replica.store.tip(HALL).revision for replica in replicas) < FOUNDED:
            # A hall that two sides create is two halls: nothing is promised for that.
            return
        old_lives = self._model.master.up and rng.random() < 0.5
        old = self._model.fail_over(old_lives)
        for node in self._nodes:
            self._world.after(rng.choice((0, 1, 6)) * rng.random(), lambda name=node.name: self._found(name))
        self._world.after(rng.uniform(0.5, 15), lambda: self._demoted(old))

    def _found(self, name: str) -> None:
        self._world.note(name, "discovers", self._model.master.name)
        self._model.discover(name)
        if self._world.chance(0.5):
            # By an address that moved: what was connected to the old one breaks.
            next(node for node in self._nodes if node.name == name).hang_up()

    def _demoted(self, old: Server) -> None:
        for server in self._model.servers:
            follows = server.role == "replica" and server.up
            if server is old and server is not self._model.master and not follows:
                self._model.demote(server)

    def _wrong_clock(self) -> None:
        node = self._world.rng.choice(self._nodes)
        node.skew_ms = round(
            self._world.rng.choice((-1, 1)) * self._world.rng.choice((3_000, 20_000, 90_000))
        )
        self._world.note(node.name, "clock is off by", node.skew_ms, "ms")
