"""What is out of the ordinary on the days of `dongyuan`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from callq.domain import commands as cmd

if TYPE_CHECKING:
    from tests.unit.dongyuan import Days

_MINUTE: Final = 60_000


def out_of_the_ordinary(days: Days, opens: int, closes: int) -> None:
    """A fire drill, a system that is down, half an hour of automatic calls, colleagues who take over."""
    drill, down, rush = (opens + minutes * _MINUTE for minutes in (75, 110, 150))
    days.at(drill, lambda: _does(days, cmd.Suspend(reason="消防演练")))
    days.at(drill + 10 * _MINUTE, lambda: _does(days, cmd.ResumeHall()))
    days.at(down, lambda: _does(days, cmd.StopIssuing(service="tax", reason="上级系统故障")))
    days.at(down + 20 * _MINUTE, lambda: _does(days, cmd.StartIssuing(service="tax")))
    days.at(rush, lambda: _calls_by_itself(days, 15))
    days.at(rush + 30 * _MINUTE, lambda: _calls_by_itself(days, 0))
    for window in days.random.sample(list(days.state.windows), 20):
        when = days.random.randrange(opens + 20 * _MINUTE, closes - 60 * _MINUTE)
        days.at(when, lambda w=window: _is_relieved(days, w))


def _does(days: Days, command: cmd.AnyCommand) -> None:
    assert days.do(command) is not None


def _calls_by_itself(days: Days, after_s: int) -> None:
    config = days.state.config
    rules = msgspec.structs.replace(config.rules, auto_call_s=after_s)
    _does(days, cmd.Configure(config=msgspec.structs.replace(config, rules=rules)))


def _is_relieved(days: Days, window: str) -> None:
    """Another clerk takes the window with its ticket, if somebody is free who can."""
    state, seat = days.state, days.state.windows[window]
    if seat.clerk is None:
        return
    for clerk in state.index.clerks:
        able = state.index.serving(window, clerk, state.day)
        goes_on = able if seat.ticket is None else seat.ticket.service in able
        if clerk not in state.clerk_at and goes_on:
            _does(days, cmd.HandOver(window=window, clerk=clerk))
            return
