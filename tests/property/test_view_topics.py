"""A view is projected again only when a batch touches its topics: so nothing else may change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

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


class Seen(NamedTuple):
    """A view at a moment, and what it is projected again for; of one that is not there, the code."""

    data: object
    asked: frozenset[tuple[str, str]]


class Watching(Hall):
    """A hall whose every view is looked at before and after every command, at one moment."""

    seen: tuple[tuple[int, int], dict[View, Seen]] = ((0, 0), {})
    """At which revision and moment, and what: there the next command finds what the last one left."""

    def do(self, command: cmd.AnyCommand, *more: Any, **named: Any) -> Decision:
        now_ms = max(self.now_ms, self.state.now_ms)
        before = self._looked(now_ms) if self.state.created else {}
        decision: Decision = super().do(command, *more, **named)
        after = self._looked(now_ms)
        news = touched(decision.events, self.state)
        for view, (data, asked) in before.items():
            if not asked:
                continue  # nobody can follow what does not exist yet
            now = after[view].data if view in after else self._seen(view, now_ms).data
            if now != data:
                assert asked & news, f"{view} changed, but {news} does not touch {asked}"
        return decision

    def _looked(self, now_ms: int) -> dict[View, Seen]:
        moment = (self.state.revision, now_ms)
        if self.seen[0] != moment:
            views = [*ALWAYS, *(View("ticket", ticket=ticket) for ticket in self.state.tickets)]
            self.seen = moment, {view: self._seen(view, now_ms) for view in views}
        return self.seen[1]

    def _seen(self, view: View, now_ms: int) -> Seen:
        try:
            data = project(view, self.state, now_ms, {})
            return Seen(msgspec.to_builtins(data), topics(view, self.state))
        except Rejected as gone:
            return Seen(gone.code, frozenset())


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
