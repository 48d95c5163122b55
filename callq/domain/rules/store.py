"""What happens to the store and to the nodes, as far as a hall has to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from callq.domain import events as ev
from callq.domain.errors import Code, Rejected
from callq.domain.rules.decision import Decision

if TYPE_CHECKING:
    from callq.domain import commands as cmd
    from callq.domain.state import HallState

SHORTEST_OUTAGE_MS: Final = 10_000
"""What is shorter nobody need be compensated for."""

FIRST_RAISED: Final = 3
"""The schema that brought levels: who reads of one reads this schema."""


def open_epoch(state: HallState, command: cmd.OpenEpoch, now_ms: int, who: cmd.Actor) -> Decision:
    """Record a new lineage of the store, and which numbers are left out because of it."""
    if command.epoch == state.epoch:
        return Decision(())
    return Decision((ev.EpochOpened(epoch=command.epoch, skipped=_skipped(state, command.skip)),))


def _skipped(state: HallState, count: int) -> tuple[ev.Skipped, ...]:
    """The next `count` numbers of every series of the day, used or not; none beyond its last.

    A series that has given nothing yet counts too: what was lost may have been its first numbers.
    """
    found: dict[str, ev.Skipped] = {}
    for prefix, ranges in state.numbering.values():
        below = min(r.first for r in ranges) - 1 if ranges else None
        for series, before, end in (
            (prefix, 0, below),
            *((f"{prefix}{r.first}", r.first - 1, r.last) for r in ranges),
        ):
            first = state.counters.get(series, before) + 1
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
