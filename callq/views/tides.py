"""潮汐 on the floor page: what is in force, what is needed when, and what a supervisor is asked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from callq.domain.tides import beta_of, controlled, mode_of, opening_ms
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.state import HallState
    from callq.domain.tides import TidePlan, TideReason

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "load": (
        "{lead} 分钟后预计需要 {needed} 个综合窗口，现有 {there} 个",
        "in {lead} min {needed} {windows} of several services will be needed, {there} {are} there",
    ),
    "service_load": (
        "{name}预计需要 {needed} 个综合窗口，现有 {there} 个能办",
        "{name} will need {needed} {windows} of several services, {there} can serve it",
    ),
    "minimum": (
        "{name}此时至少要有 {needed} 个窗口，现有 {there} 个",
        "{name} needs at least {needed} {windows} at this time, {there} {are} there",
    ),
    "unserved": (
        "有 {needed} 人在等{name}，现在没有窗口能办",
        "{needed} {people_wait} for {name}, which no window serves now",
    ),
    "waited_for": (
        "{window} 号窗口办完后不关闭：有人指定在此等候，或要回到此窗口",
        "window {window} stays open after its ticket: somebody waits for it by name, or comes back to it",
    ),
    "last": (
        "{window} 号窗口办完后不关闭：有人在等{name}，只有这个窗口能办",
        "window {window} stays open after its ticket: somebody waits for {name}, which it alone serves",
    ),
    "cannot_close": (
        "原定办完后关闭 {needed} 个窗口，其中现在只有 {there} 个可以关闭",
        "of {needed} {windows} to close after a ticket only {there} still can",
    ),
    "spare": (
        "今后半小时最多需要 {needed} 个综合窗口（{lead} 分钟后），现有 {there} 个",
        "no more than {needed} {windows} of several services {are_needed} needed in the next half hour "
        "(the most in {lead} min), {there} {are} there",
    ),
    "spare_service": (
        "{name}今后半小时最多有 {needed} 个窗口的业务（{lead} 分钟后），现有 {there} 个窗口能办",
        "{name} has work for no more than {needed} {windows} in the next half hour (the most in {lead} min), "
        "{there} {serve} it",
    ),
    "minimum_kept": (
        "{window} 号窗口办完后不关闭：{name}此时至少要有 {needed} 个窗口，连它共 {there} 个",
        "window {window} stays open after its ticket: {name} needs at least {needed} {windows} at this time, "
        "{there} {are} there with it",
    ),
    "long_queue": (
        "{name}每个窗口积压约 {needed} 分钟的业务，启用备用技能",
        "{name} has about {needed} min of work waiting for each window: spare skills are used",
    ),
    "short_queue": (
        "{name}每个窗口积压约 {needed} 分钟的业务，备用技能可以收回",
        "{name} has about {needed} min of work waiting for each window: spare skills are released",
    ),
}
"""What each reason says, Chinese and English; another sentence where it is about one service or window."""


def plan_of(state: HallState) -> m.Tides:
    """The tides of a hall as they are recorded; what has passed by the clock alone is still in it."""
    tides = state.tides
    movable = controlled(state.config)
    fixed = sum(window.open and window.id not in movable for window in state.windows.values())
    return m.Tides(
        mode=mode_of(state),
        by_hand=tides.mode is not None or tides.beta is not None,
        beta=beta_of(state),
        minute_ms=tides.minute_ms or None,
        there=tides.memory.there,
        needs=tuple(m.PlanNeed(lead_min=n.lead_min, windows=n.windows) for n in tides.memory.needs),
        past=tuple(m.PlanPast(from_ms=p.from_ms, open=p.open, needed=p.needed) for p in tides.past),
        day=tuple(
            m.PlanSlot(
                from_ms=slot.from_ms,
                windows=slot.windows,
                planned=min(max(slot.windows, fixed), fixed + len(movable)),
            )
            for slot in tides.ahead
        ),
        opening=tuple(
            m.PlanOpening(window=window, opens_ms=opens_ms)
            for window in state.index.windows
            if (opens_ms := opening_ms(state, window)) is not None
        ),
        leaving=tides.leaving if tides.leave else (),
        leave=tides.leave,
        alone=tuple(
            m.PlanAlone(window=window, until_ms=until + state.frozen_ms)
            for window, until in sorted(tides.alone.items())
        ),
        in_force=_plan(state, tides.in_force, tides.by or None) if tides.in_force else None,
        proposal=_plan(state, tides.proposal, None) if tides.proposal else None,
    )


def _plan(state: HallState, plan: TidePlan, by: str | None) -> m.Plan:
    return m.Plan(
        id=plan.id,
        made_ms=plan.made_ms,
        until_ms=plan.until_ms or None,
        by=by,
        open=plan.open,
        stay=plan.stay,
        close=plan.close,
        drain=plan.drain,
        leaving=plan.leaving,
        leave=plan.leave,
        skills=tuple(m.PlanSkills(window=one.window, skills=one.skills) for one in plan.skills),
        reasons=tuple(_reason(state, reason) for reason in plan.reasons),
        effect=m.PlanEffect(
            windows=plan.wanted,
            services=plan.serves,
            short_before=plan.short_before,
            short_after=plan.short_after,
            wait_before_min=plan.wait_before_min,
            wait_after_min=plan.wait_after_min,
        ),
        cost_h=plan.cost_h,
    )


def _agreeing(*, one: bool, there: bool) -> dict[str, str]:
    """English words as they go with what is needed, and with what is there."""
    return {
        "windows": "window" if one else "windows",
        "people_wait": "person waits" if one else "people wait",
        "are_needed": "is" if one else "are",
        "are": "is" if there else "are",
        "serve": "serves" if there else "serve",
    }


_WHOLE: Final = ("load", "service_load", "minimum", "spare")
"""A part of a window more than there are takes one more, and is said so."""


def _reason(state: HallState, reason: TideReason) -> m.PlanReason:
    service = state.index.services.get(reason.service)
    said: str = reason.code
    if said == "spare" and reason.service:
        said = "spare_service"
    elif said == "minimum" and reason.window:
        said = "minimum_kept"
    needed = str(math.ceil(reason.needed)) if said in _WHOLE else f"{reason.needed:.3g}"
    there = f"{reason.there:g}"
    numbers = {"lead": reason.lead_min, "needed": needed, "there": there}
    chinese, english = _WORDS[said]
    window = state.index.windows.get(reason.window)
    numbers["window"] = window.label if window else reason.window
    name = service.name if service else reason.service
    name_en = (service.name_en or service.name) if service else reason.service
    return m.PlanReason(
        code=reason.code,
        service=reason.service or None,
        window=reason.window or None,
        lead_min=reason.lead_min,
        needed=reason.needed,
        there=reason.there,
        text=chinese.format(name=name, **numbers),
        text_en=english.format(name=name_en, **numbers, **_agreeing(one=needed == "1", there=there == "1")),
    )
