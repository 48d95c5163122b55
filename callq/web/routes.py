"""The route table: the one place that says which requests exist.

It registers the handlers and generates the OpenAPI document, so the two cannot drift apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from callq.domain.errors import Code
from callq.web import (
    announcer,
    answers,
    bodies,
    booking,
    config_answers,
    desk,
    devices,
    editor,
    guide,
    printing,
    queries,
    ratings,
)
from callq.web.minting import mint
from callq.web.roles import Permission
from callq.web.window_bodies import WindowCommandBody
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
      answer: struct of a success; None: `handle` answers `Content`.
      status: of a success.
      body: struct or union that is sent; None: nothing is.
      parts: structs within the body that are read one by one.
      query: struct of the query.
      codes: refusals beyond those that every request can meet.
      max_body: largest body, bytes.
      kind: content type of a success.
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
    parts: tuple[Any, ...] = ()
    query: Any = queries.NoQuery
    codes: tuple[Code, ...] = ()
    max_body: int = MAX_BODY
    kind: str = "application/json"

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
        if "{booking}" in self.path:
            found.append(Code.UNKNOWN_BOOKING)
        if self.body is not None:
            found += [Code.PAYLOAD_TOO_LARGE, Code.IDEMPOTENCY_CONFLICT]
        return tuple(sorted(set(found)))


async def _ticket_command(api: Api, asked: Asked) -> m.TicketAnswer:
    ticket = asked.path["ticket"]
    return await api.ticket_command(asked.call, ticket, asked.body)


async def _window_command(api: Api, asked: Asked) -> m.WindowAnswer:
    window = asked.path["window"]
    return await api.window_command(asked.call, window, asked.body)


HALL: Final = "/v1/halls/{hall}"

_ISSUING: Final = (
    Code.UNKNOWN_SERVICE,
    Code.DUPLICATE_TICKET,
    Code.HALL_SUSPENDED,
    Code.SERVICE_CLOSED,
    Code.OUTSIDE_SESSION,
    Code.QUOTA_EXHAUSTED,
    Code.PRECHECK_NEEDED,
)
"""How a new ticket, or one for another service, can be refused."""

_BOOKING: Final = (
    Code.UNKNOWN_SERVICE,
    Code.SERVICE_CLOSED,
    Code.OUTSIDE_SESSION,
    Code.QUOTA_EXHAUSTED,
    Code.DUPLICATE_TICKET,
    Code.LIMIT_REACHED,
)
"""How a new booking can be refused."""

_TRANSFERRING: Final = (
    Code.UNKNOWN_CLERK,
    Code.WRONG_STATE,
    Code.WINDOW_CLOSED,
    Code.WINDOW_UNSTAFFED,
    Code.NOT_ELIGIBLE,
)
"""How a transfer can be refused, beyond its target's being unknown."""

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
        codes=(
            *_ISSUING,
            Code.UNKNOWN_ITEM,
            Code.UNKNOWN_CLERK,
            Code.UNKNOWN_TICKET,
            Code.EXPIRED,
            Code.NOT_ELIGIBLE,
            Code.LIMIT_REACHED,
        ),
    ),
    Route(
        "listItems",
        "GET",
        f"{HALL}/items",
        "事项: matters of the hall, in the order of its file",
        Permission.READ_HALL,
        lambda api, asked: guide.items(api, asked.call, asked.query),
        m.ItemPage,
        query=queries.ItemsQuery,
    ),
    Route(
        "route",
        "POST",
        f"{HALL}/route",
        "智能导办: where somebody can go, best first; with `commit` the best ticket or booking at once",
        Permission.ROUTE,
        lambda api, asked: guide.ask(api, asked.call, asked.body),
        m.RouteDecision | guide.RouteBatch,
        body=bodies.RouteBody,
        parts=(bodies.RouteRequest,),
        codes=(*_ISSUING, *_BOOKING, Code.UNKNOWN_ITEM),
    ),
    Route(
        "commitDecision",
        "POST",
        f"{HALL}/route/{{decision}}/commit",
        "Issue the ticket or booking of an option, once; the answer's link `citizen` holds the ticket's key",
        Permission.ROUTE,
        lambda api, asked: guide.commit(api, asked.call, asked.path["decision"], asked.body),
        m.RouteCommit,
        status=201,
        body=bodies.CommitBody,
        codes=(*_ISSUING, *_BOOKING, Code.UNKNOWN_ITEM, Code.EXPIRED),
    ),
    Route(
        "listTickets",
        "GET",
        f"{HALL}/tickets",
        "Tickets of today, oldest first",
        Permission.LIST_TICKETS,
        lambda api, asked: api.tickets(asked.call, asked.query),
        m.TicketPage,
        query=queries.TicketsQuery,
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
        "getTicketWhy",
        "GET",
        f"{HALL}/tickets/{{ticket}}/why",
        "Why a ticket was called: the queues that were compared, and a sentence",
        Permission.READ_TICKET,
        lambda api, asked: api.why(asked.call, asked.path["ticket"]),
        m.WhyAnswer,
    ),
    Route(
        "commandTicket",
        "POST",
        f"{HALL}/tickets/{{ticket}}/commands",
        "A command to a ticket; some are for staff, `rate` is for rating devices and the citizen's key",
        Permission.COMMAND_TICKET,
        _ticket_command,
        m.TicketAnswer,
        body=bodies.TicketCommandBody,
        codes=(
            *_ISSUING,
            *_TRANSFERRING,
            Code.UNKNOWN_WINDOW,
            Code.LIMIT_REACHED,
            Code.EXPIRED,
        ),
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
        body=WindowCommandBody,
        codes=(
            *_TRANSFERRING,
            Code.UNKNOWN_TICKET,
            Code.UNKNOWN_SERVICE,
            Code.SERVICE_CLOSED,
            Code.HALL_SUSPENDED,
            Code.WINDOW_PAUSED,
            Code.WINDOW_BUSY,
            Code.WINDOW_OCCUPIED,
            Code.CLERK_BUSY,
            Code.RESOURCE_BUSY,
            Code.TOO_SOON,
            Code.LIMIT_REACHED,
            Code.EXPIRED,
        ),
    ),
    Route(
        "commandHall",
        "POST",
        f"{HALL}/commands",
        "A command to the hall",
        Permission.COMMAND_HALL,
        lambda api, asked: api.hall_command(asked.call, asked.body),
        m.RevisionAnswer,
        body=bodies.HallCommandBody,
        codes=(
            Code.UNKNOWN_SERVICE,
            Code.UNKNOWN_CLERK,
            Code.UNKNOWN_DEVICE,
            Code.UNKNOWN_CASE,
            Code.CASE_TAKEN,
            Code.LIMIT_REACHED,
            Code.WRONG_STATE,
            Code.WINDOW_BUSY,
            Code.CLERK_BUSY,
            Code.EXPIRED,
        ),
        max_body=MAX_CONFIG,
    ),
    Route(
        "getConfig",
        "GET",
        f"{HALL}/config",
        "The whole configuration in force",
        Permission.READ_CONFIG,
        lambda api, asked: editor.in_force(api, asked.call),
        config_answers.ConfigAnswer,
    ),
    Route(
        "getConfigFields",
        "GET",
        f"{HALL}/config/fields",
        "What a configuration may hold: tables and keys with words, units, ranges and choices",
        Permission.READ_CONFIG,
        lambda api, asked: editor.fields(api, asked.call),
        config_answers.ConfigFields,
    ),
    Route(
        "checkConfig",
        "POST",
        f"{HALL}/config/check",
        "What is wrong with a configuration, what it changes, and what it would do now; changes nothing",
        Permission.CONFIGURE,
        lambda api, asked: editor.check(api, asked.call, asked.body),
        config_answers.ConfigCheck,
        body=bodies.ConfigCheckBody,
        max_body=MAX_CONFIG,
    ),
    Route(
        "listConfigVersions",
        "GET",
        f"{HALL}/config/history",
        "Configurations that were in force, the newest first: who, when, why, and what changed",
        Permission.READ_CONFIG,
        lambda api, asked: editor.history(api, asked.call),
        config_answers.ConfigHistory,
    ),
    Route(
        "getConfigVersion",
        "GET",
        f"{HALL}/config/history/{{version}}",
        "One of them whole, with what it would change if it came into force again",
        Permission.READ_CONFIG,
        lambda api, asked: editor.version(api, asked.call, asked.path["version"]),
        config_answers.ConfigVersionAnswer,
        codes=(Code.NOT_FOUND,),
    ),
    Route(
        "listSlots",
        "GET",
        f"{HALL}/slots",
        "Slots of a service that can be booked, with the places left",
        Permission.READ_HALL,
        lambda api, asked: booking.slots(api, asked.call, asked.query),
        m.Slots,
        query=queries.SlotsQuery,
        codes=(Code.UNKNOWN_SERVICE, Code.SERVICE_CLOSED),
    ),
    Route(
        "book",
        "POST",
        f"{HALL}/bookings",
        "预约: reserve a place in a slot",
        Permission.BOOK,
        lambda api, asked: booking.book(api, asked.call, asked.body),
        m.BookingAnswer,
        status=201,
        body=bodies.BookBody,
        codes=(
            Code.UNKNOWN_SERVICE,
            Code.UNKNOWN_BOOKING,
            Code.SERVICE_CLOSED,
            Code.OUTSIDE_SESSION,
            Code.QUOTA_EXHAUSTED,
            Code.DUPLICATE_TICKET,
            Code.LIMIT_REACHED,
            Code.WRONG_STATE,
        ),
    ),
    Route(
        "listBookings",
        "GET",
        f"{HALL}/bookings",
        "Bookings, earliest slot first",
        Permission.LIST_BOOKINGS,
        lambda api, asked: booking.listed(api, asked.call, asked.query),
        m.BookingPage,
        query=queries.BookingsQuery,
    ),
    Route(
        "findBookings",
        "POST",
        f"{HALL}/find/bookings",
        "A person's bookings, by identity card or telephone; changes nothing",
        Permission.READ_BOOKING,
        lambda api, asked: booking.find(api, asked.call, asked.body),
        m.BookingPage,
        body=bodies.FindBookingsBody,
    ),
    Route(
        "getBooking",
        "GET",
        f"{HALL}/bookings/{{booking}}",
        "One booking, and its ticket after the check-in",
        Permission.READ_BOOKING,
        lambda api, asked: booking.one(api, asked.call, asked.path["booking"]),
        m.BookingAnswer,
    ),
    Route(
        "commandBooking",
        "POST",
        f"{HALL}/bookings/{{booking}}/commands",
        "A command to a booking; `check_in` answers the ticket, its link `citizen` holds the ticket's key",
        Permission.COMMAND_BOOKING,
        lambda api, asked: booking.command(api, asked.call, asked.path["booking"], asked.body),
        m.BookingAnswer,
        body=bodies.BookingCommandBody,
        codes=(*_ISSUING, Code.WRONG_STATE, Code.TOO_SOON, Code.EXPIRED, Code.UNKNOWN_TICKET),
    ),
    Route(
        "getBoard",
        "GET",
        f"{HALL}/board",
        "The screen of a zone, or of the whole hall; drop missed numbers by their `at_ms` as time passes",
        Permission.READ_BOARD,
        lambda api, asked: api.board(asked.call, asked.query),
        answers.BoardAnswer,
        query=queries.BoardQuery,
    ),
    Route(
        "getAnnouncement",
        "GET",
        f"{HALL}/announcements/{{announcement}}/audio",
        "A call as it is spoken in a zone, a WAV file; the view `announcements` has the address",
        Permission.READ_BOARD,
        lambda api, asked: announcer.audio(api, asked.call, asked.path["announcement"], asked.query),
        None,
        query=queries.AnnouncementQuery,
        codes=(Code.NOT_FOUND, Code.VOICE_UNAVAILABLE, Code.TOO_MANY_REQUESTS),
        kind="audio/wav",
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
        query=queries.EventsQuery,
        codes=(Code.TRIMMED,),
    ),
    Route(
        "commandPrinter",
        "POST",
        f"{HALL}/printers/{{printer}}/commands",
        "A command of a printer's agent; `take` answers what stands on the paper, with the ticket's key",
        Permission.PRINT,
        lambda api, asked: printing.command(api, asked.call, asked.path["printer"], asked.body),
        m.PrinterAnswer,
        body=bodies.PrinterCommandBody,
        codes=(Code.UNKNOWN_TICKET, Code.WRONG_STATE),
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
        codes=(Code.UNKNOWN_HALL, Code.UNKNOWN_WINDOW, Code.UNKNOWN_CLERK, Code.UNKNOWN_DEVICE),
    ),
    Route(
        "reportHealth",
        "POST",
        f"{HALL}/devices/{{device}}/health",
        "A device says how it is, every 30 s, and hears what it is to do",
        Permission.REPORT_DEVICE,
        lambda api, asked: devices.health(api, asked.call, asked.path["device"], asked.body),
        m.HealthAnswer,
        body=bodies.HealthBody,
        codes=(Code.LIMIT_REACHED,),
    ),
    Route(
        "findTickets",
        "POST",
        f"{HALL}/find/tickets",
        "Tickets by number, person, time or service, for the desk; changes nothing",
        Permission.FIND_TICKETS,
        lambda api, asked: desk.find(api, asked.call, asked.body),
        m.FoundTickets,
        body=bodies.FindTicketsBody,
        codes=(Code.UNKNOWN_SERVICE,),
    ),
    Route(
        "sendHome",
        "POST",
        f"{HALL}/prechecks",
        "预审 of somebody who takes no number since something is missing; a passed one goes with the ticket",
        Permission.PRECHECK,
        lambda api, asked: desk.send_home(api, asked.call, asked.body),
        m.SentHomeAnswer,
        status=201,
        body=bodies.PrecheckBody,
        codes=(Code.UNKNOWN_SERVICE, Code.UNKNOWN_ITEM, Code.WRONG_STATE),
    ),
    Route(
        "getQueue",
        "GET",
        f"{HALL}/queue",
        "Everybody who waits, is at a window or was put aside, in the order of calls: for paper",
        Permission.LIST_TICKETS,
        lambda api, asked: desk.queue(api, asked.call),
        m.QueueList,
    ),
    Route(
        "getQueueSheet",
        "GET",
        f"{HALL}/queue.html",
        "The same as a page to print, which needs nothing else",
        Permission.LIST_TICKETS,
        lambda api, asked: desk.queue_sheet(api, asked.call, asked.query),
        None,
        query=queries.SheetQuery,
        kind="text/html; charset=utf-8",
    ),
    Route(
        "listCases",
        "GET",
        f"{HALL}/cases",
        "差评清单: bad ratings and what became of them, oldest first",
        Permission.LIST_RATINGS,
        lambda api, asked: ratings.cases(api, asked.call, asked.query),
        m.CasePage,
        query=queries.CasesQuery,
    ),
    Route(
        "listRatings",
        "GET",
        f"{HALL}/ratings",
        "好差评: ratings of some days, archived ones included, in the order in which they were given",
        Permission.LIST_RATINGS,
        lambda api, asked: ratings.listed(api, asked.call, asked.query),
        m.RatingPage,
        query=queries.RatingsQuery,
    ),
)
"""Every request of the API. `/metrics`, the health checks, the document itself and pages are apart."""
