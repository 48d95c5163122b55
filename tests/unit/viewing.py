"""Looking at views in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from callq.views.view import View, project

if TYPE_CHECKING:
    from tests.harness import Hall


def shown(hall: Hall, name: str, **about: Any) -> Any:
    """A view as it goes over the wire."""
    now_ms = max(hall.now_ms, hall.state.now_ms)
    return msgspec.json.decode(msgspec.json.encode(project(View(name, **about), hall.state, now_ms, {})))
