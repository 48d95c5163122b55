"""Files of the programs beside devices, read like a hall file: each mistake with line, key and hint."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from callq.config import Problem
from callq.domain.check_values import ConfigProblem, code
from callq.domain.errors import CallqError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")


class AgentFileError(CallqError):
    """The file cannot be used; every reason is listed, in the order of the lines."""

    def __init__(self, source: str, problems: list[Problem]) -> None:
        super().__init__(f"{source}: {len(problems)} problems")
        self.source = source
        self.problems = problems


def load_agent_file(path: Path, check: Callable[[str], tuple[T | None, list[Problem]]]) -> T:
    """Read a file.

    Args:
      path: of the file.
      check: what its text holds, and everything that is wrong with it.

    Raises:
      AgentFileError: it cannot be read, or something in it is wrong.
    """
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        wrong = Problem(0, None, "", f"cannot be read: {error.strerror}", "give the path of the file")
        raise AgentFileError(str(path), [wrong]) from error
    except UnicodeDecodeError as error:
        wrong = Problem(0, None, "", "the file is not UTF-8 text", "save it as UTF-8 (not GBK or ANSI)")
        raise AgentFileError(str(path), [wrong]) from error
    config, problems = check(content)
    if config is None:
        raise AgentFileError(str(path), problems)
    return config


def connection_problems(hall: str, server: str) -> Iterator[ConfigProblem]:
    """What is wrong with the keys `hall` and `server`, which every such file has."""
    yield from code("hall", hall)
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        yield ConfigProblem(
            "server", f"{server!r} is no address of a server", 'write e.g. "http://192.168.1.10:8080"'
        )
