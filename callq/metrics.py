"""What callq tells Prometheus; every name starts with ``callq_``.

The runtime and the doors call the functions here; nothing else touches the metrics, so that names,
labels and their bounds are settled in one place; ``docs/metrics.md`` lists them. Label values come from
closed sets (commands, codes, route templates, configured halls and services), never from a caller's
text: an unbounded label is a memory leak.

What happens is counted when it happens; the series of a metric are looked up once and kept, since
`labels()` costs more than counting does. What is the case now (`HallNow`) is asked for when somebody
scrapes, and costs nothing otherwise; a service or hall that has gone leaves no series behind.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Final, Generic, Literal, NamedTuple, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from callq import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prometheus_client.core import Metric

HallStatus = Literal["loading", "running", "failed", "quarantined"]
STATUSES: Final[tuple[HallStatus, ...]] = ("loading", "running", "failed", "quarantined")

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
"""Of what `exposition` returns."""

REGISTRY: Final = CollectorRegistry()

# A `_created` series beside each counter would double what is scraped and tell nothing.
disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""A read is answered in a fraction of a millisecond, a sync of the disk takes a few, an outage seconds."""

_SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)

M = TypeVar("M", Counter, Gauge, Histogram)


class _Series(Generic[M]):
    """A metric's series by its label values, each looked up in the metric once."""

    __slots__ = ("_known", "_metric")

    def __init__(self, metric: M) -> None:
        self._metric: M = metric
        self._known: dict[tuple[str, ...], M] = {}

    def __call__(self, *labels: str) -> M:
        found = self._known.get(labels)
        if found is None:
            found = self._known[labels] = self._metric.labels(*labels)
        return found


def _counter(name: str, about: str, *labels: str) -> _Series[Counter]:
    return _Series(Counter(name, about, labels, registry=REGISTRY))


def _gauge(name: str, about: str, *labels: str) -> _Series[Gauge]:
    return _Series(Gauge(name, about, labels, registry=REGISTRY))


def _histogram(
    name: str, about: str, *labels: str, buckets: tuple[float, ...] = _SECONDS
) -> _Series[Histogram]:
    return _Series(Histogram(name, about, labels, buckets=buckets, registry=REGISTRY))


# The process ----------------------------------------------------------------------------------------

ProcessCollector(namespace="callq", registry=REGISTRY)
Info("callq_build", "What runs", registry=REGISTRY).info(
    {"version": __version__, "python": platform.python_version()}
)
_lag: Final = Histogram(
    "callq_event_loop_lag_seconds",
    "By how much later than asked for a sleeping task ran on",
    buckets=_SECONDS,
    registry=REGISTRY,
)

# Commands and commits -------------------------------------------------------------------------------

_commands: Final = _counter(
    "callq_commands", "Commands decided; the outcome is ok or a refusal code", "hall", "command", "outcome"
)
_command_seconds: Final = _histogram(
    "callq_command_duration_seconds", "From a command's coming to its being durable", "hall"
)
_commit_seconds: Final = _histogram(
    "callq_commit_duration_seconds", "From sending a group to its being durable", "hall"
)
_group_batches: Final = _histogram(
    "callq_group_batches", "Batches committed together", "hall", buckets=_SIZES
)
_refused_groups: Final = _counter("callq_refused_groups", "Groups that another node was faster than", "hall")
_hall_status: Final = _gauge("callq_hall_status", "1 for the status a hall is in", "hall", "status")

# The store ------------------------------------------------------------------------------------------

