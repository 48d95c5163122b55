"""Reading a Dockerfile and a .dockerignore, as far as ours use them."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KNOWN = {"RUN", "COPY", "ENV", "USER", "WORKDIR", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"}
"""Instructions that are understood beside FROM; another one is an error, not passed over."""


class Step(NamedTuple):
    """One instruction: its name, its flags (``--from=build``) and the rest."""

    name: str
    flags: dict[str, str]
    rest: str

    @property
    def argv(self) -> list[str]:
        """The rest as a command: the JSON form as it is, the other through a shell."""
        if self.rest.startswith("["):
            return [str(word) for word in json.loads(self.rest)]
        return ["/bin/sh", "-c", self.rest]


class Stage(NamedTuple):
    """From one FROM to the next."""

    name: str
    base: str
    steps: list[Step]

    def last(self, name: str) -> Step:
        """The instruction of a name that counts."""
        return [step for step in self.steps if step.name == name][-1]


class Health(NamedTuple):
    """How a container is asked whether it is well; times in seconds."""

    argv: list[str]
    interval_s: float
    timeout_s: float
    start_s: float
    retries: int


def stages(text: str) -> list[Stage]:
    """The stages of a Dockerfile.

    Raises:
      ValueError: an instruction that is not known here.
    """
    found: list[Stage] = []
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n\s*", "", lines).splitlines():
        if not line.strip():
            continue
        name, _, rest = line.strip().partition(" ")
        flags, rest = _flags(rest.strip())
        if name == "FROM":
            base, _, alias = re.sub(r"\s+[Aa][Ss]\s+", " ", rest).partition(" ")
            found.append(Stage(alias or str(len(found)), base, []))
        elif name in KNOWN:
            found[-1].steps.append(Step(name, flags, rest))
        else:
            raise ValueError(f"{name} is not understood here")
    return found


def _flags(rest: str) -> tuple[dict[str, str], str]:
    flags = {}
    while found := re.match(r"--([a-z-]+)=(\S+)\s*", rest):
        flags[found[1]] = found[2]
        rest = rest[found.end() :]
    return flags, rest


def variables(step: Step, known: dict[str, str]) -> dict[str, str]:
    """What an ENV sets, with earlier variables put in."""
    pairs = (word.split("=", 1) for word in shlex.split(step.rest))
    return {
        name: re.sub(r"\$\{?(\w+)\}?", lambda found: known.get(found[1], ""), value) for name, value in pairs
    }


def seconds(text: str) -> float:
    """``90s``, ``2m`` as seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)", text)
    assert found, text
    return float(found[1]) * {"ms": 0.001, "s": 1, "m": 60}[found[2]]


def health(step: Step) -> Health:
    """A HEALTHCHECK of the form that ours has; Docker's defaults for what is left out."""
    flags = {name: seconds(value) for name, value in step.flags.items() if name != "retries"}
    kind, _, command = step.rest.partition(" ")
    assert kind == "CMD", step.rest
    return Health(
        Step("CMD", {}, command.strip()).argv,
        flags.get("interval", 30),
        flags.get("timeout", 30),
        flags.get("start-period", 0),
        int(step.flags.get("retries", "3")),
    )


# The context ----------------------------------------------------------------------------------------


def ignored(patterns: list[str], path: str) -> bool:
    """Whether a .dockerignore keeps a path (relative, with slashes) out of the context."""
    out = False
    parts = path.split("/")
    above = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    for line in patterns:
        keep = line.startswith("!")
        pattern = _regex(line.lstrip("!").strip("/"))
        if any(pattern.fullmatch(each) for each in above):
            out = not keep
    return out


def _regex(pattern: str) -> re.Pattern[str]:
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))


def patterns(text: str) -> list[str]:
    """The lines of a .dockerignore that count."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def context(root: Path) -> Iterator[str]:
    """Every file that is sent to the builder, relative to `root`."""
    lines = patterns((root / ".dockerignore").read_text(encoding="utf-8"))
    kept = {line.lstrip("!").split("/")[0] for line in lines if line.startswith("!")}
    # Only what some line keeps can be there, since the first line keeps everything out.
    assert lines[0] == "*"
    for top in sorted(kept):
        place = root / top
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and not ignored(lines, name):
                yield name


def sources(step: Step) -> tuple[list[str], str]:
    """What a COPY takes, and where it goes."""
    *taken, target = shlex.split(step.rest)
    return taken, target
