"""The node: runs every hall of a store, and keeps one hall's fault from the others.

Any number of nodes may share a store, and any of them serves any hall. A hall that fails here is loaded
again from its journal with growing pauses; meanwhile its callers are told to repeat, `/readyz` and
the metrics show it, and the other halls never notice. A hall with an entry that this version cannot
bring into force is quarantined: nothing is served from a guess.
"""

from __future__ import annotations

import random
import socket
from typing import TYPE_CHECKING, Final

import structlog
import trio

from callq import __version__, metrics
from callq.domain import commands as cmd
from callq.domain.errors import CallqError, Code, Rejected, StoreUnavailable
from callq.domain.events import SCHEMA_VERSION, HallConfigured
from callq.domain.hall import digest, lean
from callq.domain.levels import required_level
from callq.runtime.actor import HallActor
from callq.runtime.clock import NodeClock
from callq.runtime.devices import DeviceWatch
from callq.runtime.group import Quarantined
from callq.runtime.heart import Heart, NodeRecord
from callq.runtime.home import MemoryHome
from callq.runtime.keeper import Keeper
from callq.runtime.past import Past
from callq.runtime.practice import PracticeKeeper
from callq.runtime.tides import TideKeeper

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from callq.domain.hall import HallConfig
    from callq.domain.state import HallState
    from callq.journal.port import EntryId, Journal, Keyring
    from callq.metrics import HallStatus
    from callq.runtime.home import Home

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 10.0
QUARANTINE_S: Final = 60.0
"""How long a hall is left alone before it is tried again: only another version or a restored store helps."""

POLL_S: Final = 2.0
"""How often all journals are looked at, behind the hints: what a lost hint named is seen by then."""

HALLS_EVERY: Final = 5
"""How many of these looks it takes to ask which halls there are."""


