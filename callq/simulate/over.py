"""A scenario over a hall file: the hall with its own load, and what the scenario says of people and clerks.

So lunch, no-shows, a bus or illness can be asked of one's own hall. Windows, services, hours and load stay
those of the hall file, and so do its rules and tides; but clerks call and start by themselves, so that
`auto_call_s` and `auto_start_s` are not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from callq.simulate import check
from callq.simulate.halls import DEFAULT
from callq.simulate.of_hall import hall_of
from callq.simulate.scenario import Scenario, below, examined_as, likeness, over, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.check_values import ConfigProblem
    from callq.domain.hall import HallConfig

TAKEN: Final = ("classes", "handling", "people", "clerks", "bursts", "absences", "forecast_error")
"""Tables and keys of a scenario that may be laid over a hall."""

_FREE: Final = ("name", "like")


class Laid(NamedTuple):
    """What came of it.

    Attributes:
      scenario: the hall's, with what was laid over it.
      unused: what the document itself says that a hall has of its own.
    """

    scenario: Scenario
    unused: tuple[str, ...]


def laid_over(source: str, own: Scenario, config: HallConfig, date: str) -> Laid:
    """Lay a scenario over that of a hall.

    How long it takes is taken only of a scenario without a layout: with one, its minutes are of that hall.

    Args:
      source: name of a scenario that comes with callq, or a file; it needs no tables but those that it has.
      own: what the hall file says, see `of_hall.scenario_of`.
      config: the hall.
      date: of the days, ISO.

    Raises:
      ScenarioError: the scenario cannot be read, or something in it is wrong in this hall.
    """
    wrote: dict[str, Any] = {}
    unused: list[str] = []

    def taken(document: dict[str, Any]) -> dict[str, Any]:
        for each in below(document):
            wrote.update(over(wrote, _taken_of(each)))
        of_hall = set(Scenario.__struct_fields__).difference(_FREE, _taken_of(document))
        unused.extend(key for key in document if key in of_hall)
        rest = {key: value for key, value in document.items() if key not in {*of_hall, *TAKEN}}
        return over(_lowest(own), wrote | rest)

    def merged(document: Scenario) -> Scenario:
        groups = own.groups
        handling = wrote.get("handling")
        if isinstance(handling, dict) and "cv" in handling:
            groups = tuple(msgspec.structs.replace(group, cv=None) for group in groups)
        parts = {key: getattr(document, key) for key in wrote}
        name = own.name if document.name == own.name else f"{own.name} with {document.name}"
        return msgspec.structs.replace(own, **parts, name=name, groups=groups)

    windows = len(hall_of(config, DEFAULT, [g.code for g in own.groups], tidal=False, date=date).seats)
    outlets = {outlet.channel for outlet in config.outlets}

    def wrong(document: Scenario) -> Iterator[ConfigProblem]:
        yield from likeness(document)
        yield from check.problems_over(merged(document), wrote, windows, outlets)

    document = examined_as(source, text_of(source), wrong, taken)
    return Laid(merged(document), tuple(unused))


def _taken_of(document: dict[str, Any]) -> dict[str, Any]:
    """What of one document may be laid over a hall."""
    return {
        key: document[key]
        for key in TAKEN
        if key in document and not (key == "handling" and "layout" in document)
    }


def _lowest(own: Scenario) -> dict[str, Any]:
    """What lies below all: what a scenario must have, and the hall's classes and handling key by key."""
    return {
        "name": own.name,
        "day": {"volume": own.day.volume},
        "groups": [],
        "profile": [],
        "classes": msgspec.to_builtins(own.classes),
        "handling": msgspec.to_builtins(own.handling),
    }
