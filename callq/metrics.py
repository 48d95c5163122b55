"""What callq tells Prometheus; every name starts with ``callq_``.

The runtime and the doors call the functions here; nothing else touches the metrics, so that names,
labels and their bounds are settled in one place. Label values come from closed sets (commands,
codes, route templates, configured halls and services), never from a caller's text: an unbounded
label is a memory leak.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

if TYPE_CHECKING:
    from collections.abc import Mapping

HallStatus = Literal["loading", "running", "failed", "quarantined"]
STATUSES: Final[tuple[HallStatus, ...]] = ("loading", "running", "failed", "quarantined")

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
"""Of what `exposition` returns."""

REGISTRY: Final = CollectorRegistry()

# A `_created` series beside each counter would double what is scraped and tell nothing.
disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)

_commands: Final = Counter(
    "callq_commands",
    "Commands decided; the outcome is ok or a refusal code",
    ["hall", "command", "outcome"],
    registry=REGISTRY,
)
_commit_seconds: Final = Histogram(
    "callq_commit_seconds",
    "From sending a group to its being durable",
    ["hall"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
_group_batches: Final = Histogram(
    "callq_group_batches", "Batches committed together", ["hall"], buckets=_SIZES, registry=REGISTRY
)
_hall_status: Final = Gauge(
    "callq_hall_status", "1 for the status a hall is in", ["hall", "status"], registry=REGISTRY
)
_store_up: Final = Gauge("callq_store_up", "1 while the store answers", registry=REGISTRY)
_store_outages: Final = Counter(
    "callq_store_outages", "Times the store stopped answering", ["hall"], registry=REGISTRY
)
_healed: Final = Counter(
    "callq_healed_entries", "Entries given back to a store that had lost them", ["hall"], registry=REGISTRY
)
_lost: Final = Counter(
    "callq_lost_entries",
    "Acknowledged entries that the journal went on without; an alarm file lists them",
    ["hall"],
    registry=REGISTRY,
)
_refused_groups: Final = Counter(
    "callq_refused_groups", "Groups that another node was faster than", ["hall"], registry=REGISTRY
)
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
_alarms: Final = Gauge("callq_alarm_files", "Alarm files that people have to look at", registry=REGISTRY)
_snapshot_bytes: Final = Gauge(
    "callq_snapshot_bytes", "Size of the hall's newest snapshot", ["hall"], registry=REGISTRY
)
_trimmed: Final = Counter(
    "callq_trimmed_entries",
    "Entries dropped from the journal after they were archived",
    ["hall"],
    registry=REGISTRY,
)
_archived_days: Final = Counter(
    "callq_archived_days", "Business days written to the archive", ["hall"], registry=REGISTRY
)
_waiting: Final = Gauge("callq_waiting", "Tickets waiting", ["hall", "service"], registry=REGISTRY)
_feeds: Final = Gauge("callq_feed_connections", "Open feeds", ["hall"], registry=REGISTRY)
_feeds_dropped: Final = Counter(
    "callq_feeds_dropped", "Feeds that the server ended", ["hall", "reason"], registry=REGISTRY
)
_http: Final = Histogram(
    "callq_http_request_seconds",
    "HTTP requests by route template",
    ["method", "route", "status"],
    buckets=_SECONDS,
    registry=REGISTRY,
)


_decided: Final[dict[tuple[str, str, str], Counter]] = {}
"""The counters of `_commands` by their labels: looking them up there takes longer than counting."""


def command_decided(hall: str, command: str, outcome: str) -> None:
    """Count a decided command.

    Args:
      hall: hall id.
      command: its tag, e.g. ``call_next``.
      outcome: ``ok`` or a refusal code.
    """
    counter = _decided.get((hall, command, outcome))
    if counter is None:
        counter = _decided[hall, command, outcome] = _commands.labels(hall, command, outcome)
    counter.inc()


def group_committed(hall: str, batches: int, seconds: float) -> None:
    """Record a group that became durable `seconds` after it was sent."""
    _commit_seconds.labels(hall).observe(seconds)
    _group_batches.labels(hall).observe(batches)


def hall_state(hall: str, status: HallStatus) -> None:
    """Record the status that a hall's actor is in now."""
    for each in STATUSES:
        _hall_status.labels(hall, each).set(each == status)


def store_outage(hall: str) -> None:
    """Count that a hall lost the store."""
    _store_outages.labels(hall).inc()


def store_up(up: bool) -> None:
    """Record whether the store answers this node's beats."""
    _store_up.set(up)


def healed(hall: str, entries: int) -> None:
    """Count entries that were given back to the store."""
    _healed.labels(hall).inc(entries)


def diverged(hall: str, entries: int) -> None:
    """Count acknowledged entries that are lost."""
    _lost.labels(hall).inc(entries)


def group_refused(hall: str) -> None:
    """Count a group that came too late."""
    _refused_groups.labels(hall).inc()


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


def snapshot_kept(hall: str, size_bytes: int) -> None:
    """Record the size of the newest snapshot."""
    _snapshot_bytes.labels(hall).set(size_bytes)


def trimmed(hall: str, entries: int) -> None:
    """Count entries dropped from the journal."""
    _trimmed.labels(hall).inc(entries)


def day_archived(hall: str) -> None:
    """Count an archived business day."""
    _archived_days.labels(hall).inc()


def waiting(hall: str, counts: Mapping[str, int]) -> None:
    """Set how many tickets wait, by service code."""
    for service, count in counts.items():
        _waiting.labels(hall, service).set(count)


def feed_opened(hall: str) -> None:
    """Count an open feed in."""
    _feeds.labels(hall).inc()


def feed_closed(hall: str) -> None:
    """Count a feed out, whoever ended it."""
    _feeds.labels(hall).dec()


def feed_dropped(hall: str, reason: str) -> None:
    """Count a feed that the server ended, by the reason of its close code, e.g. ``idle``, ``slow``."""
    _feeds_dropped.labels(hall, reason).inc()


def http_request(method: str, route: str, status: int, seconds: float) -> None:
    """Record an answered request; `route` is the template, e.g. ``/v1/halls/{hall}``."""
    _http.labels(method, route, str(status)).observe(seconds)


def exposition() -> bytes:
    """All metrics in Prometheus text format 0.0.4."""
    return generate_latest(REGISTRY)
