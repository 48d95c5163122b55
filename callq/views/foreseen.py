"""What a new configuration would do, in sentences; and why it cannot come into force now."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

from callq.domain.errors import Code

if TYPE_CHECKING:
    from callq.domain.consequences import Effect
    from callq.domain.errors import Rejected
    from callq.domain.state import HallState

_SHOWN: Final = 8
"""Ticket numbers in one sentence."""


class Said(NamedTuple):
    """A sentence in two languages."""

    zh: str
    en: str


_EFFECTS: Final[dict[str, Said]] = {
    "let_go": Said(
        "{numbers} 不再等指定的窗口或人员，回到{service}队列，先后不变",
        "{numbers} no longer wait for one window or clerk: back to the queue of {service_en}, in their place",
    ),
    "unserved": Said(
        "{service}有 {count} 人在等，生效后开着的窗口都办不了",
        "{count} wait for {service_en}, and no open window could serve them any more",
    ),
    "ticketing_ends": Said(
        "{service}立即停止取号，{again}；已取的 {count} 张号照样办理",
        "{service_en} gives no more tickets as of now, {again_en}; the {count} waiting are still served",
    ),
    "ticketing_begins": Said("{service}立即开始取号", "{service_en} gives tickets as of now"),
    "quota_full": Said(
        "{service}今天已取 {count} 张，达到新的限号，不再取号",
        "{count} tickets of {service_en} are given today: with the new quota no more are",
    ),
    "bookings_outside": Said(
        "{service}有 {count} 个预约落在新的时段以外，请逐个改约",
        "{count} bookings of {service_en} lie outside the new hours: move them one by one",
    ),
    "seconded_back": Said("{clerk} 在别处的支援结束", "{clerk} is no longer seconded elsewhere"),
    "prefix": Said(
        "{service}的前缀 {after} 从下一业务日起用，今天仍是 {before}",
        "prefix {after} of {service_en} is used from the next business day on, {before} today",
    ),
    "ranges": Said(
        "{service}的号段从下一业务日起用",
        "number ranges of {service_en} are used from the next business day on",
    ),
    "clock": Said(
        "时区和业务日开始时间从下一业务日起用",
        "time zone and begin of the day are used from the next business day on",
    ),
    "practice": Said("练习模式在服务重启后生效", "practice takes effect at the next start of the server"),
}

_REFUSALS: Final[dict[Code, Said]] = {
    Code.WINDOW_BUSY: Said(
        "{window} 号窗口有号在办或有号要回来，先办完或转走，再删除它",
        "window {window} has a ticket, or one comes back to it: finish or transfer it before the removal",
    ),
    Code.WINDOW_OCCUPIED: Said(
        "{window} 号窗口有人签到，先签退，再删除它",
        "somebody is signed in at window {window}: sign out before removing it",
    ),
    Code.CLERK_BUSY: Said(
        "{clerk} 正在 {window} 号窗口，先签退，再删除",
        "{clerk} is signed in at window {window}: sign out first",
    ),
    Code.RESOURCE_BUSY: Said(
        "正在占用的资源比新的数量多，等办完几个再改",
        "more of a resource is in use than the new capacity: wait until less is",
    ),
}
_WITH_TICKETS: Final = Said(
    "{service}有 {ticket} 等号票，办完或取消后才能删除",
    "service {service_en} has live tickets such as {ticket}: serve or cancel them first",
)
_IN_ZONE: Final = Said(
    "{zone}有 {ticket} 等号票在等，办完或取消后才能删除该区域；代码不变的话，名称可以改",
    "zone {zone_en} has live tickets such as {ticket}: serve or cancel them first;"
    " its name may change, if its code stays",
)
_WITH_BOOKINGS: Final = Said(
    "{service}有预约，改约或取消后才能停办预约或删除",
    "service {service_en} has bookings: move or cancel them first",
)

_IN_THE_WAY: Final[dict[str, Said]] = {"booking": _WITH_BOOKINGS, "zone": _IN_ZONE}
"""By what a refusal of any other code names, the first that it does; else it is tickets."""


def effect_said(state: HallState, effect: Effect, names: dict[str, tuple[str, str]]) -> Said:
    """An effect in a sentence.

    Args:
      state: the hall as it is.
      effect: of the configuration.
      names: Chinese and English names of its services by code.
    """
    zh, en = names.get(effect.service, (effect.service, effect.service))
    again = again_en = ""
    if effect.code == "ticketing_ends":
        again, again_en = "两周内没有再取号的时间", "not again within two weeks"
        if effect.at_ms is not None:
            at = datetime.fromtimestamp(effect.at_ms / 1000, ZoneInfo(state.day_clock.timezone))
            again, again_en = f"{at.month} 月 {at.day} 日 {at:%H:%M} 再取", f"again on {at:%d %b %H:%M}"
    clerk = state.index.clerks.get(effect.clerk)
    numbers = list(effect.numbers[:_SHOWN])
    more = effect.how_many - len(numbers)
    said = {
        "service": zh,
        "service_en": en,
        "count": effect.how_many,
        "clerk": clerk.name if clerk else effect.clerk,
        "before": effect.before,
        "after": effect.after,
        "again": again,
        "again_en": again_en,
    }
    shown = "、".join(numbers) + (f" 等 {effect.how_many} 张" if more > 0 else "")
    shown_en = ", ".join(numbers) + (f" and {more} more" if more > 0 else "")
    words = _EFFECTS[effect.code]
    return Said(words.zh.format(**said, numbers=shown), words.en.format(**said, numbers=shown_en))


def refusal_said(state: HallState, refused: Rejected) -> Said:
    """Why a configuration cannot come into force now; what to do first."""
    ids = refused.ids
    service = state.index.services.get(ids.get("service", ""))
    window = state.index.windows.get(ids.get("window", ""))
    clerk = state.index.clerks.get(ids.get("clerk", ""))
    ticket = state.tickets.get(ids.get("ticket", ""))
    zone = state.index.zones.get(ids.get("zone", ""))
    words = _REFUSALS.get(refused.code) or next(
        (said for what, said in _IN_THE_WAY.items() if what in ids), _WITH_TICKETS
    )
    said = {
        "service": service.name if service else ids.get("service", ""),
        "service_en": (service.name_en or service.name) if service else ids.get("service", ""),
        "zone": zone.name if zone else ids.get("zone", ""),
        "zone_en": (zone.name_en or zone.name) if zone else ids.get("zone", ""),
        "window": window.label if window else ids.get("window", ""),
        "clerk": clerk.name if clerk else ids.get("clerk", ""),
        "ticket": ticket.number if ticket else "",
    }
    return Said(words.zh.format(**said), words.en.format(**said))
