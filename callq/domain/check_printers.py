"""Checks of printers, and of the address on the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from callq.domain import check_values as values
from callq.domain.check_values import ConfigProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.hall import HallConfig


def problems(config: HallConfig) -> Iterator[ConfigProblem]:
    """What is wrong with the printers and with `public_url`."""
    zones = {zone.code: zone.name for zone in config.zones}
    for index, printer in enumerate(config.printers):
        at = f"printers[{index}]."
        yield from values.code(f"{at}id", printer.id)
        yield from values.texts(at, {"name": printer.name, "name_en": printer.name_en})
        if printer.zone:
            yield from values.reference(f"{at}zone", "zone", printer.zone, zones, "unknown_zone")
    yield from values.duplicates("printers[{}].id", [printer.id for printer in config.printers])
    if config.public_url and not _is_address(config.public_url):
        yield ConfigProblem(
            "public_url",
            f"{config.public_url!r} is no address of a server",
            'write scheme and host alone, e.g. "https://queue.example.cn"',
        )


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        return False
    return (
        named
        and parts.scheme in ("http", "https")
        and len(text) <= values.MAX_CHARS["public_url"]
        and not (parts.path or parts.query or parts.fragment)
        and text.isascii()
        and not any(char.isspace() for char in text)
    )
