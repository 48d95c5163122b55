"""The agent's file: which server and hall, and where each printer is.

Read like a hall file: every mistake with its line, its key and what to write instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

import msgspec

from callq.agent.channels import place_of
from callq.config import Problem, examine
from callq.domain.check_values import ConfigProblem, code, duplicates
from callq.domain.errors import CallqError

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


class PrinterFileError(CallqError):
    """The file cannot be used; every reason is listed, in the order of the lines."""

    def __init__(self, source: str, problems: list[Problem]) -> None:
        super().__init__(f"{source}: {len(problems)} problems")
        self.source = source
        self.problems = problems


def load(path: Path) -> AgentConfig:
    """Read the file.

    Raises:
      PrinterFileError: it cannot be read, or something in it is wrong.
    """
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        told = Problem(0, None, "", f"cannot be read: {error.strerror}", "give the path of the file")
        raise PrinterFileError(str(path), [told]) from error
    except UnicodeDecodeError as error:
        told = Problem(0, None, "", "the file is not UTF-8 text", "save it as UTF-8 (not GBK or ANSI)")
        raise PrinterFileError(str(path), [told]) from error
    config, problems = check(content)
    if config is None:
        raise PrinterFileError(str(path), problems)
    return config


def check(content: str) -> tuple[AgentConfig | None, list[Problem]]:
    """The configuration that a text holds, and everything that is wrong with it."""
    return examine(content, AgentConfig, _problems)


def _problems(config: AgentConfig) -> Iterator[ConfigProblem]:
    yield from code("hall", config.hall)
    parts = urlsplit(config.server)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        yield ConfigProblem(
            "server", f"{config.server!r} is no address of a server", 'write e.g. "http://192.168.1.10:8080"'
        )
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
