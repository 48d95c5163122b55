"""Effects of what happened to the store and to the nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.lanes import Agenda
from callq.domain.state import Epoch, Standstill

if TYPE_CHECKING:
    from callq.domain import events as ev
    from callq.domain.effects.tools import Moment
    from callq.domain.state import HallState
    from callq.domain.undo import Undo
    from callq.domain.window import Acted


def epoch_opened(state: HallState, event: ev.EpochOpened, at: Moment, undo: Undo) -> None:
    """A new lineage of the store; numbers go on after those that are left out."""
    undo.set(state, "epochs", (*state.epochs[-63:], Epoch(event.epoch, state.revision + 1)))
    for skipped in event.skipped:
        undo.put(state.counters, skipped.series, skipped.last)
    if event.skipped:
        count = max(skipped.last - skipped.first + 1 for skipped in event.skipped)
        undo.set(state, "left_out", (at.now_ms, count))


def outage_recorded(state: HallState, event: ev.OutageRecorded, at: Moment, undo: Undo) -> None:
    """Everything that is due is due later by the outage.

    A suspended hall stood still anyway: its own time did, and the suspension covers the outage.
    """
    undo.set(state, "known_ms", event.until_ms)
    if state.suspended_since is not None:
        return
    length_ms = event.until_ms - event.since_ms
    undo.set(state, "standstills", (*state.standstills, Standstill(event.since_ms, event.until_ms)))
    undo.set(state, "due", {key: at_ms + length_ms for key, at_ms in state.due.items()})
    undo.set(state, "agenda", Agenda(due._replace(at_ms=due.at_ms + length_ms) for due in state.agenda.all()))
    for window in state.windows.values():
        if window.acted is not None:
            undo.set(window, "acted", _later(window.acted, length_ms))


def _later(act: Acted, length_ms: int) -> Acted:
    """What can be taken back, with timers that are due so much later."""
    due_ms = None if act.due_ms is None else act.due_ms + length_ms
    previous = None if act.previous is None else _later(act.previous, length_ms)
    return act._replace(due_ms=due_ms, previous=previous)


def level_raised(state: HallState, event: ev.FeatureLevelRaised, at: Moment, undo: Undo) -> None:
    """Batches may use more from now on."""
    undo.set(state, "level", event.level)
