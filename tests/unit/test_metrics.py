"""The metrics: named by Prometheus' conventions, listed, and known by alerts and dashboard."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client.parser import text_string_to_metric_families

from callq import __version__, metrics
from callq.domain.window import WindowState
from callq.runtime.gauges import _now
from callq.runtime.hub import FeedHub
from callq.views.view import VIEWS, View
from tests.harness import Hall
from tests.unit.documents import cells, rows, text

if TYPE_CHECKING:
    from prometheus_client.core import Metric

PAGE: Final = "docs/metrics.md"
ALERTS: Final = "deploy/prometheus/alerts.yml"
DASHBOARD: Final = "deploy/grafana/callq.json"

NOW: Final = metrics.HallNow(
    hall="county",
    revision=7,
    waiting={"general": 2},
    oldest_s={"general": 61.5},
    windows={"idle": 1},
    subscriptions={"board": 3},
    conflated=5,
    open=(2, 1),
    in_flight=(4, 3),
    devices={"silent": 1},
)

LABELS: Final = {
    *("hall", "service", "command", "outcome", "status", "state", "view", "group", "type", "reason"),
    *("method", "route", "version", "python", "move"),
}
"""All there are; each from a closed set."""

UNITS: Final = ("seconds", "bytes", "info")
THINGS: Final = (
    *(
        "tickets",
        "windows",
        "connections",
        "subscriptions",
        "callers",
        "batches",
        "entries",
        "files",
        "nodes",
        "devices",
    ),
    *(
        "commands",
        "outages",
        "restarts",
        "groups",
        "messages",
        "changes",
        "dropped",
        "proposals",
        "days",
        "fds",
        "revision",
    ),
)
"""What is counted, where it is neither time nor size."""
STATES: Final = ("status", "up", "off", "doubted")
"""Ends of gauges that are 0 or 1."""


def families() -> dict[str, Metric]:
    metrics.feed_tally(NOW.hall).sent("change", 1)
    exposition = metrics.exposition([NOW]).decode()
    return {family.name: family for family in text_string_to_metric_families(exposition)}


def full_name(family: Metric) -> str:
    return family.name + ("_total" if family.type == "counter" else "")


FAMILIES: Final = families()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_name_follows_the_conventions(name: str) -> None:
    family = FAMILIES[name]
    assert re.fullmatch(r"callq_[a-z]+(_[a-z]+)*", name)
    assert family.type in ("counter", "gauge", "histogram")
    assert family.documentation
    assert re.match(r"[A-Z1]", family.documentation)
    assert "total" not in name.split("_"), "the suffix of counters comes from the library, once"
    ends = UNITS + THINGS + (STATES if family.type == "gauge" else ())
    assert name.rsplit("_", 1)[1] in ends, "a base unit, or what is counted"
    assert not re.search(r"_(ms|millis|kb|mb|minutes|percent)(_|$)", name)


def test_a_series_of_a_counter_ends_in_total_and_no_other_does() -> None:
    for family in FAMILIES.values():
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter"), sample.name
            assert not sample.name.endswith("_created")


def labels_of(name: str) -> list[str]:
    """Labels by declaration: a metric that nothing was counted of yet has no series."""
    for known in vars(metrics).values():
        metric = known._metric if isinstance(known, metrics._Series) else known
        if name == getattr(metric, "_name", None) and hasattr(metric, "_labelnames"):
            return list(metric._labelnames)
    return sorted({label for sample in FAMILIES[name].samples for label in sample.labels} - {"le"})


def test_metrics_and_catalogue_are_the_same() -> None:
    assert rows(text(PAGE)).keys() == {full_name(family) for family in FAMILIES.values()}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_metric_is_described_as_it_is(name: str) -> None:
    family = FAMILIES[name]
    _, kind, labels, meaning, alert = cells(rows(text(PAGE))[full_name(family)])
    assert kind == family.type
    named = re.findall(r"`(\w+)`", labels)
    assert sorted(named) == sorted(labels_of(name))
    assert set(named) <= LABELS
    assert meaning
    assert set(re.findall(r"`(\w+)`", alert)) == {
        rule["alert"] for rule in alerts() if full_name(family) in bare_names(rule["expr"])
    }


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(text(ALERTS))["groups"]
    assert len({group["name"] for group in groups}) == len(groups)
    return [rule for group in groups for rule in group["rules"]]


def series_names(expression: str) -> set[str]:
    return set(re.findall(r"\bcallq_\w+", re.sub(r'"[^"]*"', '""', expression)))


def bare_names(expression: str) -> set[str]:
    """Names of the metrics in an expression, as the catalogue has them."""
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in series_names(expression)}


def expressions() -> list[tuple[str, str]]:
    board = json.loads(text(DASHBOARD))
    found = [(rule["alert"], rule["expr"]) for rule in alerts()]
    found += [(panel["title"], target["expr"]) for panel in board["panels"] for target in panel["targets"]]
    return found


@pytest.mark.parametrize(("title", "expression"), expressions())
def test_alerts_and_dashboard_name_what_there_is(title: str, expression: str) -> None:
    have = {
        f"{full_name(family)}{suffix}"
        for family in FAMILIES.values()
        for suffix in (("_bucket", "_count", "_sum") if family.type == "histogram" else ("",))
    }
    names = series_names(expression)
    assert names <= have
    assert names or title == "CallqDown"
    assert expression.count("(") == expression.count(")")
    for name, selector in re.findall(r"(callq_\w+)\{([^}]*)\}", expression):
        family = re.sub(r"_(total|bucket|count|sum)$", "", name)
        known = labels_of(name if name in FAMILIES else family)
        assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector)) <= set(known), selector
    for grouped in re.findall(r"by \(([^)]*)\)", expression):
        assert set(re.split(r",\s*", grouped)) <= LABELS | {"le", "instance"}
    if "histogram_quantile" in expression:
        assert "le" in expression


def test_an_alert_says_what_to_look_at() -> None:
    for rule in alerts():
        assert rule["alert"].startswith("Callq")
        assert rule["labels"]["severity"] in ("page", "ticket", "hall")
        assert rule["annotations"]["summary"]
        for event in re.findall(
            r"\b[a-z]+(?:_[a-z]+)+\b(?= (?:and|in the log))", rule["annotations"]["summary"]
        ):
            assert event in rows(text("docs/logs.md")), event


# What they tell -------------------------------------------------------------------------------------


def value(name: str, **labels: str) -> float | None:
    found = text_string_to_metric_families(metrics.exposition([NOW]).decode())
    return next(
        (s.value for f in found for s in f.samples if s.name == name and labels.items() <= s.labels.items()),
        None,
    )


def test_the_build_and_the_process_are_told() -> None:
    assert value("callq_build_info", version=__version__) == 1
    assert (value("callq_process_resident_memory_bytes") or 0) > 1e6


def test_a_hall_is_told_as_it_is_now_and_not_remembered() -> None:
    assert value("callq_waiting_tickets", hall="county", service="general") == 2
    assert value("callq_oldest_wait_seconds", hall="county", service="general") == 61.5
    assert value("callq_pending_callers", hall="county", group="in_flight") == 4
    assert value("callq_feed_conflated_changes_total", hall="county") == 5
    assert b'callq_waiting_tickets{hall="county"' not in metrics.exposition()


def test_only_what_became_durable_has_a_duration() -> None:
    metrics.command_decided("durations", "issue", "ok", 0.004)
    metrics.command_decided("durations", "issue", "unknown_service")
    assert value("callq_command_duration_seconds_count", hall="durations") == 1
    assert value("callq_command_duration_seconds_bucket", hall="durations", le="0.005") == 1
    assert value("callq_command_duration_seconds_bucket", hall="durations", le="0.0025") == 0


def test_what_must_never_increase_can_be_seen_to() -> None:
    metrics.hall_state("seen", "running")
    for name in ("lost_entries", "healed_entries", "store_outages", "refused_groups"):
        assert value(f"callq_{name}_total", hall="seen") == 0


class Glanced:
    """As much of an actor as is asked for gauges."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall.state.hall
        self.revision = hall.state.revision
        self.hub = FeedHub()
        self._time = hall

    def now(self) -> int:
        return self._time.now_ms

    def pending(self) -> tuple[tuple[int, int], tuple[int, int]]:
        return (1, 0), (0, 0)


def test_gauges_of_a_hall_in_which_people_wait() -> None:
    hall = Hall()
    hall.staff()
    hall.issue()
    hall.later(90)
    hall.issue()
    actor = Glanced(hall)
    actor.hub.subscribe(View("board", zone="hall"), None, None, hall.state, hall.now_ms)
    now = _now(actor, hall.state)  # type: ignore[arg-type]
    assert now.waiting["general"] == 2
    assert now.oldest_s["general"] == 90
    assert now.windows.keys() == {state.value for state in WindowState}
    assert now.windows["idle"] == 1
    assert now.subscriptions == dict.fromkeys(VIEWS, 0) | {"board": 1}
    assert now.open == (1, 0)
