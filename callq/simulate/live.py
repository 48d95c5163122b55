"""A simulated day through the runtime: node, actor, group commit and a journal in memory.

The domain alone is fast, and is what policies are compared on. Here the same commands go the way they go
in a server, under trio's virtual clock: the actor's own timers do what time makes due, and everybody must
end as they did.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import trio
from trio.testing import MockClock

from callq.domain.errors import CallqError
from callq.journal.memory import MemoryJournal
from callq.runtime.clock import NodeClock
from callq.runtime.node import Node
from callq.simulate.engine import WHO

if TYPE_CHECKING:
    from callq.domain import commands as cmd
    from callq.domain.hall import HallConfig
    from callq.domain.state import HallState
    from callq.simulate.engine import SimulatedDay

_Ends = list[tuple[object, ...]]


class Disagreement(CallqError):
    """The runtime came to another end than the domain alone."""


def lived(day: SimulatedDay) -> None:
    """Send the commands of a day that has been simulated through the runtime.

    Args:
      day: over, with its commands kept.

    Raises:
      Disagreement: a ticket has another number, window, time or state there.
    """
    assert day.commands is not None
    config = day.hall.config
    # The first command configures the hall; the node does that by itself.
    ends = trio.run(_run, config, day.commands[0][0], day.commands[1:], clock=MockClock(autojump_threshold=0))
    differing = [(one, other) for one, other in zip(ends_of(day.state), ends, strict=True) if one != other]
    if differing:
        one, other = differing[0]
        raise Disagreement(f"{len(differing)} tickets end otherwise in the runtime, e.g. {other}, not {one}")


def ends_of(state: HallState) -> _Ends:
    """Each ticket's number, window, clerk, state and times."""
    return [
        (t.id, t.number, t.state.value, t.window, t.clerk, t.called_ms, t.started_ms, t.done_ms)
        for _, t in sorted(state.tickets.items())
    ]


async def _run(config: HallConfig, begins_ms: int, commands: list[tuple[int, cmd.AnyCommand]]) -> _Ends:
    def wall() -> int:
        return begins_ms + round(trio.current_time() * 1000)

    journal = MemoryJournal()
    clock = NodeClock(wall, trio.current_time)
    node = Node(journal, journal, [config], clock=clock, rng=random.Random(1))
    async with trio.open_nursery() as nursery:
        await nursery.start(node.run)
        actor = node.actor(config.id)
        for at_ms, command in commands:
            await trio.sleep((at_ms - wall()) / 1000)
            await actor.command(command, who=WHO, render=lambda *_: None)
        ends = await actor.read(lambda state, _: ends_of(state))
        nursery.cancel_scope.cancel()
    return ends
