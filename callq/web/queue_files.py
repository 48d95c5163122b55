"""The list of the queue on disk, for when the power or the server is gone: ``queue-HALL.html``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
import trio

from callq.domain.errors import CallqError
from callq.runtime.home import write_durably
from callq.views.queuelist import queue_list
from callq.web.queue_sheet import sheet

if TYPE_CHECKING:
    from pathlib import Path

    from callq.runtime.node import Node

EVERY_S: Final = 60.0
"""As old as the list may be when the power fails."""


def path_of(folder: Path, hall: str) -> Path:
    """Where the list of a hall is."""
    return folder / f"queue-{hall}.html"


async def run(node: Node, folder: Path) -> None:
    """Write the lists once a minute, until cancelled; what goes wrong is told when it begins."""
    failing: set[str] = set()
    while True:
        failed = await write_all(node, folder)
        for hall in failed.keys() - failing:
            log = structlog.get_logger()
            log.warning("queue_list_not_written", hall=hall, error=failed[hall])
        failing = set(failed)
        await trio.sleep(EVERY_S)


async def write_all(node: Node, folder: Path) -> dict[str, str]:
    """Write the list of every hall but those to practise in.

    Returns:
      Why, by hall, of those that could not be had or written; their list of before stays.
    """
    failed = {}
    for hall in node.halls():
        try:
            await _write(node, folder, hall)
        except (CallqError, OSError) as error:
            failed[hall] = str(error)
    return failed


async def _write(node: Node, folder: Path, hall: str) -> None:
    actor = node.actor(hall)
    if actor.config.practice:
        return
    content = sheet(await actor.read(queue_list), "zh").encode()
    await trio.to_thread.run_sync(write_durably, path_of(folder, hall), content)
