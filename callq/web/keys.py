"""Idempotency keys, and the digest that tells whether a repeated request is the same."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from callq.domain.errors import Code, Rejected
from callq.wire.codec import canonical

_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")


def checked_key(key: str | None) -> str | None:
    """A caller's key as the journal keeps it; None when none was given.

    Raises:
      Rejected: `INVALID`, not 1 to 200 visible ASCII characters.
    """
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Rejected(
            Code.INVALID, "the idempotency key is malformed", "1 to 200 visible ASCII characters, no spaces"
        )
    # `~` begins keys that the server minted and does not remember.
    return f"!{key}" if key[0] in "~!" else key


def body_digest(secret: bytes, path: str, body: object) -> bytes:
    """16 bytes that are equal for equal content sent to the same address.

    Keyed, because a body can hold an identity number: a plain digest of it could be searched.

    Args:
      secret: the installation's.
      path: of the address, e.g. ``/v1/halls/county/tickets``.
      body: plain data, as it was read; the order of its keys does not matter.
    """
    return hashlib.blake2b(path.encode() + b"\0" + canonical(body), digest_size=16, key=secret).digest()
