"""Which ticket a freed window takes, and which window a ticket finds; see the modules."""

from callq.domain.routing.choice import LaneChoice, calls_from_ms, choose_lane
from callq.domain.routing.idle import idle_windows
from callq.domain.routing.lanes import eligible_lanes, lanes_seen, targets_of
from callq.domain.routing.policies import POLICIES

__all__ = [
    "POLICIES",
    "LaneChoice",
    "calls_from_ms",
    "choose_lane",
    "eligible_lanes",
    "idle_windows",
    "lanes_seen",
    "targets_of",
]
