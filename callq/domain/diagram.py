"""Both machines as Mermaid diagrams, drawn from their tables.

``python -m callq.domain.diagram`` prints the text of ``docs/machines.md``; a test compares them.
"""

from __future__ import annotations

from callq.domain import ticket, window

_HEAD = """# The two machines

Drawn from the tables in `callq/domain/ticket.py` and `callq/domain/window.py` by
`python -m callq.domain.diagram`; a test holds this page to them.

## Ticket

Left out of the picture: the day's close (`waiting`, `called`, `held` and `missed` become `expired`;
`serving` is finished by its clerk, or by the clock some hours later), `undo` (a call, a miss or a
completion goes back to where it was), and acts that leave the state as it is (`recall`, `reassign`,
`grant_class`, `rate`).

"""

_BETWEEN = """
## Window

The state is derived from the window's flags and the ticket that stands there. Where an act may end
in several states, the flags decide: a draining window closes when its ticket leaves, one with a
pending pause pauses, any other is idle. `take_back`: papers that were kept came back to a free window;
`lose_ticket`: the ticket was cancelled, expired, or ended by the clock. `call_next` while a ticket is
there ends that one first, where the hall's rules say so.

Left out of the picture: `undo` (a call, a miss or a completion goes back to where it was), and acts that
leave the state as it is (`sign_in`, `sign_out`, `hand_over`, `take_over`, `set_skills`, `recall`, and a
close or pause that is put off while a ticket is there).

"""


_NOT_DRAWN = (ticket.TicketAct.CLOSE_DAY, ticket.TicketAct.UNDO, window.WindowAct.UNDO)


def _mermaid(edges: dict[tuple[str, str], list[str]]) -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {source} --> {target}: {', '.join(acts)}" for (source, target), acts in edges.items()]
    return "\n".join([*lines, "```"])


def ticket_diagram() -> str:
    """The ticket machine."""
    edges: dict[tuple[str, str], list[str]] = {}
    for (state, act), targets in ticket.TRANSITIONS.items():
        for to in sorted(targets):
            if act not in _NOT_DRAWN and to != state:
                edges.setdefault((state or "[*]", to), []).append(act)
    for final in sorted(ticket.FINAL - {ticket.TicketState.EXPIRED}):
        edges[final, "[*]"] = ["end"]
    return _mermaid(edges)


def window_diagram() -> str:
    """The window machine."""
    edges: dict[tuple[str, str], list[str]] = {("[*]", window.WindowState.CLOSED): ["configured"]}
    for (state, act), targets in window.TRANSITIONS.items():
        for to in sorted(targets):
            if act not in _NOT_DRAWN and to != state:
                edges.setdefault((state, to), []).append(act)
    return _mermaid(edges)


def page() -> str:
    """The whole page."""
    return f"{_HEAD}{ticket_diagram()}\n{_BETWEEN}{window_diagram()}\n"


if __name__ == "__main__":
    print(page(), end="")
