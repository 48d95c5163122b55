"""The served document is valid, complete and true."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
import trio
from hypothesis import HealthCheck, Phase, settings
from openapi_spec_validator import validate
from schemathesis.specs.openapi.checks import positive_data_acceptance

from callq.domain.errors import STATUS, Code
from callq.journal.memory import MemoryJournal
from callq.web.api import Api
from callq.web.app import create_app
from callq.web.openapi import document
from callq.web.pages import Pages
from callq.web.routes import ROUTES
from callq.web.tokens import Tokens
from tests.web.conftest import ADMIN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.conftest import Door

DOCUMENT: dict[str, Any] = json.loads(document(ROUTES))


async def test_the_document_is_served_to_everyone_and_valid(door: Door) -> None:
    served = await door.get("/v1/openapi.json", token=None)
    assert served == DOCUMENT
    validate(served)


async def test_every_address_of_the_app_is_described_and_the_other_way_round(door: Door) -> None:
    app = create_app(Api(door.node, Tokens(door.node.keyring, b"s" * 32), b"s" * 32), Pages((), {}))
    served = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS") and "path:" not in rule.rule
    }
    served |= {(route.path, route.method) for route in ROUTES}
    described = {
        (path, method.upper()) for path, operations in DOCUMENT["paths"].items() for method in operations
    }
    assert served == described


def test_every_operation_is_named_once_and_tells_its_refusals() -> None:
    names = Counter(route.name for route in ROUTES)
    assert set(names.values()) == {1}
    for route in ROUTES:
        operation = DOCUMENT["paths"][route.path][route.method.lower()]
        documented = {int(status) for status in operation["responses"]}
        assert documented >= {route.status, 400, 401, 403, 500, 503}
        assert documented == {route.status, *(STATUS[code] for code in route.all_codes)}


def test_what_is_not_built_is_absent() -> None:
    commands = {
        name.removesuffix("Body") for name in DOCUMENT["components"]["schemas"] if name.endswith("Body")
    }
    assert commands >= {
        "Transfer",
        "Hold",
        "Undo",
        "Rejoin",
        "CloseDay",
        "Book",
        "SetSkills",
        "Help",
        "Notice",
        "Reprint",
    }
    assert "appointment" not in str(DOCUMENT["components"]["schemas"]["IssueBody"])


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server in a thread of its own: schemathesis calls from outside."""
    address: list[str] = []
    ready, done = threading.Event(), threading.Event()

    async def main() -> None:
        async with serving(MemoryJournal()) as door:
            await door.staff()
            for service in ("general", "social", "estate"):
                await door.issue(service)
            await door.window("call_next")
            address.append(door.url)
            ready.set()
            await trio.to_thread.run_sync(done.wait)

    thread = threading.Thread(target=trio.run, args=(main,))
    thread.start()
    assert ready.wait(20)
    yield address[0]
    done.set()
    thread.join()


SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)


@SCHEMA.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_as_described(case: schemathesis.Case, server: str) -> None:  # type: ignore[type-arg]
    case.call_and_validate(
        base_url=server,
        headers={"Authorization": f"Bearer {ADMIN}"},
        timeout=10,
        # A schema cannot say that a key was used before, or that a clerk needs a hall.
        excluded_checks=[positive_data_acceptance],
    )


def test_codes_of_the_document_are_codes_of_the_domain() -> None:
    told = set(re.findall(r"`(\w+)`: ", json.dumps(DOCUMENT["paths"], ensure_ascii=False)))
    assert told <= {code.value for code in Code}
