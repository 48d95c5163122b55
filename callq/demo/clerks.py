"""Simulated clerks: they look at their panel and press its buttons, as people would.

A clerk keeps nothing in mind that the panel does not show. So whatever happened meanwhile, a restart
of the server or a visitor who pressed the button first, the next look at the panel sets it right.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import structlog
import trio

from callq.demo.client import ApiProblem, Unreachable
from callq.demo.feed import open_feed
from callq.demo.pace import PAUSES, REASONS

if TYPE_CHECKING:
    from callq.demo.feed import Feed, View
    from callq.demo.pace import Pace
    from callq.demo.staff import Seat

RECONNECT_S: Final = (0.2, 3.0)
"""First and longest pause before connecting again."""

AFTER_REFUSAL_S: Final = 1.0
VIEW_LIMIT_S: Final = 2.0
"""How long to wait for the panel to show what was just done."""


class Press(NamedTuple):
    """A button that a clerk is about to press, and how long the clerk takes until then."""

    after_s: float
    command: str
    arguments: dict[str, str] = {}  # noqa: RUF012 - never changed


def next_press(panel: dict[str, Any], seat: Seat, pace: Pace, *, round_: int, now_ms: int) -> Press | None:
    """What a clerk does in view of the panel; None to wait until it changes.

    Args:
      panel: data of the window's panel view.
      seat: the clerk's window and id.
      pace: of the demo.
      round_: how many buttons the clerk has pressed, to vary whims.
      now_ms: server time.
    """
    window = panel["window"]
    dice = pace.dice(seat.window, round_)
    if window["clerk"] is None:
        return Press(pace.scaled(dice.uniform(0.5, 4.0)), "sign_in", {"clerk": seat.clerk})
    if window["clerk"] != seat.clerk:
        return None  # the visitor has taken the seat
    match window["state"]:
        case "closed":
            return Press(pace.scaled(dice.uniform(1.0, 3.0)), "open")
        case "paused" if window["pause_reason"] in REASONS:
            return Press(pace.scaled(dice.uniform(10.0, 25.0)), "unpause")
        case "calling":
            return _while_calling(panel, pace, now_ms)
        case "serving":
            current = panel["current"]
            return Press(pace.service_s(current["ticket"]["id"], current["target_s"]), "complete")
        case "idle" if panel["next"] is not None:
            if round_ and dice.random() < PAUSES:
                return Press(pace.scaled(1.0), "pause", {"reason": dice.choice(REASONS)})
            return Press(pace.scaled(dice.uniform(1.5, 5.0)), "call_next")
    return None


def _while_calling(panel: dict[str, Any], pace: Pace, now_ms: int) -> Press:
    current = panel["current"]
    ticket = current["ticket"]
    fate = pace.fate(ticket["id"])
    if fate == "comes" or (fate == "comes_late" and ticket["calls"] > 1):
        return Press(pace.walk_s(ticket["id"]), "start")
    if current["calls_before_miss"] <= 0 and fate == "no_show":
        return Press(pace.scaled(4.0), "miss")
    if current["may_recall_ms"] is None:
        # No call is left although a miss is not allowed yet: a hall's own rules may say so.
        return Press(pace.walk_s(ticket["id"]), "start")
    return Press(max(0, current["may_recall_ms"] - now_ms) / 1000 + pace.scaled(1.0), "recall")


def _gist(panel: dict[str, Any] | None) -> tuple[object, ...]:
    """What of a panel makes a clerk think again; the length of a queue does not."""
    if panel is None:
        return ()
    window = panel["window"]
    current = panel["current"]
    return (
        window["clerk"],
        window["state"],
        window["pause_reason"],
        window["ticket"],
        current and current["ticket"]["calls"],
        panel["next"] is None,
    )


async def run_clerk(url: str, hall: str, token: str, seat: Seat, pace: Pace) -> None:
    """Work at a window until cancelled; connects again whenever the server comes back."""
    log = structlog.get_logger("callq.demo").bind(window=seat.window)
    pause_s = RECONNECT_S[0]
    while True:
        try:
            async with open_feed(url, hall, token) as feed:
                panel = await feed.subscribe("panel", window=seat.window)
                pause_s = RECONNECT_S[0]
                await _work(feed, panel, seat, pace)
        except* (Unreachable, ApiProblem) as group:
            log.debug("clerk_waits", error=str(group.exceptions[0]))
        await trio.sleep(pause_s)
        pause_s = min(2 * pause_s, RECONNECT_S[1])


async def _work(feed: Feed, panel: View, seat: Seat, pace: Pace) -> None:
    log = structlog.get_logger("callq.demo").bind(window=seat.window)
    round_ = 0
    while True:
        seen = await panel.ready()
        press = next_press(seen, seat, pace, round_=round_, now_ms=int(time.time() * 1000))
        if press is None:
            await panel.changed()
            continue
        if await _changes_within(panel, press.after_s):
            continue
        round_ += 1
        try:
            answer = await feed.command(press.command, window=seat.window, **press.arguments)
        except ApiProblem as problem:
            # The visitor was quicker, or a rule says no: look again in a moment.
            log.debug("clerk_refused", command=press.command, code=problem.code)
            await trio.sleep(max(AFTER_REFUSAL_S, int(problem.body.get("retry_ms", 0)) / 1000))
            continue
        with trio.move_on_after(VIEW_LIMIT_S):
            while panel.revision < answer["revision"]:
                await panel.changed()


async def _changes_within(panel: View, seconds: float) -> bool:
    """Whether the panel comes to show something that matters before the time is over."""
    before = _gist(panel.data)
    with trio.move_on_after(seconds):
        while _gist(panel.data) == before:
            await panel.changed()
        return True
    return False
