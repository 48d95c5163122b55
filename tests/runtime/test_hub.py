"""The feed hub: snapshots, changes, resumption, slow readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from callq.domain import commands as cmd
from callq.domain.errors import Rejected
from callq.domain.events import SCHEMA_VERSION, Batch, ClerkSignedIn, encode_batch, encode_command
from callq.journal.port import chained
from callq.runtime.hub import KEEP_IDLE_S, FeedClosed, Frame
from callq.views.view import View
from tests.runtime.conftest import CLERK, Bench, running

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from callq.runtime.hub import Subscription
    from tests.runtime.faulty import FaultyJournal

BOARD = View("board")


async def next_frame(feed: Subscription) -> Frame:
    with trio.fail_after(5):
        return await feed.receive()


def waiting(frame: Frame) -> int:
    return sum(row.count for row in frame.data["waiting"])  # type: ignore[attr-defined]


async def test_first_a_snapshot_then_what_changed(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        feed = bench.actor.subscribe(BOARD, None, None)
        snapshot = await next_frame(feed)
        assert (snapshot.kind, snapshot.reset) == ("snapshot", False)
        outcome = await bench.issue()
        change = await next_frame(feed)
        assert change.kind == "change"
        assert change.revision == outcome.revision
        assert set(change.data) == {"waiting"}
        assert waiting(change) == 1


async def test_a_slow_reader_gets_the_newest_once(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        feed = bench.actor.subscribe(BOARD, None, None)
        await next_frame(feed)
        for _ in range(100):
            await bench.issue()
        frame = await next_frame(feed)
        assert waiting(frame) == 100
        with trio.move_on_after(0.05) as scope:
            await feed.receive()
        assert scope.cancelled_caught, "a second frame came for what the first had told"


async def test_readers_that_take_the_same_change_share_one_frame(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        feeds = [bench.actor.subscribe(BOARD, None, None) for _ in range(3)]
        elsewhere = bench.actor.subscribe(View("floor"), None, None)
        for feed in (*feeds, elsewhere):
            await next_frame(feed)
        await bench.issue()
        frames = [await next_frame(feed) for feed in feeds]
        frames[0].made["what one made of it"] = 1
        assert all(frame is frames[0] for frame in frames)
        other = await next_frame(elsewhere)
        assert (other.revision, other.made) == (frames[0].revision, {})


async def test_a_slow_reader_beside_fast_ones_gets_a_frame_of_its_own_and_alters_none(
    journal: FaultyJournal,
) -> None:
    async with running(journal) as bench:
        fast, slow, slower = (bench.actor.subscribe(BOARD, None, None) for _ in range(3))
        for feed in (fast, slow, slower):
            await next_frame(feed)
        await bench.issue()
        waits = await next_frame(fast)
        await bench.do(cmd.SignIn(window="w1", clerk="c1"))
        opens = await next_frame(fast)
        merged = await next_frame(slow)
        await bench.issue()
        waits_again = await next_frame(fast)
        assert await next_frame(slow) is waits_again, "it has caught up, and takes what all take"
        all_in_one = await next_frame(slower)

        assert set(waits.data) == set(waits_again.data) == {"waiting"}
        assert (waiting(waits), waiting(waits_again)) == (1, 2)
        assert set(opens.data) == {"windows"}
        assert set(merged.data) == set(all_in_one.data) == {"waiting", "windows"}
        assert (merged.revision, waiting(merged)) == (opens.revision, 1)
        assert (all_in_one.revision, waiting(all_in_one)) == (waits_again.revision, 2)
        assert (all_in_one.kind, all_in_one.epoch) == ("change", waits.epoch)


class Shown:
    """A reader who is shown changes, and what it is left to `finish`."""

    def __init__(self, feed: Subscription) -> None:
        self.frames: list[Frame] = []
        self.finish: Callable[[], Awaitable[None]] | None = None
        self.received: list[Frame] = []
        self._feed = feed
        feed.show_with(self)

    def begin(self, frame: Frame) -> bytes | Callable[[], Awaitable[None]]:
        self.frames.append(frame)
        return self.finish or b"frame"

    def write(self, data: bytes) -> int:
        return len(data)

    def done(self, data: bytes, out: int | Exception) -> None:
        assert out == len(data)

    async def run(self) -> None:
        while True:
            self.received.append(await self._feed.receive())


async def test_who_waits_is_shown_a_change_as_it_is_published(journal: FaultyJournal) -> None:
    async with running(journal) as bench, trio.open_nursery() as nursery:
        reader = Shown(bench.actor.subscribe(BOARD, None, None))
        await bench.issue()
        assert reader.frames == [], "nobody waits"
        nursery.start_soon(reader.run)
        await trio.testing.wait_all_tasks_blocked()
        assert [frame.kind for frame in reader.received] == ["snapshot"]
        for number in (2, 3):
            await bench.issue()
            assert waiting(reader.frames[-1]) == number
        assert len(reader.received) == 1, "it went on waiting"
        nursery.cancel_scope.cancel()


async def test_who_is_shown_a_change_whole_is_not_woken(journal: FaultyJournal) -> None:
    async with running(journal) as bench, trio.open_nursery() as nursery:
        feed = bench.actor.subscribe(BOARD, None, None)
        reader = Shown(feed)
        nursery.start_soon(reader.run)
        await trio.testing.wait_all_tasks_blocked()
        wake = feed._wake
        await bench.issue()
        assert len(reader.frames) == 1
        assert feed._wake is wake
        assert not wake.is_set()
        nursery.cancel_scope.cancel()


async def test_who_has_stopped_waiting_is_shown_nothing(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        feed = bench.actor.subscribe(BOARD, None, None)
        reader = Shown(feed)
        await next_frame(feed)
        with trio.move_on_after(0.01):
            await feed.receive()
        await bench.issue()
        assert reader.frames == []
        assert waiting(await next_frame(feed)) == 1


async def test_changes_are_merged_until_what_was_shown_by_half_is_finished(journal: FaultyJournal) -> None:
    finished = trio.Event()
    async with running(journal) as bench, trio.open_nursery() as nursery:
        reader = Shown(bench.actor.subscribe(BOARD, None, None))
        nursery.start_soon(reader.run)
        await trio.testing.wait_all_tasks_blocked()
        reader.finish = finished.wait
        await bench.issue()
        await bench.issue()
        await bench.do(cmd.SignIn(window="w1", clerk="c1"))
        await bench.issue()
        assert [waiting(frame) for frame in reader.frames] == [1]
        assert len(reader.received) == 1
        finished.set()
        await trio.testing.wait_all_tasks_blocked()
        merged = reader.received[1]
        assert (set(merged.data), waiting(merged)) == ({"waiting", "windows"}, 3)
        reader.finish = None
        await bench.issue()
        assert waiting(reader.frames[-1]) == 4
        nursery.cancel_scope.cancel()


async def test_what_goes_wrong_in_finishing_is_the_readers_own(journal: FaultyJournal) -> None:
    async def fail() -> None:
        raise trio.BrokenResourceError

    async def broken(reader: Shown) -> None:
        with pytest.raises(trio.BrokenResourceError):
            await reader.run()

    async with running(journal) as bench, trio.open_nursery() as nursery:
        reader, other = (Shown(bench.actor.subscribe(BOARD, None, None)) for _ in range(2))
        nursery.start_soon(broken, reader)
        nursery.start_soon(other.run)
        await trio.testing.wait_all_tasks_blocked()
        reader.finish = fail
        await bench.issue()
        await trio.testing.wait_all_tasks_blocked()
        assert len(nursery.child_tasks) == 1
        await bench.issue()
        assert [waiting(frame) for frame in other.frames] == [1, 2]
        assert [waiting(frame) for frame in reader.frames] == [1]
        nursery.cancel_scope.cancel()


async def test_a_change_that_touches_nothing_of_a_view_sends_nothing(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        feed = bench.actor.subscribe(View("strip", window="w3"), None, None)
        await next_frame(feed)
        await bench.issue()
        with trio.move_on_after(0.05) as scope:
            await feed.receive()
        assert scope.cancelled_caught


async def test_since_resumes_with_exactly_what_was_missed(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        feed = bench.actor.subscribe(BOARD, None, None)
        seen = await next_frame(feed)
        feed.close()
        await bench.issue()
        feed = bench.actor.subscribe(BOARD, seen.revision, seen.epoch)
        frame = await next_frame(feed)
        assert (frame.kind, set(frame.data)) == ("change", {"waiting"})
        assert frame.revision == bench.actor.revision


async def test_since_now_resumes_with_nothing(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        feed = bench.actor.subscribe(BOARD, None, None)
        seen = await next_frame(feed)
        again = await next_frame(bench.actor.subscribe(BOARD, seen.revision, seen.epoch))
        assert (again.kind, again.data) == ("change", {})


@pytest.mark.parametrize(
    ("since", "epoch"), [(0, None), (10_000, "same"), (None, "same"), ("now", "strange")]
)
async def test_what_cannot_be_resumed_is_sent_whole(
    journal: FaultyJournal, since: int | str | None, epoch: str | None
) -> None:
    async with running(journal) as bench:
        feed = bench.actor.subscribe(BOARD, None, None)
        seen = await next_frame(feed)
        number = seen.revision if since == "now" else since
        lineage = seen.epoch if epoch == "same" else epoch
        frame = await next_frame(bench.actor.subscribe(BOARD, number, lineage))  # type: ignore[arg-type]
        assert frame.kind == "snapshot"
        assert frame.reset == (since is not None)


async def test_an_earlier_epoch_resumes_up_to_where_it_ended(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        feed = bench.actor.subscribe(BOARD, None, None)
        seen = await next_frame(feed)
        journal.restart()
        await bench.do(cmd.OpenEpoch(epoch=(await journal.lineage()).epoch))
        await bench.issue()
        resumed = await next_frame(bench.actor.subscribe(BOARD, seen.revision, seen.epoch))
        assert (resumed.kind, resumed.epoch) == ("change", (await journal.lineage()).epoch)
        beyond = await next_frame(bench.actor.subscribe(BOARD, resumed.revision, seen.epoch))
        assert (beyond.kind, beyond.reset) == ("snapshot", True)


async def test_views_of_what_does_not_exist_are_refused(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        for view in (
            View("panel", window="w9"),
            View("board", zone="moon"),
            View("ticket", ticket="x"),
            View("x"),
        ):
            with pytest.raises(Rejected):
                bench.actor.subscribe(view, None, None)


async def test_a_subscription_in_the_middle_of_a_commit_sees_only_what_is_durable(
    journal: FaultyJournal,
) -> None:
    async with running(journal) as bench:
        journal.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bench.issue)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(bench.issue)
            await trio.testing.wait_all_tasks_blocked()
            feed = bench.actor.subscribe(BOARD, None, None)
            with trio.move_on_after(0.02) as scope:
                await feed.receive()
            assert scope.cancelled_caught
            journal.gate.set()
        frame = await next_frame(feed)
        assert waiting(frame) == 2


async def test_a_ticket_that_is_forgotten_ends_its_feed(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callq.runtime.heart.BEAT_S", 600)
    monkeypatch.setattr("callq.runtime.heart.OUTAGE_MS", 3_600_000)
    monkeypatch.setattr("callq.runtime.node.POLL_S", 600)
    monkeypatch.setattr("callq.runtime.keeper.LOOK_EVERY_S", 600)
    async with running(journal) as bench:
        ticket = (await bench.issue()).ticket
        feed = bench.actor.subscribe(View("ticket", ticket=ticket), None, None)
        await next_frame(feed)
        await trio.sleep(20 * 3600)
        assert (await next_frame(feed)).data["state"] == "expired"
        await trio.sleep(24 * 3600)
        with pytest.raises(FeedClosed):
            await feed.receive()


async def test_stopping_ends_every_feed(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        feed = bench.actor.subscribe(BOARD, None, None)
        await next_frame(feed)
    with pytest.raises(FeedClosed):
        await next_frame(feed)


async def test_views_nobody_reads_are_forgotten(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        feed = bench.actor.subscribe(BOARD, None, None)
        seen = await next_frame(feed)
        feed.close()
        await trio.sleep(KEEP_IDLE_S + 1)
        await bench.issue()
        frame = await next_frame(bench.actor.subscribe(BOARD, seen.revision, seen.epoch))
        assert frame.kind == "snapshot"


async def test_a_view_that_is_read_stays_however_quiet_it_is(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        feed = bench.actor.subscribe(BOARD, None, None)
        await next_frame(feed)
        await trio.sleep(2 * KEEP_IDLE_S)
        await bench.issue()
        assert (await next_frame(feed)).kind == "change"
        await bench.issue()
        assert waiting(await next_frame(feed)) == 2


async def clerk_works(bench: Bench) -> None:
    await bench.do(cmd.SignIn(window="w1", clerk="c1"))
    await bench.do(cmd.Open(window="w1"))
    await bench.issue()
    await bench.do(cmd.CallNext(window="w1"))


async def test_merged_changes_equal_a_fresh_snapshot(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        views = [BOARD, View("floor"), View("panel", window="w1"), View("strip", window="w1")]
        feeds = [bench.actor.subscribe(view, None, None) for view in views]
        merged = [dict((await next_frame(feed)).data) for feed in feeds]
        await clerk_works(bench)
        for feed, data, view in zip(feeds, merged, views, strict=True):
            data.update((await next_frame(feed)).data)
            fresh = await next_frame(bench.actor.subscribe(view, None, None))
            assert data == fresh.data


async def test_subscribing_while_a_group_is_in_flight_shows_nothing_of_it(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        journal.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bench.issue)
            await trio.testing.wait_all_tasks_blocked()
            feed = bench.actor.subscribe(BOARD, None, None)
            with trio.move_on_after(0.02) as scope:
                await feed.receive()
            assert scope.cancelled_caught, "a frame came before its group was durable"
            journal.gate.set()
        assert waiting(await next_frame(feed)) == 1


@pytest.mark.parametrize("fault", ["lost_request", "overtaken_by_epoch"])
async def test_a_view_first_asked_for_during_a_commit_that_fails_still_comes(
    journal: FaultyJournal, fault: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        journal.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bench.issue)
            await trio.testing.wait_all_tasks_blocked()
            feed = bench.actor.subscribe(BOARD, None, None)
            journal.faults = ["lost_request"] if fault == "lost_request" else ["restart_before"]
            journal.gate.set()
        assert waiting(await next_frame(feed)) == 1


async def test_a_view_follows_what_is_true_after_a_commit_that_never_was(
    journal: FaultyJournal, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(journal) as bench:
        feed = bench.actor.subscribe(View("panel", window="w1"), None, None)
        shown = dict((await next_frame(feed)).data)
        last = (await journal.read_revisions("test", 0, 1000))[-1]
        batch = Batch(
            v=SCHEMA_VERSION,
            at_ms=await bench.look(lambda s: s.now_ms),
            who=CLERK,
            key="~foreign",
            command=encode_command(cmd.SignIn(window="w2", clerk="c1")),
            events=(ClerkSignedIn(window="w2", clerk="c1"),),
        )
        journal.intruder = [chained(last.id, encode_batch(batch))]
        journal.faults = ["overtaken"]
        with pytest.raises(Rejected):  # c1 sits at w2 by then
            await bench.do(cmd.SignIn(window="w1", clerk="c1"))
        await bench.do(cmd.SignIn(window="w3", clerk="c4"))
        with trio.move_on_after(1):
            while True:
                shown.update((await feed.receive()).data)
        fresh = await next_frame(bench.actor.subscribe(View("panel", window="w1"), None, None))
        assert shown == fresh.data


async def test_a_view_with_an_argument_that_it_does_not_have_is_refused(journal: FaultyJournal) -> None:
    async with running(journal) as bench:
        for view in (View("board", window="w1"), View("floor", zone="hall"), View("panel", "hall", "w1")):
            with pytest.raises(Rejected, match="has no"):
                bench.actor.subscribe(view, None, None)
