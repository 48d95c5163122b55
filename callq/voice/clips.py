"""From pieces to sound: the hall's own recordings first, espeak-ng for what is missing.

A folder holds one folder of WAV files for each language (``zh/0.wav``, ``zh/A.wav``, ``zh/请.wav``);
names are looked up in its listing, never made into paths, so that no number or label can lead outside.
Whatever is here blocks: it is for worker threads.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from callq.domain.errors import BadBytes, CallqError
from callq.voice import wav

if TYPE_CHECKING:
    from array import array

    from callq.voice.text import Piece, Spoken

ENGINE: Final = "espeak-ng"
SPEED_WPM: Final = 165
ENGINE_WITHIN_S: Final = 10.0
CLIP_MAX_BYTES: Final = 8 << 20

GAP_MS: Final = 45
"""Between pieces."""
PAUSE_MS: Final = 350
"""Between sentences."""
TAIL_MS: Final = 120

CLIPS_KEPT: Final = 2_000
"""Prepared clips in memory; each is about 25 kB."""
MADE_KEPT: Final = 64
"""Whole announcements; each is about 250 kB."""


class VoiceMissing(CallqError):
    """Something has neither a clip nor an engine that could read it."""

    def __init__(self, detail: str, hint: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint


class Source(NamedTuple):
    """Where a piece's sound comes from; another one when the file changes."""

    path: str
    """Of a clip; empty: the engine reads it."""
    changed_ns: int
    size: int
    piece: Piece


class Made(NamedTuple):
    """An announcement as sound.

    Attributes:
      content: a WAV file.
      length_ms: how long it sounds.
      clips: names of the recordings that were used, in order; None where the engine read.
    """

    content: bytes
    length_ms: int
    clips: tuple[str | None, ...]


