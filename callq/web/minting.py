"""Making tokens over HTTP, exactly once per idempotency key.

A token belongs to no hall's journal, so its key is kept in the keyring: under a digest that no token
can have lies what the key was used for. The secret is derived from key and body, so that a repeated
request answers the same token without the token having been kept.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from callq.domain.errors import Code, Rejected
from callq.domain.rules.guards import window_of
from callq.runtime.ids import wall_ms
from callq.web.answers import TokenAnswer
from callq.web.roles import Permission
from callq.web.tokens import create_token

if TYPE_CHECKING:
    from callq.domain.state import HallState
    from callq.web.api import Api, Call
    from callq.web.bodies import TokenBody


async def mint(api: Api, call: Call, body: TokenBody) -> TokenAnswer:
    """Make a token.

    Raises:
      Rejected: `FORBIDDEN`, `UNKNOWN_HALL`, `UNKNOWN_WINDOW`, `UNKNOWN_CLERK`, `UNKNOWN_DEVICE`, `INVALID`,
        `IDEMPOTENCY_CONFLICT`; no token was made.
      StoreUnavailable: repeat with the same key.
    """
    call.principal.require(Permission.CREATE_TOKEN, hall=body.hall)
    if call.principal.hall is not None and body.hall is None:
        raise Rejected(
            Code.FORBIDDEN, f"the token is bound to hall {call.principal.hall}", "name that hall in the body"
        )
    if body.hall is not None:
        await api.node.actor(body.hall).read(
            lambda state, _: check_bound(state, body.window, body.clerk, body.device)
        )
    seed = await _seed(api, call) if call.key is not None else None
    token, record = await create_token(
        api.node.keyring,
        body.role,
        created_ms=wall_ms(),
        hall=body.hall,
        window=body.window,
        clerk=body.clerk,
        name=body.name,
        device=body.device,
        seed=seed,
    )
    return TokenAnswer(
        token=token,
        id=record.id,
        role=record.role,
        hall=record.hall,
        window=record.window,
        clerk=record.clerk,
        name=record.name,
        device=record.device,
    )


def check_bound(state: HallState, window: str | None, clerk: str | None, device: str | None) -> None:
    """Refuse to bind a token to a window, clerk or device that the hall does not have.

    Raises:
      Rejected: `UNKNOWN_WINDOW`, `UNKNOWN_CLERK`, `UNKNOWN_DEVICE`.
    """
    if window is not None:
        window_of(state, window)
    if clerk is not None and clerk not in state.index.clerks:
        raise Rejected(Code.UNKNOWN_CLERK, "no such clerk", "check the clerk's number", clerk=clerk)
    if device is not None and device not in state.index.devices:
        raise Rejected(Code.UNKNOWN_DEVICE, "no such device", "list it in the hall file first", device=device)


async def _seed(api: Api, call: Call) -> bytes:
    """The secret bytes that belong to the call's key and body.

    Raises:
      Rejected: `IDEMPOTENCY_CONFLICT`.
    """
    scope = f"mint|{call.principal.id}|{call.key}"
    place = f"mint:{hashlib.sha256(scope.encode()).hexdigest()}"
    used = await api.node.keyring.token(place)
    if used is None:
        await api.node.keyring.put_token(place, call.digest)
    elif used != call.digest:
        raise Rejected(
            Code.IDEMPOTENCY_CONFLICT, "the key was used with another body", "use a new key for a new token"
        )
    return hmac.digest(api.secret, scope.encode() + call.digest, "sha256")
