"""What a run may be put through: each profile is a range, each seed draws a point in it.

Every fault is left out altogether in many runs, so that what it would hide can be seen: a store that
fails all the time hides what happens when it fails once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from callq.domain.hall import Rules
from tests.harness import MONDAY_9H
from tests.simulation.connection import Line

if TYPE_CHECKING:
    from random import Random

NEW_DAY_MS: Final = MONDAY_9H + 19 * 3_600_000
"""04:00 in Shanghai, when the next business day begins."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The most that a run of this kind is put through."""

    name: str
    replicas: tuple[int, ...] = (0,)
    durability: Literal["fsync", "everysec"] = "fsync"
    network: bool = True
    """Requests and replies are lost, late and slow."""
    node_crashes: int = 2
    store_restarts: int = 0
    outages: int = 0
    """Restarts after seconds to a minute."""
    failovers: int = 0
    shifts: int = 0
    """A new replid without a restart."""
    skew_ms: int = 200
    """Most that a node's wall clock is off."""
    wrong_clock: bool = False
    """One node's clock may be more than two seconds off, or jump."""

    @property
    def is_sound(self) -> bool:
        """Whether the store keeps all that it acknowledged."""
        return not self.failovers and self.durability == "fsync"


PROFILES: Final = {
    profile.name: profile
    for profile in (
        Profile(name="one_master"),
        Profile(name="restarts", store_restarts=2, outages=1, shifts=1, replicas=(0, 0, 1)),
        Profile(name="everysec", durability="everysec", store_restarts=2, outages=1),
        Profile(name="failover", replicas=(1, 2), failovers=2, store_restarts=1, shifts=1),
        Profile(name="clocks", skew_ms=1_500, wrong_clock=True, store_restarts=1, outages=1),
    )
}


class Plan(msgspec.Struct, kw_only=True):
    """What one run is put through."""

    nodes: int
    replicas: int
    lag_s: float
    length_s: float
    """Faults happen, and people begin things, until then."""
    began_ms: int
    rules: Rules
    line: Line
    skews_ms: list[int]
    citizens: int
    watchers: int
    snapshot_every: int
    """Entries between snapshots."""
    faults: list[tuple[float, str]]
    """When (s) and what, oldest first."""


def draw(profile: Profile, rng: Random) -> Plan:
    """A point in the range of a profile."""
    length_s = rng.uniform(3, 15)
    nodes = rng.choice((2, 2, 3))
    faults: list[tuple[float, str]] = []

    def some(most: int, name: str, least: int = 0) -> None:
        for _ in range(rng.randint(least, most)):
            faults.append((rng.uniform(0.5, length_s), name))

    some(profile.node_crashes, "node_crash")
    some(profile.store_restarts, "store_restart")
    some(profile.outages, "outage")
    some(profile.failovers, "failover", min(1, profile.failovers))
    some(profile.shifts, "shift")
    if profile.wrong_clock:
        some(2, "wrong_clock")
    replicas = rng.choice(profile.replicas)
    if replicas:
        some(2, "replica_stalls")
    return Plan(
        nodes=nodes,
        replicas=replicas,
        lag_s=rng.choice((0.002, 0.5, 4.0)),
        length_s=length_s,
        # Some runs see a business day end.
        began_ms=NEW_DAY_MS - round(rng.uniform(1, length_s) * 1000) if rng.random() < 0.15 else MONDAY_9H,
        rules=Rules(
            recall_gap_s=1,
            min_calls_before_miss=1,
            auto_start_s=rng.choice((0, 0, 4)),
            auto_call_s=rng.choice((0, 0, 3)),
            missed_abandon_min=1,
            hold_max_min=1,
            undo_s=5,
        ),
        line=_line(rng) if profile.network else Line(),
        skews_ms=[rng.randint(-profile.skew_ms, profile.skew_ms) for _ in range(nodes)],
        snapshot_every=rng.choice((6, 15, 5_000)),
        citizens=rng.randint(1, 3),
        watchers=rng.randint(1, 3),
        faults=sorted(faults),
    )


def _line(rng: Random) -> Line:
    pick = rng.choice
    return Line(
        lost=pick((0, 0, 0.01, 0.04)),
        reply_lost=pick((0, 0, 0.02, 0.08)),
        late=pick((0, 0, 0.02, 0.08)),
        slow=pick((0, 0, 0.02, 0.1)),
        drop=pick((0, 0, 0.01, 0.05)),
        hint_lost=pick((0, 0, 0.1, 1.0)),
        hint_late_s=pick((0, 0, 0.5, 3.0)),
        usual_s=pick((0.001, 0.003, 0.03)),
    )
