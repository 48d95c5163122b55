"""A hall for guides: the small one with matters, other channels, a desk for the unresolved and slots."""

from __future__ import annotations

import msgspec

from callq.domain.hall import Booking, HallConfig, Item, Outlet, Service, Session, WindowConfig, Zone
from tests.harness import small_hall

ITEMS = (
    Item(code="card", name="社保卡补换", service="social", channels=("self_service", "window")),
    Item(code="pension", name="退休待遇", service="social", channels=("window", "remote", "online")),
    Item(code="licence", name="营业执照", service="general", channels=("window", "online")),
    Item(code="permit", name="食品许可", service="general", channels=("online", "window", "agent")),
    Item(code="house", name="房屋过户", service="estate", channels=("window", "appointment")),
    Item(code="search", name="不动产查询", service="estate", channels=("self_service",)),
    Item(code="advice", name="法律咨询", service="general", channels=("phone", "window", "doorstep")),
)
ALL = ("general", "social", "estate", "desk")
"""What a window takes that is equipped for everything but video."""

OUTLETS = (
    Outlet(channel="self_service", name="自助区", zone="hall", place="北门", wait_min=3),
    Outlet(channel="online", name="网上大厅", place="example.org"),
    Outlet(channel="phone", name="热线", place="12345", hours="09:00-17:00", days=("mon", "tue")),
    Outlet(channel="doorstep", name="上门", hours="13:00-17:00"),
    Outlet(channel="agent", name="代办", hours="10:00-12:00", days=("wed",), wait_min=10),
)


def guided_hall(*, hours: str = "", **changes: object) -> HallConfig:
    """The hall; `hours`: of its only session, every day, if it shall have one."""
    base = small_hall()
    services = [
        msgspec.structs.replace(
            one, booking=Booking(slot_min=30, capacity=2) if one.code == "estate" else None
        )
        for one in base.services
    ]
    fields: dict[str, object] = {
        "zones": (
            Zone(code="hall", name="大厅", place="一楼"),
            Zone(code="upstairs", name="二楼", place="二楼"),
        ),
        "services": (
            *services,
            Service(code="desk", name="办不成事", prefix="X", skill="general"),
            Service(code="video", name="视频办理", prefix="V", skill="social"),
        ),
        "windows": (
            *(one if one.services else msgspec.structs.replace(one, services=ALL) for one in base.windows),
            WindowConfig(id="w4", label="4", zone="hall", kind="fallback", services=("desk",)),
            WindowConfig(id="w5", label="5", zone="hall", kind="green", services=("general", "social")),
            WindowConfig(id="w6", label="6", zone="hall", kind="remote", services=("video",)),
            WindowConfig(id="w7", label="7", zone="hall", services=("general",), directions="东侧，手语服务"),
        ),
        "items": ITEMS,
        "outlets": OUTLETS,
    }
    if hours:
        fields["sessions"] = (
            Session(
                code="day",
                name="全天",
                ticketing=hours,
                serving=hours,
                days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
            ),
        )
    return small_hall(**{**fields, **changes})
