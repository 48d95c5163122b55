"""A node's disk in the simulation: what was written stays, what was only meant to be written does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import trio

from callq.journal.port import EntryId
from callq.journal.records import Records
from callq.runtime.home import WRITE_EVERY_S

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from callq.journal.port import Entry
    from tests.simulation.store import Store
    from tests.simulation.world import World

HALL = "test"


class SimHome:
    """The directory of one node, which outlives the lives of the node.

    Args:
      world: chance, time and trace.
      name: the node's.
      stores: what the servers hold that the node is at, to hold alarms against.

    The spool is written in the background, as `DiskHome` does: a death before that loses what waits.
    """

    def __init__(self, world: World, name: str, stores: Callable[[], Sequence[Store]]) -> None:
        self.name = name
        self.alarm_files: dict[str, bytes] = {}
        self.days: dict[tuple[str, str], Records] = {}
        self._world = world
        self._stores = stores
        self._spool: dict[str, Records] = {}
        self._queue: list[tuple[str, EntryId, list[Entry] | None]] = []
        self._wanted = trio.Event()
        self._off = False

    def opened(self) -> SimHome:
        """The same directory, for another life."""
        self._queue = []
        self._wanted = trio.Event()
        self._off = False
        return self

    def power_off(self) -> None:
        """The node is gone: what waits to be written is lost, and nothing more is written."""
        self._off = True
        self._queue = []

    def halls(self) -> list[str]:
        """See `Home.halls`."""
        return sorted(hall for hall, held in self._spool.items() if held.entries)

    async def spooled(self, hall: str) -> Records | None:
        """See `Home.spooled`."""
        await trio.lowlevel.checkpoint()
        held = self._spool.get(hall)
        return held and Records(held.base, list(held.entries), held.whole)

    def spool(self, hall: str, base: EntryId, entries: Sequence[Entry]) -> None:
        """See `Home.spool`."""
        self._queue.append((hall, base, list(entries)))
        self._wanted.set()

    def begin_spool(self, hall: str, base: EntryId) -> None:
        """See `Home.begin_spool`."""
        self._queue.append((hall, base, None))
        self._wanted.set()

    async def alarm(self, name: str, content: bytes) -> str:
        """See `Home.alarm`."""
        await trio.lowlevel.checkpoint()
        if not self._off:
            self.alarm_files[name] = content
            ids = listed(content)
            self._world.note(self.name, "ALARM", name, *ids)
            there = [id for id in ids if all(store.place(HALL, id) is not None for store in self._stores())]
            if there:
                self._world.violated("false alarm", f"{self.name} lists what the journal has: {there}")
        return name

    @property
    def alarms(self) -> list[str]:
        """See `Home.alarms`."""
        return sorted(self.alarm_files)

    async def tend(self) -> None:
        """See `Home.tend`."""
        await trio.lowlevel.checkpoint()

    async def archive(self, hall: str, day: str, base: EntryId, entries: Sequence[Entry]) -> str:
        """See `Home.archive`."""
        await trio.lowlevel.checkpoint()
        if not self._off:
            self.days[hall, day] = Records(base, list(entries), True)
        return f"{hall}/{day}"

    async def archived(self, hall: str, first: str, last: str) -> list[str]:
        """See `Home.archived`."""
        await trio.lowlevel.checkpoint()
        return sorted(day for of, day in self.days if of == hall and first <= day <= last)

    async def archived_day(self, hall: str, day: str) -> Records | None:
        """See `Home.archived_day`."""
        await trio.lowlevel.checkpoint()
        return self.days.get((hall, day))

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """See `Home.run`."""
        task_status.started()
        while True:
            await self._wanted.wait()
            await trio.sleep(WRITE_EVERY_S)
            self._wanted = trio.Event()
            for hall, base, entries in self._queue:
                held = self._spool.get(hall)
                if held is None or entries is None:
                    held = self._spool[hall] = Records(base, [], True)
                held.entries.extend(entries or ())
            self._queue = []


def listed(content: bytes) -> list[EntryId]:
    """Ids of the entries that an alarm file lists as lost."""
    return [EntryId.parse(lost["id"]) for lost in msgspec.json.decode(content)["lost"]]
