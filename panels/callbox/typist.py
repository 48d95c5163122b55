"""Keys of one box, turned into presses of its window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from panels.callbox.keys import CHOICE_S, Typing

if TYPE_CHECKING:
    from collections.abc import Callable

    from panels.callbox.config import Box, Key, Keypad
    from panels.callbox.desk import Desk, Outcome
    from panels.callbox.health import Health
    from panels.callbox.keys import Wish


class Typist:
    """What is typed at a box.

    Presses run in a nursery of the agent's: a box that is unplugged takes no press with it.
    """

    def __init__(
        self,
        box: Keypad | Box,
        desk: Desk,
        health: Health,
        presses: trio.Nursery,
        tell: Callable[[Outcome], None] = lambda outcome: None,
    ) -> None:
        self.box = box
        self.desk = desk
        self._health = health
        self._presses = presses
        self._tell = tell
        self._typing = Typing()
        self._typed_at = 0.0

    @property
    def choosing(self) -> bool:
        """Whether digits are awaited."""
        return self._typing.choice is not None and trio.current_time() - self._typed_at < CHOICE_S

    def type(self, key: Key, digit: str = "") -> None:
        """A key was pressed; `digit`: what stands on it, where that is one."""
        panel = self.desk.panel
        pausing = panel is not None and bool(panel["window"]["pause_after"])
        self._typed_at = trio.current_time()
        wish = self._typing.type(key, self._typed_at, digit=digit, pausing=pausing)
        if wish is not None:
            self.press(wish)

    def press(self, wish: Wish) -> None:
        """Carry something out that is wanted."""
        self._presses.start_soon(self._carry, wish, self.desk.begin())

    def forget(self) -> None:
        """The box is gone, and what was half typed with it."""
        self._typing.forget()

    async def _carry(self, wish: Wish, mine: bool) -> None:
        outcome = await self.desk.press(wish, self.box.name, self.box.clerk, mine=mine)
        self._health.pressed(self.box.name, outcome)
        self._tell(outcome)
