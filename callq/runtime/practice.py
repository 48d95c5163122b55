"""The citizens of a practice hall: they come, wait, and come back, as long as a clerk sits there.

One node moves them, the one that wrote last; a hall in which nobody practises is not written to.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

import structlog
import trio

from callq.domain import commands as cmd
from callq.domain.errors import Rejected, StoreUnavailable
from callq.domain.practice import next_act
from callq.runtime.group import CommandFailed
from callq.runtime.ids import new_ticket_id

if TYPE_CHECKING:
    from callq.runtime.actor import HallActor

EVERY_S: Final = 2.0
"""Between two of them."""

WHO: Final = cmd.Actor(role="system", id="practice", name="practice")


class PracticeKeeper:
    """Moves the citizens of one practice hall.

    Args:
      actor: of the hall, running.
      rng: what they are like.
    """

    def __init__(self, actor: HallActor, rng: Random) -> None:
        self._actor = actor
        self._dice = Random(rng.getrandbits(64))

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await trio.sleep(EVERY_S)
            if not self._actor.acts_first:
                continue
            try:
                await self.turn()
            except (Rejected, StoreUnavailable, CommandFailed) as error:
                structlog.get_logger().debug("practice_waits", hall=self._actor.hall, error=str(error))

    async def turn(self) -> None:
        """Let one of them do something.

        Raises:
          Rejected: somebody was quicker.
          StoreUnavailable, CommandFailed: not now.
        """
        now_ms = self._actor.now()
        command = self._actor.glance(
            lambda state: next_act(state, self._dice, new_ticket_id(), max(now_ms, state.now_ms))
        )
        if command is not None:
            await self._actor.command(command, who=WHO, render=lambda *_: None)
