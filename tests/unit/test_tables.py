"""Tables in which a new command, event or view needs a row: without it the first use would fail."""

from __future__ import annotations

import ast
from typing import get_args

import pytest

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.apply import _APPLY
from callq.domain.decide import _DECIDE
from callq.views.view import _ABOUT, VIEWS
from callq.web import bodies, orders, roles
from callq.web.window_bodies import WindowCommandBody
from tests.unit.documents import ROOT

OF_NO_VIEW = {ev.EpochOpened, ev.FeatureLevelRaised}
"""Frames carry the epoch themselves; which schema is written shows nowhere."""

OF_THE_NODE = {cmd.OpenEpoch, cmd.RecordOutage, cmd.RaiseLevel, cmd.Tick, cmd.ReckonTides, cmd.WatchDevices}

BODIES = [
    (bodies.TicketCommandBody, orders._TO_TICKET),
    (bodies.TicketCommandBody, orders.TICKET_PERMISSION),
    (WindowCommandBody, orders._TO_WINDOW),
    (bodies.BookingCommandBody, orders.BOOKING_PERMISSION),
    (bodies.HallCommandBody, orders._TO_HALL),
]


def test_every_command_is_decided_by_something() -> None:
    assert set(_DECIDE) == set(get_args(cmd.AnyCommand))


def test_every_event_has_its_effect() -> None:
    assert set(_APPLY) == set(get_args(ev.Event))


def test_every_event_says_which_views_it_changes() -> None:
    assert set(_ABOUT) | OF_NO_VIEW == set(get_args(ev.Event))
    assert not set(_ABOUT) & OF_NO_VIEW


def test_every_command_of_people_is_made_at_a_door() -> None:
    made = set()
    for path in (ROOT / "callq" / "web").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr=name, value=ast.Name(id="cmd"))):
                    made.add(getattr(cmd, name))
    assert set(get_args(cmd.AnyCommand)) - made == OF_THE_NODE


@pytest.mark.parametrize(("union", "table"), BODIES)
def test_every_body_has_its_row(union: object, table: dict[type, object]) -> None:
    assert set(table) == set(get_args(union))


def test_following_each_view_needs_a_permission() -> None:
    assert set(roles.VIEW_PERMISSION) == set(VIEWS)
