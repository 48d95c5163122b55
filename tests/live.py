"""A real `callq serve` process for tests: started, killed, started again on the same data."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Sequence

ADMIN = "admin-secret-of-the-tests"
START_WITHIN_S = 30.0
STOP_WITHIN_S = 10.0


class LiveServer:
    """One server process on one data directory; the port stays the same over restarts."""

    admin = ADMIN

    def __init__(self, data: Path, *, halls: Sequence[str] = ("county",), more: Sequence[str] = ()) -> None:
        self.data = data
        self.port = 0
        """The server chooses it at its first start and keeps it over restarts."""
        self._arguments = [*(a for hall in halls for a in ("--hall", hall)), *more]
        self._process: subprocess.Popen[bytes] | None = None
        # One for all requests: what a client of its own sets up for each takes longer than the answer.
        self._http = httpx.Client(timeout=10, verify=False, limits=httpx.Limits(max_keepalive_connections=0))

    @property
    def log(self) -> str:
        """What the server has written so far."""
        path = self.data.with_name(self.data.name + ".log")
        return path.read_text() if path.exists() else ""

    @property
    def url(self) -> str:
        """Where the server listens."""
        assert self.port, "not started yet"
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        assert self._process is not None
        return self._process.pid

    @property
    def redis_pid(self) -> int | None:
        """Process id of the embedded Redis, from its pid file."""
        found = list(self.data.rglob("*.pid"))
        return int(found[0].read_text()) if found else None

    def start(self) -> LiveServer:
        """Start and wait until every hall runs."""
        self.launch()
        self.wait_ready()
        return self

    def launch(self) -> LiveServer:
        """Start, and do not wait."""
        with self.data.with_name(self.data.name + ".log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "callq.cli", "serve", "--listen", f"127.0.0.1:{self.port}"),
                    *("--data", str(self.data), *self._arguments),
                ],
                stdout=log,
                stderr=log,
                env={**os.environ, "CALLQ_ADMIN_TOKEN": ADMIN},
            )
        return self

    def wait_ready(self) -> None:
        """Wait until `/readyz` says so."""
        deadline = time.monotonic() + START_WITHIN_S
        while time.monotonic() < deadline:
            assert self._process is not None
            assert self._process.poll() is None, f"the server ended:\n{self.log}"
            serving = re.findall(r'"port": (\d+)[^\n]*"event": "serving"', self.log)
            if not serving:
                time.sleep(0.02)
                continue
            self.port = int(serving[-1])
            try:
                if self._http.get(self.url + "/readyz", timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"the server is not ready:\n{self.log}")

    def kill(self) -> None:
        """Kill -9."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(STOP_WITHIN_S)

    def wait(self, within_s: float) -> int:
        """Exit code of a server that ends by itself."""
        assert self._process is not None
        return self._process.wait(within_s)

    def kill_redis(self) -> None:
        """Kill -9 of the embedded Redis."""
        pid = self.redis_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; answers the exit code. Ends an orphaned Redis of this data directory as well."""
        code = 0
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGTERM)
            try:
                code = self._process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                raise
        self._end_orphan()
        return code

    def _end_orphan(self) -> None:
        """End the Redis that a killed server left behind on this data directory."""
        pid = self.redis_pid
        if pid is not None:
            with contextlib.suppress(OSError):
                if str(self.data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """One request as the administrator; the answer's JSON, which must be a success."""
        answer = self._http.request(
            method, self.url + path, json=body, headers={"Authorization": f"Bearer {ADMIN}", **headers}
        )
        assert answer.is_success, f"{answer.status_code} {answer.text}"
        return answer.json()

    def token(self, role: str, **bound: str) -> str:
        """A new token."""
        return str(self.ask("POST", "/v1/tokens", {"role": role, **bound})["token"])

    def window(self, window: str, command: str, hall: str = "county", **more: object) -> Any:
        """A window command as the administrator."""
        return self.ask("POST", f"/v1/halls/{hall}/windows/{window}/commands", {"command": command, **more})

    def issue(self, service: str = "general", hall: str = "county", **more: object) -> Any:
        """Take a number; answers the ticket."""
        return self.ask("POST", f"/v1/halls/{hall}/tickets", {"service": service, **more})["ticket"]
