"""The agent: what the hall wants printed, once each, and what became of it.

A print is taken at the server before its first byte is sent, and its end is told after its last. One that
was taken by an earlier run of the agent was left in the middle: it is told as unknown, never printed
again by itself. A printer that cannot print is found out before a print is taken.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec
import structlog
import trio

from callq.agent import VERSION, HealthReporter, health_client, hurry_told
from callq.agent.feed import Follower, Watched, feed_address
from callq.wire import messages as m
from panels.printer.device import fault_now, print_bytes
from panels.printer.escpos import ticket_bytes
from panels.printer.orders import DEVICE_FAULTS, Orders
from panels.printer.paper import blocks_of

if TYPE_CHECKING:
    from callq.domain.printing import Fault
    from panels.printer.config import AgentConfig, Printer

CHECK_S: Final = 10.0
"""Between two looks at an idle printer."""

REQUEST_LIMIT_S: Final = 5.0
TAKE_LIMIT_S: Final = 12.0
"""For taking a print, repeats included: after that the person was told that nothing comes."""

END_LIMIT_S: Final = 600.0
"""For telling what became of one: the server may be away for a while."""

AGAIN_S: Final = 0.5


ORDERS: Final = Watched("orders", "")


class Agent:
    """All printers of one file."""

    def __init__(self, config: AgentConfig, token: str) -> None:
        self.config = config
        self._token = token
        self._run = secrets.token_hex(8)
        """Tells this run's requests from those of the one before, which may have ended in the middle."""
        self._printers = {printer.id: _Work(printer) for printer in config.printers}
        self._log = structlog.get_logger()
        self._unknown: set[str] = set()
        self._reporters: dict[str, HealthReporter] = {}

    async def run(self) -> None:
        """Print until cancelled."""
        address = feed_address(self.config.server, self.config.hall)
        views = [Watched("printers", ""), ORDERS]
        follower = Follower(address, self._token, views, show=self._show)
        headers = {"Authorization": f"Bearer {self._token}"}
        async with (
            httpx.AsyncClient(base_url=self.config.server, headers=headers, timeout=REQUEST_LIMIT_S) as http,
            health_client(self.config.server, self._token) as client,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(follower.run)
            for id, work in self._printers.items():
                reporter = HealthReporter(client, self.config.hall, id, kind="printer", version=VERSION)
                Orders(work.printer, self.config.hall, work.turn, work.found).take(reporter)
                self._reporters[id] = work.reporter = reporter
                nursery.start_soon(self._serve, work, http)
                nursery.start_soon(work.report)

    def _show(self, view: Watched, data: dict[str, Any]) -> None:
        if view == ORDERS:
            hurry_told(self._reporters, data)
            return
        shown = {
            printer.id: printer for printer in msgspec.convert(data["printers"], tuple[m.PrinterNow, ...])
        }
        for id, work in self._printers.items():
            if id in shown:
                work.shown(shown[id])
            elif id not in self._unknown:
                self._unknown.add(id)
                self._log.error("printer_not_in_hall", printer=id, hall=self.config.hall)

    async def _serve(self, work: _Work, http: httpx.AsyncClient) -> None:
        while True:
            news = work.news
            job = work.next_job()
            if job is not None:
                await self._job(work, job, http)
                continue
            await self._look(work, http)
            with trio.move_on_after(CHECK_S):
                await news.wait()

    async def _look(self, work: _Work, http: httpx.AsyncClient) -> None:
        """Tell the hall what is wrong with an idle printer, where it does not know that."""
        async with work.turn:
            fault = await fault_now(work.printer)
        work.found(fault)
        if work.now is not None and fault != work.now.fault:
            self._log.info("printer_fault", printer=work.printer.id, fault=fault)
            body = {"command": "report", "fault": fault}
            await self._tell(work, http, body, f"report-{secrets.token_hex(8)}", REQUEST_LIMIT_S)

    async def _job(self, work: _Work, job: m.PrintJob, http: httpx.AsyncClient) -> None:
        about = {"ticket": job.ticket, "copy": job.copy}
        name = f"{job.ticket}-{job.copy}"
        work.seen.add((job.ticket, job.copy))
        if job.taken:
            self._log.warning("print_left_in_the_middle", printer=work.printer.id, number=job.number)
            await self._end(work, http, about, name, "unknown", "")
            return
        async with work.turn:
            await self._print(work, job, http)

    async def _print(self, work: _Work, job: m.PrintJob, http: httpx.AsyncClient) -> None:
        about, name = {"ticket": job.ticket, "copy": job.copy}, f"{job.ticket}-{job.copy}"
        fault = await fault_now(work.printer)
        work.found(fault)
        if fault:
            self._log.warning("print_failed", printer=work.printer.id, number=job.number, fault=fault)
            await self._end(work, http, about, name, "failed", fault)
            return
        body = {"command": "take", **about}
        answer = await self._tell(work, http, body, f"take-{self._run}-{name}", TAKE_LIMIT_S)
        if answer is None or answer.ticket is None or answer.paper is None:
            return
        link = answer.ticket.links.get("page", "")
        if link.startswith("/"):
            link = self.config.server.rstrip("/") + link
        blocks = blocks_of(answer.ticket, answer.paper, link)
        printer = work.printer
        done = await print_bytes(
            printer, ticket_bytes(blocks, answer.paper.dots, printer.qr, cut=printer.cut)
        )
        work.found(done.fault)
        if done.state == "printed":
            self._log.info("print_done", printer=printer.id, number=job.number)
        else:
            self._log.warning(
                "print_ended_badly",
                printer=printer.id,
                number=job.number,
                state=done.state,
                fault=done.fault,
                error=done.words,
            )
        await self._end(work, http, about, name, done.state, done.fault)

    async def _end(
        self, work: _Work, http: httpx.AsyncClient, about: dict[str, Any], name: str, state: str, fault: str
    ) -> None:
        body = {"command": "end", **about, "state": state, "fault": fault}
        await self._tell(work, http, body, f"end-{self._run}-{name}", END_LIMIT_S)

    async def _tell(
        self, work: _Work, http: httpx.AsyncClient, body: dict[str, Any], key: str, limit_s: float
    ) -> m.PrinterAnswer | None:
        """Say something, again with the same key until the server answers; None: it refused, or never did."""
        path = f"/v1/halls/{self.config.hall}/printers/{work.printer.id}/commands"
        with trio.move_on_after(limit_s):
            while True:
                try:
                    answer = await http.post(path, json=body, headers={"Idempotency-Key": key})
                except httpx.HTTPError as error:
                    self._log.warning("printer_server_away", printer=work.printer.id, error=repr(error))
                else:
                    if answer.is_success:
                        return msgspec.json.decode(answer.content, type=m.PrinterAnswer)
                    if answer.status_code < 500 and answer.status_code != 429:
                        code = _code(answer)
                        self._log.warning(
                            "printer_refused", printer=work.printer.id, command=body["command"], code=code
                        )
                        return None
                await trio.sleep(AGAIN_S)
        return None


def _code(answer: httpx.Response) -> str:
    try:
        return str(msgspec.json.decode(answer.content)["code"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return str(answer.status_code)


class _Work:
    """What one printer has to do."""

    def __init__(self, printer: Printer) -> None:
        self.printer = printer
        self.now: m.PrinterNow | None = None
        self.seen: set[tuple[str, int]] = set()
        """Prints of this run: each is dealt with once."""
        self.news = trio.Event()
        self.turn = trio.Lock()
        """One at a time speaks with the printer: a print, a look or an order."""
        self.reporter: HealthReporter
        """Set before anything is done with the printer."""
        self._looked = trio.Event()

    def found(self, fault: Fault) -> None:
        """What is wrong with it now."""
        self.reporter.only({DEVICE_FAULTS[fault]: self.printer.address} if fault else {})
        self._looked.set()

    async def report(self) -> None:
        """Tell the hall how it is, from the first look on."""
        await self._looked.wait()
        await self.reporter.run()

    def shown(self, now: m.PrinterNow) -> None:
        """What the hall says of it."""
        self.now = now
        self.seen &= {(job.ticket, job.copy) for job in now.jobs}
        news, self.news = self.news, trio.Event()
        news.set()

    def next_job(self) -> m.PrintJob | None:
        """The oldest print that was not yet looked at."""
        jobs = self.now.jobs if self.now is not None else ()
        return next((job for job in jobs if (job.ticket, job.copy) not in self.seen), None)
