"""The sound of a notice: spoken words, a caller's recording or a signal, at a file's rate and channels."""

from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kzlabel.errors import KzlabelError
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.wanted import Wanted

__all__ = ["Samples", "check_layout", "notice"]

Samples = NDArray[np.float64]
"""Sound by frame and channel, -1 to 1."""

_GAP, _REST = 0.25, 0.5
"""Seconds of silence between languages, and before what follows."""
_TONES: Final = (880.0, 659.3, 880.0)
_TONE, _FADE, _LOUD = 0.18, 0.02, 0.5
_TONE_RATE: Final = 48_000
_LONGEST: Final = 30
"""Seconds of a caller's recording."""
_LOW_FREQUENCY: Final = 3
"""The channel of six and more that is for low frequencies alone (in WAV and FLAC)."""


def notice(wanted: Wanted, rate: int, channels: int) -> Samples:
    """Return the notice at `rate` frames a second in `channels`.

    Raises:
        NoticeError: It can't be spoken, or the caller's recording can't be read.
    """
    if wanted.recording:
        pieces = [_resampled(*_read(wanted.recording), rate)]
    elif wanted.form == "tone":
        pieces = [_resampled(_signal(), _TONE_RATE, rate)]
    else:
        pieces = [_spoken(wanted.level, line, rate) for line in _spoken_languages(wanted)]
    parts: list[Samples] = []
    for number, piece in enumerate(pieces):
        silent = np.zeros(round(rate * (_REST if number == len(pieces) - 1 else _GAP)))
        parts += [piece, silent]
    mono = np.clip(np.concatenate(parts), -1, 1)
    spread = np.repeat(mono[:, None], channels, axis=1)
    if channels > _LOW_FREQUENCY + 2:
        spread[:, _LOW_FREQUENCY] = 0
    return spread


def check_layout(rate: int, channels: int) -> None:
    """Check that a file's rate and channels are ones that sound has.

    Raises:
        NoticeError: They aren't.
    """
    if not 1000 <= rate <= 768_000 or not 1 <= channels <= 32:
        raise NoticeError(
            f"a recording of {channels} channels at {rate} frames a second can't have a notice",
            "check that the file is whole",
        )


def _spoken_languages(wanted: Wanted) -> tuple[str, ...]:
    if wanted.text:
        raise NoticeError("words of your own can't be spoken", "give a recording of them, or use the form tone")
    return wanted.languages


def _spoken(level: str, language: str, rate: int) -> Samples:
    name = f"{level}-{language}.opus"
    data = files("kzlabel.notices").joinpath("data", name).read_bytes()
    return _resampled(*_decoded(data), rate)


def _read(path: str) -> tuple[Samples, int]:
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise NoticeError(f"the recording {path} can't be read: {error.strerror}", "check the path") from None
    try:
        samples, rate = _decoded(data)
    except (KzlabelError, ImportError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever the decoder says of a broken file
        raise NoticeError(f"the recording {path} can't be read: {error}", "give a WAV or FLAC file") from None
    if not 0 < len(samples) <= _LONGEST * rate:
        raise NoticeError(f"the recording {path} is empty or longer than {_LONGEST} s", "give a shorter one")
    return samples, rate


def _decoded(data: bytes) -> tuple[Samples, int]:
    """Return a recording in one channel, and its rate."""
    import soundfile  # noqa: PLC0415 - an extra, and slow to import

    with soundfile.SoundFile(BytesIO(data)) as file:
        samples = file.read((_LONGEST + 1) * file.samplerate, dtype="float64", always_2d=True)
        return np.asarray(samples, dtype=np.float64).mean(axis=1), int(file.samplerate)


def _signal() -> Samples:
    """Return three short tones, each with soft edges."""
    moments = np.arange(round(_TONE * _TONE_RATE)) / _TONE_RATE
    edges = np.minimum(1, np.minimum(moments, moments[::-1]) / _FADE)
    return np.concatenate([_LOUD * edges * np.sin(2 * np.pi * tone * moments) for tone in _TONES])


def _resampled(samples: Samples, old: int, new: int) -> Samples:
    """Return sound at another rate, by its spectrum; silence around it keeps its ends from meeting."""
    if old == new:
        return samples
    margin = np.zeros(old // 20)
    padded = np.concatenate([margin, samples, margin])
    count = round(len(padded) * new / old)
    spectrum = np.fft.rfft(padded)
    wanted = count // 2 + 1
    spectrum = spectrum[:wanted] if len(spectrum) > wanted else np.pad(spectrum, (0, wanted - len(spectrum)))
    return np.asarray(np.fft.irfft(spectrum, count) * (count / len(padded)), dtype=np.float64)
