"""Both machines as Mermaid diagrams, drawn from their tables.

``python -m callq.domain.diagram`` prints the text of ``docs/machines.md``; a test compares them.
"""

from __future__ import annotations

from callq.domain import ticket, window

_HEAD = """# The two machines

Drawn from the tables in `callq/domain/ticket.py` and `callq/domain/window.py` by
`python -m callq.domain.diagram`; a test holds this page to them.

## Ticket

What the day's close does to each state is left out of the picture: `waiting`, `called` and `missed`
become `expired`; `serving` is finished by its clerk.

"""

_BETWEEN = """
## Window

The state is derived from the window's flags and the ticket that stands there. Where an act may end
in several states, the flags decide: a draining window closes when its ticket leaves, one with a
pending pause pauses, any other is idle. Acts that leave the state as it is are not drawn
(`sign_in`, `sign_out`, `recall`, and what is put off while a ticket is there).

"""


def _mermaid(edges: dict[tuple[str, str], list[str]]) -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {source} --> {target}: {', '.join(acts)}" for (source, target), acts in edges.items()]
    return "\n".join([*lines, "```"])


def ticket_diagram() -> str:
    """The ticket machine."""
    edges: dict[tuple[str, str], list[str]] = {}
    for (state, act), to in ticket.TRANSITIONS.items():
        if act != ticket.TicketAct.CLOSE_DAY:
            edges.setdefault((state or "[*]", to), []).append(act)
    for final in sorted(ticket.FINAL - {ticket.TicketState.EXPIRED}):
        edges[final, "[*]"] = ["end"]
    return _mermaid(edges)


def window_diagram() -> str:
    """The window machine."""
    edges: dict[tuple[str, str], list[str]] = {("[*]", window.WindowState.CLOSED): ["configured"]}
    for (state, act), targets in window.TRANSITIONS.items():
        for to in sorted(targets):
            if to != state:
                edges.setdefault((state, to), []).append(act)
    return _mermaid(edges)


def page() -> str:
    """The whole page."""
    return f"{_HEAD}{ticket_diagram()}\n{_BETWEEN}{window_diagram()}\n"


if __name__ == "__main__":
    print(page(), end="")
