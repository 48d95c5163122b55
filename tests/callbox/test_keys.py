"""From keys to commands, without a line or a server."""

from __future__ import annotations

from typing import Any

import pytest

from panels.callbox.config import Transfer
from panels.callbox.keypad import KEYS
from panels.callbox.keys import DOMINANT, Refused, Typing, Wish, command_of
from panels.callbox.lines import label_on_box, number_on_box
from tests.unit.documents import rows, section, text


def typed(*keys: str, pausing: bool = False, every_s: float = 0.1) -> list[Wish]:
    """What comes of keys by their meanings, as a box with a key for each has them."""
    typing = Typing()
    wishes = [
        typing.type(key, index * every_s, pausing=pausing)  # type: ignore[arg-type]
        for index, key in enumerate(keys)
    ]
    return [wish for wish in wishes if wish is not None]


def on_keypad(*caps: str) -> list[Wish]:
    """What comes of keys of a keypad by what stands on them."""
    typing = Typing()
    wishes = [typing.type(KEYS[cap], 0.0, digit=cap if cap.isdigit() else "") for cap in caps]
    return [wish for wish in wishes if wish is not None]


@pytest.mark.parametrize(
    ("keys", "wishes"),
    [
        (["enter"], [Wish("enter")]),
        (["recall", "miss", "undo", "next"], [Wish("recall"), Wish("miss"), Wish("undo"), Wish("next")]),
        (["request_rating", "help"], [Wish("request_rating"), Wish("help")]),
        (["1", "9", "0"], []),
        (["hold", "2"], [Wish("hold", "2")]),
        (["hold", "enter", "recall", "3"], [Wish("hold", "3")]),
        (["hold", "0", "1"], []),
        (["hold", "hold", "1"], []),
        (["hold", "undo", "undo"], [Wish("undo")]),
        (["transfer", "1", "enter"], [Wish("transfer", "1"), Wish("enter")]),
        (["pause", "5"], [Wish("pause", "5")]),
        (["call", "0", "1", "2", "enter", "enter"], [Wish("call", "012"), Wish("enter")]),
        (["call", "1", "call", "enter"], [Wish("call", "1")]),
        (["call", "enter", "7", "enter"], [Wish("call", "7")]),
        (["call", "1", "2", "undo", "enter"], [Wish("call", "1")]),
        (["call", "1", "undo", "enter"], [Wish("enter")]),
        (["call", *"123456789", "enter"], [Wish("call", "12345678")]),
    ],
)
def test_what_keys_come_to(keys: list[str], wishes: list[Wish]) -> None:
    assert typed(*keys) == wishes


@pytest.mark.parametrize(
    ("caps", "wishes"),
    [
        (["9", "0"], [Wish("request_rating"), Wish("help")]),
        (["8", "0", "8", "9", "enter"], [Wish("call", "089")]),
        (["star", "8", "star", "9"], [Wish("transfer", "8"), Wish("transfer", "9")]),
        (["dot", "0", "0"], [Wish("help")]),
        (["1", "7"], []),
    ],
)
def test_a_key_is_its_digit_while_digits_are_awaited(caps: list[str], wishes: list[Wish]) -> None:
    assert on_keypad(*caps) == wishes


def test_a_choice_that_is_not_made_is_forgotten() -> None:
    assert typed("hold", "1", every_s=10.0) == [Wish("hold", "1")]
    assert typed("hold", "1", every_s=10.1) == []
    assert typed("hold", "enter", every_s=10.1) == [Wish("enter")]


def test_the_pause_key_takes_back_a_pause_that_is_to_come() -> None:
    assert typed("pause", pausing=True) == [Wish("toggle_pause")]


def panel(state: str = "idle", *, clerk: str | None = "c1", **current: Any) -> dict[str, Any]:
    ticket = {"ticket": {"state": "called"}, "may_recall_ms": 1, "calls_before_miss": 0, **current}
    return {
        "window": {"state": state, "pause_after": False},
        "clerk": {"id": clerk} if clerk else None,
        "current": ticket if state in ("calling", "serving") else None,
        "help": None,
    }


