"""Every journal, empty: in memory and on each redis-server of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from callq.journal.memory import MemoryJournal
from callq.journal.redis.journal import RedisJournal, open_redis
from tests.redis.fixtures import RedisServer, program_params

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from callq.journal.redis.process import Program

    AnyJournal = MemoryJournal | RedisJournal


@pytest.fixture(params=[pytest.param("memory", id="memory"), *program_params()])
async def journal(
    request: pytest.FixtureRequest, redis_servers: Callable[[Program | None], RedisServer]
) -> AsyncIterator[AnyJournal]:
    if request.param == "memory":
        yield MemoryJournal()
        return
    server = redis_servers(request.param)
    await server.ask("FLUSHALL")
    async with open_redis(server.endpoint) as opened:
        yield opened
