"""Waiting for a redis-server that is starting or loading its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from callq.domain.errors import StoreUnavailable
from callq.journal.redis.connection import is_denied, probe

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from callq.journal.redis.endpoint import Endpoint

LOADING_LIMIT_S: Final = 600.0
PROGRESS_S: Final = 5.0
POLL_MIN_S: Final = 0.01
POLL_MAX_S: Final = 0.5


async def wait_ready(
    endpoint: Endpoint,
    log: FilteringBoundLogger,
    *,
    answer_limit_s: float,
    loading_limit_s: float = LOADING_LIMIT_S,
) -> dict[str, str]:
    """Wait until a server answers and has loaded its data; its INFO.

    Args:
      endpoint: where it is.
      log: told of the progress of loading.
      answer_limit_s: how long it may be silent, from the beginning or since its last answer.
      loading_limit_s: how long it may take in all once it has answered.

    Raises:
      StoreUnavailable: a limit passed, or it wants another password.
    """
    heard = began = trio.current_time()
    told = began - PROGRESS_S
    pause = POLL_MIN_S
    while True:
        try:
            info = await trio.to_thread.run_sync(probe, endpoint)
        except StoreUnavailable as error:
            if is_denied(error) or trio.current_time() - heard > answer_limit_s:
                raise
        else:
            if info.get("loading", "0") == "0":
                return info
            heard = trio.current_time()
            if heard - began > loading_limit_s:
                raise StoreUnavailable(
                    f"Redis at {endpoint.shown} still loads its data after {loading_limit_s:.0f} s"
                )
            if heard - told >= PROGRESS_S:
                told = heard
                log.info(
                    "redis_loading",
                    loaded_percent=info.get("loading_loaded_perc"),
                    left_s=info.get("loading_eta_seconds"),
                )
        await trio.sleep(pause)
        pause = min(2 * pause, POLL_MAX_S)
