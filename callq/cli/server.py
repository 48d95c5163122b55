"""`callq serve` and `callq demo`: running halls."""

from __future__ import annotations

import argparse
import gc
import math
import os
import random
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from callq.cli.errors import EXIT_PROBLEM, UserError, explain
from callq.cli.hall import format_problem, wants_colour
from callq.cli.logs import LogFormat, configure_logs
from callq.cli.ports import address, any_free, port, refuse_taken
from callq.config import HallFileError, load_hall
from callq.domain.practice import practice_copy

if TYPE_CHECKING:
    from callq.domain.hall import HallConfig

ADMIN_TOKEN = "CALLQ_ADMIN_TOKEN"
DEFAULT_PORT = 8080


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `serve` and `demo`."""
    serve = commands.add_parser(
        "serve",
        help="run the server",
        description="Run the server. Without --redis it brings a durable redis-server of its own along.",
        epilog=f"{ADMIN_TOKEN} in the environment is the first administrator's bearer token.",
    )
    serve.add_argument(
        "--hall",
        dest="halls",
        metavar="FILE-OR-SAMPLE",
        nargs="+",
        action="extend",
        required=True,
        help="hall files or names of samples",
    )
    serve.add_argument(
        "--listen",
        metavar="HOST:PORT",
        type=address,
        default=("127.0.0.1", DEFAULT_PORT),
        help=f"where to listen (default 127.0.0.1:{DEFAULT_PORT})",
    )
    serve.add_argument(
        "--data", metavar="DIR", type=Path, required=True, help="directory for everything kept"
    )
    serve.add_argument(
        "--practice",
        action="store_true",
        help="beside each hall a copy to practise in, with simulated citizens: HALL-practice",
    )
    serve.add_argument("--redis", metavar="URL", help="a running Redis, e.g. redis://host:6379/0")
    serve.add_argument(
        "--durability",
        choices=("fsync", "everysec"),
        default="fsync",
        help="what an acknowledgement promises: on disk (default), or on disk within about a second",
    )
    serve.add_argument(
        "--state-digests",
        action="store_true",
        help="write a digest of each hall's state every 1,000 entries: nodes that drift apart notice",
    )
    serve.add_argument(
        "--voice",
        metavar="DIR",
        type=Path,
        help="recordings for announcements (default: the folder voice in --data)",
    )
    serve.add_argument(
        "--media",
        metavar="DIR",
        type=Path,
        help="pictures and videos that hall files name for their screens; public",
    )
    serve.add_argument(
        "--log-format",
        choices=("console", "json"),
        help="default: console on a terminal, json otherwise",
    )
    serve.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="what is less important is not logged (default info)",
    )
    serve.set_defaults(run=run_serve)
    demo = commands.add_parser(
        "demo",
        help="run a live hall with simulated citizens and clerks",
        description="Run a live hall with simulated citizens and clerks, and print the links of its pages. "
        "It starts with an empty hall and leaves nothing behind unless --data is given.",
    )
    demo.add_argument("--hall", metavar="NAME", default="county", help="sample or hall file (default county)")
    demo.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    demo.add_argument(
        "--port", type=port, default=DEFAULT_PORT, help=f"default {DEFAULT_PORT}; 0 takes any free one"
    )
    demo.add_argument(
        "--speed", metavar="X", type=speed, default=1.0, help="times faster than normal (default 1)"
    )
    demo.add_argument("--seed", metavar="N", type=int, help="repeat the same people (default: random)")
    demo.add_argument("--data", metavar="DIR", type=Path, help="keep the hall there (default: keep nothing)")
    demo.set_defaults(run=run_demo)


def run_serve(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    halls = tuple(hall_of(source) for source in args.halls)
    seen: dict[str, str] = {}
    for config, source in zip(halls, args.halls, strict=True):
        if config.id in seen:
            raise UserError(
                f"{source} and {seen[config.id]} both describe hall {config.id!r}", "give each hall once"
            )
        seen[config.id] = source
    if args.media is not None and not args.media.is_dir():
        raise UserError(f"there is no folder {args.media}", "make it, or leave --media out")
    if args.practice:
        halls += _practice_halls(halls)
    host, number = args.listen
    log_format: LogFormat = args.log_format or ("console" if sys.stderr.isatty() else "json")

    refuse_taken(host, number)
    configure_logs(log_format, args.log_level)
    if log_format == "json":
        sys.unraisablehook = _log_ignored
    # The server takes a while to import: not for somebody whose hall file is wrong. What is imported and
    # loaded now stays: collecting garbage among it would only cost time, now and whenever it is looked for.
    gc.disable()
    import trio

    from callq.web.server import ServeConfig, serve

    served = ServeConfig(
        halls=halls,
        host=host,
        port=number,
        data_dir=args.data,
        redis_url=args.redis,
        durability=args.durability,
        state_digests=args.state_digests,
        admin_token=os.environ.get(ADMIN_TOKEN) or None,
        voice_dir=args.voice,
        media_dir=args.media,
        log_format=log_format,
    )
    try:
        trio.run(partial(serve, served, task_status=_Ready()))
    except (Exception, KeyboardInterrupt, BaseExceptionGroup) as error:
        if log_format == "console":
            raise
        return _log_end(error)
    return 0


def _practice_halls(halls: tuple[HallConfig, ...]) -> tuple[HallConfig, ...]:
    """A copy of each hall that is not one to practise in itself.

    Raises:
      UserError: a hall of the name is there already.
    """
    copies = tuple(practice_copy(hall) for hall in halls if not hall.practice)
    taken = {hall.id for hall in halls} & {copy.id for copy in copies}
    if taken:
        raise UserError(
            f"there is a hall {min(taken)!r} already", "give it another id, or leave out --practice"
        )
    return copies


def _log_ignored(ignored: sys.UnraisableHookArgs) -> None:
    """What Python would print by itself, over several lines: an exception where nobody can take it."""
    import structlog

    error = ignored.exc_value
    structlog.get_logger().error("exception_ignored", error=repr(error), exc_info=error)


def _log_end(error: BaseException) -> int:
    """Say in one line of the log why the server ends; its exit status."""
    import structlog

    told = explain(error)
    structlog.get_logger().critical(
        "server_failed",
        error=str(told or repr(error)),
        hint=told.hint if told else "",
        exc_info=None if told else error,
    )
    return told.exit_code if told else EXIT_PROBLEM


class _Ready:
    """Told when the server is ready."""

    def started(self, value: int | None = None) -> None:
        from callq.runtime import garbage

        garbage.begin()


def run_demo(args: argparse.Namespace) -> int:
    """Run a demo until SIGINT or SIGTERM."""
    hall = hall_of(args.hall)
    number = args.port or any_free(args.host)
    refuse_taken(args.host, number)
    configure_logs("console", "warning")
    import trio

    from callq.demo.show import DemoConfig, run_demo

    config = DemoConfig(
        hall=hall,
        host=args.host,
        port=number,
        speed=args.speed,
        seed=random.randrange(2**32) if args.seed is None else args.seed,
        data_dir=args.data,
        admin_token=os.environ.get(ADMIN_TOKEN) or None,
    )
    trio.run(run_demo, config)
    return 0


def hall_of(source: str) -> HallConfig:
    """Load a hall, explaining its mistakes like `callq hall check`.

    Raises:
      UserError: it cannot be used.
    """
    try:
        return load_hall(source)
    except HallFileError as error:
        colour = wants_colour(sys.stderr)
        for problem in error.problems:
            print(format_problem(error.source, problem, colour=colour), file=sys.stderr)
        raise UserError(f"the hall {source} cannot be used", "mend the lines above") from error


def speed(text: str) -> float:
    """Read how many times faster than normal."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.1 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0.1 to 100")
    return value
