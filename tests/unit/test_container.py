"""Dockerfile, compose file and what is said of them agree. `make container` runs their steps."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.container import compose, dockerfile
from tests.unit.documents import ROOT, text

STAGES = dockerfile.stages(text("Dockerfile"))
FINAL = STAGES[-1]
TOKEN = {"CALLQ_ADMIN_TOKEN": "secret"}
COMPOSE = compose.load(text("compose.yaml"), TOKEN)


def test_every_source_of_a_copy_is_in_the_context() -> None:
    sent = set(dockerfile.context(ROOT))
    for stage in STAGES:
        for step in stage.steps:
            if step.name == "COPY" and "from" not in step.flags:
                for source in dockerfile.sources(step)[0]:
                    assert source == "." or source in sent, source


def test_every_stage_that_is_copied_from_comes_before() -> None:
    known: list[str] = []
    for stage in STAGES:
        for step in stage.steps:
            assert step.flags.get("from") in (None, *known)
        known.append(stage.name)


def test_the_context_has_what_is_installed_and_nothing_else() -> None:
    sent = set(dockerfile.context(ROOT))
    project = tomllib.loads(text("pyproject.toml"))
    packages = [name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]]
    assert {path.split("/")[0] for path in sent} == {*packages, "pyproject.toml", "LICENSE", "requirements"}
    for path in ("callq/samples/county.toml", "callq/web/static/feed.js", "displays/tv/index.html"):
        assert path in sent


@pytest.mark.parametrize(
    "path",
    [
        *(".git/config", ".venv/bin/python", "node_modules/typescript/package.json", ".env", "my-hall.toml"),
        *("tests/harness.py", "requirements/dev.lock", "callq/__pycache__/cli.pyc", "data/redis/redis.conf"),
        *("displays/tv/__pycache__/x.pyc", "callq/.env", "callq/web/.env.local", ".ci/run"),
    ],
)
def test_secrets_and_leftovers_stay_outside(path: str) -> None:
    assert dockerfile.ignored(dockerfile.patterns(text(".dockerignore")), path)


def test_it_runs_as_nobody_special_on_locked_packages() -> None:
    user = FINAL.last("USER").rest
    made = next(step.rest for step in FINAL.steps if step.name == "RUN")
    assert f"useradd --uid 10001 --no-create-home {user}" in made
    assert [step.name for step in FINAL.steps].index("USER") < [s.name for s in FINAL.steps].index("CMD")
    installs = [s.rest for stage in STAGES for s in stage.steps if "pip install" in s.rest]
    assert "--require-hashes --no-deps -r requirements/base.lock" in installs[0]
    assert all("--no-deps --no-build-isolation" in install for install in installs[1:])
    for stage in STAGES:
        assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", stage.base), (
            "the system is chosen, not whatever comes"
        )
    assert len({stage.base for stage in STAGES}) == 1, "what is built in one runs in the other"


def test_ports_and_paths_agree() -> None:
    command = FINAL.last("CMD").argv
    port, data = FINAL.last("EXPOSE").rest, FINAL.last("VOLUME").rest
    assert command[command.index("--listen") + 1] == f"0.0.0.0:{port}"
    assert command[command.index("--data") + 1] == data == FINAL.last("WORKDIR").rest
    assert f"http://127.0.0.1:{port}/readyz" in dockerfile.health(FINAL.last("HEALTHCHECK")).argv[-1]
    assert (
        f"install -d -o {FINAL.last('USER').rest} -g {FINAL.last('USER').rest} {data}" in FINAL.steps[0].rest
    )
    own = {name: s for name, s in COMPOSE["services"].items() if s.get("build") == "."}
    assert set(own) == {"callq", "callq-external"}
    for service in own.values():
        assert service["ports"] == [f"{port}:{port}"]
        assert list(compose.mounts(service)) == [data]
        given = service.get("command", command)
        assert given[given.index("--listen") + 1] == f"0.0.0.0:{port}"
        assert given[given.index("--data") + 1] == data
    for name in ("README.md", "README.zh-CN.md"):
        assert f"--listen 0.0.0.0:{port}" in text(name)
        assert "docker compose up" in text(name)


def test_every_service_ends_in_time_and_keeps_its_data() -> None:
    volumes = [volume for s in COMPOSE["services"].values() for volume in compose.mounts(s).values()]
    assert sorted(volumes) == sorted(COMPOSE["volumes"]), "each has one of its own, and each is declared"
    for name, service in COMPOSE["services"].items():
        assert service["restart"] == "unless-stopped"
        # It holds the last writes: the default of 10 s is for those that hold none.
        if name != "callq-external":
            assert dockerfile.seconds(service["stop_grace_period"]) >= 30, name
    on = COMPOSE["services"]["callq-external"]["depends_on"]
    assert all(compose.health(COMPOSE["services"][other]) for other in on)


def test_only_the_server_is_started_unless_more_is_asked_for() -> None:
    assert set(compose.services(COMPOSE)) == {"callq"}
    assert set(compose.services(COMPOSE, "external")) == {"callq", "callq-external", "redis"}


@pytest.mark.parametrize("given", [{}, {"CALLQ_ADMIN_TOKEN": ""}])
def test_without_a_token_it_does_not_start(given: dict[str, str]) -> None:
    with pytest.raises(compose.Missing, match="CALLQ_ADMIN_TOKEN is missing a value: set it to"):
        compose.load(text("compose.yaml"), given)


def test_the_token_reaches_the_servers_and_nothing_else() -> None:
    for name, service in COMPOSE["services"].items():
        assert (service.get("environment") == TOKEN) == name.startswith("callq")


def test_the_external_redis_is_as_durable_as_the_own_one() -> None:
    command = COMPOSE["services"]["redis"]["command"]
    settings = dict(zip(command[1::2], command[2::2], strict=True))
    assert settings["--appendonly"] == "yes"
    assert settings["--appendfsync"] == "always"
    assert settings["--maxmemory-policy"] == "noeviction"
