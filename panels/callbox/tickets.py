"""A ticket by the digits of its number, for a keypad without letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx

from panels.callbox.keys import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

CALLABLE: Final = frozenset({"waiting", "missed", "held"})
LIMIT_S: Final = 5.0


class Finder:
    """Asks the server, since a panel knows only who is next."""

    def __init__(self, server: str, hall: str, token: str) -> None:
        self._address = f"{server.rstrip('/')}/v1/halls/{hall}/tickets"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def find(self, digits: str, panel: dict[str, Any]) -> str:
        """Id of the one ticket of the window's services that can be called and has these digits.

        Raises:
          Refused: there is none, there are several, or the server does not say.
        """
        prefixes = dict.fromkeys(queue["prefix"] for queue in panel["queues"])
        try:
            async with httpx.AsyncClient(headers=self._headers, timeout=LIMIT_S) as http:
                found = [ticket for prefix in prefixes for ticket in await self._ask(http, prefix + digits)]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise Refused(f"the number could not be looked up: {error!r}") from error
        if len(found) != 1:
            which = "several numbers" if found else "no number"
            raise Refused(f"{which} with the digits {digits} can be called here")
        return str(found[0]["id"])

    async def _ask(self, http: httpx.AsyncClient, number: str) -> Iterable[dict[str, Any]]:
        answer = await http.get(self._address, params={"number": number})
        answer.raise_for_status()
        return [ticket for ticket in answer.json()["tickets"] if ticket["state"] in CALLABLE]
