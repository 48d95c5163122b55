"""A window as its boxes see it: what is so there, and the one press that is under way.

A press has a key and is sent, again over every break, until the server has answered it or its time is
over: it acts once. Until then, and until the view has what it did, no other press of the window counts.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import structlog
import trio

from callq.agent.feed import FeedLost, Watched
from panels.callbox.keys import Refused, command_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from callq.agent.feed import Follower
    from panels.callbox.config import AgentConfig
    from panels.callbox.keys import Wish

AGAIN_S: Final = 0.1
"""Before a press is sent again."""

SETTLE_S: Final = 2.0
"""Longer than any change lags behind the answer to its command."""

ON_PRESENT: Final = frozenset({"recall", "start", "complete", "miss", "hold", "transfer"})
"""Commands to the ticket at the window."""

Kind = Literal["done", "refused", "ignored", "given_up"]
KINDS: Final[tuple[Kind, ...]] = ("done", "refused", "ignored", "given_up")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a press.

    Attributes:
      kind: ``ignored``: another one is under way; ``given_up``: not answered in time, perhaps done.
      command: what was sent; empty: nothing was.
      detail: the number at the window, or why not.
      seconds: from the press to its answer.
    """

    kind: Kind
    command: str
    detail: str
    seconds: float


class Desk:
    """One window.

    Attributes:
      panel: data of its view; None: nothing is known yet.
      lost: whether it has been away for so long that the boxes say so.
      pending: whether a press is under way.
      refused: why the server does not give the view; empty: it does.
      changed: set, and another one made, whenever something here is another.
    """

    def __init__(
        self, window: str, config: AgentConfig, find: Callable[[str, dict[str, Any]], Awaitable[str]]
    ) -> None:
        self.window = window
        self.view = Watched("panel", window)
        self.panel: dict[str, Any] | None = None
        self.lost = True
        self.pending = False
        self.refused = ""
        self.follower: Follower
        """Set by whoever opens the feed."""
        self._config = config
        self._find = find
        self._revision = -1
        self._settled_at = -1
        self._settles_until_s = 0.0
        self._listeners: list[Callable[[], None]] = []
        self.changed = trio.Event()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever something here is another."""
        self._listeners.append(listener)

    def show(self, data: dict[str, Any], revision: int) -> None:
        """The view has changed."""
        self.panel, self._revision = data, revision
        self.lost, self.refused = False, ""
        self._tell()

    def lose(self) -> None:
        """The server has been away for long."""
        self.lost = True
        self._tell()

    def refuse(self, why: str) -> None:
        """The server does not give the view."""
        self.panel, self.refused = None, why
        self._tell()

    @property
    def busy(self) -> bool:
        """Whether a press would be ignored: the last one is not answered, or not yet seen here."""
        settling = self._revision < self._settled_at and trio.current_time() < self._settles_until_s
        return self.pending or settling

    def begin(self) -> bool:
        """Take the turn for a press, which `press` then gives back; False: another one is under way."""
        mine = not self.busy
        self.pending = self.pending or mine
        return mine

    async def press(self, wish: Wish, box: str, clerk: str, *, mine: bool) -> Outcome:
        """Carry out what is wanted; returns when it is known what became of it.

        Args:
          wish: what.
          box: name of the box, for the log.
          clerk: who is signed in where nobody is.
          mine: what `begin` answered when it was pressed.
        """
        began = trio.current_time()
        if not mine:
            outcome = Outcome("ignored", "", "the press before it is under way", 0.0)
        else:
            try:
                outcome = await self._carry(wish, clerk, began)
            finally:
                self.pending = False
                self._tell()
        log = structlog.get_logger().bind(device=box)
        said = {"window": self.window, "act": wish.act, "command": outcome.command}
        if outcome.kind == "done":
            log.info("callbox_press_done", **said, number=outcome.detail, seconds=round(outcome.seconds, 3))
        elif outcome.kind == "given_up":
            log.error("callbox_press_given_up", **said, error=outcome.detail)
        else:
            log.info("callbox_press_refused", **said, outcome=outcome.kind, error=outcome.detail)
        return outcome

    async def until_free(self) -> None:
        """Wait until no press is under way."""
        while self.pending:
            await self.changed.wait()

    async def _carry(self, wish: Wish, clerk: str, began: float) -> Outcome:
        def outcome(kind: Kind, command: str, detail: str) -> Outcome:
            return Outcome(kind, command, detail, trio.current_time() - began)

        if self.panel is None or self.lost:
            return outcome("refused", "", self.refused or "the server is not there")
        command: dict[str, Any] = {"command": ""}
        result: dict[str, Any] | None = None
        with trio.move_on_after(self._config.keep_s):
            try:
                command = await self._command(wish, self.panel, clerk)
            except Refused as refused:
                return outcome("refused", "", str(refused))
            result = await self._send(command)
        name = str(command["command"])
        if result is None:
            return outcome("given_up", name, f"no answer within {self._config.keep_s} s")
        if not result["ok"]:
            problem = result.get("problem") or {}
            return outcome("refused", name, str(problem.get("detail") or problem.get("code") or "refused"))
        ticket = result.get("ticket")
        if name != "call_next" or ticket:
            # Where nobody waits nothing changes, and there is no revision to wait for.
            self._settled_at = result["revision"]
            self._settles_until_s = trio.current_time() + SETTLE_S
        return outcome("done", name, ticket["number"] if ticket else "")

    async def _command(self, wish: Wish, panel: dict[str, Any], clerk: str) -> dict[str, Any]:
        if wish.act == "call":
            ticket = await self._find(wish.digits, panel)
            reason = self._config.call_reason
            return {"command": "call_ticket", "ticket": ticket, "reason": reason, **_seen(panel)}
        command = command_of(
            wish, panel, clerk=clerk, reasons=self._config.reasons, transfers=self._config.transfers
        )
        # Said with clerk and ticket: a press that comes late must not meet whoever is there by then.
        current, last, name = panel["current"], panel["undo"], command["command"]
        if name != "sign_in":
            command = {**command, **_seen(panel)}
        there = None if current is None else current["ticket"]["id"]
        if name == "call_next" or (there is not None and name in ON_PRESENT):
            return {**command, "ticket": there}
        if name == "undo" and last is not None:
            return {**command, "ticket": last["ticket"], "act": last["act"]}
        return command

    async def _send(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send until it is answered, always with the same key."""
        key = f"box-{uuid.uuid4().hex}"
        while True:
            try:
                result = await self.follower.command(self.window, command, key)
            except FeedLost as lost:
                structlog.get_logger().debug("callbox_press_repeated", window=self.window, error=str(lost))
            else:
                status = (result.get("problem") or {}).get("status", 0)
                if result["ok"] or (status < 500 and status != 429):
                    return result
            await trio.sleep(AGAIN_S)

    def _tell(self) -> None:
        changed, self.changed = self.changed, trio.Event()
        changed.set()
        for listener in self._listeners:
            listener()


def _seen(panel: dict[str, Any]) -> dict[str, str | None]:
    """Who sits at the window, as a command says it."""
    clerk = panel["clerk"]
    return {"seen_clerk": None if clerk is None else clerk["id"]}