_store_up: Final = Gauge("callq_store_up", "1 while the store answers", registry=REGISTRY)
_store_seconds: Final = Histogram(
    "callq_store_round_trip_seconds",
    "From sending a beat to the store's answer",
    buckets=_SECONDS,
    registry=REGISTRY,
)
_store_outages: Final = _counter("callq_store_outages", "Times the store stopped answering", "hall")
_redis_restarts: Final = Counter(
    "callq_redis_restarts", "Times the embedded redis-server was started again", registry=REGISTRY
)
_healed: Final = _counter("callq_healed_entries", "Entries given back to a store that had lost them", "hall")
_lost: Final = _counter(
    "callq_lost_entries",
    "Acknowledged entries that the journal went on without; an alarm file lists them",
    "hall",
)
_alarms: Final = Gauge("callq_alarm_files", "Alarm files that people have to look at", registry=REGISTRY)
_snapshot_bytes: Final = _gauge("callq_snapshot_bytes", "Size of the hall's newest snapshot", "hall")
_snapshot_seconds: Final = _gauge(
    "callq_snapshot_timestamp_seconds", "When this node last kept a snapshot, Unix time", "hall"
)
_snapshot_revision: Final = _gauge("callq_snapshot_revision", "Revision of the newest snapshot", "hall")
_trimmed: Final = _counter(
    "callq_trimmed_entries", "Entries dropped from the journal after they were archived", "hall"
)
_archived_days: Final = _counter("callq_archived_days", "Business days written to the archive", "hall")
_spool_up: Final = Gauge(
    "callq_spool_up", "1 while what was acknowledged can be written to this node's disk", registry=REGISTRY
)
_spool_bytes: Final = Counter(
    "callq_spool_written_bytes", "Acknowledged entries written to this node's disk", registry=REGISTRY
)

# Nodes and clocks -----------------------------------------------------------------------------------

_nodes: Final = Gauge("callq_nodes", "Nodes that serve this store, this one included", registry=REGISTRY)
_outages: Final = Counter(
    "callq_outages", "Times that no node served the store for a while", registry=REGISTRY
)
_clock_doubted: Final = Gauge(
    "callq_clock_doubted", "1 while a jump of the wall clock is not followed", registry=REGISTRY
)
_clock_off: Final = Gauge(
    "callq_clock_off",
    "1 while this node does not decide, since its clock is off the store's",
    registry=REGISTRY,
)

# Doors ----------------------------------------------------------------------------------------------

_tide_seconds: Final = _histogram(
    "callq_tide_reckoning_duration_seconds", "From looking at a hall to its plan for the minute", "hall"
)
_tide_needed: Final = _gauge(
    "callq_tide_needed_windows", "Windows that the hall will need at most in the next half hour", "hall"
)
_tide_there: Final = _gauge("callq_tide_open_windows", "Windows open to stay, or about to open", "hall")
_tide_moves: Final = _counter(
    "callq_tide_moved_windows", "Windows that plans moved without anybody's asking", "hall", "move"
)
_tide_proposals: Final = _counter("callq_tide_proposals", "Plans that a supervisor was asked about", "hall")

_feeds: Final = _gauge("callq_feed_connections", "Open feeds", "hall")
_feeds_dropped: Final = _counter("callq_feeds_dropped", "Feeds that the server ended", "hall", "reason")
_http: Final = _histogram(
    "callq_http_request_duration_seconds", "HTTP requests by route template", "method", "route", "status"
)


# What is the case now -------------------------------------------------------------------------------


class HallNow(NamedTuple):
    """A running hall at the moment of a scrape."""

    hall: str
    revision: int
    """Durable."""
    waiting: Mapping[str, int]
    """Tickets by service."""
    oldest_s: Mapping[str, float]
    """For how long the first to be called has waited, by service; 0 where nobody waits."""
    windows: Mapping[str, int]
    """By state, every state."""
    subscriptions: Mapping[str, int]
    """Of feeds, by view, every view."""
    conflated: int
    """Changes merged into ones that their readers had not taken yet, since the hall was loaded."""
    open: tuple[int, int]
    """Callers, and batches, of the group that still fills."""
    in_flight: tuple[int, int]
    """Callers, and batches, of the group that is sent."""
    devices: Mapping[str, int]
    """By state, every state."""


