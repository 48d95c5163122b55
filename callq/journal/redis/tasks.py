"""A nursery for helpers that live as long as a block."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def background() -> AsyncIterator[trio.Nursery]:
    """A nursery that ends its tasks with the block and does not wrap the block's exception in a group.

    A group of one is unwrapped, since there is nothing to choose between; when the block and a task
    fail together, or two tasks do, the group stays.
    """
    sole: BaseException
    try:
        async with trio.open_nursery() as nursery:
            yield nursery
            nursery.cancel_scope.cancel()
        return
    except BaseExceptionGroup as group:
        if len(group.exceptions) != 1:
            raise
        sole = group.exceptions[0]
    raise sole
