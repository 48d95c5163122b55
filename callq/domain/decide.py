"""What a command does: events, or a refusal that changes nothing.

`decide` only reads. It uses no clock (`now_ms` comes with the command and never runs backwards
within a hall), no randomness and no I/O, so deciding again on the same state gives the same answer.
The rules themselves are in `callq.domain.rules`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from callq.domain import commands as cmd
from callq.domain.errors import Code, Rejected
from callq.domain.rules import calls, hall, tickets, windows
from callq.domain.rules.decision import Decision

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain.state import HallState

__all__ = ["Decision", "decide", "next_deadline_ms"]


def decide(state: HallState, command: cmd.AnyCommand, now_ms: int) -> Decision:
    """Decide a command.

    Args:
      state: the hall; unchanged.
      command: what is wanted.
      now_ms: time of the command, at least ``state.now_ms``.

    Raises:
      Rejected: a rule refuses it.
    """
    if not state.created and not isinstance(command, cmd.Configure):
        raise Rejected(Code.UNKNOWN_HALL, f"hall {state.hall} has no configuration", "load a hall file first")
    return _DECIDE[type(command)](state, command, now_ms)


def next_deadline_ms(state: HallState) -> int | None:
    """When time alone makes something due; None for a hall that does not exist yet."""
    return state.day_ends_ms if state.created else None


_DECIDE: Final[dict[type, Callable[[HallState, Any, int], Decision]]] = {
    cmd.Configure: hall.configure,
    cmd.OpenEpoch: hall.open_epoch,
    cmd.Tick: hall.tick,
    cmd.Issue: tickets.issue,
    cmd.Cancel: tickets.cancel,
    cmd.SignIn: windows.sign_in,
    cmd.SignOut: windows.sign_out,
    cmd.Open: windows.open,
    cmd.Close: windows.close,
    cmd.Pause: windows.pause,
    cmd.Unpause: windows.unpause,
    cmd.CallNext: calls.call_next,
    cmd.Recall: calls.recall,
    cmd.Start: calls.start,
    cmd.Complete: calls.complete,
    cmd.Miss: calls.miss,
}
