"""Who a redis-server is, and whose history it is writing: what INFO says of both."""

from __future__ import annotations

from typing import Final, NamedTuple

from callq.journal.port import Lineage

_NEVER_PROMOTED: Final = frozenset("0")


def parse_info(text: bytes) -> dict[str, str]:
    """Fields of an INFO reply."""
    lines = (line.partition(":") for line in text.decode(errors="replace").splitlines())
    return {name: value for name, colon, value in lines if colon}


class Server(NamedTuple):
    """What a server said of itself when a connection was made.

    Attributes:
      version: ``redis_version``.
      run_id: changes at every start of the process.
      pid: process id on its machine.
      role: ``master`` or ``slave``.
      replid: ``master_replid``, the id of the history that it is writing.
      replid2: the id of the history before a promotion; zeros after a plain restart.
    """

    version: str
    run_id: str
    pid: int
    role: str
    replid: str
    replid2: str

    @classmethod
    def told_by(cls, fields: dict[str, str]) -> Server:
        """What the fields of INFO say."""
        return cls(
            version=fields.get("redis_version", "0"),
            run_id=fields.get("run_id", ""),
            pid=int(fields.get("process_id", "0")),
            role=fields.get("role", ""),
            replid=fields.get("master_replid", ""),
            replid2=fields.get("master_replid2", ""),
        )


def lineage_of(fields: dict[str, str], *, embedded: bool) -> Lineage:
    """The lineage in fields of INFO.

    A second replication id other than zeros is that of a master that this one has replaced. An embedded
    server replaces nobody, whatever somebody may have tried on it.
    """
    promoted = not set(fields.get("master_replid2", "0")) <= _NEVER_PROMOTED
    return Lineage(fields.get("master_replid", "")[:16], promoted and not embedded)
