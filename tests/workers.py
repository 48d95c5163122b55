"""Which worker runs which files, so that every core is busy to the end.

Whole files, as with `--dist=loadfile`. Half of the workers begin with folders whose tests mostly wait, for a
browser, a server or a peer; the others with those that keep a core busy. So one that waits stands beside one
that reckons, and each stays in a folder, whose browser or server is then started once. Who is through helps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController  # type: ignore[import-untyped]

WAITING: Final = ("browser", "chaos", "web", "redis", "callbox", "displays", "printer", "contract")
RECKONING: Final = ("property", "simulation", "simulate", "unit", "runtime", "voice", "rules")
"""Folders below `tests`. Long files come first: where short ones are left nobody waits for another."""


def turn(file: str, worker: int) -> int:
    """How late it is a worker's turn to run a file; the smaller, the sooner.

    Args:
      file: path from the root.
      worker: its number, from 0.
    """
    own, others = (RECKONING, WAITING) if worker % 2 else (WAITING, RECKONING)
    return (*own, *others).index(file.split("/")[1])


class Sharing(LoadFileScheduling):
    """Gives a worker that has little left the file whose turn it is."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        worker = int(node.gateway.id.removeprefix("gw"))
        self.workqueue.move_to_end(min(self.workqueue, key=lambda file: turn(file, worker)), last=False)
        super()._assign_work_unit(node)
