"""What the devices of a hall file must satisfy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import check_values as values
from callq.domain.check_values import ConfigProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.hall import HallConfig


def problems(config: HallConfig) -> Iterator[ConfigProblem]:
    """What is wrong with the devices, in file order."""
    zones = {zone.code: zone.name for zone in config.zones}
    windows = {window.id: window.label for window in config.windows}
    for index, device in enumerate(config.devices):
        at = f"devices[{index}]."
        yield from values.code(f"{at}id", device.id)
        yield from values.texts(at, {"name": device.name, "place": device.place})
        if bool(device.zone) == bool(device.window):
            both = bool(device.zone)
            yield ConfigProblem(
                f"{at}{'zone' if both else 'window'}",
                "zone and window are both given" if both else "neither zone nor window is given",
                "name the window that it belongs to, or the zone where it stands",
            )
        elif device.zone:
            yield from values.reference(f"{at}zone", "zone", device.zone, zones, "unknown_zone")
        else:
            yield from values.reference(f"{at}window", "window", device.window, windows, "unknown_window")
    yield from values.duplicates("devices[{}].id", [device.id for device in config.devices])
