"""A node in a process of its own, to be killed: ``python -m tests.redis.node DIR [URL]``.

``CALLQ_TEST_REDIS`` in the environment names the redis-server that it is to run.

Appends three entries to the hall ``demo``, says so with a line of JSON, and waits.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import trio

from callq.journal.port import GENESIS, StoreRefused, chained
from callq.journal.redis.store import open_store


async def main(data_dir: str, redis_url: str | None = None) -> None:
    named = os.environ.get("CALLQ_TEST_REDIS")
    program = Path(named) if named else None
    try:
        async with open_store(Path(data_dir), redis_url=redis_url, program=program) as store:
            entries = await store.journal.read("demo", GENESIS)
            head = entries[-1].id if entries else GENESIS
            for n in range(3):
                entry = chained(head, b"%d" % n)
                await store.journal.append("demo", head, [entry])
                head = entry.id
            server = store.server.pid if store.server else None
            print(json.dumps({"pid": os.getpid(), "redis": server, "head": str(head)}), flush=True)
            await trio.sleep_forever()
    except StoreRefused as error:
        print(json.dumps({"refused": str(error)}), flush=True)


if __name__ == "__main__":
    trio.run(main, *sys.argv[1:])  # type: ignore[arg-type]
