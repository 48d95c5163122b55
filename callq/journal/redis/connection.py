"""Talking to Redis from trio: the one adapter over synchronous redis-py.

A `Link` is one connection, used by one worker thread at a time. A `Client` keeps a few of them and
runs each exchange in a worker thread under its own limiter, so the trio loop never waits for a
socket. An exchange is never abandoned: a cancelled caller waits for its bounded end, so that no
connection is ever left with a reply that belongs to somebody else.

Any error drops the connection. What an error means for what was sent is the caller's to say.

A connection knows whose history is behind it: which store, by its identity, and which lineage. Both can
change while the connection lives. Redis draws a new replication id when its first replica attaches, and when
the last one has been gone for an hour; a master is demoted; somebody empties the database. So it is looked at
again: along with every question, now and then along with appends, and before everything else that writes.
"""

# redis-py leaves most of these methods unannotated.
# mypy: allow-untyped-calls

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import trio
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    NoScriptError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from callq.domain.errors import StoreUnavailable
from callq.journal.redis import keys, lua
from callq.journal.redis.server import Server, lineage_of, parse_info

if TYPE_CHECKING:
    from callq.journal.port import Lineage
    from callq.journal.redis.endpoint import Endpoint

T = TypeVar("T")

Command = Sequence[bytes | str | int]
"""One command with its arguments."""

Reply = Any
"""What Redis answered: int, bytes, None, a list of these, or a `ResponseError` in its place."""

READ_CONNECTIONS: Final = 4

LOOK: Final[tuple[Command, ...]] = (("INFO", "replication"), ("GET", keys.IDENTITY))
"""Ask for role and lineage, and whose store it is; `Link.learn` understands the replies."""

LOOK_EVERY_S: Final = 1.0
"""How old what a connection knows of its lineage may be before it is looked at again."""


class ReplyError(StoreUnavailable):
    """Redis answered a read or a setting with an error; the cause holds its words."""


