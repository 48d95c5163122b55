"""`callq serve` that lets go of all it can when SIGUSR2 asks: what is left then is held by somebody.

`python -m loadtests.looking serve …`, with the arguments of `callq`. Each look is a line of the log.
"""

from __future__ import annotations

import ctypes
import gc
import runpy
import signal
from typing import Final

LOOKED: Final = "looked for garbage everywhere"
"""Begins the line."""


def _look(*_: object) -> None:
    found = gc.collect()
    # What was freed between pieces that stay is the allocator's; glibc has a call that gives it back.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    print(f"{LOOKED}: {found} objects", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR2, _look)
    runpy.run_module("callq.cli", run_name="__main__", alter_sys=True)
