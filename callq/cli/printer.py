"""`callq printer`: tickets on paper."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from callq.cli.errors import UserError
from callq.cli.hall import format_problem, wants_colour
from callq.cli.logs import configure_logs

if TYPE_CHECKING:
    import argparse

    from panels.printer.config import AgentConfig

TOKEN: Final = "CALLQ_PRINTER_TOKEN"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `printer` and its commands."""
    printer = commands.add_parser(
        "printer",
        help="print tickets",
        description="An agent from the hall's feed to ESC/POS printers.",
        epilog=f"The token, of role device, is read from --token-file or from {TOKEN} in the environment.",
    )
    actions = printer.add_subparsers(metavar="COMMAND", required=True)
    run = actions.add_parser("run", help="run the agent", description="Run the agent until a signal.")
    run.add_argument("file", metavar="FILE", type=Path, help="the agent's TOML file")
    run.add_argument("--server", metavar="URL", help="in place of `server` in the file")
    run.add_argument("--token-file", metavar="FILE", type=Path, help=f"else {TOKEN} in the environment")
    run.add_argument("--log-format", choices=("console", "json"), help="default: console on a terminal")
    run.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="info", help="default info"
    )
    run.set_defaults(run=run_agent)
    preview = actions.add_parser(
        "preview",
        help="draw a ticket as a PNG",
        description="Draw what a printer would print, a pixel a dot. No server and no printer is needed.",
    )
    preview.add_argument("--dots", type=int, choices=(384, 576), default=576, help="width (default 576)")
    preview.add_argument("--number", default="A031", help="default: %(default)s")
    preview.add_argument("--priority", action="store_true", help="of a priority ticket")
    preview.add_argument("--english", action="store_true", help="in English")
    preview.add_argument("--output", metavar="PNG", type=Path, required=True, help="file to write")
    preview.set_defaults(run=run_preview)


def _load(path: Path, server: str | None) -> AgentConfig:
    """The file; its mistakes are told like those of a hall file.

    Raises:
      UserError: it cannot be used.
    """
    import msgspec

    from callq.config.agent_file import AgentFileError
    from panels.printer.config import load

    try:
        config = load(path)
    except AgentFileError as error:
        for problem in error.problems:
            print(format_problem(error.source, problem, colour=wants_colour(sys.stderr)), file=sys.stderr)
        raise UserError(f"{path} cannot be used", "mend the lines above") from error
    return config if server is None else msgspec.structs.replace(config, server=server)


def _token(path: Path | None) -> str:
    if path is None:
        token = os.environ.get(TOKEN, "")
    else:
        try:
            token = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(
                f"{path} cannot be read: {error}", "name a file that holds nothing but the token"
            ) from error
    if not token.isascii() or not token or any(char <= " " for char in token):
        raise UserError(
            "no token for the agent",
            f"give --token-file, or set {TOKEN}; make one: callq token create --role device",
        )
    return token


def run_agent(args: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM."""
    config = _load(args.file, args.server)
    token = _token(args.token_file)
    configure_logs(args.log_format or ("console" if sys.stderr.isatty() else "json"), args.log_level)
    import trio

    from panels.printer.agent import Agent

    async def run() -> None:
        from callq.web.signals import stop_on_signal

        stopping = trio.Event()
        async with trio.open_nursery() as nursery:
            await nursery.start(stop_on_signal, stopping)
            nursery.start_soon(Agent(config, token).run)
            await stopping.wait()
            nursery.cancel_scope.cancel()

    trio.run(run)
    return 0


def run_preview(args: argparse.Namespace) -> int:
    """Write the picture."""
    from panels.printer.paper import blocks_of
    from panels.printer.picture import NoFont, picture_of, save
    from panels.printer.sample import SAMPLE_LINK, sample_paper, sample_ticket

    ticket = sample_ticket(args.number, priority=args.priority, english=args.english)
    blocks = blocks_of(ticket, sample_paper(args.dots), SAMPLE_LINK)
    try:
        save(picture_of(blocks, args.dots), args.output)
    except NoFont as missing:
        raise UserError(str(missing), "apt-get install fonts-noto-cjk") from missing
    except OSError as error:
        raise UserError(
            f"{args.output} cannot be written: {error.strerror}", "name a file in a folder that is there"
        ) from error
    print(f"{args.output}: {args.number}, {args.dots} dots wide")
    return 0
