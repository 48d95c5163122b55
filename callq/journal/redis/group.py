"""Group commit across halls: what waits while one pipeline is in flight goes out in the next.

Redis with ``appendfsync always`` syncs once for everything it executed in a turn of its loop, so a
pipeline with the groups of fifty halls costs about as much as one with a single group. Nothing
waits for company: an append that finds no pipeline in flight is sent at once.

A pipeline holds the groups, then one TIME, one PUBLISH that names the halls and ids of all groups that have
entries (now and then only, while nobody but this node hears it), and a look at role, identity and lineage:
now and then, and always where a group is empty. An empty one only asks, and a replica would answer that as
gladly as the master. Whether a group may be sent at all, since it was decided under the lineage of this very
connection, is settled in the worker thread that has the connection, so that nothing can come in between.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import trio
from redis.exceptions import ResponseError

from callq.domain.errors import StoreUnavailable
from callq.journal.port import (
    GENESIS,
    AppendRefused,
    Entry,
    EntryId,
    Lineage,
    LineageChanged,
    OutcomeUnknown,
    Receipt,
)
from callq.journal.redis import keys, lua
from callq.journal.redis.connection import LOOK, Client, Command, Link, Reply
from callq.journal.redis.hints import encode_hints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.journal.redis.endpoint import Endpoint
    from callq.journal.redis.server import Server

PIPELINE_MAX_GROUPS: Final = 256
PIPELINE_MAX_BYTES: Final = 4 * 1024 * 1024

UNHEARD_S: Final = 1.0
"""How long no hints are sent after one that nobody else heard; a node that comes meanwhile polls."""


@dataclass(slots=True)
class CommitStats:
    """Counts since the start.

    Attributes:
      pipelines: pipelines sent.
      groups: groups sent in them, or kept back.
      appended, refused, unknown: how these groups ended; an empty one is appended when it was right.
      changed: groups kept back, because another lineage was there.
      reloaded: how often scripts had to be loaded again.
    """

    pipelines: int = 0
    groups: int = 0
    appended: int = 0
    refused: int = 0
    unknown: int = 0
    changed: int = 0
    reloaded: int = 0


@dataclass(slots=True, eq=False)
class _Waiting:
    """A group on its way, and the caller who waits for it."""

    hall: str
    command: Command
    tip: EntryId | None
    """Id of its last entry; None for an empty group."""
    begins: bool
    """Whether it creates the hall's stream."""
    epoch: str | None
    size_bytes: int
    done: trio.Event = field(default_factory=trio.Event)
    receipt: Receipt | None = None
    error: AppendRefused | LineageChanged | OutcomeUnknown | None = None


class _Landing(NamedTuple):
    """What became of a pipeline."""

    lineage: Lineage
    time_ms: int
    replies: dict[int, Reply]
    """By place in the flight; groups that were kept back are missing."""
    reloaded: int
    listeners: Reply
    """Connections that heard the hints, or an error; None: none were sent."""


def commit_command(hall: str, expected: EntryId, entries: Sequence[Entry]) -> Command:
    """The call of ``commit.lua`` that appends a group."""
    arguments: list[bytes | str | int] = [str(expected)]
    for entry in entries:
        arguments += (str(entry.id), entry.payload)
    return lua.COMMIT.call((keys.log(hall),), *arguments)


def time_ms(reply: Reply) -> int:
    """Unix milliseconds in a reply to TIME."""
    if isinstance(reply, ResponseError):
        raise reply
    seconds, microseconds = reply
    return int(seconds) * 1000 + int(microseconds) // 1000


def _exchange(flight: Sequence[_Waiting], channel: str, link: Link) -> _Landing:
    """Send on `link` what was decided under its lineage, in a worker thread.

    Args:
      flight: groups.
      channel: of the hints; empty: send none.
      link: the connection.

    Raises:
      RedisError, OSError, StoreUnavailable: what was sent may or may not have been executed, and what
        was answered is worth nothing.
    """

    def fits(waiting: _Waiting) -> bool:
        return waiting.epoch is None or waiting.epoch == link.lineage.epoch

    reloaded = link.reloaded
    if not all(map(fits, flight)) or any(waiting.begins for waiting in flight):
        # Before anybody is turned away: the lineage may have changed under this connection. And before a
        # stream is begun: in a database that was emptied all halls would be, since all else is refused there.
        link.look()
    sent = [place for place, waiting in enumerate(flight) if fits(waiting)]
    if len(sent) < len(flight):
        # Whoever decided under another lineage met another server: do not insist on this one.
        link.spent = True
    if not sent:
        return _Landing(link.lineage, 0, {}, 0, None)
    groups = [flight[place].command for place in sent]
    hints = [(flight[place].hall, tip) for place in sent if (tip := flight[place].tip) is not None]
    rest: list[Command] = [("TIME",)]
    publish: list[Command] = [("PUBLISH", channel, encode_hints(hints))] if hints and channel else []
    asks = [at for at, place in enumerate(sent) if flight[place].tip is None]
    look = LOOK if asks or link.is_look_due() else ()
    known = link.lineage
    replies = link.call((*groups, *rest, *publish, *look))
    if look:
        link.learn(replies[-len(LOOK) :])
    if link.lineage != known:
        # Nobody can tell whether it was master all the while: what has entries is there, as its appending
        # shows, but what only asked has to ask again.
        for at in asks:
            replies[at] = "the lineage changed meanwhile"
    if publish and link.reloaded > reloaded:
        # These hints came before what they tell of.
        link.exchange(publish)
    outcomes = replies[: len(groups)]
    if any(isinstance(reply, ResponseError) for reply in outcomes):
        link.spent = True
    return _Landing(
        link.lineage,
        time_ms(replies[len(groups)]),
        dict(zip(sent, outcomes, strict=True)),
        link.reloaded - reloaded,
        replies[len(groups) + 1] if publish else None,
    )


