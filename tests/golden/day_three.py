"""The day that the golden stream of schema 3 records: every event of that schema at least once.

The scenes of schema 2, in a hall that older nodes read at first, with a failover and a time in which no
node ran.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import commands as cmd
from tests.golden import day_two as scenes

if TYPE_CHECKING:
    from tests.harness import Hall


def scripted_v3() -> Hall:
    """A full day and the beginning of the next."""
    hall = scenes.hall_of_two_days(level=0)
    hall.do(cmd.OpenEpoch(epoch="00000000000000e1"), who=cmd.SYSTEM)
    hall.do(cmd.RaiseLevel(level=3), who=cmd.SYSTEM)
    scenes.staff_arrives(hall)
    scenes.bookings(hall)
    scenes.an_ordinary_service(hall)
    hall.do(cmd.OpenEpoch(epoch="00000000000000e2", skip=20), who=cmd.SYSTEM)
    scenes.out_of_the_ordinary(hall)
    _no_node_runs(hall)
    scenes.a_visit(hall)
    scenes.the_hall_stands_still(hall)
    scenes.the_day_ends(hall)
    _no_node_runs(hall)
    return hall


def _no_node_runs(hall: Hall) -> None:
    since_ms = hall.now_ms
    hall.later(45)
    hall.do(cmd.RecordOutage(since_ms=since_ms, until_ms=hall.now_ms), who=cmd.SYSTEM)
