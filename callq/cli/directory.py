"""The data directory of a server on this machine, for commands that work in its store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.cli.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


def refuse_without_store(data_dir: Path) -> None:
    """Refuse a directory that has no store in it.

    Raises:
      UserError: it is not of callq, or that of a node whose store is an external Redis.
    """
    from callq.journal.redis.identity import STORE_FILE, read_serves

    if serves := read_serves(data_dir):
        raise UserError(
            f"the store of {data_dir} is elsewhere: at {serves.address}",
            "use --url with the address of the running server",
        )
    if not (data_dir / STORE_FILE).exists():
        raise UserError(
            f"{data_dir} is not a data directory of callq",
            "give the --data of `callq serve`, or --url with the address of the running server",
        )
