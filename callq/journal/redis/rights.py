"""Whether a Redis user may do all that callq does, tried before a hall depends on it.

A right that is missing shows late and badly: a hall that cannot list its snapshots fails again and again,
one that cannot trim grows without end. So each command that callq sends is tried on a key that is never
there, in a form that writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio
from redis.exceptions import NoPermissionError

from callq.domain.errors import StoreUnavailable
from callq.journal.redis import keys, lua
from callq.journal.redis.connection import is_denied
from callq.journal.redis.hints import Ear, encode_hints

if TYPE_CHECKING:
    from callq.journal.redis.connection import Client, Command

_READING: Final[tuple[Command, ...]] = (
    ("TIME",),
    ("PING",),
    ("INFO",),
    ("DBSIZE",),
    ("GET", keys.NEVER),
    ("EXISTS", keys.NEVER),
    ("SMEMBERS", keys.NEVER),
    ("HGET", keys.NEVER, "field"),
    ("HKEYS", keys.NEVER),
    ("HGETALL", keys.NEVER),
    ("XRANGE", keys.NEVER, "-", "+"),
    ("XREVRANGE", keys.NEVER, "+", "-"),
)

_WRITING: Final[tuple[Command, ...]] = (
    # Only where the key is there already.
    ("SET", keys.NEVER, "value", "XX"),
    ("XADD", keys.NEVER, "NOMKSTREAM", "*", keys.PAYLOAD_FIELD, "value"),
    ("XTRIM", keys.NEVER, "MAXLEN", "=", 0),
    ("HDEL", keys.NEVER, "field"),
    # Too few arguments: an error, after the right was looked at.
    ("HSET", keys.NEVER, "field", "value", "field"),
    ("EVALSHA", 40 * "0", 1, keys.NEVER),
    lua.EXIST,
    ("SCRIPT", "LOAD", "return 1"),
)


async def missing_right(client: Client, *, settled: bool) -> str | None:
    """What Redis says of the first right that is missing; None: none is.

    Args:
      client: of the user in question.
      settled: the store has its identity, a string: adding to it as to a set is an error, unless it is denied
        before. Without one this right alone is not tried.

    Raises:
      StoreUnavailable: no answer.
    """
    publish: Command = ("PUBLISH", keys.hints(client.endpoint.database), encode_hints([]))
    adding: tuple[Command, ...] = (("SADD", keys.IDENTITY, "member"),) if settled else ()
    commands = (*_READING, *_WRITING, publish, *adding)
    for command, reply in zip(commands, await client.exchange(commands), strict=True):
        if isinstance(reply, NoPermissionError):
            return f"{command[0]!s}: {reply}"
    try:
        ear = await trio.to_thread.run_sync(Ear, client.endpoint, None)
    except StoreUnavailable as error:
        if is_denied(error):
            return f"SUBSCRIBE: {error.__cause__}"
        raise
    ear.close()
    return None
