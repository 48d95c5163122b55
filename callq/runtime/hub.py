"""The feed hub of one hall: views in, frames out, and nothing that is not durable yet.

A view is projected when a group of batches is sealed, at a state that holds exactly that group, and
published when the group is durable. What a subscriber has not fetched yet is merged key by key (a
changed key always comes whole), so an outbox never holds more than one copy of the view, however
slow its reader.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol

import trio

from callq.domain.errors import CallqError, Rejected
from callq.views.view import Memo, View, project, topics

if TYPE_CHECKING:
    from callq.domain.state import Epoch, HallState
    from callq.runtime.group import Item
    from callq.views.view import Topic

REVISIONS_KEPT: Final = 1024
"""Of how many publications the hub remembers the revision."""

KEEP_IDLE_S: Final = 120.0
"""How long a view without subscribers stays warm, so that a dropped screen resumes without a reset."""


SWEEP_EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One message to subscribers. All that take the same change get the same frame: nobody alters `data`.

    Attributes:
      kind: whether `data` is the whole view, or what changed.
      revision: of the hall, that it shows.
      epoch: durable lineage.
      data: by top-level key.
      reset: its reader asked to resume and cannot.
      made: what readers made of it, by whatever they like, so that it is made once for all of them.
    """

    kind: Literal["snapshot", "change"]
    revision: int
    epoch: str
    data: dict[str, object]
    reset: bool
    made: dict[object, Any] = field(default_factory=dict)

    def followed_by(self, later: Frame) -> Frame:
        """This change and a later one in one; both stay as they are."""
        return Frame("change", later.revision, later.epoch, {**self.data, **later.data}, False)


class FeedClosed(CallqError):
    """The subscription has ended: the hall stops or restarts, or what it showed is gone."""


class _Projection:
    """One view as last published, shared by its subscribers."""

    __slots__ = ("born", "changed_at", "data", "idle_since", "revision", "subscribers", "topics", "view")

    def __init__(self, view: View) -> None:
        self.view = view
        self.data: dict[str, object] | None = None
        """Durable data by top-level key; None until first published."""
        self.revision = 0
        self.born = 0
        """Revision of the first publication: resuming from before it is impossible."""
        self.changed_at: dict[str, int] = {}
        """Revision at which each key changed last."""
        self.topics: frozenset[Topic] = frozenset()
        self.subscribers: set[Subscription] = set()
        self.idle_since = 0.0


class Sealed(NamedTuple):
    """Projections made for a group in flight, published if it becomes durable."""

    revision: int
    epochs: tuple[Epoch, ...]
    made: list[tuple[_Projection, dict[str, object] | None]]
    """None as data: the view is gone."""


Finish = Callable[[], Awaitable[None]]
"""The rest of showing a frame, which takes waiting."""


class Reader(Protocol):
    """Whoever can be shown a change at once, in the midst of a publication, as far as that takes no waiting.

    Only `write` may raise, and what is left to `Finish`.
    """

    def begin(self, frame: Frame, /) -> bytes | Finish:
        """What to `write`, and then to say to `done`; or all there is to do, where that takes waiting."""
        ...

    def write(self, data: bytes, /) -> int:
        """How much of it is out."""
        ...

    def done(self, data: bytes, out: int | Exception, /) -> Finish | None:
        """What is left to do, if anything, of what `write` returned or raised."""
        ...


