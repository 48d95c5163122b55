"""Every key that callq keeps in Redis.

A hall's keys share the hash tag ``{hall}`` and so live in one slot of a cluster; what belongs to the
whole store shares the tag ``{.store}``, which no hall can have, since hall codes hold no dot.

======================================  ======  =====================================================
key                                     type    what it holds
======================================  ======  =====================================================
``callq:{HALL}:log``                    stream  the hall's entries, id ``revision-chain``, field ``b``
``callq:{.store}:identity``             string  JSON: store id, format, when created
``callq:{.store}:halls``                set     halls whose stream exists or was about to be created
``callq:{.store}:secret``               string  the installation's 32 random bytes
``callq:{.store}:token:DIGEST``         string  record of a token by the SHA-256 of its secret
``callq:{.store}:token:mint:DIGEST``    string  body digest of a token's making, by its idempotency key
======================================  ======  =====================================================

These names are a file format: changing one needs a migration.
"""

from __future__ import annotations

from typing import Final

_STORE: Final = "callq:{.store}:"

PAYLOAD_FIELD: Final = b"b"
"""The one field of a stream entry."""

IDENTITY: Final = _STORE + "identity"
"""Who this store is."""

HALLS: Final = _STORE + "halls"
"""A superset of the halls: an id is added before its stream is created, and is never removed."""

SECRET: Final = _STORE + "secret"
"""The installation's secret."""

EVERYTHING: Final = "callq:*"
"""Pattern of all keys above."""


def log(hall: str) -> str:
    """Stream of a hall's entries."""
    return f"callq:{{{hall}}}:log"


def token(digest: str) -> str:
    """Record of the token whose secret has this SHA-256 hex digest."""
    return f"{_STORE}token:{digest}"
