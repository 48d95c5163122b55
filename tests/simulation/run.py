"""A whole installation under simulated faults, and the checks at its end.

Real nodes (`callq.runtime.node.Node`) run on a simulated Redis (`redis_model`, `connection`), with
people (`people`) and screens (`watchers`) who talk to them, on trio's virtual clock. Nodes die between
any two steps and come back; the store restarts, fails over, and executes late what was given up.
Then the faults end, everything must recover, and what people were told is held against what there is
(`checks`). All chance comes from the seed: the same seed is the same run, step by step.

`python -m tests.simulation` runs seeds from a shell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import structlog
import trio
from trio.testing import MockClock

from callq.domain.errors import CallqError
from callq.domain.state import canonical
from callq.journal.port import GENESIS
from callq.runtime import keeper
from tests.harness import small_hall
from tests.simulation.checks import Replay, same_numbers
from tests.simulation.faults import Faults
from tests.simulation.nodes import HALL, SimNode  # type: ignore[attr-defined]
from tests.simulation.people import Answered, crowd
from tests.simulation.profiles import PROFILES, Plan, Profile, draw
from tests.simulation.redis_model import RedisModel
from tests.simulation.watchers import VIEWS, Watcher
from tests.simulation.world import Violation, World, repeatable

if TYPE_CHECKING:
    from collections.abc import Callable

ANSWERED_WITHIN_S = 300.0
"""After the last fault, everyone has an answer by then."""

AGREED_WITHIN_S = 90.0
"""So long after the last answer, all nodes say the same."""

SPOOLED_WITHIN_S = 0.1
"""After its answer, a fact is on the disk of the node that gave it."""

TRACE_SHOWN = 60


class Report(NamedTuple):
    """What a run was like."""

    seed: int
    profile: str
    digest: str
    """Fingerprint of the trace."""
    told: int
    revision: int
    virtual_s: float
    trace: list[str]


class BrokenRun(AssertionError):
    """A run that broke a promise; its words are how to see it again.

    Attributes:
      kinds: which promises.
    """

    def __init__(self, profile: str, world: World, broken: list[Violation], shown: int | None) -> None:
        lines = [str(line) for line in world.trace]
        left_out = [f"... {len(lines) - shown} lines before"] if shown and len(lines) > shown else []
        super().__init__(
            "\n".join(
                (
                    f"python -m tests.simulation --seed {world.seed} --profile {profile}",
                    *left_out,
                    *(lines[-shown:] if shown else lines),
                    *map(str, broken),
                )
            )
        )
        self.kinds = {violation.kind for violation in broken}


class Run:
    """One installation: what people and screens need to know of it."""

    def __init__(self, world: World, profile: Profile, plan: Plan) -> None:
        self.world = world
        self.profile = profile
        self.plan = plan
        self.model = RedisModel(world, plan.replicas, profile.durability, plan.lag_s)
        config = small_hall(rules=plan.rules)
        self.nodes = [
            SimNode(world, self.model, f"n{n}", config, plan.line, skew_ms)
            for n, skew_ms in enumerate(plan.skews_ms)
        ]
        self.closing = False
        self.impatience = world.rng.choice((0, 0.05, 0.2))
        self.told: list[Answered] = []
        self.refused: list[tuple[str, str | None, str | None]] = []
        """Principal, key and ticket of commands that were refused."""
        self.faults = Faults(self)

    # What people find -----------------------------------------------------------------------------

    @property
    def store_shaken(self) -> bool:
        """Whether the store may have forgotten something that it had acknowledged."""
        return self.model.rewinds > 0

    def floor(self, node: SimNode) -> int:
        """Revision that an answer of this node to a question asked now must know of."""
        if node.servers != {self.model.master}:
            return 0
        return self.model.master.store.tip(HALL).revision

    def check_seen(self, who: str, node: SimNode, seen: int, floor: int, rewinds: int, what: str) -> None:
        """An answer must know at least what the journal held when it was asked for."""
        if seen < floor and rewinds == self.model.rewinds:
            self.world.violated(
                "stale answer", f"{what} to {who} at {node.name} is of {seen}; {floor} was there before"
            )

    def not_found(self, answer: Answered, day: str) -> None:
        """A ticket that somebody was given is unknown at another node."""
        if day == answer.day and not self.store_shaken:
            self.world.violated("acknowledged ticket unknown", f"{answer.ticket} ({answer.number})")

    # Life -----------------------------------------------------------------------------------------

    async def run(self) -> int:
        """Live through the plan, recover, check; answers the revision at the end."""
        watchers = [
            Watcher(self, f"screen{n}", VIEWS[self.world.rng.randrange(len(VIEWS))])
            for n in range(self.plan.watchers)
        ]
        revision = 0
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.world.run)
            for node in self.nodes:
                nursery.start_soon(node.live)
            async with trio.open_nursery() as people:
                for watcher in watchers:
                    nursery.start_soon(watcher.live)
                people.start_soon(self.faults.afflict)
                for live in crowd(self):
                    people.start_soon(self._until_answered, live)
            revision = await self._agree()
            self._check()
            await self._check_screens(watchers)
            nursery.cancel_scope.cancel()
        return revision

    async def _until_answered(self, live: Callable[[], object]) -> None:
        with trio.move_on_after(self.plan.length_s + ANSWERED_WITHIN_S) as scope:
            await live()
        if scope.cancelled_caught:
            self.world.violated("never answered", "somebody still waits for an answer")

    # The end --------------------------------------------------------------------------------------

    async def _agree(self) -> int:
        """Wait until all nodes say the same; the revision."""
        states: dict[str, tuple[int, bytes]] = {}
        with trio.move_on_after(AGREED_WITHIN_S):
            while True:
                states = {}
                for node in self.nodes:
                    try:
                        states[node.name] = await node.actor.read(
                            lambda state, now: (state.revision, canonical(state))
                        )
                    except CallqError:
                        break
                revisions = {revision for revision, _ in states.values()}
                tip = self.model.master.store.tip(HALL).revision
                if len(states) == len(self.nodes) and revisions == {tip}:
                    break
                await trio.sleep(0.2)
        if len(states) < len(self.nodes):
            silent = {node.name: node.error() for node in self.nodes if node.name not in states}
            self.world.violated("node does not answer", str(silent))
        self.states = states
        return self.model.master.store.tip(HALL).revision

    def _check(self) -> None:
        store = self.model.master.store
        replay = Replay(self.world, store.history(HALL), store.appended_ms[HALL])
        replay.run()
        replay.did_not(self.refused)
        for name, (_, state) in self.states.items():
            replay.same_state(name, state)
        if not self.store_shaken:
            days = [records for node in self.nodes for records in node.home.days.values()]
            replay.archived(days, store.archived.get(HALL, GENESIS))
        if self.profile.is_sound and any(node.home.alarm_files for node in self.nodes):
            self.world.violated("alarm without a loss", "one master that syncs forgets nothing")
        alarms = [content for node in self.nodes for content in node.home.alarm_files.values()]
        wrote = [answer for answer in self.told if answer.wrote]
        lost = replay.nothing_lost(wrote, alarms, self._died_with)
        # A failover leaves numbers out for them, if it is the only one and can be seen; `everysec` says that
        # a second may be lost, numbers included.
        excused = (
            self.profile.durability == "everysec" or self.faults.unseen_promotions or self.model.rewinds > 1
        )
        same_numbers(self.world, self.told, lost if excused else set())

    def _died_with(self, answer: Answered) -> bool:
        """The store forgot it, and the node died before it was in its spool: nobody is left who knows."""
        deaths = [crash for node in self.nodes if node.name == answer.node for crash in node.crashes]
        return self.store_shaken and any(0 <= crash - answer.at_s < SPOOLED_WITHIN_S for crash in deaths)

    async def _check_screens(self, watchers: list[Watcher]) -> None:
        await trio.sleep(2)
        for watcher in watchers:
            with trio.move_on_after(5) as scope:
                try:
                    fresh = watcher.node.actor.subscribe(watcher.view, None, None)
                    await watcher.check(fresh)
                    fresh.close()
                except CallqError as error:
                    self.world.violated("no feed", f"{watcher.name} at {watcher.node.name}: {error}")
            if scope.cancelled_caught:
                self.world.violated("no feed", f"{watcher.name} at {watcher.node.name} gets no snapshot")


def simulate(seed: int, profile: str, *, shown: int | None = TRACE_SHOWN) -> Report:
    """Run a seed of a profile.

    Args:
      seed: which.
      profile: one of `PROFILES`.
      shown: how many of the last lines of the trace a failure tells; None: all, and a report as well.

    Raises:
      BrokenRun: a promise was broken.
    """
    world = World(seed, profile)
    kind = PROFILES[profile]
    plan = draw(kind, world.rng)
    world.began_ms = plan.began_ms
    revision, told, virtual_s = 0, 0, 0.0

    def logged(_: object, __: str, event: dict[str, object]) -> str:
        rest = " ".join(f"{k}={v}" for k, v in event.items() if k not in ("event", "exc_info"))
        world.note("log", str(event["event"]), rest)
        raise structlog.DropEvent

    async def main() -> None:
        nonlocal revision, told, virtual_s
        run = Run(world, kind, plan)
        revision = await run.run()
        told = sum(answer.wrote for answer in run.told)
        virtual_s = trio.current_time()

    structlog.configure(processors=[logged])  # type: ignore[list-item]
    try:
        patches = ((keeper, "SNAPSHOT_EVERY", plan.snapshot_every), (keeper, "LOOK_EVERY_S", 1.0))
        with repeatable(world, patches):
            trio.run(main, clock=MockClock(autojump_threshold=0))
    except BaseExceptionGroup as group:
        fatal, faults = group.split(Exception)[::-1]
        if fatal is not None:
            raise
        assert faults is not None
        world.broken.append(Violation("unexpected error", repr(faults.exceptions)))
        raise BrokenRun(profile, world, world.broken, shown) from group
    finally:
        structlog.reset_defaults()
    if world.broken:
        raise BrokenRun(profile, world, world.broken, shown)
    lines = [str(line) for line in world.trace]
    return Report(seed, profile, world.digest(), told, revision, virtual_s, [] if shown else lines)
