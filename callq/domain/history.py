"""Earlier configurations of a hall: who put which in force, when and why, and how to get each back.

Of each version only what has to be put back to reach the one before it is kept: a changed skill is a
row of one clerk, however large the hall. Versions are kept from schema `KEPT_FROM` on, the newest `MOST` of
them and no more bytes than `MOST_BYTES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from callq.domain.hall import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.commands import Actor
    from callq.domain.hall import HallConfig
    from callq.domain.state import HallState

KEPT_FROM: Final = 4
"""Schema whose readers keep it."""

MOST: Final = 100
MOST_BYTES: Final = 512 * 1024

_NAMED_BY: Final = {
    **dict.fromkeys(("zones", "sessions", "resources", "services", "items"), "code"),
    **dict.fromkeys(("windows", "clerks", "devices", "printers"), "id"),
    "outlets": "channel",
    "holidays": "first",
    "moved_workdays": "date",
}
"""The key that tells the rows of a list apart."""

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(dict[str, tuple[Any, ...]]).decode

_ABSENT: Final = "absent"
_WHOLE: Final = "whole"
_ROWS: Final = "rows"


class ConfigVersion(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """A configuration that came into force."""

    revision: int
    """Of the hall; 0: it was in force before versions were kept."""
    digest: str
    at_ms: int = 0
    role: str = ""
    who: str = ""
    """Id of the token."""
    name: str = ""
    device: str = ""
    reason: str = ""
    before: bytes = b""
    """What has to be put back to get the version before; empty: that one is not kept."""


def recorded(
    state: HallState, config: HallConfig, digest: str, at_ms: int, who: Actor, reason: str
) -> tuple[ConfigVersion, ...]:
    """The history once `config` takes the place of what is in force in `state`, oldest first."""
    before = kept(state)
    version = ConfigVersion(
        revision=state.revision + 1,
        digest=digest,
        at_ms=at_ms,
        role=who.role,
        who=who.id,
        name=who.name,
        device=who.device,
        reason=reason,
        before=_steps_back(plain(config), plain(state.config)) if before else b"",
    )
    found = [*before, version][-MOST:]
    size = sum(len(one.before) for one in found)
    while size > MOST_BYTES and len(found) > 2:
        size -= len(found.pop(0).before)
    found[0] = msgspec.structs.replace(found[0], before=b"")
    return tuple(found)


def kept(state: HallState) -> tuple[ConfigVersion, ...]:
    """The versions that are known, oldest first; the last is in force."""
    if state.config_history or not state.created:
        return state.config_history
    return (ConfigVersion(revision=0, digest=state.digest),)


def versions(
    config: HallConfig, history: tuple[ConfigVersion, ...]
) -> Iterator[tuple[ConfigVersion, dict[str, Any]]]:
    """Each version with its configuration as plain data, the newest first.

    Args:
      config: in force.
      history: as `kept` has it.
    """
    data: dict[str, Any] = plain(config)
    for version in reversed(history):
        yield version, data
        data = _stepped_back(data, version.before)


def _steps_back(now: dict[str, Any], then: dict[str, Any]) -> bytes:
    """What makes `then` of `now`, as bytes."""
    steps: dict[str, tuple[Any, ...]] = {}
    for key in dict.fromkeys([*now, *then]):
        if key not in then:
            steps[key] = (_ABSENT,)
        elif key not in now:
            steps[key] = (_WHOLE, then[key])
        elif now[key] != then[key]:
            steps[key] = _rows_back(_NAMED_BY.get(key), now[key], then[key]) or (_WHOLE, then[key])
    return _encode(steps)


def _rows_back(name: str | None, now: Any, then: Any) -> tuple[Any, ...] | None:  # noqa: ANN401 - plain data
    """The same of a list of tables: rows that were other or gone, and the order if that was another."""
    if name is None:
        return None
    old, new = ({str(row[name]): row for row in rows} for rows in (then, now))
    if len(old) != len(then) or len(new) != len(now):
        return None
    rows = {code: row for code, row in old.items() if new.get(code) != row}
    return _ROWS, name, rows, None if [*old] == [*new] else [*old]


def _stepped_back(now: dict[str, Any], steps: bytes) -> dict[str, Any]:
    then = dict(now)
    for key, (kind, *told) in _decode(steps).items() if steps else ():
        if kind == _ABSENT:
            del then[key]
        elif kind == _WHOLE:
            then[key] = told[0]
        else:
            name, rows, order = told
            new = {str(row[name]): row for row in now[key]}
            then[key] = [
                rows[code] if code in rows else new[code] for code in (new if order is None else order)
            ]
    return then
