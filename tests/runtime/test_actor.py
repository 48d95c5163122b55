"""The hall actor against a store that loses, delays, overtakes, restarts and forgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq import metrics
from callq.domain import commands as cmd
from callq.domain.apply import apply
from callq.domain.errors import Code, Rejected, StoreUnavailable
from callq.domain.events import (
    SCHEMA_VERSION,
    Batch,
    TicketIssued,
    decode_batch,
    encode_batch,
    encode_command,
)
from callq.domain.state import HallState, canonical
from callq.domain.undo import Undo
from callq.journal.port import chained
from callq.runtime.actor import CommandFailed
from callq.runtime.deadlines import ANSWER_WITHIN_S
from callq.runtime.group import Item
from tests.harness import check_invariants
from tests.runtime.conftest import CLERK, Bench, Clock, running
from tests.runtime.faulty import ticket_of_another

if TYPE_CHECKING:
    from tests.runtime.faulty import FaultyJournal


async def replayed(bench: Bench) -> HallState:
    state = HallState("test")
    for entry in await bench.journal.read_revisions("test", 0, 100_000):
        apply(state, decode_batch(entry.payload), Undo())
    return state


async def assert_live_equals_replayed(bench: Bench) -> None:
    live = await bench.canonical()
    assert canonical(await replayed(bench)) == live


async def test_a_command_is_answered_with_its_revision(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        first = await bench.issue()
        second = await bench.issue()
        assert second.revision == first.revision + 1
        await assert_live_equals_replayed(bench)


async def test_what_comes_while_a_group_is_in_flight_goes_together(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        journal.groups.clear()
        journal.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(bench.issue)
            await trio.testing.wait_all_tasks_blocked()
            journal.gate.set()
        assert sum(journal.groups) == 50
        assert len(journal.groups) <= 3
        numbers = await bench.look(lambda s: sorted(t.number for t in s.tickets.values()))
        assert numbers == [f"A{n:03d}" for n in range(1, 51)]


async def test_nothing_is_answered_or_shown_before_it_is_durable(journal: FaultyJournal) -> None:
    from callq.views.view import View

    async with running(journal) as bench:
        feed = bench.actor.subscribe(View("board"), None, None)
        before = await feed.receive()
        journal.gate = trio.Event()
        answered: list[str] = []

        async def command() -> None:
            await bench.issue()
            answered.append("issue")

        async def read() -> None:
            await bench.look(lambda s: len(s.tickets))
            answered.append("read")

        async def refusal() -> None:
            with pytest.raises(Rejected):
                await bench.do(cmd.CallNext(window="w1"))
            answered.append("refusal")

        async def shown() -> None:
            frame = await feed.receive()
            assert frame.revision > before.revision
            answered.append("frame")

        async with trio.open_nursery() as nursery:
            for task in (command, read, refusal, shown):
                nursery.start_soon(task)
                await trio.testing.wait_all_tasks_blocked()
            assert answered == []
            journal.gate.set()
        assert sorted(answered) == ["frame", "issue", "read", "refusal"]


@pytest.mark.parametrize("fault", ["lost_request", "lost_reply", "restart_before", "restart_after"])
async def test_an_unknown_outcome_acts_exactly_once(
    journal: FaultyJournal, fault: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        await bench.issue()
        journal.faults = [fault, fault]  # type: ignore[list-item]
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(bench.issue)
        numbers = await bench.look(lambda s: sorted(t.number for t in s.tickets.values()))
        assert numbers == [f"A{n:03d}" for n in range(1, 7)]
        await assert_live_equals_replayed(bench)
        if fault.startswith("restart"):
            assert await bench.look(lambda s: len(s.epochs)) >= 2
            assert bench.actor.hub.epoch == (await journal.lineage()).epoch


async def test_a_restart_that_no_append_felt_is_recorded_all_the_same(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        await bench.issue()
        journal.restart()
        await bench.issue()
        await bench.issue()
        assert await bench.look(lambda s: s.epoch) == (await journal.lineage()).epoch
        assert bench.actor.hub.epoch == (await journal.lineage()).epoch
        await assert_live_equals_replayed(bench)


async def test_another_nodes_entries_are_adopted_and_ours_decided_again(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        await bench.issue()
        last = (await journal.read_revisions("test", 0, 1000))[-1]
        foreign = Batch(
            v=SCHEMA_VERSION,
            at_ms=await bench.look(lambda s: s.now_ms),
            who=CLERK,
            key="~foreign",
            command=encode_command(cmd.Issue(ticket="foreign", service="general")),
            events=(
                TicketIssued(
                    ticket="foreign",
                    number="A002",
                    counter=2,
                    prefix="A",
                    service="general",
                    cls="ordinary",
                    zone="hall",
                    channel="kiosk",
                ),
            ),
            ticket="foreign",
        )
        journal.intruder = [chained(last.id, encode_batch(foreign))]
        journal.faults = ["overtaken"]
        outcome = await bench.issue()
        mine = await bench.look(lambda s: s.tickets[outcome.ticket].number)
        assert mine == "A003", "decided again on what the other node had written"
        assert await bench.look(lambda s: s.tickets["foreign"].number) == "A002"
        await assert_live_equals_replayed(bench)


async def test_an_accepted_key_acts_once_and_answers_the_same(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        first = await bench.issue(key="k")
        again = await bench.issue(key="k")
        assert (again.ticket, again.revision) == (first.ticket, first.revision)
        assert again.replayed
        assert await bench.look(lambda s: len(s.tickets)) == 1
        with pytest.raises(Rejected) as caught:
            await bench.do(cmd.Issue(ticket="z", service="social"), "k", b"o" * 16)
        assert caught.value.code == Code.IDEMPOTENCY_CONFLICT


async def test_the_metrics_tell_done_from_repeated_and_empty(
    journal: FaultyJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []
    timed: list[str] = []

    def decided(hall: str, command: str, outcome: str, seconds: float | None = None) -> None:
        seen.append((command, str(outcome)))
        if seconds is not None:
            timed.append(command)

    monkeypatch.setattr(metrics, "command_decided", decided)
    async with running(journal) as bench:
        seen.clear()
        await bench.issue(key="k")
        await bench.issue(key="k")
        await bench.do(cmd.SignIn(window="w1", clerk="c4"))
        await bench.do(cmd.Open(window="w1"))
        await bench.do(cmd.CallNext(window="w1"))
        with pytest.raises(Rejected):
            await bench.do(cmd.Start(window="w1"))
    assert seen == [
        ("issue", "ok"),
        ("issue", "replayed"),
        ("sign_in", "ok"),
        ("open", "ok"),
        ("call_next", "nothing"),
        ("start", "wrong_state"),
    ]
    assert timed[-3:] == ["issue", "sign_in", "open"], "only what became durable has a duration"


async def test_a_key_is_known_after_a_restart(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        first = await bench.issue(key="k")
    async with running(journal) as bench:
        again = await bench.issue(key="k")
        assert again.ticket == first.ticket


async def test_a_refused_key_is_decided_afresh(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        with pytest.raises(Rejected):
            await bench.do(cmd.CallNext(window="w1"), "k")
        await bench.do(cmd.SignIn(window="w1", clerk="c1"))
        await bench.do(cmd.Open(window="w1"))
        assert (await bench.do(cmd.CallNext(window="w1"), "k")).ticket is None
        issued = await bench.issue()
        assert (await bench.do(cmd.CallNext(window="w1"), "k")).ticket == issued.ticket


async def test_a_store_that_stays_away_is_said_so_and_comes_back(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        await bench.issue()
        journal.down = True
        with pytest.raises(StoreUnavailable):
            await bench.issue(key="while-down")
        with trio.fail_after(ANSWER_WITHIN_S / 2), pytest.raises(StoreUnavailable):
            await bench.issue()  # turned away at once: the outage is known by now
        journal.down = False
        await trio.sleep(5)
        again = await bench.issue(key="while-down")
        assert again.replayed, "the command came about once the store was back"
        assert await bench.look(lambda s: len(s.tickets)) == 2
        await assert_live_equals_replayed(bench)


async def test_each_caller_is_turned_away_in_its_own_time(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    """While the store hangs; one that was turned away is not decided again once it answers."""
    turned_away: list[float] = []

    async def caller(bench: Bench, after_s: float) -> None:
        await trio.sleep(after_s)
        began = trio.current_time()
        with pytest.raises(StoreUnavailable):
            await bench.issue()
        turned_away.append(trio.current_time() - began)

    async with running(journal) as bench:
        await bench.issue()
        journal.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            for after_s in (0, 0.5, 1, 3, 4.9):
                nursery.start_soon(caller, bench, after_s)
        assert turned_away == pytest.approx([ANSWER_WITHIN_S] * 5)
        journal.faults = ["overtaken"]
        journal.intruder = [ticket_of_another(journal._halls["test"][-1], 2)]
        journal.gate.set()
        # Another node was faster; what nobody waits for any more is not decided again on top.
        assert sorted(await bench.look(lambda s: list(s.counters.values()))) == [2]
        assert (await bench.issue()).ticket
        await assert_live_equals_replayed(bench)


async def test_whoever_is_turned_away_costs_the_others_nothing(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the store hangs, deadlines come one after another; not everybody is looked at for each."""
    looks = 0

    class Watched(Item):
        __slots__ = ()

        def __getattribute__(self, name: str) -> Any:
            nonlocal looks
            looks += name == "until_s"
            return super().__getattribute__(name)

    async def caller(bench: Bench, after_s: float) -> None:
        await trio.sleep(after_s)
        with pytest.raises(StoreUnavailable):
            await bench.issue()

    monkeypatch.setattr("callq.runtime.actor.Item", Watched)
    async with running(journal) as bench:
        await bench.issue()
        journal.gate = trio.Event()
        looks = 0
        async with trio.open_nursery() as nursery:
            for number in range(200):
                nursery.start_soon(caller, bench, number / 100)
        assert looks < 10 * 200


