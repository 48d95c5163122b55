"""Which ticket a freed window takes, and which window a ticket finds; see the modules."""

from callq.domain.routing.choice import LaneChoice, calls_from_ms, choose_lane, left_lanes
from callq.domain.routing.idle import idle_windows
from callq.domain.routing.lanes import Candidate, eligible_lanes, lanes_seen, targets_of
from callq.domain.routing.policies import POLICIES
from callq.domain.routing.preferences import Left

__all__ = [
    "POLICIES",
    "Candidate",
    "LaneChoice",
    "Left",
    "calls_from_ms",
    "choose_lane",
    "eligible_lanes",
    "idle_windows",
    "lanes_seen",
    "left_lanes",
    "targets_of",
]
