"""One open socket of the feed: its views, its commands, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

import msgspec
import trio

from callq import metrics
from callq.domain.errors import CallqError, Code, Rejected, StoreUnavailable
from callq.runtime.hub import FeedClosed
from callq.runtime.ids import wall_ms
from callq.views.announcements import room_of
from callq.views.view import View, tells_of_ratings
from callq.web import bodies, problems
from callq.web.announcer import Claim, speak_for
from callq.web.api import Api, Call
from callq.web.feed_wire import (
    ClaimAnnouncer,
    CommandMessage,
    Incoming,
    Ping,
    Subscribe,
    Unsubscribe,
    Wire,
    error_message,
    read_message,
)
from callq.web.keys import body_digest, checked_key
from callq.web.roles import VIEW_PERMISSION, Permission, Principal
from callq.web.stream import PeerTooSlow
from callq.web.window_bodies import WindowCommandBody
from callq.wire.codec import shaped

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from callq.runtime.hub import Finish, Frame, Subscription
    from callq.web.outlet import Outlet

IDLE_S: Final = 60.0
"""A client that says nothing for so long is gone; pages ping every 10 s."""

SHARED_FOR_MS: Final = 50
"""A message made for one socket is sent to others as well for so long: its `server_ms` is as old then."""

_NOT_MADE: Final = (0, b"")

MAX_VIEWS: Final = 64
MAX_COMMANDS: Final = 64
"""Commands of one socket that wait for their answers; more are read when some are answered."""

MAX_IDLE: Final = 4
"""Tasks of one socket that are kept for its next commands."""

MAX_MALFORMED: Final = 16
"""Messages in a row that make no sense before the socket is closed."""


class Closing(NamedTuple):
    """How a socket ends. From 4400 to 4499: it must not be opened again as it was."""

    code: int
    reason: str


MALFORMED: Final = Closing(4400, "malformed")
UNAUTHORISED: Final = Closing(4401, "unauthorised")
FORBIDDEN: Final = Closing(4403, "forbidden")
UNKNOWN: Final = Closing(4404, "unknown")
TOO_LARGE: Final = Closing(4413, "too_large")
INTERNAL: Final = Closing(4500, "internal")
UNAVAILABLE: Final = Closing(4503, "unavailable")
IDLE: Final = Closing(4507, "idle")
TOO_SLOW: Final = Closing(4508, "slow")
GOING_AWAY: Final = Closing(4509, "shutdown")

_CLOSED_BELOW: Final = {closing.code: closing for closing in (MALFORMED, TOO_LARGE)}
"""What the connection closes a socket with by itself, since it sees messages before they are whole."""


class _Seen(NamedTuple):
    """Up to where a view was sent."""

    revision: int
    epoch: str


class _Ended(Exception):
    """The socket is over; with a `Closing` unless the client is gone already."""

    def __init__(self, closing: Closing | None) -> None:
        super().__init__(closing)
        self.closing = closing


@dataclass(slots=True)
class _Following:
    """A view that is followed."""

    scope: trio.CancelScope
    subscription: Subscription

    def stop(self) -> None:
        """From now on nothing of it is sent, whatever its task is about to do."""
        self.scope.cancel()
        self.subscription.close()


class Session:
    """An accepted socket.

    Args:
      api: what it may use.
      principal: who opened it.
      hall: of its address; it exists.
      wire: the subprotocol.
      receive: ASGI.
      send: ASGI, for the end.
      outlet: for messages.
    """

    def __init__(
        self,
        api: Api,
        principal: Principal,
        hall: str,
        wire: Wire,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
        outlet: Outlet,
    ) -> None:
        self._api = api
        self._principal = principal
        self._hall = hall
        self._wire = wire
        self._receive = receive
        self._send_event = send
        self._outlet = outlet
        self._tally = metrics.feed_tally(hall)
        self._views: dict[View, _Following] = {}
        self._claimed: set[str | None] = set()
        """Zones that the client would speak for."""
        self._commands = trio.Semaphore(MAX_COMMANDS)
        self._idle: list[trio.Event] = []
        """Of tasks that have answered a command and would read again."""
        self._malformed = 0
        self._heard_at = trio.current_time()
        """When the client last said anything."""

    async def run(self, closing: trio.Event) -> Closing | None:
        """Serve until the socket ends; `closing` is set when the server goes away.

        Returns:
          How the server ended it; None: the client left.
        """
        ended: list[Closing | None] = []
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._watch, closing)
                try:
                    await self._serve(nursery)
                except _Ended as over:
                    # What leaves the block of a nursery gets into a cycle with the `Cancelled` of its tasks:
                    # this session and all that its connection has read would stay until the collector comes.
                    ended.append(over.closing)
                    nursery.cancel_scope.cancel()
        except* _Ended as group:
            ended += _closings(group)
        closing_with = _verdict(ended)
        if closing_with is not None:
            await self._close(closing_with)
        return closing_with

    async def _watch(self, closing: trio.Event) -> None:
        """End the socket when the server goes away, or when the client has said nothing for too long."""
        while trio.current_time() < self._heard_at + IDLE_S:
            with trio.move_on_at(self._heard_at + IDLE_S):
                await closing.wait()
                raise _Ended(GOING_AWAY)
        raise _Ended(IDLE)

    async def _close(self, closing: Closing) -> None:
        event = {"type": "websocket.close", "code": closing.code, "reason": closing.reason}
        with trio.move_on_after(1):
            await self._send_event(event)

    # Reading --------------------------------------------------------------------------------------

    async def _serve(self, nursery: trio.Nursery) -> None:
        """Read until a command comes, let another task read on, answer the command; and again.

        One task reads at a time: whoever has decided a command hands the reading on before it waits for the
        command to be durable. A task for each command would cost more than deciding it.
        """
        while True:
            message = await self._command_read(nursery)
            try:
                self._commands.acquire_nowait()
            except trio.WouldBlock:
                await self._commands.acquire()
            await self._command(message, nursery)
            if len(self._idle) >= MAX_IDLE:
                return
            turn = trio.Event()
            self._idle.append(turn)
            await turn.wait()

    def _read_on(self, nursery: trio.Nursery) -> None:
        """Have another task read, as soon as this one waits."""
        if self._idle:
            self._idle.pop().set()
        else:
            nursery.start_soon(self._serve, nursery)

    async def _command_read(self, nursery: trio.Nursery) -> CommandMessage:
        """Do what the client says until that is a command."""
        while True:
            event = await self._receive()
            if event["type"] == "websocket.disconnect":
                raise _Ended(_CLOSED_BELOW.get(event["code"]))
            self._heard_at = trio.current_time()
            message = await self._understood(event)
            match message:
                case CommandMessage():
                    return message
                case Ping():
                    await self._send({"type": "pong", "server_ms": wall_ms()})
                case Subscribe():
                    await self._subscribe(message, nursery)
                case ClaimAnnouncer():
                    await self._claim(message.zone, message.screen, nursery)
                case Unsubscribe():
                    following = self._views.pop(self._view_of(message), None)
                    if following is not None:
                        following.stop()

    async def _understood(self, event: dict[str, Any]) -> Incoming | CommandMessage | None:
        """What an event says; None, and the client is told, if it makes no sense."""
        content = event.get(self._wire.field)
        try:
            if content is None:
                raise Rejected(
                    Code.INVALID, "the wrong kind of frame", f"{self._wire.name} uses {self._wire.field}"
                )
            message = read_message(self._wire.decode(content))
        except Rejected as error:
            self._malformed += 1
            if self._malformed > MAX_MALFORMED:
                raise _Ended(MALFORMED) from error
            await self._refuse(error)
            return None
        self._malformed = 0
        return message

    # Views ----------------------------------------------------------------------------------------

    def _view_of(self, message: Subscribe | Unsubscribe) -> View:
        """The view that is meant, as far as its follower may know of ratings."""
        discreet = tells_of_ratings(message.view) and not self._principal.may(Permission.READ_RATINGS)
        return View(message.view, message.zone, message.window, message.ticket, discreet)

    async def _subscribe(self, message: Subscribe, nursery: trio.Nursery) -> None:
        view = self._view_of(message)
        about = _about(view)
        try:
            permission = VIEW_PERMISSION.get(view.name)
            if permission is None:
                known = ", ".join(VIEW_PERMISSION)
                raise Rejected(Code.INVALID, "no such view", f"one of: {known}")
            self._principal.require(permission, hall=self._hall, window=view.window, ticket=view.ticket)
            if view not in self._views and len(self._views) >= MAX_VIEWS:
                raise Rejected(Code.INVALID, f"more than {MAX_VIEWS} views", "open another socket")
            # A strip comes whole each time, so there is nothing to resume.
            since = None if view.name == "strip" else message.since
            subscription = self._open(view, since, message.epoch)
        except (FeedClosed, StoreUnavailable):
            raise _Ended(UNAVAILABLE) from None
        except CallqError as error:
            await self._refuse(error, **about)
            return
        before = self._views.pop(view, None)
        if before is not None:
            before.stop()
        self._views[view] = await nursery.start(self._follow, view, subscription)

    def _open(self, view: View, since: int | None, epoch: str | None) -> Subscription:
        return self._api.node.actor(self._hall).subscribe(view, since, epoch)

    async def _follow(
        self,
        view: View,
        subscription: Subscription,
        *,
        task_status: trio.TaskStatus[_Following] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Send a view's frames until it is unsubscribed, or what it shows is gone."""
        with trio.CancelScope() as scope:
            following = _Following(scope, subscription)
            task_status.started(following)
            again: Subscription | None = subscription
            while again is not None:
                following.subscription = again
                seen = await self._relay(view, again)
                again = await self._reopen(view, seen)
        if self._views.get(view) is following:
            del self._views[view]
        # Of a frame by half nobody else would send the rest before something new comes.
        await self._send_with(self._outlet.flush)

    async def _relay(self, view: View, subscription: Subscription) -> _Seen | None:
        """Send what a subscription brings until it ends; what was sent last.

        No frame is kept: it holds what it was made from, and its message.
        """
        showing = _Showing(self, view)
        subscription.show_with(showing)
        try:
            while True:
                await self._put(*showing.packed(await subscription.receive()))
        except FeedClosed:
            return showing.seen
        finally:
            subscription.close()

    async def _reopen(self, view: View, seen: _Seen | None) -> Subscription | None:
        """Follow a view again whose subscription ended; None, and the client is told, when it is gone."""
        resume = seen if seen and view.name != "strip" else (None, None)
        try:
            return self._open(view, *resume)
        except (FeedClosed, StoreUnavailable):
            raise _Ended(UNAVAILABLE) from None
        except Rejected as error:
            await self._refuse(error, **_about(view))
            return None

    # Speaking -------------------------------------------------------------------------------------

    async def _claim(self, zone: str | None, screen: str | None, nursery: trio.Nursery) -> None:
        """Have the client speak for a zone as soon as nobody else does; it is told when that changes."""
        try:
            self._principal.require(Permission.ANNOUNCE, hall=self._hall)
            if zone not in self._claimed and len(self._claimed) >= MAX_VIEWS:
                raise Rejected(Code.INVALID, f"more than {MAX_VIEWS} zones", "open another socket")
            self._api.node.actor(self._hall).glance(lambda state: room_of(state, zone))
        except StoreUnavailable:
            raise _Ended(UNAVAILABLE) from None
        except CallqError as error:
            await self._refuse(error)
            return
        if zone not in self._claimed:
            self._claimed.add(zone)
            claimed = Claim(self._hall, zone, screen)
            nursery.start_soon(speak_for, self._api.announcer, claimed, self._send)

    # Commands -------------------------------------------------------------------------------------

    async def _command(self, message: CommandMessage, nursery: trio.Nursery) -> None:
        """Do a command and send its result; another task reads on once it is decided."""
        result: dict[str, object] = {"type": "result", "id": message.id}
        try:
            perform = self._prepared(message)
        except CallqError as error:
            perform = partial(_raised, error)
        # Another task reads only when this one waits next, and `perform` decides before it waits: so
        # commands are decided in their order.
        self._read_on(nursery)
        try:
            answer = await perform()
            members = msgspec.structs.asdict(answer).items()
            result |= {"ok": True, **{name: value for name, value in members if value is not msgspec.UNSET}}
        except Exception as error:
            if not isinstance(error, CallqError):
                problems.log_fault("feed_command_failed", error, hall=self._hall)
            result |= {"ok": False, "problem": problems.explain(error)[0]}
        await self._send(result)
        # Not before: who never reads would have any number of results waiting.
        self._commands.release()

    def _prepared(self, message: CommandMessage) -> Callable[[], Awaitable[msgspec.Struct]]:
        """Check a command; what is left is to do it."""
        api, hall = self._api, self._hall
        if message.window is not None and message.ticket is not None:
            raise Rejected(Code.INVALID, "both a window and a ticket are named", "name the one it is for")
        key = checked_key(message.key)
        if message.window is not None:
            path = f"/v1/halls/{hall}/windows/{message.window}/commands"
            at_window = shaped(message.body, WindowCommandBody)
            call = Call(self._principal, hall, key, body_digest(api.secret, path, message.body))
            return partial(api.window_command, call, message.window, at_window)
        if message.ticket is not None:
            path = f"/v1/halls/{hall}/tickets/{message.ticket}/commands"
            to_ticket = shaped(message.body, bodies.TicketCommandBody)
            call = Call(self._principal, hall, key, body_digest(api.secret, path, message.body))
            return partial(api.ticket_command, call, message.ticket, to_ticket)
        to_hall = shaped(message.body, bodies.HallCommandBody)
        call = Call(
            self._principal, hall, key, body_digest(api.secret, f"/v1/halls/{hall}/commands", message.body)
        )
        return partial(api.hall_command, call, to_hall)

    # Sending --------------------------------------------------------------------------------------

    async def _refuse(self, error: Exception, **about: object) -> None:
        await self._send(error_message(problems.explain(error)[0], **about))

    async def _send(self, message: Mapping[str, object]) -> None:
        await self._put(str(message["type"]), self._outlet.pack(message))

    async def _put(self, kind: str, packed: bytes) -> None:
        # What fits is sent without waiting, also by a task that was told to stop.
        await trio.lowlevel.checkpoint_if_cancelled()
        await self._send_with(partial(self._outlet.send, packed))
        self._tally.sent(kind, len(packed))

    async def _send_with(self, send: Callable[[], Awaitable[None]]) -> None:
        try:
            await send()
        except PeerTooSlow:
            raise _Ended(TOO_SLOW) from None
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise _Ended(None) from None
        finally:
            # It may hold what it raises.
            del send


