"""Group commit across halls: what waits while one pipeline is in flight goes out in the next.

Redis with ``appendfsync always`` syncs once for everything it executed in a turn of its loop, so a
pipeline with the groups of fifty halls costs about as much as one with a single group. Nothing
waits for company: an append that finds no pipeline in flight is sent at once.
"""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Final

import trio
from redis.exceptions import NoScriptError, ResponseError

from callq.domain.errors import StoreUnavailable
from callq.journal.port import AppendRefused, Entry, EntryId, OutcomeUnknown
from callq.journal.redis import keys
from callq.journal.redis.connection import Client, Command, Reply, Server

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.journal.redis.endpoint import Endpoint

COMMIT: Final = resources.files(__package__).joinpath("scripts/commit.lua").read_bytes()
COMMIT_SHA: Final = hashlib.sha1(COMMIT, usedforsecurity=False).hexdigest()

PIPELINE_MAX_GROUPS: Final = 256
PIPELINE_MAX_BYTES: Final = 4 * 1024 * 1024


@dataclass(slots=True)
class CommitStats:
    """Counts since the start.

    Attributes:
      pipelines: pipelines sent.
      groups: groups sent in them.
      appended, refused, unknown: how these groups ended.
      reloaded: how often the script had to be loaded again.
    """

    pipelines: int = 0
    groups: int = 0
    appended: int = 0
    refused: int = 0
    unknown: int = 0
    reloaded: int = 0


@dataclass(slots=True, eq=False)
class _Waiting:
    """A group on its way, and the caller who waits for it."""

    hall: str
    command: Command
    size_bytes: int
    done: trio.Event = field(default_factory=trio.Event)
    error: AppendRefused | OutcomeUnknown | None = None


def commit_command(hall: str, expected: EntryId, entries: Sequence[Entry]) -> Command:
    """The call of ``commit.lua`` that appends a group."""
    arguments: list[bytes | str | int] = ["EVALSHA", COMMIT_SHA, 1, keys.log(hall), str(expected)]
    for entry in entries:
        arguments += (str(entry.id), entry.payload)
    return arguments


class GroupCommitter:
    """Sends groups of many halls in shared pipelines, one pipeline in flight.

    `run` must be running for `append` to finish.
    """

    def __init__(self, endpoint: Endpoint, identity: bytes | None) -> None:
        self._client = Client(endpoint, setup=(("SCRIPT", "LOAD", COMMIT),), identity=identity)
        self._queue: deque[_Waiting] = deque()
        self._wanted = trio.Event()
        self._closed = False
        self.stats = CommitStats()

    @property
    def server(self) -> Server | None:
        """What the newest connection met; None before the first."""
        return self._client.server

    async def append(self, hall: str, expected: EntryId, entries: Sequence[Entry]) -> None:
        """Queue a group and wait until its outcome is known; a group not yet sent can be cancelled.

        Raises:
          AppendRefused: the stream stands elsewhere; nothing written.
          OutcomeUnknown: an error or time-out on the way.
        """
        if self._closed:
            raise OutcomeUnknown("the store is closed")
        size = sum(len(entry.payload) + 64 for entry in entries)
        waiting = _Waiting(hall, commit_command(hall, expected, entries), size)
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
        unknown: Exception | None = None
        replies: list[Reply] = []
        try:
            replies = await self._send(flight)
        except StoreUnavailable as error:
            unknown = error
        for index, waiting in enumerate(flight):
            self._land(waiting, replies[index] if unknown is None else unknown)

    async def _send(self, flight: list[_Waiting]) -> list[Reply]:
        replies = await self._client.exchange([waiting.command for waiting in flight])
        missing = [i for i, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if missing:
            # SCRIPT FLUSH, or another server behind the same address. Not executed, so sent again.
            self.stats.reloaded += 1
            again = await self._client.exchange(
                [("SCRIPT", "LOAD", COMMIT), *(flight[i].command for i in missing)]
            )
            for i, reply in zip(missing, again[1:], strict=True):
                replies[i] = reply
        if any(isinstance(reply, ResponseError) for reply in replies):
            self._client.drop_idle()
        return replies

    def _land(self, waiting: _Waiting, reply: Reply) -> None:
        match reply:
            case [1]:
                self.stats.appended += 1
            case [0, bytes(last)]:
                self.stats.refused += 1
                waiting.error = AppendRefused(waiting.hall, EntryId.parse(last))
            case _:
                self.stats.unknown += 1
                waiting.error = OutcomeUnknown(f"hall {waiting.hall}: {reply}")
                waiting.error.__cause__ = reply if isinstance(reply, Exception) else None
        waiting.done.set()
