"""`callq serve` whose garbage is collected when SIGUSR2 asks for it, so that what is left after is held.

`python -m loadtests.looking serve …`, with the arguments of `callq`. Each look is a line of the log.
"""

from __future__ import annotations

import gc
import runpy
import signal
from typing import Final

LOOKED: Final = "looked for garbage everywhere"
"""Begins the line."""


def _look(*_: object) -> None:
    print(f"{LOOKED}: {gc.collect()} objects", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR2, _look)
    runpy.run_module("callq.cli", run_name="__main__", alter_sys=True)
