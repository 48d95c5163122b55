"""What holds whatever happens: see also tests/property, which drive it at random."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import callq
from callq.domain import commands as cmd
from callq.domain.errors import CONFLICT, STATUS, Code, Rejected
from callq.domain.events import decode_batch
from callq.domain.state import canonical
from tests.harness import check_invariants, small_hall
from tests.rules.scene import HOUR, MIN, Scene, refused, rule


def busy_hour(hall: Scene) -> None:
    """A bit of everything."""
    hall.staff("w2", "c2")
    for _ in range(4):
        hall.issue(services=("social",))
        hall.later(30)
    hall.hold("with_papers")
    hall.call("w2")
    hall.miss("w2")
    hall.serve("w1")
    hall.do(cmd.Transfer(window="w1", to_clerk="c2"))
    hall.do(cmd.Returned(ticket="t0001"))
    hall.do(cmd.Rejoin(ticket="t0002"))
    hall.serve("w2")
    hall.complete("w2")


@rule("I-one-place")
def test_no_ticket_at_two_windows_no_window_with_two_no_clerk_at_two(hall: Scene) -> None:
    busy_hour(hall)
    check_invariants(hall.state)


@rule("I-key-once")
def test_an_accepted_key_is_remembered_through_the_next_business_day(hall: Scene) -> None:
    hall.issue()
    hall.do(cmd.CallNext(window="w1"), key="press-1")
    hall.next_day()
    hall.later(23 * HOUR)
    record = hall.state.remembered("t1", "press-1")
    assert record is not None
    assert record.ticket == "t0001"
    assert hall.state.remembered("t2", "press-1") is None
    hall.next_day()
    assert hall.state.remembered("t1", "press-1") is None


@rule("I-key-once")
def test_a_key_is_kept_24_hours_past_the_close_also_where_the_next_day_is_shorter() -> None:
    """The night to 2026-03-29 has one hour less in Warsaw; and a hall may begin its days earlier."""
    spring = Scene(small_hall(timezone="Europe/Warsaw"), now_ms=1_774_605_600_000)
    moved = Scene()
    for hall in (spring, moved):
        hall.issue()
        hall.do(cmd.Cancel(ticket="t0001"), key="press-1")
        closes_ms = hall.state.day_ends_ms
        if hall is moved:
            hall.do(cmd.Configure(config=small_hall(day_starts="00:00")))
        hall.next_day()
        hall.next_day()
        assert hall.now_ms < closes_ms + 24 * HOUR * 1000
        assert hall.state.remembered("t1", "press-1") is not None
        assert hall.state.tickets["t0001"].state == "cancelled", "what the answer is about is there, too"
        hall.next_day()
        assert hall.state.remembered("t1", "press-1") is None
        assert "t0001" not in hall.state.tickets


@rule("I-refusals-unkept")
def test_a_refused_key_is_decided_afresh(hall: Scene) -> None:
    hall.issue()
    hall.call()
    with refused(hall, Code.TOO_SOON):
        hall.do(cmd.Recall(window="w1"), key="again")
    assert hall.state.remembered("t1", "again") is None
    hall.later(10)
    hall.do(cmd.Recall(window="w1"), key="again")
    assert hall.state.remembered("t1", "again") is not None


@rule("I-refusal-explains")
def test_a_refusal_has_code_ids_state_and_hint(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    with refused(hall, Code.WINDOW_BUSY) as refusal:
        hall.call()
    assert refusal.value.ids == {"window": "w1", "ticket": ticket.id}
    assert (refusal.value.state, refusal.value.hint) == ("calling", "start or miss it first")


@rule("I-refusal-explains")
def test_a_conflict_without_a_state_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="without a state"):
        Rejected(Code.SERVICE_CLOSED, "it is closed", "come tomorrow")
    without = [
        f"{path.name}:{call.lineno}"
        for path in sorted(Path(callq.__file__).parent.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Rejected"
        if "state" not in {word.arg for word in call.keywords}
        if not isinstance(code := call.args[0], ast.Attribute) or STATUS[Code[code.attr]] == CONFLICT
    ]
    assert not without, "each conflict tells the present state"


@rule("I-no-overtaking")
def test_within_a_lane_the_first_is_called_first(hall: Scene) -> None:
    for _ in range(5):
        hall.issue()
    served = []
    for _ in range(5):
        served.append(hall.serve().number)
        hall.complete()
    assert served == ["A001", "A002", "A003", "A004", "A005"]


@rule("I-explainable")
def test_every_change_says_who_when_from_where_and_by_which_rule(hall: Scene) -> None:
    hall.issue()
    hall.issue("social")
    hall.do(cmd.CallNext(window="w1"), who=cmd.Actor(role="clerk", id="t1", device="panel-3"))
    batch = decode_batch(hall.payloads[-1])
    (called,) = batch.events
    assert (batch.who.id, batch.who.device, batch.at_ms) == ("t1", "panel-3", hall.now_ms)
    assert called.why.rule == "longest_wait"
    assert [lane.service for lane in called.why.lanes] == ["general", "social"]


@rule("I-replay")
def test_timers_and_everything_else_survive_a_restart(hall: Scene) -> None:
    busy_hour(hall)
    hall.hold("without_papers", "w2")
    again = hall.replayed()
    assert canonical(again) == canonical(hall.state)
    assert again.agenda.all() == hall.state.agenda.all()
    assert again.agenda.first is not None
    assert again.agenda.first.at_ms <= hall.now_ms + 120 * MIN * 1000
