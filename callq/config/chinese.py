"""What checks of a hall file say, in Chinese: by template, ``{}`` for what was filled in.

The checks speak English, in one place; a test reads every sentence from their sources and asks for its
row here.
"""

# ruff: noqa: E501 - a sentence and its translation stand side by side

from __future__ import annotations

import re
from functools import cache
from typing import Final

_ROWS: Final = {
    "I, O and Q read as digits: use A-Z without I, O, Q": "I、O、Q 会读成数字，请用其他大写字母",
    '["window"]': '写 ["window"]',
    "`espeak-ng --voices` lists them": "可用的名字见 espeak-ng --voices",
    "a hall file has the keys of its guide": "请照配置说明里的键来写",
    "a slot begins while tickets are given and ends while they are served: shorten it": "预约段须在取号时间内开始、办理时间内结束，请缩短",
    "a ticket could never be missed: set it to at most max_calls": "这样永远不能过号，请不要超过最多呼叫次数",
    'add [[outlets]] with channel = "{}", or leave it out': "请在其他渠道里加上 {}，或去掉它",
    "add [[sessions]] with its hours, or remove the holidays": "请加上时段，或删去节假日",
    "add [[tides.profile]] tables with hours and rate, or set mode to off": "请填写客流，或把潮汐关掉",
    "add a service that a clerk masters, or leave the list out": "请加上有人会办的业务，或空着表示全部",
    "add at least one [[{}]] table": "请至少加一项（{}）",
    "add booking = {} to the service, or change the session's kind": "请给业务设置预约，或改时段的类别",
    "add booking = {} to the service, or leave appointment out": "请给业务设置预约，或去掉预约渠道",
    "add daily to the services, or set mode to off": "请填写业务的日均取号，或把潮汐关掉",
    "add it to a clerk's skills": "请给某位人员加上这项技能",
    "add it to a window's services, or give one window no list: it then serves all": "请加到某个窗口的可办业务里，或让一个窗口空着（即全部可办）",
    "add {} to the service's sessions, or remove it here": "请在业务的时段里加上 {}，或在这里去掉",
    "add {} to the session's services, or remove it here": "请在时段的业务里加上 {}，或在这里去掉",
    "blanks are: {}": "可用的空格有：{}",
    "cannot be read: {}": "读不了：{}",
    "clerks have {}: is that the skill?": "人员有 {}：是不是这项技能？",
    "did you mean Asia/Shanghai?": "是不是 Asia/Shanghai？",
    "did you mean the sample {}?": "是不是示例 {}？",
    "did you mean {}?": "是不是 {}？",
    'e.g. ["mon", "tue"]': "例如周一、周二",
    "each minute has one rate: let it begin where the other ends": "同一分钟只能有一个客流，请首尾相接",
    "each minute has one volume: let it begin where the other ends": "同一分钟只能有一个音量，请首尾相接",
    "end it by then, write the whole day 00:00-24:00, or change day_starts": "请在那之前结束，或写全天 00:00-24:00，或改业务日开始",
    "ends when it begins": "结束与开始相同",
    "expected {}, found {}": "应是{}，却是{}",
    "give a second clerk the skill, for when that one is away": "请再给一个人这项技能，以防此人不在",
    'give a window kind = "remote", or leave remote out': "请设一个远程视频窗口，或去掉远程渠道",
    'give some windows kind = "tidal", or list them in tides.windows': "请把一些窗口设为潮汐窗口，或在潮汐里列出",
    "give the path of a readable text file": "请给出能读的文本文件",
    "is the same clerk": "是同一个人",
    "it ends before it begins": "结束早于开始",
    "it is already at {}": "已在 {} 用过",
    "it is at {}": "已在 {}",
    "known keys here: {}": "这里可用的键：{}",
    "known: {}": "已有：{}",
    "leave one of recent and waiting out": "最近叫号和等候人数请去掉一个",
    "level {} is out of range": "等级 {} 超出范围",
    "look at year and month of both dates": "请核对两个日期的年月",
    "name a service in remote windows that no other window serves (others need services)": "请让远程窗口写明一项别的窗口不办的业务（别的窗口也要写明可办业务）",
    "name another clerk, or leave it out": "请写另一个人，或空着",
    "name at most {}": "最多 {} 个",
    "name it in the services of a session, or leave the services of one out: it then has all": "请写进某个时段的业务里，或让一个时段的业务空着（即全部）",
    "name the date at the weekend that is worked": "请写要上班的那个周末日期",
    "name the window that it belongs to, or the zone where it stands": "请写所属窗口，或所在区域",
    "name them in `media`, or leave the block out": "请填写图片视频，或去掉这一块",
    "neither zone nor window is given": "区域和窗口都没有写",
    "no channels: nobody could have it done": "没有渠道，谁也办不了",
    "no clerk can serve {} now: every certificate has expired": "{} 现在没有人能办：证书都过期了",
    "no clerk can serve {}: nobody has the skill {}": "{} 没有人能办：谁都没有技能 {}",
    "no clerk can serve {}: nobody reaches level {}": "{} 没有人能办：谁都不到 {} 级",
    "no days: it would never open": "没有选星期几，永远不会开",
    "no numbers are left for channels without a range": "没有号段的渠道无号可用",
    "no service is for remote windows alone: others would call its tickets too": "没有只由远程窗口办的业务，别的窗口也会叫它的号",
    "no service says how many tickets a day it expects": "没有一项业务写了日均取号",
    "no session ever tickets {}": "没有时段给 {} 取号",
    "no session of {} is long enough for a slot of {} minutes": "{} 的时段都不够 {} 分钟的预约段",
    "no session opens on {}": "{} 没有时段",
    "no window serves {}": "没有窗口能办 {}",
    "nothing is built in for {}": "{} 没有内置内容",
    "numbers {} to {} overlap {} to {}": "号段 {} 到 {} 与 {} 到 {} 重叠",
    "one of: {}": "可选：{}",
    "one or two capital letters: use A-Z without I, O, Q": "一两个大写字母，不用 I、O、Q",
    "recent calls, people waiting and media do not fit on one screen": "最近叫号、等候人数和图片视频放不进同一块屏幕",
    "remove the space": "请去掉空格",
    "renew one under the clerks' skills": "请在人员技能里更新有效期",
    "runs past {}, when the business day ends and waiting tickets expire": "超过 {}，那时业务日结束，在等的号作废",
    "samples: {}": "示例有：{}",
    "save it as UTF-8 (not GBK or ANSI)": "请存为 UTF-8（不是 GBK 或 ANSI）",
    "service {} names its sessions, but not this one": "业务 {} 写明了时段，却没有这一个",
    "service {} takes no bookings": "业务 {} 不接受预约",
    "service {} takes no bookings, and this session tickets nothing else": "业务 {} 不接受预约，而本时段只给预约取号",
    "serving ends before ticketing does at {}": "办理在 {} 取号结束之前就结束了",
    "session {} names its services, but not this one": "时段 {} 写明了业务，却没有这一项",
    "set it to at least `waiting`, or to 0: never severe": "请不小于等候人数，或写 0 不用",
    "shorten it to {} characters": "请缩短到 {} 字",
    "tables within tables, too many": "表套得太深",
    "take a darker one: {} has {}:1": "请用更深的颜色，例如 {} 的对比度是 {}:1",
    'take another hue, e.g. the ink-blue "#0B2C4D"': "请换一种色调，例如墨蓝 #0B2C4D",
    "the best in {} has level {}": "{} 里最高的是 {} 级",
    "the certificate expired on {}": "证书已于 {} 过期",
    "the code is empty": "编码没有填",
    "the file is not UTF-8 text": "文件不是 UTF-8 文本",
    "the hall has no outlet {}": "大厅没有渠道 {}",
    "the hall has no remote window": "大厅没有远程窗口",
    "the hall has no sessions and is open on holidays too": "大厅没有时段，节假日也开",
    "the hall has no {}": "大厅缺少 {}",
    "the range ends before it begins at {}": "号段的结束小于开始 {}",
    "the screen has an area for media, and no files for it": "屏幕留了图片视频的位置，却没有文件",
    "the sentence does not say {}": "句子里没有 {}",
    "the sentence says twice {}": "句子里 {} 出现两次",
    "the text begins or ends with a space": "首尾有空格",
    "the text cannot be used": "这段文字不能用",
    "the text holds an invisible or control character (U+{})": "文字里有看不见的或控制字符（U+{}）",
    "the text is empty": "没有填",
    "the tides have no profile: they would not know when people come": "潮汐没有客流，不知道什么时候人多",
    'the whole day is written "00:00-24:00"': "全天写 00:00-24:00",
    "there is no blank {}": "没有 {} 这个空格",
    "there is no such file or sample": "没有这个文件或示例",
    "there is no window to open and close": "没有可以开关的窗口",
    "there is no {} {}": "没有这个{} {}",
    "they draw from below the first range: begin it later, e.g. at 501": "它们用第一个号段以前的号码，请从后面开始，例如 501",
    "this is the configuration of {}": "这是 {} 的配置",
    "this key is missing": "缺少这一项",
    "those are of {}[{}]: a number is given once": "那些已属于 {}[{}]：一个号码只能给一次",
    "type the text again instead of pasting it; line breaks are not possible": "请重新输入，不要粘贴；不能换行",
    "unknown key": "没有这个键",
    "use 1 to 32 of a-z 0-9 - _, beginning with a letter or digit; names go into `name`": "用 1 到 32 个小写字母、数字、- 和 _，以字母或数字开头；名称写在“名称”里",
    "whoever has a ticket is still to be served: end serving at that time or later": "取了号的人还要办，请让办理结束不早于此",
    "window {} has no service that a clerk can serve": "{} 号窗口的业务没有人会办",
    "words on {} have a contrast of {}:1, and need {}:1": "{} 上的字对比度是 {}:1，需要 {}:1",
    "write 1 (beginner), 2 (skilled) or 3 (expert); leave the skill out for none": "写 1（初学）、2（熟练）或 3（精通）；不会就不写",
    "write a number from {} to {}": "请写 {} 到 {} 之间的数",
    "write another": "请另写",
    "write at least 1, or 0: never severe": "请至少写 1，或写 0 不用",
    'write both ends as HH:MM with 24 hours, e.g. "08:30-16:30"; a day ends at 24:00': "两头都写 24 小时制的 时:分，例如 08:30-16:30；一天到 24:00 为止",
    'write both ends as HH:MM, e.g. "09:00-09:30"': "两头都写 时:分，例如 09:00-09:30",
    'write both ends as HH:MM, e.g. "12:00-14:00"': "两头都写 时:分，例如 12:00-14:00",
    "write each of the two once": "两个各写一次",
    'write id = "{}"': "请写 {}",
    'write it as HH:MM with 24 hours, e.g. "04:00"': "请写 24 小时制的 时:分，例如 04:00",
    "write its name without folders: letters, digits, blanks and . _ - ( ), at most 80": "只写文件名：字母、数字、空格和 . _ - ( )，最多 80 字",
    "write its {}; built in are: {}": "请写它的 {}；内置的有：{}",
    'write scheme and host alone, e.g. "https://queue.example.cn"': "只写协议和主机，例如 https://queue.example.cn",
    'write six hexadecimal digits, e.g. "#0B2C4D"': "请写六位十六进制，例如 #0B2C4D",
    "write ten words, from 0 to 9, or none": "请从 0 到 9 写十个，或都不写",
    "write the new date, or leave the skill out": "请写新的日期，或去掉这项技能",
    "write the weekday whose sessions it has; they open on: {}": "请写有时段的星期几；现有：{}",
    "write what people shall read": "请写给人看的文字",
    'write year, month, day, e.g. "2026-10-01"': "请写年-月-日，例如 2026-10-01",
    "write {} or more": "请写 {} 或更多",
    "zone and window are both given": "区域和窗口只能写一个",
    "{} alone can serve {}": "只有{}一个人能办 {}",
    "{} are no hours": "{} 不是时间段",
    "{} are no hours of one day": "{} 不是一天里的时间段",
    "{} calls before a miss, but max_calls allows only {}": "过号前要呼叫 {} 次，可最多只能呼叫 {} 次",
    "{} characters are too long for a screen": "{} 字，屏幕放不下",
    "{} days are too long for a holiday": "{} 天作为节假日太长",
    "{} digits": "有 {} 个",
    "{} files are too many": "{} 个文件太多",
    "{} is a yellow or brown, and yellow says: this is your step now": "{} 是黄色或棕色，黄色只表示“轮到您了”",
    "{} is a {} already": "{} 本来就是 {}",
    "{} is in a room already": "{} 已在另一组里",
    "{} is no address of a server": "{} 不是服务器地址",
    "{} is no picture or video that every screen can show": "{} 不是每块屏幕都能放的图片或视频",
    "{} is no voice": "{} 不是声音名",
    "{} is not a code": "{} 不能用作编码",
    "{} is not a colour": "{} 不是颜色",
    "{} is not a date": "{} 不是日期",
    "{} is not a ticket prefix": "{} 不能用作号票前缀",
    "{} is not a time of day": "{} 不是时刻",
    "{} is not a time zone": "{} 不是时区",
    "{} is not possible here": "这里不能是 {}",
    "{} is not the name of a file in the media folder": "{} 不是媒体文件夹里的文件名",
    "{} is out of range": "{} 超出范围",
    "{} is used twice{}": "{} 用了两次{}",
    "{} overlaps {}": "{} 与 {} 重叠",
    "{} people are severe, but only {} need attention": "{} 人为严重，可 {} 人才提醒",
    "{} times the target is before the target": "目标的 {} 倍还没有到目标",
    # Of the shape of a document.
    'write it in quotes, e.g. "text"': "请写文字",
    "write digits only, without quotes": "请只写整数",
    "write digits and perhaps a point, without quotes": "请写数字，可以有小数",
    "write true or false, without quotes": "请写 true 或 false",
    "write its keys under a [table] header": "请写在 [表] 下面",
    'write it in brackets, e.g. ["a", "b"]': "请写成列表",
    "write it in braces, e.g. { general = 2 }": "请写成 { general = 2 } 的样子",
    "write [[{}]] with two brackets before each of them": "每一项前面写 [[{}]]",
    "add a [[{}]] table for each of them": "请加上（{}）",
    "add a [{}] table": "请加上（{}）",
    "add {} = {}": "请填写 {}（{}）",
    "not TOML: {}": "不是 TOML：{}",
    "{} is a full-width character: type {} instead": "{} 是全角字符，请改成 {}",
    "texts stand in quotes: {}": "文字要加引号：{}",
    "a table that comes several times is written with two brackets, e.g. [[windows]]": "有多项的表用双括号，例如 [[windows]]",
    "the same key stands twice in this table: remove one": "同一个键写了两次，请去掉一个",
    "a text ends with the quote it began with, on the same line": "文字的引号要在同一行里成对",
    "a table is written [contact] or, where it comes several times, [[windows]]": "表写成 [contact]；有多项的写成 [[windows]]",
    "a line is `key = value`, a [table], or a comment that begins with #": "一行是 键 = 值、[表]，或以 # 开头的注释",
    'values are "text", whole numbers, true, false, or lists such as ["a", "b"]': '值是 "文字"、数字、true、false，或 ["a", "b"] 这样的列表',
    "write it as the guide does": "请照配置说明来写",
    "write a plain key": "请写简单的键",
    "there is nothing to look at before a number": "没有写预审看什么",
    "list it in `precheck`, or leave `needs_precheck` out": "请写预审事项，或去掉必须预审",
    "{} things to look at are more than {}": "预审 {} 项，最多 {} 项",
    "nobody walks through that many: put together what belongs together": "没有人能一一看完，请把同类的并在一起",
    "{} reasons are more than fit a tablet": "原因有 {} 条，评价器放不下",
    "leave {} of them": "请留下 {} 条",
}
"""By template; longer templates are tried first, since a short one may say anything."""

