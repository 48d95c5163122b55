"""The days that the golden streams record: every event of each schema at least once.

``python -m tests.golden.day NAME`` writes the day of the present schema to ``tests/golden/NAME.json``;
it never overwrites. A stream once written is kept for good: later versions of callq must replay it to
the outcome recorded here, whatever fields have joined the state since.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from callq.domain import commands as cmd
from callq.domain.events import SCHEMA_VERSION
from callq.domain.ticket import FINAL
from callq.journal.port import GENESIS, chained
from tests.golden.day_two import scripted_v2
from tests.harness import Hall, small_hall

if TYPE_CHECKING:
    from callq.domain.state import HallState

FOLDER = Path(__file__).parent


def scripted() -> Hall:
    """A short, full day of schema 1."""
    hall = Hall()
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


def write(name: str) -> None:
    """Write a new golden stream."""
    hall = scripted_v2()
    entries = []
    previous = GENESIS
    for payload in hall.payloads:
        entry = chained(previous, payload)
        entries.append([str(entry.id), base64.b64encode(payload).decode()])
        previous = entry.id
    stream = {"schema": SCHEMA_VERSION, "outcome": outcome(hall.state), "entries": entries}
    with (FOLDER / f"{name}.json").open("x") as file:
        json.dump(stream, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    write(sys.argv[1])