class _Showing:
    """Shows a view's frames to one socket. What goes wrong is this socket's own and is met in its task.

    It keeps no frame: that holds what it was made from, and its message.

    Args:
      session: the socket's.
      view: what is followed.
    """

    __slots__ = ("_epoch", "_outlet", "_revision", "_session", "_tally", "_view", "_whole", "write")

    def __init__(self, session: Session, view: View) -> None:
        self._session = session
        self._view = view
        self._outlet = session._outlet
        self._tally = session._tally
        self.write = session._outlet.write
        self._whole: dict[str, object] | None = {} if view.name == "strip" else None
        """All of a strip, which comes whole each time."""
        self._revision = 0
        self._epoch: str | None = None

    @property
    def seen(self) -> _Seen | None:
        """What was packed last."""
        return None if self._epoch is None else _Seen(self._revision, self._epoch)

    def packed(self, frame: Frame) -> tuple[str, bytes]:
        """A frame's kind, and its message, which is made once for all sockets of its wire."""
        self._revision, self._epoch = frame.revision, frame.epoch
        data = frame.data
        if self._whole is not None:
            # The same for all that share the frame: each has followed it without a gap.
            data = self._whole = {**self._whole, **data}
        now_ms = wall_ms()
        at_ms: int
        message: bytes
        at_ms, message = frame.made.get(self._outlet.wire, _NOT_MADE)
        if not 0 <= now_ms - at_ms <= SHARED_FOR_MS:
            said: dict[str, object] = {
                "type": frame.kind,
                **_about(self._view),
                "epoch": frame.epoch,
                "revision": frame.revision,
                "data": {**data, "server_ms": now_ms},
            }
            if frame.reset:
                said["reset"] = True
            message = self._outlet.pack(said)
            frame.made[self._outlet.wire] = now_ms, message
        return frame.kind, message

    def begin(self, frame: Frame) -> bytes | Finish:
        """See `Reader`."""
        try:
            kind, message = self.packed(frame)
        except Exception as error:
            return partial(self._session._send_with, partial(_raised, error))
        if not self._outlet.claim():
            return partial(self._session._put, kind, message)
        return message

    def done(self, data: bytes, out: int | Exception) -> Finish | None:
        """See `Reader`."""
        if isinstance(out, Exception):
            self._outlet.wrote(b"", 0)
            return partial(self._session._send_with, partial(_raised, out))
        self._tally.sent("change", len(data))
        if self._outlet.wrote(data, out):
            return None
        return partial(self._session._send_with, self._outlet.flush)


def _verdict(ended: Sequence[Closing | None]) -> Closing | None:
    """How a socket ended, of what its tasks met."""
    if TOO_SLOW in ended:
        # It was cut off then, which to the others looks as if it had left.
        return TOO_SLOW
    # A client that has left cannot be told anything.
    return None if None in ended else ended[0]


async def _raised(error: Exception) -> NoReturn:
    try:
        raise error
    finally:
        # Its traceback holds this frame: with the error in it, both would wait for the collector.
        del error


def _about(view: View) -> dict[str, object]:
    """The members of a message that name a view."""
    named = {"view": view.name, "zone": view.zone, "window": view.window, "ticket": view.ticket}
    return {name: value for name, value in named.items() if value is not None}


def _closings(group: BaseExceptionGroup[_Ended]) -> Iterator[Closing | None]:
    """How the socket ended, where several tasks found it over at once."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _closings(error)
        else:
            yield error.closing
