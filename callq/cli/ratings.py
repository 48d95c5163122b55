"""`callq ratings`: ratings as a province's platform wants them."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from callq.cli.errors import UserError
from callq.cli.logs import configure_logs
from callq.cli.server import ADMIN_TOKEN

if TYPE_CHECKING:
    import argparse

    from callq.export.mapping import Mapping

TOKEN: Final = "CALLQ_RATINGS_TOKEN"
PAGE: Final = 500


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `ratings` and its commands."""
    ratings = commands.add_parser(
        "ratings", help="ratings of a hall", description="Ratings of a hall, and lists of them."
    )
    actions = ratings.add_subparsers(metavar="COMMAND", required=True)
    export = actions.add_parser(
        "export",
        help="ratings of some days, by a province's field mapping",
        description="Print the ratings given on some days as a province's platform wants them.",
        epilog=f"The token, of a supervisor or inspector, is read from {TOKEN} in the environment.",
    )
    export.add_argument("--hall", required=True, metavar="HALL", help="id of the hall")
    export.add_argument("--url", required=True, help="address of the running server")
    export.add_argument(
        "--mapping",
        required=True,
        metavar="FILE-OR-NAME",
        help="a file, or one that comes with callq",
    )
    export.add_argument(
        "--from", required=True, dest="first", metavar="DATE", type=_day, help="first day, e.g. 2026-11-01"
    )
    export.add_argument("--to", required=True, dest="last", metavar="DATE", type=_day, help="last day")
    export.add_argument(
        "--format", choices=("csv", "json", "jsonl"), help="how it is written (default: the mapping's)"
    )
    export.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="what a field says, the same for all; may be repeated",
    )
    export.add_argument("--out", metavar="FILE", type=Path, help="where to write (default: standard output)")
    export.set_defaults(run=run_export)


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


def run_export(args: argparse.Namespace) -> int:
    """Write the export, and say on stderr how many ratings it has and which days had no record."""
    from callq.cli.gateways import unusable
    from callq.config.agent_file import AgentFileError
    from callq.export.mapping import load_mapping
    from callq.export.rows import CannotExport, mapped, written

    try:
        mapping = load_mapping(args.mapping)
    except AgentFileError as error:
        raise unusable(Path(args.mapping), error.source, error.problems) from error
    settings = _settings(args.set, mapping)
    if args.last < args.first:
        raise UserError(f"--to {args.last} is before --from {args.first}", "swap them")
    configure_logs("console", "warning")
    import trio

    found, days, timezone = trio.run(_read, args)
    names = [field.name for field in mapping.fields]
    try:
        rows = list(mapped(mapping, found, settings, timezone))
    except CannotExport as error:
        raise UserError(str(error), f"give it with --set {error.field}=…, or in the mapping file") from error
    content = "".join(written(rows, names, args.format or mapping.format)).encode(mapping.encoding, "replace")
    if args.out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        _write_private(args.out, content)
    print(f"{args.hall}: {len(rows)} ratings of {args.first} to {args.last}", file=sys.stderr)
    missing = _missing(args.first, args.last, days)
    if missing:
        print(
            f"  no record here of {', '.join(missing)}: nobody worked, or another node archived it",
            file=sys.stderr,
        )
    return 0


def _settings(given: list[str], mapping: Mapping) -> dict[str, str]:
    from callq.domain.check_values import nearest

    names = [field.name for field in mapping.fields]
    found = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise UserError(f"--set {one} has no value", "write it as FIELD=VALUE")
        if name not in names:
            guess = nearest(name, names)
            raise UserError(
                f"the mapping has no field {name!r}",
                f"did you mean {guess!r}?" if guess else f"it has: {', '.join(names)}",
            )
        found[name] = value
    return found


async def _read(args: argparse.Namespace) -> tuple[list[dict[str, Any]], set[str], str]:
    from callq.demo.client import ApiProblem, Unreachable, open_api

    token = os.environ.get(TOKEN) or os.environ.get(ADMIN_TOKEN)
    if not token:
        raise UserError("no token", f"set {TOKEN} in the environment to one of a supervisor or inspector")
    found: list[dict[str, Any]] = []
    days: set[str] = set()
    query: dict[str, str | int] = {"from": args.first, "to": args.last, "limit": PAGE}
    try:
        async with open_api(args.url, token) as api:
            while True:
                page = await api.get(f"/v1/halls/{args.hall}/ratings", **query)
                about = {"hall": page["hall"], "hall_name": page["hall_name"]}
                found += [{**row, **about} for row in page["ratings"]]
                days.update(page["days"])
                if page["next"] is None:
                    return found, days, str(page["timezone"])
                query["after"] = page["next"]
    except ApiProblem as problem:
        detail = str(problem.body.get("detail", problem.code))
        raise UserError(f"{args.url}: {detail}", str(problem.body.get("hint", ""))) from problem
    except Unreachable as error:
        raise UserError(str(error), f"is a callq server running at {args.url}?") from error


def _missing(first: str, last: str, days: set[str]) -> list[str]:
    """Days of the span without a record; those that have not come yet are none."""
    begin, end = date.fromisoformat(first), min(date.fromisoformat(last), date.today())
    span = (date.fromordinal(n).isoformat() for n in range(begin.toordinal(), end.toordinal() + 1))
    return [day for day in span if day not in days]


def _write_private(path: Path, content: bytes) -> None:
    """Replace a file that only this user may read: texts of ratings are in it."""
    draft = path.with_name(f"{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    draft.replace(path)
