"""`callq token create`: a new secret, shown once."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from callq.cli.directory import refuse_without_store
from callq.cli.errors import UserError
from callq.cli.logs import configure_logs
from callq.cli.server import ADMIN_TOKEN
from callq.domain.check_values import nearest
from callq.domain.errors import Rejected
from callq.web.roles import Role

if TYPE_CHECKING:
    import argparse


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `token` and its commands."""
    token = commands.add_parser("token", help="work with access tokens", description="Work with tokens.")
    actions = token.add_subparsers(metavar="COMMAND", required=True)
    create = actions.add_parser(
        "create",
        help="make a new token",
        description="Make a token and print it once; only its digest is kept.",
        epilog=f"With --url the administrator's token is taken from {ADMIN_TOKEN} in the environment.",
    )
    roles = [role.value for role in Role if role is not Role.CITIZEN]
    create.add_argument("--role", choices=roles, required=True, metavar="ROLE", help=", ".join(roles))
    create.add_argument("--hall", metavar="H", help="the only hall it counts in (default: every hall)")
    create.add_argument("--window", metavar="W", help="the only window it may use; needs --hall")
    create.add_argument("--clerk", metavar="C", help="the only clerk it may act as; needs --hall")
    create.add_argument("--device", metavar="D", help="the only device it may report for; needs --hall")
    create.add_argument("--name", metavar="N", default="", help="for people, e.g. where it is used")
    where = create.add_mutually_exclusive_group(required=True)
    where.add_argument("--url", help="address of the running server, e.g. http://127.0.0.1:8080")
    where.add_argument(
        "--data", metavar="DIR", type=Path, help="data directory of the server on this machine"
    )
    create.set_defaults(run=run_create)


def run_create(args: argparse.Namespace) -> int:
    """Print the new token alone on stdout, so that a script can take it; its id goes to stderr."""
    if args.hall is None and (args.window or args.clerk or args.device):
        raise UserError("--window, --clerk and --device need --hall", "name the hall as well")
    configure_logs("console", "warning")
    import trio

    token, number = trio.run(_over_http if args.url else _in_directory, args)
    print(token)
    print(f"id {number}; the token is not shown again", file=sys.stderr)
    return 0


async def _over_http(args: argparse.Namespace) -> tuple[str, str]:
    admin = os.environ.get(ADMIN_TOKEN)
    if not admin:
        raise UserError(
            "no administrator's token", f"set {ADMIN_TOKEN} in the environment, or use --data on the server"
        )
    from callq.demo.client import ApiProblem, Unreachable, open_api

    wanted = ("role", "hall", "window", "clerk", "device", "name")
    body = {key: value for key in wanted if (value := getattr(args, key))}
    try:
        async with open_api(args.url, admin) as api:
            made = await api.post("/v1/tokens", body)
    except ApiProblem as problem:
        detail = str(problem.body.get("detail", problem.code))
        raise UserError(f"{args.url}: {detail}", str(problem.body.get("hint", ""))) from problem
    except Unreachable as error:
        raise UserError(str(error), f"is a callq server running at {args.url}?") from error
    return str(made["token"]), str(made["id"])


async def _in_directory(args: argparse.Namespace) -> tuple[str, str]:
    from callq.journal.redis.store import open_store
    from callq.runtime.loading import load
    from callq.web.minting import check_bound
    from callq.web.tokens import create_token

    refuse_without_store(args.data)
    async with open_store(args.data, purpose="tool") as store:
        halls = await store.journal.halls()
        if args.hall is not None and args.hall not in halls:
            guess = nearest(args.hall, halls)
            raise UserError(
                f"there is no hall {args.hall!r}",
                f"did you mean {guess!r}?" if guess else f"known: {', '.join(halls) or 'none'}",
            )
        try:
            if args.hall is not None:
                state, _ = await load(store.journal, args.hall)
                check_bound(state, args.window, args.clerk, args.device)
            token, record = await create_token(
                store.journal,
                Role(args.role),
                created_ms=int(time.time() * 1000),
                hall=args.hall,
                window=args.window,
                clerk=args.clerk,
                name=args.name,
                device=args.device,
            )
        except Rejected as rejected:
            raise UserError(rejected.detail, rejected.hint) from rejected
    return token, record.id
