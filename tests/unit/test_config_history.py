"""Versions of a configuration: each can be got back exactly, over restarts too, and old ones make room."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from callq.domain import commands as cmd
from callq.domain import history
from callq.domain.errors import Code, Rejected
from callq.domain.hall import Clerk, HallConfig, Rules, Service, WindowConfig, digest
from callq.domain.history import kept, versions
from callq.domain.snapshot import decode_state, encode_state
from tests.harness import Hall, small_hall

WHO = cmd.Actor(role="supervisor", id="tk_1", name="王主任")


def digests(hall: Hall) -> list[str]:
    """Of every version as it is got back, the newest first."""
    found = versions(hall.state.config, kept(hall.state))
    return [digest(msgspec.convert(data, HallConfig)) for _, data in found]


def test_a_version_says_who_put_it_in_force_when_and_why() -> None:
    hall = Hall()
    first = hall.state.digest
    hall.do(cmd.Configure(config=small_hall(name="新"), reason="改名"), who=WHO)
    before, now = kept(hall.state)
    assert (before.digest, before.revision, before.at_ms) == (first, 1, hall.now_ms)
    assert (now.digest, now.reason, now.role, now.who, now.name) == (
        hall.state.digest,
        "改名",
        "supervisor",
        "tk_1",
        "王主任",
    )
    assert (now.revision, now.at_ms) == (hall.state.revision, hall.now_ms)


def test_a_hall_below_the_schema_keeps_none_and_later_knows_what_was_in_force() -> None:
    hall = Hall(level=3)
    hall.do(cmd.Configure(config=small_hall(name="新")))
    assert hall.state.config_history == ()
    assert [(one.revision, one.digest) for one in kept(hall.state)] == [(0, hall.state.digest)]
    hall.do(cmd.RaiseLevel(level=4))
    hall.do(cmd.Configure(config=small_hall(name="又新"), reason="再改"))
    assert digests(hall) == [hall.state.digest, digest(small_hall(name="新"))]


ROWS = st.lists(st.integers(0, 4), unique=True, max_size=5)
CONFIGS = st.builds(
    lambda services, windows, clerks, level, calls, name: HallConfig(
        id="test",
        name=name,
        zones=small_hall().zones,
        services=tuple(Service(code=f"s{n}", name=f"{name}{n}", prefix="ABCDE"[n]) for n in services),
        windows=tuple(WindowConfig(id=f"w{n}", label=str(n), zone="hall") for n in windows),
        clerks=tuple(Clerk(id=f"c{n}", name="某", skills={"s1": level}) for n in clerks),
        rules=Rules(max_calls=calls),
    ),
    *(ROWS, ROWS, ROWS, st.integers(1, 3), st.integers(3, 5), st.sampled_from(["甲", "乙"])),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(CONFIGS, min_size=1, max_size=8))
def test_every_version_is_got_back_exactly(configs: list[HallConfig]) -> None:
    state = Hall().state
    wanted = [state.digest]
    for config in configs:
        mine = digest(config)
        state.config_history = history.recorded(state, config, mine, 1, WHO, "")
        state.config, state.digest = config, mine
        state.revision += 1
        wanted.insert(0, mine)
    found = versions(state.config, kept(state))
    assert [digest(msgspec.convert(data, HallConfig)) for _, data in found] == wanted
    again = decode_state(encode_state(state))
    assert kept(again) == kept(state)


def test_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST", 4)
    hall = Hall()
    for n in range(6):
        hall.do(cmd.Configure(config=small_hall(name=f"名{n}")))
    assert len(kept(hall.state)) == 4
    assert kept(hall.state)[0].before == b"", "what led to one that is gone is of no use"
    assert digests(hall) == [digest(small_hall(name=f"名{n}")) for n in (5, 4, 3, 2)]
    monkeypatch.setattr(history, "MOST_BYTES", 1)
    hall.do(cmd.Configure(config=small_hall(name="短")))
    assert len(kept(hall.state)) == 2


def test_a_configuration_for_another_than_the_one_in_force_is_refused() -> None:
    hall = Hall()
    seen = hall.state.digest
    hall.do(cmd.Configure(config=small_hall(name="甲"), if_digest=seen))
    before = hall.state.revision
    with pytest.raises(Rejected) as refused:
        hall.do(cmd.Configure(config=small_hall(name="乙"), if_digest=seen))
    assert (refused.value.code, refused.value.state) == (Code.WRONG_STATE, "changed")
    assert refused.value.extra["digest"] == hall.state.digest
    assert hall.state.revision == before
    assert hall.do(cmd.Configure(config=small_hall(name="甲"), if_digest=seen)).events == (), "it is in force"


def test_putting_an_earlier_one_in_force_gives_its_digest() -> None:
    hall = Hall()
    first = hall.state.digest
    clerks = small_hall().clerks
    hall.do(cmd.Configure(config=small_hall(clerks=(replace(clerks[0], skills={"general": 3}), *clerks[1:]))))
    _, (_, data) = versions(hall.state.config, kept(hall.state))
    hall.do(cmd.Configure(config=msgspec.convert(data, HallConfig)))
    assert hall.state.digest == first
    assert digests(hall) == [first, kept(hall.state)[1].digest, first]
