"""通知: posting notices, withdrawing them, and ending those whose time is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.check_values import nearest, text
from callq.domain.errors import Code, Rejected
from callq.domain.notices import MOST, Notice
from callq.domain.rules.decision import Decision

if TYPE_CHECKING:
    from callq.domain import commands as cmd
    from callq.domain.state import HallState


def post(state: HallState, command: cmd.PostNotice, now_ms: int, who: cmd.Actor) -> Decision:
    """Tell everyone, or the people of some zones; the same notice again writes nothing."""
    for given, needed in ((command.text, True), (command.text_en, False)):
        _readable(state, given, needed=needed)
    for zone in command.zones:
        if zone not in state.index.zones:
            guess = nearest(zone, state.index.zones)
            hint = f"did you mean {guess!r}?" if guess else f"known: {', '.join(state.index.zones)}"
            raise Rejected(Code.INVALID, f"there is no zone {zone!r}", hint, zone=zone)
    if command.until_ms is not None and command.until_ms <= now_ms:
        raise Rejected(
            Code.INVALID,
            "its end is over already",
            "give an end that is still to come, or none",
            hall=state.hall,
        )
    # In the hall's order, so that the same zones are the same notice.
    zones = tuple(zone for zone in state.index.zones if zone in command.zones)
    posted = Notice(
        id=f"n{state.revision + 1}",
        text=command.text,
        text_en=command.text_en,
        kind=command.kind,
        zones=zones,
        since_ms=now_ms,
        until_ms=command.until_ms,
    )
    if any(_same(posted, other) for other in state.notices.values()):
        return Decision(())
    if len(state.notices) >= MOST:
        raise Rejected(
            Code.LIMIT_REACHED,
            f"{MOST} notices are in force",
            "withdraw one that has been read",
            hall=state.hall,
            state="full",
        )
    return Decision((ev.NoticePosted(notice=posted),))


def withdraw(state: HallState, command: cmd.WithdrawNotice, now_ms: int, who: cmd.Actor) -> Decision:
    """Take a notice back."""
    if command.notice not in state.notices:
        raise Rejected(
            Code.WRONG_STATE,
            f"notice {command.notice!r} is not in force",
            "it has ended, or was withdrawn; those of the hall file end with the file",
            state="ended",
            notice=command.notice,
        )
    return Decision((ev.NoticeWithdrawn(notice=command.notice),))


def over(state: HallState, now_ms: int) -> list[ev.Event]:
    """End what has lasted long enough."""
    return [
        ev.NoticeWithdrawn(notice=one.id, reason="over")
        for one in state.notices.values()
        if one.until_ms is not None and one.until_ms <= now_ms
    ]


def _readable(state: HallState, words: str, *, needed: bool) -> None:
    if not words and not needed:
        return
    wrong = next(text("text", "notices", words), None)
    if wrong is not None:
        raise Rejected(Code.INVALID, wrong.message, wrong.hint, hall=state.hall)


def _same(one: Notice, other: Notice) -> bool:
    return (one.text, one.text_en, one.kind, one.zones, one.until_ms) == (
        other.text,
        other.text_en,
        other.kind,
        other.zones,
        other.until_ms,
    )
