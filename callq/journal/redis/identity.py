"""Who a store is, so that callq never takes an empty or foreign Redis for its own.

An embedded store has a file ``STORE`` beside its data and the same id inside Redis; an external one
has the id inside Redis only, and a node that serves it remembers in its directory which one that was, in
``SERVES``. Redis needs this help: 6.2 opens the data directory of 7.0 as empty
without a word, and a directory that holds only an RDB file starts empty under ``appendonly yes``.
"""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from callq.journal.port import StoreRefused
from callq.journal.redis import keys
from callq.journal.redis.settings import version_tuple

if TYPE_CHECKING:
    from pathlib import Path

    from callq.journal.redis.connection import Client

FORMAT: Final = 1
"""Format of keys, entry ids and these records; a higher one was written by a newer callq."""

STORE_FILE: Final = "STORE"

SERVES_FILE: Final = "SERVES"
"""In the directory of a node whose store is an external one; an embedded one has none."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What a store says of itself, inside Redis.

    Attributes:
      store: 32 hex digits, drawn when the store was created.
      created: UTC, ISO 8601.
      format: see `FORMAT`.
    """

    store: str
    created: str
    format: int = FORMAT


class StoreFile(Identity, frozen=True, kw_only=True):
    """The file ``STORE`` of an embedded store.

    Attributes:
      server: newest version of redis-server that was ever let at the data.
    """

    server: str


class Serves(msgspec.Struct, frozen=True, kw_only=True):
    """The file ``SERVES``: which store a node served last.

    Attributes:
      store: its id.
      address: where it was, without credentials.
    """

    store: str
    address: str


def read_serves(data_dir: Path) -> Serves | None:
    """Which external store a directory served last; None: none.

    Raises:
      StoreRefused: the file cannot be understood.
    """
    path = data_dir / SERVES_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Serves)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise StoreRefused(
            f"{path} is damaged ({error}): if --redis names the right store, move it away"
        ) from error


def write_serves(data_dir: Path, serves: Serves) -> None:
    """Remember which external store this directory serves."""
    if read_serves(data_dir) != serves:
        _replace(data_dir / SERVES_FILE, serves)


def refuse_elsewhere(data_dir: Path) -> None:
    """Refuse to look for the store in a directory whose store is an external one.

    Raises:
      StoreRefused: it is.
    """
    if serves := read_serves(data_dir):
        raise StoreRefused(
            f"the store of {data_dir} is not in it but at {serves.address} (store {serves.store}): give "
            f"--redis with that address, or another --data; to begin with an empty store in {data_dir}, move "
            f"{data_dir / SERVES_FILE} away"
        )