class Subscription:
    """One reader of one view. Not shared between tasks.

    A reader that waits for nothing but the next frame can be shown it by the hub itself, without a task
    being woken for that: see `show_with`.
    """

    def __init__(self, hub: FeedHub, projection: _Projection, since: int | None, epoch: str | None) -> None:
        self._hub = hub
        self._projection = projection
        self._since = since
        self._epoch = epoch
        self._fresh = True
        """Nothing delivered yet: the first frame is a snapshot or a resumption."""
        self._missed: Frame | None = None
        """What was published since the last frame, in one."""
        self._wake = trio.Event()
        self._closed = False
        self._held_by: Item | None = None
        """Nothing is delivered before it is settled."""
        self._reader: Reader | None = None
        self._at_rest = False
        """Its reader waits in `receive`, and nothing has woken it."""
        self._finish: Finish | None = None

    @property
    def view(self) -> View:
        """What is read."""
        return self._projection.view

    async def receive(self) -> Frame:
        """The next frame, waiting for one.

        Raises:
          FeedClosed: no more will come; subscribe anew.
        """
        if self._held_by is not None:
            await self._held_by.settled.wait()
            if self._held_by.error is not None or self._closed:
                # It never learned what its reader knows already.
                raise FeedClosed("the feed of this view has ended")
            self._held_by = None
        while not self._ready():
            if self._closed:
                raise FeedClosed("the feed of this view has ended")
            await self._rest()
        return self._take()

    async def _rest(self) -> None:
        """Until there may be something to take; what has been shown by half is finished first."""
        self._wake = trio.Event()
        self._at_rest = True
        try:
            await self._wake.wait()
        finally:
            self._at_rest = False
        finish, self._finish = self._finish, None
        if finish is not None:
            await finish()

    def show_with(self, reader: Reader) -> None:
        """Show each change that comes while the reader waits in `receive`, which goes on waiting.

        What that leaves to do is done in `receive`, and raises there; meanwhile changes are merged.
        """
        self._reader = reader

    def hold(self, until: Item) -> None:
        """Deliver nothing before `until` is settled: its reader has seen more than this hub knows of yet."""
        self._held_by = until

    def _ready(self) -> bool:
        return self._projection.data is not None and (self._fresh or self._missed is not None)

    def _take(self) -> Frame:
        missed, self._missed = self._missed, None
        if not self._fresh:
            assert missed is not None
            return missed
        self._fresh = False
        return self._first()

    def _first(self) -> Frame:
        projection = self._projection
        assert projection.data is not None
        epoch, since = self._hub.epoch, self._since
        if since is not None and self._hub.resumable(since, self._epoch, projection.born):
            # Between two publications a key may have changed and changed back: whoever saw it then, at
            # another node, has to get it again.
            skipped = not self._hub.published_at(since)
            news = {k: v for k, v in projection.data.items() if skipped or projection.changed_at[k] > since}
            return Frame("change", self._hub.revision, epoch, news, False)
        return Frame("snapshot", self._hub.revision, epoch, dict(projection.data), since is not None)

    def _offer(self, change: Frame) -> bytes | None:
        """Hand it over, or keep it; what the reader has to `write` first."""
        if self._fresh:
            self._awake()
        elif self._at_rest and self._reader is not None:
            begun = self._reader.begin(change)
            if isinstance(begun, bytes):
                return begun
            self._leave(begun)
        else:
            self._hub.conflated += self._missed is not None
            self._missed = change if self._missed is None else self._missed.followed_by(change)
            self._awake()
        return None

    def _leave(self, finish: Finish) -> None:
        """Have `receive` do the rest."""
        self._finish = finish
        self._awake()

    def _awake(self) -> None:
        self._at_rest = False
        self._wake.set()

    def _end(self) -> None:
        self._closed = True
        self._awake()

    def close(self) -> None:
        """Stop reading; idempotent."""
        # It belongs to the reader, which has this.
        self._reader = self._finish = None
        self._end()
        self._hub._left(self, self._projection)


