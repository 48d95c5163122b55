"""The route table: the one place that says which requests exist.

It registers the handlers and generates the OpenAPI document, so the two cannot drift apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from callq.domain.errors import Code
from callq.web import answers, bodies
from callq.web.minting import mint
from callq.web.roles import Permission
from callq.wire import messages as m

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from callq.web.api import Api, Call

KIB: Final = 1024
MAX_BODY: Final = 64 * KIB
MAX_CONFIG: Final = 1024 * KIB
"""The largest halls have hundreds of windows and clerks."""


class Asked(NamedTuple):
    """A request that has been read and found well-formed."""

    call: Call
    path: dict[str, str]
    query: Any
    body: Any


class Route(NamedTuple):
    """One kind of request.

    Attributes:
      name: operation id.
      method: HTTP method.
      path: template with ``{hall}``, ``{window}``, ``{ticket}``.
      summary: one line for the document.
      permission: what the token's role needs.
      handle: does it.
      answer: struct of a success.
      status: of a success.
      body: struct or union that is sent; None: nothing is.
      query: struct of the query.
      codes: refusals beyond those that every request can meet.
      max_body: largest body, bytes.
    """

    name: str
    method: Literal["GET", "POST"]
    path: str
    summary: str
    permission: Permission
    handle: Callable[[Api, Asked], Awaitable[object]]
    answer: Any
    status: int = 200
    body: Any = None
    query: Any = bodies.NoQuery
    codes: tuple[Code, ...] = ()
    max_body: int = MAX_BODY

    @property
    def all_codes(self) -> tuple[Code, ...]:
        """Every refusal that this request can meet."""
        found = [Code.INVALID, Code.UNAUTHORISED, Code.FORBIDDEN, Code.INTERNAL, Code.STORE_UNAVAILABLE]
        found += self.codes
        if "{hall}" in self.path:
            found.append(Code.UNKNOWN_HALL)
        if "{window}" in self.path:
            found.append(Code.UNKNOWN_WINDOW)
        if "{ticket}" in self.path:
            found.append(Code.UNKNOWN_TICKET)
        if self.body is not None:
            found += [Code.PAYLOAD_TOO_LARGE, Code.IDEMPOTENCY_CONFLICT]
        return tuple(sorted(set(found)))


async def _window_command(api: Api, asked: Asked) -> m.WindowAnswer:
    window = asked.path["window"]
    return await api.window_command(asked.call, window, asked.body)


HALL: Final = "/v1/halls/{hall}"

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "listHalls",
        "GET",
        "/v1/halls",
        "The halls that this token may see",
        Permission.READ_HALL,
        lambda api, asked: api.halls(asked.call),
        m.HallList,
    ),
    Route(
        "getHall",
        "GET",
        HALL,
        "A hall's configuration in force; clerks for staff only",
        Permission.READ_HALL,
        lambda api, asked: api.hall(asked.call),
        m.HallInfo,
    ),
    Route(
        "issueTicket",
        "POST",
        f"{HALL}/tickets",
        "取号: take a ticket; the answer's link `citizen` holds the ticket's key",
        Permission.ISSUE,
        lambda api, asked: api.issue(asked.call, asked.body),
        m.TicketAnswer,
        status=201,
        body=bodies.IssueBody,
        codes=(Code.UNKNOWN_SERVICE, Code.DUPLICATE_TICKET, Code.UNKNOWN_TICKET),
    ),
    Route(
        "listTickets",
        "GET",
        f"{HALL}/tickets",
        "Tickets of today, oldest first",
        Permission.LIST_TICKETS,
        lambda api, asked: api.tickets(asked.call, asked.query),
        m.TicketPage,
        query=bodies.TicketsQuery,
    ),
    Route(
        "getTicket",
        "GET",
        f"{HALL}/tickets/{{ticket}}",
        "One ticket",
        Permission.READ_TICKET,
        lambda api, asked: api.ticket(asked.call, asked.path["ticket"]),
        m.TicketAnswer,
    ),
    Route(
        "commandTicket",
        "POST",
        f"{HALL}/tickets/{{ticket}}/commands",
        "A command to a ticket",
        Permission.CANCEL_TICKET,
        lambda api, asked: api.ticket_command(asked.call, asked.path["ticket"], asked.body),
        m.TicketAnswer,
        body=bodies.TicketCommandBody,
        codes=(Code.WRONG_STATE,),
    ),
    Route(
        "getWindow",
        "GET",
        f"{HALL}/windows/{{window}}",
        "One window and the ticket at it",
        Permission.READ_WINDOW,
        lambda api, asked: api.window(asked.call, asked.path["window"]),
        m.WindowAnswer,
    ),
    Route(
        "commandWindow",
        "POST",
        f"{HALL}/windows/{{window}}/commands",
        "A command to a window; `call_next` with nothing waiting answers a null ticket",
        Permission.COMMAND_WINDOW,
        _window_command,
        m.WindowAnswer,
        body=bodies.WindowCommandBody,
        codes=(
            Code.UNKNOWN_CLERK,
            Code.WRONG_STATE,
            Code.WINDOW_CLOSED,
            Code.WINDOW_UNSTAFFED,
            Code.WINDOW_PAUSED,
            Code.WINDOW_BUSY,
            Code.WINDOW_OCCUPIED,
            Code.CLERK_BUSY,
            Code.NOT_ELIGIBLE,
            Code.TOO_SOON,
            Code.LIMIT_REACHED,
        ),
    ),
    Route(
        "commandHall",
        "POST",
        f"{HALL}/commands",
        "A command to the hall",
        Permission.CONFIGURE,
        lambda api, asked: api.hall_command(asked.call, asked.body),
        m.RevisionAnswer,
        body=bodies.HallCommandBody,
        codes=(Code.WRONG_STATE, Code.WINDOW_BUSY, Code.CLERK_BUSY),
        max_body=MAX_CONFIG,
    ),
    Route(
        "getBoard",
        "GET",
        f"{HALL}/board",
        "The screen of a zone, or of the whole hall; drop missed numbers by their `at_ms` as time passes",
        Permission.READ_BOARD,
        lambda api, asked: api.board(asked.call, asked.query),
        answers.BoardAnswer,
        query=bodies.BoardQuery,
    ),
    Route(
        "getFloor",
        "GET",
        f"{HALL}/floor",
        "Every window, clerk and queue",
        Permission.READ_FLOOR,
        lambda api, asked: api.floor(asked.call),
        answers.FloorAnswer,
    ),
    Route(
        "listEvents",
        "GET",
        f"{HALL}/events",
        "Recorded changes, oldest first; persons for administrators only",
        Permission.READ_EVENTS,
        lambda api, asked: api.events(asked.call, asked.query),
        m.EventPage,
        query=bodies.EventsQuery,
        codes=(Code.TRIMMED,),
    ),
    Route(
        "createToken",
        "POST",
        "/v1/tokens",
        "Make a token; its secret is shown once",
        Permission.CREATE_TOKEN,
        lambda api, asked: mint(api, asked.call, asked.body),
        answers.TokenAnswer,
        status=201,
        body=bodies.TokenBody,
        codes=(Code.UNKNOWN_HALL, Code.UNKNOWN_WINDOW, Code.UNKNOWN_CLERK),
    ),
)
"""Every request of the API. `/metrics`, the health checks, the document itself and pages are apart."""
