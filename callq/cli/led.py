"""`callq led`: LED bars over windows and in zones."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from callq.cli.errors import EXIT_USAGE, UserError
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

    from displays.led.config import Device, GatewayConfig

TOKEN: Final = "CALLQ_LED_TOKEN"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `led` and its commands."""
    led = commands.add_parser(
        "led",
        help="show the hall on LED bars",
        description="A gateway from the hall's feed to the protocols of LED cards.",
        epilog=f"The token, of role device, is read from --token-file or from {TOKEN} in the environment.",
    )
    actions = led.add_subparsers(metavar="COMMAND", required=True)
    run = actions.add_parser("run", help="run the gateway", description="Run the gateway until a signal.")
    add_connection(run, TOKEN)
    add_running(run)
    run.set_defaults(run=run_gateway)
    check = actions.add_parser(
        "check",
        help="find out what is wrong: file, fonts, server, each device",
        description="Look at file, fonts, server and each device; say what is wrong and what to do.",
        epilog="Exit status 1 if anything fails. Signs stay as they are unless --pattern is given.",
    )
    add_connection(check, TOKEN)
    check.add_argument(
        "--pattern", action="store_true", help="show on each device which it is, for five seconds"
    )
    check.set_defaults(run=run_check)
    preview = actions.add_parser(
        "preview",
        help="draw a bar as a PNG",
        description="Draw what a bar would show, each pixel a lamp. No server is needed.",
    )
    preview.add_argument("file", metavar="FILE", type=Path, help="the gateway's TOML file")
    preview.add_argument("--device", metavar="NAME", help="which of its devices (default: the first)")
    preview.add_argument("--line1", metavar="TEXT", default="A012 请办理", help="default: %(default)s")
    preview.add_argument("--line2", metavar="TEXT", default="综合受理、社会保险", help="default: %(default)s")
    preview.add_argument("--calling", action="store_true", help="in the colour of a call")
    preview.add_argument("--inverted", action="store_true", help="as in the dark half of a flash")
    preview.add_argument("--output", metavar="PNG", type=Path, required=True, help="file to write")
    preview.set_defaults(run=run_preview)


def _load(path: Path, server: str | None = None) -> GatewayConfig:
    """The file; its mistakes are told like those of a hall file.

    Raises:
      UserError: it cannot be used.
    """
    import msgspec

    from callq.config.agent_file import AgentFileError
    from displays.led.config import load

    try:
        config = load(path)
    except AgentFileError as error:
        raise unusable(path, error.source, error.problems) from error
    return config if server is None else msgspec.structs.replace(config, server=server)


def run_gateway(args: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM."""
    config = _load(args.file, args.server)
    token = token_to_run(args, TOKEN, "device")
    from displays.led.gateway import Gateway
    from displays.led.render import NoFont

    try:
        gateway = Gateway(config, token)
    except NoFont as missing:
        raise UserError(str(missing), missing.hint) from missing

    return run_until_signal(lambda stopping: gateway.run(stopping, status=args.status))


def run_check(args: argparse.Namespace) -> int:
    """Print each finding as it is made; exit status 1 if anything fails."""
    config = _load(args.file, args.server)
    token = read_token(args.token_file, TOKEN)
    configure_logs("console", "error")
    from displays.led.check import check

    findings = check(config, token, pattern=args.pattern)
    return print_findings(f"{args.file}: {len(config.devices)} devices", findings)


def run_preview(args: argparse.Namespace) -> int:
    """Write the picture."""
    config = _load(args.file)
    device = _device(config, args.device)
    from displays.led.preview import draw, save
    from displays.led.render import NoFont, Typesetter
    from displays.led.sign import FLASH_S, shown_at, strip_sign

    try:
        typesetter = Typesetter(config.fonts)
    except NoFont as missing:
        raise UserError(str(missing), missing.hint) from missing
    data = {
        "line1": args.line1,
        "line2": args.line2,
        "number": args.line1.split(" ")[0] if args.calling else None,
        "calls": int(args.calling),
        "state": "calling" if args.calling else "idle",
    }
    sign = strip_sign(data, device, partial(typesetter.width, rows=device.line_rows))
    still = shown_at(sign, 0.0, dict.fromkeys(sign.calls, FLASH_S))
    shown = [replace(line, inverted=args.inverted and line.calling) for line in still]
    picture = draw(shown, device, typesetter)
    try:
        save(picture, args.output)
    except OSError as error:
        raise UserError(
            f"{args.output} cannot be written: {error.strerror}", "name a file in a folder that is there"
        ) from error
    print(
        f"{args.output}: {device.name}, {device.columns} columns and {device.rows} rows, "
        f"{device.line_count} lines of {device.line_rows}"
    )
    return 0


def _device(config: GatewayConfig, name: str | None) -> Device:
    if name is None:
        return config.devices[0]
    for device in config.devices:
        if device.name == name:
            return device
    raise UserError(
        f"there is no device {name!r}",
        f"known: {', '.join(each.name for each in config.devices)}",
        EXIT_USAGE,
    )
