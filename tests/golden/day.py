"""The days that the golden streams record: every event of each schema at least once.

``python -m tests.golden.day`` writes those files of the present schema that are not there yet: its day's
stream, the snapshot of its end, and the fields of all that a batch may hold (``shapes``). What was written
once is kept for good: later versions of callq must come to the outcome recorded here, whatever fields
have joined the state since. A new schema needs a day of its own: a row in `DAYS`.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

import msgspec

from callq.domain import commands as cmd
from callq.domain.events import SCHEMA_VERSION, Batch
from callq.domain.snapshot import FORMAT, encode_state
from callq.domain.ticket import FINAL
from callq.journal.port import GENESIS, chained
from tests.golden.day_four import scripted_v4
from tests.golden.day_three import scripted_v3
from tests.golden.day_two import scripted_v2
from tests.harness import Hall, small_hall

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain.state import HallState

FOLDER = Path(__file__).parent


def scripted() -> Hall:
    """A short, full day of schema 1."""
    hall = Hall(level=1)
    hall.do(cmd.OpenEpoch(epoch="00000000000000e1"))
    hall.staff("w1", "c1")
    hall.staff("w2", "c2")
    hall.do(cmd.SignIn(window="w3", clerk="c4"))
    ann = cmd.Person(id_hash="6b1d", id_last4="123X", phone_hash="77aa", phone_last4="0001", name="张*")
    first = hall.issue(person=ann, channel="kiosk", traits=("hearing",))
    hall.later(30)
    hall.issue("social", cls="priority", channel="counter")
    hall.issue("estate", channel="web")
    hall.do(cmd.CallNext(window="w1"), key="press-1")
    hall.later(11)
    hall.do(cmd.Recall(window="w1"))
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Pause(window="w1", reason="取材料"))
    hall.later(300)
    hall.do(cmd.Complete(window="w1"))
    hall.do(cmd.Unpause(window="w1"))
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Close(window="w1"))
    hall.do(cmd.Open(window="w1"))
    hall.later(11)
    hall.do(cmd.Recall(window="w1"))
    hall.do(cmd.Close(window="w1"))
    hall.do(cmd.Miss(window="w1"))
    hall.do(cmd.Pause(window="w2", reason="午休"))
    assert first.state == "done"
    again = hall.issue(person=ann)
    hall.do(cmd.Cancel(ticket=again.id, reason="改天再来"), key="cancel-1")
    hall.do(cmd.SignOut(window="w1"))
    hall.do(cmd.Configure(config=small_hall(name="测试大厅（新）", notices=("中午不休息",))))
    hall.later(20 * 3600)
    hall.do(cmd.Tick(), key="tick:day:1")
    hall.do(cmd.Unpause(window="w2"))
    hall.issue()
    hall.do(cmd.CallNext(window="w2"))
    return hall


DAYS: Final[dict[int, Callable[[], Hall]]] = {1: scripted, 2: scripted_v2, 3: scripted_v3, 4: scripted_v4}
"""By schema."""


def newest() -> Hall:
    """The day of the present schema, at its end."""
    return DAYS[SCHEMA_VERSION]()


def outcome(state: HallState) -> dict[str, object]:
    """What the hall looks like in the end, in terms that will always exist."""
    return {
        "revision": state.revision,
        "now_ms": state.now_ms,
        "day": state.day,
        "epochs": [list(epoch) for epoch in state.epochs],
        "name": state.config.name,
        "counters": state.counters,
        # Later versions may keep yesterday's ended tickets for a while, e.g. for their rating.
        "tickets": [
            [t.id, t.number, t.state, t.calls, t.window]
            for t in state.tickets.values()
            if t.day == state.day or t.state not in FINAL
        ],
        "lanes": {"/".join(filter(None, key)): lane.ids() for key, lane in state.lanes.items() if lane},
        "windows": [
            [w.id, w.state, w.clerk, w.ticket.id if w.ticket else None] for w in state.windows.values()
        ],
    }


def shapes(root: object = Batch) -> dict[str, list[str]]:
    """Fields of every struct that a batch may hold, by its tag or name."""
    found: dict[str, list[str]] = {}

    def look(annotation: object) -> None:
        if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
            name = str(annotation.__struct_config__.tag or annotation.__name__)
            if name not in found:
                fields = msgspec.structs.fields(annotation)
                found[name] = [field.encode_name for field in fields]
                for field in fields:
                    look(field.type)
        for part in get_args(annotation):
            look(part)

    look(root)
    return found


def stream_of(hall: Hall) -> dict[str, object]:
    """All entries, and the outcome."""
    entries = []
    previous = GENESIS
    for payload in hall.payloads:
        entry = chained(previous, payload)
        entries.append([str(entry.id), base64.b64encode(payload).decode()])
        previous = entry.id
    return {"schema": SCHEMA_VERSION, "outcome": outcome(hall.state), "entries": entries}


def snapshot_of(hall: Hall) -> dict[str, object]:
    """The state in the end, as a snapshot."""
    body = base64.b64encode(encode_state(hall.state)).decode()
    return {"schema": SCHEMA_VERSION, "format": FORMAT, "outcome": outcome(hall.state), "body": body}


KINDS: Final[dict[str, Callable[[], object]]] = {
    "stream": lambda: stream_of(newest()),
    "snapshot": lambda: snapshot_of(newest()),
    "shapes": shapes,
}


def write() -> None:
    """Write the golden files of the present schema that are not there yet."""
    for name, content in KINDS.items():
        path = FOLDER / f"{name}-v{SCHEMA_VERSION}.json"
        if not path.exists():
            path.write_text(json.dumps(content(), indent=1) + "\n", encoding="utf-8")
            print(f"wrote {path.name}")


if __name__ == "__main__":
    write()
