"""The demo as a whole: the server, and everybody who comes to it, in one process."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import trio
from rich.console import Console

from callq.demo.banner import print_banner, show_status
from callq.demo.citizens import run_citizens
from callq.demo.clerks import run_clerk
from callq.demo.client import ApiProblem, Unreachable, open_api
from callq.demo.links import make_passes
from callq.demo.pace import Pace
from callq.demo.place import demo_directory
from callq.demo.staff import seat_clerks
from callq.demo.watch import Hallway
from callq.web.server import ServeConfig, serve_until
from callq.web.signals import stop_on_signal

if TYPE_CHECKING:
    from pathlib import Path

    from callq.demo.client import Api
    from callq.domain.hall import HallConfig

READY_LIMIT_S: Final = 60.0
READY_POLL_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class DemoConfig:
    """A demo.

    Attributes:
      hall: the hall to run.
      host, port: where to listen.
      speed: how many times faster than normal, greater than 0.
      seed: of everything random.
      data_dir: the user's own directory, kept afterwards; None for one that is removed.
      admin_token: the administrator's token; None to mint one.
    """

    hall: HallConfig
    host: str
    port: int
    speed: float
    seed: int
    data_dir: Path | None = None
    admin_token: str | None = None

    @property
    def url(self) -> str:
        """Address for a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host.strip("[]") else f"http://{host}:{self.port}"


async def run_demo(config: DemoConfig) -> None:
    """Run a demo until SIGINT or SIGTERM; the server, its Redis and the directory are gone when this returns.

    Raises:
      StoreRefused: the directory is in use, or there is no redis-server.
      OSError: the port cannot be listened on.
    """
    console = Console(highlight=False)
    console.print(f"callq: 正在启动 / starting on {config.url} ...", soft_wrap=True)
    admin_token = config.admin_token or secrets.token_urlsafe(32)
    async with demo_directory(config.port, config.data_dir) as data_dir:
        served = ServeConfig(
            halls=(config.hall,),
            host=config.host,
            port=config.port,
            data_dir=data_dir,
            redis_url=None,
            durability="fsync",
            admin_token=admin_token,
            log_format="console",
        )
        stopping = trio.Event()
        async with trio.open_nursery() as outer:
            await outer.start(stop_on_signal, stopping)
            async with trio.open_nursery() as nursery:
                await nursery.start(serve_until, stopping, served)
                # People leave first, so that nobody knocks at doors that are being closed.
                async with trio.open_nursery() as people:
                    people.start_soon(_play, config, admin_token, console)
                    await stopping.wait()
                    people.cancel_scope.cancel()
            outer.cancel_scope.cancel()
    console.print("callq: 已结束 / ended")


async def _play(config: DemoConfig, admin_token: str, console: Console) -> None:
    """Open the doors, and let clerks and citizens in, until cancelled."""
    hall = config.hall
    seating = seat_clerks(hall)
    pace = Pace(config.seed, config.speed, len(seating.seats))
    hallway = Hallway()
    async with open_api(config.url) as api, trio.open_nursery() as people:
        await _wait_ready(api)
        passes = await make_passes(api.acting_as(admin_token), hall, seating)
        await people.start(hallway.watch, config.url, hall.id, passes.floor)
        for seat in seating.seats:
            people.start_soon(run_clerk, config.url, hall.id, passes.clerks[seat.window], seat, pace)
        kiosk, desk = api.acting_as(passes.kiosk), api.acting_as(passes.desk)
        people.start_soon(run_citizens, kiosk, desk, hall, pace, hallway)
        print_banner(console, config.url, hall, passes, str(config.data_dir) if config.data_dir else None)
        await show_status(console, hallway, {clerk.id: clerk.name for clerk in hall.clerks})


async def _wait_ready(api: Api) -> None:
    with trio.fail_after(READY_LIMIT_S):
        while True:
            try:
                await api.get("/readyz")
            except (ApiProblem, Unreachable):
                await trio.sleep(READY_POLL_S)
            else:
                return
