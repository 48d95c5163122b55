"""A ticket to look at, of a hall and a morning that are made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from callq.wire import messages as m

if TYPE_CHECKING:
    from typing import Literal

SAMPLE_LINK: Final = (
    "https://queue.example.cn/t/dongyuan/01m80fke3evk08pje4bfq81a1x"
    "#token=ct_01m80fke3evk08pje4bfq81a1x.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
_AT_MS: Final = 1_795_400_640_000
"""2026-11-23 10:24 in Shanghai."""


def sample_ticket(number: str, *, priority: bool, english: bool) -> m.Ticket:
    """One that waits with eighteen before it."""
    return m.Ticket(
        id="01m80fke3evk08pje4bfq81a1x",
        number=number,
        hall="dongyuan",
        zone="general",
        service="general",
        class_="priority" if priority else "ordinary",
        channel="kiosk",
        state="waiting",
        issued_ms=_AT_MS,
        first_arrival_ms=_AT_MS,
        calls=0,
        ahead=18,
        wait=m.Wait(p50_s=1500, low_s=1200, high_s=1800),
        traits=("english",) if english else (),
    )


def sample_paper(dots: Literal[384, 576]) -> m.Paper:
    """Its words."""
    return m.Paper(
        hall="东源县政务服务中心",
        hall_en="Dongyuan County Service Centre",
        timezone="Asia/Shanghai",
        service="综合受理",
        service_en="General Services",
        zone="综合区",
        zone_en="General Zone",
        place="一楼东厅",
        rejoin=m.Rejoin(policy="k_back", k=3, minutes=30, max=1),
        printer="5 号自助机",
        phone="0762-000 0000",
        dots=dots,
    )