class GroupCommitter:
    """Sends groups of many halls in shared pipelines, one pipeline in flight.

    `run` must be running for `append` to finish.
    """

    def __init__(self, endpoint: Endpoint, identity: bytes | None) -> None:
        self._client = Client(endpoint, identity=identity, scripts=True)
        self._channel = keys.hints(endpoint.database)
        self._queue: deque[_Waiting] = deque()
        self._wanted = trio.Event()
        self._closed = False
        self._own_ears = 0
        self._hints_from_s = 0.0
        """No hints before (trio's clock): nobody else heard the last ones."""
        self.stats = CommitStats()

    @property
    def server(self) -> Server | None:
        """What the newest connection met; None before the first."""
        return self._client.server

    def listens(self, connected: bool) -> None:
        """This node hears hints from now on, or no more."""
        self._own_ears += 1 if connected else -1
        self._hints_from_s = 0.0

    async def append(
        self, hall: str, expected: EntryId, entries: Sequence[Entry], epoch: str | None
    ) -> Receipt:
        """Queue a group and wait until its outcome is known; a group not yet sent can be cancelled.

        Raises:
          AppendRefused: the stream stands elsewhere; nothing written.
          LineageChanged: the connection is of another lineage than `epoch`; nothing sent.
          OutcomeUnknown: an error or time-out on the way.
        """
        if self._closed:
            raise OutcomeUnknown("the store is closed")
        size = sum(len(entry.payload) + 64 for entry in entries)
        tip = entries[-1].id if entries else None
        begins = expected == GENESIS and tip is not None
        waiting = _Waiting(hall, commit_command(hall, expected, entries), tip, begins, epoch, size)
        self._queue.append(waiting)
        self._wanted.set()
        try:
            await waiting.done.wait()
        except trio.Cancelled:
            if waiting in self._queue:
                self._queue.remove(waiting)
            raise
        if waiting.error is not None:
            raise waiting.error
        assert waiting.receipt is not None
        return waiting.receipt

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Send what is queued, until cancelled; whoever still waits then gets `OutcomeUnknown`."""
        flight: list[_Waiting] = []
        try:
            task_status.started()
            while True:
                await self._wanted.wait()
                flight = self._board()
                await self._fly(flight)
        finally:
            self._closed = True
            for waiting in (*flight, *self._queue):
                if not waiting.done.is_set():
                    waiting.error = OutcomeUnknown(f"hall {waiting.hall}: the store was closed")
                    waiting.done.set()
            self._queue.clear()
            self._client.close()

    def _board(self) -> list[_Waiting]:
        flight: list[_Waiting] = []
        size = 0
        while self._queue and len(flight) < PIPELINE_MAX_GROUPS and size < PIPELINE_MAX_BYTES:
            waiting = self._queue.popleft()
            size += waiting.size_bytes
            flight.append(waiting)
        if not self._queue:
            self._wanted = trio.Event()
        return flight

    async def _fly(self, flight: list[_Waiting]) -> None:
        self.stats.pipelines += 1
        self.stats.groups += len(flight)
        channel = self._channel if trio.current_time() >= self._hints_from_s else ""
        try:
            landing = await self._client.run(partial(_exchange, flight, channel))
        except StoreUnavailable as error:
            self._hints_from_s = 0.0
            for waiting in flight:
                self._land(waiting, error, None)
            return
        if isinstance(landing.listeners, int) and landing.listeners <= self._own_ears:
            self._hints_from_s = trio.current_time() + UNHEARD_S
        self.stats.reloaded += landing.reloaded
        receipt = Receipt(landing.lineage, landing.time_ms)
        for place, waiting in enumerate(flight):
            if place in landing.replies:
                self._land(waiting, landing.replies[place], receipt)
            else:
                self.stats.changed += 1
                waiting.error = LineageChanged(waiting.hall, landing.lineage)
                waiting.done.set()

    def _land(self, waiting: _Waiting, reply: Reply, receipt: Receipt | None) -> None:
        match reply:
            case [1]:
                self.stats.appended += 1
                waiting.receipt = receipt
            case [0, bytes(last)]:
                self.stats.refused += 1
                waiting.error = AppendRefused(waiting.hall, EntryId.parse(last))
            case _:
                self.stats.unknown += 1
                waiting.error = OutcomeUnknown(f"hall {waiting.hall}: {reply}")
                waiting.error.__cause__ = reply if isinstance(reply, Exception) else None
        waiting.done.set()
