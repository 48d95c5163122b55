"""Checks of when the floor page warns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from callq.domain import check_values as values
from callq.domain.check_values import ConfigProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.hall import HallConfig


def problems(config: HallConfig) -> Iterator[ConfigProblem]:
    """What is wrong with the thresholds of a configuration."""
    warnings = config.warnings
    for key, number in msgspec.structs.asdict(warnings).items():
        yield from values.number(f"warnings.{key}", key, number)
    if warnings.waiting and 0 < warnings.waiting_severe < warnings.waiting:
        yield ConfigProblem(
            "warnings.waiting_severe",
            f"{warnings.waiting_severe} people are severe, but only {warnings.waiting} need attention",
            "set it to at least `waiting`, or to 0: never severe",
        )
    if 0 < warnings.late_severe < 1:
        yield ConfigProblem(
            "warnings.late_severe",
            f"{warnings.late_severe} times the target is before the target",
            "write at least 1, or 0: never severe",
        )
