"""通知: what a supervisor tells the hall, whom, and for how long."""

from __future__ import annotations

from msgspec.structs import replace

from callq.domain import commands as cmd
from callq.domain.decide import next_deadline_ms
from callq.domain.errors import Code
from callq.domain.notices import MOST
from callq.domain.snapshot import decode_state, encode_state
from callq.domain.state import canonical
from callq.views.view import View, project
from tests.harness import small_hall
from tests.rules.scene import HOUR, MIN, Scene, refused, rule

WORDS = "电梯停运，请走东侧楼梯"


def told(hall: Scene, zone: str | None = None) -> list[str]:
    """What the screens of a zone say, in order."""
    rows = project(View("board", zone=zone), hall.state, hall.now_ms, {})["notices"]
    return [row.text for row in rows]  # type: ignore[attr-defined]


@rule("H-notice")
def test_a_notice_is_told_at_once_and_the_same_again_writes_nothing(hall: Scene) -> None:
    post = cmd.PostNotice(text=WORDS, zones=("upstairs", "hall"))
    hall.do(post)
    revision = hall.state.revision

    assert told(hall) == [WORDS]
    assert hall.do(replace(post, zones=("hall", "upstairs"))).events == ()
    assert hall.state.revision == revision
    [notice] = hall.state.notices.values()
    assert (notice.id, notice.since_ms, notice.until_ms) == (f"n{revision}", hall.now_ms, None)
    assert canonical(decode_state(encode_state(hall.state))) == canonical(hall.state)


@rule("H-notice-zones")
def test_only_its_zones_are_told(hall: Scene) -> None:
    hall.do(cmd.PostNotice(text=WORDS, zones=("upstairs",)))

    assert (told(hall), told(hall, "upstairs"), told(hall, "hall")) == ([WORDS], [WORDS], [])
    with refused(hall, Code.INVALID):
        hall.do(cmd.PostNotice(text=WORDS, zones=("upstair",)))


@rule("H-notice-urgent")
def test_what_is_urgent_comes_first_and_then_the_newest() -> None:
    hall = Scene(small_hall(notices=("欢迎",)))
    for text, kind in (("一", "ordinary"), ("急", "urgent"), ("二", "ordinary")):
        hall.do(cmd.PostNotice(text=text, kind=kind))  # type: ignore[arg-type]
        hall.later(1)

    assert told(hall) == ["急", "二", "一", "欢迎"]


@rule("H-notice-ends")
def test_it_ends_by_the_clock_also_while_the_hall_stands_still(hall: Scene) -> None:
    with refused(hall, Code.INVALID):
        hall.do(cmd.PostNotice(text=WORDS, until_ms=hall.now_ms))
    end_ms = hall.now_ms + HOUR * 1000
    hall.do(cmd.PostNotice(text=WORDS, until_ms=end_ms))
    hall.do(cmd.PostNotice(text="明日停电"))
    hall.do(cmd.Suspend(reason="消防演习"))
    assert next_deadline_ms(hall.state) == end_ms
    hall.later(HOUR - 1)
    hall.tick()
    assert len(told(hall)) == 2

    hall.later(1)
    hall.tick()

    assert told(hall) == ["明日停电"]
    hall.do(cmd.ResumeHall())
    hall.later(24 * HOUR)
    hall.tick()
    assert told(hall) == ["明日停电"], "without an end it outlives the day"


@rule("H-notice-withdrawn")
def test_it_is_withdrawn_by_its_id_and_once(hall: Scene) -> None:
    hall.do(cmd.PostNotice(text=WORDS))
    hall.later(MIN)
    [notice] = hall.state.notices
    hall.do(cmd.WithdrawNotice(notice=notice))

    assert told(hall) == []
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.WithdrawNotice(notice=notice))


@rule("H-notice-bounds")
def test_no_more_than_can_be_read_and_nothing_that_cannot(hall: Scene) -> None:
    for text in ("", " ", "字" * 121, "电梯\n停运", "电梯\u202e停运"):
        with refused(hall, Code.INVALID):
            hall.do(cmd.PostNotice(text=text))
    for n in range(MOST):
        hall.do(cmd.PostNotice(text=f"通知 {n}"))
    with refused(hall, Code.LIMIT_REACHED):
        hall.do(cmd.PostNotice(text=WORDS))


@rule("H-notice-homeless")
def test_it_ends_with_the_last_of_its_zones() -> None:
    config = small_hall()
    less = replace(
        config,
        zones=config.zones[:1],
        services=tuple(replace(s, zone="") for s in config.services),
        windows=tuple(replace(w, zone="hall") for w in config.windows),
    )
    hall = Scene(config)
    hall.do(cmd.PostNotice(text="楼上", zones=("upstairs",)))
    hall.do(cmd.PostNotice(text="楼上楼下", zones=("upstairs", "hall")))

    hall.do(cmd.Configure(config=less))

    assert told(hall) == ["楼上楼下"]
