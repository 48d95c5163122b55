"""Whether a Redis is set up to keep what it acknowledges.

Checked when a node starts, now and then while it runs, and by `callq doctor`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from redis.exceptions import ResponseError

from callq.journal.port import StoreRefused
from callq.journal.redis.server import parse_info

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.journal.redis.connection import Client, Reply

Durability = Literal["fsync", "everysec"]
"""What an acknowledgement promises: on disk, or on disk within about a second."""

Severity = Literal["error", "warning", "ok"]

OLDEST_VERSION: Final = (6, 2)

_WANTED: Final[dict[Durability, tuple[str, ...]]] = {"fsync": ("always",), "everysec": ("everysec", "always")}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked.

    Attributes:
      severity: ``error`` (callq will not run on it), ``warning`` or ``ok``.
      what: what was looked at, e.g. the name of a setting.
      found, wanted: the value there and the one that callq needs.
      hint: what a technician can do; empty when all is well.
    """

    severity: Severity
    what: str
    found: str
    wanted: str
    hint: str = ""

    def __str__(self) -> str:
        if self.severity == "ok":
            return f"{self.what} is {self.found!r}"
        return f"{self.what} is {self.found!r}, callq needs {self.wanted!r}: {self.hint}"


def version_tuple(version: str) -> tuple[int, ...]:
    """``"7.0.15"`` as ``(7, 0, 15)``; what is not a number ends it."""
    return tuple(int(part) for part in re.match(r"[\d.]*", version).group().split(".") if part)  # type: ignore[union-attr]


def _compare(what: str, found: str, wanted: Sequence[str], hint: str) -> Finding:
    if found in wanted:
        return Finding("ok", what, found, wanted[0])
    return Finding("error", what, found, wanted[0], hint)


def _set(name: str, value: str) -> str:
    live = f"`CONFIG SET {name} {value}` and `CONFIG REWRITE`"
    return f"set `{name} {value}` in redis.conf and restart Redis, or {live}"


def _check_config(name: str, reply: Reply, wanted: Sequence[str], known: str | None, hint: str) -> Finding:
    """A setting by CONFIG GET, else by what INFO says of it (`known`)."""
    if not isinstance(reply, ResponseError) and len(reply) == 2:
        return _compare(name, reply[1].decode(), wanted, hint)
    if known is not None:
        return _compare(name, known, wanted, hint)
    words = str(reply) if isinstance(reply, ResponseError) else "no such setting"
    return Finding(
        "warning",
        name,
        f"unknown ({words})",
        wanted[0],
        "this Redis does not let callq read its settings; ask whoever runs it to confirm this one",
    )


async def check_settings(client: Client, durability: Durability) -> list[Finding]:
    """Check role, version and settings against what `durability` promises.

    Raises:
      StoreUnavailable: no answer.
    """
    names = ("maxmemory-policy", "appendonly", "appendfsync", "no-appendfsync-on-rewrite")
    info_reply, *replies = await client.exchange((("INFO",), *(("CONFIG", "GET", name) for name in names)))
    config = dict(zip(names, replies, strict=True))
    info = parse_info(info_reply) if isinstance(info_reply, bytes) else {}
    oldest = ".".join(map(str, OLDEST_VERSION))
    version = info.get("redis_version", "0")
    aof = {"1": "yes", "0": "no"}.get(info.get("aof_enabled", ""))
    fsync = _WANTED[durability]
    return [
        Finding("ok", "redis version", version, f"{oldest} or newer")
        if version_tuple(version)[:2] >= OLDEST_VERSION
        else Finding("error", "redis version", version, f"{oldest} or newer", "install a newer redis-server"),
        _compare("role", info.get("role", "?"), ("master",), "give callq the address of the master"),
        _compare(
            "cluster mode",
            info.get("cluster_enabled", "0"),
            ("0",),
            "callq needs a Redis that is not a cluster",
        ),
        _check_config(
            "maxmemory-policy",
            config["maxmemory-policy"],
            ("noeviction",),
            info.get("maxmemory_policy"),
            "with any other policy Redis throws tickets away when memory is short; "
            + _set("maxmemory-policy", "noeviction"),
        ),
        _check_config(
            "appendonly",
            config["appendonly"],
            ("yes",),
            aof,
            "without it a restart of Redis loses tickets; first `CONFIG SET appendonly yes` on the running "
            "server, so that it writes out what it holds, then `CONFIG REWRITE`",
        ),
        _check_config(
            "appendfsync",
            config["appendfsync"],
            fsync,
            None,
            _set("appendfsync", fsync[0])
            + "; or start callq with --durability everysec, which may lose the last second"
            * (durability == "fsync"),
        ),
        _check_config(
            "no-appendfsync-on-rewrite",
            config["no-appendfsync-on-rewrite"],
            ("no",),
            None,
            "otherwise nothing is synced while Redis rewrites its file; "
            + _set("no-appendfsync-on-rewrite", "no"),
        ),
    ]


def refuse_errors(findings: Sequence[Finding], shown: str) -> None:
    """Refuse a store for which a check failed.

    Raises:
      StoreRefused: its message lists every error with its remedy.
    """
    if errors := [finding for finding in findings if finding.severity == "error"]:
        lines = "\n".join(f"  - {finding}" for finding in errors)
        raise StoreRefused(f"callq does not run on the Redis at {shown} as it is set up:\n{lines}")


def turned_bad(before: Sequence[Finding], now: Sequence[Finding]) -> list[Finding]:
    """Findings that say something worse, or something else that is bad, than the same ones before."""
    known = {finding.what: finding for finding in before}
    return [f for f in now if f.severity != "ok" and f != known.get(f.what)]
