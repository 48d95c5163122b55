"""What the agent says of its boxes."""

from __future__ import annotations

from panels.callbox.config import AgentConfig, Box, Line
from panels.callbox.health import STATES, Health
from tests.unit.documents import rows, section, text


def test_the_metrics_and_states_are_described() -> None:
    page = section(text("docs/callbox.md"), "Health")
    box = Box(name="box", window="w1", address=1)
    line = Line(name="hub", protocol="95h", address="/dev/ttyUSB0", boxes=(box,))
    health = Health(AgentConfig(hall="test", lines=(line,)))
    families = {
        family.name + ("_total" if family.type == "counter" else ""): family
        for family in health.registry.collect()
    }
    described = {name for name in rows(page) if name.startswith("callq_callbox_")}
    assert described == set(families)
    for name, family in families.items():
        assert f"| {family.type} |" in rows(page)[name]
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        assert all(f"`{label}`" in rows(page)[name] for label in labels)
    assert set(STATES) == set(rows(page)) - described
