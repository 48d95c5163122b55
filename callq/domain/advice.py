"""What a configuration may say and probably should not: warnings beside the mistakes of `check`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from callq.domain.check_values import ConfigProblem
from callq.domain.hall import Skill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.hall import HallConfig

MOST_TOLD: Final = 50


def advice(config: HallConfig, day: str) -> list[ConfigProblem]:
    """Warnings about a configuration without mistakes, at most `MOST_TOLD`, in file order.

    Args:
      config: checked.
      day: ISO date by which certificates are judged.
    """
    return list(islice(_all(config, day), MOST_TOLD))


def _all(config: HallConfig, day: str) -> Iterator[ConfigProblem]:
    for index, service in enumerate(config.services):
        able = [c for c in config.clerks if c.level(service.needs, day) >= service.min_level]
        at = f"services[{index}].{'skill' if service.skill else 'code'}"
        if not able:
            yield ConfigProblem(
                at,
                f"no clerk can serve {service.name!r} now: every certificate has expired",
                "renew one under the clerks' skills",
            )
        elif len(able) == 1:
            yield ConfigProblem(
                at,
                f"{able[0].name} alone can serve {service.name!r}",
                "give a second clerk the skill, for when that one is away",
            )
    for index, clerk in enumerate(config.clerks):
        for skill, held in clerk.skills.items():
            if isinstance(held, Skill) and held.until and held.until < day:
                yield ConfigProblem(
                    f"clerks[{index}].skills.{skill}.until",
                    f"the certificate expired on {held.until}",
                    "write the new date, or leave the skill out",
                )
