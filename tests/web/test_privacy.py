"""No clear identity number, telephone or name gets past the door, whatever is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from callq.domain.errors import Rejected
from callq.web.persons import known_person, masked
from callq.web.problems import without_numbers
from callq.web.typed import without_own_numbers

if TYPE_CHECKING:
    from tests.web.conftest import Door

ID = "110101199003070011"
PHONE = "13812345678"
NAME = "欧阳张三"
PERSON = {"id_no": ID, "phone": PHONE, "name": NAME}
SECRET = b"s" * 32


def kept(**given: str) -> Any:
    return known_person(SECRET, "test", **{"id_no": None, "name": None, "phone": None, **given})


async def test_nothing_clear_reaches_journal_state_log_or_answer(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    ticket = await door.issue(person=PERSON)
    refused = await door.ask("POST", "tickets", {"service": "general", "person": PERSON})
    assert refused.json()["code"] == "duplicate_ticket"
    odd = [
        {"service": ID},
        {"service": "general", ID: 1},
        {"service": "general", "person": {"id_no": ID + "?"}},
        {"service": "general", "class": ID},
    ]
    answers = [refused.text] + [(await door.ask("POST", "tickets", body)).text for body in odd]
    answers.append((await door.ask("GET", f"tickets?number={ID}")).text)
    answers.append((await door.ask("GET", f"windows/{ID}")).text)
    await door.staff()
    await door.window("call_next")
    for path in ("events", "board", "floor", "windows/w1", f"tickets/{ticket['id']}"):
        answers.append((await door.ask("GET", path)).text)
    async with door.feed() as feed:
        for view, about in (("panel", {"window": "w1"}), ("strip", {"window": "w1"}), ("board", {})):
            answers.append(str(await feed.subscribe(view, **about)))
        answers.append(str(await feed.do(1, ID)))
    journal = b"".join(entry.payload for entry in door.journal._halls["test"])
    everything = "\n".join([*answers, str(journal), str(await door.canonical()), capsys.readouterr().out])
    for secret in (ID, PHONE, NAME, NAME[1:], "张三"):
        assert secret not in everything
        assert secret.encode() not in journal


async def test_a_fault_while_a_person_is_in_hand_logs_where_but_not_whom(
    door: Door, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, id_no: str, **__: object) -> None:
        raise RuntimeError(f"cannot hash {id_no}")

    monkeypatch.setattr("callq.web.api.known_person", broken)
    answer = await door.ask("POST", "tickets", {"service": "general", "person": PERSON})
    assert answer.json()["code"] == "internal"
    logged = capsys.readouterr().out
    assert "request_failed" in logged
    assert "RuntimeError" in logged
    for secret in (ID, PHONE, NAME):
        assert secret not in logged + answer.text


async def test_persons_are_for_administrators_only(door: Door) -> None:
    await door.issue(person=PERSON)
    mine = (await door.get("events?since=3"))["events"][0]["data"]["person"]
    assert mine["name"] == "欧*"
    assert mine["id_last4"] == "0011"
    for role in ("supervisor", "inspector"):
        token = await door.token(role)
        text = (await door.ask("GET", "events", token=token)).text
        assert "person" not in text
        assert "欧*" not in text
    screen = await door.token("screen")
    assert "欧" not in (await door.ask("GET", "board", token=screen)).text


async def test_the_same_person_is_known_again_however_typed(door: Door) -> None:
    await door.issue(person={"id_no": "11010119900307001x"})
    answer = await door.ask(
        "POST",
        "tickets",
        {"service": "general", "person": {"id_no": " １１０１０１１９９００３０７００１Ｘ"}},
    )
    assert answer.json()["code"] == "duplicate_ticket"


def test_spellings_of_one_number_have_one_hash() -> None:
    assert kept(id_no="11010119900307001x") == kept(id_no="11010119900307001X ")
    assert kept(phone="+86 138-1234-5678") == kept(phone="13812345678")
    assert kept(phone="(0762) 1234567").phone_last4 == "4567"


def test_hashes_differ_by_hall_kind_and_installation() -> None:
    one = kept(id_no="12345678")
    assert one.id_hash != kept(phone="12345678").phone_hash
    elsewhere = known_person(SECRET, "other", id_no="12345678", name=None, phone=None)
    another = known_person(b"t" * 32, "test", id_no="12345678", name=None, phone=None)
    assert elsewhere is not None
    assert another is not None
    assert len({one.id_hash, elsewhere.id_hash, another.id_hash}) == 3


def test_nothing_given_is_nobody() -> None:
    assert kept() is None
    assert kept(id_no="  ", phone="") is None


@pytest.mark.parametrize(
    "given", [{"id_no": "12"}, {"id_no": "护照123456"}, {"phone": "abc"}, {"phone": "1" * 16}]
)
def test_what_is_plainly_malformed_is_refused_without_being_repeated(given: dict[str, str]) -> None:
    with pytest.raises(Rejected) as refused:
        kept(**given)
    assert next(iter(given.values())) not in str(refused.value) + refused.value.hint


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("电话１３８００１３８０００，谢谢", "电话…，谢谢"),
        ("打138-0013-8000（下午）", "打…（下午）"),
        ("138\u200b0013\u20098000", "…"),
        ("打幺三八〇〇一三八〇〇〇", "打…"),
        ("①③⑧00138000", "…"),
        ("身份证 360829 19900101 123X，请查", "身份证 …，请查"),
        ("360829\n199001011234", "…"),
        ("加wx13800138000或abc1234567def", "加wx…或abc…def"),
        ("座机0762-3388123", "座机…"),
        ("2026-11-27 09:30 来过，等了30分钟，说8:30-11:45再来", None),
        ("A001、A012都等了一个半小时，3号窗口 123456", None),
        ("打138，0013，8000", "打…"),
        ("打138,0013,8000找我", "打…找我"),
        ("138、0013、8000", "…"),
        ("138~0013~8000", "…"),
        ("138：0013:8000", "…"),
        ("138转0013转8000", "…"),
        ("1\ufe0f\u20e33\ufe0f\u20e38\ufe0f\u20e300138000谢谢", "…谢谢"),
        ("打壹叁捌零零壹叁捌零零零", "打…"),
        ("1 3 8 0 0 1 3 8 0 0 0", "…"),
        ("打138 00 13 80 00找我", "打…找我"),
        ("138-001-380-00", "…"),
        ("1 380 013 80 00", "…"),
        ("36 08 29 19 90 01 01 12 34", "…"),
        ("440 106 199 001 011 234", "…"),
        ("440 106 199 001 011 23X，请查", "…，请查"),
        ("3 6 0 8 2 9 1 9 9 0 0 1 0 1 1 2 3 4", "…"),
        ("440 106 199 013 011 234", None),
        ("238 00 13 80 00", None),
        ("440、106、199、001、011、234 未到", None),
        ("1 3 5 7 9 11 13 15 号窗口", None),
        ("0 1 2 3 4 5 6 7 8 9", None),
        ("卡号 6222 0213 0200 1234 567", "卡号 …"),
        ("360829 2010-01-01 123X 是孩子的", "… 是孩子的"),
        ("2026-11-27 13800138000", "2026-11-27 …"),
        ("0762-3388123转801", "…转801"),
        ("2026.11.27-2026.12.01 休假", None),
        ("12.24-12.31 年末值班", None),
        ("8.00-11.30 培训", None),
        ("2026-11-27 2026-11-28 两天", None),
        ("2026-11-27 08.30-11.30、2026.11-2026.12、2025-2026 年", None),
        ("27/11/2026 来过", None),
        ("001 002 003 未到", None),
        ("1001、1002、1003 未到", None),
        ("3 4 5 6 7 8 9 号窗口都忙", None),
        ("每年 1,234,567 元", None),
    ],
)
def test_numbers_that_could_be_somebodys_leave_what_people_type(typed: str, kept: str | None) -> None:
    assert without_own_numbers(typed) == (typed if kept is None else kept)


async def test_no_number_of_somebodys_is_kept_of_ratings_call_backs_and_reasons(door: Door) -> None:
    await door.staff()
    ticket = await door.issue()
    for command in ("call_next", "start", "complete"):
        await door.window(command)
    key = ticket["links"]["citizen"].partition("#token=")[2]
    typed = "加wx138-0013-8000"
    rate = {"command": "rate", "level": 1, "text": f"态度差，{typed}", "reasons": [typed]}
    await door.post(f"tickets/{ticket['id']}/commands", rate, token=key)
    [case] = (await door.get("cases"))["cases"]
    for command, said in (("case_call_back", "result"), ("case_close", "outcome"), ("case_reopen", "reason")):
        body = {"command": command, "case": case["id"], said: f"已联系，{typed}"}
        await door.post("commands", body | ({"reached": True} if said == "result" else {}))
    other = await door.issue()
    cancel = {"command": "cancel", "reason": f"改天，{typed}"}
    await door.post(f"tickets/{other['id']}/commands", cancel)
    await door.post("commands", {"command": "suspend", "reason": "停电，请拨0762-3388123"})
    journal = b"".join(entry.payload for entry in door.journal._halls["test"]).decode(errors="replace")
    assert "0013" not in journal
    assert journal.count("加wx…") == 2 * 6, "in commands and events"
    assert "0762-3388123" in journal, "what is told to the public"


@pytest.mark.parametrize(("name", "shown"), [("张三", "张*"), ("张", "张*"), ("Ann Lee", "A*"), ("", "")])
def test_a_name_shows_its_first_character(name: str, shown: str) -> None:
    assert masked(name) == shown


def test_long_numbers_leave_texts_but_ids_of_tickets_stay() -> None:
    assert without_numbers(f"no service '{ID}'") == "no service '…'"
    assert without_numbers("A012 waits since 1795312288") == "A012 waits since …"
    assert without_numbers("01m80f70fxr6jscyyf5b9bw3sn") == "01m80f70fxr6jscyyf5b9bw3sn"
