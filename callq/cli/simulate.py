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
    parser.add_argument(
        "--scenario",
        metavar="NAME-OR-FILE",
        help="kind of day (default: county-84); with a hall file: its people, clerks and mishaps there",
    )
    parser.add_argument("--hall", metavar="FILE-OR-SAMPLE", help="a hall file: its own windows and load")
    parser.add_argument(
        "--date",
        metavar="DATE",
        help="which day of a hall file's calendar, ISO (default: that of a replayed day, else a Monday)",
    )
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
    parser.add_argument("--days", metavar="D", type=int, help=f"default {DAYS}")
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
    from callq.domain.check_values import parse_date
    from callq.simulate.halls import DATE, POLICIES, NotSimulated
    from callq.simulate.of_hall import scenario_of, with_people_of
    from callq.simulate.over import laid_over
    from callq.simulate.replay import archived, date_of, recorded
    from callq.simulate.runs import TIDES, Run
    from callq.simulate.scenario import load

    _one_of("policy", policy, POLICIES)
    _one_of("tides", tidal, TIDES)
    _together(args, hall)
    date = args.date or DATE
    if parse_date(date) is None:
        raise UserError(f"--date {date!r} is no date", "write it as YYYY-MM-DD", 2)
    for name, value, low, high in (
        ("--days", args.days, 1, MAX_DAYS),
        ("--volume", args.volume, 1, 100_000),
        ("--jobs", args.jobs, 0, 256),
        ("--beta", args.beta, -3, 3),
    ):
        if value is not None and not low <= value <= high:
            raise UserError(f"{name} {value:g} is out of range", f"write {low} to {high}", 2)
    came, days, volume = None, args.days or DAYS, args.volume
    try:
        config = load_hall(hall) if hall else None
        if args.replay is not None and config is not None and args.date is None:
            date = date_of(args.replay, config)
        if args.replay is not None and config is None:
            scenario, came, _ = recorded(args.replay, args.office)
        elif config is None:
            scenario = load(args.scenario or "county-84")
        else:
            scenario = scenario_of(config, date)
            if people_of is not None and people_of != hall:
                scenario = with_people_of(scenario, scenario_of(load_hall(people_of), date))
            if args.scenario is not None:
                laid = laid_over(args.scenario, scenario, config, date)
                scenario = laid.scenario
                _tell_unused(args, config.name, laid.unused)
            if args.replay is not None:
                day = archived(args.replay, config, scenario)
                came = (day.came,)
                _tell_left_out(args, config.name, day)
        if came is not None:
            days, volume = len(came), sum(map(len, came)) / len(came)
    except HallFileError as error:
        lines = [format_problem(error.source, p, colour=wants_colour(sys.stderr)) for p in error.problems]
        print("\n".join(lines), file=sys.stderr)
        raise UserError(f"{error.source} cannot be simulated", "mend what is told above") from error
    except NotSimulated as error:
        raise UserError(str(error), error.hint) from error
    return Run(
        scenario=scenario,
        volume=volume or scenario.day.volume,
        days=days,
        seed=args.seed,
        policy=policy,
        tidal=tidal,
        beta=scenario.tides.beta if args.beta is None else args.beta,
        hall=config,
        came=came,
        through=args.through,
        date=date,
    )


def _together(args: argparse.Namespace, hall: str | None) -> None:
    """Options that say nothing beside others are refused.

    Raises:
      UserError: which, and why.
    """
    if args.date is not None and hall is None:
        raise UserError("--date is a day of a hall's calendar", "name the hall by --hall, or leave it out", 2)
    if args.replay is None:
        return
    for name, value in (("--days", args.days), ("--volume", args.volume)):
        if value is not None:
            raise UserError(
                f"{name} says nothing beside --replay: the recording has its own days and people",
                "leave it out",
                2,
            )
    if args.scenario is not None and hall is None:
        raise UserError(
            "--scenario says nothing beside --replay: queues and people are those of the recording",
            "leave it out, or replay an archived day with --hall",
            2,
        )


def _writable(args: argparse.Namespace) -> None:
    """Look before the run whether what is found can be written.

    Raises:
      UserError: it cannot.
    """
    kept, drawn = args.json, getattr(args, "plots", None)
    if kept is not None and kept.is_dir():
        raise UserError(f"--json {kept} is a folder", "name a file in it", 2)
    if kept is not None and not kept.absolute().parent.is_dir():
        raise UserError(f"{kept.absolute().parent} is no folder", "name a file in a folder that is there", 2)
    if drawn is not None:
        there = next(path for path in (drawn.absolute(), *drawn.absolute().parents) if path.exists())
        if not there.is_dir():
            raise UserError(f"--plots {drawn}: {there} is a file", "name a folder, new or old", 2)


def _tell_unused(args: argparse.Namespace, hall: str, unused: Sequence[str]) -> None:
    """Warn of what a scenario says and the hall has of its own."""
    if unused:
        _warn_once(args, f"{hall} has its own {', '.join(unused)}: those of {args.scenario} are not used")


def _warn_once(args: argparse.Namespace, text: str) -> None:
    told = vars(args).setdefault("told", set())
    if text not in told:
        told.add(text)
        print(f"callq: warning: {text}", file=sys.stderr)


def _tell_left_out(args: argparse.Namespace, hall: str, day: Archived) -> None:
    """Warn, once, of what is on record and not lived again."""
    services = ", ".join(f"{count} for {service}" for service, count in sorted(day.left_out.items()))
    found = []
    if services:
        found.append(f"people left out whose service has no load in {hall}: {services}")
    if day.further:
        found.append(f"{day.further} times somebody went on to another service, which is left out")
    for text in found:
        _warn_once(args, text)


def _one_of(what: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        guess = nearest(name, known)
        hint = f"did you mean {guess!r}?" if guess else f"one of: {', '.join(known)}"
        raise UserError(f"there is no {what} {name!r}", hint, 2)


def run_simulate(args: argparse.Namespace) -> int:
    """Run one hall and print what came of it."""
    from callq.simulate.tables import by_time, table_of

    configure_logs("console", "error")
    _writable(args)
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
    _writable(args)
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
    _writable(args)
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
