"""`callq voice`: announcements without a server, to listen to and to record clips by."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from callq.cli.errors import UserError
from callq.cli.server import hall_of

if TYPE_CHECKING:
    import argparse

    from callq.voice.text import Spoken

LONGEST_S: Final = 600
"""Of an announcement: languages and repeats add up."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `voice` and its commands."""
    voice = commands.add_parser(
        "voice", help="hear announcements", description="Make announcements without a server."
    )
    actions = voice.add_subparsers(metavar="COMMAND", required=True)
    say = actions.add_parser(
        "say",
        help="write a call, or any sentence, as a WAV file",
        description="Write an announcement as a WAV file, as a server with these settings makes it.",
        epilog='For example: callq voice say A012 --to 3; callq voice say "请A012号到3号窗口办理业务"',
    )
    say.add_argument("what", metavar="TEXT", help="a sentence, or with --to the number of a ticket")
    say.add_argument("--to", metavar="WINDOW", help="label of the window that calls the number")
    say.add_argument("--zone", metavar="NAME", default="", help="where that is, for people in another zone")
    say.add_argument("--again", action="store_true", help="as a repeated call")
    say.add_argument("--hall", metavar="FILE-OR-SAMPLE", default="county", help="whose settings (county)")
    say.add_argument("--voice", metavar="DIR", type=Path, help="folder of recordings (default: none)")
    say.add_argument("--volume", metavar="PERCENT", type=int, default=100, help="0 to 100 (default 100)")
    say.add_argument(
        "--out", metavar="FILE", type=Path, default=Path("announcement.wav"), help="default announcement.wav"
    )
    say.set_defaults(run=run_say)


def run_say(args: argparse.Namespace) -> int:
    """Write the WAV; what it says goes to stdout, how long it takes and which clips it lacks to stderr."""
    from callq.voice import wav
    from callq.voice.clips import Clips, VoiceMissing

    if not 0 <= args.volume <= 100:
        raise UserError(f"--volume {args.volume} is out of range", "write 0 to 100", 2)
    if args.voice is not None and not args.voice.is_dir():
        raise UserError(f"{args.voice} is no folder", "name the folder with the folders of languages", 2)
    if args.to is None and (args.zone or args.again):
        raise UserError("--zone and --again need --to", "name the window that calls", 2)
    said, lines = _said(args)
    clips = Clips(args.voice)
    try:
        made = clips.make(said)
    except VoiceMissing as missing:
        raise UserError(missing.detail, missing.hint) from missing
    content = made.content
    if args.volume != 100:
        content = wav.written(wav.scaled(wav.read(content, LONGEST_S), args.volume / 100))
    try:
        args.out.write_bytes(content)
    except OSError as error:
        raise UserError(f"{args.out} cannot be written: {error.strerror}", "name another file") from error
    print("\n".join(lines))
    length_s, turn_s = made.length_ms / 1000, said.about_ms / 1000
    print(f"{args.out}: {length_s:.1f} s; its turn is {turn_s:.1f} s", file=sys.stderr)
    if made.length_ms > said.about_ms:
        print("longer than its turn: zones of one room may overlap", file=sys.stderr)
    for language, names in clips.missing(said).items():
        print(f"read by espeak-ng, since {language} has no clips: {' '.join(names)}", file=sys.stderr)
    return 0


def _said(args: argparse.Namespace) -> tuple[Spoken, list[str]]:
    """What to say, and the same in writing."""
    from callq.voice.text import Told, freely, languages_of, sentence, spoken

    voice = hall_of(args.hall).voice
    if args.to is None:
        return freely(voice, args.what), [args.what]
    zones = {"": args.zone, "en": args.zone} if args.zone else {}
    told = Told(args.what, args.to, zones, args.again)
    return spoken(voice, told), [sentence(language, told) for language in languages_of(voice)]
