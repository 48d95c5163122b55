"""The journal on Redis where the network, the script cache or the server let it down."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any, Never

import pytest
import trio
import trio.testing
from redis.exceptions import TimeoutError as RedisTimeoutError

from callq.domain.errors import StoreUnavailable
from callq.journal.port import (
    GENESIS,
    AppendRefused,
    EntryId,
    LineageBroken,
    OutcomeUnknown,
    Snapshot,
    StoreRefused,
    chained,
)
from callq.journal.redis import group, keys, lua
from callq.journal.redis.connection import Client
from callq.journal.redis.endpoint import Endpoint, is_url
from callq.journal.redis.journal import RedisJournal, open_redis
from tests.redis.fixtures import RedisServer, eventually
from tests.redis.proxy import proxied

FIRST = chained(GENESIS, b"1")
SECOND = chained(FIRST.id, b"2")
THIRD = chained(SECOND.id, b"3")


async def test_a_lost_answer_is_an_unknown_outcome_that_reading_resolves(redis_server: RedisServer) -> None:
    async with proxied(redis_server.directory / "s") as proxy:
        endpoint = replace(Endpoint.from_url(proxy.url), reply_timeout_s=0.3)
        async with open_redis(endpoint) as journal:
            await journal.append("demo", GENESIS, [FIRST])
            proxy.swallow = True
            with pytest.raises(OutcomeUnknown):
                await journal.append("demo", FIRST.id, [SECOND])
            proxy.swallow = False
            assert await journal.read("demo", FIRST.id) == [SECOND]
            with pytest.raises(AppendRefused) as refused:
                await journal.append("demo", FIRST.id, [SECOND])
            assert refused.value.last == SECOND.id
            await journal.append("demo", SECOND.id, [THIRD])
            assert await journal.read("demo", GENESIS) == [FIRST, SECOND, THIRD]


async def test_a_group_that_is_executed_late_is_not_doubled(redis_server: RedisServer) -> None:
    async with proxied(redis_server.directory / "s") as proxy:
        endpoint = replace(Endpoint.from_url(proxy.url), reply_timeout_s=0.3)
        async with open_redis(endpoint) as journal:
            await journal.append("demo", GENESIS, [FIRST])
            await redis_server.ask("CLIENT", "PAUSE", 1500, "WRITE")
            with pytest.raises(OutcomeUnknown):
                await journal.append("demo", FIRST.id, [SECOND])
            await redis_server.ask("CLIENT", "UNPAUSE")
            # The dropped connection's bytes are still with the server: whichever copy runs first, one wins.
            heads: list[EntryId] = []

            async def again() -> bool:
                try:
                    await journal.append("demo", FIRST.id, [SECOND])
                    heads.append(SECOND.id)
                except AppendRefused as refused:
                    heads.append(refused.last)
                except OutcomeUnknown:
                    return False
                return True

            await eventually(again, "the outcome is known")
            assert heads == [SECOND.id]
            assert await journal.read("demo", GENESIS) == [FIRST, SECOND]


async def test_the_loop_runs_on_while_redis_is_silent(redis_server: RedisServer) -> None:
    async with (
        proxied(redis_server.directory / "s") as proxy,
        open_redis(proxy.url) as journal,
    ):
        await journal.append("demo", GENESIS, [FIRST])
        proxy.gate = trio.Event()
        done: list[str] = []

        async def append() -> None:
            await journal.append("demo", FIRST.id, [SECOND])
            done.append("append")

        async def read() -> None:
            await journal.halls()
            done.append("read")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(append)
            nursery.start_soon(read)
            # The proxy runs on this loop too: were the loop blocked, nothing would ever open the gate.
            await trio.testing.wait_all_tasks_blocked()
            assert done == []
            proxy.gate.set()
        assert sorted(done) == ["append", "read"]


async def test_redis_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    async with open_redis(f"unix://{tmp_path}/nothing") as journal:
        with pytest.raises(OutcomeUnknown):
            await journal.append("demo", GENESIS, [FIRST])
        for question in (journal.halls, journal.lineage, journal.secret):
            with pytest.raises(StoreUnavailable):
                await question()
        with pytest.raises(StoreUnavailable):
            await journal.read("demo", GENESIS)


async def test_a_flushed_script_is_loaded_again_and_the_append_succeeds(redis_server: RedisServer) -> None:
    heard: list[str] = []
    async with open_redis(redis_server.endpoint) as journal, trio.open_nursery() as nursery:
        await journal.append("demo", GENESIS, [FIRST])
        await nursery.start(journal.listen, lambda hall, id: heard.append(str(id)))
        await redis_server.ask("SCRIPT", "FLUSH")
        assert await redis_server.ask("SCRIPT", "EXISTS", lua.COMMIT.sha) == [0]
        await journal.append("demo", FIRST.id, [SECOND])
        assert journal.stats.reloaded == 1
        assert await journal.read("demo", GENESIS) == [FIRST, SECOND]
        # The hint that went out with the first try came before what it tells of, so it is given again.
        await eventually(lambda: heard == [str(SECOND.id)] * 2, "the hint is heard after the entry is there")
        nursery.cancel_scope.cancel()


USES_OF_SCRIPTS = {
    "commit": lambda journal: journal.append("demo", FIRST.id, [SECOND]),
    "beat": lambda journal: journal.beat("node", b"", gap_ms=1),
    "keep": lambda journal: journal.keep_snapshot("demo", Snapshot(FIRST.id, b"body")),
    "advance": lambda journal: journal.set_archived("demo", GENESIS, FIRST.id),
    "trim": lambda journal: journal.trim("demo", FIRST.id),
}


@pytest.mark.parametrize("name", USES_OF_SCRIPTS)
async def test_every_script_is_loaded_when_the_server_has_forgotten_it(
    redis_server: RedisServer, name: str
) -> None:
    script = getattr(lua, name.upper())
    async with open_redis(redis_server.endpoint) as journal:
        await journal.append("demo", GENESIS, [FIRST])
        await redis_server.ask("SCRIPT", "FLUSH")
        await USES_OF_SCRIPTS[name](journal)
        assert await redis_server.ask("SCRIPT", "EXISTS", script.sha) == [1]


async def test_a_server_that_knows_the_scripts_is_not_told_again(own_server: RedisServer) -> None:
    """Redis 6.2 writes each SCRIPT LOAD to its file: on a full disk a mere connection would end it."""
    own_server.start()
    async with open_redis(own_server.endpoint) as journal:
        await journal.append("demo", GENESIS, [FIRST])
    before = (await own_server.ask("INFO", "persistence")).partition(b"aof_current_size:")[2].split()[0]
    async with open_redis(own_server.endpoint) as journal:
        await journal.append("demo", FIRST.id, [])
        await journal.halls()
        assert journal.stats.reloaded == 0
    after = (await own_server.ask("INFO", "persistence")).partition(b"aof_current_size:")[2].split()[0]
    assert after == before


def test_every_script_has_a_use_here() -> None:
    scripts = resources.files(lua.__package__).joinpath("scripts")
    assert {Path(str(file)).stem for file in scripts.iterdir()} == set(USES_OF_SCRIPTS)
    assert len(lua.LOAD) == len(USES_OF_SCRIPTS)


HALLS = [f"hall-{n}" for n in range(5)]


async def all_together(journal: RedisJournal, proxy: Any) -> dict[str, str]:
    """Append to every hall in one pipeline; how each of them ended."""
    outcomes: dict[str, str] = {}

    async def append(hall: str) -> None:
        try:
            await journal.append(hall, FIRST.id, [SECOND])
            outcomes[hall] = "appended"
        except OutcomeUnknown:
            outcomes[hall] = "unknown"

    before = journal.stats.pipelines
    async with trio.open_nursery() as nursery:
        for hall in HALLS:
            nursery.start_soon(append, hall)
    assert journal.stats.pipelines == before + 1
    return outcomes


@pytest.mark.parametrize("passing", [0, 3, 9, 25, 30])
async def test_a_pipeline_whose_answers_stop_midway_is_unknown_as_a_whole(
    redis_server: RedisServer, passing: Any
) -> None:
    """Each answer has 8 bytes, so the second, the fourth or the one to TIME is cut short."""
    async with proxied(redis_server.directory / "s") as proxy:
        endpoint = replace(Endpoint.from_url(proxy.url), reply_timeout_s=0.3)
        async with open_redis(endpoint) as journal:
            for hall in HALLS:
                await journal.append(hall, GENESIS, [FIRST])
            proxy.answers_left = passing
            outcomes = await all_together(journal, proxy)
            assert set(outcomes.values()) == {"unknown"}
            proxy.mend()
            # All was executed, once; nothing of it was sent again by anybody.
            for hall in HALLS:
                assert await journal.read(hall, GENESIS) == [FIRST, SECOND]
                with pytest.raises(AppendRefused) as refused:
                    await journal.append(hall, FIRST.id, [SECOND])
                assert refused.value.last == SECOND.id


@pytest.mark.parametrize("passing", [0, 50, 200, 399])
async def test_a_pipeline_that_arrives_in_part_leaves_whole_groups_and_no_more(
    redis_server: RedisServer, passing: Any
) -> None:
    async with proxied(redis_server.directory / "s") as proxy:
        endpoint = replace(Endpoint.from_url(proxy.url), reply_timeout_s=0.3)
        async with open_redis(endpoint) as journal:
            for hall in HALLS:
                await journal.append(hall, GENESIS, [FIRST])
            proxy.questions_left = passing
            outcomes = await all_together(journal, proxy)
            assert set(outcomes.values()) == {"unknown"}
            proxy.mend()
            found = {hall: await journal.read(hall, FIRST.id) for hall in HALLS}
            missing = [hall for hall, entries in found.items() if not entries]
            assert all(entries in ([], [SECOND]) for entries in found.values())
            assert missing
            assert (len(missing) < len(HALLS)) == (passing >= 200)
            # Whoever reads and finds nothing sends the same again.
            for hall in missing:
                await journal.append(hall, FIRST.id, [SECOND])


async def test_hints_that_redis_refuses_keep_no_append_from_being_known(own_server: RedisServer) -> None:
    own_server.start()
    await own_server.ask("ACL", "SETUSER", "default", "-publish")
    async with open_redis(own_server.endpoint) as journal:
        await journal.append("demo", GENESIS, [FIRST])
        await journal.append("demo", FIRST.id, [SECOND])
        assert journal.stats.appended == 2


async def test_a_pipeline_without_the_time_is_unknown(own_server: RedisServer) -> None:
    own_server.start()
    await own_server.ask("ACL", "SETUSER", "default", "-time")
    async with open_redis(own_server.endpoint) as journal:
        with pytest.raises(OutcomeUnknown, match="time"):
            await journal.append("demo", GENESIS, [FIRST])
        assert await journal.read("demo", GENESIS) == [FIRST]


async def test_a_key_that_is_no_stream_hides_no_other_hall(redis_server: RedisServer) -> None:
    async with open_redis(redis_server.endpoint) as journal:
        await journal.append("good", GENESIS, [FIRST])
        await redis_server.ask("SET", keys.log("broken"), "not a stream")
        assert await journal.tips(["broken", "good"]) == {"broken": GENESIS, "good": FIRST.id}
        with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
            await journal.read("broken", GENESIS)


async def test_tips_that_redis_refuses_are_not_taken_for_empty_halls(own_server: RedisServer) -> None:
    own_server.start()
    async with open_redis(own_server.endpoint) as journal:
        await own_server.ask("ACL", "SETUSER", "default", "-xrevrange")
        with pytest.raises(StoreUnavailable, match="xrevrange"):
            await journal.tips(["demo"])


async def test_halls_share_pipelines_and_nobody_waits_for_company(redis_server: RedisServer) -> None:
    async with proxied(redis_server.directory / "s") as proxy, open_redis(proxy.url) as journal:
        halls = [f"hall-{n}" for n in range(40)]
        for hall in (*halls, "alone"):
            await journal.append(hall, GENESIS, [FIRST])
        before = journal.stats.pipelines
        proxy.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(journal.append, "alone", FIRST.id, [SECOND])
            await trio.testing.wait_all_tasks_blocked()
            assert journal.stats.pipelines == before + 1
            for hall in halls:
                nursery.start_soon(journal.append, hall, FIRST.id, [SECOND])
            await trio.testing.wait_all_tasks_blocked()
            assert journal.stats.pipelines == before + 1
            proxy.gate.set()
        assert journal.stats.pipelines == before + 2
        assert journal.stats.groups == 2 * len(halls) + 2
        for hall in halls:
            assert await journal.read(hall, GENESIS) == [FIRST, SECOND]


async def test_in_a_shared_pipeline_each_hall_has_its_own_outcome(redis_server: RedisServer) -> None:
    async with open_redis(redis_server.endpoint) as journal:
        await journal.append("good", GENESIS, [FIRST])
        await journal.append("stale", GENESIS, [FIRST, SECOND])
        await redis_server.ask("SET", keys.log("broken"), "not a stream")
        outcomes: dict[str, str] = {}

        async def append(hall: str) -> None:
            try:
                await journal.append(hall, FIRST.id, [SECOND])
                outcomes[hall] = "appended"
            except (AppendRefused, OutcomeUnknown) as error:
                outcomes[hall] = type(error).__name__

        before = journal.stats.pipelines
        async with trio.open_nursery() as nursery:
            for hall in ("good", "stale", "broken"):
                nursery.start_soon(append, hall)
        assert journal.stats.pipelines == before + 1
        assert outcomes == {"good": "appended", "stale": "AppendRefused", "broken": "OutcomeUnknown"}


async def test_a_group_cancelled_before_it_is_sent_is_never_sent(redis_server: RedisServer) -> None:
    async with proxied(redis_server.directory / "s") as proxy, open_redis(proxy.url) as journal:
        await journal.append("one", GENESIS, [FIRST])
        await journal.append("two", GENESIS, [FIRST])
        proxy.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(journal.append, "one", FIRST.id, [SECOND])
            await trio.testing.wait_all_tasks_blocked()
            with trio.move_on_after(0):
                await journal.append("two", FIRST.id, [SECOND])
            proxy.gate.set()
        assert await journal.read("one", GENESIS) == [FIRST, SECOND]
        assert await journal.read("two", GENESIS) == [FIRST]


async def test_whoever_waits_when_the_store_closes_learns_that_the_outcome_is_unknown(
    redis_server: RedisServer,
) -> None:
    outcomes: list[type[Exception]] = []
    async with trio.open_nursery() as nursery, proxied(redis_server.directory / "s") as proxy:
        endpoint = replace(Endpoint.from_url(proxy.url), reply_timeout_s=0.3)

        async def append(hall: str, journal: RedisJournal) -> None:
            try:
                await journal.append(hall, FIRST.id, [SECOND])
            except OutcomeUnknown as error:
                outcomes.append(type(error))

        async with open_redis(endpoint) as journal:
            await journal.append("one", GENESIS, [FIRST])
            await journal.append("two", GENESIS, [FIRST])
            proxy.swallow = True
            nursery.start_soon(append, "one", journal)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(append, "two", journal)
            await trio.testing.wait_all_tasks_blocked()
        await trio.testing.wait_all_tasks_blocked()
        assert outcomes == [OutcomeUnknown, OutcomeUnknown]
        with pytest.raises(OutcomeUnknown):
            await journal.append("one", FIRST.id, [SECOND])


async def test_an_exception_of_the_block_is_not_wrapped(redis_server: RedisServer) -> Never:
    with pytest.raises(KeyError, match="mine"):
        async with open_redis(redis_server.endpoint):
            raise KeyError("mine")


async def test_a_hall_named_but_never_created_is_no_hall(redis_server: RedisServer) -> None:
    async with open_redis(redis_server.endpoint) as journal:
        # As after a crash between the two writes of a creation.
        await redis_server.ask("SADD", keys.HALLS, "ghost")
        await journal.append("asked-for", GENESIS, [])
        await journal.append("demo", GENESIS, [FIRST])
        assert await journal.halls() == ["demo"]
        assert await redis_server.ask("SISMEMBER", keys.HALLS, "asked-for") == 0


async def test_a_restarted_server_is_reached_again_without_an_error(own_server: RedisServer) -> None:
    own_server.start()
    async with open_redis(own_server.endpoint) as journal:
        await journal.append("demo", GENESIS, [FIRST])
        epoch = (await journal.lineage()).epoch
        own_server.kill()
        with pytest.raises(OutcomeUnknown):
            await journal.append("demo", FIRST.id, [SECOND])
        own_server.start()
        await journal.append("demo", FIRST.id, [SECOND])
        assert await journal.read("demo", GENESIS) == [FIRST, SECOND]
        assert (await journal.lineage()).epoch != epoch


async def test_a_rewound_stream_breaks_the_lineage(redis_server: RedisServer) -> None:
    async with open_redis(redis_server.endpoint) as journal:
        await journal.append("demo", GENESIS, [FIRST, SECOND])
        await redis_server.ask("DEL", keys.log("demo"))
        await journal.append("demo", GENESIS, [FIRST])
        with pytest.raises(LineageBroken):
            await journal.read("demo", SECOND.id)


async def test_an_altered_entry_is_noticed(redis_server: RedisServer) -> None:
    async with open_redis(redis_server.endpoint) as journal:
        await journal.append("demo", GENESIS, [FIRST])
        await redis_server.ask("XADD", keys.log("demo"), str(SECOND.id), "b", "forged")
        with pytest.raises(LineageBroken):
            await journal.read("demo", GENESIS)
        with pytest.raises(LineageBroken):
            await journal.read_revisions("demo", 0)


async def test_a_replica_is_not_written_to(own_server: RedisServer) -> None:
    own_server.start(replicaof="127.0.0.1 1")
    async with open_redis(own_server.endpoint) as journal:
        with pytest.raises(OutcomeUnknown, match="replica"):
            await journal.append("demo", GENESIS, [FIRST])
        with pytest.raises(StoreUnavailable, match="replica"):
            await journal.halls()


async def test_a_master_demoted_under_way_is_left_at_its_first_refusal(own_server: RedisServer) -> None:
    own_server.start()
    async with open_redis(own_server.endpoint) as journal:
        await journal.append("demo", GENESIS, [FIRST])
        await own_server.ask("REPLICAOF", "127.0.0.1", "1")
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                await journal.append("demo", FIRST.id, [SECOND])
        await own_server.ask_anyway("REPLICAOF", "NO", "ONE")
        await journal.append("demo", FIRST.id, [SECOND])


async def test_another_store_behind_the_address_is_not_written_to(redis_server: RedisServer) -> None:
    await redis_server.ask("SET", keys.IDENTITY, "mine")
    async with open_redis(redis_server.endpoint, identity=b"mine") as journal:
        await journal.append("demo", GENESIS, [FIRST])
        await redis_server.ask("SET", keys.IDENTITY, "another")
        await redis_server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        with pytest.raises(OutcomeUnknown, match="not the store"):
            await journal.append("demo", FIRST.id, [SECOND])
        with pytest.raises(StoreUnavailable, match="not the store"):
            await journal.read("demo", GENESIS)


async def test_a_wrong_password_is_reported_without_the_password(own_server: RedisServer) -> None:
    own_server.start()
    await own_server.ask("CONFIG", "SET", "requirepass", "right")
    url = f"unix://:wrong-secret@{own_server.directory / 's'}"
    endpoint = Endpoint.from_url(url)
    client = Client(endpoint)
    with pytest.raises(StoreUnavailable) as failed:
        await client.ask(("PING",))
    assert "wrong-secret" not in f"{failed.value} {endpoint!r} {endpoint.shown}"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:pw@hall.example/2", "redis://hall.example:6379/2"),
        ("rediss://hall.example:6400", "rediss://hall.example:6400/0"),
        ("redis://[::1]:6379", "redis://[::1]:6379/0"),
        ("unix:///run/redis/s", "unix:///run/redis/s"),
    ],
)
def test_urls(url: str, shown: Any) -> None:
    assert is_url(url)
    endpoint = Endpoint.from_url(url)
    assert endpoint.shown == shown
    assert "pw" not in repr(endpoint)


@pytest.mark.parametrize("url", ["redis://h?retry_on_timeout=yes", "redis://h?socket_timeout=1", "http://h"])
def test_a_url_does_not_configure_the_client(url: str) -> None:
    with pytest.raises(StoreRefused):
        Endpoint.from_url(url)


async def test_after_an_error_for_a_group_the_connection_is_made_anew(redis_server: RedisServer) -> None:
    first = chained(GENESIS, b"1")
    async with proxied(redis_server.directory / "s") as proxy, open_redis(proxy.url) as journal:
        await journal._committer.append("demo", GENESIS, [first], None)
        await redis_server.ask("SET", keys.log("broken"), "no stream")
        before = proxy.connections
        with pytest.raises(OutcomeUnknown, match="WRONGTYPE"):
            await journal._committer.append("broken", GENESIS, [first], None)
        await journal._committer.append("demo", first.id, [chained(first.id, b"2")], None)
        assert proxy.connections == before + 1


async def test_a_pipeline_is_bounded_in_bytes(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "PIPELINE_MAX_BYTES", 2000)
    entry = chained(GENESIS, b"x" * 900)
    async with open_redis(redis_server.endpoint) as journal, trio.open_nursery() as nursery:
        for n in range(20):
            nursery.start_soon(journal._committer.append, f"hall-{n}", GENESIS, [entry], None)
    # Three groups reach the limit.
    assert journal.stats.appended == 20
    assert journal.stats.pipelines >= 20 / 3


def test_a_connection_never_tries_again_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Endpoint.from_url("redis://nowhere").connection()
    tries = 0

    def fail() -> Never:
        nonlocal tries
        tries += 1
        raise RedisTimeoutError

    monkeypatch.setattr(connection, "_connect", fail)
    with pytest.raises(RedisTimeoutError):
        connection.connect()  # type: ignore[no-untyped-call]
    assert tries == 1
