"""Configurations over HTTP: in force, proposed, and earlier ones. Putting one in force is `configure`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import trio

from callq.config import Problem
from callq.config.changes import Change, changes_of, summed_up
from callq.config.chinese import chinese
from callq.config.export import export_document, export_hall
from callq.config.fields import ROOT, tables
from callq.config.proposal import Proposal, of_data, of_text
from callq.domain.consequences import Consequences, consequences
from callq.domain.errors import Code, Rejected
from callq.domain.hall import digest, plain
from callq.domain.history import kept, versions
from callq.views.foreseen import Said, effect_said, refusal_said
from callq.web import config_answers as a
from callq.web.problems import without_numbers
from callq.web.roles import Permission

if TYPE_CHECKING:
    from callq.domain.consequences import Effect
    from callq.domain.hall import HallConfig
    from callq.domain.history import ConfigVersion
    from callq.domain.state import HallState
    from callq.web.api import Api, Call
    from callq.web.bodies import ConfigCheckBody

MOST_CHANGES: Final = 300
"""Parts that differ which are told at once."""

_threads: Final = trio.CapacityLimiter(1)
"""A large file takes a fraction of a second of one processor; halls go on meanwhile."""


class _Now(NamedTuple):
    """What is in force."""

    config: HallConfig
    digest: str
    revision: int
    day: str
    history: tuple[ConfigVersion, ...]


async def in_force(api: Api, call: Call) -> a.ConfigAnswer:
    """The whole configuration in force, as data and as a hall file."""
    now = await _now(api, call)
    toml = await _aside(export_hall, now.config)
    return a.ConfigAnswer(config=now.config, toml=toml, digest=now.digest, revision=now.revision)


async def fields(api: Api, call: Call) -> a.ConfigFields:
    """What a hall file may hold, with words and ranges."""
    api.actor(call, Permission.READ_CONFIG)
    return a.ConfigFields(root=ROOT, tables=tables())


async def check(api: Api, call: Call, body: ConfigCheckBody) -> a.ConfigCheck:
    """What is wrong with a proposal, what it changes, and what it would do now; nothing changes.

    Raises:
      Rejected: `INVALID`, neither or both of `toml` and `config` are given.
    """
    actor = api.actor(call, Permission.CONFIGURE)
    if (body.toml is None) is (body.config is None):
        raise Rejected(Code.INVALID, "give `toml` or `config`", "exactly one of them")
    now = await _now(api, call, Permission.CONFIGURE)
    if body.config is not None:
        read = partial(of_data, body.config, now.day)
    else:
        read = partial(of_text, (body.toml or "").removeprefix("\ufeff"), now.day)
    proposal, found = await _aside(_looked_at, read, now.config, call.hall)
    foreseen, config = Consequences((), (), ()), proposal.config
    said: list[list[Said]] = [[], [], []]
    if config is not None:
        names = {s.code: (s.name, s.name_en or s.name) for s in (*now.config.services, *config.services)}

        def look(state: HallState, now_ms: int) -> tuple[Consequences, list[list[Said]]]:
            would = consequences(state, config, now_ms)
            return would, [
                [refusal_said(state, one) for one in would.refused],
                [effect_said(state, one, names) for one in would.at_once],
                [effect_said(state, one, names) for one in would.later],
            ]

        foreseen, said = await actor.read(look)
    return a.ConfigCheck(
        ok=config is not None and not foreseen.refused,
        errors=tuple(map(_mistake, proposal.problems)),
        warnings=tuple(map(_mistake, proposal.warnings)),
        config=proposal.document,
        toml=proposal.text,
        digest=digest(config) if config is not None else None,
        changes=tuple(map(_change, found[:MOST_CHANGES])),
        refused=tuple(map(_hindrance, foreseen.refused, said[0])),
        at_once=tuple(map(_effect, foreseen.at_once, said[1])),
        later=tuple(map(_effect, foreseen.later, said[2])),
        in_force=now.digest,
        revision=now.revision,
    )


async def history(api: Api, call: Call) -> a.ConfigHistory:
    """Versions that are kept, the newest first."""
    now = await _now(api, call)
    found = await _aside(_versions, now)
    return a.ConfigHistory(versions=tuple(version for version, _, _ in found), revision=now.revision)


async def version(api: Api, call: Call, revision: str) -> a.ConfigVersionAnswer:
    """One version whole, with what it changed and what it would change now.

    Raises:
      Rejected: `NOT_FOUND`, it is not kept.
    """
    now = await _now(api, call)

    def made() -> a.ConfigVersionAnswer | None:
        for version, data, changed in _versions(now):
            if str(version.revision) == revision:
                return a.ConfigVersionAnswer(
                    version=version,
                    config=data,
                    toml=export_document(data),
                    changed=tuple(map(_change, changed[:MOST_CHANGES])),
                    changes=tuple(map(_change, changes_of(plain(now.config), data)[:MOST_CHANGES])),
                    in_force=now.digest,
                    revision=now.revision,
                )
        return None

    found: a.ConfigVersionAnswer | None = await _aside(made)
    if found is None:
        raise Rejected(
            Code.NOT_FOUND, "no configuration of this revision is kept", "look at the history", hall=call.hall
        )
    return found


async def _now(api: Api, call: Call, permission: Permission = Permission.READ_CONFIG) -> _Now:
    return await api.actor(call, permission).read(
        lambda state, _: _Now(state.config, state.digest, state.revision, state.day, kept(state))
    )


async def _aside(work: Any, *arguments: Any) -> Any:  # noqa: ANN401 - whatever the work takes and gives
    return await trio.to_thread.run_sync(work, *arguments, limiter=_threads)


def _looked_at(read: partial[Proposal], in_force: HallConfig, hall: str) -> tuple[Proposal, list[Change]]:
    """A proposal, and how it differs from what is in force."""
    proposal = read()
    config = proposal.config
    if config is not None and config.id != hall:
        wrong = Problem(1, None, "id", f"this is the configuration of {config.id}", f'write id = "{hall}"')
        proposal = proposal._replace(config=None, problems=[wrong])
    found = changes_of(plain(in_force), proposal.document) if proposal.document is not None else []
    return proposal, found


def _versions(now: _Now) -> list[tuple[a.ConfigVersion, dict[str, Any], list[Change]]]:
    """Every version as it is told, its configuration, and what it changed; the newest first."""
    whole = list(versions(now.config, now.history))
    found = []
    for at, (one, data) in enumerate(whole):
        earlier = whole[at + 1 :]
        changed = changes_of(earlier[0][1], data) if earlier else []
        text = summed_up(changed)
        found.append(
            (
                a.ConfigVersion(
                    revision=one.revision,
                    at_ms=one.at_ms or None,
                    role=one.role or None,
                    who=one.who or None,
                    name=one.name or None,
                    reason=one.reason,
                    digest=one.digest,
                    in_force=at == 0,
                    first=not earlier,
                    same_as=next(
                        (other.revision for other, _ in earlier if other.digest == one.digest), None
                    ),
                    changes=len(changed),
                    text=text.zh,
                    text_en=text.en,
                ),
                data,
                changed,
            )
        )
    return found


def _mistake(problem: Problem) -> a.ConfigMistake:
    return a.ConfigMistake(
        line=problem.line,
        column=problem.column,
        key=problem.key[:200],
        message=without_numbers(problem.message),
        hint=without_numbers(problem.hint),
        message_zh=without_numbers(chinese(problem.message)),
        hint_zh=without_numbers(chinese(problem.hint)),
    )


def _change(change: Change) -> a.ConfigChange:
    return a.ConfigChange(
        section=change.section,
        id=change.id,
        kind=change.kind,
        keys=tuple(
            a.ConfigKeyChange(
                path=key.path,
                label=key.label.zh,
                label_en=key.label.en,
                before=key.before.zh,
                before_en=key.before.en,
                after=key.after.zh,
                after_en=key.after.en,
            )
            for key in change.keys
        ),
        text=change.text.zh,
        text_en=change.text.en,
    )


def _hindrance(refused: Rejected, said: Said) -> a.ConfigHindrance:
    ids = {
        name: refused.ids.get(name) for name in ("service", "window", "clerk", "ticket", "booking", "zone")
    }
    return a.ConfigHindrance(code=refused.code.value, text=said.zh, text_en=said.en, **ids)


def _effect(effect: Effect, said: Said) -> a.ConfigEffect:
    return a.ConfigEffect(
        code=effect.code,
        service=effect.service or None,
        clerk=effect.clerk or None,
        count=effect.how_many,
        numbers=effect.numbers,
        text=said.zh,
        text_en=said.en,
    )
