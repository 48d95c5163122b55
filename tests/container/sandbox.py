"""Images as directories, containers as chroots: what Docker does with ours, by the kernel's own means.

A container is an overlay over its image, with process ids and a network of its own (namespaces), its
command being process 1, as in Docker. Needs root. Two things stand in: Debian's own Python for that of
the python image, and Debian's redis-server for the redis image.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.container import dockerfile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.container.dockerfile import Health, Stage

ROOT = Path(__file__).parents[2]
PACKAGES = "python3,python3-venv,ca-certificates"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PASSED_ON = ("PIP_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT")
"""Beginnings of variables that tell how packages are reached from here."""

INIT = """
import os, signal, sys
child = os.fork()
if child == 0:
    os.setpgid(0, 0)
    os.execvp(sys.argv[1], sys.argv[1:])
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, _: os.kill(child, number))
while True:
    pid, status = os.wait()
    if pid == child:
        sys.exit(os.waitstatus_to_exitcode(status) % 256)
"""
"""What `init: true` puts in front: passes signals on, and buries whoever is left."""


def say(text: str) -> None:
    """Tell what is done, with the seconds since the start."""
    print(f"[{time.monotonic() - _BEGAN:5.0f} s] {text}", flush=True)


_BEGAN = time.monotonic()


def run(*argv: str | Path, **more: object) -> str:
    """Run a command; its output. A failure shows the end of it."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload]
    if done.returncode:
        sys.exit(f"{shlex.join(map(str, argv))} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return str(done.stdout)


def remove(place: Path) -> None:
    """Remove a directory, and nothing that is mounted in it: that would be this machine's own."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    inside = [mount for mount in mounts if mount == str(place) or mount.startswith(f"{place}/")]
    assert not inside, f"still mounted: {inside}"
    run("rm", "-rf", "--one-file-system", place)


# Images ---------------------------------------------------------------------------------------------


def base_image(work: Path, suite: str, mirror: str) -> Path:
    """Debian with Python, in place of the python image; made once."""
    image = work / f"base-{suite}"
    if not (image / "made").exists():
        say(f"debootstrap {suite} from {mirror} (stands in for the python image)")
        remove(image)
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, image, mirror)
        (image / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        (image / "made").touch()
    return image


@contextlib.contextmanager
def mounted(*mounts: tuple[str, ...]) -> Iterator[None]:
    """Mounts for a while, undone in reverse."""
    done: list[str] = []
    try:
        for mount in mounts:
            run("mount", *mount)
            done.append(mount[-1])
        yield
    finally:
        for place in reversed(done):
            run("umount", "--recursive", place)


@contextlib.contextmanager
def as_here(image: Path) -> Iterator[dict[str, str]]:
    """Let steps reach package indexes as this machine does, leaving nothing of it in the image.

    Yields:
      Variables for their environment.
    """
    here = {k: v for k, v in os.environ.items() if k.upper().startswith(PASSED_ON)}
    told = run(sys.executable, "-m", "pip", "config", "list").splitlines()
    settings = {line.partition("=")[0].split(".", 1)[1]: line.partition("=")[2].strip("'") for line in told}
    for name, value in settings.items():
        here.setdefault("PIP_" + name.upper().replace("-", "_"), value)
    words = [urlsplit(word).path for value in here.values() for word in value.split() if "/" in word]
    local = {Path(word) for word in words if word.startswith("/") and Path(word).exists()}
    # A folder of an index is of no use without those that it refers to beside it.
    local |= {path.parent for path in local if path.name == "simple"}
    local = {path for path in local if not local & set(path.parents)}
    binds: list[tuple[str, ...]] = []
    made: list[Path] = []
    for path in [*sorted(local), Path("/etc/resolv.conf"), Path("/etc/ssl/certs")]:
        place = image / path.relative_to("/")
        if not place.exists():
            made.append(next(p for p in (place, *place.parents) if p.parent.exists()))
            (place if path.is_dir() else place.parent).mkdir(parents=True, exist_ok=True)
            if path.is_file():
                place.touch()
        binds.append(("--bind", "-o", "ro", str(path), str(place)))
    apt = image / "etc/apt/apt.conf.d/99here"
    lines = run("apt-config", "dump").splitlines()
    apt.write_text("\n".join(line for line in lines if line.startswith("Acquire::") and "::" in line[9:]))
    inside = (("-t", "proc", "proc", str(image / "proc")), ("--rbind", "/dev", str(image / "dev")))
    try:
        with mounted(*inside, *binds):
            yield here
    finally:
        apt.unlink()
        for place in made:
            remove(place)


class Image:
    """A built image: its files, and what the Dockerfile says of running it."""

    def __init__(self, root: Path, stage: Stage, environment: dict[str, str]) -> None:
        self.root = root
        self.environment = environment
        self.user = stage.last("USER").rest
        self.workdir = stage.last("WORKDIR").rest
        self.volume = stage.last("VOLUME").rest
        self.port = int(stage.last("EXPOSE").rest)
        self.health = dockerfile.health(stage.last("HEALTHCHECK"))
        self.command = stage.last("CMD").argv


def build(work: Path, base: Path) -> Image:
    """Run the steps of the Dockerfile, stage by stage."""
    built: dict[str, Path] = {}
    for stage in dockerfile.stages((ROOT / "Dockerfile").read_text(encoding="utf-8")):
        root = work / f"stage-{stage.name}"
        remove(root)
        run("cp", "-a", "--reflink=auto", base, root)
        environment, workdir = {"PATH": PATH}, "/"
        for step in stage.steps:
            flags = [f"--{name}={value}" for name, value in step.flags.items()]
            say(f"stage {stage.name}: {' '.join([step.name, *flags, step.rest])[:100]}")
            match step.name:
                case "ENV":
                    environment |= dockerfile.variables(step, environment)
                case "WORKDIR":
                    workdir = step.rest
                    (root / workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)
                case "RUN":
                    with as_here(root) as here:
                        pairs = [f"{k}={v}" for k, v in {**here, **environment}.items()]
                        inner = f"cd {workdir} && exec {shlex.join(step.argv)}"
                        run("chroot", root, "env", "-i", *pairs, "/bin/sh", "-c", inner)
                case "COPY":
                    _copy(step, root, workdir, built)
        built[stage.name] = root
    return Image(root, stage, environment)


def _copy(step: dockerfile.Step, root: Path, workdir: str, built: Mapping[str, Path]) -> None:
    taken, target = dockerfile.sources(step)
    to = root / os.path.normpath(os.path.join(workdir, target)).lstrip("/")
    if "from" in step.flags:
        for source in taken:
            run("cp", "-a", built[step.flags["from"]] / source.lstrip("/"), to)
        return
    sent = list(dockerfile.context(ROOT))
    for source in taken:
        for name in sent:
            if source in (".", name):
                # A single file goes into a target that ends in a slash, the context as it is laid out.
                place = to / (name if source == "." else Path(name).name)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, place)


# Containers -----------------------------------------------------------------------------------------


class Network:
    """A network of its own, in which services find each other by name."""

    def __init__(self, name: str) -> None:
        self.name = name
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")

    def close(self) -> None:
        """Remove it."""
        run("ip", "netns", "delete", self.name)

    def curl(self, *words: str) -> str:
        """One request from inside."""
        argv = ("ip", "netns", "exec", self.name, "curl", "-sS", "--max-time", "10", *words)
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


class Volume:
    """A named volume: a directory that outlives containers."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def prepared(self, image: Path) -> Path:
        """Filled with what the image has there when it is used first, owners included."""
        if not self.place.exists():
            run("cp", "-a", image, self.place)
        return self.place


class Container:
    """One container, from its start to its end.

    Args:
      work: for its files.
      network: that it is in.
      image: whose files it has.
      command: process 1.
      user: who runs it; empty: root.
      workdir: in which it starts.
      environment: whole.
      volumes: by where they are mounted.
      init: whether a small process 1 comes before the command.
      names: other services, for ``/etc/hosts``.
    """

    def __init__(
        self,
        work: Path,
        network: Network,
        image: Path,
        command: list[str],
        *,
        user: str,
        workdir: str,
        environment: Mapping[str, str],
        volumes: Mapping[str, Volume],
        init: bool,
        names: tuple[str, ...] = (),
    ) -> None:
        self._stack = contextlib.ExitStack()
        self._network = network
        self._place = work
        remove(work)
        for name in ("upper", "work", "root"):
            (work / name).mkdir(parents=True)
        self._root = work / "root"
        layers = f"lowerdir={image},upperdir={work / 'upper'},workdir={work / 'work'}"
        mounts: list[tuple[str, ...]] = [("-t", "overlay", "overlay", "-o", layers, str(self._root))]
        mounts += [("--rbind", "/dev", str(self._root / "dev"))]
        for place, volume in volumes.items():
            kept = volume.prepared(image / place.lstrip("/"))
            mounts.append(("--bind", str(kept), str(self._root / place.lstrip("/"))))
        self._stack.enter_context(mounted(*mounts))
        (self._root / "etc/hosts").write_text(f"127.0.0.1 localhost {' '.join(names)}\n")
        self._env = [f"{name}={value}" for name, value in environment.items()]
        self._as = ["--userspec", f"{user}:{user}"] if user else []
        self._workdir = workdir
        if init:
            command = ["/usr/bin/python3", "-c", INIT, *command]
        self.log = work / "log"
        with self.log.open("wb") as log:
            self._outer = subprocess.Popen(
                [
                    *("ip", "netns", "exec", network.name),
                    *("unshare", "--pid", "--fork", "--kill-child", f"--mount-proc={self._root}/proc"),
                    *self._inside(command),
                ],
                stdout=log,
                stderr=log,
            )
        self.pid = self._first()

    def _inside(self, command: list[str]) -> list[str]:
        argv = ["env", "-i", *self._env, *command]
        inner = f"cd {self._workdir} && exec {shlex.join(argv)}"
        return ["chroot", *self._as, str(self._root), "/bin/sh", "-c", inner]

    def _first(self) -> int:
        """Process 1 of the container, by its number here."""
        for _ in range(200):
            children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text().split()
            if children:
                return int(children[0])
            time.sleep(0.02)
        raise AssertionError(f"it does not start:\n{self.log.read_text()}")

    def check(self, health: Health) -> bool:
        """Ask it once, as `docker` does: as its user, inside."""
        argv = ["nsenter", "--target", str(self.pid), "--pid", "--net", "--mount", *self._inside(health.argv)]
        with contextlib.suppress(subprocess.TimeoutExpired):
            return (
                subprocess.run(argv, capture_output=True, timeout=health.timeout_s, check=False).returncode
                == 0
            )
        return False

    def wait_healthy(self, health: Health) -> float:
        """Wait until its health check passes; for how long that took, seconds."""
        began = time.monotonic()
        limit = health.start_s + health.retries * health.interval_s
        while time.monotonic() - began < limit:
            assert self._outer.poll() is None, f"it ended:\n{self.log.read_text()}"
            if self.check(health):
                return time.monotonic() - began
            time.sleep(0.5)
        raise AssertionError(f"it does not get healthy:\n{self.log.read_text()}")

    def owners(self) -> set[int]:
        """Users of all its processes, by number."""
        space = Path(f"/proc/{self.pid}/ns/pid").readlink()
        found = set()
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (process / "ns/pid").readlink() == space:
                    found.add(process.stat().st_uid)
        return found

    def written(self) -> list[str]:
        """Files that it wrote outside its volumes."""
        upper = self._place / "upper"
        found = (path.relative_to(upper).as_posix() for path in upper.rglob("*") if path.is_file())
        return sorted(name for name in found if name != "etc/hosts")

    def stop(self, grace_s: float) -> tuple[int, float]:
        """SIGTERM to process 1, as `docker stop`; its exit status, and how long it took, seconds."""
        began = time.monotonic()
        os.kill(self.pid, signal.SIGTERM)
        try:
            status = self._outer.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._stack.close()
        return status, time.monotonic() - began

    def kill(self) -> None:
        """SIGKILL to process 1, and with it to all others: what a power cut leaves behind."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._outer.wait()
        self._stack.close()
