"""`python -m loadtests NAME`: run a benchmark and print each figure beside its baseline of the same run.

`--keep` keeps the figures in `loadtests/results`; `python -m loadtests table` writes the tables of
`docs/performance.md` from there.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from rich.console import Console
from rich.progress import Progress

from loadtests import (
    callbox,
    day,
    days,
    doors_http,
    engine,
    feed,
    guide,
    hardness,
    led,
    pages,
    panels,
    restart,
    routing,
    screens,
)
from loadtests.figures import Report, source

if TYPE_CHECKING:
    from types import ModuleType

SCENARIOS: Final[dict[str, ModuleType]] = {
    "engine": engine,
    "http": doors_http,
    "feed": feed,
    "hardness": hardness,
    "screens": screens,
    "led": led,
    "restart": restart,
    "routing": routing,
    "guide": guide,
    "day": day,
    "days": days,
    "panels": panels,
    "pages": pages,
    "callbox": callbox,
}
"""Each has `add_arguments(parser)` and `run(args, progress) -> Report`."""

RESULTS: Final = Path(__file__).parent / "results"
DOCUMENT: Final = Path(__file__).parent.parent / "docs" / "performance.md"

_TABLE: Final = re.compile(
    r"(?P<open><!-- figures of (?P<name>[a-z_]+) -->)\n.*?(?P<close><!-- end of figures -->)", re.DOTALL
)


def main() -> int:
    """Run the scenario that is named; exit status 1 if it misses a goal that it states."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtests", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    scenarios = parser.add_subparsers(dest="name", metavar="NAME", required=True)
    for name, module in SCENARIOS.items():
        scenario = scenarios.add_parser(
            name, help=str(module.__doc__).splitlines()[0], description=module.__doc__
        )
        scenario.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
        scenario.add_argument("--keep", action="store_true", help="keep the figures in loadtests/results")
        scenario.add_argument(
            "--runs", type=int, default=5, metavar="N", help="medians of so many (default %(default)s)"
        )
        module.add_arguments(scenario)
    scenarios.add_parser("table", help="write the tables of docs/performance.md from the figures kept")
    args = parser.parse_args()
    if args.name == "table":
        DOCUMENT.write_text(with_tables(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
        return 0
    # Before it runs: what is committed meanwhile is not what was measured.
    measured = source()
    with Progress(console=Console(stderr=True)) as progress:
        report: Report = SCENARIOS[args.name].run(args, progress)
    report = msgspec.structs.replace(report, source=measured)
    Console().print(report.table())
    content = msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
    if args.json is not None:
        args.json.write_bytes(content)
    if args.keep:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{args.name}.json").write_bytes(content)
    for goal in report.missed:
        print(f"missed: {goal}", file=sys.stderr)
    return 1 if report.missed else 0


def with_tables(text: str) -> str:
    """A document with every table between its marks written anew from the figures kept.

    Raises:
      FileNotFoundError: a table is asked for whose figures are not kept.
    """

    def table(found: re.Match[str]) -> str:
        content = (RESULTS / f"{found['name']}.json").read_bytes()
        kept = msgspec.json.decode(content, type=Report)
        body = "\n".join([kept.markdown(), "", kept.told()])
        return f"{found['open']}\n{body}\n{found['close']}"

    return _TABLE.sub(table, text)


if __name__ == "__main__":
    sys.exit(main())
