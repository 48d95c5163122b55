"""Watching over the devices of one hall: when each was last heard, and who has gone silent.

A report is noted in memory and written to the store with the next turn, for all devices at once, so that
every node knows of it. What is found goes in with a command, on which of several nodes one acts. While
the store, or this node, was away nobody could be heard: silence is counted from when they are back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
import trio

from callq.domain import commands as cmd
from callq.domain.devices import gone_silent, lapsed
from callq.domain.errors import CallqError, StoreUnavailable
from callq.runtime.group import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from callq.domain.state import HallState
    from callq.journal.port import Journal
    from callq.runtime.actor import HallActor

TURN_S: Final = 10.0
"""Between two looks."""

LATE_S: Final = 2.0
"""A node that did not write last looks so much later: it finds what the other one has done."""

AWAY_MS: Final = 30_000
"""Longer without a look at the store, and devices have time to be heard again before they count as silent."""


class DeviceWatch:
    """Watches over one hall's devices on this node.

    Args:
      actor: of the hall, running.
      journal: whose store keeps when devices were heard.
      rng: for how late this node is where another one is to act.
    """

    def __init__(self, actor: HallActor, journal: Journal, rng: Random) -> None:
        self._actor = actor
        self._journal = journal
        self._rng = rng
        self._noted: dict[str, int] = {}
        """Heard here and not written yet."""
        self._seen: dict[str, int] = {}
        """As the store had it."""
        self._watched_ms: int | None = None
        """Since when there was no long pause between looks."""
        self._looked_ms = 0
        self._log = structlog.get_logger().bind(hall=actor.hall)

    def heard(self, device: str, now_ms: int) -> None:
        """Note that a device reports."""
        self._noted[device] = now_ms

    @property
    def seen(self) -> Mapping[str, int]:
        """When each device was last heard by any node, Unix ms; of other nodes a turn late."""
        return {
            device: max(self._seen.get(device, 0), self._noted.get(device, 0))
            for device in self._seen.keys() | self._noted.keys()
        }

    async def run(self) -> None:
        """Look now and then, until cancelled; a fault is told and costs that look only."""
        while True:
            late_s = 0.0 if self._actor.acts_first else LATE_S * self._rng.uniform(1, 2)
            await trio.sleep(TURN_S + late_s)
            try:
                await self.turn()
            except (StoreUnavailable, CommandFailed) as error:
                self._log.debug("devices_wait", error=str(error))
            except Exception as error:  # The hall goes on without anybody watching its devices.
                self._log.error("devices_not_watched", error=str(error), exc_info=error)

    async def turn(self) -> None:
        """Write what was heard, read what others heard, and tell the hall who is silent.

        Raises:
          StoreUnavailable, CommandFailed: not this time.
        """
        idle = self._actor.glance(lambda state: not state.devices)
        if idle and not self._noted:
            return
        await self._exchange()
        now_ms = self._actor.now()
        if self._watched_ms is None or now_ms - self._looked_ms > AWAY_MS:
            self._watched_ms = now_ms
        self._looked_ms = now_ms
        watched_ms = self._watched_ms

        def look(state: HallState) -> cmd.WatchDevices | None:
            silent = gone_silent(state, dict(self.seen), now_ms, watched_ms)
            return cmd.WatchDevices(silent=silent) if silent or lapsed(state, now_ms) else None

        command = self._actor.glance(look)
        if command is None:
            return
        try:
            await self._actor.command(command, who=cmd.SYSTEM, render=lambda *_: None)
        except (StoreUnavailable, CommandFailed):
            raise
        except CallqError as error:
            self._log.error("devices_not_watched", error=str(error))
            return
        for sighting in command.silent:
            self._log.warning("device_silent", device=sighting.device, seen_ms=sighting.seen_ms)

    async def _exchange(self) -> None:
        noted = dict(self._noted)
        seen = await self._journal.devices_seen(self._actor.hall, noted)
        known = self._actor.glance(lambda state: state.devices.keys() | state.index.devices.keys())
        gone = [device for device in seen if device not in known and device not in noted]
        if gone:
            await self._journal.forget_devices(self._actor.hall, gone)
        self._seen = {device: ms for device, ms in seen.items() if device in known or device in noted}
        for device, ms in noted.items():
            if self._noted.get(device) == ms:
                del self._noted[device]
