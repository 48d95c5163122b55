"""Checks of what is asked of people who were not satisfied, and of the cases that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from callq.domain import check_values as values
from callq.domain.check_values import ConfigProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.hall import HallConfig

MOST_REASONS: Final = 8
"""More do not fit a tablet, nor can more be chosen at once."""


def problems(config: HallConfig) -> Iterator[ConfigProblem]:
    """What is wrong with the ratings of a configuration."""
    ratings = config.ratings
    for key in ("bad_level", "due_workdays", "due_h", "attempts", "keep_days"):
        yield from values.number(f"ratings.{key}", key, getattr(ratings, key))
    for index, reason in enumerate(ratings.reasons):
        at = f"ratings.reasons[{index}]."
        yield from values.code(f"{at}code", reason.code)
        yield from values.texts(at, {"reason": reason.reason, "reason_en": reason.reason_en})
    yield from values.duplicates("ratings.reasons[{}].code", [reason.code for reason in ratings.reasons])
    if len(ratings.reasons) > MOST_REASONS:
        yield ConfigProblem(
            "ratings.reasons",
            f"{len(ratings.reasons)} reasons are more than fit a tablet",
            f"leave {MOST_REASONS} of them",
        )
