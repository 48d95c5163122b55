"""One device at the health door: a report every 30 s and whenever something changes, and its orders.

async with httpx.AsyncClient(base_url=server, headers={"Authorization": f"Bearer {token}"}) as client:
reporter = HealthReporter(client, hall, "printer-1", kind="printer", version="1.4")
reporter.on("test", print_a_test_page)
nursery.start_soon(reporter.run)
reporter.fault("paper_out", "status 0x60")
reporter.clear("paper_out")
"""

from __future__ import annotations

import random
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import httpx
import structlog
import trio

from callq import __version__
from callq.domain.devices import BEAT_MS
from callq.domain.errors import CallqError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from callq.domain.devices import DeviceOrderName

VERSION: Final = __version__
"""Of callq, for programs that have none of their own."""

BEAT_S: Final = BEAT_MS / 1000
ANSWER_LIMIT_S: Final = 10.0
ACT_LIMIT_S: Final = 30.0
"""An order that takes longer has failed."""

SETTLE_S: Final = 0.2
"""What changes within it is told at once."""

MAX_TEXT: Final = 200


@asynccontextmanager
async def health_client(server: str, token: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client for reporters, with the server's address and a token that may report."""
    secure = server.startswith("https")
    verify: Any = await trio.to_thread.run_sync(ssl.create_default_context) if secure else False
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=server, headers=headers, verify=verify) as client:
        yield client


class ActFailed(CallqError):
    """An order could not be carried out; the message says why, for people."""


class _Body(httpx.AsyncByteStream):
    """The body of a request in one piece.

    httpx has an async generator for it, which a request that is broken off leaves to the garbage collector.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._given = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._given = False
        return self

    async def __anext__(self) -> bytes:
        if self._given:
            raise StopAsyncIteration
        self._given = True
        return self._data


def hurry_told(reporters: Mapping[str, HealthReporter], data: Mapping[str, Any]) -> None:
    """The view ``orders`` has changed: devices that have one ask for it at once."""
    for order in data.get("orders", ()):
        reporter = reporters.get(str(order.get("device")))
        if reporter is not None:
            reporter.hurry()


class HealthReporter:
    """Reports for one device.

    Args:
      client: with the server's address and a token that may report for the device.
      hall: hall id.
      device: id, as in the hall file.
      kind: of a device that is not in the hall file.
      version: what it runs.
    """

    def __init__(
        self, client: httpx.AsyncClient, hall: str, device: str, *, kind: str = "", version: str = ""
    ) -> None:
        self.device = device
        self._client = client
        self._path = f"/v1/halls/{hall}/devices/{device}/health"
        self._kind = kind
        self._version = version
        self._faults: dict[str, str] = {}
        self._acts: dict[str, Callable[[], Awaitable[None]]] = {}
        self._news = trio.Event()
        self._ended: dict[str, str] = {}
        """The order that was carried out last and is to be told, with what went wrong."""
        self._handled = ""
        self._told = ""
        """Why the server did not take the last report; empty: it did."""
        self._log = structlog.get_logger().bind(device=device)

    def on(self, order: DeviceOrderName, act: Callable[[], Awaitable[None]]) -> None:
        """Carry out an order with `act`, which raises `ActFailed` where it cannot."""
        self._acts[order] = act

    def fault(self, code: str, detail: str = "") -> None:
        """Something is wrong from now on."""
        if code not in self._faults:
            self.hurry()
        self._faults[code] = detail

    def clear(self, code: str) -> None:
        """It is no longer."""
        if self._faults.pop(code, None) is not None:
            self.hurry()

    def only(self, faults: Mapping[str, str]) -> None:
        """These are all faults, with words."""
        if faults.keys() != self._faults.keys():
            self.hurry()
        self._faults = dict(faults)

    def hurry(self) -> None:
        """Report soon: something has changed, or an order waits."""
        self._news.set()

    async def run(self) -> None:
        """Report until cancelled; without the server the next report is tried in time."""
        while True:
            self._news = trio.Event()
            if await self.report():
                # It did something: that is told without delay.
                continue
            with trio.move_on_after(BEAT_S * random.uniform(0.9, 1.0)):
                await self._news.wait()
                await trio.sleep(SETTLE_S)

    async def report(self) -> bool:
        """Report once, and carry out what is asked; True: an order was, and its end is still to be told."""
        ended = dict(self._ended)
        body: dict[str, Any] = {
            "version": self._version[:64],
            "faults": [{"code": c, "detail": d[:MAX_TEXT]} for c, d in sorted(self._faults.items())],
            **({"kind": self._kind} if self._kind else {}),
            **ended,
        }
        answer = await self._post(body)
        if answer is None:
            return False
        if self._ended == ended:
            self._ended = {}
        order = answer.get("order")
        if not isinstance(order, dict) or order.get("id") == self._handled:
            return False
        self._handled = str(order["id"])
        error = await self._act(str(order["order"]))
        self._ended = {"done": self._handled, **({"error": error[:MAX_TEXT]} if error else {})}
        return True

    async def _act(self, order: str) -> str:
        """Carry out an order; what went wrong, empty: nothing."""
        act = self._acts.get(order)
        if act is None:
            return f"this device has no {order}"
        self._log.info("device_told", order=order)
        try:
            with trio.fail_after(ACT_LIMIT_S):
                await act()
        except (ActFailed, OSError) as error:
            self._log.warning("device_could_not", order=order, error=str(error))
            return str(error)
        except trio.TooSlowError:
            return f"not done within {ACT_LIMIT_S:g} s"
        return ""

    async def _post(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """The server's answer; None: there is none to be had now."""
        told = ""
        answer: dict[str, Any] | None = None
        try:
            with trio.fail_after(ANSWER_LIMIT_S):
                request = self._client.build_request("POST", self._path, json=body)
                request.stream = _Body(request.content)
                response = await self._client.send(request)
            if response.status_code == 200:
                answer = response.json()
            else:
                told = f"{response.status_code} {response.text[:MAX_TEXT]}"
        except (httpx.HTTPError, trio.TooSlowError, ValueError) as error:
            told = f"{type(error).__name__}: {error}"
        if told and told != self._told:
            self._log.warning("device_not_heard", error=told)
        self._told = told
        return answer if isinstance(answer, dict) else None
