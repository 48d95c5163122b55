"""号票: what becomes of the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.domain.events import decode_batch
from callq.domain.hall import Printer
from tests.harness import BOB, small_hall
from tests.rules.scene import Scene, refused, rule, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.printing import Fault, PrintEnd
    from callq.domain.ticket import Ticket

K1 = Printer(id="k1", name="1 号自助机")
DESK = Printer(id="desk", name="导办台")


@pytest.fixture
def paper() -> Iterator[Printed]:
    """The hall with two printers."""
    scene = Printed(small_hall(printers=(K1, DESK)))
    scene.staff("w1", "c1")
    yield scene
    settle(scene)


class Printed(Scene):
    """A hall with printers, and short names for what their agents say."""

    def issued(self) -> Ticket:
        return self.issue(channel="kiosk", printer="k1")

    def take(self, ticket: Ticket, copy: int = 1, printer: str = "k1") -> None:
        self.do(cmd.TakePrint(ticket=ticket.id, printer=printer, copy=copy))

    def end(self, ticket: Ticket, state: PrintEnd, fault: Fault = "", copy: int = 1) -> None:
        self.do(cmd.EndPrint(ticket=ticket.id, printer="k1", copy=copy, state=state, fault=fault))

    def print_of(self, ticket: Ticket) -> str:
        return self.state.prints[ticket.id].state


@rule("P-issue-first")
def test_the_number_is_there_whatever_the_printer_does(paper: Printed) -> None:
    paper.do(cmd.ReportPrinter(printer="k1", fault="paper_out"))
    ticket = paper.issued()
    assert (ticket.number, paper.print_of(ticket)) == ("A001", "pending")
    paper.end(ticket, "failed", "paper_out")
    assert (ticket.state, paper.print_of(ticket)) == ("waiting", "failed")
    assert paper.call() is ticket


def test_a_printer_that_the_hall_does_not_have_is_refused(paper: Printed) -> None:
    with refused(paper, Code.INVALID) as told:
        paper.issue(printer="k7")
    assert told.value.hint == "one of: k1, desk"


@rule("P-same-number")
def test_a_reprint_is_the_same_number(paper: Printed) -> None:
    ticket = paper.issued()
    paper.end(ticket, "failed", "cover_open")
    paper.do(cmd.Reprint(ticket=ticket.id))
    assert (paper.state.prints[ticket.id].copy, paper.state.prints[ticket.id].printer) == (2, "k1")
    assert paper.queue() == ["A001"]
    assert paper.issue().number == "A002"


@rule("P-reprint-logged")
def test_who_asked_for_a_reprint_is_on_record(paper: Printed) -> None:
    ticket = paper.issue()
    paper.do(cmd.Reprint(ticket=ticket.id, printer="desk"), who=BOB)
    batch = decode_batch(paper.payloads[-1])
    assert (batch.who.id, batch.events[0].copy, paper.state.prints[ticket.id].by) == (BOB.id, 1, BOB.id)


@rule("P-reprint-idle")
def test_not_while_it_is_being_printed_nor_when_it_is_over(paper: Printed) -> None:
    ticket = paper.issued()
    with refused(paper, Code.WRONG_STATE):
        paper.do(cmd.Reprint(ticket=ticket.id))
    for copy in range(1, 10):
        paper.take(ticket, copy)
        paper.end(ticket, "printed", copy=copy)
        if copy < 9:
            paper.do(cmd.Reprint(ticket=ticket.id))
    with refused(paper, Code.LIMIT_REACHED):
        paper.do(cmd.Reprint(ticket=ticket.id))
    other = paper.issue()
    with refused(paper, Code.INVALID):
        paper.do(cmd.Reprint(ticket=other.id))  # Which of the two printers?
    paper.do(cmd.Cancel(ticket=other.id))
    with refused(paper, Code.WRONG_STATE):
        paper.do(cmd.Reprint(ticket=other.id, printer="k1"))


@rule("P-one-agent")
def test_a_print_is_begun_once_and_by_its_own_printer(paper: Printed) -> None:
    ticket = paper.issued()
    with refused(paper, Code.WRONG_STATE):
        paper.take(ticket, printer="desk")
    with refused(paper, Code.WRONG_STATE):
        paper.take(ticket, copy=2)
    with refused(paper, Code.WRONG_STATE):
        paper.end(ticket, "printed")  # Not begun.
    paper.take(ticket)
    with refused(paper, Code.WRONG_STATE):
        paper.take(ticket)
    paper.end(ticket, "printed")
    with refused(paper, Code.WRONG_STATE):
        paper.end(ticket, "failed")


@rule("P-nobody-printed")
def test_without_an_agent_it_fails_and_is_not_printed_late(paper: Printed) -> None:
    ticket = paper.issued()
    paper.later(14)
    paper.tick()
    assert paper.print_of(ticket) == "pending"
    paper.later(1)
    paper.tick()
    assert (paper.print_of(ticket), paper.state.printer_faults) == ("failed", {"k1": "offline"})
    with refused(paper, Code.WRONG_STATE):
        paper.take(ticket)


@rule("P-unknown")
@pytest.mark.parametrize("by_agent", [True, False])
def test_one_that_was_left_in_the_middle_is_unknown(paper: Printed, by_agent: bool) -> None:
    ticket = paper.issued()
    paper.later(14)
    paper.take(ticket)
    if by_agent:
        paper.end(ticket, "unknown")
    else:
        paper.later(40)
        paper.tick()
    assert paper.print_of(ticket) == "unknown"
    paper.do(cmd.Reprint(ticket=ticket.id))
    assert paper.print_of(ticket) == "pending"


@rule("P-found-out")
@pytest.mark.parametrize("state", ["printed", "failed"])
def test_an_unknown_one_may_turn_out(paper: Printed, state: PrintEnd) -> None:
    ticket = paper.issued()
    paper.take(ticket)
    paper.later(41)
    paper.tick()
    paper.end(ticket, state)
    assert paper.print_of(ticket) == state


@rule("P-fault")
def test_a_fault_is_known_until_something_else_is_said(paper: Printed) -> None:
    paper.do(cmd.ReportPrinter(printer="k1", fault="paper_out"))
    assert not paper.do(cmd.ReportPrinter(printer="k1", fault="paper_out")).events
    assert paper.state.printer_faults == {"k1": "paper_out"}
    paper.do(cmd.ReportPrinter(printer="k1"))
    assert paper.state.printer_faults == {}
    first = paper.issued()
    paper.end(first, "failed", "cover_open")
    second = paper.issued()
    assert paper.state.printer_faults == {"k1": "cover_open"}
    paper.take(second)
    assert paper.state.printer_faults == {}


@rule("P-forgotten")
def test_paper_goes_with_its_ticket(paper: Printed) -> None:
    ticket = paper.issued()
    for _ in range(3):
        paper.next_day()
    assert ticket.id not in paper.state.tickets
    assert paper.state.prints == {}
    assert ("print", ticket.id) not in paper.state.due