class _Cache(OrderedDict[Any, Any]):
    """The most recently used values."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: object, value: object) -> None:
        self[key] = value
        if len(self) > self._most:
            self.popitem(last=False)


class Clips:
    """Makes announcements into sound; may be used from several threads.

    Args:
      folder: recordings of the site, by language; None or one that is not there: espeak-ng reads everything.
      engine: of speech; None: only recordings.
    """

    def __init__(self, folder: Path | None, engine: str | None = ENGINE) -> None:
        self.folder = folder
        self._engine = engine
        self._lock = threading.Lock()
        self._clips = _Cache(CLIPS_KEPT)
        self._made = _Cache(MADE_KEPT)
        self._chime: array[int] | None = None

    @property
    def speaks(self) -> bool:
        """Whether there is an engine for what has no clip."""
        return self._path_of_engine() is not None

    def make(self, spoken: Spoken) -> Made:
        """An announcement as a WAV file.

        Raises:
          VoiceMissing: a piece has no clip, and there is no engine.
        """
        sources = [self._sources(saying.language, saying.pieces) for saying in spoken.sayings]
        key = (spoken.repeat, spoken.chime, *map(tuple, sources))
        with self._lock:
            found: Made | None = self._made.get(key)
            if found is not None:
                self._made.move_to_end(key)
                return found
        self._refuse_missing(sources)
        parts: list[array[int]] = []
        if spoken.chime:
            parts += [self._chimed(), wav.silence(PAUSE_MS)]
        once: list[array[int]] = []
        for saying in sources:
            once += [part for source in saying for part in (self._sound(source), wav.silence(GAP_MS))]
            once.append(wav.silence(PAUSE_MS))
        parts += once * spoken.repeat
        parts[-1:] = [wav.silence(TAIL_MS)]
        samples = wav.joined(parts)
        names = tuple(
            Path(source.path).name if source.path else None for saying in sources for source in saying
        )
        made = Made(wav.written(samples), wav.length_ms(samples), names)
        with self._lock:
            self._made.keep(key, made)
        return made

    def missing(self, spoken: Spoken) -> dict[str, list[str]]:
        """Names of the clips that an announcement lacks, by language, where any is missing."""
        found = {
            language: list(dict.fromkeys(p.name for p in pieces if p.name not in self._listing(language)))
            for language, pieces in spoken.sayings
        }
        return {language: names for language, names in found.items() if names}

    def _sources(self, language: str, pieces: tuple[Piece, ...]) -> list[Source]:
        listing = self._listing(language)
        return [
            Source(entry.path, entry.stat().st_mtime_ns, entry.stat().st_size, piece)
            if (entry := listing.get(piece.name))
            else Source("", 0, 0, piece)
            for piece in pieces
        ]

    def _listing(self, language: str) -> dict[str, os.DirEntry[str]]:
        """Clips of a language by name."""
        if self.folder is None:
            return {}
        try:
            with os.scandir(self.folder / language) as entries:
                return {e.name[:-4]: e for e in entries if e.name.endswith(".wav") and e.is_file()}
        except OSError:
            return {}

    def _refuse_missing(self, sources: list[list[Source]]) -> None:
        wanted = [source.piece.name for saying in sources for source in saying if not source.path]
        if wanted and not self.speaks:
            named = "、".join(dict.fromkeys(wanted))
            where = (
                f"put WAV files of these names into {self.folder}" if self.folder else "give a --voice folder"
            )
            raise VoiceMissing(
                f"there is no {ENGINE}, and no clip for: {named}", f"install the package {ENGINE}, or {where}"
            )

    def _sound(self, source: Source) -> array[int]:
        with self._lock:
            found: array[int] | None = self._clips.get(source)
            if found is not None:
                self._clips.move_to_end(source)
                return found
        made = wav.prepared(_recorded(source) if source.path else wav.read(self._read_out(source.piece)))
        with self._lock:
            self._clips.keep(source, made)
        return made

    def _chimed(self) -> array[int]:
        if self._chime is None:
            self._chime = wav.chime()
        return self._chime

    def _path_of_engine(self) -> str | None:
        return shutil.which(self._engine) if self._engine else None

    def _read_out(self, piece: Piece) -> bytes:
        """What the engine makes of a piece.

        Raises:
          VoiceMissing: it failed, or does not have the voice.
        """
        engine = self._path_of_engine()
        if engine is None:
            raise VoiceMissing(f"there is no {ENGINE}", f"install the package {ENGINE}")
        if piece.engine.partition("+")[0].lower() not in _voices(engine):
            # It would read on with its English voice, and say nothing of it.
            raise VoiceMissing(f"{ENGINE} has no voice {piece.engine!r}", "`espeak-ng --voices` lists them")
        command = [engine, "-v", piece.engine, "-s", str(SPEED_WPM), "-b", "1", "--stdin", "--stdout"]
        try:
            done = subprocess.run(
                command, input=piece.say.encode(), capture_output=True, timeout=ENGINE_WITHIN_S, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise VoiceMissing(
                f"{ENGINE} failed to read {piece.name!r}", "look at `callq voice say`, or record a clip"
            ) from error
        return done.stdout


@lru_cache
def _voices(engine: str) -> frozenset[str]:
    """Names of an engine's voices, in lower case; none if it does not say."""
    try:
        told = subprocess.run(
            [engine, "--voices"], capture_output=True, timeout=ENGINE_WITHIN_S, check=True, text=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return frozenset()
    return frozenset(line.split()[1].lower() for line in told.splitlines()[1:] if len(line.split()) > 1)


def _recorded(source: Source) -> array[int]:
    """Samples of a clip.

    Raises:
      VoiceMissing: it cannot be read.
    """
    try:
        if source.size > CLIP_MAX_BYTES:
            raise BadBytes(f"more than {CLIP_MAX_BYTES} bytes")
        return wav.read(Path(source.path).read_bytes())
    except (OSError, BadBytes) as error:
        raise VoiceMissing(
            f"the clip {Path(source.path).name} cannot be used: {error}", "replace it by a PCM WAV file"
        ) from error
