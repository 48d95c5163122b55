"""Keeping the tides of one hall: once a minute what is to come is reckoned, and the plan is sent.

The node that wrote last does it as the minute begins; another one a little later, and only if nothing
was written for that minute. A plan of two nodes for one minute acts once: the rule sees to it. Reckoning
takes a few milliseconds, beside which handing it to a thread would not pay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
import trio

from callq import metrics
from callq.domain import commands as cmd
from callq.domain.errors import StoreUnavailable
from callq.runtime.group import CommandFailed
from callq.tidal.reckon import reckon
from callq.tidal.sight import Days, awake, look

if TYPE_CHECKING:
    from random import Random

    from callq.domain.state import HallState
    from callq.domain.tides import TidePlan
    from callq.runtime.actor import HallActor
    from callq.tidal.sight import Sight

MINUTE_MS: Final = 60_000

LATE_S: Final = 5.0
"""A node that did not write the last entry leaves a minute to the one that did for so long, and longer."""


class TideKeeper:
    """Reckons one hall's tides on this node.

    Args:
      actor: of the hall, running.
      rng: for how late this node is where another one is to do it.
    """

    def __init__(self, actor: HallActor, rng: Random) -> None:
        self._actor = actor
        self._rng = rng
        self._days = Days()
        self._seen: str | None = None
        """The plan in force when this node last looked; None: it has not yet."""
        self._log = structlog.get_logger().bind(hall=actor.hall)

    async def run(self) -> None:
        """Reckon every minute, until cancelled; a fault is told and costs that minute only."""
        while True:
            wait_s = (MINUTE_MS - self._actor.now() % MINUTE_MS) / 1000
            if not self._actor.acts_first:
                wait_s += LATE_S * self._rng.uniform(1, 2)
            await trio.sleep(wait_s)
            try:
                await self.turn()
            except (StoreUnavailable, CommandFailed) as error:
                self._log.debug("tides_wait", error=str(error))
            except Exception as error:  # The hall goes on without its tides.
                self._log.error("tides_not_reckoned", error=str(error), exc_info=error)

    async def turn(self) -> None:
        """Reckon the present minute, and send what comes of it.

        Raises:
          StoreUnavailable, CommandFailed: not this minute.
        """
        began = trio.current_time()
        sight = self._actor.glance(self._see)
        if sight is None:
            return
        self._tell_kept(sight.state.in_force)
        command = reckon(sight)
        seconds = trio.current_time() - began
        soon = max((need.windows for need in command.memory.needs), default=0)
        metrics.tides_reckoned(self._actor.hall, seconds, soon, command.memory.there)
        learned = command.memory != sight.state.memory or command.ahead is not None
        if not learned and command.plan is None and sight.state.proposal is None:
            return
        before = sight.state
        after = await self._actor.command(command, who=cmd.SYSTEM, render=lambda state, *_: state.tides)
        self._seen = after.in_force.id if after.in_force else ""
        if after.in_force is not None and after.in_force != before.in_force and not after.by:
            self._log.info("tides_moved", **_told(after.in_force))
            _count(self._actor.hall, after.in_force)
        proposed = after.proposal
        if proposed is not None and (before.proposal is None or before.proposal.id != proposed.id):
            self._log.info("tides_proposed", **_told(proposed))
            metrics.tides_proposed(self._actor.hall)

    def _tell_kept(self, plan: TidePlan | None) -> None:
        """Say that a window stays which was to close after its ticket, the last of this minute."""
        seen, self._seen = self._seen, plan.id if plan else ""
        if plan is None or seen in (None, plan.id) or not plan.only_keeps or not self._actor.acts_first:
            return
        reason = plan.reasons[0]
        self._log.info(
            "tides_kept", plan=plan.id, window=reason.window, service=reason.service, why=reason.code
        )
        _count(self._actor.hall, plan)

    def _see(self, state: HallState) -> Sight | None:
        now_ms = max(self._actor.now(), state.now_ms)
        if not awake(state, now_ms) or now_ms - now_ms % MINUTE_MS <= state.tides.minute_ms:
            return None
        return look(state, self._days, now_ms)


def _told(plan: TidePlan) -> dict[str, object]:
    """What the log says of a plan."""
    return {
        "plan": plan.id,
        "open": plan.open,
        "stay": plan.stay,
        "close": plan.close,
        "drain": plan.drain,
        "leave": plan.leave,
        "windows": plan.wanted,
        "why": [reason.code for reason in plan.reasons],
    }


def _count(hall: str, plan: TidePlan) -> None:
    moves = {
        "open": len(plan.open),
        "stay": len(plan.stay) + max(0, -plan.leave),
        "close": len(plan.close),
        "drain": len(plan.drain) + max(0, plan.leave),
        "skills": len(plan.skills),
    }
    for move, count in moves.items():
        if count:
            metrics.tides_moved(hall, move, count)