class _Halls(Collector):
    """The halls as they are now."""

    def __init__(self) -> None:
        self.now: tuple[HallNow, ...] = ()

    def collect(self) -> Iterator[Metric]:
        """Every family, with series of the halls that run."""
        for name, about, labels in (
            ("callq_revision", "Durable revision", ()),
            ("callq_waiting_tickets", "Tickets waiting", ("service",)),
            ("callq_oldest_wait_seconds", "For how long the first to be called has waited", ("service",)),
            ("callq_windows", "Windows by state", ("state",)),
            ("callq_devices", "Screens, LED bars, kiosks and other devices by state", ("state",)),
            ("callq_feed_subscriptions", "Views that feeds follow", ("view",)),
            ("callq_pending_callers", "Callers whose answer is not durable yet", ("group",)),
            ("callq_pending_batches", "Batches that are not durable yet", ("group",)),
        ):
            family = GaugeMetricFamily(name, about, labels=("hall", *labels))
            for hall in self.now:
                for more, value in _values(hall)[name].items():
                    family.add_metric((hall.hall, more) if labels else (hall.hall,), value)
            yield family
        merged = CounterMetricFamily(
            "callq_feed_conflated_changes", "Changes merged for readers that were slow", labels=("hall",)
        )
        for hall in self.now:
            merged.add_metric((hall.hall,), hall.conflated)
        yield merged


def _values(now: HallNow) -> dict[str, Mapping[str, float]]:
    """The values of a hall by family and second label."""
    return {
        "callq_revision": {"": now.revision},
        "callq_waiting_tickets": now.waiting,
        "callq_oldest_wait_seconds": now.oldest_s,
        "callq_windows": now.windows,
        "callq_devices": now.devices,
        "callq_feed_subscriptions": now.subscriptions,
        "callq_pending_callers": {"open": now.open[0], "in_flight": now.in_flight[0]},
        "callq_pending_batches": {"open": now.open[1], "in_flight": now.in_flight[1]},
    }


_halls: Final = _Halls()
REGISTRY.register(_halls)


# What was sent to feeds -----------------------------------------------------------------------------


class FeedTally:
    """What was sent to the feeds of one hall since the process began.

    Plain numbers, of the event loop's thread: locks and look-ups of two counters cost some 3 µs of each
    message to one of many screens.
    """

    __slots__ = ("messages", "size_bytes")

    def __init__(self) -> None:
        self.messages: dict[str, int] = {}
        """By type."""
        self.size_bytes = 0

    def sent(self, kind: str, size_bytes: int) -> None:
        """Count a message; `kind` is its type, e.g. ``change``."""
        self.messages[kind] = self.messages.get(kind, 0) + 1
        self.size_bytes += size_bytes


class _Feeds(Collector):
    """The tallies of all halls."""

    def collect(self) -> Iterator[Metric]:
        """Both families."""
        messages = CounterMetricFamily(
            "callq_feed_messages", "Messages sent to feeds", labels=("hall", "type")
        )
        sizes = CounterMetricFamily(
            "callq_feed_sent_bytes", "Bytes of the messages sent to feeds", labels=("hall",)
        )
        for hall, tally in list(_tallies.items()):
            for kind, count in list(tally.messages.items()):
                messages.add_metric((hall, kind), count)
            sizes.add_metric((hall,), tally.size_bytes)
        yield messages
        yield sizes


_tallies: Final[dict[str, FeedTally]] = {}
REGISTRY.register(_Feeds())


def exposition(halls: Iterable[HallNow] = ()) -> bytes:
    """All metrics in Prometheus text format 0.0.4.

    Args:
      halls: those that run, as they are now.
    """
    _halls.now = tuple(halls)
    try:
        return generate_latest(REGISTRY)
    finally:
        _halls.now = ()


# What happens ---------------------------------------------------------------------------------------


def loop_lagged(seconds: float) -> None:
    """Record by how much too late a sleeping task ran on."""
    _lag.observe(seconds)


def command_decided(hall: str, command: str, outcome: str, seconds: float | None = None) -> None:
    """Count a decided command.

    Args:
      hall: hall id.
      command: its tag, e.g. ``call_next``.
      outcome: ``ok`` or a refusal code.
      seconds: until its events were durable; None: there were none.
    """
    _commands(hall, command, outcome).inc()
    if seconds is not None:
        _command_seconds(hall).observe(seconds)


def group_committed(hall: str, batches: int, seconds: float) -> None:
    """Record a group that became durable `seconds` after it was sent."""
    _commit_seconds(hall).observe(seconds)
    _group_batches(hall).observe(batches)