class Node:
    """All halls of one store on this machine.

    Args:
      journal: shared with other nodes.
      keyring: of the store.
      configs: halls that are created if the store does not have them.
      home: this node's own disk; in memory if not given.
      clock: this node's.
      rng: for pauses and minted keys.
      digest_every: entries between digests of a hall's state, compared by the other nodes; 0: none.
    """

    def __init__(
        self,
        journal: Journal,
        keyring: Keyring,
        configs: Sequence[HallConfig] = (),
        *,
        home: Home | None = None,
        clock: NodeClock | None = None,
        rng: random.Random | None = None,
        digest_every: int = 0,
    ) -> None:
        self.keyring = keyring
        self.home: Home = home or MemoryHome()
        self._journal = journal
        self._configs = {config.id: config for config in configs}
        self._clock = clock or NodeClock()
        self._rng = rng or random.Random()
        self._digest_every = digest_every
        self._actors: dict[str, HallActor] = {}
        self._watches: dict[str, DeviceWatch] = {}
        self._pasts: dict[str, Past] = {}
        self._status: dict[str, HallStatus] = {}
        self._errors: dict[str, str] = {}
        self._outages: dict[str, tuple[int, int]] = {}
        """Outages that halls have yet to record."""
        record = NodeRecord(reads=SCHEMA_VERSION, version=__version__, host=socket.gethostname())
        self._heart = Heart(
            self.home.name,
            record,
            self._down,
            journal,
            self._clock,
            self._rng,
            self._record_outage,
            self._settle,
        )
        self._started = False
        self._unsettled: set[str] = set()
        self._log = structlog.get_logger()

    def actor(self, hall: str) -> HallActor:
        """The running actor of a hall.

        Raises:
          Rejected: `unknown_hall`.
          StoreUnavailable: the hall is being loaded, or cannot be.
        """
        if hall not in self._status:
            raise Rejected(Code.UNKNOWN_HALL, f"no hall {hall!r}", "GET /v1/halls lists them", hall=hall)
        if self._status[hall] != "running":
            raise StoreUnavailable(f"hall {hall} is {self._status[hall]}", retry_after_s=2)
        return self._actors[hall]

    def devices(self, hall: str) -> DeviceWatch:
        """Who watches over the devices of a hall that runs.

        Raises:
          Rejected, StoreUnavailable: as `actor`.
        """
        self.actor(hall)
        return self._watches[hall]

    def halls(self) -> list[str]:
        """Ids of all halls, sorted, running or not."""
        return sorted(self._status)

    @property
    def acts(self) -> int:
        """Grows with everything that is done in any hall."""
        return sum(self._actors[hall].revision for hall, s in self._status.items() if s == "running")

    def health(self) -> dict[str, object]:
        """Whether every hall runs, what each does, who else serves the store, and what people must see."""
        return {
            "ready": not self._why_not_ready(),
            "halls": dict(sorted(self._status.items())),
            "errors": dict(sorted(self._errors.items())),
            "why": self._why_not_ready(),
            "node": self.home.name,
            "nodes": self._heart.names,
            "clock": "off" if self._clock.off_ms else "doubtful" if self._clock.doubtful else "ok",
            "alarms": self.home.alarms,
        }

    def _why_not_ready(self) -> str:
        """What a technician should look at first; empty if the node is ready."""
        if not self._status:
            return "the store has no hall, and none was given"
        if not self._heart.serving:
            return "the store does not answer, or an outage is being recorded"
        if (refusal := self._clock.refusal()) is not None:
            return str(refusal)
        down = {hall: status for hall, status in sorted(self._status.items()) if status != "running"}
        return "; ".join(
            f"{hall} is {status}" + (f" ({self._errors[hall]})" if hall in self._errors else "")
            for hall, status in down.items()
        )

    async def run(self, *, task_status: trio.TaskStatus[Node] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled; started when every hall has run or failed once.

        Raises:
          StoreUnavailable: the store does not even tell which halls it has.
        """
        pulse = await self._heart.beat()
        if not pulse.counted and pulse.last_ms is not None:
            self._outages = dict.fromkeys(await self._journal.halls(), (pulse.last_ms, pulse.time_ms))
        halls = sorted({*await self._journal.halls(), *self._configs, *self.home.halls()})
        self._status = dict.fromkeys(halls, "loading")
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(self.home.run)
                await nursery.start(self._journal.listen, self._heard)
                nursery.start_soon(self._heart.run)
                async with trio.open_nursery() as starting:
                    for hall in halls:
                        starting.start_soon(nursery.start, self._supervise, hall)
                self._started = True
                if not pulse.counted:
                    await self._close_gap()
                nursery.start_soon(self._poll, nursery)
                task_status.started(self)
        finally:
            await self._heart.leave()

    # Halls ----------------------------------------------------------------------------------------

    async def _supervise(
        self, hall: str, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        pause_s = FIRST_PAUSE_S
        reported = False

        def report() -> None:
            nonlocal reported
            if not reported:
                reported = True
                task_status.started()

        while True:
            self._set(hall, "loading")
            began = trio.current_time()
            status: HallStatus = "failed"
            try:
                await self._run_hall(hall, report)
            except* Quarantined as group:
                status = "quarantined"
                self._note(hall, status, _first(group))
            except* Exception as group:
                # Whatever it was, the other halls must go on; the fault is logged, counted and shown.
                self._note(hall, status, _first(group))
            self._set(hall, status)
            report()
            if status == "quarantined":
                await trio.sleep(QUARANTINE_S * self._rng.uniform(0.8, 1.2))
                continue
            if trio.current_time() - began > LONGEST_PAUSE_S:
                pause_s = FIRST_PAUSE_S
            await trio.sleep(pause_s * self._rng.uniform(0.8, 1.2))
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)

    def _note(self, hall: str, status: HallStatus, error: BaseException) -> None:
        self._errors[hall] = f"{type(error).__name__}: {error}"
        expected = isinstance(error, CallqError)
        self._log.error(
            "hall_failed",
            hall=hall,
            status=status,
            error=self._errors[hall],
            exc_info=None if expected else error,
        )

    async def _run_hall(self, hall: str, report: Callable[[], None]) -> None:
        actor = HallActor(
            hall,
            self._journal,
            await self._past(hall),
            self._clock,
            self._rng,
            self._heart,
            self._digest_every,
        )
        await actor.load()
        metrics.alarms(len(self.home.alarms))
        async with trio.open_nursery() as nursery:
            await nursery.start(actor.run)
            await self._configure(actor)
            await self._raise_level(actor)
            if hall in self._outages:
                await self._tell_outage(actor)
            self._actors[hall] = actor
            self._watches[hall] = DeviceWatch(actor, self._journal, self._rng)
            self._errors.pop(hall, None)
            self._set(hall, "running")
            self._log.info("hall_running", hall=hall, revision=actor.revision)
            report()
            keeper = Keeper(actor, self._journal, self.home, lambda: self._heart.is_first(hall))
            nursery.start_soon(keeper.run)
            nursery.start_soon(TideKeeper(actor, self._rng).run)
            nursery.start_soon(self._watches[hall].run)
            if actor.glance(lambda state: state.config.practice):
                nursery.start_soon(PracticeKeeper(actor, self._rng).run)

    def _down(self) -> tuple[str, ...]:
        return tuple(hall for hall, status in self._status.items() if status != "running")

    async def _past(self, hall: str) -> Past:
        if hall not in self._pasts:
            opened = await Past.opened(hall, self.home)
            self._pasts.setdefault(hall, opened)
        return self._pasts[hall]

    async def _settle(self) -> None:
        """Give back what the store has lost of any hall.

        Raises:
          StoreUnavailable: try again.
        """
        async with trio.open_nursery() as nursery:
            for hall in list(self._status):
                nursery.start_soon(self._settle_hall, hall)
        if self._unsettled:
            raise StoreUnavailable(f"not all halls are settled: {', '.join(sorted(self._unsettled))}")

    async def _settle_hall(self, hall: str) -> None:
        self._unsettled.add(hall)
        try:
            await (await self._past(hall)).settle(self._journal, self._clock())
        except StoreUnavailable:
            return
        except (CallqError, OSError) as error:
            # The other halls must go on; this one finds the same when it is loaded.
            self._log.error("hall_not_settled", hall=hall, error=str(error))
        self._unsettled.discard(hall)

    async def _configure(self, actor: HallActor) -> None:
        """Create the hall from its file; a file that differs from what is in force is only reported.

        Raises:
          StoreUnavailable: a live node could not read the hall.
        """
        config = self._configs.get(actor.hall)
        if config is None or actor.config_digest == digest(config):
            return
        if actor.config_digest:
            self._log.warning(
                "hall_file_differs",
                hall=actor.hall,
                in_force=actor.config_digest,
                file=digest(config),
                hint="`callq hall show` tells how, `callq hall load` puts the file in force",
            )
            return
        needed = required_level((HallConfigured(config=lean(config), digest=digest(config)),))
        if needed > self._heart.level:
            raise StoreUnavailable(
                f"the hall file needs schema {needed} and a node reads {self._heart.level}: upgrade it first"
            )
        try:
            await actor.own(cmd.Configure(config=config, level=self._heart.level), _not_created)
        except _Created:
            self._log.info("hall_created_elsewhere", hall=actor.hall)
        lineage = await self._journal.lineage()
        await actor.own(cmd.OpenEpoch(epoch=lineage.epoch))

    async def _raise_level(self, actor: HallActor) -> None:
        """Let the hall use what every live node can read by now."""
        if actor.level < self._heart.level:
            await actor.own(cmd.RaiseLevel(level=self._heart.level))

    def _set(self, hall: str, status: HallStatus) -> None:
        self._status[hall] = status
        metrics.hall_state(hall, status)

    # Outages --------------------------------------------------------------------------------------

    async def _record_outage(self, first_ms: int, last_ms: int) -> bool:
        """Have every hall record that nobody served it; those that do not run now do so when they do."""
        self._outages = dict.fromkeys(self._status, (first_ms, last_ms))
        if not self._started:
            return False
        running = [self._actors[hall] for hall, status in self._status.items() if status == "running"]
        async with trio.open_nursery() as nursery:
            for actor in running:
                nursery.start_soon(self._tell_outage, actor)
        return not any(actor.hall in self._outages for actor in running)

    async def _tell_outage(self, actor: HallActor) -> None:
        first_ms, last_ms = self._outages[actor.hall]
        try:
            await actor.own(cmd.RecordOutage(since_ms=first_ms, until_ms=last_ms))
        except StoreUnavailable as error:
            self._log.warning("outage_not_recorded_yet", hall=actor.hall, error=str(error))
            return
        except CallqError as error:
            self._log.error("outage_not_recorded", hall=actor.hall, error=str(error))
        self._outages.pop(actor.hall, None)

    async def _close_gap(self) -> None:
        try:
            await self._heart.beat(ends_outage=True)
        except StoreUnavailable as error:
            self._log.debug("gap_closed_later", error=str(error))

    # News of other nodes --------------------------------------------------------------------------

    def _heard(self, hall: str, tip: EntryId) -> None:
        if self._status.get(hall) == "running":
            self._actors[hall].heard(tip)

    async def _poll(self, nursery: trio.Nursery) -> None:
        """Look at all journals now and then: hints may get lost, and journals may be rewound."""
        looks = 0
        while True:
            await trio.sleep(POLL_S * self._rng.uniform(0.8, 1.2))
            looks += 1
            try:
                running = [hall for hall, status in self._status.items() if status == "running"]
                for hall, tip in (await self._journal.tips(running)).items():
                    if self._status[hall] == "running":
                        self._actors[hall].heard(tip, newest=True)
                if looks % HALLS_EVERY == 0:
                    for hall in set(await self._journal.halls()) - self._status.keys():
                        self._status[hall] = "loading"
                        nursery.start_soon(self._supervise, hall)
                await self._raise_levels()
            except StoreUnavailable as error:
                self._log.debug("journals_not_looked_at", error=str(error))
            await self.home.tend()
            metrics.alarms(len(self.home.alarms))

    async def _raise_levels(self) -> None:
        for hall, status in list(self._status.items()):
            if status == "running":
                try:
                    await self._raise_level(self._actors[hall])
                except CallqError as error:
                    self._log.debug("level_raised_later", hall=hall, error=str(error))


class _Created(CallqError):
    """Another node was faster."""


def _not_created(state: HallState) -> None:
    if state.created:
        raise _Created(f"hall {state.hall} exists")


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first leaf of a group: what a person wants to read."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
