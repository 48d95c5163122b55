"""What the boxes tell the hall of themselves, and what they can be told by it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from callq.agent import ActFailed

if TYPE_CHECKING:
    from callq.agent.reporters import Acts
    from panels.callbox.health import BoxHealth, Health

BACK_LIMIT_S: Final = 10.0
"""So soon what is opened again is to be there."""


class Told(Protocol):
    """What carries orders out for a box; each raises `ActFailed` where it cannot."""

    async def test(self, box: str) -> None:
        """Show which box it is, or that it works."""

    async def resend(self, box: str) -> None:
        """Have it show again what it is to show."""

    async def restart(self, box: str) -> None:
        """Let go of it and take it again."""


def acts_of(doer: Told, box: str) -> Acts:
    """What a box can be told."""
    return {
        "test": partial(doer.test, box),
        "resend": partial(doer.resend, box),
        "restart": partial(doer.restart, box),
    }


def faults_of(health: Health, name: str) -> dict[str, str]:
    """What is wrong with a box, by code and in words."""
    box = health.devices[name]
    faults = {}
    if box.state == "lost":
        faults["keypad_absent" if box.kind == "keypad" else "unreachable"] = box.error
    elif box.state == "silent":
        faults["box_silent"] = f"{box.address}: {box.error}"
    if box.window in health.refused:
        faults["feed_refused"] = f"{box.window}: {health.refused[box.window]}"
    return faults


def there(box: BoxHealth) -> None:
    """Raise `ActFailed` where a box is known not to be there."""
    if box.state in ("lost", "silent"):
        raise ActFailed(box.error)
