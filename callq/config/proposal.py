"""A configuration that somebody proposes, as text or as data: what it says and all that is wrong with it.

Data is written as a hall file first and then read like one, so that both are judged by the very same code
and every mistake has a line of the text.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from callq.config import Problem, examined, placed
from callq.config.export import export_document
from callq.domain.advice import advice
from callq.domain.check import problems
from callq.domain.hall import HallConfig, plain

MAX_DEPTH: Final = 12
"""Tables and lists within each other; a hall file has half as many."""


class Proposal(NamedTuple):
    """What was proposed.

    Attributes:
      text: the hall file that lines are of.
      document: as tables, without defaults; None: it does not have the shape of a hall file.
      config: None where anything is wrong.
      problems: mistakes, in the order of their lines.
      warnings: of a configuration without mistakes.
    """

    text: str
    document: dict[str, Any] | None
    config: HallConfig | None
    problems: list[Problem]
    warnings: list[Problem]


def of_text(text: str, day: str) -> Proposal:
    """Read a hall file.

    Args:
      text: TOML.
      day: ISO date by which certificates are judged.
    """
    shaped, found = examined(text, HallConfig, problems)
    config = None if found else shaped
    return Proposal(
        text,
        None if shaped is None else plain(shaped),
        config,
        found,
        placed(advice(config, day), text) if config else [],
    )


def of_data(document: dict[str, Any], day: str) -> Proposal:
    """Read the same as data; nothing (null) is what is left out."""
    if _depth(document, 0) > MAX_DEPTH:
        problem = Problem(
            0, None, "", "tables within tables, too many", "a hall file has the keys of its guide"
        )
        return Proposal("", None, None, [problem], [])
    return of_text(export_document(_without_nulls(document)), day)


def _depth(value: Any, so_far: int) -> int:  # noqa: ANN401 - plain data
    if so_far > MAX_DEPTH or not isinstance(value, dict | list):
        return so_far
    inner = value.values() if isinstance(value, dict) else value
    return max((_depth(one, so_far + 1) for one in inner), default=so_far)


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 - plain data
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value if inner is not None]
    return value
