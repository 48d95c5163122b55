"""The paper of a ticket: which printer, which copy, and what became of it.

A ticket is issued first and printed then: that it is to be printed is in the same batch as its number.
The states are ``pending``, ``printed``, ``failed`` (certainly no paper) and ``unknown`` (paper may have come
out). Whatever they are, the number is there, and is offered again.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

PrintState = Literal["pending", "printed", "failed", "unknown"]
PrintEnd = Literal["printed", "failed", "unknown"]

Fault = Literal["", "paper_out", "cover_open", "offline", "error"]
"""What keeps a printer from printing; ``offline``: it, or its agent, does not answer."""

LEVEL: Final = 4
"""Schema of the events: a hall whose batches may not use it prints nothing."""

TAKEN_WITHIN_MS: Final = 15_000
"""An agent that has not begun with a print by then is not there: the person is told to note the number."""

ENDED_WITHIN_MS: Final = 40_000
"""One that has begun and says nothing more has come to grief in the middle."""

COPIES_MAX: Final = 9
"""Of one ticket."""

TIMER: Final = "print"
"""Its timer's name on the agenda."""


class Printout(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The last print of a ticket."""

    printer: str
    copy: int
    at_ms: int
    """When it was asked for."""
    by: str
    """Who asked."""
    state: PrintState = "pending"
    taken: bool = False
    """Whether an agent has begun with it."""
    fault: Fault = ""
    ended_ms: int | None = None
