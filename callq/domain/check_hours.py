"""Checks of the calendar: sessions, holidays, moved workdays, and what can be had within them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from callq.domain import check_values as values
from callq.domain.calendar import DAY_MIN, WEEKDAYS, hours_of_day, minutes_of, parse_hours
from callq.domain.check_values import ConfigProblem
from callq.domain.hours import services_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.hall import Booking, HallConfig, Service, Session, Weekday

_LONGEST_HOLIDAY: Final = 31
"""Days; more of them is a slip in the year or month."""

_Span = tuple[int, int]


def problems(config: HallConfig) -> Iterator[ConfigProblem]:
    """What is wrong with the calendar; services without any hours are told only where it is right."""
    found = [*_sessions(config), *_holidays(config), *_moved_workdays(config), *_names(config)]
    yield from found
    if not found:
        yield from _reachable(config)


def _sessions(config: HallConfig) -> Iterator[ConfigProblem]:
    known = {service.code: service.name for service in config.services}
    for index, session in enumerate(config.sessions):
        at = f"sessions[{index}]."
        yield from values.code(f"{at}code", session.code)
        yield from values.texts(at, {"name": session.name})
        for key in ("ticketing", "serving"):
            yield from _hours(f"{at}{key}", getattr(session, key), config.day_starts)
        yield from _order(f"{at}serving", session, config.day_starts)
        if not session.days:
            yield ConfigProblem(f"{at}days", "no days: it would never open", 'e.g. ["mon", "tue"]')
        yield from values.duplicates(f"{at}days[{{}}]", session.days)
        for position, code in enumerate(session.services):
            yield from values.reference(
                f"{at}services[{position}]", "service", code, known, "unknown_service"
            )
        yield from values.duplicates(f"{at}services[{{}}]", session.services)
    yield from values.duplicates("sessions[{}].code", [session.code for session in config.sessions])


def _hours(path: str, text: str, day_starts: str) -> Iterator[ConfigProblem]:
    hours = parse_hours(text)
    if hours is None:
        yield ConfigProblem(
            path,
            f"{text!r} are no hours",
            'write both ends as HH:MM with 24 hours, e.g. "08:30-16:30"; a day ends at 24:00',
        )
    elif text[:5] == text[6:]:
        yield ConfigProblem(path, "ends when it begins", 'the whole day is written "00:00-24:00"')
    elif (span := _span(text, day_starts)) and span[1] > minutes_of(day_starts) + DAY_MIN:
        yield ConfigProblem(
            path,
            f"runs past {day_starts}, when the business day ends and waiting tickets expire",
            "end it by then, write the whole day 00:00-24:00, or change day_starts",
        )


def _span(text: str, day_starts: str) -> _Span | None:
    """Minutes since midnight of the business day's date; None where something else is wrong first."""
    hours = parse_hours(text)
    starts = parse_hours(f"{day_starts}-24:00")
    if hours is None or starts is None or text[:5] == text[6:]:
        return None
    return hours_of_day(hours, starts[0])


def _order(path: str, session: Session, day_starts: str) -> Iterator[ConfigProblem]:
    tickets, serves = _span(session.ticketing, day_starts), _span(session.serving, day_starts)
    if tickets and serves and serves[1] < tickets[1]:
        yield ConfigProblem(
            path,
            f"serving ends before ticketing does at {session.ticketing[6:]}",
            "whoever has a ticket is still to be served: end serving at that time or later",
        )


def _holidays(config: HallConfig) -> Iterator[ConfigProblem]:
    for index, holiday in enumerate(config.holidays):
        at = f"holidays[{index}]."
        yield from values.iso_date(f"{at}first", holiday.first)
        yield from values.iso_date(f"{at}last", holiday.last)
        if holiday.name:
            yield from values.text(f"{at}name", "name", holiday.name)
        first, last = values.parse_date(holiday.first), values.parse_date(holiday.last)
        if first and last and not 0 <= (days := (last - first).days) < _LONGEST_HOLIDAY:
            told = "it ends before it begins" if days < 0 else f"{days + 1} days are too long for a holiday"
            yield ConfigProblem(f"{at}last", told, "look at year and month of both dates")
    if config.holidays and not config.sessions:
        yield ConfigProblem(
            "holidays",
            "the hall has no sessions and is open on holidays too",
            "add [[sessions]] with its hours, or remove the holidays",
        )


