"""People who ask the guide first: the real one, of the hall as it is at that moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from callq.guide.facts import Facts
from callq.guide.question import Question
from callq.guide.route import route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.domain.hall import HallConfig, ItemChannel
    from callq.domain.state import HallState
    from callq.simulate.draws import Person
    from callq.wire.messages.guide import RouteOption

TRAITS: Final = {"priority": frozenset({"elderly"})}
"""What is known of people beside their matter, by class."""


class Guide:
    """Asks for one person after the other.

    Args:
      config: of the hall, for its matters.
      state: of the hall; only read.
      groups: codes of the scenario's groups.
      accepts: channels that people take; none: all.
    """

    def __init__(
        self, config: HallConfig, state: HallState, groups: Sequence[str], accepts: Sequence[ItemChannel]
    ) -> None:
        self._state = state
        self._groups = groups
        self._accepts = frozenset(accepts) or None
        self._items: dict[str, list[str]] = {}
        for item in config.items:
            self._items.setdefault(item.service, []).append(item.code)

    def way(self, person: Person, service: str, now_ms: int) -> RouteOption | None:
        """What the guide advises first of what people accept.

        Args:
          person: who asks.
          service: that they have come for.
          now_ms: Unix ms.

        Returns:
          None where the hall names no matter of the service, or there is no way that is accepted.
        """
        items = self._items.get(service)
        if not items:
            return None
        group = self._groups[person.group]
        item = group if group in items else items[int(person.line * len(items))]
        question = Question([(item, 1.0)], TRAITS.get(person.cls, frozenset()), accept=self._accepts)
        options = route(Facts(self._state, now_ms), question).options
        return options[0] if options else None
