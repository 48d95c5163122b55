"""The examples of docs/hall-day.md, executed line by line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.decide import next_deadline_ms
from callq.domain.errors import Rejected
from callq.domain.hall import Booking, Rules
from callq.domain.lanes import LaneKey
from tests.harness import MONDAY_9H, Hall, check_invariants, small_hall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.ticket import Ticket

PAGE = Path(__file__).parents[2] / "docs" / "hall-day.md"
MIDNIGHT = MONDAY_9H - 9 * 3_600_000


class Day:
    """A hall, driven by lines such as ``09:01:30 w1 call_next -> A001 called``."""

    def __init__(self) -> None:
        services = tuple(
            msgspec.structs.replace(s, booking=Booking()) if s.code == "estate" else s
            for s in small_hall().services
        )
        self.hall = Hall(small_hall(services=services, rules=Rules()), now_ms=MIDNIGHT + 4 * 3_600_000)

    def run(self, line: str) -> None:
        """Do a line and hold it to what it expects."""
        told, _, expected = (part.strip() for part in line.partition("->"))
        at, who, act, *words = told.split()
        self._until(at)
        assert self._do(who, act, words) == expected, line

    def _until(self, at: str) -> None:
        hours, minutes, *seconds = (int(part) for part in at.split(":"))
        now_ms = MIDNIGHT + (hours * 3600 + minutes * 60 + (seconds[0] if seconds else 0)) * 1000
        assert now_ms >= self.hall.now_ms, f"{at}: time runs forward"
        self.hall.now_ms = now_ms
        while (due := next_deadline_ms(self.hall.state)) is not None and due <= now_ms:
            if not self.hall.do(cmd.Tick(), who=cmd.SYSTEM).events:
                break

    def _do(self, who: str, act: str, words: list[str]) -> str:
        if act == "is":
            return self._ticket(who).state if who[0].isupper() else self._state_of(who)
        if act == "queue":
            return self._queue(*words)
        try:
            decision = self.hall.do(self._command(who, act, words))
        except Rejected as refusal:
            return f"refused {refusal.code}"
        if decision.booking and not decision.ticket:
            booking = self.hall.state.bookings[decision.booking]
            return f"{booking.id} {booking.state}"
        if decision.ticket:
            ticket = self.hall.state.tickets[decision.ticket]
            return f"{ticket.number} {ticket.state}"
        return self._state_of(decision.window or "")

    def _state_of(self, window: str) -> str:
        if window:
            return self.hall.state.windows[window].state
        return "suspended" if self.hall.state.suspended_since is not None else "running"

    def _queue(self, service: str, cls: str = "ordinary", to: str = "") -> str:
        lane = self.hall.state.lanes.get(LaneKey(service, cls, to))
        return " ".join(self.hall.state.tickets[t].number for t in lane.ids()) if lane else "empty"

    def _ticket(self, number: str) -> Ticket:
        (found,) = (
            t for t in self.hall.state.tickets.values() if t.number == number and t.day == self.hall.state.day
        )
        return found

    def _command(self, who: str, act: str, words: list[str]) -> cmd.AnyCommand:
        """A line's words as a command: names with ``=``, others by what the command needs first."""
        fields: dict[str, object] = {"command": act}
        if who in self.hall.state.windows:
            fields["window"] = who
        elif who[0].isupper():
            fields["ticket"] = self._ticket(who).id
        elif who in self.hall.state.bookings:
            fields["booking"] = who
        for word in words:
            name, _, value = word.partition("=")
            if not value:
                name, value = self._bare(act, fields), name
            fields[name] = self._value(name, value)
        if act in ("issue", "check_in"):
            fields.setdefault("ticket", f"t{self.hall.state.seq + 1}")
            fields["channel"] = who if act == "issue" else "kiosk"
        if act == "book":
            fields["channel"] = who
        return msgspec.convert(fields, type=cmd.AnyCommand)  # type: ignore[no-any-return]

    def _bare(self, act: str, fields: dict[str, object]) -> str:
        orders = {
            "sign_in": ("clerk",),
            "hand_over": ("clerk",),
            "issue": ("service", "cls"),
            "call_ticket": ("ticket", "reason"),
            "resume": ("ticket",),
            "hold": ("kind",),
            "pause": ("reason",),
            "cancel": ("reason",),
            "abandon": ("reason",),
            "grant_class": ("cls", "reason"),
            "rate": ("level",),
            "reassign": ("service",),
            "stop_issuing": ("service", "reason"),
            "start_issuing": ("service",),
            "suspend": ("reason",),
            "close_day": ("reason",),
            "book": ("booking", "service", "slot_ms", "person"),
        }
        return next(name for name in orders[act] if name not in fields)

    def _value(self, name: str, value: str) -> object:
        if name == "ticket":
            return self._ticket(value).id
        if name == "person":
            return {"id_hash": value}
        if name == "slot_ms":
            hours, minutes = value.split(":")
            return MIDNIGHT + (int(hours) * 60 + int(minutes)) * 60_000
        if name == "services":
            return value.split(",")
        return int(value) if value.isdigit() else value == "true" if value in ("true", "false") else value


def examples() -> Iterator[str]:
    """Lines of the fenced examples, in order."""
    for block in re.findall(r"```day\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.splitlines():
            told = line.partition("#")[0].strip()
            if told:
                yield told


def test_the_day_goes_as_the_page_says() -> None:
    day = Day()
    lines = list(examples())
    assert len(lines) > 60
    for line in lines:
        day.run(line)
        check_invariants(day.hall.state)


@pytest.mark.parametrize("line", ["04:00 w1 open -> closed", "04:00 w1 call_next -> A001 called"])
def test_a_line_that_is_not_so_fails(line: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(line)):
        Day().run(line)
