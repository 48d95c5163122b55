"""`callq hall queue`: the list of the queue, for paper, from a running server or from its directory."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from callq.cli.errors import UserError
from callq.cli.in_force import in_directory, over_http, run_trio
from callq.cli.server import ADMIN_TOKEN

if TYPE_CHECKING:
    import argparse

    from callq.demo.client import Api
    from callq.journal.redis.store import Store
    from callq.wire import messages as m


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `queue` to the commands of `hall`."""
    queue = actions.add_parser(
        "queue",
        help="print who waits, in the order of calls",
        description="Print everybody who waits, is at a window or was put aside, in the order of calls: for "
        "a power cut. A server writes the same once a minute as queue-HALL.html into its data directory.",
    )
    queue.add_argument("hall", metavar="HALL", help="id of the hall")
    queue.add_argument("--html", action="store_true", help="a page to print, instead of plain text")
    queue.add_argument("--lang", choices=("zh", "en"), default="zh", help="of the words (default: zh)")
    queue.add_argument("--out", metavar="FILE", type=Path, help="where to write it; left out: to the screen")
    where = queue.add_mutually_exclusive_group(required=True)
    where.add_argument("--url", help=f"address of the running server; its token is {ADMIN_TOKEN}")
    where.add_argument("--data", metavar="DIR", type=Path, help="data directory of a server here")
    queue.set_defaults(run=run_queue)


def run_queue(args: argparse.Namespace) -> int:
    """Print or write the list; exit status 0."""
    from callq.web.queue_sheet import sheet, text_of

    found = run_trio(_list, args)
    content = sheet(found, args.lang) if args.html else text_of(found, args.lang)
    if args.out is None:
        print(content, end="")
        return 0
    try:
        args.out.write_text(content, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{args.out}: {error.strerror}", "name a file that can be written") from error
    print(f"{args.hall}: {found.waiting} waiting; {args.out}", file=sys.stderr)
    return 0


async def _list(args: argparse.Namespace) -> m.QueueList:
    if args.url:
        return await over_http(args, partial(_asked, hall=args.hall))
    return await in_directory(args, partial(_replayed, hall=args.hall))


async def _asked(api: Api, *, hall: str) -> m.QueueList:
    from callq.wire import messages as m

    return msgspec.convert(await api.get(f"/v1/halls/{hall}/queue"), m.QueueList)


async def _replayed(store: Store, *, hall: str) -> m.QueueList:
    from callq.runtime.loading import load
    from callq.views.queuelist import queue_list

    halls = await store.journal.halls()
    if hall not in halls:
        raise UserError(f"there is no hall {hall!r}", f"known: {', '.join(halls) or 'none'}")
    state, _ = await load(store.journal, hall)
    return queue_list(state, max(state.now_ms, round(time.time() * 1000)))
