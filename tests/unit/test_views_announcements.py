"""What is spoken where and when: the view `announcements`."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code, Rejected
from callq.domain.hall import Clerk, HallConfig, Language, Voice, VolumeHours, WindowConfig
from callq.views.announcements import spoken_as, timetable
from callq.views.view import CALLS, View, topics, touched
from tests.harness import MONDAY_9H, Hall, small_hall
from tests.unit.viewing import shown

HOUR_MS = 3_600_000


def told(hall: Hall, zone: str = "hall") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shown(hall, "announcements", zone=zone)["announcements"]
    return found


def ids(hall: Hall, zone: str = "hall") -> list[str]:
    return [one["number"] for one in told(hall, zone)]


def staffed(config: HallConfig | None = None) -> Hall:
    hall = Hall(config)
    hall.staff("w1", "c1")
    hall.staff("w2", "c2")
    hall.staff("w3", "c4")
    return hall


def test_a_call_is_announced_where_its_window_is() -> None:
    hall = staffed()
    hall.issue()
    assert told(hall) == []
    hall.later(60)
    hall.do(cmd.CallNext(window="w1"))
    at_ms = MONDAY_9H + 60_000
    (one,) = told(hall)
    length_ms = one.pop("until_ms") - at_ms
    assert 4_000 < length_ms < 12_000
    assert one == {
        "id": f"A001-{at_ms}",
        "number": "A001",
        "window": "w1",
        "label": "1",
        "text": "请A001号到1号窗口办理业务",
        "text_en": "Number A001, please go to window 1",
        "calls": 1,
        "state": "called",
        "at_ms": at_ms,
        "from_ms": at_ms,
        "expires_ms": at_ms + 30_000,
        "audio_url": f"/v1/halls/test/announcements/A001-{at_ms}/audio?zone=hall",
        "zones": ["hall"],
    }
    assert told(hall, "upstairs") == []


def test_a_repeated_call_replaces_the_one_before() -> None:
    hall = staffed()
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    (first,) = told(hall)
    hall.later(10)
    hall.do(cmd.Recall(window="w1"))
    (again,) = told(hall)
    assert again["id"] != first["id"]
    assert again["text"] == "重呼，请A001号到1号窗口办理业务"
    assert (again["calls"], again["expires_ms"]) == (2, first["expires_ms"] + 10_000)


@pytest.mark.parametrize("taken_back", [cmd.Undo(window="w1"), cmd.Cancel(ticket="t0001")])
def test_what_is_taken_back_is_gone(taken_back: cmd.AnyCommand) -> None:
    hall = staffed()
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    name = told(hall)[0]["id"]
    decision = hall.do(taken_back)
    assert told(hall) == []
    assert topics(View("announcements", zone="hall"), hall.state) & touched(decision.events, hall.state)
    with pytest.raises(Rejected) as refused:
        spoken_as(hall.state, "hall", name)
    assert refused.value.code is Code.NOT_FOUND


def test_a_missed_number_is_not_called_any_more_and_an_undone_miss_is() -> None:
    hall = staffed()
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.later(10)
    hall.do(cmd.Recall(window="w1"))
    hall.do(cmd.Miss(window="w1"))
    assert told(hall) == []
    hall.do(cmd.Undo(window="w1"))
    assert ids(hall) == ["A001"]


def test_a_call_after_an_undo_is_another_announcement() -> None:
    hall = staffed()
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    first = told(hall)[0]["id"]
    hall.do(cmd.Undo(window="w1"))
    hall.later(1)
    hall.do(cmd.CallNext(window="w2"))
    assert told(hall)[0]["id"] != first
    assert told(hall)[0]["label"] == "2"


def test_who_waits_in_another_zone_is_told_there_and_at_the_window() -> None:
    hall = Hall()
    hall.staff("w1", "c1")
    hall.issue("estate")
    hall.do(cmd.CallNext(window="w1"))
    (at_window,), (waiting) = told(hall), told(hall, "upstairs")
    assert at_window["text"] == "请G001号到1号窗口办理业务"
    assert [one["text"] for one in waiting] == ["请G001号到大厅1号窗口办理业务"]
    assert waiting[0]["zones"] == ["upstairs"]
    # Rooms of their own: both at once.
    assert waiting[0]["from_ms"] == at_window["from_ms"]


def test_calls_of_a_zone_take_turns() -> None:
    hall = staffed()
    hall.issue()
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.CallNext(window="w2"))
    first, second = told(hall)
    assert [first["number"], second["number"]] == ["A001", "A002"]
    assert second["from_ms"] == first["until_ms"]


def test_zones_of_one_room_take_turns_and_others_do_not() -> None:
    apart, together = staffed(), staffed(small_hall(voice=Voice(rooms=(("hall", "upstairs"),))))
    for hall in (apart, together):
        hall.issue()
        hall.issue("estate")
        hall.do(cmd.CallNext(window="w1"))
        hall.later(1)
        hall.do(cmd.CallNext(window="w3"))
    assert told(apart, "upstairs")[0]["from_ms"] == told(apart)[0]["from_ms"] + 1000
    assert told(together, "upstairs")[0]["from_ms"] == told(together)[0]["until_ms"]
    assert len(told(together)) == 1
    # What is said here moves what is said there, and what is taken back leaves no trace of where it was.
    assert CALLS in topics(View("announcements", zone="upstairs"), together.state)


def one_room() -> Hall:
    """Three windows in two zones that hear each other, and somebody waiting for each."""
    hall = staffed(small_hall(voice=Voice(rooms=(("hall", "upstairs"),))))
    for service in ("general", "general", "estate"):
        hall.issue(service)
    return hall


def turns(hall: Hall) -> list[tuple[str, int, int]]:
    """Who is called from when until when, ms after the day began here."""
    found = timetable(hall.state, "hall")
    return [(t.ticket.number, t.from_ms - MONDAY_9H, t.until_ms - MONDAY_9H) for t in found]


@pytest.mark.parametrize("taken_back", [cmd.Undo(window="w1"), cmd.Cancel(ticket="t0001")])
def test_what_is_taken_back_in_the_middle_moves_the_others_up_to_that_moment(
    taken_back: cmd.AnyCommand,
) -> None:
    hall = one_room()
    for window in ("w1", "w2", "w3"):
        hall.do(cmd.CallNext(window=window))
    (_, _, ends_ms), (_, _, then_ms), _ = before = turns(hall)
    assert [number for number, _, _ in before] == ["A001", "A002", "G001"]
    hall.later(3)
    hall.do(taken_back)
    # From that moment on, one after the other: a turn that had begun before would be a missed one.
    assert turns(hall) == [
        ("A002", 3_000, 3_000 + then_ms - ends_ms),
        ("G001", 3_000 + then_ms - ends_ms, 3_000 + before[2][2] - ends_ms),
    ]
    assert told(hall, "upstairs")[0]["from_ms"] > told(hall)[0]["from_ms"]


def test_what_is_taken_back_before_it_was_said_leaves_no_gap() -> None:
    hall = one_room()
    for window in ("w1", "w2", "w3"):
        hall.do(cmd.CallNext(window=window))
    (first, _, ends_ms), *_ = turns(hall)
    hall.later(2)
    hall.do(cmd.Undo(window="w2"))
    assert [turn[:2] for turn in turns(hall)] == [(first, 0), ("G001", ends_ms)]


def test_a_repeated_call_keeps_the_room_until_the_one_before_it_is_said() -> None:
    hall = one_room()
    hall.do(cmd.CallNext(window="w1"))
    (_, _, first_ends_ms), *_ = turns(hall)
    hall.later(2)
    hall.do(cmd.CallNext(window="w2"))
    hall.later(8)
    hall.do(cmd.CallNext(window="w3"))
    begun_ms = first_ends_ms
    assert [turn[:2] for turn in turns(hall)][1] == ("A002", begun_ms)
    (*_, (_, upstairs_ms, _)) = turns(hall)
    hall.later(2)
    hall.do(cmd.Recall(window="w2"))
    # The one before is being said, and is said to its end; nobody moves into its turn.
    assert [turn[:2] for turn in turns(hall)[:2]] == [("A001", 0), ("G001", upstairs_ms)]
    assert turns(hall)[2][0] == "A002"
    assert turns(hall)[2][1] == turns(hall)[1][2]


def test_a_repeated_call_is_said_to_its_end_when_its_person_comes_in_the_middle_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("callq.voice.text.Spoken.about_ms", 6_000)
    windows = ("w1", "w2", "w3", "w4")
    clerks = ("c1", "c2", "c3", "c4")
    hall = Hall(
        small_hall(
            services=small_hall().services[:1],
            windows=tuple(WindowConfig(id=window, label=window[1:], zone="hall") for window in windows),
            clerks=tuple(Clerk(id=clerk, name=clerk, skills={"general": 3}) for clerk in clerks),
        )
    )
    for window, clerk in zip(windows, clerks, strict=True):
        hall.staff(window, clerk)
        hall.issue()
    for window in windows:
        hall.do(cmd.CallNext(window=window))
    assert [from_ms for _, from_ms, _ in turns(hall)] == [0, 6_000, 12_000, 18_000]
    hall.later(10)
    hall.do(cmd.Recall(window="w3"))
    after = [("A001", 0), ("A002", 6_000), ("A004", 12_000), ("A003", 18_000)]
    assert [turn[:2] for turn in turns(hall)] == after
    hall.later(10)
    hall.do(cmd.Start(window="w3"))
    # The call that was repeated was not said before, and is not said now: nobody makes room for it.
    assert [turn[:2] for turn in turns(hall)] == after


def test_whoever_is_sent_on_while_being_called_is_not_called_on() -> None:
    hall = one_room()
    for window in ("w1", "w2", "w3"):
        hall.do(cmd.CallNext(window=window))
    (_, _, ends_ms), *behind = turns(hall)
    hall.later(2)
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Transfer(window="w1", to_service="social"))
    shift_ms = 2_000 - ends_ms
    assert turns(hall) == [(number, a + shift_ms, b + shift_ms) for number, a, b in behind]


def test_calls_go_on_when_the_hall_does() -> None:
    hall = one_room()
    for window in ("w1", "w2", "w3"):
        hall.do(cmd.CallNext(window=window))
    before = turns(hall)
    hall.later(3)
    hall.do(cmd.Suspend(reason="演练"))
    hall.later(10)
    hall.do(cmd.ResumeHall())
    # The first was cut off; whoever was not called yet is called now.
    shift_ms = 13_000 - before[0][2]
    assert turns(hall)[1:] == [(number, a + shift_ms, b + shift_ms) for number, a, b in before[1:]]


def test_whoever_came_before_it_was_said_needs_no_announcement() -> None:
    hall = staffed()
    hall.issue()
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.CallNext(window="w2"))
    hall.later(2)
    hall.do(cmd.Start(window="w2"))
    assert ids(hall) == ["A001"]
    # This one is being said: it keeps its turn.
    hall.do(cmd.Start(window="w1"))
    assert [(one["number"], one["state"]) for one in told(hall)] == [("A001", "serving")]


def test_a_call_whose_turn_would_come_too_late_is_left_out() -> None:
    hall = staffed(small_hall(voice=Voice(repeat=3, stale_s=10)))
    for _ in range(2):
        hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.CallNext(window="w2"))
    assert ids(hall) == ["A001"], "the first takes longer than ten seconds"


def test_what_was_spoken_long_ago_is_left_out_and_what_is_just_over_is_kept() -> None:
    hall = staffed()
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.later(32)
    assert ids(hall) == ["A001"], "an announcer may be in the middle of it"
    hall.later(20)
    assert ids(hall) == []


def test_nothing_is_called_while_the_hall_stands_still() -> None:
    hall = staffed()
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Suspend(reason="疏散"))
    view = shown(hall, "announcements", zone="hall")
    assert view["announcements"] == []
    assert view["suspended"]["reason"] == "疏散"
    hall.do(cmd.ResumeHall())
    assert ids(hall) == ["A001"]


def test_one_announcer_for_the_whole_hall_says_each_call_once_and_where() -> None:
    hall = staffed()
    hall.issue("estate")
    hall.do(cmd.CallNext(window="w1"))
    view = shown(hall, "announcements")
    assert [one["text"] for one in view["announcements"]] == ["请G001号到大厅1号窗口办理业务"]
    assert view["announcements"][0]["zones"] == ["hall", "upstairs"]
    assert "?" not in view["announcements"][0]["audio_url"]


def test_all_nodes_come_to_the_same_timetable() -> None:
    hall = staffed(small_hall(voice=Voice(rooms=(("hall", "upstairs"),))))
    for _ in range(3):
        hall.issue()
        hall.issue("estate")
    for window in ("w1", "w3", "w2"):
        hall.do(cmd.CallNext(window=window))
    other = hall.replayed()
    for zone in ("hall", "upstairs"):
        ours = [(t.ticket.id, t.zone, t.from_ms) for t in timetable(hall.state, zone)]
        assert ours == [(t.ticket.id, t.zone, t.from_ms) for t in timetable(other, zone)]
        assert ours == [(t.ticket.id, t.zone, t.from_ms) for t in timetable(hall.state, "hall")], "one room"
    turns = timetable(hall.state, "hall")
    assert all(later.from_ms >= before.until_ms for before, later in itertools.pairwise(turns))


def test_volume_follows_the_halls_own_clock() -> None:
    hours = (VolumeHours(hours="12:00-14:00", volume=40), VolumeHours(hours="18:00-24:00", volume=0))
    hall = Hall(small_hall(voice=Voice(volume=70, hours=hours)))
    midnight = MONDAY_9H - 9 * HOUR_MS
    assert [
        ((row["from_ms"] - midnight) / HOUR_MS, row["volume"])
        for row in shown(hall, "announcements", zone="hall")["volumes"]
    ] == [(4, 70), (12, 40), (14, 70), (18, 0), (24, 70)]


def test_quiet_over_the_night_is_quiet_when_the_day_begins() -> None:
    hours = (VolumeHours(hours="00:00-08:00", volume=0),)
    hall = Hall(small_hall(voice=Voice(volume=70, hours=hours)))
    rows = shown(hall, "announcements", zone="hall")["volumes"]
    assert [row["volume"] for row in rows] == [0, 70, 0]


def test_templates_and_languages_of_the_hall() -> None:
    own = Language(code="zh", call="有请{number}，{window}号窗口")
    english = Language(code="en", call="{number} to {window}")
    hall = staffed(small_hall(voice=Voice(languages=(english, own))))
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    assert (told(hall)[0]["text"], told(hall)[0]["text_en"]) == ("A001 to 1", "A001 to 1")
    said, turn_ms = spoken_as(hall.state, "hall", told(hall)[0]["id"])
    assert [saying.language for saying in said.sayings] == ["en", "zh"]
    assert turn_ms == told(hall)[0]["until_ms"] - told(hall)[0]["from_ms"]


def test_a_window_that_is_gone_breaks_nothing() -> None:
    hall = Hall()
    hall.staff("w3", "c4")
    hall.issue("estate")
    for command in (cmd.CallNext, cmd.Start, cmd.Complete, cmd.Close, cmd.SignOut):
        hall.do(command(window="w3"))
    base = small_hall()
    changed = small_hall(services=base.services[:2], windows=base.windows[:2], clerks=base.clerks[:3])
    changed = msgspec.structs.replace(
        changed,
        clerks=tuple(
            msgspec.structs.replace(c, skills={k: v for k, v in c.skills.items() if k != "estate"})
            for c in changed.clerks
        ),
    )
    hall.do(cmd.Configure(config=changed))
    assert told(hall, "upstairs") == []
    assert spoken_as(hall.state, "upstairs", f"G001-{MONDAY_9H}")[0].sayings


def test_a_zone_that_is_not_there_is_refused() -> None:
    hall = Hall()
    with pytest.raises(Rejected) as refused:
        shown(hall, "announcements", zone="cellar")
    assert refused.value.code is Code.INVALID
