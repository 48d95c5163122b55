"""Ports to listen on."""

from __future__ import annotations

import argparse
import socket
from typing import Final

from callq.cli.errors import UserError

PORTS_TRIED: Final = 100


def address(text: str) -> tuple[str, int]:
    """Read HOST:PORT, [V6]:PORT or :PORT."""
    host, colon, number = text.rpartition(":")
    if not colon or (":" in host and not (host.startswith("[") and host.endswith("]"))):
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, e.g. 0.0.0.0:8080")
    return host.strip("[]") or "0.0.0.0", port(number)


def port(text: str) -> int:
    """Read a port number."""
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number from 0 to 65535")
    return int(text)


def refuse_taken(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on, and name one that can.

    Raises:
      UserError: the port is taken or not allowed, or the host is not one of this machine's.
    """
    error = _try(host, port)
    if error is None:
        return
    if isinstance(error, PermissionError):
        raise UserError(f"{host}:{port}: {error.strerror}", "choose a port from 1024 to 65535")
    last = min(port + PORTS_TRIED, 65535)
    free = next((each for each in range(port + 1, last + 1) if _try(host, each) is None), None)
    if free is None:
        raise UserError(f"cannot listen on {host}:{port}: {error.strerror}", "give another host or port")
    raise UserError(
        f"port {port} is in use by another program",
        f"{free} is free: give that one, or end the program that listens on {port}",
    )


def any_free(host: str) -> int:
    """A free port of the system's choice.

    Raises:
      UserError: the host is not one of this machine's.
    """
    try:
        with _bound(host, 0) as probe:
            port: int = probe.getsockname()[1]
            return port
    except OSError as error:
        raise UserError(f"cannot listen on {host}: {error.strerror}", "give another host") from error


def _try(host: str, port: int) -> OSError | None:
    try:
        with _bound(host, port) as probe:
            probe.listen()
    except OSError as error:
        return error
    return None


def _bound(host: str, port: int) -> socket.socket:
    """A socket bound as the server's will be: connections of an earlier one that fade away do not count."""
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, place = found[0]
    probe = socket.socket(family, kind, protocol)
    try:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(place)
    except OSError:
        probe.close()
        raise
    return probe
