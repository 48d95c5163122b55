"""`callq hall show`, `load` and `export` against a running server, and in its directory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.cli import main
from callq.config import export_hall, load_hall
from callq.domain.hall import Rules, digest
from callq.journal.redis.store import open_store
from callq.runtime.node import Node
from tests.harness import small_hall
from tests.web.conftest import ADMIN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import Door

CHANGED = small_hall(rules=Rules(max_calls=4), windows=small_hall().windows[:2], clerks=small_hall().clerks)


@pytest.fixture
def hall_file(tmp_path: Path) -> Path:
    """The small hall with other rules, and without the window that serves estates."""
    found = tmp_path / "hall.toml"
    found.write_text(export_hall(CHANGED), encoding="utf-8")
    return found


async def run(*line: object) -> int:
    """A command, as in a terminal of its own."""
    return await trio.to_thread.run_sync(main, [str(word) for word in line])


async def test_a_file_is_compared_loaded_and_found_in_force_again(
    door: Door, hall_file: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLQ_ADMIN_TOKEN", ADMIN)
    at = ("--url", door.url)
    async with door.feed() as feed:
        board = await feed.subscribe("board")
        assert await run("hall", "show", hall_file, *at) == 1
        told = capsys.readouterr()
        assert "+ rules.max_calls = 4" in told.out
        assert '- windows[w3] = { id = "w3"' in told.out
        assert "differs in 2 keys" in told.err
        assert await run("hall", "load", hall_file, *at) == 0
        assert "+ rules.max_calls = 4" in capsys.readouterr().out
        changed = await feed.next()
        assert changed["revision"] == board["revision"] + 1, "no restart"
        assert [w["id"] for w in changed["data"]["windows"]] == ["w1", "w2"]
    assert await run("hall", "show", hall_file, *at) == 0
    assert capsys.readouterr().out.count("\n") <= 1
    assert await run("hall", "load", hall_file, *at) == 0
    assert "was in force already" in capsys.readouterr().err
    assert await run("hall", "export", "test", *at) == 0
    assert export_hall(CHANGED) in capsys.readouterr().out
    assert (await door.get(""))["config_digest"] == digest(CHANGED)


async def test_a_load_that_would_orphan_somebody_is_refused_and_says_why(
    door: Door, hall_file: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLQ_ADMIN_TOKEN", ADMIN)
    await door.staff("w3", "c4")
    before = await door.canonical()
    assert await run("hall", "load", hall_file, "--url", door.url) == 1
    told = capsys.readouterr().err
    assert "window w3: it cannot be removed while in use\n  hint: close it and sign out first" in told
    assert await door.canonical() == before


@pytest.mark.parametrize("action", ["show", "load"])
async def test_a_hall_that_the_server_does_not_have_is_named(
    door: Door, action: str, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLQ_ADMIN_TOKEN", ADMIN)
    assert await run("hall", action, "county", "--url", door.url) == 1
    assert "no hall 'county'" in capsys.readouterr().err


async def test_the_configuration_is_for_those_who_run_the_hall(door: Door) -> None:
    token = await door.token("supervisor")
    assert (await door.get("config", token=token))["config"]["id"] == "test"
    assert (await door.ask("GET", "config", token=await door.token("clerk"))).status_code == 403


def test_a_directory_at_rest_is_read_and_written(tmp_path: Path, capsys: Any) -> None:
    data = tmp_path / "data"

    async def made() -> None:
        async with open_store(data):
            pass

    trio.run(made)
    at = ("--data", str(data))
    assert main(["hall", "show", "county", *at]) == 1
    assert "there is no hall 'county'" in capsys.readouterr().err
    assert main(["hall", "load", "county", *at]) == 0
    assert main(["hall", "show", "county", *at]) == 0
    capsys.readouterr()
    assert main(["hall", "export", "county", *at]) == 0
    assert export_hall(load_hall("county")) in capsys.readouterr().out
    assert main(["hall", "queue", "county", "--lang", "en", *at]) == 0
    assert "Nobody is waiting." in capsys.readouterr().out
    assert main(["hall", "queue", "elsewhere", *at]) == 1
    assert "there is no hall 'elsewhere'" in capsys.readouterr().err
    changed = tmp_path / "county.toml"
    changed.write_text(export_hall(load_hall("county")).replace("县政务", "区政务"), encoding="utf-8")
    assert main(["hall", "show", str(changed), *at]) == 1
    assert main(["hall", "load", str(changed), *at]) == 0
    assert '-> "区政务服务中心"' in capsys.readouterr().out
    assert main(["hall", "load", str(changed), *at]) == 0
    assert "was in force already" in capsys.readouterr().err


async def test_a_directory_in_use_is_loaded_beside_its_server(
    tmp_path: Path, hall_file: Path, capsys: Any
) -> None:
    async with open_store(tmp_path / "data") as store, trio.open_nursery() as nursery:
        node: Node = await nursery.start(Node(store.journal, store.journal, [small_hall()]).run)
        actor = node.actor("test")
        assert await run("hall", "load", hall_file, "--data", tmp_path / "data") == 0
        assert "in force; revision" in capsys.readouterr().err
        assert await actor.read(lambda state, _: state.digest) == digest(CHANGED), "it takes notice at once"
        assert node.actor("test") is actor, "without being loaded anew"
        nursery.cancel_scope.cancel()
