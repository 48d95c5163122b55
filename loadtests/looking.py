"""`callq serve` that lets go of all it can when SIGUSR2 asks, and counts what is left: what is held.

`python -m loadtests.looking serve …`, with the arguments of `callq`, where the C library is GNU's. Each look
is a line of the log. Resident memory does not tell what is held: a page stays for a single piece on it.
"""

from __future__ import annotations

import ctypes
import gc
import re
import runpy
import signal
import sys
from typing import ClassVar, Final, NamedTuple

import trio
from trio._core import _run

_LOOKED: Final = re.compile(r"looked for garbage everywhere: (\d+) blocks, (\d+) bytes of heap")


class Held(NamedTuple):
    """What a process holds.

    Attributes:
      blocks: that Python's allocator has given out, of any size: an object has one or a few.
      heap_bytes: in use of the C library's heap: blocks of more than 512 bytes, and what C code holds.
    """

    blocks: int
    heap_bytes: int


def looks(log: str) -> list[Held]:
    """What each look of a server found, from its log."""
    return [Held(int(blocks), int(heap)) for blocks, heap in _LOOKED.findall(log)]


class _Heap(ctypes.Structure):
    """`struct mallinfo2`, see mallinfo(3)."""

    _fields_: ClassVar = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def _look_when_asked() -> None:
    library = ctypes.CDLL(None)
    library.mallinfo2.restype = _Heap

    def look() -> None:
        # Trio keeps up to a thousand time-outs that are over, and what they ended.
        _run.GLOBAL_RUN_CONTEXT.runner.deadlines._prune()
        gc.collect()
        # What was freed between pieces that stay is the C library's until it gives it back.
        library.malloc_trim(0)
        heap = library.mallinfo2()
        blocks, in_use = sys.getallocatedblocks(), heap.uordblks + heap.hblkhd
        print(f"looked for garbage everywhere: {blocks} blocks, {in_use} bytes of heap", flush=True)

    def asked(*_: object) -> None:
        # Between two steps of the loop, where nobody holds anything for the moment.
        trio.lowlevel.current_trio_token().run_sync_soon(look)

    signal.signal(signal.SIGUSR2, asked)


if __name__ == "__main__":
    _look_when_asked()
    runpy.run_module("callq.cli", run_name="__main__", alter_sys=True)