class Link:
    """One open connection to a master, used by one thread at a time.

    Args:
      endpoint: where to.
      identity: what `keys.IDENTITY` must hold; None if that is yet to be settled.
      setup: commands to send before anything else.
      scripts: see to it that the server knows the scripts.

    Raises:
      StoreUnavailable: no connection, not a master, or another store; nothing was written.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        identity: bytes | None,
        *,
        setup: Sequence[Command] = (),
        scripts: bool = False,
    ) -> None:
        self.spent = False
        """Not to be used again: it leads to the wrong server."""
        self.reloaded = 0
        """How often scripts had to be loaded again."""
        self._endpoint = endpoint
        self._identity = identity
        self._connection = endpoint.connection()
        try:
            self._connection.connect()
            info, held, *rest = self.exchange((("INFO",), ("GET", keys.IDENTITY), *setup))
            if isinstance(info, bytes):
                # Of a replica that is just loading its master's data the others are errors.
                self.server, self.lineage = self._read_server(info)
            for reply in (info, held, *rest):
                if isinstance(reply, ResponseError):
                    raise reply
            self._looked_at = time.monotonic()
            self._check_identity(held)
            if scripts:
                self._load_missing()
        except (RedisError, OSError) as error:
            self.close()
            raise StoreUnavailable(f"no connection to Redis at {endpoint.shown}: {error}") from error
        except StoreUnavailable:
            self.close()
            raise

    def _load_missing(self) -> None:
        (known,) = self.exchange((lua.EXIST,))
        if isinstance(known, ResponseError):
            raise known
        missing = [load for load, there in zip(lua.LOAD, known, strict=True) if not there]
        for reply in self.exchange(missing):
            if isinstance(reply, ResponseError):
                raise reply

    def _read_server(self, info: bytes) -> tuple[Server, Lineage]:
        fields = parse_info(info)
        self._check_role(fields)
        return Server.told_by(fields), lineage_of(fields, embedded=self._endpoint.embedded)

    def _check_role(self, fields: dict[str, str]) -> None:
        if (role := fields.get("role", "")) != "master":
            raise StoreUnavailable(
                f"the Redis at {self._endpoint.shown} is no master but a replica (role {role!r}); "
                "callq writes to the master only"
            )

    def _check_identity(self, held: Reply) -> None:
        if self._identity is not None and held != self._identity:
            raise StoreUnavailable(
                f"{self._endpoint.shown} is not the store that callq started with: "
                f"its identity is {'gone' if held is None else 'another'}; callq will not write to it"
            )

    def exchange(self, commands: Sequence[Command]) -> list[Reply]:
        """Send all commands in one write and read as many replies, errors in their places.

        Raises:
          RedisError: the connection failed; how far the server got is not known.
          OSError: the same.
        """
        connection = self._connection
        connection.send_packed_command(connection.pack_commands(commands), check_health=False)
        replies: list[Reply] = []
        for _ in commands:
            try:
                replies.append(connection.read_response())
            except ResponseError as error:
                replies.append(error)
        return replies

    def call(self, commands: Sequence[Command]) -> list[Reply]:
        """Like `exchange`; scripts that the server does not know are loaded, and only they are called again.

        Raises:
          RedisError: the connection failed; how far the server got is not known.
          OSError: the same.
        """
        replies = self.exchange(commands)
        missing = [i for i, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if missing:
            # SCRIPT FLUSH, or another server behind the same address. Not executed, so sent again.
            self.reloaded += 1
            loaded = len(lua.LOAD)
            again = self.exchange((*lua.LOAD, *(commands[i] for i in missing)))
            for i, reply in zip(missing, again[loaded:], strict=True):
                replies[i] = reply
        if any(isinstance(reply, ReadOnlyError) for reply in replies):
            self.spent = True
        return replies

    def is_look_due(self) -> bool:
        """Whether what is known of the lineage is getting old."""
        return time.monotonic() - self._looked_at > LOOK_EVERY_S

    def learn(self, replies: Sequence[Reply]) -> None:
        """Take over what the replies to `LOOK` say.

        Raises:
          RedisError: one of them is an error.
          StoreUnavailable: the server is no master any more, or another store; nothing that it answered
            on this connection since the last look is to be relied on.
        """
        for reply in replies:
            if isinstance(reply, ResponseError):
                raise reply
        info, held = replies
        fields = parse_info(info)
        self._check_role(fields)
        self._check_identity(held)
        self._looked_at = time.monotonic()
        self.lineage = lineage_of(fields, embedded=self._endpoint.embedded)

    def look(self) -> None:
        """Look at role, identity and lineage now.

        Raises:
          RedisError, OSError: the connection failed.
          StoreUnavailable: see `learn`.
        """
        self.learn(self.exchange(LOOK))

    def clock_off_ms(self) -> int:
        """How far the clock here is ahead of the server's.

        Raises:
          RedisError, OSError: the connection failed, or it may not be asked.
        """
        before = time.time()
        (reply,) = self.exchange((("TIME",),))
        # The server's moment lies between asking and hearing: compare with the middle.
        here_ms = (before + time.time()) * 500
        if isinstance(reply, ResponseError):
            raise reply
        seconds, microseconds = (int(part) for part in reply)
        return round(here_ms - (seconds * 1000 + microseconds / 1000))

    def is_stale(self) -> bool:
        """Whether the server closed this connection or sent something unasked; nothing is sent."""
        try:
            return self._connection.can_read(0)
        except (RedisError, OSError):
            return True

    def close(self) -> None:
        """Close the socket; nothing is sent."""
        with contextlib.suppress(RedisError, OSError):
            self._connection.disconnect()


class Client:
    """A few connections to one Redis, shared by tasks.

    Args:
      endpoint: where to.
      connections: how many exchanges may be under way at once.
      identity, scripts: see `Link`.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        connections: int = 1,
        identity: bytes | None = None,
        scripts: bool = False,
    ) -> None:
        self.endpoint = endpoint
        self._identity = identity
        self._scripts = scripts
        self._limiter = trio.CapacityLimiter(connections)
        self._idle: deque[Link] = deque()
        self._closed = False
        self.server: Server | None = None
        """What the newest connection met; None before the first."""

    async def exchange(self, commands: Sequence[Command]) -> list[Reply]:
        """Send commands on one connection, in one write; errors come in place of their replies.

        Nothing is sent twice: a connection that the server has closed in the meantime is noticed
        before, and one that fails under way is dropped.

        Raises:
          StoreUnavailable: the exchange failed; what was sent may or may not have been executed.
        """
        return await self.run(lambda link: link.call(commands))

    async def run(self, job: Callable[[Link], T]) -> T:
        """Run a job in a worker thread on one connection, which is dropped if the job raises.

        Raises:
          StoreUnavailable: there is no connection, or it failed.
        """
        return await trio.to_thread.run_sync(self._run, job, limiter=self._limiter)

    async def ask(self, *commands: Command) -> list[Reply]:
        """Like `exchange`, for commands that all must succeed.

        Raises:
          ReplyError: Redis answered one of them with an error.
          StoreUnavailable: the exchange failed.
        """
        return self._fine(commands, await self.exchange(commands))

    async def ask_after_look(self, *commands: Command) -> tuple[Lineage, list[Reply]]:
        """Like `ask`, after a look whether the server still is the master, and the store the same.

        For all that writes: an emptied database must not be begun to be filled by whoever knew it before.

        Raises:
          ReplyError: Redis answered one of the commands with an error.
          StoreUnavailable: the exchange failed, or the server is the wrong one and nothing was sent.
        """

        def job(link: Link) -> tuple[Lineage, list[Reply]]:
            link.look()
            return link.lineage, link.call(commands) if commands else []

        lineage, replies = await self.run(job)
        return lineage, self._fine(commands, replies)

    def _fine(self, commands: Sequence[Command], replies: list[Reply]) -> list[Reply]:
        for command, reply in zip(commands, replies, strict=True):
            if isinstance(reply, ResponseError):
                raise ReplyError(f"Redis at {self.endpoint.shown} refused {command[0]!s}: {reply}") from reply
        return replies

    def close(self) -> None:
        """Close what is idle now, and what is under way when it ends."""
        self._closed = True
        self.drop_idle()

    def drop_idle(self) -> None:
        """Close what is idle now; the next exchange makes a new connection."""
        while (link := self._pop()) is not None:
            link.close()

    def _run(self, job: Callable[[Link], T]) -> T:
        link = self._take()
        try:
            result = job(link)
        except (RedisError, OSError) as error:
            link.close()
            raise StoreUnavailable(f"Redis at {self.endpoint.shown}: {error}") from error
        except BaseException:
            # It leads to the wrong server, and so may the others.
            link.close()
            self.drop_idle()
            raise
        if link.spent:
            link.close()
        else:
            self._idle.append(link)
        if self._closed:
            self.drop_idle()
        return result

    def _pop(self) -> Link | None:
        # Worker threads and the trio loop both take from here: looking first and popping then would race.
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _take(self) -> Link:
        while (link := self._pop()) is not None:
            if not link.is_stale():
                return link
            link.close()
        if self._closed:
            raise StoreUnavailable("the store is closed")
        link = Link(self.endpoint, self._identity, scripts=self._scripts)
        self.server = link.server
        return link


def probe(endpoint: Endpoint) -> dict[str, str]:
    """INFO over a connection of its own; a server that is still loading its data answers too.

    Raises:
      StoreUnavailable: no answer.
    """
    connection = endpoint.connection()
    try:
        connection.connect()
        connection.send_command("INFO")
        return parse_info(connection.read_response())
    except (RedisError, OSError) as error:
        raise StoreUnavailable(f"no answer from Redis at {endpoint.shown}: {error}") from error
    finally:
        connection.disconnect()


def is_denied(error: BaseException) -> bool:
    """Whether Redis refused for want of a password or a permission, so that trying again is no use."""
    return isinstance(error.__cause__, AuthenticationError | NoPermissionError)
