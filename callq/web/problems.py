"""Errors as problem documents (RFC 9457), the same at both doors."""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from callq.domain.errors import STATUS, TITLE, CallqError, Code, Rejected, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE: Final = "application/problem+json"

_IDS: Final = frozenset({"hall", "service", "window", "ticket", "clerk", "zone", "booking", "case"})

_LONG_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])[0-9]{9,}[Xx]?(?![0-9A-Za-z])")
"""Could be somebody's identity or telephone number, put where it does not belong."""


class Mistake(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a configuration."""

    path: str
    """Where, e.g. ``services[2].zone``; indexes count from 0."""
    message: str
    hint: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong (RFC 9457). Further members may come; the ids concerned are among them."""

    type: str
    """`urn:callq:problem:` and the code."""
    title: str
    status: int
    detail: str
    code: str
    hint: str
    state: str | None = None
    """Present state of what the request was about, for conflicts."""
    revision: int | None = None
    """Of the hall when the request was refused."""
    retry_ms: int | None = None
    """When the same request can be accepted, from now."""
    next_ms: int | None = None
    """When it is possible again by the hours, Unix ms."""
    digest: str | None = None
    """Of the configuration in force, where it is another than was expected."""
    problems: tuple[Mistake, ...] = ()
    """Everything that is wrong with a configuration, in its order; `detail` and `hint` are of the first."""
    hall: str | None = None
    service: str | None = None
    window: str | None = None
    ticket: str | None = None
    clerk: str | None = None
    zone: str | None = None
    booking: str | None = None
    case: str | None = None


class Refusal(CallqError):
    """An error of the door itself, with the HTTP status it asks for.

    Attributes:
      problem: the document.
      headers: to be sent with it.
    """

    def __init__(
        self,
        code: Code,
        detail: str,
        hint: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] = {},
    ) -> None:
        super().__init__(detail)
        self.problem = make_problem(code, detail, hint, status=status)
        self.headers = dict(headers)


def make_problem(
    code: Code,
    detail: str,
    hint: str,
    *,
    status: int | None = None,
    **members: Any,  # noqa: ANN401
) -> Problem:
    """A problem document."""
    return Problem(
        type=f"urn:callq:problem:{code}",
        title=TITLE[code],
        status=status or STATUS[code],
        detail=without_numbers(detail),
        code=code.value,
        hint=without_numbers(hint),
        **members,
    )


def explain(error: Exception) -> tuple[Problem, dict[str, str]]:
    """The problem document of an error, and the HTTP headers that belong to it.

    Anything unexpected becomes `internal` and tells nothing about itself.
    """
    match error:
        case Refusal():
            return error.problem, error.headers
        case Rejected():
            members: dict[str, Any] = {**error.extra}
            if "problems" in members:
                members["problems"] = tuple(
                    Mistake(path=p.path, message=without_numbers(p.message), hint=without_numbers(p.hint))
                    for p in members["problems"]
                )
            for name in _IDS & error.ids.keys():
                members[name] = without_numbers(error.ids[name])[:64]
            conflict = STATUS[error.code] in (409, 422)
            problem = make_problem(
                error.code,
                error.detail,
                error.hint,
                state=error.state,
                revision=error.revision if conflict else None,
                **members,
            )
            challenge = {"WWW-Authenticate": 'Bearer realm="callq"'}
            return problem, challenge if error.code is Code.UNAUTHORISED else {}
        case StoreUnavailable():
            return make_problem(
                Code.STORE_UNAVAILABLE, str(error), "repeat the request with the same Idempotency-Key"
            ), {"Retry-After": str(error.retry_after_s)}
    return make_problem(Code.INTERNAL, "an unexpected error", "tell whoever runs this server"), {}


def without_numbers(text: str, longest: int = 500) -> str:
    """Text without long digit runs: a caller's mistake must not put an identity number into a log."""
    return _LONG_NUMBER.sub("…", text)[:longest]


def log_fault(what: str, error: BaseException, **about: object) -> None:
    """Log a fault of ours: where it happened, without the values of variables.

    Pretty tracebacks show local variables, and at the doors those hold what a citizen typed.
    """
    trace = "".join(traceback.format_exception(error))
    structlog.get_logger().error(
        what, error=type(error).__name__, trace=without_numbers(trace, 8000), **about
    )
