"""Every key that callq keeps in Redis.

A hall's keys share the hash tag ``{hall}`` and so live in one slot of a cluster; what belongs to the
whole store shares the tag ``{.store}``, which no hall can have, since hall codes hold no dot.

========================================  =======  =====================================================
key                                       type     what it holds
========================================  =======  =====================================================
``callq:{HALL}:log``                      stream   the hall's entries, id ``revision-chain``, field ``b``
``callq:{HALL}:snapshots``                hash     the hall's state after an entry, by the entry's id
``callq:{HALL}:archived``                 string   id of the last entry that the archive holds
``callq:{HALL}:devices``                   hash     when each of the hall's devices was last heard, Unix ms
``callq:{.store}:identity``               string   JSON: store id, format, when created
``callq:{.store}:halls``                  set      halls whose stream exists or was about to be created
``callq:{.store}:secret``                 string   the installation's 32 random bytes
``callq:{.store}:token:DIGEST``           string   record of a token by the SHA-256 of its secret
``callq:{.store}:token:mint:DIGEST``      string   body digest of a token's making, by its idempotency key
``callq:{.store}:nodes``                  hash     nodes by name: when they beat last, and their records
``callq:{.store}:beat``                   string   when a node's beat last counted, Unix ms
``callq:{.store}:never``                  none     is never there: rights are tried on it
``callq:{.store}:hints:DATABASE``         channel  last ids of halls that were appended to
========================================  =======  =====================================================

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

NODES: Final = _STORE + "nodes"
"""Who beat lately."""

BEAT: Final = _STORE + "beat"
"""When a beat of any node last counted."""

NEVER: Final = _STORE + "never"
"""A key that is never there, to try rights on."""

EVERYTHING: Final = "callq:*"
"""Pattern of all keys and channels above."""


def log(hall: str) -> str:
    """Stream of a hall's entries."""
    return f"callq:{{{hall}}}:log"


def snapshots(hall: str) -> str:
    """Hash of a hall's snapshots."""
    return f"callq:{{{hall}}}:snapshots"


def archived(hall: str) -> str:
    """Cursor of a hall's archive."""
    return f"callq:{{{hall}}}:archived"


def devices(hall: str) -> str:
    """When the devices of a hall were last heard."""
    return f"callq:{{{hall}}}:devices"


def hints(database: int) -> str:
    """Channel of hints; channels, unlike keys, are shared by all databases of a server."""
    return f"{_STORE}hints:{database}"


def token(digest: str) -> str:
    """Record of the token whose secret has this SHA-256 hex digest."""
    return f"{_STORE}token:{digest}"
