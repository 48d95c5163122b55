"""Simulated citizens: they come with the tide, take tickets, and a few give up."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import structlog
import trio

from callq.demo.client import ApiProblem, Unreachable

if TYPE_CHECKING:
    import random

    from callq.demo.client import Api
    from callq.demo.pace import Arrival, Pace
    from callq.demo.watch import Hallway
    from callq.domain.hall import HallConfig

FIRST_PER_WINDOW: Final = 1.2
"""People already at the door when the demo begins, for each staffed window."""

LOOK_AGAIN_S: Final = 15.0
"""At speed 1: the arrival rate is looked up again at least so often, since tide and queue change it.

Exponential gaps have no memory, so beginning anew changes nothing in the arrivals."""

TRIES: Final = 5


async def run_citizens(kiosk: Api, desk: Api, hall: HallConfig, pace: Pace, hallway: Hallway) -> None:
    """Let people come until cancelled.

    Args:
      kiosk: a kiosk's principal, which issues most tickets.
      desk: a helper's principal, which checks and grants priority and cancels.
      hall: what they may ask for.
      pace: when, and what they want.
      hallway: how full the hall is.
    """
    dice = pace.dice("arrivals")
    began = trio.current_time()
    async with trio.open_nursery() as people:
        for _ in range(max(0, round(FIRST_PER_WINDOW * pace.windows) - hallway.waiting)):
            await _enter(people, kiosk, desk, hall, pace, dice)
            await trio.sleep(pace.scaled(dice.uniform(0.1, 0.6)))
        while True:
            at_s = (trio.current_time() - began) * pace.speed
            gap_s = pace.arrival_gap_s(dice, at_s, hallway.waiting)
            if gap_s is None or gap_s > pace.scaled(LOOK_AGAIN_S):
                await trio.sleep(pace.scaled(LOOK_AGAIN_S))
                continue
            await trio.sleep(gap_s)
            await _enter(people, kiosk, desk, hall, pace, dice)


async def _enter(
    people: trio.Nursery, kiosk: Api, desk: Api, hall: HallConfig, pace: Pace, dice: random.Random
) -> None:
    arrival = pace.arrival(dice, hall)
    ticket = await _take_ticket(desk if arrival.channel == "counter" else kiosk, hall.id, arrival)
    if ticket and arrival.gives_up_after_s is not None:
        people.start_soon(_give_up, desk, hall.id, ticket["id"], arrival.gives_up_after_s)


async def _take_ticket(api: Api, hall: str, arrival: Arrival) -> dict[str, Any] | None:
    """Take a ticket; None if that was refused or the server stays away. One key, so never two tickets."""
    key = uuid.uuid4().hex
    body: dict[str, Any] = {"service": arrival.service, "channel": arrival.channel}
    if arrival.cls != "ordinary":
        body |= {"class": arrival.cls, "traits": list(arrival.traits)}
    for attempt in range(TRIES):
        try:
            answer = await api.post(f"/v1/halls/{hall}/tickets", body, key=key)
        except ApiProblem as problem:
            if problem.status != 503:
                structlog.get_logger("callq.demo").debug("ticket_refused", code=problem.code)
                return None
        except Unreachable:
            pass
        else:
            ticket: dict[str, Any] = answer["ticket"]
            return ticket
        await trio.sleep(0.2 * 2**attempt)
    return None


async def _give_up(desk: Api, hall: str, ticket: str, after_s: float) -> None:
    await trio.sleep(after_s)
    try:
        now = await desk.get(f"/v1/halls/{hall}/tickets/{ticket}")
        if now["ticket"]["state"] == "waiting":
            await desk.post(f"/v1/halls/{hall}/tickets/{ticket}/commands", {"command": "cancel"})
    except (ApiProblem, Unreachable):
        pass  # called in this very moment, or the server is away: the person stays
