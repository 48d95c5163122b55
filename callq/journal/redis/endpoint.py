"""Where a Redis is and how a connection to it is made; the one place that configures redis-py."""

# redis-py leaves most of these methods unannotated.
# mypy: allow-untyped-calls

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from redis.connection import (
    AbstractConnection,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
    parse_url,
)

from callq.journal.port import StoreRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

CONNECT_TIMEOUT_S: Final = 3.0
REPLY_TIMEOUT_S: Final = 5.0
"""How long one read from the socket may take; a slow fsync holds replies back, so not too short."""

_KEEPALIVE: Final[dict[int, int]] = {
    socket.TCP_KEEPIDLE: 10,
    socket.TCP_KEEPINTVL: 5,
    socket.TCP_KEEPCNT: 3,
    socket.TCP_USER_TIMEOUT: 25_000,
}
"""A peer that vanished is noticed within half a minute, whether we wait for it or send to it."""

_URL: Final = re.compile(r"^(redis|rediss|unix)://")

_CLASSES: Final[Mapping[str, Callable[..., AbstractConnection]]] = {
    "redis": Connection,
    "rediss": SSLConnection,
    "unix": UnixDomainSocketConnection,
}

_PASSED_ON: Final = frozenset(
    {"host", "port", "path", "db", "username", "password"}
    | {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname", "ssl_ca_path"}
)
"""What a URL may say; time-outs and protocol are not its business."""


def is_url(text: str) -> bool:
    """Whether `text` names a Redis by URL and not a directory."""
    return _URL.match(text) is not None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Address and credentials of one Redis.

    Attributes:
      scheme: ``redis``, ``rediss`` (TLS) or ``unix``.
      shown: the address without credentials, for messages.
      options: keyword arguments of the connection class.
      embedded: it is callq's own server, which never fails over to another.
      connect_timeout_s, reply_timeout_s: bounds of each step on the socket.
    """

    scheme: str
    shown: str
    options: Mapping[str, Any] = field(repr=False)
    embedded: bool = False
    connect_timeout_s: float = CONNECT_TIMEOUT_S
    reply_timeout_s: float = REPLY_TIMEOUT_S

    @classmethod
    def from_url(cls, url: str) -> Endpoint:
        """Read ``redis://[user:password@]host[:port][/db]``, ``rediss://...`` or ``unix:///path``.

        Raises:
          StoreRefused: not such a URL, or it sets an option that is not for it to set.
        """
        try:
            options = dict(parse_url(url))
            parts = urlsplit(url)
        except ValueError as error:
            raise StoreRefused(f"the Redis URL cannot be read: {error}") from error
        options.pop("connection_class", None)
        if unknown := sorted(set(options) - _PASSED_ON):
            raise StoreRefused(
                f"the Redis URL sets {', '.join(unknown)}; it may set only {', '.join(sorted(_PASSED_ON))}"
            )
        if parts.scheme == "unix":
            return cls("unix", f"unix://{parts.path}", options)
        host = options.setdefault("host", "localhost")
        port = options.setdefault("port", 6379)
        host = f"[{host}]" if ":" in host else host
        return cls(parts.scheme, f"{parts.scheme}://{host}:{port}/{options.get('db', 0)}", options)

    @classmethod
    def from_socket(cls, path: Path, *, embedded: bool = False) -> Endpoint:
        """A server on a Unix socket of this machine."""
        return cls("unix", f"unix://{path}", {"path": str(path)}, embedded)

    @property
    def database(self) -> int:
        """Number of the database; each is a store of its own."""
        return int(self.options.get("db", 0))

    def connection(self) -> AbstractConnection:
        """A redis-py connection, not yet open, that never sends anything twice or of its own accord.

        redis-py's retries would run a timed-out commit again and then report the node's own entry as
        somebody else's; `retry=None` is "none" for a bare connection. Maintenance notifications and
        CLIENT SETINFO exist only on newer servers and are left out.
        """
        tcp: dict[str, Any] = {}
        if self.scheme != "unix":
            tcp = {"socket_keepalive": True, "socket_keepalive_options": _KEEPALIVE}
        return _CLASSES[self.scheme](
            **self.options,
            **tcp,
            protocol=2,
            retry=None,
            retry_on_timeout=False,
            retry_on_error=(),
            health_check_interval=0,
            maint_notifications_config=None,
            driver_info=None,
            socket_connect_timeout=self.connect_timeout_s,
            socket_timeout=self.reply_timeout_s,
        )
