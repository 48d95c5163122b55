"""What tables and keys of a hall file are called, and what they are for: Chinese and English.

Forms, differences in words and the editor's help read these; units follow from a key's ending.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Words(NamedTuple):
    """A name, and an explanation in one sentence."""

    zh: str
    en: str
    about: str = ""
    about_en: str = ""


TABLES: Final[dict[str, tuple[str, str]]] = {
    "HallConfig": ("大厅", "Hall"),
    "Contact": ("求助方式", "Contact"),
    "Rules": ("叫号规则", "Rules"),
    "Routing": ("叫号策略", "Routing"),
    "Tides": ("潮汐", "Tides"),
    "ProfileSlot": ("客流时段", "Arrivals"),
    "Minimum": ("最少窗口", "Least windows"),
    "Voice": ("语音", "Voice"),
    "VolumeHours": ("分时音量", "Volume by the hour"),
    "Language": ("播报语言", "Language"),
    "Warnings": ("预警阈值", "Warnings"),
    "Zone": ("区域", "Zone"),
    "Session": ("时段", "Session"),
    "Holiday": ("节假日", "Holiday"),
    "MovedWorkday": ("调休上班日", "Moved workday"),
    "Resource": ("资源", "Resource"),
    "Service": ("业务", "Service"),
    "NumberRange": ("号段", "Number range"),
    "Booking": ("预约", "Bookings"),
    "WindowConfig": ("窗口", "Window"),
    "Clerk": ("人员", "Clerk"),
    "Skill": ("技能", "Skill"),
    "Item": ("事项", "Matter"),
    "Outlet": ("其他渠道", "Other way"),
    "Device": ("设备", "Device"),
    "HallNotice": ("通知", "Notice"),
    "Screens": ("屏幕", "Screens"),
    "ZoneScreen": ("区域屏幕", "Screens of a zone"),
    "Printer": ("打印机", "Printer"),
    "Desk": ("导办台", "Desk"),
    "Check": ("预审事项", "Pre-check"),
    "Ratings": ("评价", "Ratings"),
    "RatingReason": ("不满意的原因", "Reason"),
}

_NAME: Final = Words("名称", "Name", "给群众看的名称", "what people read")
_NAME_EN: Final = Words(
    "英文名称", "English name", "英文界面用；空着就用中文", "for English pages; empty: the Chinese one"
)
_CODE: Final = Words(
    "编码",
    "Code",
    "给程序用，启用后不要改：历史、令牌和网址都指向它",
    "for programs; never change one in use: history, tokens and addresses refer to it",
)
_ZONE: Final = Words("区域", "Zone", "在哪个区域", "where it is")
_HOURS: Final = Words("时间", "Hours", "当地时间，如 09:00-11:30", "local hours, e.g. 09:00-11:30")

FIELDS: Final[dict[str, dict[str, Words]]] = {
    "HallConfig": {
        "id": Words(
            "大厅编码", "Hall code", "网址的一部分，不能改", "part of every address; it cannot change"
        ),
        "name": Words("大厅名称", "Hall name", "每块屏幕上都有", "shown on every screen"),
        "name_en": _NAME_EN,
        "timezone": Words(
            "时区",
            "Time zone",
            "如 Asia/Shanghai；下一业务日起用",
            "IANA name; in force from the next business day",
        ),
        "day_starts": Words(
            "业务日开始",
            "Day starts",
            "从这一刻起号码重新编；下一业务日起用",
            "numbers start again at this time; in force from the next business day",
        ),
        "policy": Words(
            "基本策略",
            "Plain policy",
            "没有“叫号策略”一表时按等候最久",
            "without a table of routing: the longest wait",
        ),
        "notices": Words("固定通知", "Standing notices", "屏幕下方轮流显示", "shown in turn on the screens"),
        "practice": Words(
            "练习大厅",
            "Practice hall",
            "页面有标记，群众是模拟的；服务重启后生效",
            "marked, with simulated citizens; from the next start",
        ),
        "contact": Words(
            "求助方式", "Contact", "排队帮不上时找谁", "where people ask when the queue cannot help"
        ),
        "rules": Words(
            "叫号规则", "Rules", "重呼、过号、挂起、评价的时限", "limits of calls, holds and ratings"
        ),
        "routing": Words("叫号策略", "Routing", "空闲窗口先叫谁", "which ticket a free window calls"),
        "tides": Words("潮汐", "Tides", "按客流开关窗口", "opening and closing windows as the load moves"),
        "voice": Words("语音", "Voice", "怎样播报", "how calls are announced"),
        "screens": Words(
            "屏幕", "Screens", "墙上屏幕的内容和颜色", "what wall screens show, and their colour"
        ),
        "zones": Words(
            "区域",
            "Zones",
            "楼层或分区；屏幕和语音按区域",
            "floors or areas: screens and voice belong to them",
        ),
        "sessions": Words("时段", "Sessions", "没有时段就全天开放", "without any the hall is always open"),
        "holidays": Words("节假日", "Holidays", "这些天没有时段", "days without sessions"),
        "moved_workdays": Words(
            "调休上班日", "Moved workdays", "照某个工作日上班", "days that work like a weekday"
        ),
        "resources": Words(
            "资源", "Resources", "数量有限的东西，如专网账号", "something scarce, e.g. network accounts"
        ),
        "services": Words("业务", "Services", "群众取号排的队", "what people queue for"),
        "windows": Words("窗口", "Windows", "柜台", "counters"),
        "clerks": Words("人员", "Clerks", "在窗口签到，带着技能", "they sign in at windows and bring skills"),
        "items": Words(
            "事项", "Matters", "群众和导办说的事，各属一项业务", "as people name them; each has one service"
        ),
        "outlets": Words(
            "其他渠道", "Other ways", "自助、网办、电话等，不排队", "self-service, online, phone: no queue"
        ),
        "devices": Words("设备", "Devices", "屏幕、条屏、取号机等", "screens, bars, kiosks and so on"),
        "warnings": Words(
            "预警阈值", "Warnings", "值班台何时提醒", "when the floor page calls for attention"
        ),
        "printers": Words("打印机", "Printers", "号票打印机", "ticket printers"),
        "public_url": Words(
            "公网地址",
            "Public address",
            "手机扫号票二维码打开的地址；空着就用取号机的",
            "where phones reach the server, for codes on tickets; empty: that of the kiosk",
        ),
        "desk": Words("导办台", "Desk", "人工优先", "priority that staff grant"),
        "ratings": Words("评价", "Ratings", "差评和回访", "bad ones, and what follows"),
    },
    "Contact": {
        "phone": Words("电话", "Telephone", "如 12345", "e.g. 12345"),
        "address": Words("地址", "Address", "街道门牌", "street and number"),
    },
    "Rules": {
        "recall_gap_s": Words(
            "重呼间隔", "Gap between calls", "同一号两次呼叫至少隔多久", "between two calls of one number"
        ),
        "max_calls": Words("最多呼叫次数", "Most calls", "含第一次", "the first included"),
        "min_calls_before_miss": Words(
            "过号前至少呼叫",
            "Calls before a miss",
            "呼叫够次数才能过号",
            "calls before a number may be missed",
        ),
        "missed_shown_min": Words(
            "过号显示", "Missed shown", "过号在屏幕上留多久", "how long a missed number stays shown"
        ),
        "rejoin": Words(
            "过号重排", "Rejoin", "过号的人回来怎么办", "what becomes of a missed ticket that comes back"
        ),
        "rejoin_k": Words(
            "退后位数", "Places back", "重排时退后几位", "places that a missed ticket goes back"
        ),
        "rejoin_max": Words("最多重排次数", "Most rejoins", "一张号票总共几次", "of one ticket in all"),
        "missed_abandon_min": Words(
            "过号作废", "Missed until", "过号后多久不来算弃号", "a missed ticket is abandoned after"
        ),
        "hold_max_min": Words(
            "挂起最长", "Longest hold", "挂起多久不回来算弃号", "a held ticket is abandoned after"
        ),
        "undo_s": Words(
            "撤销时限", "Undo within", "窗口多久内能撤销上一步", "a window may undo its last act within"
        ),
        "transfer_wait_min": Words(
            "转移等待",
            "Transfer waits",
            "等不在的窗口或人员多久，之后谁都能叫",
            "for an absent window or clerk, then anyone",
        ),
        "next_while_serving": Words(
            "办理中按叫号", "Next while serving", "拒绝，或先办结", "refuse, or complete first"
        ),
        "next_while_called": Words(
            "叫号中按叫号", "Next while called", "拒绝，或先过号", "refuse, or miss first"
        ),
        "auto_call_s": Words(
            "自动叫号", "Automatic call", "空闲多久自己叫；0 不自动", "an idle window calls after; 0: never"
        ),
        "auto_start_s": Words(
            "自动开始", "Automatic start", "叫号多久算开始；0 不自动", "counts as started after; 0: never"
        ),
        "serving_end_h": Words(
            "日终后办结",
            "End after close",
            "日结后仍在办的多久算办结",
            "still serving after close: done after",
        ),
        "renumber_on_reassign": Words(
            "改号换号码", "New number", "改业务时是否换新号", "whether another service means a new number"
        ),
        "quota_returns_on_cancel": Words(
            "取消还名额", "Quota returns", "取消的号还回限号", "a cancelled ticket gives its place back"
        ),
        "come_back_days": Words(
            "补号天数",
            "Come-back days",
            "缺材料挂起过日的人几天内可再来；0 不补",
            "owed a come-back; 0: none",
        ),
        "no_show_limit": Words(
            "爽约上限", "No-shows", "几次后不能预约；0 不限", "that bar from booking; 0: never"
        ),
        "no_show_days": Words("爽约计期", "Counted over", "在多少天内累计", "days over which no-shows count"),
        "rate_window_min": Words("窗口评价时限", "Rating at the window", "办结后多久内", "after completion"),
        "rate_phone_h": Words("手机评价时限", "Rating by phone", "办结后多久内", "after completion"),
    },
    "Routing": {
        "policy": Words("策略", "Policy", "空闲窗口按什么选下一位", "how a free window chooses"),
        "pressure": Words(
            "队长权重", "Pressure", "空着由窗口数推出", "weight of the queues' lengths; empty: by the windows"
        ),
        "guard": Words(
            "超时优先",
            "Guard",
            "等到目标的几倍就先叫；0 不用",
            "times its target, and it goes first; 0: none",
        ),
        "better_soon_s": Words(
            "让给熟手",
            "Left to better",
            "初学者把号留给多久内有空的熟手；0 不让",
            "to one free within; 0: nobody",
        ),
        "first_contact_min": Words(
            "一号位等待",
            "First contact",
            "等首办人员多久；0 不等",
            "waits for who began the matter; 0: never",
        ),
    },
    "Tides": {
        "mode": Words("方式", "Mode", "关、建议、自动", "off, advice or automatic"),
        "beta": Words(
            "省人—省时", "Cost or comfort", "负数省窗口，正数省等候", "less saves windows, more saves waiting"
        ),
        "opening_min": Words(
            "开窗准备", "Opening takes", "决定开窗到能叫号", "from the decision until it calls"
        ),
        "min_open_min": Words(
            "至少开", "Open at least", "开了至少这么久", "a window that was opened stays so long"
        ),
        "close_after_min": Words(
            "多久才关", "Close after", "窗口多余了这么久才关", "fewer have been needed for so long"
        ),
        "close_margin": Words("多留窗口", "Margin", "比需要多留几个", "windows more than needed stay open"),
        "windows": Words("潮汐窗口", "Tidal windows", "空着就是类别为潮汐的", "empty: those of kind tidal"),
        "widening": Words(
            "启用备用技能", "Widening", "忙时让人用上收起的技能", "lets spare skills come into use"
        ),
        "override_min": Words(
            "尊重人工", "Hands off", "人工开关过的窗口多久不动", "windows that people moved are left alone"
        ),
        "profile": Words("客流", "Profile", "各时段来人的多少", "how many come when"),
        "minima": Words(
            "最少窗口", "Minima", "某些时段某业务至少开几个", "windows that stay open for a service"
        ),
    },
    "ProfileSlot": {
        "hours": _HOURS,
        "rate": Words("相对客流", "Rate", "与其他时段相比", "against the other entries"),
    },
    "Minimum": {
        "hours": _HOURS,
        "service": Words("业务", "Service", "哪一项", "which"),
        "least": Words("至少窗口数", "At least", "这些时候至少开几个", "windows that stay open"),
    },
    "Voice": {
        "one": Words("“1”的读法", "Digit 1", "幺或一", "yao or yi"),
        "chime": Words("提示音", "Chime", "播报前响一声", "a chime comes first"),
        "repeat": Words("每次播几遍", "Repeat", "一次呼叫说几遍", "how often a call is spoken"),
        "stale_s": Words(
            "过时不播", "Stale after", "轮到时已过这么久就不播", "a call is not begun any more after"
        ),
        "volume": Words("音量", "Volume", "0 不播报", "0: nothing is spoken"),
        "hours": Words("分时音量", "Volume by hours", "某些时候另设", "hours with another volume"),
        "rooms": Words(
            "互相听得到的区域",
            "Zones that hear each other",
            "每行一组，逗号分开",
            "a group a line, by commas",
        ),
        "languages": Words("播报语言", "Languages", "空着只播普通话", "empty: Mandarin alone"),
    },
    "VolumeHours": {"hours": _HOURS, "volume": Words("音量", "Volume", "0 静音", "0: quiet")},
    "Language": {
        "code": Words(
            "语言编码",
            "Code",
            "zh、en 内置；也是录音文件夹名",
            "zh and en are built in; also the folder of clips",
        ),
        "engine": Words("合成音", "Engine", "espeak-ng 的声音名", "voice of espeak-ng"),
        "call": Words("叫号句", "Call", "要有 {number} 和 {window}", "with {number} and {window}"),
        "elsewhere": Words("到别区的句子", "Elsewhere", "还可用 {zone}", "may say {zone}, too"),
        "again": Words("重呼前缀", "Again", "重呼时先说", "said before a repeated call"),
        "digits": Words("数字读法", "Digits", "0 到 9，每行一个", "0 to 9, one a line"),
    },
    "Warnings": {
        "waiting": Words(
            "等候人数",
            "People waiting",
            "一项业务多于此数提醒；0 不提醒",
            "more than this: attention; 0: never",
        ),
        "waiting_severe": Words(
            "等候人数（严重）",
            "People waiting, severe",
            "多于此数为严重；0 不用",
            "more than this: severe; 0: never",
        ),
        "late_severe": Words(
            "超时倍数（严重）",
            "Times the target, severe",
            "等到目标的几倍为严重；0 不用",
            "of waiting: severe; 0: never",
        ),
        "unstaffed_min": Words(
            "空岗", "Unstaffed", "开着没人多久提醒；0 不提醒", "open without a clerk; 0: never"
        ),
        "serving_min": Words(
            "办理过长", "Serving long", "一张号办了多久提醒；0 不提醒", "of one ticket; 0: never"
        ),
        "paused_min": Words("暂停过长", "Paused long", "暂停多久提醒；0 不提醒", "of a window; 0: never"),
    },
    "Zone": {
        "code": _CODE,
        "name": _NAME,
        "name_en": _NAME_EN,
        "place": Words("位置", "Place", "如 一楼东厅", "e.g. 一楼东厅"),
        "place_en": Words(
            "英文位置", "Place in English", "英文界面用；空着只有区域名称", "empty: the zone's name alone"
        ),
    },
    "Session": {
        "code": _CODE,
        "name": Words("名称", "Name", "如 中午延时", "e.g. 中午延时"),
        "ticketing": Words(
            "取号时间", "Ticketing", "如 08:30-11:30，可过午夜", "e.g. 08:30-11:30; may run past midnight"
        ),
        "serving": Words("办理时间", "Serving", "不早于取号结束", "ends no earlier than ticketing"),
        "kind": Words("类别", "Kind", "仅预约：没有预约就不开", "booked only: opens if there are bookings"),
        "days": Words("哪些天", "Days", "星期几", "days of the week"),
        "services": Words(
            "业务", "Services", "空着就是没有另定时段的业务", "empty: all that name no sessions"
        ),
    },
    "Holiday": {
        "first": Words("第一天", "First day", "如 2026-10-01", "e.g. 2026-10-01"),
        "last": Words("最后一天", "Last day", "含当天，总共不超过 31 天", "included; at most 31 days"),
        "name": Words("名称", "Name", "如 国庆", "e.g. 国庆"),
    },
    "MovedWorkday": {
        "date": Words("日期", "Date", "如 2026-10-10", "e.g. 2026-10-10"),
        "like": Words("照星期几", "Like", "用那一天的时段", "the weekday whose sessions it has"),
        "name": Words("名称", "Name", "如 国庆调休", "e.g. 国庆调休"),
    },
    "Resource": {
        "code": _CODE,
        "name": _NAME,
        "capacity": Words("数量", "Capacity", "同时能用的窗口数", "windows that may use it at once"),
    },
    "Service": {
        "code": _CODE,
        "name": _NAME,
        "prefix": Words(
            "号票前缀",
            "Prefix",
            "一两个大写字母，不用 I O Q；下一业务日起用",
            "one or two capitals without I, O, Q; from the next business day",
        ),
        "name_en": _NAME_EN,
        "skill": Words(
            "所需技能",
            "Skill",
            "空着就是业务编码；几项业务可共用",
            "empty: the service's own code; may be shared",
        ),
        "zone": Words(
            "等候区域", "Waiting zone", "空着就是办它的第一个窗口所在", "empty: that of its first window"
        ),
        "examples": Words("常见事项", "Examples", "每行一个，取号机上显示", "one a line, for kiosks"),
        "target_wait_min": Words(
            "目标等候", "Target wait", "普通号最好不超过", "nobody should wait longer than"
        ),
        "one_per_person": Words(
            "一人一号", "One per person", "同一人只能持一张有效号", "one live ticket for a known person"
        ),
        "quota": Words("每日限号", "Daily quota", "空着不限", "empty: no limit"),
        "sessions": Words(
            "时段", "Sessions", "空着就是没有指定业务的时段", "empty: those that name no services"
        ),
        "resource": Words("占用资源", "Resource", "办理时占用一份", "taken up while it is served"),
        "min_level": Words("最低等级", "Least level", "人员技能至少几级", "skill level that a clerk needs"),
        "ranges": Words(
            "号段",
            "Number ranges",
            "渠道分开的号码；下一业务日起用",
            "numbers by channel; from the next business day",
        ),
        "booking": Words("预约", "Bookings", "没有就不能预约", "without it there are none"),
        "target_appointment_min": Words(
            "预约号目标等候", "Target, booked", "预约号最好不超过", "for those who booked"
        ),
        "target_priority_min": Words(
            "优先号目标等候", "Target, priority", "优先号最好不超过", "for priority"
        ),
        "daily": Words(
            "日均取号",
            "Tickets a day",
            "工作日预计取号数，潮汐用",
            "expected on a working day; for the tides",
        ),
        "service_min": Words("平均办理", "Handling", "办一件平均", "on average"),
        "service_cv": Words("办理波动", "Variation", "变异系数", "coefficient of variation"),
        "theme": Words("主题", "Theme", "取号机上的分组，如 个人", "heading on kiosks, e.g. 个人"),
        "theme_en": Words("英文主题", "English theme", "同上", "the same in English"),
        "everyday": Words(
            "俗称", "Everyday name", "大字页上的叫法，如 看病报销", "for the large-type page, e.g. 看病报销"
        ),
        "precheck": Words(
            "预审", "Pre-check", "取号前看哪些材料和条件", "what helpers look at before a number"
        ),
        "needs_precheck": Words(
            "必须预审", "Only with pre-check", "取号机请人先到导办台", "kiosks send people to the desk"
        ),
    },
    "NumberRange": {
        "channel": Words("渠道", "Channel", "怎样取的号", "how the ticket was taken"),
        "first": Words("从", "First", "第一个号码", "first number"),
        "last": Words("到", "Last", "最后一个号码", "last number, included"),
    },
    "Booking": {
        "slot_min": Words("每段长度", "Slot", "一个预约段", "of a slot"),
        "capacity": Words("每段名额", "Places a slot", "每段能约几人", "bookings a slot"),
        "days_ahead": Words("提前几天", "Days ahead", "最早可约", "how many days ahead can be booked"),
        "cancel_before_h": Words("取消截止", "Cancel until", "开始前多久内不能改", "before the slot"),
        "grace_min": Words("迟到宽限", "Grace", "迟到多久仍算按时", "late that still counts as on time"),
        "early_min": Words("提前签到", "Early", "最早提前多久", "checking in is possible before"),
    },
    "WindowConfig": {
        "id": _CODE,
        "label": Words(
            "窗口号", "Label", "群众看到的号，同一区域不重复", "what people see; unique within its zone"
        ),
        "zone": _ZONE,
        "kind": Words(
            "类别", "Kind", "屏幕上显示；潮汐窗口由潮汐开关", "shown; tidal ones are moved by the tides"
        ),
        "directions": Words("怎么走", "Directions", "如 进门右转，第一排", "how to walk there"),
        "directions_en": Words(
            "英文走法",
            "Directions in English",
            "英文界面用；空着就用中文",
            "for English pages; empty: the Chinese ones",
        ),
        "services": Words(
            "可办业务", "Services", "设备能办的；空着就是全部", "what it is equipped for; empty: all"
        ),
    },
    "Clerk": {
        "id": Words("工号", "Clerk id", "启用后不要改", "never change one in use"),
        "name": Words("姓名", "Name", "只给工作人员看，不上屏幕", "for staff only, never on a screen"),
        "skills": Words("技能", "Skills", "1 初学、2 熟练、3 精通", "1 beginner, 2 skilled, 3 expert"),
        "mentor": Words("带教人", "Mentor", "学员坐在谁旁边", "beside whom a trainee may sign in"),
    },
    "Skill": {
        "level": Words("等级", "Level", "初学、熟练、精通", "beginner, skilled, expert"),
        "until": Words(
            "有效期至",
            "Valid until",
            "证书最后一天，空着不过期",
            "last day of the certificate; empty: no end",
        ),
    },
    "Item": {
        "code": _CODE,
        "name": _NAME,
        "service": Words("所属业务", "Service", "到哪条队", "which queue"),
        "name_en": _NAME_EN,
        "channels": Words("办理渠道", "Channels", "最推荐的在前", "the favourite first"),
        "precheck": Words(
            "预审", "Pre-check", "取号前看哪些材料和条件", "what helpers look at before a number"
        ),
    },
    "Outlet": {
        "channel": Words("渠道", "Channel", "每种一个", "one of each"),
        "name": _NAME,
        "name_en": _NAME_EN,
        "zone": Words("区域", "Zone", "在厅里的写", "of ways within the hall"),
        "place": Words("怎么找", "Place", "位置、网址或电话", "directions, an address or a number"),
        "hours": Words("开放时间", "Hours", "如 00:00-24:00", "e.g. 00:00-24:00"),
        "days": Words("哪些天", "Days", "星期几", "days of the week"),
        "wait_min": Words("通常等候", "Usual wait", "空着不知道", "empty: not known"),
    },
    "Device": {
        "id": Words("设备编号", "Device id", "设备报到时说的", "the device says it with each report"),
        "kind": Words("种类", "Kind", "是什么", "what it is"),
        "name": Words("名称", "Name", "给找它的人看", "for whoever looks for it"),
        "zone": Words("区域", "Zone", "不属于窗口的写", "of one that belongs to no window"),
        "window": Words("窗口", "Window", "属于哪个窗口", "the window that it belongs to"),
        "place": Words("位置", "Place", "如 东墙，吊顶下", "how to find it"),
    },
    "HallNotice": {
        "text": Words("通知", "Text", "轮流显示的一行", "one of the lines shown in turn"),
        "text_en": Words("英文", "English", "空着只有中文", "empty: Chinese alone"),
        "zones": Words("哪些区域", "Zones", "空着就是全部", "empty: all"),
    },
    "Screens": {
        "blocks": Words("显示内容", "Blocks", "正在叫号以外还有什么", "what stands beside the newest call"),
        "recent": Words("最近叫号条数", "Recent calls", "空着按版式", "empty: as drawn"),
        "accent": Words("主色", "Accent", "深色，如 #0B2C4D", "a dark colour, e.g. #0B2C4D"),
        "logo": Words("标志文字", "Logo", "大厅名前的短字", "short text before the hall's name"),
        "media": Words("图片视频", "Media", "文件名，每行一个", "names of files, one a line"),
        "picture_s": Words("每张图片", "A picture stays", "显示多久", "how long it is shown"),
        "zones": Words("按区域另设", "By zone", "某些区域不一样", "what some zones have otherwise"),
    },
    "ZoneScreen": {
        "zone": Words("区域", "Zone", "哪个区域", "which"),
        "blocks": Words("显示内容", "Blocks", "空着同全厅", "empty: as for all"),
        "recent": Words("最近叫号条数", "Recent calls", "空着同全厅", "empty: as for all"),
        "accent": Words("主色", "Accent", "空着同全厅", "empty: as for all"),
        "media": Words("图片视频", "Media", "空着同全厅", "empty: as for all"),
        "picture_s": Words("每张图片", "A picture stays", "空着同全厅", "empty: as for all"),
    },
    "Printer": {
        "id": Words("打印机编号", "Printer id", "打印程序里写的", "as its agent says"),
        "name": Words("名称", "Name", "印在号票上", "stands on the paper"),
        "name_en": _NAME_EN,
        "zone": _ZONE,
        "dots": Words("纸宽点数", "Dots", "80 毫米 576，58 毫米 384", "576 for 80 mm, 384 for 58 mm"),
    },
    "Desk": {
        "priority_share": Words(
            "人工优先上限",
            "Share of priority",
            "占当天号票的百分之几，0 不限",
            "percent of the day's tickets; 0: no limit",
        ),
        "priority_free": Words(
            "先给几张不计", "Free of it", "超过这么多张才看上限", "so many before the share counts"
        ),
        "over_share": Words(
            "超过上限时",
            "Beyond the share",
            "由值班主任给，或谁也不给",
            "a supervisor's to grant, or nobody's",
        ),
    },
    "Check": {
        "text": Words("看什么", "Text", "材料或条件", "a paper, or a condition"),
        "text_en": Words("英文", "English", "空着只有中文", "empty: Chinese alone"),
        "hint": Words("缺了怎么办", "Hint", "到哪里补，告诉缺的人", "where to get it, for whoever lacks it"),
        "hint_en": Words("英文", "Hint in English", "空着只有中文", "empty: Chinese alone"),
    },
    "Ratings": {
        "bad_level": Words(
            "差评等级",
            "Bad level",
            "不高于它就要回访：2 不满意，0 不回访",
            "up to it a case is opened: 2 is dissatisfied; 0: none",
        ),
        "due_workdays": Words(
            "期限（工作日）",
            "Due, working days",
            "第几个工作日下班前办完，0 按小时",
            "by the end of the so-manieth; 0: by hours",
        ),
        "due_h": Words("期限", "Due", "不按工作日时", "where no working days count"),
        "attempts": Words(
            "回访次数",
            "Attempts",
            "联系不上这么多次可以销号",
            "so many tries, and a case may be closed without",
        ),
        "keep_days": Words("销号后保留", "Kept", "没有销号的一直保留", "closed cases; open ones stay"),
        "reasons": Words("不满意的原因", "Reasons", "空着用常用的六条", "empty: the usual six"),
    },
    "RatingReason": {
        "code": _CODE,
        "reason": Words("原因", "Reason", "评价器上的字", "as on the tablet"),
        "reason_en": Words("英文", "English", "空着只有中文", "empty: Chinese alone"),
    },
}

CHOICES: Final[dict[str, tuple[str, str]]] = {
    "comprehensive": ("无差别综合窗口", "comprehensive"),
    "domain": ("分领域综合窗口", "domain"),
    "dedicated": ("专窗", "dedicated"),
    "tidal": ("潮汐窗口", "tidal"),
    "green": ("绿色通道", "green channel"),
    "fallback": ("办不成事窗口", "fallback"),
    "result": ("出证取件", "results"),
    "remote": ("远程视频", "by video"),
    "mon": ("周一", "Mon"),
    "tue": ("周二", "Tue"),
    "wed": ("周三", "Wed"),
    "thu": ("周四", "Thu"),
    "fri": ("周五", "Fri"),
    "sat": ("周六", "Sat"),
    "sun": ("周日", "Sun"),
    "morning": ("上午", "morning"),
    "noon": ("中午", "noon"),
    "afternoon": ("下午", "afternoon"),
    "evening": ("晚上", "evening"),
    "weekend": ("周末", "weekend"),
    "booked_only": ("仅预约", "booked only"),
    "void": ("作废", "void"),
    "second_call": ("窗口再呼", "called again at the window"),
    "k_back": ("退后几位", "some places back"),
    "refuse": ("拒绝", "refuse"),
    "supervisor": ("由值班主任给", "a supervisor's"),
    "complete": ("先办结", "complete first"),
    "miss": ("先过号", "miss first"),
    "index": ("等候与目标之比", "waits by their targets"),
    "longest_wait": ("等候最久", "longest wait"),
    "fixed_queue_ratio": ("按队列比例", "fixed queue ratio"),
    "strict_priority": ("严格优先", "strict priority"),
    "off": ("关", "off"),
    "advise": ("建议", "advise"),
    "automatic": ("自动", "automatic"),
    "yao": ("幺", "yao"),
    "yi": ("一", "yi"),
    "kiosk": ("取号机", "kiosk"),
    "counter": ("服务台", "counter"),
    "phone": ("电话", "phone"),
    "web": ("网上", "web"),
    "guide": ("导办", "guide"),
    "window": ("窗口", "window"),
    "self_service": ("自助", "self-service"),
    "online": ("网办", "online"),
    "appointment": ("预约", "appointment"),
    "doorstep": ("上门办", "doorstep"),
    "agent": ("代办", "agent"),
    "screen": ("屏幕", "screen"),
    "led": ("条屏", "LED bar"),
    "call_box": ("呼叫器", "call box"),
    "printer": ("打印机", "printer"),
    "rating": ("评价器", "rating device"),
    "recent": ("最近叫号", "recent calls"),
    "waiting": ("等候人数", "waiting"),
    "missed": ("过号", "missed"),
    "media": ("图片视频", "media"),
}
"""Words for values of closed sets; numbers say what they are."""

UNITS: Final[dict[str, tuple[str, str]]] = {
    "_min": ("分钟", "min"),
    "_s": ("秒", "s"),
    "_h": ("小时", "h"),
    "_days": ("天", "days"),
    "volume": ("%", "%"),
    "days_ahead": ("天", "days"),
    "quota": ("张", "tickets"),
    "waiting": ("人", "people"),
    "waiting_severe": ("人", "people"),
    "late_severe": ("倍", "times"),
    "guard": ("倍", "times"),
    "daily": ("张", "tickets"),
    "rejoin_k": ("位", "places"),
    "max_calls": ("次", "calls"),
    "min_calls_before_miss": ("次", "calls"),
    "rejoin_max": ("次", "times"),
    "no_show_limit": ("次", "times"),
    "dots": ("点", "dots"),
}
"""By key, or by its ending."""


def unit_of(key: str) -> tuple[str, str]:
    """Unit of a number, Chinese and English; empty: none."""
    if key in UNITS:
        return UNITS[key]
    return next(
        (words for ending, words in UNITS.items() if ending[0] == "_" and key.endswith(ending)), ("", "")
    )


def choice_of(value: object) -> tuple[str, str]:
    """Words for a value of a closed set."""
    return CHOICES.get(str(value), (str(value), str(value)))