_WORDS: Final = {
    "a text": "文字",
    "a whole number": "整数",
    "a number": "数字",
    "true or false": "是或否",
    "a table": "表",
    "a list": "列表",
    "a list of tables": "多项的表",
    "a number with a point": "小数",
    "a date or time": "日期或时间",
    "zones": "区域",
    "zone": "区域",
    "services": "业务",
    "service": "业务",
    "windows": "窗口",
    "window": "窗口",
    "clerks": "人员",
    "clerk": "人员",
    "skill": "技能",
    "session": "时段",
    "resource": "资源",
    " in this zone": "（同一区域）",
}
"""Of what is filled in: words of the checks themselves."""


def chinese(said: str) -> str:
    """The same in Chinese; as it stands where no template fits."""
    for pattern, template in _patterns():
        found = pattern.fullmatch(said)
        if found is not None:
            return template.format(*(_WORDS.get(part, part) for part in found.groups()))
    return said


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Templates as patterns, those that say most first."""
    order = sorted(_ROWS, key=lambda row: (-len(row.replace("{}", "")), row))
    return [(_pattern(row), _safe(row, _ROWS[row])) for row in order]


def _pattern(row: str) -> re.Pattern[str]:
    return re.compile(
        ".*?".join(f"{re.escape(part)}" for part in row.split("{}")).replace(".*?", "(.*?)"), re.DOTALL
    )


def _safe(row: str, words: str) -> str:
    """A template with as many blanks as its row, and other braces as they are."""
    blanks = row.count("{}")
    parts = words.split("{}")
    assert len(parts) - 1 <= blanks, row
    return "{}".join(part.replace("{", "{{").replace("}", "}}") for part in parts)
