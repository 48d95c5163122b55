"""Whether a state that was written and read back is the same hall: in every value, and in what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from callq.domain import commands as cmd
from callq.domain.apply import apply
from callq.domain.decide import decide, next_deadline_ms
from callq.domain.events import decode_batch
from callq.domain.snapshot import decode_state, encode_state
from callq.domain.state import HallState, canonical
from callq.domain.undo import NoUndo

if TYPE_CHECKING:
    from collections.abc import Iterable

_commands = msgspec.msgpack.Decoder(cmd.AnyCommand)


def restored(state: HallState) -> HallState:
    """A state from the bytes of another; both are compared, down to types and the order of tables."""
    again = decode_state(encode_state(state))
    assert canonical(again) == canonical(state)
    assert parts(again) == parts(state)
    return again


def parts(state: HallState) -> dict[str, str]:
    """Every slot as text, which tells an enum from a string and a named tuple from a list."""
    found = {name: repr(getattr(state, name)) for name in HallState.__slots__}
    found["index"] = repr(
        [getattr(state.index, table) for table in ("clerks", "services", "windows", "zones")]
    )
    found["lanes"] = repr([(key, lane.places()) for key, lane in state.lanes.items()])
    found["agenda"] = repr(state.agenda.all())
    # Worked out when somebody asks; whether that is right is an invariant of every hall in the tests.
    del found["staffing"]
    return found


def goes_on_the_same(hall: str, payloads: Iterable[bytes], every: int) -> HallState:
    """Replay a history, reading the state back from its bytes again and again; each decision is compared.

    Returns:
      The state in the end, most of whose past it knows from snapshots alone.
    """
    state = HallState(hall)
    for number, payload in enumerate(payloads):
        batch = decode_batch(payload)
        command = _commands.decode(batch.command)
        deadline = next_deadline_ms(state)
        if number % every == 0:
            state = restored(state)
        assert next_deadline_ms(state) == deadline
        decision = decide(state, command, batch.at_ms, batch.who)
        assert decision.events == batch.events, f"batch {number + 1} would be decided otherwise"
        apply(state, batch, NoUndo())
    return restored(state)
