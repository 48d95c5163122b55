"""The Lua scripts: each does in one step what must not be torn apart."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.journal.redis.connection import Command


class Script(NamedTuple):
    """A script of `scripts/`, whose head says what it takes and returns."""

    body: bytes
    sha: str

    def call(self, keys: Sequence[str], *arguments: bytes | str | int) -> Command:
        """The command that runs it; the server must have it loaded."""
        return ("EVALSHA", self.sha, len(keys), *keys, *arguments)


def _read(name: str) -> Script:
    body = resources.files(__package__).joinpath(f"scripts/{name}.lua").read_bytes()
    return Script(body, hashlib.sha1(body, usedforsecurity=False).hexdigest())


COMMIT: Final = _read("commit")
BEAT: Final = _read("beat")
KEEP: Final = _read("keep")
ADVANCE: Final = _read("advance")
TRIM: Final = _read("trim")

ALL: Final = (COMMIT, BEAT, KEEP, ADVANCE, TRIM)

EXIST: Final = ("SCRIPT", "EXISTS", *(script.sha for script in ALL))
"""Asks which of them a server knows, by 1 and 0 in order."""

LOAD: Final = tuple(("SCRIPT", "LOAD", script.body) for script in ALL)
"""Commands that make a server know all of them. Redis 6.2 writes them to its file, each time."""
