"""What a Redis must be set to, and what a technician is told when it is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.journal.port import GENESIS, EntryId, Snapshot, StoreRefused, chained
from callq.journal.redis.connection import Client
from callq.journal.redis.hints import Ear
from callq.journal.redis.settings import check_settings, refuse_errors, turned_bad, version_tuple
from callq.journal.redis.store import open_store
from tests.redis.fixtures import RedisServer, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

REDIS_MD = Path(__file__).parents[2] / "docs" / "redis.md"

SETTINGS = [
    ("maxmemory-policy", "allkeys-lru", "noeviction"),
    ("appendfsync", "everysec", "always"),
    ("appendfsync", "no", "always"),
    ("appendonly", "no", "yes"),
    ("no-appendfsync-on-rewrite", "yes", "no"),
]


@pytest.fixture
async def client(own_server: RedisServer) -> AsyncIterator[Any]:
    own_server.start()
    client = Client(own_server.endpoint)
    yield client
    client.close()


async def test_a_server_as_callq_wants_it_has_no_errors(client: Any) -> None:
    findings = await check_settings(client, "fsync")
    assert {finding.severity for finding in findings} == {"ok"}
    refuse_errors(findings, "here")


@pytest.mark.parametrize(("name", "value", "wanted"), SETTINGS)
async def test_each_setting_that_loses_data_is_an_error_with_a_remedy(
    client: Any, name: str, value: object, wanted: Any
) -> None:
    await client.ask(("CONFIG", "SET", name, value))
    findings = await check_settings(client, "fsync")
    (error,) = [finding for finding in findings if finding.severity == "error"]
    assert (error.what, error.found, error.wanted) == (name, value, wanted)
    assert name in error.hint
    with pytest.raises(StoreRefused, match=f"{name} is '{value}'"):
        refuse_errors(findings, "here")


async def test_everysec_is_enough_when_asked_for(client: Any) -> None:
    for fsync, expected in (("everysec", "ok"), ("always", "ok"), ("no", "error")):
        await client.ask(("CONFIG", "SET", "appendfsync", fsync))
        findings = {finding.what: finding for finding in await check_settings(client, "everysec")}
        assert findings["appendfsync"].severity == expected


async def test_where_config_is_forbidden_it_warns_of_what_it_cannot_see(client: Any) -> None:
    await client.ask(("ACL", "SETUSER", "default", "-config"))
    await client.ask(("PING",))
    findings = {finding.what: finding for finding in await check_settings(client, "fsync")}
    assert findings["appendfsync"].severity == "warning"
    assert findings["no-appendfsync-on-rewrite"].severity == "warning"
    # INFO tells of these two.
    assert findings["appendonly"].severity == "ok"
    assert findings["maxmemory-policy"].severity == "ok"
    refuse_errors([*findings.values()], "here")


async def test_a_node_refuses_and_a_tool_reports(own_server: RedisServer, tmp_path: Path) -> None:
    own_server.start(appendfsync="everysec")
    with pytest.raises(StoreRefused, match="--durability everysec"):
        async with open_store(tmp_path, redis_url=own_server.url):
            pytest.fail("opened")
    async with open_store(None, redis_url=own_server.url, purpose="tool") as store:
        assert [finding.what for finding in store.findings if finding.severity == "error"] == ["appendfsync"]
    async with open_store(tmp_path, redis_url=own_server.url, durability="everysec") as store:
        assert store.describe()["durability"] == "everysec"


async def test_a_replica_is_refused_with_the_address_of_its_master(
    own_server: RedisServer, tmp_path: Path
) -> None:
    own_server.start(replicaof="127.0.0.1 1")
    with pytest.raises(StoreRefused, match=r"replica of 127\.0\.0\.1:1"):
        async with open_store(tmp_path, redis_url=own_server.url):
            pytest.fail("opened")


def documented_rights() -> str:
    (line,) = re.findall(r"^user callq on >SECRET (.*)$", REDIS_MD.read_text(encoding="utf-8"), re.MULTILINE)
    return line  # type: ignore[no-any-return]


COMMANDS = re.findall(r"\+([a-z|]+)", documented_rights())


async def test_each_right_that_a_node_needs_is_asked_for_at_the_start(
    own_server: RedisServer, tmp_path: Path
) -> None:
    own_server.start()
    async with open_store(tmp_path, redis_url=own_server.url):
        pass
    before = await own_server.ask("DBSIZE")
    for name in COMMANDS:
        if name in ("config|get", "select"):
            # Without the first a node warns. The second is for database numbers, and connecting needs it.
            continue
        denied = name.partition("|")[0]
        rights = ("reset", "on", ">SECRET", "~*", "&*", "+@all", f"-{denied}")
        await own_server.ask("ACL", "SETUSER", "callq", *rights)
        with pytest.raises(StoreRefused, match=f"(?i){denied}"):
            async with open_store(tmp_path, redis_url=f"unix://callq:SECRET@{own_server.directory / 's'}"):
                pytest.fail(f"opened without {denied}")
    assert await own_server.ask("DBSIZE") == before


async def test_channels_are_a_right_too(own_server: RedisServer, tmp_path: Path) -> None:
    own_server.start()
    await own_server.ask("ACL", "SETUSER", "default", "resetchannels")
    with pytest.raises(StoreRefused, match="PUBLISH"):
        async with open_store(tmp_path, redis_url=own_server.url):
            pytest.fail("opened")


async def test_a_wrong_password_is_refused_at_once(own_server: RedisServer, tmp_path: Path) -> None:
    own_server.start()
    await own_server.ask("CONFIG", "SET", "requirepass", "right")
    with pytest.raises(StoreRefused, match="password"):
        async with open_store(tmp_path, redis_url=own_server.url):
            pytest.fail("opened")


async def test_the_rights_of_the_documents_are_enough_for_everything(
    own_server: RedisServer, tmp_path: Path
) -> None:
    own_server.start()
    rights = documented_rights().split()
    await own_server.ask("ACL", "SETUSER", "callq", "on", ">SECRET", "resetchannels", *rights)
    url = f"unix://callq:SECRET@{own_server.directory / 's'}?db=1"
    first = chained(GENESIS, b"1")
    second = chained(first.id, b"2")
    heard: list[str] = []
    async with open_store(tmp_path, redis_url=url) as store, trio.open_nursery() as nursery:
        assert {finding.severity for finding in store.findings} == {"ok"}
        journal = store.journal
        await nursery.start(journal.listen, lambda hall, id: heard.append(hall))
        await own_server.ask("SCRIPT", "FLUSH")
        await journal.append("demo", GENESIS, [first])
        await journal.append("demo", first.id, [second], (await journal.lineage()).epoch)
        await eventually(lambda: bool(heard), "hints are heard")
        assert await journal.halls() == ["demo"]
        assert await journal.tips(["demo"]) == {"demo": second.id}
        await journal.keep_snapshot("demo", Snapshot(first.id, b"0"))
        for entry in (first, second):
            await journal.keep_snapshot("demo", Snapshot(entry.id, b"body"))
            await journal.keep_snapshot("demo", Snapshot(EntryId(3, 1), b"body"))
        assert await journal.snapshot("demo", second.id) == b"body"
        assert await journal.snapshot_ids("demo") == [EntryId(3, 1), second.id]
        assert await journal.set_archived("demo", GENESIS, first.id)
        assert await journal.archived("demo") == first.id
        assert await journal.trim("demo", second.id) == 1
        assert await journal.read_revisions("demo", 0) == [second]
        assert (await journal.beat("me", b"", gap_ms=1000)).nodes == {"me": b""}
        await journal.leave("me")
        await journal.secret()
        await journal.put_token("ab", b"record")
        assert await journal.token("ab") == b"record"
        assert await store.check() == [*store.findings]
        nursery.cancel_scope.cancel()
    async with open_store(tmp_path, redis_url=url) as store:
        assert await store.journal.halls() == ["demo"]
        # The listener's question after a long silence.
        ear = await trio.to_thread.run_sync(Ear, store.journal.endpoint, None)
        ear.ask()
        await trio.lowlevel.wait_readable(ear.socket)
        assert ear.take() == []
        assert not ear.asked
        ear.close()


async def test_a_running_node_looks_again_and_finds_what_turned_bad(
    own_server: RedisServer, tmp_path: Path
) -> None:
    own_server.start()
    async with open_store(tmp_path, redis_url=own_server.url) as store:
        assert turned_bad(store.findings, await store.check()) == []
        await own_server.ask("CONFIG", "SET", "appendfsync", "everysec")
        after = await store.check()
        (found,) = turned_bad(store.findings, after)
        assert (found.what, found.found, found.severity) == ("appendfsync", "everysec", "error")
        assert turned_bad(after, after) == []
        await own_server.ask("CONFIG", "SET", "appendfsync", "no")
        assert [f.found for f in turned_bad(after, await store.check())] == ["no"]
        await own_server.ask("CONFIG", "SET", "appendfsync", "always")
        assert turned_bad(after, await store.check()) == []


def test_versions() -> None:
    assert version_tuple("7.0.15") == (7, 0, 15)
    assert version_tuple("6.2") < version_tuple("6.2.14") < version_tuple("7.0.0") < version_tuple("10.0")
    assert version_tuple("7.4.0-rc1") == (7, 4, 0)
    assert version_tuple("") == ()
