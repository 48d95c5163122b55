"""How two hall files differ, told key by key."""

from __future__ import annotations

import msgspec

from callq.config import differences
from callq.domain.hall import HallConfig, Rules, Service
from tests.harness import small_hall


def told(after: HallConfig) -> list[str]:
    return [str(difference) for difference in differences(small_hall(), after)]


def test_nothing_differs_from_itself() -> None:
    assert told(small_hall()) == []
    assert told(small_hall(rules=Rules(max_calls=3))) == [], "a default that is written is no difference"


def test_a_value_that_changes_comes_or_goes() -> None:
    assert told(small_hall(name="新大厅")) == ['~ name: "测试大厅" -> "新大厅"']
    assert told(small_hall(notices=("明日停电",))) == ['+ notices = ["明日停电"]']
    back = differences(small_hall(name_en="Hall"), small_hall())
    assert [str(each) for each in back] == ['- name_en = "Hall"']


def test_a_table_that_was_not_there_is_told_by_its_keys() -> None:
    assert told(small_hall(rules=Rules(max_calls=4))) == ["+ rules.max_calls = 4"]
    assert differences(small_hall(rules=Rules(max_calls=4)), small_hall())[0].after is None


def test_parts_of_a_list_are_told_by_their_code() -> None:
    services = list(small_hall().services)
    services[0] = msgspec.structs.replace(services[0], quota=30)
    services[2:] = [Service(code="tax", name="办税", prefix="T")]
    assert told(small_hall(services=tuple(services))) == [
        "+ services[general].quota = 30",
        '- services[estate] = { code = "estate", name = "不动产登记", prefix = "G", zone = "upstairs" }',
        '+ services[tax] = { code = "tax", name = "办税", prefix = "T" }',
    ]


def test_skills_are_told_by_their_code() -> None:
    clerks = list(small_hall().clerks)
    clerks[1] = msgspec.structs.replace(clerks[1], skills={"general": 3, "social": 1})
    assert told(small_hall(clerks=tuple(clerks))) == [
        "~ clerks[c2].skills.general: 2 -> 3",
        "+ clerks[c2].skills.social = 1",
    ]


def test_another_order_is_a_difference() -> None:
    turned = tuple(reversed(small_hall().zones))
    assert told(small_hall(zones=turned)) == ['~ zones (order): ["hall", "upstairs"] -> ["upstairs", "hall"]']
