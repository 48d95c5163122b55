"""The day that the golden stream of schema 4 records: every event of that schema at least once.

The scenes of the schemas before, in a hall that names its policy and its matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from callq.domain import commands as cmd
from callq.domain.hall import Item, Minimum, Outlet, ProfileSlot, Routing, Tides
from tests.golden import day_two as scenes
from tests.golden.day_three import all_scenes

if TYPE_CHECKING:
    from callq.domain.hall import HallConfig
    from tests.harness import Hall


def scripted_v4() -> Hall:
    """A full day and the beginning of the next."""
    hall = scenes.hall_of_two_days(level=0)
    hall.do(cmd.OpenEpoch(epoch="00000000000000e1"), who=cmd.SYSTEM)
    hall.do(cmd.RaiseLevel(level=4), who=cmd.SYSTEM)
    hall.do(cmd.Configure(config=_orchestrated(hall.state.config)), who=scenes.SUPERVISOR)
    all_scenes(hall)
    hall.issue("social", item="social-card")
    return hall


def _orchestrated(config: HallConfig) -> HallConfig:
    services = tuple(
        replace(service, daily=daily, service_min=12.5, service_cv=0.7, target_priority_min=4)
        for service, daily in zip(config.services, (120.0, 60.0, 30.0), strict=True)
    )
    return replace(
        config,
        services=services,
        routing=Routing(policy="longest_wait", guard=3.0, first_contact_min=5),
        tides=Tides(
            windows=("w2",),
            beta=0.5,
            profile=(ProfileSlot(hours="09:00-12:00", rate=1.5), ProfileSlot(hours="12:00-17:00", rate=1.0)),
            minima=(Minimum(hours="12:00-14:00", service="general", least=1),),
        ),
        items=(
            Item(
                code="social-card", name="社保卡申领", service="social", channels=("self_service", "window")
            ),
            Item(code="house", name="房屋买卖过户", service="estate"),
        ),
        outlets=(Outlet(channel="self_service", name="自助服务区", zone="hall", hours="08:00-22:00"),),
    )
