"""When Python looks for garbage: often among the young, among everything as a rule only while nobody waits.

Nearly all that callq lets go of is freed at once, by its count of references; what is left for the collector
are a few cycles of exceptions and tasks. Yet by its own rules the collector walks through a hall's whole day
again and again as the day grows: a fifth of the time of a busy hall went there, in pauses of up to a tenth of
a second. So its last generation is collected here: once an hour, in a moment without commands. Its own rule
is put off so far (some 36 million objects that stay) that tickets alone do not bring it about in a day;
connections that leave cycles behind can, and then everybody waits for as long as such a look takes.
"""

from __future__ import annotations

import ctypes
import gc
from typing import TYPE_CHECKING, Final

import structlog
import trio

if TYPE_CHECKING:
    from collections.abc import Callable

YOUNG: Final = 100_000
"""New objects between looks at the young ones: some milliseconds each, and most of them are gone by then."""

OLDER: Final = 5
"""Looks at the young ones between looks at those that outlived one."""

OLDEST: Final = 50
"""Looks at the older ones between looks at everything: so many only come about where connections are opened
and dropped without end, which leaves cycles behind."""

EVERY_S: Final = 3600.0
QUIET_S: Final = 5.0
"""Without any command for so long nobody is made to wait by a look at everything."""

PATIENCE_S: Final = 3600.0
"""How long a quiet moment is waited for before everything is looked at nevertheless."""


def begin() -> None:
    """What is there now stays: look for garbage among what comes, and leave everything to `run`."""
    gc.freeze()
    gc.set_threshold(YOUNG, OLDER, OLDEST)
    gc.enable()


def give_back() -> None:
    """Return memory that is free to the system; afterwards a large piece that was read is not held for good.

    GNU's C library keeps what it may need again, up to twice the largest piece that it has ever had; others
    do not, and have nothing to call.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


async def run(acts: Callable[[], int]) -> None:
    """Look at everything now and then, until cancelled.

    Args:
      acts: counts what is done, so that a quiet moment shows.
    """
    while True:
        await trio.sleep(EVERY_S)
        with trio.move_on_after(PATIENCE_S):
            await _quiet(acts)
        began = trio.current_time()
        found = gc.collect()
        structlog.get_logger().info(
            "garbage_collected", objects=found, took_s=round(trio.current_time() - began, 3)
        )


async def _quiet(acts: Callable[[], int]) -> None:
    before = -1
    while before != (before := acts()):  # noqa: ASYNC110 - nobody says when nothing happens
        await trio.sleep(QUIET_S)
