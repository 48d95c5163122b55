"""The agent's file: which server and hall, and where each printer is.

Read like a hall file: every mistake with its line, its key and what to write instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from callq.agent.channels import place_of
from callq.config import Problem, examine
from callq.config.agent_file import connection_problems, load_agent_file
from callq.domain.check_values import ConfigProblem, code, duplicates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TCP_PORT: Final = 9100


class Printer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One printer of the hall."""

    id: str
    """As the hall file has it."""
    address: str
    """``host``, ``host:port``, or a device file such as ``/dev/usb/lp0``."""
    answers: bool = True
    """Whether it answers status requests; false: that it took the bytes is all that can be known."""
    qr: Literal["native", "drawn"] = "native"
    """``drawn``: as a picture, for printers without QR codes of their own."""
    cut: bool = True


class AgentConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One agent: the printers that one computer reaches."""

    hall: str
    printers: tuple[Printer, ...]
    server: str = "http://127.0.0.1:8080"


def load(path: Path) -> AgentConfig:
    """Read the file.

    Raises:
      AgentFileError: it cannot be read, or something in it is wrong.
    """
    return load_agent_file(path, check)


def check(content: str) -> tuple[AgentConfig | None, list[Problem]]:
    """The configuration that a text holds, and everything that is wrong with it."""
    return examine(content, AgentConfig, _problems)


def _problems(config: AgentConfig) -> Iterator[ConfigProblem]:
    yield from connection_problems(config.hall, config.server)
    if not config.printers:
        yield ConfigProblem("printers", "there are no printers", "add a [[printers]] table for each of them")
    yield from duplicates("printers[{}].id", [printer.id for printer in config.printers])
    yield from duplicates("printers[{}].address", [printer.address for printer in config.printers])
    for index, printer in enumerate(config.printers):
        yield from code(f"printers[{index}].id", printer.id)
        if printer.address.startswith("/"):
            continue
        try:
            place_of(printer.address, TCP_PORT)
        except ValueError:
            yield ConfigProblem(
                f"printers[{index}].address",
                f"{printer.address!r} is no address",
                "write host or host:port, e.g. 192.168.1.60:9100, or a file, e.g. /dev/usb/lp0",
            )
