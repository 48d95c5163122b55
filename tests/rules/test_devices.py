"""Devices: what a report changes, who is silent, and what they are told to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from callq.domain import commands as cmd
from callq.domain.devices import (
    MAX_UNLISTED,
    ORDER_VALID_MS,
    SILENT_MS,
    Sighting,
    device_now,
    gone_silent,
)
from callq.domain.errors import Code
from callq.domain.hall import Device
from callq.views.devices import device_row, device_rows, project_orders
from tests.harness import small_hall
from tests.rules.scene import HOUR, Scene, refused, rule

if TYPE_CHECKING:
    from callq.domain.hall import HallConfig

SUPERVISOR = cmd.Actor(role="supervisor", id="s1", name="王主任")


def with_devices() -> HallConfig:
    return small_hall(
        devices=(
            Device(id="tv-1", kind="screen", name="大厅东屏", zone="hall", place="东墙"),
            Device(id="bar-1", kind="led", name="一号窗条屏", window="w1"),
        )
    )


def report(device: str = "tv-1", *faults: str, **more: object) -> cmd.ReportDevice:
    said = tuple(cmd.FaultSaid(code=code) for code in faults)
    return msgspec.structs.replace(cmd.ReportDevice(device=device, version="1", faults=said), **more)


def kinds(hall: Scene, command: cmd.AnyCommand, who: cmd.Actor = cmd.SYSTEM) -> list[str]:
    return [str(type(event).__struct_config__.tag) for event in hall.do(command, who=who).events]


def silent(hall: Scene, seen: dict[str, int], watched_ms: int = 0) -> cmd.WatchDevices:
    return cmd.WatchDevices(silent=gone_silent(hall.state, seen, hall.now_ms, watched_ms))


def the_order(hall: Scene) -> Any:
    """The only one that there is."""
    orders: Any = project_orders(hall.state, hall.now_ms)["orders"]
    (order,) = orders
    return order


@rule("D-report-news")
def test_a_report_is_an_event_only_where_it_says_something_new() -> None:
    hall = Scene(with_devices())
    assert device_now(hall.state, "tv-1").state == "unknown"
    assert kinds(hall, report()) == ["device_heard"]
    assert kinds(hall, report()) == []
    assert kinds(hall, report(version="2")) == ["device_version_changed"]
    began = hall.now_ms
    assert kinds(hall, report("tv-1", "video_failed", version="2", audio_blocked=True)) == [
        "device_fault_began",
        "device_fault_began",
    ]
    hall.later(60)
    assert kinds(hall, report("tv-1", "video_failed", version="2")) == ["device_fault_ended"]
    row = device_row(hall.state, "tv-1")
    assert (row.state, row.since_ms, row.audio_blocked) == ("fault", began, False)
    assert [fault.text for fault in row.faults] == ["视频或图片播放失败"]
    assert row.todo
    assert kinds(hall, report(version="2")) == ["device_fault_ended"]
    assert (device_row(hall.state, "tv-1").state, device_row(hall.state, "tv-1").todo) == ("ok", "")


@rule("D-unlisted")
def test_who_is_in_no_hall_file_is_shown_and_forgotten_when_silent() -> None:
    hall = Scene(with_devices())
    hall.do(report("stranger", kind="kiosk"))
    rows = device_rows(hall.state)
    assert [(row.id, row.listed, row.kind) for row in rows] == [
        ("tv-1", True, "screen"),
        ("bar-1", True, "led"),
        ("stranger", False, "kiosk"),
    ]
    assert (rows[1].window, rows[1].zone, rows[2].state) == ("w1", "hall", "ok")
    hall.later(100)
    hall.do(silent(hall, {}))
    hall.later(24 * HOUR)
    hall.ticks()
    assert "stranger" not in hall.state.devices
    for number in range(MAX_UNLISTED):
        hall.do(report(f"s{number}"))
    with refused(hall, Code.LIMIT_REACHED):
        hall.do(report("one-more"))
    with refused(hall, Code.INVALID):
        hall.do(report("No Id"))
    assert kinds(hall, report("bar-1")) == ["device_heard"]


@rule("D-silent")
def test_three_missed_reports_are_silence_since_it_was_last_heard() -> None:
    hall = Scene(with_devices())
    hall.do(report("tv-1", "paper_out"))
    seen_ms = hall.now_ms + 30_000
    hall.later((30_000 + SILENT_MS) // 1000)
    hall.now_ms -= 1
    assert silent(hall, {"tv-1": seen_ms}).silent == ()
    hall.now_ms += 1
    watch = silent(hall, {"tv-1": seen_ms})
    assert watch.silent == (Sighting("tv-1", seen_ms),)
    assert kinds(hall, watch) == ["device_silent"]
    # Another node found the same.
    assert kinds(hall, watch) == []
    row = device_row(hall.state, "tv-1")
    assert (row.state, row.since_ms, row.last_seen_ms) == ("silent", seen_ms, seen_ms)
    assert [fault.code for fault in row.faults] == ["paper_out"]
    assert kinds(hall, report()) == ["device_heard", "device_fault_ended"]
    # A node that looked before the device was back.
    assert kinds(hall, watch) == []
    assert device_now(hall.state, "bar-1").state == "unknown"


@rule("D-silent-watched")
def test_nobody_is_silent_while_nobody_listens() -> None:
    hall = Scene(with_devices())
    hall.do(report())
    hall.later(HOUR)
    assert silent(hall, {}, watched_ms=hall.now_ms - SILENT_MS + 1).silent == ()
    assert silent(hall, {}, watched_ms=hall.now_ms - SILENT_MS).silent != ()


@rule("D-order")
def test_an_order_is_given_done_and_on_record() -> None:
    hall = Scene(with_devices())
    hall.do(report())
    order = cmd.OrderDevice(device="tv-1", order="test")
    given: Any = hall.do(order, who=SUPERVISOR).events[0]
    assert (given.order, given.by, given.until_ms) == ("test", "supervisor", hall.now_ms + ORDER_VALID_MS)
    assert kinds(hall, order, SUPERVISOR) == [], "asked twice, it is done once"
    pending = the_order(hall)
    assert (pending.device, pending.order) == ("tv-1", "test")
    assert kinds(hall, report(done="o0")) == [], "an order that is none"
    assert kinds(hall, report(done=pending.id)) == ["device_order_ended"]
    assert project_orders(hall.state, hall.now_ms) == {"orders": ()}
    assert kinds(hall, report(done=pending.id)) == []
    hall.do(cmd.OrderDevice(device="tv-1", order="restart"), who=SUPERVISOR)
    second = the_order(hall)
    hall.do(report(done=second.id, error="the browser does not let it"))
    told = device_row(hall.state, "tv-1").order
    assert told is not None
    assert (told.state, told.error, told.by) == ("failed", "the browser does not let it", "supervisor")
    with refused(hall, Code.UNKNOWN_DEVICE):
        hall.do(cmd.OrderDevice(device="nobody", order="test"))


@rule("D-order-lapses")
def test_a_device_that_comes_back_too_late_is_not_told_any_more() -> None:
    hall = Scene(with_devices())
    hall.do(cmd.OrderDevice(device="bar-1", order="resend"), who=SUPERVISOR)
    hall.later(ORDER_VALID_MS // 1000)
    assert project_orders(hall.state, hall.now_ms) == {"orders": ()}
    assert kinds(hall, report("bar-1")) == ["device_heard", "device_order_lapsed"]
    hall.do(cmd.OrderDevice(device="bar-1", order="resend"), who=SUPERVISOR)
    hall.later(ORDER_VALID_MS // 1000)
    assert "device_order_lapsed" in kinds(hall, cmd.WatchDevices())
    told = device_row(hall.state, "bar-1").order
    assert told is not None
    assert told.state == "lapsed"
