"""The node: runs every hall of a store, and keeps one hall's fault from the others.

A hall that fails is restarted from its journal with growing pauses; meanwhile its callers are told
to repeat, `/readyz` and the metrics show it, and the other halls never notice.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, Literal

import structlog
import trio

from callq import metrics
from callq.domain import commands as cmd
from callq.domain.errors import CallqError, Code, Rejected, StoreUnavailable
from callq.domain.hall import digest
from callq.runtime.actor import HallActor
from callq.runtime.ids import wall_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from callq.domain.hall import HallConfig
    from callq.journal.port import Journal, Keyring

Status = Literal["loading", "running", "failed"]

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 10.0


class Node:
    """All halls of one store on this machine."""

    def __init__(
        self,
        journal: Journal,
        keyring: Keyring,
        configs: Sequence[HallConfig] = (),
        *,
        clock: Callable[[], int] = wall_ms,
    ) -> None:
        self.keyring = keyring
        self._journal = journal
        self._configs = {config.id: config for config in configs}
        self._clock = clock
        self._actors: dict[str, HallActor] = {}
        self._status: dict[str, Status] = {}
        self._errors: dict[str, str] = {}
        self._log = structlog.get_logger()

    def actor(self, hall: str) -> HallActor:
        """The running actor of a hall.

        Raises:
          Rejected: `unknown_hall`.
          StoreUnavailable: the hall is being loaded or restarted.
        """
        if hall not in self._status:
            raise Rejected(Code.UNKNOWN_HALL, f"no hall {hall!r}", "GET /v1/halls lists them", hall=hall)
        if self._status[hall] != "running":
            raise StoreUnavailable(f"hall {hall} is {self._status[hall]}", retry_after_s=2)
        return self._actors[hall]

    def halls(self) -> list[str]:
        """Ids of all halls, sorted, running or not."""
        return sorted(self._status)

    def health(self) -> dict[str, object]:
        """Whether every hall runs, and what each does."""
        return {
            "ready": bool(self._status) and all(s == "running" for s in self._status.values()),
            "halls": dict(sorted(self._status.items())),
            "errors": dict(sorted(self._errors.items())),
        }

    async def run(self, *, task_status: trio.TaskStatus[Node] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled; started when every hall has run or failed once.

        Raises:
          StoreUnavailable: the store does not even tell which halls it has.
        """
        halls = sorted({*await self._journal.halls(), *self._configs})
        self._status = dict.fromkeys(halls, "loading")
        async with trio.open_nursery() as nursery:
            async with trio.open_nursery() as starting:
                for hall in halls:
                    starting.start_soon(nursery.start, self._supervise, hall)
            task_status.started(self)

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
            try:
                await self._run_hall(hall, report)
            except* Exception as group:
                # Whatever it was, the other halls must go on; the fault is logged, counted and shown.
                error = _first(group)
                self._errors[hall] = f"{type(error).__name__}: {error}"
                expected = isinstance(error, CallqError)
                self._log.error("hall failed", hall=hall, error=self._errors[hall], exc_info=not expected)
            self._set(hall, "failed")
            report()
            if trio.current_time() - began > LONGEST_PAUSE_S:
                pause_s = FIRST_PAUSE_S
            await trio.sleep(pause_s * random.uniform(0.8, 1.2))
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)

    async def _run_hall(self, hall: str, report: Callable[[], None]) -> None:
        actor = HallActor(hall, self._journal, clock=self._clock)
        await actor.load()
        async with trio.open_nursery() as nursery:
            await nursery.start(actor.run)
            await self._configure(actor)
            self._actors[hall] = actor
            self._errors.pop(hall, None)
            self._set(hall, "running")
            self._log.info("hall running", hall=hall, revision=actor.revision)
            report()

    async def _configure(self, actor: HallActor) -> None:
        """Create the hall from its file; a file that differs from what is in force is only reported."""
        config = self._configs.get(actor.hall)
        if config is None or actor.config_digest == digest(config):
            return
        if actor.config_digest:
            self._log.warning(
                "the hall file differs from the configuration in force and was not loaded",
                hall=actor.hall,
                in_force=actor.config_digest,
                file=digest(config),
                hint="send it with the configure command to put it in force",
            )
            return
        await actor.command(cmd.Configure(config=config), who=cmd.SYSTEM, render=lambda *_: None)
        epoch = (await self._journal.lineage()).epoch
        await actor.command(cmd.OpenEpoch(epoch=epoch), who=cmd.SYSTEM, render=lambda *_: None)

    def _set(self, hall: str, status: Status) -> None:
        self._status[hall] = status
        metrics.hall_state(hall, status)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first leaf of a group: what a person wants to read."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
