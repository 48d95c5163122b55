"""What happens to the store and to the nodes, as far as a hall has to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from callq.domain import events as ev
from callq.domain.errors import Code, Rejected
from callq.domain.rules.decision import Decision
from callq.domain.state import Numbering

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from callq.domain import commands as cmd
    from callq.domain.hall import HallConfig
    from callq.domain.state import HallState

SHORTEST_OUTAGE_MS: Final = 10_000
"""What is shorter nobody need be compensated for."""

STILL_AFTER_MS: Final = 600_000
"""So long after numbers were left out, a new day leaves out its first ones too."""

FIRST_RAISED: Final = 3
"""The schema that brought levels: who reads of one reads this schema."""


def open_epoch(state: HallState, command: cmd.OpenEpoch, now_ms: int, who: cmd.Actor) -> Decision:
    """Record a new lineage of the store, and which numbers are left out because of it."""
    if command.epoch == state.epoch:
        return Decision(())
    skipped = _skipped(state.numbering.values(), state.counters, command.skip)
    return Decision((ev.EpochOpened(epoch=command.epoch, skipped=skipped),))


def left_out_today(state: HallState, now_ms: int, config: HallConfig) -> tuple[ev.Skipped, ...]:
    """What a business day leaves out that begins right after a failover: the lost tail may have begun it."""
    at_ms, count = state.left_out
    if not count or now_ms - at_ms > STILL_AFTER_MS:
        return ()
    return _skipped([Numbering(service.prefix, service.ranges) for service in config.services], {}, count)


def _skipped(
    numberings: Iterable[Numbering], counters: Mapping[str, int], count: int
) -> tuple[ev.Skipped, ...]:
    """The next `count` numbers of every series of the day, used or not; none beyond its last.

    A series that has given nothing yet counts too: what was lost may have been its first numbers.
    """
    found: dict[str, ev.Skipped] = {}
    for prefix, ranges in numberings:
        below = min(r.first for r in ranges) - 1 if ranges else None
        for series, before, end in (
            (prefix, 0, below),
            *((f"{prefix}{r.first}", r.first - 1, r.last) for r in ranges),
        ):
            first = counters.get(series, before) + 1
            last = first + count - 1 if end is None else min(first + count - 1, end)
            if first <= last:
                found[series] = ev.Skipped(series=series, prefix=prefix, first=first, last=last)
    return tuple(found.values())


def record_outage(state: HallState, command: cmd.RecordOutage, now_ms: int, who: cmd.Actor) -> Decision:
    """Record a time in which nobody could reach the hall, less what is known to have been otherwise.

    What was committed meanwhile shows that the hall was in use then, and one outage is recorded once,
    whichever nodes ask.
    """
    since_ms, until_ms = max(command.since_ms, state.known_ms), min(command.until_ms, now_ms)
    if until_ms - since_ms < SHORTEST_OUTAGE_MS:
        return Decision(())
    return Decision((ev.OutageRecorded(since_ms=since_ms, until_ms=until_ms),))


def raise_level(state: HallState, command: cmd.RaiseLevel, now_ms: int, who: cmd.Actor) -> Decision:
    """Let the hall's batches use a newer schema; never an older one, and none that is not known here."""
    if not FIRST_RAISED <= command.level <= ev.SCHEMA_VERSION:
        raise Rejected(
            Code.INVALID,
            f"this version of callq raises levels to schema {FIRST_RAISED} to {ev.SCHEMA_VERSION}",
            "upgrade this node first",
            state=str(state.level),
        )
    if command.level < state.level:
        raise Rejected(
            Code.WRONG_STATE,
            f"the hall's batches use schema {state.level} already",
            "what is written stays as it is: upgrade the node that cannot read it",
            state=str(state.level),
        )
    if command.level == state.level:
        return Decision(())
    return Decision((ev.FeatureLevelRaised(level=command.level),))
