"""Reading the headers of a request, for both doors alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.errors import Code, Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence


def header_once(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> str | None:
    """The header of that name, in lower case; None if there is none.

    Raises:
      Rejected: `INVALID`, it is given twice: nobody could tell which one counts.
    """
    found = [value for known, value in headers if known == name]
    if len(found) > 1:
        raise given_twice(name.decode())
    return found[0].decode("latin-1") if found else None


def given_twice(name: str) -> Rejected:
    """Something stands in a request twice that can mean one thing only."""
    return Rejected(Code.INVALID, f"`{name[:60]}` is given twice", "give it once")