@pytest.mark.parametrize("state", sorted(DOMINANT))
def test_enter_is_what_the_window_calls_for(state: str) -> None:
    assert command_of(Wish("enter"), panel(state)) == {"command": DOMINANT[state]}
    assert command_of(Wish("next"), panel(state)) == {"command": "call_next"}


def test_enter_signs_in_whoever_the_file_names() -> None:
    nobody = panel("closed", clerk=None)
    assert command_of(Wish("enter"), nobody, clerk="c1") == {"command": "sign_in", "clerk": "c1"}
    with pytest.raises(Refused, match="nobody is signed in"):
        command_of(Wish("enter"), nobody)


def test_choices_are_by_digit() -> None:
    transfers = (Transfer(service="social"), Transfer(window="w5"))

    def sent(act: str, digit: str) -> dict[str, Any]:
        wish = Wish(act, digit)  # type: ignore[arg-type]
        return command_of(wish, panel(), reasons=("午餐",), transfers=transfers)

    assert [sent("hold", digit)["kind"] for digit in "123"] == ["with_papers", "without_papers", "waiting"]
    assert sent("pause", "1") == {"command": "pause", "reason": "午餐"}
    assert sent("transfer", "1") == {"command": "transfer", "to": {"service": "social"}}
    assert sent("transfer", "2") == {"command": "transfer", "to": {"window": "w5"}}
    for act, digit in (("hold", "4"), ("pause", "2"), ("transfer", "3")):
        with pytest.raises(Refused, match="has no meaning"):
            sent(act, digit)


@pytest.mark.parametrize(
    ("state", "current", "command"),
    [
        ("calling", {}, "recall"),
        ("calling", {"may_recall_ms": None}, "miss"),
        ("calling", {"may_recall_ms": None, "calls_before_miss": 1}, "recall"),
        ("serving", {"may_recall_ms": None, "ticket": {"state": "serving"}}, "recall"),
        ("idle", {}, "recall"),
    ],
)
def test_recall_gives_up_what_may_not_be_recalled(state: str, current: dict[str, Any], command: str) -> None:
    assert command_of(Wish("recall_or_miss"), panel(state, **current)) == {"command": command}


def test_the_pause_key_of_a_box_without_digits() -> None:
    assert command_of(Wish("toggle_pause"), panel(), reasons=("午餐",)) == {
        "command": "pause",
        "reason": "午餐",
    }
    assert command_of(Wish("toggle_pause"), panel("paused")) == {"command": "unpause"}
    pausing = panel("serving")
    pausing["window"]["pause_after"] = True
    assert command_of(Wish("toggle_pause"), pausing) == {"command": "unpause"}


def test_the_help_key_ends_what_it_began() -> None:
    asked = {**panel(), "help": {"since_ms": 1}}
    assert command_of(Wish("help"), panel()) == {"command": "help"}
    assert command_of(Wish("help"), asked) == {"command": "help_done"}
    assert command_of(Wish("request_rating"), panel()) == {"command": "request_rating"}


@pytest.mark.parametrize(
    ("number", "service", "shown"),
    [
        ("A012", "general", 0x100C),
        ("E012", "social", 0x200C),
        ("G012", "estate", 0x000C),
        ("A4094", "general", 0x1FFE),
        ("A4095", "general", 0x0FFF),
        ("A99999", "general", 0x0FFF),
        ("A", "general", 0x0FFF),
    ],
)
def test_a_number_on_a_box(number: str, service: str, shown: int) -> None:
    assert number_on_box(number, service, ("general", "social")) == shown


def test_a_label_on_a_box() -> None:
    assert [label_on_box(label) for label in ("3", "255", "256", "三", "A1", "")] == [3, 255, 0, 0, 0, 0]


def test_the_keys_are_described() -> None:
    described = section(text("docs/callbox.md"), "Keys of a keypad")
    caps = {"plus": "+", "minus": "-", "dot": ".", "star": "*", "slash": "/"}
    told = {line.split("|")[1].strip() for line in described.splitlines() if line.startswith("|")}
    meant = {caps.get(cap, cap.capitalize()) for cap, key in KEYS.items() if key not in set("0123456789")}
    assert told - {"key", "---"} == meant
    assert rows(described) == {}
