"""How two configurations of a hall differ, key by key, as a person would say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from callq.config.export import toml_value
from callq.domain.hall import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.hall import HallConfig

_NAMED_BY: Final = ("code", "id", "channel", "date", "first", "hours")
"""The key that tells the tables of a list apart; the first that they have."""


class Difference(NamedTuple):
    """One key that is not the same.

    Attributes:
      path: of the key, tables of lists by their code, e.g. ``services[general].quota``.
      before: its value as TOML; None: not there, or the default.
      after: likewise.
    """

    path: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        """One line: ``+`` new, ``-`` gone, ``~`` changed."""
        if self.before is None:
            return f"+ {self.path} = {self.after}"
        if self.after is None:
            return f"- {self.path} = {self.before}"
        return f"~ {self.path}: {self.before} -> {self.after}"


def differences(before: HallConfig, after: HallConfig) -> list[Difference]:
    """What changes when `after` takes the place of `before`; empty when they are the same."""
    return list(_compared("", plain(before), plain(after)))


def _compared(path: str, before: Any, after: Any) -> Iterator[Difference]:  # noqa: ANN401 - plain data
    if before == after:
        return
    old, new = _named(before), _named(after)
    if "[" not in path:
        # A table or list that is not written is one without keys, not a value of its own.
        old = {} if before is None else old
        new = {} if after is None else new
    if old is None or new is None:
        yield Difference(path, _shown(before), _shown(after))
        return
    listed = isinstance(before, list) or isinstance(after, list)
    for name in [*old, *(name for name in new if name not in old)]:
        inner = f"{path}[{name}]" if listed else f"{path}.{name}".lstrip(".")
        yield from _compared(inner, old.get(name), new.get(name))
    if listed and old == new:
        yield Difference(f"{path} (order)", toml_value(list(old)), toml_value(list(new)))


def _named(value: Any) -> dict[str, Any] | None:  # noqa: ANN401 - plain data
    """The parts of a table, or of a list of tables that can be told apart; None: a value by itself."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        key = next((key for key in _NAMED_BY if all(key in item for item in value)), None)
        found = {str(item[key]): item for item in value} if key else {}
        return found if len(found) == len(value) else None
    return None


def _shown(value: Any) -> str | None:  # noqa: ANN401 - plain data
    return None if value is None else toml_value(value)
