"""From keys to what a clerk wants, and from that to a command of the hall.

Keys mean what the keypad means at the clerk's panel. Some begin a choice by digits; a choice that is not
made within `CHOICE_S` is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from callq.domain.errors import CallqError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from panels.callbox.config import Key, Transfer

Act = Literal[
    "enter", "next", "recall", "recall_or_miss", "miss", "hold", "transfer", "pause", "toggle_pause",
    "undo", "call", "request_rating", "help",
]  # fmt: skip
"""What a clerk can want."""

Choice = Literal["hold", "transfer", "pause", "call"]

T = TypeVar("T")

CHOICE_S: Final = 10.0
MAX_DIGITS: Final = 8
HOLDS: Final = ("with_papers", "without_papers", "waiting")
"""By digit from 1: 持件, 不持件, 等待."""

DOMINANT: Final = {
    "closed": "open",
    "idle": "call_next",
    "calling": "start",
    "serving": "complete",
    "paused": "unpause",
}
"""The act that a window's state calls for, as at the panel."""

DIGITS: Final = frozenset("0123456789")


class Refused(CallqError):
    """Not possible as the window is; the message is for the log."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a clerk wants, with the digits that were typed for it."""

    act: Act
    digits: str = ""


@dataclass(slots=True)
class Typing:
    """Keys of one box, as far as they have not yet become a wish.

    Attributes:
      choice: whose digits are awaited; None: none are.
      digits: typed so far.
    """

    choice: Choice | None = None
    digits: str = ""
    _until_s: float = field(default=0.0)

    def type(self, key: Key, now_s: float, *, digit: str = "", pausing: bool = False) -> Wish | None:
        """A key was pressed at `now_s`; answers what is wanted, if that is known now.

        Args:
          key: what it means.
          now_s: on any clock that runs evenly.
          digit: stands on the key, which is that digit while digits are awaited, whatever else it means.
          pausing: the window will pause after its ticket, which the pause key then takes back.
        """
        if self.choice is not None and now_s > self._until_s:
            self.forget()
        self._until_s = now_s + CHOICE_S
        if self.choice is not None:
            return self._chosen(self.choice, key, digit or (key if key in DIGITS else ""))
        match key:
            case "enter" | "next" | "recall" | "miss" | "undo" | "request_rating" | "help":
                return Wish(key)
            case "pause" if pausing:
                return Wish("toggle_pause")
            case "hold" | "transfer" | "pause" | "call":
                self.choice = key
        return None

    def forget(self) -> None:
        """The choice is not made."""
        self.choice, self.digits = None, ""

    def _chosen(self, choice: Choice, key: Key, digit: str) -> Wish | None:
        if choice == "call":
            return self._number(key, digit)
        if key in (choice, "undo") or digit == "0":
            self.forget()
        elif digit:
            self.forget()
            return Wish(choice, digit)
        return None

    def _number(self, key: Key, digit: str) -> Wish | None:
        if digit:
            self.digits = (self.digits + digit)[:MAX_DIGITS]
        elif key == "undo":
            self.digits = self.digits[:-1]
            if not self.digits:
                self.forget()
        elif key == "enter" and self.digits:
            wish = Wish("call", self.digits)
            self.forget()
            return wish
        return None


def command_of(
    wish: Wish,
    panel: dict[str, Any],
    *,
    clerk: str = "",
    reasons: Sequence[str] = (),
    transfers: Sequence[Transfer] = (),
) -> dict[str, Any]:
    """The command of a wish at a window, from its view ``panel``; `call` is for whoever can look numbers up.

    Args:
      wish: what is wanted.
      panel: the view's data.
      clerk: who is signed in where nobody is.
      reasons: for a pause, by digit from 1.
      transfers: targets by digit from 1.

    Raises:
      Refused: not now, or the digit has no meaning.
    """
    window = panel["window"]
    match wish.act:
        case "enter":
            return _dominant(panel, clerk)
        case "next":
            return {"command": "call_next"}
        case "recall_or_miss":
            return {"command": "miss" if _spent(panel) else "recall"}
        case "hold":
            return {"command": "hold", "kind": _choice(HOLDS, wish.digits)}
        case "transfer":
            target = _choice(transfers, wish.digits)
            to = {"service": target.service} if target.service else {"window": target.window}
            return {"command": "transfer", "to": to}
        case "pause":
            return {"command": "pause", "reason": _choice(reasons, wish.digits)}
        case "toggle_pause":
            if window["state"] == "paused" or window["pause_after"]:
                return {"command": "unpause"}
            return {"command": "pause", **({"reason": reasons[0]} if reasons else {})}
        case "help":
            return {"command": "help_done" if panel["help"] else "help"}
        case "call":
            raise Refused("a number has to be looked up first")
        case act:
            return {"command": act}


def _dominant(panel: dict[str, Any], clerk: str) -> dict[str, Any]:
    if panel["clerk"] is not None:
        return {"command": DOMINANT[panel["window"]["state"]]}
    if not clerk:
        raise Refused("nobody is signed in at the window")
    return {"command": "sign_in", "clerk": clerk}


def _spent(panel: dict[str, Any]) -> bool:
    """Whether the call may not be repeated any more, and may be given up."""
    current = panel["current"]
    return (
        current is not None
        and current["ticket"]["state"] == "called"
        and current["may_recall_ms"] is None
        and current["calls_before_miss"] == 0
    )


def _choice(options: Sequence[T], digits: str) -> T:
    index = int(digits) - 1
    if index >= len(options):
        raise Refused(f"the digit {digits} has no meaning here")
    return options[index]
