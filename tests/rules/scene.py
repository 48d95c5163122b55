"""What scenes are told with: a hall with short verbs, and the mark that ties a test to its rule."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.decide import next_deadline_ms
from callq.domain.errors import Code, Rejected
from callq.domain.hall import Booking, HallConfig, Rules
from callq.domain.lanes import LaneKey
from callq.domain.state import canonical
from tests.harness import Hall, check_invariants, small_hall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from callq.domain.ticket import Ticket

F = TypeVar("F", bound="Callable[..., object]")

MIN = 60
HOUR = 3600

ANN = cmd.Person(id_hash="ann", phone_hash="ann-phone")
BOB = cmd.Person(id_hash="bob")


def rule(*ids: str) -> Callable[[F], F]:
    """Say which rules of docs/rules.md a test is the transcript of."""

    def mark(test: F) -> F:
        test.rules = ids  # type: ignore[attr-defined]
        return test

    return mark


class Scene(Hall):
    """A hall whose staff have short names for what they do."""

    def call(self, window: str = "w1", ticket: Ticket | None = None, reason: str = "有急事") -> Ticket | None:
        """Call the next one, or this one out of turn."""
        command = (
            cmd.CallTicket(window=window, ticket=ticket.id, reason=reason)
            if ticket
            else cmd.CallNext(window=window)
        )
        called = self.do(command).ticket
        return self.state.tickets[called] if called else None

    def serve(self, window: str = "w1") -> Ticket:
        """Call and start."""
        called = self.call(window)
        assert called is not None
        self.do(cmd.Start(window=window))
        return called

    def complete(self, window: str = "w1") -> None:
        """Finish the service."""
        self.do(cmd.Complete(window=window))

    def miss(self, window: str = "w1") -> None:
        """Call once more and give up."""
        self.later(10)
        self.do(cmd.Recall(window=window))
        self.do(cmd.Miss(window=window))

    def hold(self, kind: cmd.HoldKind, window: str = "w1") -> Ticket:
        """Call, start and put aside."""
        ticket = self.serve(window)
        self.do(cmd.Hold(window=window, kind=kind))
        return ticket

    def tick(self) -> None:
        """Let time do what is due, as often as something is."""
        while (due := next_deadline_ms(self.state)) is not None and due <= self.now_ms:
            if not self.do(cmd.Tick(), who=cmd.SYSTEM).events:
                break

    def next_day(self) -> None:
        """Until the next business day has begun."""
        self.now_ms = self.state.day_ends_ms
        self.tick()

    def queue(self, service: str = "general", cls: str = "ordinary", to: str = "") -> list[str]:
        """Numbers in a lane, first first."""
        lane = self.state.lanes.get(LaneKey(service, cls, to))
        return [self.state.tickets[t].number for t in lane.ids()] if lane else []

    @property
    def at_w1(self) -> Ticket | None:
        """Who stands at window w1."""
        return self.state.windows["w1"].ticket


@pytest.fixture
def hall() -> Iterator[Scene]:
    """Window w1 open with a clerk of every skill; at the end every invariant holds and a replay agrees."""
    scene = Scene()
    scene.staff("w1", "c1")
    yield scene
    settle(scene)


def settle(scene: Scene) -> None:
    """Hold a scene to the invariants, and to what its stored bytes say."""
    check_invariants(scene.state)
    assert canonical(scene.replayed()) == canonical(scene.state)


def with_rules(**rules: object) -> Scene:
    """The same hall under other rules."""
    scene = Scene(small_hall(rules=Rules(**rules)))  # type: ignore[arg-type]
    scene.staff("w1", "c1")
    return scene


def changed(config: HallConfig, service: str, **fields: object) -> HallConfig:
    """A configuration with one service changed."""
    services = tuple(
        msgspec.structs.replace(s, **fields) if s.code == service else s for s in config.services
    )
    return msgspec.structs.replace(config, services=services)


def with_service(service: str = "general", **fields: object) -> Scene:
    """The same hall with one service changed."""
    scene = Scene(changed(small_hall(), service, **fields))
    scene.staff("w1", "c1")
    return scene


def bookable(**terms: object) -> Scene:
    """The hall with slots of an hour for its general service."""
    return with_service(booking=Booking(**terms))  # type: ignore[arg-type]


@contextmanager
def refused(scene: Hall, code: Code) -> Iterator[pytest.ExceptionInfo[Rejected]]:
    """What is done inside is refused with the code, has a hint, and changes nothing."""
    before = canonical(scene.state)
    with pytest.raises(Rejected) as caught:
        yield caught
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    assert canonical(scene.state) == before
