"""What is in force: `callq hall show`, `load` and `export`, at a running server or in its directory."""

from __future__ import annotations

import os
import secrets
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar, TypeVarTuple, Unpack

import msgspec

from callq.cli.directory import refuse_without_store
from callq.cli.errors import UserError
from callq.cli.logs import configure_logs
from callq.cli.server import ADMIN_TOKEN, hall_of
from callq.config import differences, export_hall
from callq.domain.hall import HallConfig, digest

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from callq.demo.client import Api
    from callq.journal.redis.store import Store
    from callq.runtime.home import Home

LOADED: Final = "callq hall load"
"""The reason on record."""

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def add_actions(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `show`, `load` and `export` to the commands of `hall`."""
    source = "a TOML file, or the name of a sample"
    show = actions.add_parser(
        "show",
        help="how a hall file differs from what is in force",
        description="Show, key by key, what loading a hall file would change.",
        epilog="Exit status 0: the file is in force; 1: it differs.",
    )
    show.add_argument("source", metavar="FILE-OR-SAMPLE", help=source)
    show.set_defaults(run=run_show)
    load = actions.add_parser(
        "load",
        help="put a hall file in force, without a restart",
        description="Put a hall file in force and tell what changed, or why it was refused.",
    )
    load.add_argument("source", metavar="FILE-OR-SAMPLE", help=source)
    load.set_defaults(run=run_load)
    export = actions.add_parser(
        "export",
        help="write what is in force as a hall file",
        description="Print the configuration in force as TOML; loading it changes nothing.",
    )
    export.add_argument("hall", metavar="HALL", help="id of the hall")
    export.set_defaults(run=run_export)
    for parser in (show, load, export):
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--url", help=f"address of the running server; its token is {ADMIN_TOKEN}")
        where.add_argument("--data", metavar="DIR", type=Path, help="data directory of a server here")


def run_show(args: argparse.Namespace) -> int:
    """Print the differences; exit status 0 when there are none, else 1."""
    config = hall_of(args.source)
    found = differences(run_trio(_in_force, args, config.id), config)
    for difference in found:
        print(difference)
    summary = f"differs in {len(found)} key{'s' * (len(found) > 1)}" if found else "in force"
    print(f"{config.id}: {args.source}: {summary}; digest {digest(config)}", file=sys.stderr)
    return 1 if found else 0


def run_load(args: argparse.Namespace) -> int:
    """Put the file in force and print what changed; a refusal is told with its hint."""
    config = hall_of(args.source)
    before, revision = run_trio(_put_in_force, args, config)
    for difference in differences(before, config) if before else ():
        print(difference)
    done = "was in force already" if before and digest(before) == digest(config) else "in force"
    print(f"{config.id}: {done}; revision {revision}, digest {digest(config)}", file=sys.stderr)
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Print the hall in force as TOML."""
    print(export_hall(run_trio(_in_force, args, args.hall)), end="")
    return 0


def run_trio(do: Callable[[Unpack[Ts]], Awaitable[T]], *arguments: *Ts) -> T:
    """Run an asynchronous function, with a log for warnings only."""
    configure_logs("console", "warning")
    import trio

    return trio.run(do, *arguments)


async def _in_force(args: argparse.Namespace, hall: str) -> HallConfig:
    if args.url:
        return await over_http(args, partial(_get, hall=hall))
    return await in_directory(args, partial(_replayed, hall=hall))


async def _put_in_force(args: argparse.Namespace, config: HallConfig) -> tuple[HallConfig | None, int]:
    """The configuration before, None for a new hall, and the revision after."""
    if args.url:
        return await over_http(args, partial(_send, config=config))
    return await in_directory(args, partial(_write, config=config))


async def over_http(args: argparse.Namespace, do: Callable[[Api], Awaitable[T]]) -> T:
    """Do something at the server of `--url`, with the administrator's token of the environment."""
    token = os.environ.get(ADMIN_TOKEN)
    if not token:
        raise UserError(
            "no administrator's token", f"set {ADMIN_TOKEN} in the environment, or use --data on the server"
        )
    from callq.demo.client import ApiProblem, Unreachable, open_api

    try:
        async with open_api(args.url, token) as api:
            return await do(api)
    except ApiProblem as problem:
        detail = str(problem.body.get("detail", problem.code))
        raise UserError(f"{args.url}: {detail}", str(problem.body.get("hint", ""))) from problem
    except Unreachable as error:
        raise UserError(str(error), f"is a callq server running at {args.url}?") from error


async def _get(api: Api, *, hall: str) -> HallConfig:
    answer = await api.get(f"/v1/halls/{hall}/config")
    return msgspec.convert(answer["config"], HallConfig)


async def _send(api: Api, *, config: HallConfig) -> tuple[HallConfig, int]:
    before = await _get(api, hall=config.id)
    body = {
        "command": "configure",
        "config": msgspec.to_builtins(config),
        "if_digest": digest(before),
        "reason": LOADED,
    }
    answer = await api.post(f"/v1/halls/{config.id}/commands", body)
    return before, int(answer["revision"])


async def in_directory(args: argparse.Namespace, do: Callable[[Store], Awaitable[T]]) -> T:
    """Do something with the store of `--data`, whether a server holds it or not."""
    from callq.journal.redis.store import open_store

    refuse_without_store(args.data)
    async with open_store(args.data, purpose="tool") as store:
        return await do(store)


async def _replayed(store: Store, *, hall: str) -> HallConfig:
    from callq.runtime.loading import load

    halls = await store.journal.halls()
    if hall not in halls:
        raise UserError(f"there is no hall {hall!r}", f"known: {', '.join(halls) or 'none'}")
    state, _ = await load(store.journal, hall)
    return state.config


async def _write(store: Store, *, config: HallConfig) -> tuple[HallConfig | None, int]:
    import trio

    from callq.domain import commands as cmd
    from callq.domain.errors import Rejected
    from callq.runtime.home import DiskHome, MemoryHome
    from callq.runtime.node import Node

    who = cmd.Actor(role="admin", id="cli", name="callq hall load")
    new = config.id not in await store.journal.halls()
    # A node like any other, for a moment: it settles, waits for peers and records outages as they do. Where
    # a server holds the directory, that server's spool is its own.
    home: Home = (
        DiskHome(store.data_dir, store.identity.store)
        if store.data_dir is not None
        else MemoryHome(f"tool-{secrets.token_hex(4)}")
    )
    node = Node(store.journal, store.journal, [config] if new else [], home=home)
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(node.run)
            actor = node.actor(config.id)
            before = None if new else actor.config
            command = cmd.Configure(config=config, reason=LOADED)
            await actor.command(command, who=who, render=lambda *_: None)
            revision = actor.revision
            nursery.cancel_scope.cancel()
    except* Rejected as group:
        refused = group.exceptions[0]
        assert isinstance(refused, Rejected)
        raise UserError(refused.detail, refused.hint) from refused
    return before, revision
