"""`callq simulate`: halls under a virtual clock, and what another rule or hall file would do."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from callq.cli.errors import UserError
from callq.cli.hall import format_problem, wants_colour
from callq.cli.logs import configure_logs
from callq.domain.check_values import nearest

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from callq.simulate.replay import Archived
    from callq.simulate.results import Result
    from callq.simulate.runs import Run

DAYS: Final = 20
SEED: Final = 1
GUIDED: Final = "county-84-guided"
"""Kind of day that `guide` is about, if none is named: the guide has somewhere to send people."""

MAX_DAYS: Final = 100_000


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `simulate` and `simulate compare`."""
    simulate = commands.add_parser(
        "simulate",
        help="try a rule, a hall file or a plan on simulated days",
        description="Run a hall on simulated days: the rules of the live system, people drawn by chance. "
        "No server, store or network is touched.",
        epilog="The same seed gives the same people, whatever the policy. Exit status 2: bad command line.",
    )
    _options(simulate, root=True)
    simulate.set_defaults(run=run_simulate)
    actions = simulate.add_subparsers(metavar="COMMAND", required=False)
    compare = actions.add_parser(
        "compare",
        help="two or more policies, hall files or kept results on the same days",
        description="Run each on the same days and tell the differences with 95%% intervals.",
    )
    compare.add_argument(
        "what",
        nargs="+",
        metavar="WHAT",
        help="a policy, a hall file or sample, either with +TIDES (default+clock, my-hall.toml+default), "
        "or a result of --json; at least two",
    )
    _options(compare, root=False)
    compare.set_defaults(run=run_compare)
    for name, told in _QUESTIONS.items():
        question = actions.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")
        _options(question, root=True, plots=False)
        question.set_defaults(run=run_question, question=name)


_QUESTIONS: Final = {
    "skills": "how many skills each clerk needs: the cross-training curve",
    "windows": "what one window more or less would do",
    "tides": "what the slider of the tides costs and saves",
    "guide": "what it does that people ask the guide first",
}


