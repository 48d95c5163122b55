"""Ids that need a clock or randomness; made at the doors, never in the domain."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"


def new_ticket_id() -> str:
    """A ticket id: 26 characters of Crockford base32, 48 bits of Unix ms then 80 random bits.

    Sortable by time and unguessable enough to be no oracle; it derives from no printed number, since
    after a failover two tickets may carry the same one.
    """
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def new_key(rng: Random) -> str:
    """An idempotency key for a command that came without one; ``~`` marks it as not to be remembered."""
    return f"~{rng.getrandbits(64):016x}"


def wall_ms() -> int:
    """Unix milliseconds now."""
    return time.time_ns() // 1_000_000
