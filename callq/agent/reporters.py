"""The devices of a program at the health door of the server: how each is, and what it is told to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

import trio

from callq.agent.condition import STARTING
from callq.agent.health import VERSION, HealthReporter, health_client, hurry_told

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from callq.agent.condition import Conditions
    from callq.domain.devices import DeviceOrderName

    Acts = Mapping[DeviceOrderName, Callable[[], Awaitable[None]]]

H = TypeVar("H", bound="Conditions[Any]")

LOOK_S: Final = 1.0
"""How often faults are looked at."""


class Config(Protocol):
    """What every program beside devices knows."""

    @property
    def server(self) -> str:
        """Its address."""

    @property
    def hall(self) -> str:
        """Hall id."""


class Reporters(Generic[H]):
    """Reporters of all devices of a program.

    Args:
      config: of the program.
      token: may report for the devices.
      kind: of the devices, where the hall file does not have them.
      health: how they are.
      faults: what is wrong with a device, by code and in words.
    """

    def __init__(
        self, config: Config, token: str, kind: str, health: H, faults: Callable[[H, str], Mapping[str, str]]
    ) -> None:
        self._config, self._token, self._kind = config, token, kind
        self._health = health
        self._faults = faults
        self._reporters: dict[str, HealthReporter] = {}

    async def run(self, acts: Mapping[str, Acts]) -> None:
        """Report until cancelled.

        Args:
          acts: what each device can be told, by name; each raises `ActFailed` where it cannot.
        """
        async with health_client(self._config.server, self._token) as client, trio.open_nursery() as nursery:
            for name, orders in acts.items():
                reporter = HealthReporter(client, self._config.hall, name, kind=self._kind, version=VERSION)
                for order, act in orders.items():
                    reporter.on(order, act)
                self._reporters[name] = reporter
                nursery.start_soon(self._report, reporter)
            while True:
                await trio.sleep(LOOK_S)
                for name, reporter in self._reporters.items():
                    reporter.only(self._faults(self._health, name))

    def told(self, data: Mapping[str, Any]) -> None:
        """The view ``orders`` has changed."""
        hurry_told(self._reporters, data)

    async def _report(self, reporter: HealthReporter) -> None:
        """Not before something is known of the device, or is not to be known for now."""
        if self._health.devices[reporter.device].state == STARTING:
            await trio.sleep(LOOK_S)
        reporter.only(self._faults(self._health, reporter.device))
        await reporter.run()
