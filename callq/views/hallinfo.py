"""A hall's configuration as readers outside may know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from callq.views.ticketing import suspended_of, ticketing_of
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.state import HallState


def hall_info(
    state: HallState, now_ms: int, *, staff: bool, token: str, role: str, may: tuple[str, ...]
) -> m.HallInfo:
    """What is fixed about a hall, and where its history stands.

    Args:
      state: the hall.
      now_ms: Unix ms, for which services give tickets.
      staff: whether to name its clerks; everyone else learns nothing about them.
      token: of who asks, by its id.
      role: of who asks.
      may: what that role is permitted.
    """
    config = state.config
    return m.HallInfo(
        id=state.hall,
        name=config.name,
        name_en=config.name_en,
        timezone=state.today.timezone,
        revision=state.revision,
        epoch=state.epoch,
        config_digest=state.digest,
        windows=tuple(
            m.WindowInfo(id=w.id, label=w.label, kind=w.kind, zone=w.zone, directions=w.directions)
            for w in config.windows
        ),
        services=tuple(
            m.ServiceInfo(
                code=s.code,
                name=s.name,
                name_en=s.name_en,
                prefix=s.prefix,
                zone=s.zone,
                examples=s.examples,
                target_wait_min=s.target_wait_min,
                bookable=s.booking is not None,
                ticketing=ticketing_of(state, s, now_ms),
            )
            for s in config.services
        ),
        zones=tuple(
            m.ZoneInfo(code=z.code, name=z.name, name_en=z.name_en, place=z.place) for z in config.zones
        ),
        sessions=tuple(
            m.SessionInfo(
                code=s.code,
                name=s.name,
                kind=s.kind,
                ticketing=s.ticketing,
                serving=s.serving,
                days=s.days,
                services=s.services,
            )
            for s in config.sessions
        ),
        suspended=suspended_of(state),
        contact=m.ContactInfo(phone=config.contact.phone, address=config.contact.address),
        clerks=tuple(
            m.ClerkInfo(id=c.id, name=c.name, skills={skill: c.level(skill, state.day) for skill in c.skills})
            for c in config.clerks
        )
        if staff
        else msgspec.UNSET,
        token=token,
        role=role,
        may=may,
    )


def hall_name(state: HallState) -> m.HallName:
    """A hall in a list."""
    return m.HallName(id=state.hall, name=state.config.name, name_en=state.config.name_en)