async def test_who_has_an_answer_is_not_kept_until_it_would_have_been_too_late(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        for _ in range(50):
            await bench.issue()
        assert len(bench.actor._deadlines._waiting) <= 1


async def test_a_fault_in_one_command_changes_nothing_and_the_hall_goes_on(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        await bench.issue()
        before = await bench.canonical()
        with pytest.raises(CommandFailed):
            await bench.actor.command(
                cmd.Issue(ticket="boom", service="general"), who=CLERK, render=lambda *_: 1 // 0
            )
        assert await bench.canonical() == before
        await bench.issue()
        await assert_live_equals_replayed(bench)


async def test_what_a_rewound_store_lost_is_given_back(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        await bench.issue(key="first")
        before = await journal.read_revisions("test", 0, 1000)
        actor = bench.actor
        journal.faults = ["rewound"]
        with pytest.raises(StoreUnavailable):
            await bench.issue(key="second")
        await trio.sleep(2)
        assert bench.actor is not actor, "loaded anew"
        assert (await journal.read_revisions("test", 0, 1000))[: len(before)] == before, "the same ids"
        assert (await bench.issue(key="first")).replayed
        await bench.issue(key="second")
        assert await bench.look(lambda s: sorted(t.number for t in s.tickets.values())) == ["A001", "A002"]
        await assert_live_equals_replayed(bench)
        assert bench.node.home.alarms == []


async def test_the_day_opens_by_itself(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal, Clock(hours_later=18.99)) as bench:
        await bench.issue()
        await trio.sleep(60)
        day, states = await bench.look(lambda s: (s.day, [t.state for t in s.tickets.values()]))
        assert (day, states) == ("2026-11-24", ["expired"])
        await bench.issue()
        waiting = await bench.look(lambda s: [t.number for t in s.tickets.values() if t.state == "waiting"])
        assert waiting == ["A001"]


async def test_a_clock_that_runs_back_does_not_move_the_hall_back(journal: FaultyJournal) -> None:
    clock = Clock()
    async with running(journal, clock) as bench:
        await bench.issue()
        before = await bench.look(lambda s: s.now_ms)
        clock.offset_ms -= 3_600_000
        await bench.issue()
        assert await bench.look(lambda s: s.now_ms) >= before


async def test_a_caller_that_goes_away_leaves_its_command_whole(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        journal.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(bench.issue)
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        journal.gate.set()
        assert await bench.look(lambda s: len(s.tickets)) == 3
        await assert_live_equals_replayed(bench)


async def test_many_clients_race_and_nothing_breaks(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        for window, clerk in (("w1", "c1"), ("w2", "c2"), ("w3", "c4")):
            await bench.do(cmd.SignIn(window=window, clerk=clerk))
            await bench.do(cmd.Open(window=window))
        journal.faults = ["lost_reply", "lost_request", "restart_after", "restart_before"] * 3
        called: list[str] = []

        async def citizen() -> None:
            for _ in range(20):
                await bench.issue("general")

        async def clerk(window: str) -> None:
            for _ in range(20):
                outcome = await bench.do(cmd.CallNext(window=window))
                if outcome.ticket is None:
                    await trio.sleep(0.1)
                    continue
                called.append(outcome.ticket)
                await bench.do(cmd.Start(window=window))
                await bench.do(cmd.Complete(window=window))

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(citizen)
            for window in ("w1", "w2"):
                nursery.start_soon(clerk, window)  # type: ignore[arg-type]
        assert len(set(called)) == len(called), "somebody was called twice"
        await bench.look(check_invariants)
        counters = await bench.look(lambda s: s.counters)
        assert counters == {"A": 100}
        await assert_live_equals_replayed(bench)


async def test_a_refused_commit_is_not_tried_again_without_a_pause(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        await bench.issue()
        journal.groups.clear()
        journal.faults = ["refused"] * 200
        before = trio.current_time()
        with pytest.raises(StoreUnavailable):
            await bench.issue()
        assert len(journal.groups) < 20
        assert trio.current_time() - before >= ANSWER_WITHIN_S


async def test_a_key_is_answered_again_on_the_next_day(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal, Clock(hours_later=18.99)) as bench:
        first = await bench.issue(key="k")
        await trio.sleep(60)
        again = await bench.actor.command(
            cmd.Issue(ticket="other", service="general"),
            who=CLERK,
            key="k",
            body=b"i" * 16,
            render=lambda state, outcome, now: state.tickets[outcome.ticket].state,  # type: ignore[index]
        )
        assert again == "expired"
        assert first.ticket


async def test_authority_is_looked_at_on_the_state_that_is_decided_on(journal: FaultyJournal) -> None:
    def only_nobody(state: HallState) -> None:
        if state.windows["w1"].clerk is not None:
            raise Rejected(Code.FORBIDDEN, "somebody sits there", "use another window")

    async with running(journal) as bench:
        journal.gate = trio.Event()
        refusals: list[Code] = []

        async def other_signs_in() -> None:
            await bench.do(cmd.SignIn(window="w1", clerk="c2"))

        async def acts() -> None:
            try:
                await bench.actor.command(
                    cmd.Open(window="w1"), who=CLERK, render=lambda *_: None, guard=only_nobody
                )
            except Rejected as refusal:
                refusals.append(refusal.code)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(other_signs_in)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(acts)
            await trio.testing.wait_all_tasks_blocked()
            journal.gate.set()
        assert refusals == [Code.FORBIDDEN]


async def test_a_key_accepted_before_needs_no_authority_again(journal: FaultyJournal) -> None:
    def never(state: HallState) -> None:
        raise Rejected(Code.FORBIDDEN, "not any more", "ask for a token")

    async with running(journal) as bench:
        first = await bench.do(cmd.SignIn(window="w1", clerk="c1"), "k", b"s" * 16)
        again = await bench.actor.command(
            cmd.SignIn(window="w1", clerk="c1"),
            who=CLERK,
            key="k",
            body=b"s" * 16,
            render=lambda state, outcome, now: outcome,
            guard=never,
        )
        assert (again.revision, again.replayed) == (first.revision, True)


async def test_too_many_waiting_commands_are_turned_away(
    journal: FaultyJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callq.runtime.actor.MAX_OPEN", 3)
    async with running(journal) as bench:
        journal.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            for _ in range(4):  # one goes into flight, three wait behind it
                nursery.start_soon(bench.issue)
                await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(StoreUnavailable, match="too many"):
                await bench.issue()
            journal.gate.set()
        assert await bench.look(lambda s: len(s.tickets)) == 4


async def test_events_end_at_what_is_durable(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        await bench.issue()
        revision = bench.actor.revision
        journal.faults = ["slow_reply"]
        told: list[int] = []

        async def events() -> None:
            told.append((await bench.actor.events(0, 1000))[-1].id.revision)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(bench.issue)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(events)
            await trio.testing.wait_all_tasks_blocked()
            assert told == [], "written, but not confirmed to anybody yet"
            journal.reply.set()
        assert told == [revision + 1]


async def test_what_another_node_wrote_behind_a_lost_reply_is_adopted(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        await bench.issue()
        journal.faults = ["lost_reply_then_overtaken"]
        await bench.issue()
        assert await bench.look(lambda s: "foreign" in [epoch.name for epoch in s.epochs])
        await bench.issue()
        await assert_live_equals_replayed(bench)
