"""Devices on the floor page: which is silent since when, what is wrong with it, and what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.devices import AUDIO_BLOCKED, STATES, DeviceNow, device_now
from callq.wire import messages as m

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from callq.domain.devices import DeviceFault
    from callq.domain.state import HallState


class _Words(NamedTuple):
    """What is wrong and what helps, in Chinese and English."""

    text: str
    text_en: str
    todo: str
    todo_en: str


FAULTS: Final[dict[str, _Words]] = {
    AUDIO_BLOCKED: _Words(
        "不能播放声音",
        "the browser lets it make no sound",
        "在屏幕上点一下或按任意键；长期：启动浏览器时加 --autoplay-policy=no-user-gesture-required",
        "touch the screen or press a key once; for good: start the browser with "
        "--autoplay-policy=no-user-gesture-required",
    ),
    "sound_failed": _Words(
        "取不到语音",
        "it gets no sound from the server",
        "检查服务器语音设置（callq doctor）",
        "check the server's voice (callq doctor)",
    ),
    "video_failed": _Words(
        "视频或图片播放失败",
        "its video or picture cannot be shown",
        "检查视频文件，换一个浏览器支持的格式",
        "check the file; use a format that the browser can play",
    ),
    "clock_skew": _Words(
        "时钟不准",
        "its clock is wrong",
        "在该设备上打开网络对时",
        "switch on network time on the device",
    ),
    "feed_lost": _Words(
        "收不到叫号数据",
        "it gets no calls from the server",
        "检查网络；无效则重启设备",
        "check the network; if that does not help, restart it",
    ),
    "feed_refused": _Words(
        "服务器拒绝了它的令牌",
        "the server refuses its token",
        "为它重新生成链接",
        "make a new link for it",
    ),
    "unreachable": _Words(
        "连接不上",
        "it cannot be reached",
        "检查电源、网线和地址",
        "check its power, cable and address",
    ),
    "refused": _Words(
        "不接受发送的内容",
        "it does not take what it is sent",
        "检查控制卡型号和设置（callq led check）",
        "check the card's model and settings (callq led check)",
    ),
    "paper_out": _Words("缺纸", "it is out of paper", "装纸", "put in paper"),
    "paper_low": _Words("纸将用完", "its paper is about to end", "准备换纸", "have paper ready"),
    "cover_open": _Words("盖子未合上", "its cover is open", "合上盖子", "close the cover"),
    "print_failed": _Words(
        "打印失败",
        "it does not print",
        "检查打印机电源和卡纸，再发送测试",
        "check its power and for a jam, then send it a test",
    ),
    "reader_absent": _Words(
        "读卡器没有响应",
        "its card reader does not answer",
        "重新插拔读卡器，检查读卡服务",
        "plug the reader in again, check its service",
    ),
    "keypad_absent": _Words(
        "按键盒没有响应",
        "its keypad does not answer",
        "重新插拔按键盒",
        "plug the keypad in again",
    ),
    "box_silent": _Words(
        "呼叫器没有响应",
        "it says nothing on its line",
        "检查呼叫器的电源、接线和地址号",
        "check the box's power, wires and number",
    ),
    "printer_absent": _Words(
        "没有指定打印机",
        "it has no printer",
        "在链接里写上 ?printer=，并在大厅文件里列出该打印机",
        "name its printer in the link (?printer=) and in the hall file",
    ),
}
"""Faults that callq knows; any other is told as the device tells it."""

_SILENT: Final = _Words(
    "没有消息",
    "nothing is heard of it",
    "检查电源和网络；开着却没有消息就重启",
    "check its power and network; if it runs, restart it",
)
_UNKNOWN: Final = _Words(
    "从未上线",
    "it was never heard",
    "在该设备上打开带 ?device= 的链接，或在网关文件里写上它的名称",
    "open its page with ?device= in the link, or name it in the gateway's file",
)
_OTHER_TODO: Final = ("到设备旁查看", "look at the device")
_FINE: Final = _Words("", "", "", "")


def device_rows(state: HallState, seen: Mapping[str, int] | None = None) -> tuple[m.Device, ...]:
    """Every device: those of the hall file in its order, then others by id.

    Args:
      state: the hall.
      seen: when devices were last heard, Unix ms, where that is known better than by the journal.
    """
    others = sorted(state.devices.keys() - state.index.devices.keys())
    return tuple(device_row(state, device, seen) for device in (*state.index.devices, *others))


def device_counts(state: HallState) -> m.DeviceCounts:
    """How many devices are in each state."""
    return m.DeviceCounts(**count_devices(state))


def count_devices(state: HallState) -> dict[str, int]:
    """The same by name, every state."""
    counts = dict.fromkeys(STATES, 0)
    for device in state.index.devices.keys() | state.devices.keys():
        counts[device_now(state, device).state] += 1
    return {str(name): count for name, count in counts.items()}


def device_row(state: HallState, device: str, seen: Mapping[str, int] | None = None) -> m.Device:
    """One device, known or not."""
    config, known = state.index.devices.get(device), device_now(state, device)
    window = state.index.windows.get(config.window) if config else None
    faults = tuple(_fault(fault) for fault in known.faults)
    words = _words(known, faults)
    heard_ms = known.heard_ms
    if heard_ms is not None and not known.silent and seen is not None:
        heard_ms = max(heard_ms, seen.get(device, 0))
    return m.Device(
        id=device,
        kind=config.kind if config else known.kind,
        name=config.name if config else device,
        place=config.place if config else "",
        zone=(window.zone if window else config.zone) if config else "",
        window=window.id if window else None,
        listed=config is not None,
        state=known.state,
        since_ms=known.since_ms,
        last_seen_ms=heard_ms,
        version=known.version,
        faults=faults,
        audio_blocked=known.fault(AUDIO_BLOCKED) is not None,
        text=words.text,
        text_en=words.text_en,
        todo=words.todo,
        todo_en=words.todo_en,
        order=_order(known),
    )


def _fault(fault: DeviceFault) -> m.DeviceFault:
    said = fault.detail or fault.code
    words = FAULTS.get(fault.code, _Words(said, said, *_OTHER_TODO))
    return m.DeviceFault(code=fault.code, since_ms=fault.since_ms, detail=fault.detail, **words._asdict())


def _words(known: DeviceNow, faults: tuple[m.DeviceFault, ...]) -> _Words:
    """What is wrong in all; of several faults each, and what helps against the first."""
    if known.state == "silent":
        return _SILENT
    if known.state == "unknown":
        return _UNKNOWN
    if not faults:
        return _FINE
    return _Words(
        "；".join(fault.text for fault in faults),
        "; ".join(fault.text_en for fault in faults),
        faults[0].todo,
        faults[0].todo_en,
    )


def _order(known: DeviceNow) -> m.DeviceOrder | None:
    order = known.order
    if order is None:
        return None
    return m.DeviceOrder(
        id=order.id,
        order=order.order,
        state=order.state,
        given_ms=order.given_ms,
        until_ms=order.until_ms,
        ended_ms=order.ended_ms,
        error=order.error,
        by=order.by,
    )


def project_orders(state: HallState, now_ms: int) -> dict[str, object]:
    """Data of the view ``orders``: what devices are to do, for all of them."""
    return {"orders": tuple(_pending(state, now_ms))}


def pending_order(state: HallState, device: str, now_ms: int) -> m.PendingOrder | None:
    """What one device is to do."""
    order = device_now(state, device).order
    if order is None or not order.pending(now_ms):
        return None
    return m.PendingOrder(device=device, id=order.id, order=order.order, until_ms=order.until_ms)


def _pending(state: HallState, now_ms: int) -> Iterator[m.PendingOrder]:
    for device in sorted(state.devices):
        order = pending_order(state, device, now_ms)
        if order is not None:
            yield order
