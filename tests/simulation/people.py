"""People at a simulated hall: citizens, clerks and a supervisor, who insist on an answer.

Whoever gets no answer asks again, at this node or another, with the same key; what was answered is a
fact that the hall must stand by (`Answered`). Everyone draws from the run's one source of chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import trio

from callq.domain import commands as cmd
from callq.domain.errors import Rejected, StoreUnavailable
from callq.domain.ticket import TicketState

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain.state import HallState
    from callq.runtime.actor import Outcome
    from tests.simulation.nodes import SimNode
    from tests.simulation.run import Run

SERVICES = ("general", "social", "estate")
SEATS = (("w1", "c1"), ("w2", "c2"), ("w3", "c4"))


class Answered(NamedTuple):
    """What a person was told about a command, and how it must be found again."""

    who: str
    key: str | None
    """None: it had none, and is known by its ticket."""
    revision: int
    ticket: str | None
    number: str | None
    day: str
    """Business day of the ticket."""
    window: str | None
    wrote: bool
    """False: nothing was to be done."""
    node: str
    at_s: float


class Person:
    """Somebody who asks things of the hall, one at a time."""

    def __init__(self, run: Run, name: str, role: str) -> None:
        self.run = run
        self.name = name
        self.who = cmd.Actor(role=role, id=name)
        self.node: SimNode = run.world.rng.choice(run.nodes)
        self._asked = 0

    async def pause(self, least_s: float, most_s: float) -> None:
        """Do something else."""
        await trio.sleep(self.run.world.rng.uniform(least_s, most_s))

    def mint(self) -> str:
        """A new ticket id, as the door that is asked mints it."""
        return f"t{self.run.world.rng.getrandbits(48):012x}"

    async def ask(self, make: Callable[[], cmd.AnyCommand]) -> Answered | Rejected:
        """Ask until there is an answer.

        Args:
          make: the command, made anew for each attempt as a door does.
        """
        self._asked += 1
        key = f"{self.name}-{self._asked}"
        attempts = 0

        async def attempt(node: SimNode) -> Answered | Rejected:
            nonlocal attempts
            attempts += 1
            answer = await self._command(node, make(), key)
            if isinstance(answer, Rejected) and attempts == 1:
                # Of several attempts an earlier one may still be on its way when a later one is refused.
                self.run.refused.append((self.name, key, None))
            return answer

        return await self._insist(key, attempt)  # type: ignore[no-any-return]

    async def try_once(self, command: cmd.Issue) -> Answered | Rejected | None:
        """Ask without a key: whoever gets no answer must not ask again."""
        try:
            with self.node.attached():
                answer = await self._command(self.node, command, None)
                if isinstance(answer, Rejected):
                    self.run.refused.append((self.name, None, command.ticket))
                return answer
        except StoreUnavailable as error:
            self.run.world.note(self.name, f"once at {self.node.name}: {error}")
        return None

    async def look(self, look: Callable[[HallState], Any]) -> Any:
        """Read the newest state, at whichever node answers."""

        async def read(node: SimNode) -> Any:
            floor, rewinds = self.run.floor(node), self.run.model.rewinds
            seen, found = await node.actor.read(lambda state, now: (state.revision, look(state)))
            self.run.check_seen(self.name, node, seen, floor, rewinds, "a look")
            return found

        return await self._insist("look", read)

    async def _command(self, node: SimNode, command: cmd.AnyCommand, key: str | None) -> Answered | Rejected:
        def render(state: HallState, outcome: Outcome, now_ms: int) -> tuple[Answered, int]:
            ticket = state.tickets.get(outcome.ticket or "")
            answer = Answered(
                self.name,
                key,
                outcome.revision,
                outcome.ticket,
                ticket.number if ticket else None,
                ticket.day if ticket else "",
                outcome.window,
                # A command that wrote nothing leaves no key behind.
                key is None or state.remembered(self.name, key) is not None,
                node.name,
                0.0,
            )
            return answer, state.revision

        what = f"{command.__struct_config__.tag} {key or '(no key)'} at {node.name}:"
        floor, rewinds = self.run.floor(node), self.run.model.rewinds
        try:
            answer, seen = await node.actor.command(
                command, who=self.who, key=key, body=b"b" * 16 if key else b"", render=render
            )
        except Rejected as refusal:
            self.run.world.note(self.name, f"{what} refused", refusal.code, refusal.revision)
            self.run.check_seen(
                self.name, node, refusal.revision or 0, floor, rewinds, f"refusal {refusal.code}"
            )
            return refusal
        answer = answer._replace(at_s=self.run.world.now_s)
        self.run.world.note(self.name, what, answer.revision, answer.ticket, answer.number)
        self.run.check_seen(self.name, node, seen, floor, rewinds, "an answer")
        self.run.told.append(answer)
        return answer

    async def _insist(self, key: str, attempt: Callable[[SimNode], Any]) -> Any:
        rng = self.run.world.rng
        while True:
            node = self.node
            patience_s = rng.uniform(0.0005, 0.05) if rng.random() < self.run.impatience else 60.0
            try:
                with node.attached() as scope, trio.move_on_after(patience_s):
                    return await attempt(node)
                self.run.world.note(
                    self.name, f"{key} at {node.name}:", "cut off" if scope.cancelled_caught else "hangs up"
                )
            except StoreUnavailable as error:
                self.run.world.note(self.name, f"{key} at {node.name}: {error}")
                await self.pause(0.05, 1.5)
            if rng.random() < 0.6:
                self.node = rng.choice(self.run.nodes)


class Citizen(Person):
    """Takes numbers, looks at them elsewhere, gives some up, comes back for others."""

    async def live(self, visits: int) -> None:
        """Come so many times."""
        rng = self.run.world.rng
        for _ in range(visits):
            if self.run.closing:
                return
            await self.pause(0, rng.choice((0.01, 0.2, 2)))
            service = rng.choice(SERVICES)
            if rng.random() < 0.2:
                answer = await self.try_once(cmd.Issue(ticket=self.mint(), service=service))
            else:
                answer = await self.ask(lambda code=service: cmd.Issue(ticket=self.mint(), service=code))
            if not isinstance(answer, Answered) or answer.ticket is None:
                continue
            if rng.random() < 0.7:
                await self._look_at(answer)
            if rng.random() < 0.25:
                await self.pause(0, 2)
                await self.ask(lambda t=answer.ticket: cmd.Cancel(ticket=t))
            elif rng.random() < 0.4:
                await self.pause(0.5, 3)
                await self.ask(lambda t=answer.ticket: cmd.Rejoin(ticket=t))

    async def _look_at(self, answer: Answered) -> None:
        """What was answered can be seen at every node."""
        self.node = self.run.world.rng.choice(self.run.nodes)
        day, there = await self.look(lambda state: (state.day, answer.ticket in state.tickets))
        if not there:
            self.run.not_found(answer, day)


class ClerkAtWindow(Person):
    """Works through the queue of one window."""

    def __init__(self, run: Run, seat: tuple[str, str]) -> None:
        super().__init__(run, seat[1], "clerk")
        self.window, self.clerk = seat

    async def live(self, acts: int) -> None:
        """Do so many things."""
        rng = self.run.world.rng
        for _ in range(acts):
            if self.run.closing:
                return
            await self.pause(0, rng.choice((0.01, 0.2, 2)))
            staffed, is_open, paused, ticket = await self.look(self._see)
            if not staffed:
                await self.ask(lambda: cmd.SignIn(window=self.window, clerk=self.clerk))
            elif not is_open:
                await self.ask(lambda: cmd.Open(window=self.window))
            elif paused:
                await self.ask(lambda: cmd.Unpause(window=self.window))
            else:
                kind, fields = self._choose(ticket)
                await self.ask(lambda kind=kind, fields=fields: kind(window=self.window, **fields))

    def _see(self, state: HallState) -> tuple[bool, bool, bool, str]:
        window = state.windows[self.window]
        at = window.ticket.state if window.ticket else ""
        return window.clerk is not None, window.open, window.state == "paused", at

    def _choose(self, ticket: str) -> tuple[type[Any], dict[str, str]]:
        rng = self.run.world.rng
        if rng.random() < 0.06:
            return rng.choice((cmd.Undo, cmd.Pause, cmd.Close, cmd.Complete, cmd.Recall)), {}
        if ticket == TicketState.CALLED:
            return rng.choice((cmd.Start, cmd.Start, cmd.Start, cmd.Recall, cmd.Miss, cmd.Miss)), {}
        if ticket == TicketState.SERVING:
            if rng.random() < 0.15:
                return cmd.Hold, {"kind": "without_papers"}
            return cmd.Complete, {}
        return cmd.CallNext, {}


class Supervisor(Person):
    """Interferes."""

    async def live(self, acts: int) -> None:
        """Do so many things."""
        rng = self.run.world.rng
        for _ in range(acts):
            if self.run.closing:
                return
            await self.pause(0.1, 3)
            tickets = await self.look(lambda state: sorted(t for t in state.tickets))
            await self._interfere(rng.randrange(6), rng.choice(tickets) if tickets else "t0")

    async def _interfere(self, how: int, ticket: str) -> None:
        if how == 0:
            await self.ask(cmd.Suspend)
            await self.pause(0, 2)
            await self.ask(cmd.ResumeHall)
        elif how == 1:
            await self.ask(lambda: cmd.StopIssuing(service="social", reason="down"))
            await self.pause(0, 2)
            await self.ask(lambda: cmd.StartIssuing(service="social"))
        elif how == 2:
            await self.ask(lambda: cmd.CallTicket(window="w1", ticket=ticket, reason="asked"))
        elif how == 3:
            await self.ask(lambda: cmd.Transfer(ticket=ticket, to_service="general"))
        elif how == 4:
            await self.ask(lambda: cmd.GrantClass(ticket=ticket, cls="priority"))
        else:
            await self.ask(lambda: cmd.AbandonTicket(ticket=ticket))


def crowd(run: Run) -> list[Callable[[], Any]]:
    """Everyone who comes to a run."""
    rng, plan = run.world.rng, run.plan
    people: list[Callable[[], Any]] = []
    for n in range(plan.citizens):
        person, visits = Citizen(run, f"person{n}", "citizen"), rng.randint(2, 8)
        people.append(lambda person=person, visits=visits: person.live(visits))
    for seat in SEATS[: rng.randint(1, 3)]:
        clerk, acts = ClerkAtWindow(run, seat), rng.randint(4, 14)
        people.append(lambda clerk=clerk, acts=acts: clerk.live(acts))
    boss, acts = Supervisor(run, "boss", "supervisor"), rng.randint(0, 2)
    people.append(lambda: boss.live(acts))
    return people
