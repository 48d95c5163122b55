"""`callq serve`: the store, the node and the doors, started in that order and stopped in reverse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import structlog
import trio

from callq.domain.errors import StoreUnavailable
from callq.journal.redis.settings import turned_bad
from callq.journal.redis.store import open_store
from callq.runtime import garbage
from callq.runtime.clock import NodeClock
from callq.runtime.gauges import watch_lag
from callq.runtime.home import DiskHome
from callq.runtime.node import Node
from callq.voice.clips import Clips
from callq.web import queue_files
from callq.web.announcer import Announcer
from callq.web.api import Api
from callq.web.app import create_app
from callq.web.door import HttpDoor
from callq.web.feed import FeedDoor
from callq.web.feed_wire import MAX_MESSAGE
from callq.web.listener import Listener, open_socket, room_for_connections
from callq.web.media import MediaFolder
from callq.web.pages import load_pages
from callq.web.routes import ROUTES
from callq.web.signals import stop_on_signal
from callq.web.tokens import Tokens

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from callq.domain.hall import HallConfig
    from callq.journal.redis.store import Store
    from callq.web.pages import Pages

SETTINGS_EVERY_S: Final = 60.0

DIGEST_EVERY: Final = 1000
"""Entries between digests of a hall's state: each costs about 10 ms in a usual hall."""


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """What a server needs to know.

    Attributes:
      halls: created if the store does not know them yet.
      host: to listen on.
      port: to listen on; 0 takes a free one.
      data_dir: of this node alone; without `redis_url` the embedded Redis keeps its data there.
      redis_url: of an external Redis; None: an embedded one.
      durability: what an acknowledgement promises.
      state_digests: whether halls write digests of their state now and then, for other nodes to compare.
      admin_token: accepted as an administrator's; None: only tokens that were created.
      voice_dir: recordings for announcements; None: the folder ``voice`` of `data_dir`.
      media_dir: pictures and videos for the screens; None: there are none.
      log_format: of the process's log, which the command line sets up.
    """

    halls: tuple[HallConfig, ...]
    host: str
    port: int
    data_dir: Path
    redis_url: str | None = None
    durability: Literal["fsync", "everysec"] = "fsync"
    state_digests: bool = False
    admin_token: str | None = None
    voice_dir: Path | None = None
    media_dir: Path | None = None
    log_format: Literal["console", "json"] = "console"


async def serve(config: ServeConfig, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED) -> None:
    """Serve until a signal asks to stop; started with the port when requests are answered.

    Raises:
      OSError: the address cannot be listened on.
      StoreRefused: the store must not be used as it is.
      StoreUnavailable: the store does not answer.
    """
    stopping = trio.Event()
    async with trio.open_nursery() as nursery:
        await nursery.start(stop_on_signal, stopping)
        await serve_until(stopping, config, task_status=task_status)
        nursery.cancel_scope.cancel()


async def serve_until(
    stopping: trio.Event,
    config: ServeConfig,
    *,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until `stopping` is set; see `serve`."""
    # The address first: whoever mistypes it must not wait for a store, nor disturb one.
    with open_socket(config.host, config.port) as listening:
        async with (
            open_store(config.data_dir, redis_url=config.redis_url, durability=config.durability) as store,
            trio.open_nursery() as nursery,
        ):
            home = DiskHome(config.data_dir, store.identity.store)
            node = Node(
                store.journal,
                store.journal,
                config.halls,
                home=home,
                clock=NodeClock(witness=config.redis_url is not None),
                digest_every=DIGEST_EVERY if config.state_digests else 0,
            )
            # Tasks take the context of whoever starts them along: all of them name the node.
            with structlog.contextvars.bound_contextvars(node=home.name):
                await nursery.start(node.run)
                nursery.start_soon(_watch_settings, store)
                nursery.start_soon(watch_lag)
                nursery.start_soon(queue_files.run, node, config.data_dir)
                nursery.start_soon(garbage.run, lambda: node.acts)
                await serve_node(
                    node,
                    listening,
                    stopping,
                    admin_token=config.admin_token,
                    clips=Clips(config.voice_dir or config.data_dir / "voice"),
                    media=MediaFolder(config.media_dir),
                    task_status=task_status,
                )
            nursery.cancel_scope.cancel()


async def serve_node(
    node: Node,
    listening: socket.socket,
    stopping: trio.Event,
    *,
    admin_token: str | None,
    clips: Clips | None = None,
    media: MediaFolder | None = None,
    pages: Pages | None = None,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Open the doors of a running node until `stopping` is set; `pages` are those installed unless given."""
    log = structlog.get_logger()
    announcer = Announcer(clips or Clips(None))
    if not announcer.clips.speaks:
        log.warning("voice_without_engine", hint="install espeak-ng, or record every clip")
    secret = await node.keyring.secret()
    api = Api(node, Tokens(node.keyring, secret, admin_token), secret, announcer)
    feed = FeedDoor(api)
    http = HttpDoor(api, ROUTES, create_app(api, pages or load_pages(), media))
    listener = Listener(_doors(http, feed), listening, max_message=MAX_MESSAGE, most=room_for_connections())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_close_feeds, feed, stopping)
        await nursery.start(listener.run, stopping)
        host, port = listening.getsockname()[:2]
        log.info("serving", host=host, port=port, halls=node.halls())
        task_status.started(port)
    log.info("stopped_serving")


async def _watch_settings(store: Store) -> None:
    """Say so when somebody changes the running server's settings for the worse."""
    before = store.findings
    while True:
        await trio.sleep(SETTINGS_EVERY_S)
        try:
            now = await store.check()
        except StoreUnavailable:
            continue
        for finding in turned_bad(before, now):
            structlog.get_logger().error("store_setting_turned_bad", what=finding.what, finding=str(finding))
        before = tuple(now)


def _doors(http: Callable[..., Awaitable[None]], feed: FeedDoor) -> Callable[..., Awaitable[None]]:
    """WebSockets to the feed, everything else to the HTTP door."""

    async def doors(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        await (feed if scope["type"] == "websocket" else http)(scope, receive, send)

    return doors


async def _close_feeds(feed: FeedDoor, stopping: trio.Event) -> None:
    await stopping.wait()
    feed.closing.set()
