"""A store that is not the one it was is refused, and nothing is written to it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from callq.domain.errors import StoreUnavailable
from callq.journal.port import (
    GENESIS,
    AppendRefused,
    LineageBroken,
    OutcomeUnknown,
    Snapshot,
    StoreRefused,
    chained,
)
from callq.journal.redis import keys
from callq.journal.redis.connection import Client
from callq.journal.redis.identity import check_data_files
from callq.journal.redis.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from callq.journal.redis.process import Program
    from tests.redis.fixtures import RedisServer

FIRST = chained(GENESIS, b"1")


async def make(data_dir: Path, program: Program, **options: Any) -> Any:
    """A store with one hall, closed again; its identity."""
    async with open_store(data_dir, program=program.path, **options) as store:
        await store.journal.append("demo", GENESIS, [FIRST])
        return store.identity


async def refuse(
    data_dir: Path, words: str, program: Program | None = None, redis_url: str | None = None
) -> None:
    with pytest.raises(StoreRefused, match=words):
        async with open_store(data_dir, redis_url=redis_url, program=program.path if program else None):
            pytest.fail("opened")


@pytest.mark.parametrize("durability", ["fsync", "everysec"])
async def test_a_store_keeps_its_identity(tmp_path: Path, redis_program: Program, durability: str) -> None:
    identity = await make(tmp_path, redis_program, durability=durability)
    file = json.loads((tmp_path / "STORE").read_text())
    assert file["store"] == identity.store
    assert file["server"] == redis_program.version
    assert file["format"] == 1
    async with open_store(tmp_path, program=redis_program.path, durability=durability) as store:  # type: ignore[arg-type]
        assert store.identity == identity
        assert await store.journal.read("demo", GENESIS) == [FIRST]


async def test_data_of_another_store_are_refused(tmp_path: Path, redis_program: Program) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    await make(one, redis_program)
    await make(two, redis_program)
    shutil.rmtree(one / "redis")
    shutil.copytree(two / "redis", one / "redis")
    await refuse(one, "directories were mixed up", redis_program)


async def test_lost_data_are_refused_before_a_server_starts(tmp_path: Path, redis_program: Program) -> None:
    await make(tmp_path, redis_program)
    shutil.rmtree(tmp_path / "redis")
    await refuse(tmp_path, "holds no data: restore", redis_program)
    assert not list((tmp_path / "redis").glob("append*"))


async def test_an_emptied_redis_is_refused(tmp_path: Path, redis_program: Program) -> None:
    async with open_store(tmp_path, program=redis_program.path) as store:
        await store.journal.append("demo", GENESIS, [FIRST])
        async with open_store(tmp_path, purpose="tool") as tool:
            await tool.journal._reader.ask(("FLUSHALL",))
    await refuse(tmp_path, "lost or replaced", redis_program)


async def test_data_without_an_identity_are_refused(tmp_path: Path, redis_program: Program) -> None:
    async with open_store(tmp_path, program=redis_program.path) as store:
        await store.journal.append("demo", GENESIS, [FIRST])
        await store.journal._reader.ask(("DEL", keys.IDENTITY))
    (tmp_path / "STORE").unlink()
    await refuse(tmp_path, "holds data but no identity", redis_program)


async def test_a_lost_file_is_written_again_from_redis(tmp_path: Path, redis_program: Program) -> None:
    identity = await make(tmp_path, redis_program)
    before = (tmp_path / "STORE").read_bytes()
    (tmp_path / "STORE").unlink()
    async with open_store(tmp_path, program=redis_program.path) as store:
        assert store.identity == identity
    assert (tmp_path / "STORE").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "damaged"),
        (b"{}", "damaged"),
        (b'{"store": "x", "created": "now", "format": 2, "server": "7.0"}', "newer callq"),
    ],
)
async def test_a_file_that_cannot_be_understood_is_refused(
    tmp_path: Path, redis_program: Program, content: Any, words: str
) -> None:
    await make(tmp_path, redis_program)
    (tmp_path / "STORE").write_bytes(content)
    await refuse(tmp_path, words, redis_program)
    assert (tmp_path / "STORE").read_bytes() == content


async def test_older_servers_do_not_get_newer_data(tmp_path: Path, redis_program: Program) -> None:
    await make(tmp_path, redis_program)
    file = json.loads((tmp_path / "STORE").read_text())
    (tmp_path / "STORE").write_text(json.dumps(file | {"server": "99.1.0"}))
    await refuse(tmp_path, r"install redis-server 99\.1 or newer", redis_program)


async def test_a_first_start_that_was_cut_short_is_started_anew(
    tmp_path: Path, redis_program: Program
) -> None:
    async with open_store(tmp_path, program=redis_program.path) as store:
        # As when the machine stopped after the server had made its files and before callq wrote anything.
        await store.journal._reader.ask(("FLUSHALL",))
        (tmp_path / "STORE").unlink()
    await make(tmp_path, redis_program)


def test_data_of_7_are_not_given_to_6_even_without_the_file(tmp_path: Path) -> None:
    (tmp_path / "redis" / "appendonlydir").mkdir(parents=True)
    with pytest.raises(StoreRefused, match="would show them as empty"):
        check_data_files(tmp_path, tmp_path / "redis", "6.2.14")
    assert check_data_files(tmp_path, tmp_path / "redis", "7.0.0") is None


def test_a_directory_with_only_an_rdb_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "dump.rdb").touch()
    with pytest.raises(StoreRefused, match=r"dump\.rdb"):
        check_data_files(tmp_path, tmp_path / "redis", "7.0.15")


async def test_a_newer_server_is_written_down_before_it_starts(
    tmp_path: Path, redis_program: Program
) -> None:
    await make(tmp_path, redis_program)
    file = json.loads((tmp_path / "STORE").read_text())
    (tmp_path / "STORE").write_text(json.dumps(file | {"server": "6.2.0"}))
    seen = check_data_files(tmp_path, tmp_path / "redis", redis_program.version)
    assert seen is not None
    assert json.loads((tmp_path / "STORE").read_text()) == file


async def test_an_external_store_has_its_identity_inside(redis_server: RedisServer, tmp_path: Path) -> None:
    async with open_store(tmp_path, redis_url=redis_server.url) as store:
        identity = store.identity
        assert store.describe()["kind"] == "external"
    async with open_store(tmp_path, redis_url=redis_server.url) as store:
        assert store.identity == identity


async def test_an_external_redis_with_half_of_the_data_is_refused(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    async with open_store(tmp_path, redis_url=redis_server.url) as store:
        await store.journal.append("demo", GENESIS, [FIRST])
    await redis_server.ask("DEL", keys.IDENTITY)
    await refuse(tmp_path, "part of them was deleted", redis_url=redis_server.url)
    assert await redis_server.ask("EXISTS", keys.IDENTITY) == 0


async def test_other_peoples_keys_in_an_external_redis_do_not_matter(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    await redis_server.ask("SET", "somebody:else", "1")
    async with open_store(tmp_path, redis_url=redis_server.url) as store:
        assert await store.journal.halls() == []


async def test_an_external_redis_of_a_newer_callq_is_refused(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    await redis_server.ask("SET", keys.IDENTITY, '{"store": "x", "created": "now", "format": 2}')
    await refuse(tmp_path, "newer callq", redis_url=redis_server.url)


@pytest.mark.parametrize("left", ["nothing", "another store"])
async def test_a_database_that_was_emptied_under_a_node_is_not_filled_again(
    redis_server: RedisServer, tmp_path: Path, left: Any
) -> None:
    async with open_store(tmp_path, redis_url=redis_server.url) as store:
        journal = store.journal
        await journal.append("demo", GENESIS, [FIRST])
        await journal.beat("me", b"", gap_ms=1000)
        await redis_server.ask("FLUSHDB")
        if left == "another store":
            await redis_server.ask("SET", keys.IDENTITY, b'{"store": "x", "created": "now", "format": 1}')
        size = await redis_server.ask("DBSIZE")
        # All connections were made before, and what they know is fresh.
        with pytest.raises((AppendRefused, OutcomeUnknown)):
            await journal.append("demo", FIRST.id, [chained(FIRST.id, b"2")])
        for write in (
            lambda: journal.append("demo", GENESIS, [FIRST]),
            lambda: journal.append("other", GENESIS, [FIRST]),
            lambda: journal.append("demo", GENESIS, []),
            lambda: journal.beat("me", b"", gap_ms=1000),
            lambda: journal.leave("me"),
            journal.lineage,
            journal.secret,
            lambda: journal.put_token("ab", b"record"),
            lambda: journal.keep_snapshot("demo", Snapshot(FIRST.id, b"body")),
            lambda: journal.set_archived("demo", GENESIS, FIRST.id),
        ):
            with pytest.raises(StoreUnavailable, match="is not the store that callq started with"):
                await write()
        assert await redis_server.ask("DBSIZE") == size


async def test_an_emptied_database_is_noticed_by_each_kind_of_connection(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """The first to write finds it out for all; here each is the first."""
    for first, write in (
        ("append", lambda journal: journal._committer.append("append", GENESIS, [FIRST], None)),
        ("ask", lambda journal: journal._committer.append("ask", GENESIS, [], None)),
        ("beat", lambda journal: journal.beat("me", b"", gap_ms=1000)),
        ("write", lambda journal: journal.put_token("ab", b"record")),
    ):
        async with open_store(tmp_path / first, redis_url=redis_server.url) as store:
            journal = store.journal
            await journal.append(first, GENESIS, [FIRST])
            await journal.lineage()
            await redis_server.ask("FLUSHDB")
            with pytest.raises(StoreUnavailable, match="identity is gone"):
                await write(journal)  # type: ignore[no-untyped-call]
            assert await redis_server.ask("DBSIZE") == 0


@pytest.mark.parametrize("kept", ["a snapshot", "the archive"])
async def test_a_hall_whose_stream_is_gone_is_not_begun_anew(
    redis_server: RedisServer, tmp_path: Path, kept: Any
) -> None:
    async with open_store(tmp_path, redis_url=redis_server.url) as store:
        journal = store.journal
        assert await journal.read("demo", GENESIS) == []
        await journal.append("demo", GENESIS, [FIRST])
        if kept == "a snapshot":
            await journal.keep_snapshot("demo", Snapshot(FIRST.id, b"body"))
        else:
            assert await journal.set_archived("demo", GENESIS, FIRST.id)
        await redis_server.ask("DEL", keys.log("demo"))
        with pytest.raises(LineageBroken, match=f"is gone, although .* {FIRST.id}: restore"):
            await journal.read("demo", GENESIS)
        # Who remembers all of it gives it back.
        await journal.append("demo", GENESIS, [FIRST])
        assert await journal.read("demo", GENESIS) == [FIRST]


async def test_a_mistyped_database_is_refused_before_a_store_is_made_there(
    own_server: RedisServer, tmp_path: Path
) -> None:
    own_server.start()
    async with open_store(tmp_path, redis_url=f"{own_server.url}?db=3") as store:
        identity = store.identity
    await refuse(tmp_path, rf"last served store {identity.store} .* no store yet", redis_url=own_server.url)
    assert await own_server.ask("DBSIZE") == 0
    async with open_store(tmp_path / "other", redis_url=own_server.url) as store:
        other = store.identity.store
    await refuse(tmp_path, rf"but the Redis .* holds store {other}", redis_url=own_server.url)
    # It may move, with all that it is.
    await own_server.ask("SWAPDB", 0, 3)
    async with open_store(tmp_path, redis_url=own_server.url) as store:
        assert store.identity == identity
    assert own_server.url in json.loads((tmp_path / "SERVES").read_text())["address"]


async def test_a_directory_with_a_store_is_not_served_from_elsewhere(
    redis_server: RedisServer, tmp_path: Path, redis_program: Program
) -> None:
    identity = await make(tmp_path, redis_program)
    await refuse(tmp_path, "leave --redis out", redis_url=redis_server.url)
    assert await redis_server.ask("DBSIZE") == 0
    # Unless it is the same store, which was moved there.
    async with open_store(tmp_path, program=redis_program.path) as store:
        (held,) = await store.journal._reader.ask(("GET", keys.IDENTITY))
    await redis_server.ask("SET", keys.IDENTITY, held)
    async with open_store(tmp_path, redis_url=redis_server.url) as store:
        assert store.identity == identity
    # Then what lies in the directory is old.
    await refuse(tmp_path, "is not in it but at", redis_program)


async def test_a_node_that_forgets_redis_gets_no_empty_store(
    redis_server: RedisServer, tmp_path: Path, redis_program: Program
) -> None:
    async with open_store(tmp_path, redis_url=redis_server.url):
        pass
    await refuse(tmp_path, r"at unix://\S+ .*give --redis", redis_program)
    assert not (tmp_path / "redis").exists()
    (tmp_path / "SERVES").write_text("{")
    await refuse(tmp_path, "SERVES is damaged", redis_program)


async def test_under_everysec_the_identity_is_synced_before_the_file(
    tmp_path: Path, redis_program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut in the second after would leave the file alone, and the store refused."""
    asked: list[tuple[Any, ...]] = []
    ask = Client.ask

    async def listened(self: Any, *commands: Any) -> Any:
        asked.extend(commands)
        assert not (tmp_path / "STORE").exists()
        return await ask(self, *commands)

    monkeypatch.setattr(Client, "ask", listened)
    async with open_store(tmp_path, program=redis_program.path, durability="everysec"):
        monkeypatch.undo()
    made = next(at for at, command in enumerate(asked) if command[:2] == ("SET", keys.IDENTITY))
    assert ("CONFIG", "SET", "appendfsync", "always") in asked[:made]
    assert asked[-1] == ("CONFIG", "SET", "appendfsync", "everysec")
