"""What a hundred thousand tickets have in common is in memory once."""

from __future__ import annotations

from callq.domain import commands as cmd
from callq.domain.apply import apply
from callq.domain.decide import decide
from callq.domain.events import Batch, decode_batch, encode_batch, encode_command
from callq.domain.state import HallState
from callq.domain.undo import NoUndo
from tests.harness import MONDAY_9H, small_hall


def test_tickets_share_what_is_the_same_for_all() -> None:
    state = HallState("test")
    who = cmd.Actor(role="kiosk", id="kiosk one")

    def act(command: cmd.AnyCommand, key: str) -> None:
        decision = decide(state, command, MONDAY_9H, who)
        batch = Batch(
            v=4,
            at_ms=MONDAY_9H,
            who=who,
            key=key,
            command=encode_command(command),
            events=decision.events,
            ticket=decision.ticket,
            window=decision.window,
        )
        apply(state, decode_batch(encode_batch(batch)), NoUndo())

    act(cmd.Configure(config=small_hall()), "~")
    for name in ("t1", "t2"):
        person = cmd.Person(
            id_hash=f"id of {name}",
            id_last4="1234",
            phone_hash=f"tel of {name}",
            phone_last4="9876",
            name="张*",
        )
        act(cmd.Issue(ticket=name, service="general", person=person), f"key of {name}")
    one, other = state.tickets.values()
    assert one.service is other.service is one.quota_of
    assert one.zone is other.zone
    assert one.steps is other.steps
    assert one.person is not None
    assert other.person is not None
    for field in ("id_last4", "phone_last4", "name"):
        assert getattr(one.person, field) is getattr(other.person, field)
    (keys,) = state.keys.values()
    (first, _), (second, _) = keys
    assert first is second
    assert [record.ticket for record in keys.values()] == ["t1", "t2"]
    assert all(record.ticket is ticket.id for record, ticket in zip(keys.values(), (one, other), strict=True))
    assert state.live["id of t1", "general"] is state.live["tel of t1", "general"]

    act(cmd.SignIn(window="w1", clerk="c1"), "~1")
    act(cmd.Open(window="w1"), "~2")
    for n in range(2):
        act(cmd.CallNext(window="w1"), f"~{n} call")
        act(cmd.Start(window="w1"), f"~{n} start")
        act(cmd.Complete(window="w1"), f"~{n} complete")
    assert one.window is other.window is state.windows["w1"].id
    assert one.clerk is other.clerk
    assert one.why is not None
    assert other.why is not None
    assert one.call is not None
    assert one.why.rule is other.why.rule
    assert one.call.window is one.window
    for ticket, why in ((one, one.why), (other, other.why)):
        (lane,) = why.lanes
        assert lane.head is ticket.id
        assert lane.service is ticket.service
        assert lane.clock_ms is ticket.clock_ms
