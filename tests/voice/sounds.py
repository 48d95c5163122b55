"""Clips that can be told apart by their pitch, and what is heard in a WAV file."""

from __future__ import annotations

import io
import itertools
import math
import struct
import wave
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RATE = 22_050


def tone(
    hertz: float, ms: int = 300, *, rate: int = RATE, channels: int = 1, amplitude: float = 0.5
) -> bytes:
    """A WAV file of one tone, with 100 ms of silence before and after."""
    quiet = [0] * (rate // 10)
    sounding = [
        round(32_000 * amplitude * math.sin(2 * math.pi * hertz * i / rate)) for i in range(rate * ms // 1000)
    ]
    frames = [value for value in (*quiet, *sounding, *quiet) for _ in range(channels)]
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(frames)}h", *frames))
    return out.getvalue()


def record(folder: Path, language: str, **clips: float) -> None:
    """Put clips of these pitches into the folder of a language."""
    (folder / language).mkdir(parents=True, exist_ok=True)
    for name, hertz in clips.items():
        (folder / language / f"{name}.wav").write_bytes(tone(hertz))


def heard(content: bytes) -> list[int]:
    """Pitches in a WAV file in their order, Hz, each rounded to 10; read with the library's own reader."""
    samples = samples_of(content)
    found: list[int] = []
    for run in runs(samples):
        crossings = sum(1 for a, b in itertools.pairwise(run) if a < 0 <= b)
        found.append(round(crossings * RATE / len(run) / 10) * 10)
    return found


def samples_of(content: bytes) -> list[int]:
    """Samples of a WAV file, which must be as announcements are."""
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        frames = file.readframes(file.getnframes())
    return list(struct.unpack(f"<{len(frames) // 2}h", frames))


def runs(samples: list[int]) -> list[list[int]]:
    """Stretches of sound between silences of 25 ms or more."""
    step = RATE * 5 // 1000
    found: list[list[int]] = []
    silent = 9
    for at in range(0, len(samples), step):
        part = samples[at : at + step]
        if math.sqrt(sum(v * v for v in part) / len(part)) < 500:
            silent += 1
            continue
        if silent >= 5:
            found.append([])
        found[-1].extend(part)
        silent = 0
    return found
