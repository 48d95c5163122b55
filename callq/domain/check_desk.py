"""Checks of what the desk looks at before a number, and of the share of priority."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from callq.domain import check_values as values
from callq.domain.check_values import ConfigProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.hall import Check, HallConfig


def problems(config: HallConfig) -> Iterator[ConfigProblem]:
    """What is wrong with `[desk]`, and with the lists of matters."""
    for key, number in msgspec.structs.asdict(config.desk).items():
        if key in values.RANGES:
            yield from values.number(f"desk.{key}", key, number)
    for index, item in enumerate(config.items):
        yield from prechecks(f"items[{index}].", item.precheck)


def prechecks(at: str, listed: tuple[str | Check, ...]) -> Iterator[ConfigProblem]:
    """What is wrong with one list; `at`: path of its owner, with a dot at the end."""
    if len(listed) > values.MOST_CHECKS:
        yield ConfigProblem(
            f"{at}precheck",
            f"{len(listed)} things to look at are more than {values.MOST_CHECKS}",
            "nobody walks through that many: put together what belongs together",
        )
    for position, one in enumerate(listed):
        where = f"{at}precheck[{position}]"
        if isinstance(one, str):
            yield from values.text(where, "precheck", one)
            continue
        yield from values.text(f"{where}.text", "precheck", one.text)
        if one.text_en:
            yield from values.text(f"{where}.text_en", "precheck", one.text_en)
        for key, told in (("hint", one.hint), ("hint_en", one.hint_en)):
            yield from values.text(f"{where}.{key}", "hint", told)
    texts = [one if isinstance(one, str) else one.text for one in listed]
    yield from values.duplicates(f"{at}precheck[{{}}]", texts)
