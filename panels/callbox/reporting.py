"""The agent's boxes at the health door of the server: how each is, and what it is told to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import trio

from callq.agent import VERSION, ActFailed, HealthReporter, health_client, hurry_told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from panels.callbox.config import AgentConfig
    from panels.callbox.health import BoxHealth, Health

LOOK_S: Final = 1.0
"""How often faults are looked at."""

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


class Reporting:
    """Reporters of all boxes of an agent."""

    def __init__(self, config: AgentConfig, token: str, health: Health) -> None:
        self._config = config
        self._token = token
        self._health = health
        self._reporters: dict[str, HealthReporter] = {}

    async def run(self, doers: Mapping[str, Told]) -> None:
        """Report until cancelled.

        Args:
          doers: by name of the box.
        """
        async with (
            health_client(self._config.server, self._token) as client,
            trio.open_nursery() as nursery,
        ):
            for name, doer in doers.items():
                reporter = HealthReporter(client, self._config.hall, name, kind="call_box", version=VERSION)
                acts = _Acts(doer, name)
                reporter.on("test", acts.test)
                reporter.on("resend", acts.resend)
                reporter.on("restart", acts.restart)
                self._reporters[name] = reporter
                nursery.start_soon(self._report, reporter)
            while True:
                await trio.sleep(LOOK_S)
                for name, reporter in self._reporters.items():
                    reporter.only(self._faults(name))

    def told(self, data: Mapping[str, Any]) -> None:
        """The hall has orders."""
        hurry_told(self._reporters, data)

    async def _report(self, reporter: HealthReporter) -> None:
        """Not before something is known of the box, or is not to be known for now."""
        if self._health.boxes[reporter.device].state == "starting":
            await trio.sleep(LOOK_S)
        reporter.only(self._faults(reporter.device))
        await reporter.run()

    def _faults(self, name: str) -> dict[str, str]:
        box = self._health.boxes[name]
        faults = {}
        if box.state == "lost":
            faults["keypad_absent" if box.kind == "keypad" else "unreachable"] = box.error
        elif box.state == "silent":
            faults["box_silent"] = f"{box.address}: {box.error}"
        if box.window in self._health.windows:
            faults["feed_refused"] = f"{box.window}: {self._health.windows[box.window]}"
        return faults


class _Acts:
    """What one box can be told."""

    def __init__(self, doer: Told, box: str) -> None:
        self._doer = doer
        self._box = box

    async def test(self) -> None:
        await self._doer.test(self._box)

    async def resend(self) -> None:
        await self._doer.resend(self._box)

    async def restart(self) -> None:
        await self._doer.restart(self._box)


def there(box: BoxHealth) -> None:
    """Raise `ActFailed` where a box is known not to be there."""
    if box.state in ("lost", "silent"):
        raise ActFailed(box.error)
