"""The hall that boxes are tried at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from callq.agent import feed as feed_module
from callq.agent.pauses import Pauses
from callq.domain.hall import Rules
from callq.journal.memory import MemoryJournal
from panels.callbox import keypad as keypad_module
from tests.harness import small_hall
from tests.web.conftest import Door, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    """A hall whose numbers may be called twice, at once."""
    rules = Rules(recall_gap_s=0, min_calls_before_miss=1, max_calls=2)
    async with serving(MemoryJournal(), small_hall(rules=rules)) as door:
        yield door


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried again soon."""
    monkeypatch.setattr(Pauses, "next_s", lambda self: 0.05)
    monkeypatch.setattr(keypad_module, "LOOK_S", 0.05)
    monkeypatch.setattr(feed_module, "CONNECT_LIMIT_S", 0.3)