def read_store_file(path: Path) -> StoreFile | None:
    """The file, or None where there is none.

    Raises:
      StoreRefused: it cannot be understood, or a newer callq wrote it.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        file = msgspec.json.decode(content, type=StoreFile)
    except msgspec.DecodeError as error:
        raise StoreRefused(
            f"{path} is damaged ({error}): restore it from a backup of this directory"
        ) from error
    _check_format(file, str(path))
    return file


def write_store_file(path: Path, file: StoreFile) -> None:
    """Replace the file atomically and durably."""
    _replace(path, file)


def _replace(path: Path, content: msgspec.Struct) -> None:
    draft = path.with_name(f"{path.name}.new")
    with draft.open("wb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def check_data_files(data_dir: Path, redis_dir: Path, version: str) -> StoreFile | None:
    """Check, before an embedded server starts, that this version will see the data that are there.

    Records a newer version before the server can write anything in its format; see `look_at_data_files`.

    Returns:
      The file as it is now, None for a store yet to be created.

    Raises:
      StoreRefused: the server is older than the data, or the data are not there.
    """
    file = look_at_data_files(data_dir, redis_dir, version)
    if file and version_tuple(version) > version_tuple(file.server):
        file = msgspec.structs.replace(file, server=version)
        write_store_file(data_dir / STORE_FILE, file)
    return file


def look_at_data_files(data_dir: Path, redis_dir: Path, version: str) -> StoreFile | None:
    """Check that a version of redis-server would see the data that are there; changes nothing.

    Args:
      data_dir: holds ``STORE``.
      redis_dir: the server's own directory.
      version: of the server about to start.

    Returns:
      The file, None for a store yet to be created.

    Raises:
      StoreRefused: the server is older than the data, or the data are not there.
    """
    file = read_store_file(data_dir / STORE_FILE)
    multi_part = (redis_dir / "appendonlydir").is_dir()
    has_aof = multi_part or (redis_dir / "appendonly.aof").exists()
    written_by = version_tuple(file.server)[:2] if file else (7, 0) if multi_part else (0, 0)
    if version_tuple(version)[:2] < written_by:
        newest = file.server if file else "7.0 or newer"
        raise StoreRefused(
            f"the data in {redis_dir} were written by redis-server {newest}, and redis-server {version} "
            f"would show them as empty: install redis-server {'.'.join(map(str, written_by))} or newer "
            "(`apt-get install redis-server`)"
        )
    if not has_aof and (redis_dir / "dump.rdb").exists():
        raise StoreRefused(
            f"{redis_dir} holds dump.rdb but no append-only file, and redis-server would start empty: "
            "restore the append-only file, or load dump.rdb once into a redis-server with `appendonly no`, "
            "then `CONFIG SET appendonly yes` there and copy the append-only file here"
        )
    if file and not has_aof:
        raise StoreRefused(
            f"{data_dir / STORE_FILE} says that this directory holds store {file.store}, "
            f"created {file.created}, but {redis_dir} holds no data: restore it from a backup; "
            f"to begin with an empty store instead, move {data_dir / STORE_FILE} away"
        )
    return file


async def look_at_identity(
    client: Client, *, store_file: Path | None, data_dir: Path | None
) -> tuple[Identity, bytes] | None:
    """The identity of the store now reached; None if it is yet to be created. Changes nothing.

    Args:
      client: connected to it.
      store_file: path of ``STORE`` for an embedded store.
      data_dir: directory of the node that is to serve an external one.

    Returns:
      The identity, and its exact bytes inside Redis.

    Raises:
      StoreRefused: another store, an emptied one, or data of somebody else.
      StoreUnavailable: no answer.
    """
    shown = client.endpoint.shown
    file = read_store_file(store_file) if store_file else None
    held, size, halls = await client.ask(
        ("GET", keys.IDENTITY), ("DBSIZE",), ("EXISTS", keys.HALLS, keys.SECRET)
    )
    identity = None if held is None else _parse(held, shown)
    if identity is None:
        if file:
            raise StoreRefused(
                f"{store_file} says that this is store {file.store}, created {file.created}, but the Redis "
                f"at {shown} does not know it: its data were lost or replaced. Restore them from a backup; "
                f"to begin with an empty store instead, stop callq and move {store_file} and the directory "
                "redis away"
            )
        if halls or (store_file and size):
            raise StoreRefused(
                f"the Redis at {shown} holds data but no identity ({keys.IDENTITY}): part of them was "
                "deleted, or they are not callq's. Restore a backup, or give callq a Redis (or a database "
                "number) of its own"
            )
    if data_dir and not store_file:
        _check_remembered(data_dir, identity, shown)
    if identity is None:
        return None
    if file and file.store != identity.store:
        raise StoreRefused(
            f"{store_file} belongs to store {file.store}, but the Redis at {shown} holds store "
            f"{identity.store}: directories were mixed up. Put back the STORE file and the directory redis "
            "that belong together"
        )
    return identity, held


def _check_remembered(data_dir: Path, identity: Identity | None, shown: str) -> None:
    """Compare an external store with the one that a directory served last, or holds itself."""
    serves, file = read_serves(data_dir), read_store_file(data_dir / STORE_FILE)
    known = serves or file
    if known is None or (identity and known.store == identity.store):
        return
    there = f"store {identity.store}" if identity else "no store yet"
    if serves:
        raise StoreRefused(
            f"{data_dir} last served store {serves.store} at {serves.address}, but the Redis at {shown} "
            f"holds {there}: check the address and the database number in --redis. To serve this one, give "
            f"another --data, or move {data_dir / SERVES_FILE} away"
        )
    raise StoreRefused(
        f"{data_dir} holds store {known.store} itself, but --redis names the Redis at {shown}, which holds "
        f"{there}: leave --redis out, or give another --data"
    )


async def settle_identity(
    client: Client,
    *,
    version: str,
    store_file: Path | None,
    data_dir: Path | None = None,
    writes_lag: bool = False,
) -> tuple[Identity, bytes]:
    """Find out or create the identity of the store now reached.

    Args:
      client: connected to it.
      version: of its server, for the file.
      store_file: path of ``STORE`` for an embedded store.
      data_dir: directory of the node that is to serve an external one.
      writes_lag: the embedded server syncs late; the identity itself is synced before the file is
        written, or a power cut could leave the file alone and the store refused.

    Returns:
      The identity, and its exact bytes inside Redis.

    Raises:
      StoreRefused: another store, an emptied one, or data of somebody else.
      StoreUnavailable: no answer.
    """
    found = await look_at_identity(client, store_file=store_file, data_dir=data_dir)
    if found is None:
        held = await _create(client, writes_lag)
        found = _parse(held, client.endpoint.shown), held
    identity, held = found
    if store_file and read_store_file(store_file) is None:
        write_store_file(store_file, StoreFile(**msgspec.structs.asdict(identity), server=version))
    return identity, held


async def _create(client: Client, writes_lag: bool) -> bytes:
    created = datetime.now(UTC).isoformat(timespec="seconds")
    drawn = msgspec.json.encode(Identity(store=uuid.uuid4().hex, created=created))
    if writes_lag:
        await client.ask(("CONFIG", "SET", "appendfsync", "always"))
    _, held = await client.ask(("SET", keys.IDENTITY, drawn, "NX"), ("GET", keys.IDENTITY))
    if writes_lag:
        await client.ask(("CONFIG", "SET", "appendfsync", "everysec"))
    return bytes(held)


def _parse(held: bytes, shown: str) -> Identity:
    try:
        identity = msgspec.json.decode(held, type=Identity)
    except msgspec.DecodeError as error:
        raise StoreRefused(f"{keys.IDENTITY} in the Redis at {shown} is not callq's: {error}") from error
    _check_format(identity, f"the Redis at {shown}")
    return identity


def _check_format(identity: Identity, where: str) -> None:
    if identity.format > FORMAT:
        raise StoreRefused(
            f"{where} has store format {identity.format}, this callq knows {FORMAT}: a newer callq wrote it; "
            "install that version or a newer one"
        )
