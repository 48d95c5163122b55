"""What a check of a gateway's surroundings finds, one line each, and how the feed is checked."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import trio

from callq.agent.feed import MAX_VIEWS, FeedLost, Follower, Watched, feed_address

FEED_LIMIT_S: Final = 5.0


class Finding(NamedTuple):
    """One line of the check.

    Attributes:
      what: was looked at: ``font``, ``server``, a view or the name of a device.
      ok: whether it is as it should be; None: that cannot be known from here.
      message: what was found.
      hint: what to do; empty where nothing is to be done.
    """

    what: str
    ok: bool | None
    message: str
    hint: str = ""


async def check_feed(server: str, hall: str, token: str, views: list[Watched], *, role: str) -> list[Finding]:
    """Whether a hall's feed gives every view to a token; `role`: what the token should be for."""
    found: list[Finding] = []
    for at in range(0, len(views), MAX_VIEWS):
        found += await _views(server, hall, token, views[at : at + MAX_VIEWS], role)
        if not found[-1].ok and found[-1].what == "server":
            break
    return found


async def _views(server: str, hall: str, token: str, views: list[Watched], role: str) -> list[Finding]:
    refused: dict[Watched, str] = {}
    given: set[Watched] = set()
    done = trio.Event()

    def answered() -> None:
        if len(given) + len(refused) == len(views):
            done.set()

    def show(view: Watched, data: dict[str, Any]) -> None:
        given.add(view)
        answered()

    def refuse(view: Watched, why: str) -> None:
        refused[view] = why
        answered()

    follower = Follower(feed_address(server, hall), token, views, show=show, refuse=refuse)
    lost: list[FeedLost] = []

    async def follow(scope: trio.CancelScope) -> None:
        try:
            await follower.once()
        except FeedLost as error:
            lost.append(error)
            scope.cancel()

    with trio.move_on_after(FEED_LIMIT_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(follow, nursery.cancel_scope)
            await done.wait()
            nursery.cancel_scope.cancel()
    if not done.is_set():
        message = str(lost[0]) if lost else f"no answer within {FEED_LIMIT_S:g} s"
        hint = f"make a token: callq token create --role {role}; and look at server and hall in the file"
        if not (lost and lost[0].for_good):
            hint = f"is a callq server running at {server}, and not behind a firewall?"
        return [Finding("server", False, f"{server}: {message}", hint)]
    lines = [Finding("server", True, f"{server}, hall {hall}, {len(given)} views")]
    return lines + [
        Finding(str(view), False, why, "look at window or zone in the file") for view, why in refused.items()
    ]
