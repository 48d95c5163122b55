"""Who may do what: one table, read by both doors and by the OpenAPI document.

A token has one role. Beyond the role it may be bound to a hall, a window or a clerk, and then it
counts for nothing else. A citizen holds no token of the table's kind: the key on the ticket opens
exactly that ticket.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from callq.domain.commands import Actor
from callq.domain.errors import Code, Rejected


class Role(StrEnum):
    """What a token is for."""

    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    CLERK = "clerk"
    HELPER = "helper"
    KIOSK = "kiosk"
    SCREEN = "screen"
    DEVICE = "device"
    GUIDE = "guide"
    RATING = "rating"
    INSPECTOR = "inspector"
    CITIZEN = "citizen"


class Permission(StrEnum):
    """What can be allowed."""

    READ_HALL = "read_hall"
    READ_CLERKS = "read_clerks"
    ISSUE = "issue"
    ISSUE_PRIORITY = "issue_priority"
    ROUTE = "route"
    READ_TICKET = "read_ticket"
    LIST_TICKETS = "list_tickets"
    READ_RATINGS = "read_ratings"
    COMMAND_TICKET = "command_ticket"
    CANCEL_TICKET = "cancel_ticket"
    REJOIN_TICKET = "rejoin_ticket"
    RETURN_TICKET = "return_ticket"
    REASSIGN_TICKET = "reassign_ticket"
    REPRINT_TICKET = "reprint_ticket"
    GRANT_CLASS = "grant_class"
    TRANSFER_TICKET = "transfer_ticket"
    ABANDON_TICKET = "abandon_ticket"
    RATE = "rate"
    BOOK = "book"
    COMMAND_BOOKING = "command_booking"
    CHECK_IN = "check_in"
    CHANGE_BOOKING = "change_booking"
    READ_BOOKING = "read_booking"
    LIST_BOOKINGS = "list_bookings"
    READ_WINDOW = "read_window"
    COMMAND_WINDOW = "command_window"
    TAKE_OVER = "take_over"
    SET_SKILLS = "set_skills"
    READ_BOARD = "read_board"
    ANNOUNCE = "announce"
    READ_STRIP = "read_strip"
    READ_PANEL = "read_panel"
    READ_FLOOR = "read_floor"
    READ_PRINTERS = "read_printers"
    PRINT = "print"
    READ_EVENTS = "read_events"
    READ_PERSONS = "read_persons"
    READ_CONFIG = "read_config"
    COMMAND_HALL = "command_hall"
    CONFIGURE = "configure"
    CREATE_TOKEN = "create_token"
    REPORT_DEVICE = "report_device"
    FIND_TICKETS = "find_tickets"
    ACCOMPANY = "accompany"
    PRECHECK = "precheck"
    LIST_RATINGS = "list_ratings"


_R = Role
_STAFF: Final = frozenset({_R.ADMIN, _R.SUPERVISOR, _R.CLERK, _R.HELPER})
_LOOKING: Final = _STAFF | {_R.INSPECTOR}
_RUNNING: Final = frozenset({_R.ADMIN, _R.SUPERVISOR})
_AT_WINDOWS: Final = _RUNNING | {_R.CLERK}
_IN_HALL: Final = frozenset(Role) - {_R.CITIZEN}

ALLOWED: Final[dict[Permission, frozenset[Role]]] = {
    Permission.READ_HALL: frozenset(Role),
    Permission.READ_CLERKS: _LOOKING,
    Permission.ISSUE: _STAFF | {_R.KIOSK, _R.GUIDE},
    # A machine cannot see whether somebody is in need; who granted priority is on record.
    Permission.ISSUE_PRIORITY: _STAFF,
    Permission.ROUTE: _STAFF | {_R.GUIDE},
    Permission.READ_TICKET: _LOOKING | {_R.KIOSK, _R.GUIDE, _R.CITIZEN},
    Permission.LIST_TICKETS: _LOOKING,
    # Not for clerks: what somebody thought of a ticket would tell them who thought it.
    Permission.READ_RATINGS: _RUNNING | {_R.INSPECTOR, _R.RATING, _R.CITIZEN},
    # At all; which command is asked for decides the rest.
    Permission.COMMAND_TICKET: _STAFF | {_R.KIOSK, _R.RATING, _R.CITIZEN},
    Permission.CANCEL_TICKET: _STAFF | {_R.CITIZEN},
    # At a kiosk, since whoever comes back has to be in the hall: a phone proves nothing.
    Permission.REJOIN_TICKET: _STAFF | {_R.KIOSK},
    Permission.RETURN_TICKET: _STAFF,
    Permission.REASSIGN_TICKET: _STAFF,
    Permission.REPRINT_TICKET: _STAFF | {_R.KIOSK},
    Permission.GRANT_CLASS: _STAFF,
    Permission.TRANSFER_TICKET: _AT_WINDOWS,
    Permission.ABANDON_TICKET: _AT_WINDOWS,
    # Never by a token of staff.
    Permission.RATE: frozenset({_R.RATING, _R.CITIZEN}),
    Permission.BOOK: _STAFF | {_R.GUIDE},
    Permission.COMMAND_BOOKING: _STAFF | {_R.KIOSK, _R.GUIDE},
    Permission.CHECK_IN: _STAFF | {_R.KIOSK},
    Permission.CHANGE_BOOKING: _STAFF | {_R.GUIDE},
    Permission.READ_BOOKING: _LOOKING | {_R.KIOSK, _R.GUIDE},
    Permission.LIST_BOOKINGS: _LOOKING,
    Permission.READ_WINDOW: _LOOKING,
    Permission.COMMAND_WINDOW: _AT_WINDOWS,
    Permission.TAKE_OVER: _RUNNING,
    Permission.SET_SKILLS: _RUNNING,
    Permission.READ_BOARD: _IN_HALL - {_R.RATING},
    # Who holds a zone's claim is the one that is heard there: whoever only looks would silence it.
    Permission.ANNOUNCE: _RUNNING | {_R.SCREEN, _R.DEVICE},
    Permission.READ_STRIP: _LOOKING | {_R.SCREEN, _R.DEVICE, _R.RATING},
    Permission.READ_PANEL: frozenset({_R.ADMIN, _R.SUPERVISOR, _R.CLERK, _R.INSPECTOR}),
    Permission.READ_FLOOR: frozenset({_R.ADMIN, _R.SUPERVISOR, _R.HELPER, _R.INSPECTOR}),
    Permission.READ_PRINTERS: _LOOKING | {_R.KIOSK, _R.DEVICE},
    # With the paper goes the ticket's key.
    Permission.PRINT: frozenset({_R.ADMIN, _R.DEVICE}),
    Permission.READ_EVENTS: frozenset({_R.ADMIN, _R.SUPERVISOR, _R.INSPECTOR}),
    Permission.READ_PERSONS: frozenset({_R.ADMIN}),
    Permission.READ_CONFIG: _RUNNING | {_R.INSPECTOR},
    Permission.COMMAND_HALL: _RUNNING,
    Permission.CONFIGURE: _RUNNING,
    Permission.CREATE_TOKEN: frozenset({_R.ADMIN}),
    # A call box works with the token of its clerk.
    Permission.REPORT_DEVICE: frozenset({_R.SCREEN, _R.DEVICE, _R.KIOSK, _R.RATING, _R.CLERK}),
    # By what is kept of a person: for those who stand before that person.
    Permission.FIND_TICKETS: _RUNNING | {_R.HELPER},
    Permission.ACCOMPANY: _RUNNING | {_R.HELPER},
    Permission.PRECHECK: _RUNNING | {_R.HELPER},
    # With the cases that follow: for whoever runs the hall or inspects it, never for who was rated.
    Permission.LIST_RATINGS: _RUNNING | {_R.INSPECTOR},
}
"""The whole table. An inspector reads everything but persons and changes nothing."""

VIEW_PERMISSION: Final[dict[str, Permission]] = {
    "board": Permission.READ_BOARD,
    "announcements": Permission.READ_BOARD,
    "strip": Permission.READ_STRIP,
    "panel": Permission.READ_PANEL,
    "entrance": Permission.READ_BOARD,
    "floor": Permission.READ_FLOOR,
    "ticket": Permission.READ_TICKET,
    "orders": Permission.REPORT_DEVICE,
    "printers": Permission.READ_PRINTERS,
    "desk": Permission.READ_FLOOR,
    "cases": Permission.LIST_RATINGS,
}
"""What following a view needs."""


class Principal(NamedTuple):
    """Who is asking, as far as a token tells.

    Attributes:
      id: of the token; idempotency keys are scoped to it.
      role: what the token is for.
      hall: the only hall it counts in; None: all.
      window: the only window it may use.
      clerk: the only clerk it may act as.
      ticket: the only ticket it opens (citizens).
      name: what whoever created it called it.
      machine: the only device it may report for.
    """

    id: str
    role: Role
    hall: str | None = None
    window: str | None = None
    clerk: str | None = None
    ticket: str | None = None
    name: str = ""
    machine: str | None = None

    def actor(self) -> Actor:
        """How the journal remembers it."""
        return Actor(role=self.role.value, id=self.id, name=self.name, device=self.device)

    @property
    def device(self) -> str:
        """From where: the window that the token is for, a machine's name, or the token itself.

        The name of a token of staff may be a person's, and is not for everyone who reads events.
        """
        if self.window is not None:
            return f"window {self.window}"
        return self.name if self.name and not self.staff else self.id

    @property
    def staff(self) -> bool:
        """Whether people of the hall act with it, rather than a machine or a citizen."""
        return self.role in _STAFF

    def may(self, permission: Permission) -> bool:
        """Whether the role has the permission at all."""
        return self.role in ALLOWED[permission]

    def require(
        self,
        permission: Permission,
        *,
        hall: str | None = None,
        window: str | None = None,
        ticket: str | None = None,
        device: str | None = None,
    ) -> None:
        """Insist on a permission, for these things.

        Raises:
          Rejected: `FORBIDDEN`; the detail names what is missing.
        """
        if not self.may(permission):
            raise _forbidden(f"role {self.role} has no permission {permission}")
        if hall is not None and self.hall not in (None, hall):
            raise _forbidden(f"the token is bound to hall {self.hall}")
        if window is not None and self.window not in (None, window):
            raise _forbidden(f"the token is bound to window {self.window}")
        if ticket is not None and self.ticket not in (None, ticket):
            raise _forbidden("the key opens another ticket")
        if device is not None and self.machine not in (None, device):
            raise _forbidden(f"the token is bound to device {self.machine}")


def _forbidden(detail: str) -> Rejected:
    return Rejected(Code.FORBIDDEN, detail, "use a token made for this")
