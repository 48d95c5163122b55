"""The `callq` command.

Modules that take long to import (the server, Redis, the demo) are imported by the commands that need
them, so that `callq hall check` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from callq import __version__
from callq.cli import (
    callbox,
    doctor,
    hall,
    in_force,
    led,
    printer,
    queue,
    ratings,
    server,
    simulate,
    token,
    voice,
)
from callq.cli.errors import explain

if TYPE_CHECKING:
    from collections.abc import Sequence


def build_parser() -> argparse.ArgumentParser:
    """The command line: every command that exists, and no other."""
    parser = argparse.ArgumentParser(
        prog="callq", description="Queue and window orchestration for government service halls."
    )
    parser.add_argument("--version", action="version", version=f"callq {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    of_halls = hall.add_parser(commands)
    in_force.add_actions(of_halls)
    queue.add_action(of_halls)
    server.add_parsers(commands)
    token.add_parser(commands)
    doctor.add_parser(commands)
    simulate.add_parser(commands)
    led.add_parser(commands)
    voice.add_parser(commands)
    callbox.add_parser(commands)
    printer.add_parser(commands)
    ratings.add_parser(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    args = build_parser().parse_args(argv)
    try:
        status: int = args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        # `callq ... | head`: nobody reads on, which is no mistake; keep the interpreter's last flush quiet.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (Exception, KeyboardInterrupt, BaseExceptionGroup) as error:
        told = explain(error)
        if told is None:
            raise
        print(f"callq: {told}", file=sys.stderr)
        if told.hint:
            print(f"  hint: {told.hint}", file=sys.stderr)
        return told.exit_code
    return status
