"""What a simulated run shares: one source of chance, one clock, one trace, and things that happen later.

All chance of a run comes from `World.rng`, drawn in an order that trio's seeded scheduler fixes, so a
seed is the whole run: the same seed gives the same trace.
"""

from __future__ import annotations

import hashlib
import heapq
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import trio
from trio._core import _run as trio_run

from tests.harness import MONDAY_9H

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class Noted(NamedTuple):
    """One line of the trace."""

    at_s: float
    who: str
    what: str
    about: tuple[object, ...]

    def __str__(self) -> str:
        return f"{self.at_s:10.4f}  {self.who:<8} {self.what} {' '.join(map(str, self.about))}".rstrip()


class Violation(AssertionError):
    """A promise was broken.

    Attributes:
      kind: which, in a word or two: what a breaker is expected to bring about.
    """

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind


class World:
    """Chance, time and trace of one run.

    Args:
      seed: where all chance comes from.
      name: makes the same seed another run.
    """

    def __init__(self, seed: int, name: str = "") -> None:
        self.seed = seed
        self.rng = random.Random(f"{name} {seed}")
        self.began_ms = MONDAY_9H
        """Unix ms of true time at the start of the run."""
        self.trace: list[Noted] = []
        self.broken: list[Violation] = []
        """Promises found broken while the run went on."""
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._zero = 0.0
        """Trio's time at the start of the run."""
        self._sooner = trio.Event()

    # Time -----------------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        """Seconds since the run began."""
        return trio.current_time() - self._zero

    def true_ms(self) -> int:
        """Unix ms by a clock that is right."""
        return self.began_ms + round(self.now_s * 1000)

    def after(self, delay_s: float, act: Callable[[], None]) -> None:
        """Let something happen by itself; it must not raise."""
        self._count += 1
        heapq.heappush(self._later, (trio.current_time() + delay_s, self._count, act))
        self._sooner.set()

    async def run(self) -> None:
        """Make happen what was put off, until cancelled; the run begins now."""
        self._zero = trio.current_time()
        while True:
            while self._later and self._later[0][0] <= trio.current_time():
                heapq.heappop(self._later)[2]()
            self._sooner = trio.Event()
            with trio.move_on_at(self._later[0][0] if self._later else float("inf")):
                await self._sooner.wait()

    # Chance ---------------------------------------------------------------------------------------

    def chance(self, probability: float) -> bool:
        """True so often."""
        return probability > 0 and self.rng.random() < probability

    # Trace ----------------------------------------------------------------------------------------

    def note(self, who: str, what: str, *about: object) -> None:
        """Add a line to the trace."""
        self.trace.append(Noted(round(trio.current_time(), 6), who, what, about))

    def violated(self, kind: str, detail: str) -> None:
        """Note a broken promise; the run goes on, and fails at its end."""
        self.note("CHECK", f"VIOLATION {kind}:", detail)
        self.broken.append(Violation(kind, detail))

    def digest(self) -> str:
        """Fingerprint of the trace."""
        return hashlib.blake2b("\n".join(map(str, self.trace)).encode(), digest_size=16).hexdigest()


@contextmanager
def repeatable(world: World, patches: Sequence[tuple[Any, str, Any]] = ()) -> Iterator[None]:
    """Trio schedules by the seed inside the block, and worker threads run at once, in line.

    Args:
      world: whose seed.
      patches: further (object, name, value) for the time of the block.
    """

    async def in_line(function: Callable[..., Any], *args: Any, **_: Any) -> Any:
        # A thread would take real time, which the virtual clock does not wait for.
        await trio.lowlevel.checkpoint()
        return function(*args)

    values = [
        (trio_run, "_ALLOW_DETERMINISTIC_SCHEDULING", True),
        (trio_run, "_r", random.Random(world.rng.random())),
        (trio.to_thread, "run_sync", in_line),
        *patches,
    ]
    before = [(thing, name, getattr(thing, name)) for thing, name, _ in values]
    for thing, name, value in values:
        setattr(thing, name, value)
    try:
        yield
    finally:
        for thing, name, value in reversed(before):
            setattr(thing, name, value)
