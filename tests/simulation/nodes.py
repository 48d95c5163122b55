"""Nodes of a simulated installation: each lives, dies between two steps, and lives again on its directory."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

from callq.domain.errors import CallqError, Rejected, StoreUnavailable
from callq.runtime.clock import NodeClock
from callq.runtime.node import Node
from tests.simulation.connection import Line, SimConnection
from tests.simulation.home import HALL, SimHome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.hall import HallConfig
    from callq.runtime.actor import HallActor
    from tests.simulation.redis_model import RedisModel, Server
    from tests.simulation.world import World


class SimNode:
    """A node, its machine's clock, and whoever talks to it.

    Args:
      world: chance, time and trace.
      model: the store.
      name: of the node.
      config: the hall file on its disk.
      line: its network.
      skew_ms: how far its wall clock is ahead.
    """

    def __init__(
        self, world: World, model: RedisModel, name: str, config: HallConfig, line: Line, skew_ms: int
    ) -> None:
        self.name = name
        self.home = SimHome(world, name, lambda: [server.store for server in self.servers])
        self.skew_ms = skew_ms
        self.up = False
        self.crashes: list[float] = []
        self._world = world
        self._model = model
        self._config = config
        self._line = line
        self._node: Node | None = None
        self._connection: SimConnection | None = None
        self._life: trio.CancelScope | None = None
        self._callers: dict[trio.CancelScope, None] = {}

    @property
    def line(self) -> Line:
        """Its network; what is set counts at once, and for later lives."""
        return self._line

    @line.setter
    def line(self, line: Line) -> None:
        self._line = line
        if self._connection is not None:
            self._connection.line = line

    @property
    def servers(self) -> set[Server]:
        """Which servers it talks to."""
        return self._connection.servers if self._connection else {self._model.located(self.name)}

    def hang_up(self) -> None:
        """Its connections to the store break."""
        if self._connection is not None:
            self._connection.hang_up()

    def wall_ms(self) -> int:
        """What its wall clock shows."""
        return self._world.true_ms() + self.skew_ms

    @property
    def actor(self) -> HallActor:
        """Of the hall.

        Raises:
          CallqError: not for now.
        """
        if self._node is None or not self.up:
            raise StoreUnavailable(f"{self.name} is down")
        try:
            return self._node.actor(HALL)
        except Rejected as refusal:
            raise StoreUnavailable("the hall is not there yet") from refusal

    @contextmanager
    def attached(self) -> Iterator[trio.CancelScope]:
        """A caller's connection to this node: cancelled when the node dies."""
        with trio.CancelScope() as scope:
            self._callers[scope] = None
            try:
                yield scope
            finally:
                self._callers.pop(scope, None)

    async def live(self) -> None:
        """Run, be killed and run again, until cancelled."""
        while True:
            connection = self._connection = SimConnection(self._model, self.name, self._line)
            with trio.CancelScope() as self._life:
                try:
                    await self._run(connection)
                except* StoreUnavailable as group:
                    # As a process that cannot start: whoever started it starts it again.
                    self._world.note(self.name, "cannot start:", group.exceptions[0])
            self._node = None
            self.up = False
            self._cut_off()
            await trio.sleep(self._world.rng.uniform(0.2, 4))

    async def _run(self, connection: SimConnection) -> None:
        node = Node(
            connection,
            connection,
            [self._config],
            home=self.home.opened(),
            clock=NodeClock(self.wall_ms, trio.current_time, witness=True),
            rng=self._world.rng,
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(node.run)
            self._node = node
            self.up = True
            self._world.note(self.name, "runs")

    def crash(self) -> None:
        """The process dies here and now: nothing that it would have cleaned up is."""
        self._world.note(self.name, "CRASHES")
        self.home.power_off()
        self.crashes.append(self._world.now_s)
        self.up = False
        if self._connection is not None:
            self._connection.die()
        self._cut_off()
        if self._life is not None:
            self._life.cancel()

    def _cut_off(self) -> None:
        for scope in list(self._callers):
            scope.cancel()

    def error(self) -> str:
        """Why the hall does not run here, if it does not."""
        if self._node is None:
            return "the node is down"
        try:
            self._node.actor(HALL)
        except CallqError as error:
            return f"{error} {self._node.health()}"
        return ""