def hall_state(hall: str, status: HallStatus) -> None:
    """Record the status that a hall's actor is in now."""
    # From the first scrape on: an increase from nothing at all is no increase to Prometheus.
    for counts in (_lost, _healed, _store_outages, _refused_groups):
        counts(hall)
    for each in STATUSES:
        _hall_status(hall, each).set(each == status)


def store_outage(hall: str) -> None:
    """Count that a hall lost the store."""
    _store_outages(hall).inc()


def store_up(up: bool) -> None:
    """Record whether the store answers this node's beats."""
    _store_up.set(up)


def store_answered(seconds: float) -> None:
    """Record how long a round trip to the store took."""
    _store_seconds.observe(seconds)


def redis_restarted() -> None:
    """Count that the embedded redis-server was started again."""
    _redis_restarts.inc()


def healed(hall: str, entries: int) -> None:
    """Count entries that were given back to the store."""
    _healed(hall).inc(entries)


def diverged(hall: str, entries: int) -> None:
    """Count acknowledged entries that are lost."""
    _lost(hall).inc(entries)


def group_refused(hall: str) -> None:
    """Count a group that came too late."""
    _refused_groups(hall).inc()


def nodes(count: int) -> None:
    """Set how many nodes serve the store."""
    _nodes.set(count)


def outage_ended() -> None:
    """Count a time without any node."""
    _outages.inc()


def clock_doubted(doubted: bool) -> None:
    """Record whether a jump of the wall clock is not followed."""
    _clock_doubted.set(doubted)


def clock_off(off: bool) -> None:
    """Record whether the clock is too far off the store's."""
    _clock_off.set(off)


def alarms(count: int) -> None:
    """Set how many alarm files there are."""
    _alarms.set(count)


def snapshot_found(hall: str, revision: int) -> None:
    """Record which snapshot is the newest; 0: there is none."""
    _snapshot_revision(hall).set(revision)


def snapshot_kept(hall: str, revision: int, size_bytes: int) -> None:
    """Record a snapshot that was kept now."""
    _snapshot_revision(hall).set(revision)
    _snapshot_bytes(hall).set(size_bytes)
    _snapshot_seconds(hall).set_to_current_time()


def trimmed(hall: str, entries: int) -> None:
    """Count entries dropped from the journal."""
    _trimmed(hall).inc(entries)


def day_archived(hall: str) -> None:
    """Count an archived business day."""
    _archived_days(hall).inc()


def spooled(size_bytes: int) -> None:
    """Count what was written of acknowledged entries."""
    _spool_bytes.inc(size_bytes)
    _spool_up.set(1)


def spool_failed() -> None:
    """Record that acknowledged entries cannot be written to disk."""
    _spool_up.set(0)


def tides_reckoned(hall: str, seconds: float, needed: int, there: int) -> None:
    """Record a reckoning: how long it took, windows needed at most, and windows that are there."""
    _tide_seconds(hall).observe(seconds)
    _tide_needed(hall).set(needed)
    _tide_there(hall).set(there)


def tides_moved(hall: str, move: str, count: int) -> None:
    """Count windows that a plan moved: ``open``, ``stay``, ``close``, ``drain``, ``skills``."""
    _tide_moves(hall, move).inc(count)


def tides_proposed(hall: str) -> None:
    """Count a plan that a supervisor is asked about."""
    _tide_proposals(hall).inc()


def feed_opened(hall: str) -> None:
    """Count an open feed in."""
    _feeds(hall).inc()


def feed_closed(hall: str) -> None:
    """Count a feed out, whoever ended it."""
    _feeds(hall).dec()


def feed_dropped(hall: str, reason: str) -> None:
    """Count a feed that the server ended, by the reason of its close code, e.g. ``idle``, ``slow``."""
    _feeds_dropped(hall, reason).inc()


def feed_tally(hall: str) -> FeedTally:
    """Where what is sent to a hall's feeds is counted."""
    return _tallies.setdefault(hall, FeedTally())


def http_request(method: str, route: str, status: int, seconds: float) -> None:
    """Record an answered request; `route` is the template, e.g. ``/v1/halls/{hall}``."""
    _http(method, route, str(status)).observe(seconds)
