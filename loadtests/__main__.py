"""`python -m loadtests NAME --json FILE`: run a benchmark, print its table, and keep its figures."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests import restart

if TYPE_CHECKING:
    from types import ModuleType

SCENARIOS: dict[str, ModuleType] = {"restart": restart}


def main() -> int:
    """Run the scenario that is named; exit status 1 if it misses a goal that it states."""
    parser = argparse.ArgumentParser(prog="python -m loadtests", description=__doc__)
    scenarios = parser.add_subparsers(dest="name", metavar="NAME", required=True)
    for name, module in SCENARIOS.items():
        scenario = scenarios.add_parser(
            name, help=str(module.__doc__).splitlines()[0], description=module.__doc__
        )
        scenario.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
        scenario.add_argument(
            "--runs", type=int, default=5, metavar="N", help="medians of so many (default 5)"
        )
        module.add_arguments(scenario)
    args = parser.parse_args()
    figures = SCENARIOS[args.name].run(args)
    if args.json is not None:
        machine = f"{platform.machine()}, Python {platform.python_version()}"
        when = datetime.now(UTC).isoformat(timespec="seconds")
        content = {"name": args.name, "when": when, "machine": machine, **figures}
        args.json.write_text(json.dumps(content, indent=2) + "\n")
    for goal in figures.get("missed", ()):
        print(f"missed: {goal}", file=sys.stderr)
    return 1 if figures.get("missed") else 0


if __name__ == "__main__":
    sys.exit(main())
