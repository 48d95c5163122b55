"""What `callq led` and `callq callbox` have in common: options, tokens, findings, running until a signal."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from callq.cli.errors import UserError
from callq.cli.hall import format_problem, wants_colour
from callq.cli.logs import configure_logs
from callq.cli.ports import address, refuse_taken

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator, Awaitable, Callable

    import trio

    from callq.agent.findings import Finding
    from callq.config import Problem

MARKS: Final = {True: "ok  ", False: "FAIL", None: "-   "}


def add_connection(parser: argparse.ArgumentParser, variable: str) -> None:
    """The file, the server and the token, which `variable` of the environment may hold."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the gateway's TOML file")
    parser.add_argument("--server", metavar="URL", help="in place of `server` in the file")
    parser.add_argument("--token-file", metavar="FILE", type=Path, help=f"else {variable} in the environment")


def add_running(parser: argparse.ArgumentParser) -> None:
    """Status page and log."""
    parser.add_argument(
        "--status", metavar="HOST:PORT", type=address, help="serve /, /metrics and /healthz there"
    )
    parser.add_argument("--log-format", choices=("console", "json"), help="default: console on a terminal")
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="info", help="default info"
    )


def unusable(path: Path, source: str, problems: list[Problem]) -> UserError:
    """Tells what is wrong with a file as with a hall file; answers the error to raise."""
    for problem in problems:
        print(format_problem(source, problem, colour=wants_colour(sys.stderr)), file=sys.stderr)
    return UserError(f"{path} cannot be used", "mend the lines above")


def read_token(path: Path | None, variable: str) -> str | None:
    """The token of a file, or of the environment.

    Raises:
      UserError: the file cannot be read, or holds something else.
    """
    if path is None:
        return os.environ.get(variable) or None
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path} cannot be read: {error}", "name a file that holds nothing but the token"
        ) from error
    if not token.isascii() or not token or any(char <= " " for char in token):
        raise UserError(f"{path} holds no token", "it has one line, as callq token create printed it")
    return token


def token_to_run(args: argparse.Namespace, variable: str, role: str) -> str:
    """The token without which nothing runs, after the status page's address was looked at.

    Raises:
      UserError: there is none, or the address is taken.
    """
    token = read_token(args.token_file, variable)
    if token is None:
        raise UserError(
            "no token for the feed",
            f"give --token-file, or set {variable}; make one: callq token create --role {role}",
        )
    if args.status is not None:
        refuse_taken(*args.status)
    configure_logs(args.log_format or ("console" if sys.stderr.isatty() else "json"), args.log_level)
    return token


def run_until_signal(run: Callable[[trio.Event], Awaitable[None]]) -> int:
    """Run `run` with an event that SIGINT and SIGTERM set."""
    import trio

    from callq.web.signals import stop_on_signal

    async def main() -> None:
        # What is imported and loaded now stays: looking for garbage among it would only delay a call.
        gc.collect()
        gc.freeze()
        stopping = trio.Event()
        async with trio.open_nursery() as nursery:
            await nursery.start(stop_on_signal, stopping)
            await run(stopping)
            nursery.cancel_scope.cancel()

    trio.run(main)
    return 0


def print_findings(first: str, findings: AsyncIterator[Finding]) -> int:
    """Print each finding as it is made; exit status 1 if anything fails."""
    import trio

    print(f"{MARKS[True]} {first}")

    async def run() -> int:
        failed = 0
        async for finding in findings:
            print(f"{MARKS[finding.ok]} {finding.what}: {finding.message}", flush=True)
            if finding.hint:
                print(f"     hint: {finding.hint}", flush=True)
            failed += finding.ok is False
        return failed

    failed = trio.run(run)
    if failed:
        print(f"{failed} of these fail", file=sys.stderr)
    return 1 if failed else 0
