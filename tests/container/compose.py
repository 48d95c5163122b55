"""Reading a compose file: variables put in, services with what they inherit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml  # type: ignore[import-untyped]

from tests.container.dockerfile import Health, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping


class Missing(Exception):
    """A variable that has to be set is not."""


def load(text: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """The file with variables put in, as `docker compose config` shows it.

    Raises:
      Missing: a ``${NAME:?message}`` has no value; compose says so in the same words.
    """
    found: dict[str, Any] = _put(yaml.safe_load(text), environment)
    return found


def _put(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _put(inner, environment) for key, inner in value.items()}
    if isinstance(value, list):
        return [_put(inner, environment) for inner in value]
    if not isinstance(value, str):
        return value

    def put(found: re.Match[str]) -> str:
        name, how, rest = found["name"], found["how"] or "", found["rest"] or ""
        given = environment.get(name)
        if how.endswith("?") and (not given if ":" in how else given is None):
            raise Missing(f"required variable {name} is missing a value: {rest}")
        if how.endswith("-") and (not given if ":" in how else given is None):
            return rest
        return given or ""

    return re.sub(r"\$\{(?P<name>\w+)(?:(?P<how>:?[-?])(?P<rest>[^}]*))?\}", put, value)


def services(compose: dict[str, Any], *profiles: str) -> dict[str, dict[str, Any]]:
    """Services that ``docker compose up`` starts with these profiles."""
    return {
        name: service
        for name, service in compose["services"].items()
        if not service.get("profiles") or set(service["profiles"]) & set(profiles)
    }


def health(service: dict[str, Any]) -> Health | None:
    """A service's own health check, if it has one."""
    given = service.get("healthcheck")
    if given is None:
        return None
    kind, *argv = given["test"]
    assert kind == "CMD"
    return Health(
        argv,
        seconds(given.get("interval", "30s")),
        seconds(given.get("timeout", "30s")),
        seconds(given.get("start_period", "0s")),
        given.get("retries", 3),
    )


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """Named volumes of a service, by where they are."""
    return {place: name for name, place in (volume.split(":") for volume in service.get("volumes", ()))}
