"""How long to wait before something is tried again."""

from __future__ import annotations

import random
from typing import Final

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 5.0
"""Between two attempts to reach a device: a card that gets its power back shows its sign so much later."""


class Pauses:
    """Growing pauses between attempts, each a little by chance, so that cards are not all called at once."""

    def __init__(self, first_s: float = FIRST_PAUSE_S, longest_s: float = LONGEST_PAUSE_S) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self.reset()

    def reset(self) -> None:
        """Begin anew: an attempt was good."""
        self._next_s = self._first_s

    def next_s(self) -> float:
        """The pause before the next attempt."""
        now_s = self._next_s
        self._next_s = min(2 * now_s, self._longest_s)
        return now_s * random.uniform(0.8, 1.2)