def _options(parser: argparse.ArgumentParser, *, root: bool, plots: bool = True) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--scenario", metavar="NAME-OR-FILE", help="kind of day (default: county-84)")
    what.add_argument("--hall", metavar="FILE-OR-SAMPLE", help="a hall file: its own windows and load")
    parser.add_argument(
        "--replay",
        metavar="FILE",
        type=Path,
        help="recorded days: a DATE.gz of callq's archive with --hall, or a CSV of an office's queues",
    )
    parser.add_argument(
        "--office", metavar="NAME", default="", help="which office of the CSV, if there are several"
    )
    parser.add_argument("--volume", metavar="N", type=float, help="people a day (default: the scenario's)")
    parser.add_argument("--days", metavar="D", type=int, default=DAYS, help=f"default {DAYS}")
    parser.add_argument("--seed", metavar="S", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--jobs", metavar="N", type=int, default=0, help="processes (default: all cores)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write everything that was found")
    if plots:
        parser.add_argument(
            "--plots", metavar="DIR", type=Path, help="draw what was found there, PNG and SVG"
        )
    parser.add_argument("--beta", metavar="X", type=float, help="slider of the tides: cost to comfort")
    parser.add_argument(
        "--through",
        choices=("domain", "runtime"),
        default="domain",
        help="runtime: the commands also go through the server's actor and journal, and must end alike",
    )
    if root:
        parser.add_argument("--policy", metavar="P", default="default", help="which rule calls")
        parser.add_argument("--tidal", metavar="C", default="none", help="what opens and closes windows")


def _run_of(
    args: argparse.Namespace, policy: str, tidal: str, hall: str | None, people_of: str | None = None
) -> Run:
    """What the options ask for; with the people of another hall file, if one is named.

    Raises:
      UserError: they cannot be used; what could be meant is told.
    """
    from callq.config import HallFileError, load_hall
    from callq.simulate.halls import POLICIES, NotSimulated
    from callq.simulate.of_hall import scenario_of, with_people_of
    from callq.simulate.replay import archived, recorded
    from callq.simulate.runs import TIDES, Run
    from callq.simulate.scenario import load

    _one_of("policy", policy, POLICIES)
    _one_of("tides", tidal, TIDES)
    for name, value, low, high in (
        ("--days", args.days, 1, MAX_DAYS),
        ("--volume", args.volume, 1, 100_000),
        ("--jobs", args.jobs, 0, 256),
        ("--beta", args.beta, -3, 3),
    ):
        if value is not None and not low <= value <= high:
            raise UserError(f"{name} {value:g} is out of range", f"write {low} to {high}", 2)
    if args.json is not None and not args.json.absolute().parent.is_dir():
        raise UserError(
            f"{args.json.absolute().parent} is no folder", "name a file in a folder that is there", 2
        )
    days = None
    try:
        config = load_hall(hall) if hall else None
        if args.replay is not None and config is None:
            scenario, days, _ = recorded(args.replay, args.office)
        else:
            scenario = scenario_of(config) if config else load(args.scenario or "county-84")
            if people_of is not None and people_of != hall:
                scenario = with_people_of(scenario, scenario_of(load_hall(people_of)))
            if args.replay is not None and config is not None:
                day = archived(args.replay, config, scenario)
                days = (day.came,)
                _tell_left_out(args, config.name, day)
        if days is not None:
            args.days, args.volume = len(days), sum(map(len, days)) / len(days)
    except HallFileError as error:
        lines = [format_problem(error.source, p, colour=wants_colour(sys.stderr)) for p in error.problems]
        print("\n".join(lines), file=sys.stderr)
        raise UserError(f"{error.source} cannot be simulated", "mend what is told above") from error
    except NotSimulated as error:
        raise UserError(str(error), error.hint) from error
    return Run(
        scenario=scenario,
        volume=args.volume or scenario.day.volume,
        days=args.days,
        seed=args.seed,
        policy=policy,
        tidal=tidal,
        beta=scenario.tides.beta if args.beta is None else args.beta,
        hall=config,
        came=days,
        through=args.through,
    )


def _tell_left_out(args: argparse.Namespace, hall: str, day: Archived) -> None:
    """Warn, once, of what is on record and not lived again."""
    told = vars(args).setdefault("left_out", set())
    services = ", ".join(f"{count} for {service}" for service, count in sorted(day.left_out.items()))
    found = []
    if services:
        found.append(f"people left out whose service has no load in {hall}: {services}")
    if day.further:
        found.append(f"{day.further} times somebody went on to another service, which is left out")
    for text in found:
        if text not in told:
            told.add(text)
            print(f"callq: warning: {text}", file=sys.stderr)


def _one_of(what: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        guess = nearest(name, known)
        hint = f"did you mean {guess!r}?" if guess else f"one of: {', '.join(known)}"
        raise UserError(f"there is no {what} {name!r}", hint, 2)


def run_simulate(args: argparse.Namespace) -> int:
    """Run one hall and print what came of it."""
    from callq.simulate.tables import by_time, table_of

    configure_logs("console", "error")
    run = _run_of(args, args.policy, args.tidal, args.hall)
    result = _simulated(run, args.jobs, f"{run.policy}, tides {run.tidal}")
    _print(table_of(result))
    _print(by_time(result))
    _keep(args.json, result)
    _draw(args.plots, [result])
    return 0


def run_question(args: argparse.Namespace) -> int:
    """Answer what a manager asks about the own hall."""
    from callq.simulate.halls import NotSimulated
    from callq.simulate.runs import unstaffed
    from callq.simulate.tables import question
    from callq.simulate.whatif import QUESTIONS, answers, bound

    configure_logs("console", "error")
    if args.question == "guide" and not (args.scenario or args.hall or args.replay):
        args.scenario = GUIDED
    run = _run_of(args, args.policy, args.tidal, args.hall)
    try:
        tried = QUESTIONS[args.question](run)
    except NotSimulated as error:
        raise UserError(str(error), error.hint) from error
    with _progress(args.question, run.days * len(tried)) as progress:
        found = answers(tried, jobs=args.jobs, progress=progress)
    title = f"{run.scenario.name}, {run.volume:,.0f} people, {run.days} days, seed {run.seed}"
    _warn(unstaffed(run))
    _print(question(f"{_QUESTIONS[args.question]}: {title}", found, run.days))
    if args.question == "windows":
        needed = ", ".join(f"{bound(run, minutes)} for {minutes} min" for minutes in (1, 5, 10))
        print(
            f"Windows that could serve everybody, for a mean wait at the fullest time that lasts: {needed}."
        )
    _keep(args.json, found)
    return 0


def run_compare(args: argparse.Namespace) -> int:
    """Run several on the same days and print them side by side."""
    from callq.simulate.tables import comparison

    configure_logs("console", "error")
    if len(args.what) < 2:
        raise UserError("there is nothing to compare with", "name at least two", 2)
    # People are drawn from the load of the first hall file, so that all meet the same.
    people_of = next((hall for hall, _ in map(_hall_in, args.what) if hall is not None), None)
    named = [(what, _result(args, what, people_of)) for what in args.what]
    try:
        _print(comparison(named))
    except ValueError as error:
        raise UserError(
            str(error), "compare runs of one scenario, volume, seed and number of days"
        ) from error
    _keep(args.json, dict(named))
    _draw(args.plots, [result for _, result in named])
    return 0


def _hall_in(what: str) -> tuple[str | None, str]:
    """The hall file or sample that is named, None if none is, and its tides: `none` if not told."""
    from callq.config import samples

    name, _, tidal = what.rpartition("+")
    for hall, tides in ((what, "none"), (name, tidal)):
        if hall.endswith(".toml") or hall in samples():
            return hall, tides
    return None, "none"


def _result(args: argparse.Namespace, what: str, people_of: str | None) -> Result:
    import msgspec

    from callq.simulate.results import Result

    path = Path(what)
    if path.suffix == ".json":
        try:
            return msgspec.json.decode(path.read_bytes(), type=Result)
        except (OSError, msgspec.MsgspecError) as error:
            raise UserError(f"{what}: {error}", "name a file that --json wrote") from error
    hall, tidal = _hall_in(what)
    if hall is not None:
        run = _run_of(args, "default", tidal, hall, people_of)
    else:
        policy, _, tidal = what.partition("+")
        run = _run_of(args, policy, tidal or "none", args.hall)
    return _simulated(run, args.jobs, what)


def _simulated(run: Run, jobs: int, title: str) -> Result:
    from callq.simulate.runs import simulate

    with _progress(title, run.days) as progress:
        result = simulate(run, jobs=jobs, progress=progress)
    _warn(result.unstaffed)
    return result


def _warn(unstaffed: Sequence[str]) -> None:
    if unstaffed:
        print(
            f"callq: warning: nobody serves {', '.join(unstaffed)}: who comes for it is not called\n"
            "  hint: there are too few windows or clerks for every service to have a seat",
            file=sys.stderr,
        )


@contextmanager
def _progress(title: str, days: int) -> Iterator[Callable[[int], None]]:
    """A bar while days are simulated, to be told how many are done; what cannot be simulated is explained.

    Raises:
      UserError: the hall cannot be simulated as asked, or the runtime came to another end.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from callq.simulate.halls import NotSimulated
    from callq.simulate.live import Disagreement

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=days)
        try:
            yield lambda done: bar.update(task, completed=done)
        except NotSimulated as error:
            raise UserError(str(error), error.hint) from error
        except Disagreement as error:
            raise UserError(
                str(error), "this is a fault of callq: please report it with the command"
            ) from error


def _print(table: Any) -> None:  # noqa: ANN401 - whatever rich can print
    from rich.console import Console

    # Piped into a file the table keeps its width.
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _draw(folder: Path | None, results: Sequence[Result]) -> None:
    if folder is not None:
        from callq.simulate.plots import plot

        for path in plot(results, folder):
            print(path)


def _keep(path: Path | None, found: object) -> None:
    if path is not None:
        import msgspec

        path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
