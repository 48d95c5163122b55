"""A view is projected again only when a batch touches its topics: so nothing else may change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import settings

from callq.domain import commands as cmd
from callq.domain.errors import Rejected
from callq.domain.hall import Rules
from callq.views.view import VIEWS, View, project, topics, touched
from tests.harness import Hall, small_hall
from tests.property.test_hall_machine import HallMachine

if TYPE_CHECKING:
    from callq.domain.decide import Decision

ALWAYS = [
    View("board"),
    View("board", zone="hall"),
    View("board", zone="upstairs"),
    *(View("announcements", zone=zone) for zone in (None, "hall", "upstairs")),
    View("entrance"),
    View("printers"),
    View("cases"),
    View("floor"),
    View("floor", discreet=True),
    View("orders"),
    View("desk"),
    *(View(name, window=window) for name in ("panel", "strip") for window in ("w1", "w2", "w3")),
    View("strip", window="w1", discreet=True),
]


class Watching(Hall):
    """A hall whose every view is looked at before and after every command, at one moment."""

    def do(self, command: cmd.AnyCommand, *more: Any, **named: Any) -> Decision:
        views = [*ALWAYS, *(View("ticket", ticket=ticket) for ticket in self.state.tickets)]
        now_ms = max(self.now_ms, self.state.now_ms)
        before = {view: self._seen(view, now_ms) for view in views} if self.state.created else {}
        decision: Decision = super().do(command, *more, **named)
        news = touched(decision.events, self.state)
        for view, (data, asked) in before.items():
            after, _ = self._seen(view, now_ms)
            if not asked:
                continue  # nobody can follow what does not exist yet
            if after != data:
                assert asked & news, f"{view} changed, but {news} does not touch {asked}"
        return decision

    def _seen(self, view: View, now_ms: int) -> tuple[object, frozenset[tuple[str, str]]]:
        try:
            data = project(view, self.state, now_ms, {})
            return msgspec.to_builtins(data), topics(view, self.state)
        except Rejected as gone:
            return gone.code, frozenset()


class ViewMachine(HallMachine):
    """The same random days, watched."""

    @property
    def hall(self) -> Any:
        return self._hall

    @hall.setter
    def hall(self, opened: Hall) -> None:
        opened.__class__ = type("WatchedHall", (Watching, type(opened)), {})
        self._hall = opened


ViewMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=50, deadline=None)
TestViewMachine = pytest.mark.timeout(300)(ViewMachine.TestCase)


def test_a_place_of_the_quota_that_comes_back_is_told_where_it_was_taken() -> None:
    small = small_hall(rules=Rules(quota_returns_on_cancel=True))
    general = msgspec.structs.replace(small.services[0], quota=1)
    hall = Watching(msgspec.structs.replace(small, services=(general, *small.services[1:])))
    hall.staff()
    ticket = hall.issue()
    hall.do(cmd.Reassign(ticket=ticket.id, service="estate"))
    hall.do(cmd.Cancel(ticket=ticket.id))
    assert hall.state.issued["general"] == 0


def test_every_view_is_watched() -> None:
    assert {view.name for view in ALWAYS} | {"ticket"} == set(VIEWS)
