"""Build the image and run the compose file's services, without Docker.

What is promised of them: they run as nobody special, write into their volumes alone, get healthy, give
numbers, end when they are asked to, and after that or a kill have the same state again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from tests.container import compose, dockerfile
from tests.container.sandbox import (
    PATH,
    ROOT,
    Container,
    Image,
    Network,
    Volume,
    base_image,
    build,
    remove,
    run,
    say,
)

TOKEN = "a-long-random-secret-of-the-check"
DOCKER_STOPS_WITHIN_S = 10.0
HALL = "/v1/halls/county"


class Check:
    """One image, and what is run of it."""

    def __init__(self, work: Path, image: Image) -> None:
        self.work = work
        self.image = image
        self.network = Network(f"callq-{os.getpid()}")
        self.volumes: dict[str, Volume] = {}
        self.running: list[Container] = []

    def close(self) -> None:
        """End whatever still runs."""
        for container in self.running:
            container.kill()
        self.network.close()

    def volume(self, name: str) -> Volume:
        return self.volumes.setdefault(name, Volume(self.work / "volumes" / name))

    def start(self, name: str, command: list[str], volumes: dict[str, str], **more: Any) -> Container:
        given: dict[str, Any] = {
            "user": self.image.user,
            "workdir": self.image.workdir,
            "environment": {**self.image.environment, "CALLQ_ADMIN_TOKEN": TOKEN},
            "init": False,
        } | more
        container = Container(
            self.work / name,
            self.network,
            self.image.root,
            command,
            volumes={place: self.volume(volume) for place, volume in volumes.items()},
            **given,
        )
        self.running.append(container)
        return container

    def stop(self, container: Container, grace_s: float) -> None:
        self.running.remove(container)
        status, took_s = container.stop(grace_s)
        say(f"  stopped by SIGTERM in {took_s:.1f} s with status {status}")
        assert status == 0, container.log.read_text()

    def kill(self, container: Container) -> None:
        self.running.remove(container)
        container.kill()
        say("  killed")

    # What a hall is asked -------------------------------------------------------------------------

    def ask(self, path: str, body: object = None) -> Any:
        more = () if body is None else ("-H", "Content-Type: application/json", "-d", json.dumps(body))
        url = f"http://127.0.0.1:{self.image.port}{path}"
        return json.loads(self.network.curl("-H", f"Authorization: Bearer {TOKEN}", *more, url))

    def take(self) -> dict[str, Any]:
        ticket: dict[str, Any] = self.ask(HALL + "/tickets", {"service": "general"})["ticket"]
        say(f"  took number {ticket['number']}")
        return ticket

    def look(self, made: list[dict[str, Any]]) -> None:
        for ticket in made:
            there = self.ask(f"{HALL}/tickets/{ticket['id']}")["ticket"]
            assert (there["number"], there["state"]) == (ticket["number"], "waiting")
        waiting = sum(row["count"] for row in self.ask(f"{HALL}/board")["data"]["waiting"])
        assert waiting == len(made), waiting
        if made:
            say(f"  still there: {', '.join(ticket['number'] for ticket in made)}")

    def page(self) -> None:
        url = f"http://127.0.0.1:{self.image.port}/"
        assert "<html" in self.network.curl(url)


def check_image(check: Check) -> None:
    """`docker run` with a volume: started, stopped, started, killed, started."""
    image = check.image
    made: list[dict[str, Any]] = []
    for number, end in enumerate(("stop", "kill", "stop")):
        say(f"docker run #{number + 1}: {' '.join(image.command)}")
        container = check.start("run", image.command, {image.volume: "data"})
        assert not container.check(image.health), "healthy before it can be"
        say(f"  healthy after {container.wait_healthy(image.health):.1f} s")
        check.look(made)
        made.append(check.take())
        check.page()
        owner = (image.root / image.volume.lstrip("/")).stat().st_uid
        assert container.owners() == {owner} != {0}, container.owners()
        assert container.written() == [], container.written()
        if end == "kill":
            check.kill(container)
        else:
            check.stop(container, DOCKER_STOPS_WITHIN_S)
            events = [json.loads(line)["event"] for line in container.log.read_text().splitlines()]
            assert events[-2:] == ["stopped_serving", "redis_stopped"], events
    assert [ticket["number"][1:] for ticket in made] == ["001", "002", "003"]


def check_compose(check: Check) -> None:
    """`docker compose up`, and the same with the profile `external`."""
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    try:
        compose.load(text, {})
    except compose.Missing as error:
        say(f"docker compose up, without a token: {error}")
    else:
        raise AssertionError("it starts without a token")
    services = compose.services(compose.load(text, {"CALLQ_ADMIN_TOKEN": TOKEN}), "external")
    up_and_down(check, {"callq": services["callq"]})
    external = {name: services[name] for name in ("redis", "callq-external")}
    assert set(services) == {"callq", *external}
    assert list(services["callq-external"]["depends_on"]) == ["redis"]
    up_and_down(check, external)


def up_and_down(check: Check, services: dict[str, dict[str, Any]]) -> None:
    made: list[dict[str, Any]] = []
    for end in ("stop", "kill", "stop"):
        containers = {}
        for name, service in services.items():
            container, health = start_service(check, name, service, tuple(services))
            containers[name] = container
            say(f"  {name} healthy after {container.wait_healthy(health):.1f} s")
        check.look(made)
        made.append(check.take())
        for name, container in reversed(containers.items()):
            if end == "kill":
                check.kill(container)
            else:
                grace = services[name].get("stop_grace_period", f"{DOCKER_STOPS_WITHIN_S}s")
                check.stop(container, dockerfile.seconds(grace))


def start_service(
    check: Check, name: str, service: dict[str, Any], names: tuple[str, ...]
) -> tuple[Container, dockerfile.Health]:
    ours = service.get("build") == "."
    command = service.get("command", check.image.command)
    say(f"docker compose up {name}: {' '.join(command)}")
    volumes = {place: f"compose-{volume}" for place, volume in compose.mounts(service).items()}
    more: dict[str, Any] = {"init": service.get("init", False), "names": names}
    if ours:
        more["environment"] = {**check.image.environment, **service["environment"]}
    else:
        # The redis image runs as its user `redis` in /data; Debian's server stands in.
        assert service["image"].startswith("redis:")
        more |= {
            "user": "redis",
            "workdir": "/data",
            "environment": {"PATH": PATH},
        }
        data = check.volume(volumes["/data"]).place
        if not data.exists():
            data.mkdir(parents=True)
            run("chroot", check.image.root, "id", "redis")
            ids = run("chroot", check.image.root, "sh", "-c", "id -u redis; id -g redis").split()
            os.chown(data, int(ids[0]), int(ids[1]))
    container = check.start(name, command, volumes, **more)
    return container, compose.health(service) or check.image.health


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.container", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("/var/tmp/callq-container"), help="a large place")
    parser.add_argument("--mirror", default="http://deb.debian.org/debian")
    parser.add_argument("--keep", action="store_true", help="keep the image for another look")
    args = parser.parse_args()
    if os.geteuid() != 0 or not all(map(shutil.which, ("debootstrap", "ip", "unshare", "nsenter", "curl"))):
        parser.error("run it as root, with the packages debootstrap, iproute2, util-linux and curl")
    (work := args.work).mkdir(parents=True, exist_ok=True)
    remove(work / "volumes")
    (work / "volumes").mkdir()
    suite = dockerfile.stages((ROOT / "Dockerfile").read_text(encoding="utf-8"))[-1].base.rsplit("-", 1)[1]
    image = build(work, base_image(work, suite, args.mirror))
    size = run("du", "-sm", image.root).split()[0]
    say(f"built: {size} MB, of which Debian and Python are most")
    check = Check(work, image)
    with contextlib.closing(check):
        check_image(check)
        check_compose(check)
    if not args.keep:
        for place in work.glob("stage-*"):
            remove(place)
    say("all well")


if __name__ == "__main__":
    main()
