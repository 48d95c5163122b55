"""A clerk's whole day at window 3 of the county hall, press by press: by keyboard, and by keypad."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.live import LiveServer

WINDOW: Final = "w3"

PAD: Final = {
    **{str(digit): f"Numpad{digit}" for digit in range(10)},
    **{"Enter": "NumpadEnter", "F2": "NumpadAdd", "F3": "NumpadSubtract", "F4": "NumpadDecimal"},
    **{"F6": "NumpadMultiply", "F7": "Numpad8", "F9": "Numpad9", "F10": "NumpadDivide", "End": "Numpad0"},
    "Backspace": "Backspace",
}
"""The keypad's key for each of the keyboard."""


class Press(NamedTuple):
    """One act of the day.

    Attributes:
      name: of the act.
      keys: of the keyboard; the last one sends it.
      events: what it does to the hall, in the stream's own words.
      then: the situation that the panel is in afterwards.
      receipt: what its receipt says, in part.
      pad: keys where the keypad has others than `PAD` says.
    """

    name: str
    keys: str
    events: str
    then: str
    receipt: str
    pad: str = ""


DAY: Final = [
    Press("sign in", "1 Enter", "clerk_signed_in", "closed", "李敏 已签到"),
    Press("open", "Enter", "window_opened", "idle", "已开窗"),
    Press("call one", "F7 3 Enter 4", "ticket_called", "calling", "已指呼 A003"),
    Press("undo the call", "Backspace", "undone", "idle", "已撤销叫号 A003"),
    Press("call next", "Enter", "ticket_called", "calling", "已叫 A001"),
    Press("recall", "F2", "ticket_recalled", "calling", "已重呼 A001，第 2 次"),
    Press("miss", "F3", "ticket_missed", "idle", "A001 已过号"),
    Press("undo the miss", "Backspace", "undone", "calling", "已撤销过号 A001"),
    Press("start", "Enter", "ticket_started", "serving", "A001 开始办理"),
    Press("hold", "F4 3", "ticket_held", "idle", "A001 已挂起：等待"),
    Press("resume", "F7 1 Enter", "ticket_resumed", "serving", "A001 继续办理"),
    Press("help", "End", "help_requested", "serving", "已求助"),
    Press("end help", "End", "help_ended", "serving", "求助已结束"),
    Press("complete", "Enter", "ticket_completed", "idle", "A001 已办结"),
    Press("undo the completion", "Backspace", "undone", "serving", "已撤销办结 A001"),
    Press("complete again", "Enter", "ticket_completed", "idle", "A001 已办结"),
    Press("ask a rating", "F9", "rating_requested", "idle", "已请 A001 评价"),
    Press("call A002", "Enter", "ticket_called", "calling", "已叫 A002"),
    Press("transfer to a service", "F6 1", "ticket_transferred", "idle", "A002 已转到 社会保险"),
    Press("call another", "Enter", "ticket_called", "calling", "已叫"),
    Press("start another", "Enter", "ticket_started", "serving", "开始办理"),
    Press("hold without papers", "F4 2", "ticket_held", "idle", "已挂起：不持件"),
    Press("call a third", "Enter", "ticket_called", "calling", "已叫"),
    Press("back from hold", "F7 Enter", "ticket_returned", "calling", "已回来，排在最前"),
    Press("abandon", "F8 2", "ticket_abandoned", "idle", "已弃号", pad="F4 4 2"),
    Press("call a fourth", "Enter", "ticket_called", "calling", "已叫"),
    Press("transfer to a window", "F6 F6 1", "ticket_transferred", "idle", "已转到 1 号窗口"),
    Press("a trainee joins", "F10 8 7", "trainee_seated", "idle", "学员 周一 已入座"),
    Press("the trainee leaves", "F10 8 7", "trainee_left", "idle", "学员 周一 已离座"),
    Press("hand over", "F10 8 2", "window_handed_over ticket_unbound", "idle", "已交接给 陈静"),
    Press("call a fifth", "Enter", "ticket_called", "calling", "已叫"),
    Press("start a fifth", "Enter", "ticket_started", "serving", "开始办理"),
    Press("pause after it", "F10 2", "pause_requested", "serving", "办完后暂停"),
    Press("complete, and pause", "Enter", "ticket_completed window_paused", "paused", "已办结"),
    Press("unpause", "Enter", "window_unpaused", "idle", "已恢复"),
    Press("pause", "F10 5", "window_paused", "paused", "已暂停：用餐休息"),
    Press("close", "F10 6", "window_closed", "closed", "已关窗"),
    Press("sign out", "F10 7", "clerk_signed_out", "unstaffed", "已签退"),
]


def prepare(live: LiveServer, undo_s: int = 15) -> None:
    """The hall before the day: people wait, window 1 works, there is a trainee, and recalls come soon."""
    config = live.ask("GET", "/v1/halls/county/config")["config"]
    config.setdefault("rules", {}).update(recall_gap_s=1, undo_s=undo_s)
    config["clerks"].append({"id": "c09", "name": "周一", "skills": {"general": 1}, "mentor": "c01"})
    live.ask("POST", "/v1/halls/county/commands", {"command": "configure", "config": config})
    for _ in range(7):
        live.issue("general")
    live.window("w1", "sign_in", clerk="c02")
    live.window("w1", "open")


def keys_of(press: Press, *, pad: bool) -> list[str]:
    """What is pressed, as the browser names it."""
    if not pad:
        return press.keys.split()
    return [PAD[key] for key in (press.pad or press.keys).split()]


OFFERED = "Array.from(document.querySelectorAll('#keys .key-name'), (name) => name.textContent).join()"
"""The names on the keys: unlike the notes below them they do not change by time alone."""


def begin(panel: Page, press: Press, *, pad: bool = False) -> str:
    """Press all keys but the last, which is left to the caller."""
    if press.name == "recall":
        expect(panel.locator("#key-recall")).not_to_have_attribute("aria-disabled", "true")
    if press.name == "miss":
        expect(panel.locator("#key-miss")).not_to_have_attribute("aria-disabled", "true")
    *first, last = keys_of(press, pad=pad)
    for key in first:
        before = panel.evaluate(OFFERED)
        panel.keyboard.press(key)
        if press.name != "sign in":
            panel.wait_for_function(f"before => {OFFERED} !== before", arg=before)
    return last


def done(panel: Page, press: Press) -> None:
    """Wait until the press is confirmed and its state is shown."""
    page = panel.locator("#page")
    expect(panel.locator("#receipt")).to_contain_text(press.receipt)
    expect(page).to_have_attribute("data-situation", press.then)
    expect(page).to_have_attribute("data-waiting", "false")


class Record:
    """What happens to the hall by the panel's hand."""

    def __init__(self, live: LiveServer) -> None:
        self._live = live
        self._since = self.revision()

    def revision(self) -> int:
        """Of the hall now."""
        return int(self._live.ask("GET", "/v1/halls/county")["revision"])

    def new(self) -> list[str]:
        """Kinds of the events since the last time."""
        found: list[str] = []
        while True:
            page: Any = self._live.ask("GET", f"/v1/halls/county/events?since={self._since}&limit=1000")
            found += [one["kind"] for one in page["events"] if one["who"]["role"] == "clerk"]
            if page["next"] == self._since:
                return found
            self._since = page["next"]