def _moved_workdays(config: HallConfig) -> Iterator[ConfigProblem]:
    holidays = [(holiday.first, holiday.last) for holiday in config.holidays]
    worked = set(chain.from_iterable(session.days for session in config.sessions))
    for index, moved in enumerate(config.moved_workdays):
        at = f"moved_workdays[{index}]."
        yield from values.iso_date(f"{at}date", moved.date)
        if moved.name:
            yield from values.text(f"{at}name", "name", moved.name)
        date = values.parse_date(moved.date)
        is_holiday = any(first <= moved.date <= last for first, last in holidays)
        if date and WEEKDAYS[date.weekday()] == moved.like and not is_holiday:
            hint = "name the date at the weekend that is worked"
            yield ConfigProblem(f"{at}date", f"{moved.date} is a {moved.like} already", hint)
        elif moved.like not in worked:
            yield ConfigProblem(
                f"{at}like",
                f"no session opens on {moved.like}",
                f"write the weekday whose sessions it has; they open on: {_listed(worked)}",
            )
    yield from values.duplicates("moved_workdays[{}].date", [moved.date for moved in config.moved_workdays])


def _listed(worked: set[Weekday]) -> str:
    return ", ".join(day for day in WEEKDAYS if day in worked) or "no day"


def _names(config: HallConfig) -> Iterator[ConfigProblem]:
    """Services and sessions that name each other, and do not agree."""
    # Of two equal codes the first is meant: the other is told as a duplicate.
    sessions = {session.code: session for session in reversed(config.sessions)}
    services = {service.code: service for service in reversed(config.services)}
    known = {session.code: session.name for session in config.sessions}
    for index, service in enumerate(config.services):
        for position, code in enumerate(service.sessions):
            path = f"services[{index}].sessions[{position}]"
            yield from values.reference(path, "session", code, known, "unknown_session")
            listed = sessions[code].services if code in sessions else ()
            if listed and service.code not in listed:
                yield ConfigProblem(
                    path,
                    f"session {code!r} names its services, but not this one",
                    f"add {service.code!r} to the session's services, or remove it here",
                )
        yield from values.duplicates(f"services[{index}].sessions[{{}}]", service.sessions)
    for index, session in enumerate(config.sessions):
        for position, code in enumerate(session.services):
            path = f"sessions[{index}].services[{position}]"
            named = services.get(code)
            if named and named.sessions and session.code not in named.sessions:
                yield ConfigProblem(
                    path,
                    f"service {code!r} names its sessions, but not this one",
                    f"add {session.code!r} to the service's sessions, or remove it here",
                )
            if named and named.booking is None and session.kind == "booked_only":
                yield ConfigProblem(
                    path,
                    f"service {code!r} takes no bookings, and this session tickets nothing else",
                    "add booking = {} to the service, or change the session's kind",
                )


def _reachable(config: HallConfig) -> Iterator[ConfigProblem]:
    """Services that nobody could ever take a ticket for, or book."""
    if not config.sessions:
        return
    within: dict[str, list[Session]] = {}
    for session in config.sessions:
        for code in services_in(config, session):
            within.setdefault(code, []).append(session)
    for index, service in enumerate(config.services):
        sessions = within.get(service.code, [])
        at = f"services[{index}]."
        if all(session.kind == "booked_only" for session in sessions) and service.booking is None:
            yield ConfigProblem(
                f"{at}sessions" if service.sessions else f"{at}code",
                f"no session ever tickets {service.name!r}",
                "name it in the services of a session, or leave the services of one out: it then has all",
                "unservable",
            )
        elif service.booking and not any(_fits(config, session, service.booking) for session in sessions):
            yield _no_slot(at, service)


def _fits(config: HallConfig, session: Session, booking: Booking) -> bool:
    tickets = _span(session.ticketing, config.day_starts)
    serves = _span(session.serving, config.day_starts)
    if tickets is None or serves is None:
        return True
    first = max(tickets[0], serves[0])
    return first < tickets[1] and first + booking.slot_min <= serves[1]


def _no_slot(at: str, service: Service) -> ConfigProblem:
    length = service.booking.slot_min if service.booking else 0
    return ConfigProblem(
        f"{at}booking.slot_min",
        f"no session of {service.name!r} is long enough for a slot of {length} minutes",
        "a slot begins while tickets are given and ends while they are served: shorten it",
        "unservable",
    )
