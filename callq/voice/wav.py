"""Sound as 16-bit samples of one channel: reading WAV files, trimming, joining, the chime, writing.

Plain arrays, since announcements are made of clips that are prepared once and then only joined.
"""

from __future__ import annotations

import math
import struct
import sys
from array import array
from typing import TYPE_CHECKING, Final

from callq.domain.errors import BadBytes

if TYPE_CHECKING:
    from collections.abc import Iterable

RATE: Final = 22_050
"""Samples a second, as espeak-ng makes them."""

PEAK: Final = 32_767
SILENT: Final = 330
"""What is fainter, about a hundredth of full scale, is silence."""

LONGEST_S: Final = 20
"""A longer clip is no part of an announcement."""

_LOUD: Final = 0.85
"""Of full scale: the peak that clips are brought to, so that recordings of several days sound alike."""

_KEEP_MS: Final = 15
_FADE_MS: Final = 4

_PCM: Final = 1
_EXTENSIBLE: Final = 0xFFFE

Samples = array
"""Of type ``h``."""


def read(content: bytes, longest_s: int = LONGEST_S) -> array[int]:
    """Samples of a WAV file at `RATE`, its channels mixed.

    Source: RIFF WAVE, PCM of 8, 16, 24 or 32 bits. A size that a stream could not know (espeak-ng's) means
    whatever follows.

    Raises:
      BadBytes: no WAV, no PCM, or longer than `longest_s`.
    """
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise BadBytes("no WAV file")
    layout, data, at = b"", None, 12
    while at + 8 <= len(content) and data is None:
        name, size = struct.unpack_from("<4sI", content, at)
        part = content[at + 8 : at + 8 + size]
        if name == b"fmt ":
            layout = part
        elif name == b"data":
            data = part
        at += 8 + size + size % 2
    if data is None or len(layout) < 16:
        raise BadBytes("a WAV file without its format or samples")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", layout)
    if kind == _EXTENSIBLE and len(layout) >= 26:
        (kind,) = struct.unpack_from("<H", layout, 24)
    if kind != _PCM or bits not in (8, 16, 24, 32) or not 1 <= channels <= 8:
        raise BadBytes("not PCM of 8 to 32 bits")
    if not 4_000 <= rate <= 192_000 or len(data) > longest_s * rate * channels * bits // 8:
        raise BadBytes(f"not 4 to 192 kHz, or longer than {longest_s} s")
    return _at_rate(_mixed(_sixteen(data, bits), channels), rate)


def _sixteen(data: bytes, bits: int) -> array[int]:
    width = bits // 8
    data = data[: len(data) - len(data) % width]
    if bits == 8:
        return array("h", ((byte - 128) << 8 for byte in data))
    if bits > 16:  # the upper two bytes of each
        upper = bytearray(len(data) // width * 2)
        upper[0::2], upper[1::2] = data[width - 2 :: width], data[width - 1 :: width]
        data = bytes(upper)
    found = array("h", data)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def _mixed(samples: array[int], channels: int) -> array[int]:
    if channels == 1:
        return samples
    whole = len(samples) - len(samples) % channels
    each = [samples[at:whole:channels] for at in range(channels)]
    return array("h", (sum(frame) // channels for frame in zip(*each, strict=True)))


def _at_rate(samples: array[int], rate: int) -> array[int]:
    """Samples at `RATE`, by straight lines between neighbours."""
    if rate == RATE or len(samples) < 2:
        return samples
    last = len(samples) - 1
    found = array("h")
    for index in range(len(samples) * RATE // rate):
        at, rest = divmod(index * rate, RATE)
        here = samples[min(at, last)]
        found.append(here + (samples[min(at + 1, last)] - here) * rest // RATE)
    return found


def prepared(samples: array[int]) -> array[int]:
    """A clip without the silence at its ends, as loud as the others, with soft edges."""
    first = next((i for i, v in enumerate(samples) if abs(v) > SILENT), None)
    if first is None:
        return array("h")
    last = next(i for i in range(len(samples) - 1, -1, -1) if abs(samples[i]) > SILENT)
    keep = RATE * _KEEP_MS // 1000
    found = samples[max(0, first - keep) : last + 1 + keep]
    found = scaled(found, _LOUD * PEAK / max(map(abs, found)))
    fade = min(RATE * _FADE_MS // 1000, len(found) // 2)
    for index in range(fade):
        found[index] = found[index] * index // fade
        found[-1 - index] = found[-1 - index] * index // fade
    return found


def scaled(samples: array[int], by: float) -> array[int]:
    """Louder or softer; what would go beyond full scale stays there."""
    return array("h", (max(-PEAK, min(PEAK, round(value * by))) for value in samples))


def silence(ms: int) -> array[int]:
    """Nothing for so long."""
    return array("h", bytes(2 * (RATE * ms // 1000)))


def joined(parts: Iterable[array[int]]) -> array[int]:
    """One after the other."""
    found = array("h")
    for part in parts:
        found.extend(part)
    return found


def chime() -> array[int]:
    """叮咚: two falling tones that die away, 0.7 s."""
    first, second = _bell(659.26, 450), _bell(523.25, 700)
    begin = RATE * 200 // 1000
    found = joined((first[:begin], second))
    for index in range(begin, min(len(first), len(found))):
        found[index] += first[index]
    return prepared(found)


def _bell(hertz: float, ms: int) -> array[int]:
    length = RATE * ms // 1000
    turn, fade = 2 * math.pi * hertz / RATE, RATE * 5 // 1000
    return array(
        "h",
        (
            round(
                11_000
                * min(1.0, i / fade)
                * (1 - i / length)
                * math.exp(-3.5 * i / length)
                * (math.sin(turn * i) + 0.25 * math.sin(2 * turn * i))
            )
            for i in range(length)
        ),
    )


def written(samples: array[int]) -> bytes:
    """A WAV file: 16 bits, one channel, `RATE`."""
    data = array("h", samples)
    if sys.byteorder == "big":
        data.byteswap()
    content = data.tobytes()
    head = struct.pack("<4sI4s", b"RIFF", 36 + len(content), b"WAVE")
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, _PCM, 1, RATE, 2 * RATE, 2, 16)
    return head + layout + struct.pack("<4sI", b"data", len(content)) + content


def length_ms(samples: array[int]) -> int:
    """How long it sounds."""
    return len(samples) * 1000 // RATE
