"""`callq hall check`: what is wrong with a hall file, line by line."""

from __future__ import annotations

import os
import sys
from datetime import date
from typing import TYPE_CHECKING, TextIO

from callq.config import HallFileError, Problem, load_hall, placed, read_source, samples
from callq.domain.advice import advice
from callq.domain.hall import HallConfig, digest

if TYPE_CHECKING:
    import argparse


def add_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    """Add `hall` and `hall check`; where its other commands are added."""
    hall = commands.add_parser("hall", help="work with hall files", description="Work with hall files.")
    actions = hall.add_subparsers(metavar="COMMAND", required=True)
    check = actions.add_parser(
        "check",
        help="explain every mistake in a hall file",
        description="Check a hall file; each mistake is told with its line, key and what to write instead.",
        epilog=f"Samples that come with callq: {', '.join(samples())}. Exit status 1 if there are mistakes.",
    )
    check.add_argument("source", metavar="FILE-OR-SAMPLE", help="a TOML file, or the name of a sample")
    check.set_defaults(run=run_check)
    return actions


def run_check(args: argparse.Namespace) -> int:
    """Print the verdict on `args.source`; exit status 0 or 1."""
    try:
        config = load_hall(args.source)
        text = read_source(args.source)
    except HallFileError as error:
        for problem in error.problems:
            print(format_problem(error.source, problem, colour=wants_colour(sys.stdout)))
        count = len(error.problems)
        print(f"{error.source}: {count} problem{'s' * (count > 1)}", file=sys.stderr)
        return 1
    for problem in placed(advice(config, date.today().isoformat()), text):
        told = problem._replace(message=f"warning: {problem.message}")
        print(format_problem(args.source, told, colour=wants_colour(sys.stdout)))
    print(f"{args.source}: ok: {summary(config)}")
    return 0


def format_problem(source: str, problem: Problem, *, colour: bool) -> str:
    """``file:line: key: message`` and the hint in a line of its own, as editors and people read it."""
    bold, red, dim, off = ("\x1b[1m", "\x1b[31m", "\x1b[2m", "\x1b[0m") if colour else ("", "", "", "")
    place = f"{source}:{problem.line}" if problem.line else source
    key = f"{bold}{problem.key}{off}: " if problem.key else ""
    return f"{bold}{place}:{off} {key}{red}{problem.message}{off}\n    {dim}hint:{off} {problem.hint}"


def summary(config: HallConfig) -> str:
    """One line that lets a manager recognise the hall."""
    counts = ", ".join(
        f"{len(items)} {noun}{'s' * (len(items) != 1)}"
        for noun, items in [
            ("zone", config.zones),
            ("service", config.services),
            ("window", config.windows),
            ("clerk", config.clerks),
        ]
    )
    return f"{config.name} ({config.id}), {counts}; digest {digest(config)}"


def wants_colour(stream: TextIO) -> bool:
    """Whether to colour what goes to `stream`: on a terminal, unless NO_COLOR asks for none."""
    return stream.isatty() and not os.environ.get("NO_COLOR")
