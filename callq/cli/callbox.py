"""`callq callbox`: call boxes at windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from callq.cli.gateways import (
    add_connection,
    add_running,
    print_findings,
    read_token,
    run_until_signal,
    token_to_run,
    unusable,
)
from callq.cli.logs import configure_logs

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from panels.callbox.config import AgentConfig

TOKEN: Final = "CALLQ_CALLBOX_TOKEN"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `callbox` and its commands."""
    callbox = commands.add_parser(
        "callbox",
        help="call with keypads and call boxes",
        description="An agent that carries the presses of keypads and call boxes to the hall.",
        epilog=f"The token, of role clerk, is read from --token-file or from {TOKEN} in the environment.",
    )
    actions = callbox.add_subparsers(metavar="COMMAND", required=True)
    run = actions.add_parser("run", help="run the agent", description="Run the agent until a signal.")
    add_connection(run, TOKEN)
    add_running(run)
    run.set_defaults(run=run_agent)
    check = actions.add_parser(
        "check",
        help="find out what is wrong: file, server, windows, each box",
        description="Look at file, server, windows and each box; say what is wrong and what to do.",
        epilog="Exit status 1 if anything fails. Lines are listened to for three seconds; nothing is called.",
    )
    add_connection(check, TOKEN)
    check.set_defaults(run=run_check)


def _load(path: Path, server: str | None) -> AgentConfig:
    """The file; its mistakes are told like those of a hall file.

    Raises:
      UserError: it cannot be used.
    """
    import msgspec

    from callq.config.agent_file import AgentFileError
    from panels.callbox.config import load

    try:
        config = load(path)
    except AgentFileError as error:
        raise unusable(path, error.source, error.problems) from error
    return config if server is None else msgspec.structs.replace(config, server=server)


def run_agent(args: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM."""
    config = _load(args.file, args.server)
    token = token_to_run(args, TOKEN, "clerk")
    from panels.callbox.agent import Agent

    agent = Agent(config, token)
    return run_until_signal(lambda stopping: agent.run(stopping, status=args.status))


def run_check(args: argparse.Namespace) -> int:
    """Print each finding as it is made; exit status 1 if anything fails."""
    config = _load(args.file, args.server)
    token = read_token(args.token_file, TOKEN)
    configure_logs("console", "error")
    from panels.callbox.check import check

    return print_findings(f"{args.file}: {len(config.boxes)} boxes", check(config, token))
