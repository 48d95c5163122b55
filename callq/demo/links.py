"""Tokens for a demo's pages and people, and the links that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from callq.demo.client import Api
    from callq.demo.staff import Seat, Seating
    from callq.domain.hall import HallConfig


class Link(NamedTuple):
    """A page with its token.

    Attributes:
      title: what it is, Chinese first.
      href: path and fragment, without the host: it holds whatever name the visitor reaches us by.
      note: what to do there; may be empty.
    """

    title: str
    href: str
    note: str


@dataclass(frozen=True, slots=True)
class Passes:
    """Every token of a demo.

    Attributes:
      kiosk, desk, floor: of the citizens' kiosk, the helper's desk and the status display.
      clerks: by window, for the simulated clerks.
      links: of the pages, the visitor's own window first.
      home: path and fragment of the home page, which opens all of them.
    """

    kiosk: str
    desk: str
    floor: str
    clerks: dict[str, str]
    links: tuple[Link, ...]
    home: str


async def make_passes(admin: Api, hall: HallConfig, seating: Seating) -> Passes:
    """Create a token for everybody, each with no more rights than it needs.

    Raises:
      ApiProblem: the administrator's token is refused.
      Unreachable: the server is away.
    """

    async def mint(role: str, name: str, **rest: str) -> str:
        body = {"role": role, "hall": hall.id, "name": name, **rest}
        return str((await admin.post("/v1/tokens", body))["token"])

    sims: dict[str, Seat] = {seat.window: seat for seat in seating.seats}
    names = {clerk.id: clerk.name for clerk in hall.clerks}
    visitor = seating.visitor_clerk
    panels, screens = [], []
    tokens: dict[str, str] = {}
    for window in hall.windows:
        token = await mint("clerk", f"panel {window.id}", window=window.id)
        tokens[f"panel/{window.id}"] = token
        seat = sims.get(window.id)
        if window.id == seating.visitor_window:
            note = f"由您办理：请以{names[visitor]}签到 / yours to try: sign in as {visitor}"
        else:
            note = f"{names[seat.clerk]} {seat.clerk}" if seat else "无人值守 / unstaffed"
        href = f"/panel/{quote(hall.id)}/{quote(window.id)}#token={token}"
        panels.append(Link(f"{window.label} 号窗口 / window {window.label}", href, note))
    token = tokens["tv/all"] = await mint("screen", "tv all")
    screens.append(Link("全厅大屏 / whole hall", f"/tv/{quote(hall.id)}/all#token={token}", ""))
    entrance = Link("入口屏 / entrance", f"/tv/{quote(hall.id)}/entrance#token={token}", "")
    beside = Link(
        f"{_label_of(hall, seating)} 号窗口屏 / screen over window {_label_of(hall, seating)}",
        f"/tv/{quote(hall.id)}/window/{quote(seating.visitor_window)}#token={token}",
        "",
    )
    kiosk = await mint("kiosk", "demo kiosk")
    page = Link("自助取号 / kiosk", f"/kiosk/{quote(hall.id)}#token={kiosk}", "")
    for zone in hall.zones:
        token = tokens[f"tv/{zone.code}"] = await mint("screen", f"tv {zone.code}")
        href = f"/tv/{quote(hall.id)}/{quote(zone.code)}{_device_in(hall, zone.code)}#token={token}"
        english = f" / {zone.name_en}" if zone.name_en else ""
        screens.append(Link(f"{zone.name}大屏{english}", href, zone.place))
    token = tokens["floor"] = await mint("supervisor", "demo supervisor")
    floor = Link("值班台 / floor page", f"/floor/{quote(hall.id)}#token={token}", "")
    editor = Link("大厅配置 / hall editor", f"/editor/{quote(hall.id)}#token={token}", "")
    helper = await mint("helper", "demo helper")
    desk = Link("导办台 / desk", f"/desk/{quote(hall.id)}#token={helper}", "")
    cases = Link("差评办件 / bad ratings", f"/cases/{quote(hall.id)}#token={token}", "")
    rater = await mint("rating", "demo rating", window=seating.visitor_window)
    tablet = Link(
        f"{_label_of(hall, seating)} 号窗口评价器 / rating tablet of window {_label_of(hall, seating)}",
        f"/rating/{quote(hall.id)}/{quote(seating.visitor_window)}#token={rater}",
        "",
    )
    panels.sort(key=lambda link: not link.href.startswith(_panel_of(hall, seating)))
    return Passes(
        kiosk=kiosk,
        desk=await mint("helper", "demo desk"),
        floor=await mint("inspector", "demo floor"),
        clerks={
            seat.window: await mint("clerk", f"demo {seat.clerk}", window=seat.window, clerk=seat.clerk)
            for seat in seating.seats
        },
        links=(panels[0], tablet, floor, desk, cases, editor, page, *screens, entrance, beside, *panels[1:]),
        home=_home_href(hall, seating, tokens),
    )


def _device_in(hall: HallConfig, zone: str) -> str:
    """What a link adds so that the zone's screen reports how it is; empty: none is in the hall file."""
    found = (device.id for device in hall.devices if device.kind == "screen" and device.zone == zone)
    device = next(found, "")
    return f"?device={quote(device)}" if device else ""


def _label_of(hall: HallConfig, seating: Seating) -> str:
    return next(window.label for window in hall.windows if window.id == seating.visitor_window)


def _panel_of(hall: HallConfig, seating: Seating) -> str:
    return f"/panel/{quote(hall.id)}/{quote(seating.visitor_window)}#"


def _home_href(hall: HallConfig, seating: Seating, tokens: dict[str, str]) -> str:
    """The home page with every token in its fragment, which no server ever sees.

    It is printed in a terminal, so it carries no names: the page asks the hall for them.
    """
    visitor = f"panel/{seating.visitor_window}"
    entries = (
        f"{page}={token}" + (f"={seating.visitor_clerk}" if page == visitor else "")
        for page, token in tokens.items()
    )
    return "/#links=" + ",".join((quote(hall.id), *entries))
