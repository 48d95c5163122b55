"""Effects on the notices in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.notices import homeless

if TYPE_CHECKING:
    from callq.domain import events as ev
    from callq.domain.effects.tools import Moment
    from callq.domain.state import HallState
    from callq.domain.undo import Undo


def posted(state: HallState, event: ev.NoticePosted, at: Moment, undo: Undo) -> None:
    """A notice is in force."""
    undo.put(state.notices, event.notice.id, event.notice)


def withdrawn(state: HallState, event: ev.NoticeWithdrawn, at: Moment, undo: Undo) -> None:
    """It is not any more."""
    undo.drop(state.notices, event.notice)


def configured(state: HallState, undo: Undo) -> None:
    """Notices of zones that are no more end with them."""
    for gone in [one for one in state.notices.values() if homeless(one, state.config)]:
        undo.drop(state.notices, gone.id)
