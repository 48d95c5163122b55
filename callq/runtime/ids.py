"""Ids that need a clock or randomness; made at the doors, never in the domain."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS: Final = tuple(one + other for one in _ALPHABET for other in _ALPHABET)

_POOL_BYTES: Final = 4096
_pool = bytearray()
"""Random bytes of the system that nobody has had yet: asking for ten at a time costs more than the rest."""


def _random(count: int) -> bytes:
    if len(_pool) < count:
        _pool.extend(os.urandom(_POOL_BYTES))
    found = bytes(_pool[-count:])
    del _pool[-count:]
    return found


def new_ticket_id() -> str:
    """A ticket id: 26 characters of Crockford base32, 48 bits of Unix ms then 80 random bits.

    Sortable by time and unguessable enough to be no oracle; it derives from no printed number, since
    after a failover two tickets may carry the same one.
    """
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(_random(10), "big")
    return "".join([_PAIRS[(value >> shift) & 1023] for shift in range(120, -1, -10)])


def new_key(rng: Random) -> str:
    """An idempotency key for a command that came without one; ``~`` marks it as not to be remembered."""
    return f"~{rng.getrandbits(64):016x}"


def wall_ms() -> int:
    """Unix milliseconds now."""
    return time.time_ns() // 1_000_000