class FeedHub:
    """All views of one hall that somebody looks at."""

    def __init__(self) -> None:
        self.revision = 0
        """Durable revision of the hall."""
        self._revisions: deque[int] = deque(maxlen=REVISIONS_KEPT)
        """Of the last publications, this one included."""
        self._epochs: tuple[Epoch, ...] = ()
        self._projections: dict[View, _Projection] = {}
        self._by_topic: dict[Topic, set[_Projection]] = {}
        self._fresh: set[_Projection] = set()
        self._closed = False
        self._swept = 0.0
        self.conflated = 0
        """Changes that were merged into ones that their readers had not taken yet."""

    @property
    def epoch(self) -> str:
        """Durable lineage."""
        return self._epochs[-1].name if self._epochs else ""

    @property
    def subscribers(self) -> int:
        """How many subscriptions are open."""
        return sum(self.subscriptions().values())

    def subscriptions(self) -> dict[str, int]:
        """How many are open, by view; views that nobody follows may be missing."""
        found: dict[str, int] = {}
        for view, projection in self._projections.items():
            found[view.name] = found.get(view.name, 0) + len(projection.subscribers)
        return found

    def subscribe(
        self, view: View, since: int | None, epoch: str | None, state: HallState, now_ms: int
    ) -> Subscription:
        """Register a reader; its first frame comes when its view is durable.

        Raises:
          Rejected: the view names an unknown zone, window or ticket.
          FeedClosed: the hub is closed.
        """
        if self._closed:
            raise FeedClosed("this hall is stopping")
        projection = self._projections.get(view)
        if projection is None:
            project(view, state, now_ms, {})
            projection = _Projection(view)
            self._projections[view] = projection
            self._fresh.add(projection)
        subscription = Subscription(self, projection, since, epoch)
        projection.subscribers.add(subscription)
        return subscription

    def resumable(self, since: int, epoch: str | None, born: int) -> bool:
        """Whether changes after `since` of lineage `epoch` are all known for a view born at `born`."""
        if not born <= since <= self.revision:
            return False
        for index, known in enumerate(self._epochs):
            if known.name == epoch:
                following = self._epochs[index + 1 :]
                return not following or since < following[0].since
        return False

    def published_at(self, revision: int) -> bool:
        """Whether what was shown at a revision is known to have been shown here."""
        return revision in self._revisions

    def lags(self, since: int, epoch: str | None) -> bool:
        """Whether a reader seems to have seen what this hub has not: another node was faster."""
        return since > self.revision or all(known.name != epoch for known in self._epochs)

    @property
    def wants_fresh(self) -> bool:
        """Whether a newly subscribed view waits for its first projection."""
        return bool(self._fresh)

    def seal(self, touched: set[Topic], state: HallState, now_ms: int) -> Sealed:
        """Project every view that `touched` concerns, and new ones, at this state."""
        due = set(self._fresh)
        self._fresh.clear()
        for topic in touched:
            due |= self._by_topic.get(topic, set())
        memo: Memo = {}
        made: list[tuple[_Projection, dict[str, object] | None]] = []
        for projection in due:
            try:
                data = project(projection.view, state, now_ms, memo)
            except Rejected:
                made.append((projection, None))
                continue
            self._index(projection, topics(projection.view, state))
            made.append((projection, data))
        return Sealed(state.revision, state.epochs, made)

    def publish(self, sealed: Sealed) -> None:
        """What was sealed is durable: hand it to the readers."""
        self.revision = sealed.revision
        self._revisions.append(sealed.revision)
        self._epochs = sealed.epochs
        for projection, data in sealed.made:
            if data is None:
                self._remove(projection)
            elif projection.data is None:
                projection.data = data
                projection.born = projection.revision = sealed.revision
                projection.changed_at = dict.fromkeys(data, sealed.revision)
                for subscription in projection.subscribers:
                    subscription._awake()
            else:
                self._change(projection, data, sealed.revision)
        self._sweep()

    def _change(self, projection: _Projection, data: dict[str, object], revision: int) -> None:
        before = projection.data
        assert before is not None
        changes = {key: value for key, value in data.items() if before.get(key) != value}
        if not changes:
            return
        before.update(changes)
        projection.revision = revision
        projection.changed_at.update(dict.fromkeys(changes, revision))
        change = Frame("change", revision, self.epoch, changes, False)
        due: list[tuple[Subscription, Reader, bytes]] = []
        for subscription in projection.subscribers:
            message = subscription._offer(change)
            if message is not None:
                assert subscription._reader is not None
                due.append((subscription, subscription._reader, message))
        # One right after the other: with more than two microseconds between them, whoever takes them all, a
        # proxy above all, falls asleep after each, and to wake it doubles what a write costs.
        outs: list[int | Exception] = []
        for _, reader, message in due:
            try:
                outs.append(reader.write(message))
            except Exception as error:
                # Its traceback would hold this frame, and with it all readers, until the collector comes.
                outs.append(error.with_traceback(None))
        for (subscription, reader, message), out in zip(due, outs, strict=True):
            finish = reader.done(message, out)
            if finish is not None:
                subscription._leave(finish)

    def discard(self, sealed: Sealed) -> None:
        """What was sealed did not come about: its views follow topics of a state that never was."""
        self._fresh.update(projection for projection, _ in sealed.made)

    def close(self) -> None:
        """End every subscription."""
        self._closed = True
        for projection in list(self._projections.values()):
            self._remove(projection)

    def _index(self, projection: _Projection, now: frozenset[Topic]) -> None:
        for topic in projection.topics - now:
            self._by_topic[topic].discard(projection)
            if not self._by_topic[topic]:
                del self._by_topic[topic]
        for topic in now - projection.topics:
            self._by_topic.setdefault(topic, set()).add(projection)
        projection.topics = now

    def _remove(self, projection: _Projection) -> None:
        self._index(projection, frozenset())
        self._projections.pop(projection.view, None)
        self._fresh.discard(projection)
        for subscription in projection.subscribers:
            subscription._end()

    def _left(self, subscription: Subscription, projection: _Projection) -> None:
        projection.subscribers.discard(subscription)
        projection.idle_since = trio.current_time()

    def _sweep(self) -> None:
        """Forget views that nobody has read for a while; looks at all of them only now and then."""
        now = trio.current_time()
        if now < self._swept + SWEEP_EVERY_S:
            return
        self._swept = now
        limit = now - KEEP_IDLE_S
        idle: Callable[[_Projection], bool] = lambda p: not p.subscribers and p.idle_since < limit  # noqa: E731
        for projection in [p for p in self._projections.values() if idle(p)]:
            self._remove(projection)
