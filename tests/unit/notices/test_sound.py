"""Recordings: the notice is at the start and can be heard, and every sample after it stays."""

import json
import shutil
import struct
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from fixtures import sounds
from kzlabel.labels.vocabulary import NoticeKind
from kzlabel.notices import NoticeError
from kzlabel.notices.sound import notice
from kzlabel.notices.wanted import Wanted
from tests.unit.notices.putting import DEFAULT_TEXT, put

SUBTYPES = {"PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 64}
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffmpeg isn't installed")


def noise(rate: int, channels: int, seconds: float = 0.5) -> Any:
    return np.random.default_rng(11).uniform(-0.9, 0.9, (round(rate * seconds), channels))


def recorded(form: str, subtype: str, rate: int = 44100, channels: int = 2, container: str = "") -> bytes:
    out = BytesIO()
    soundfile.write(out, noise(rate, channels), rate, format=container or form, subtype=subtype)
    return out.getvalue()


def read(data: bytes) -> tuple[Any, int, str]:
    with soundfile.SoundFile(BytesIO(data)) as file:
        kind = "float64" if file.subtype in {"FLOAT", "DOUBLE"} else "int32"
        return file.read(dtype=kind, always_2d=True), file.samplerate, file.subtype


@pytest.mark.parametrize("subtype", SUBTYPES)
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (48000, 6), (192000, 1)])
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
@pytest.mark.parametrize("form", ["speech", "tone"])
def test_a_wav_keeps_every_sample_after_the_notice(
    subtype: str, rate: int, channels: int, container: str, form: str
) -> None:
    data = recorded("WAV", subtype, rate, channels, container)
    result, applied = put("audio/wav", data, form=form)
    (old, _, _), (new, new_rate, new_subtype) = read(data), read(result)
    assert (new_rate, new_subtype, new.shape[1]) == (rate, subtype, channels)
    assert np.array_equal(new[-len(old) :], old)
    said = new[: -len(old)].astype(np.float64) / (1 if new.dtype == np.float64 else 1 << 31)
    assert 0.2 < np.abs(said[:, 0]).max() <= 0.8
    assert len(said) / rate > (5 if form == "speech" else 0.9)
    assert (applied.kind, applied.place, applied.text) == (NoticeKind.AUDIO_NOTICE, "start", DEFAULT_TEXT)


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24"])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (96000, 6)])
def test_a_flac_keeps_every_sample_after_the_notice(subtype: str, rate: int, channels: int) -> None:
    data = recorded("FLAC", subtype, rate, channels)
    result, _ = put("audio/flac", data)
    (old, _, _), (new, new_rate, new_subtype) = read(data), read(result)
    assert (new_rate, new_subtype) == (rate, subtype)
    assert np.array_equal(new[-len(old) :], old)
    assert np.abs(new[: -len(old), 0].astype(np.int64)).max() > 1 << 28


def test_chunks_of_a_wav_stay_and_places_in_it_move() -> None:
    data = bytearray(recorded("WAV", "PCM_16", 8000, 1))
    cue = struct.pack("<III4sIII", 1, 7, 100, b"data", 0, 0, 100)
    fact = struct.pack("<I", 4000)
    data += struct.pack("<4sI", b"cue ", len(cue)) + cue + struct.pack("<4sI", b"fact", 4) + fact
    data += struct.pack("<4sI", b"odd ", 3) + b"abc\0"
    data += struct.pack("<4sI", b"C2PA", 4) + b"old!"
    data[4:8] = struct.pack("<I", len(data) - 8)
    result, _ = put("audio/wav", bytes(data), form="tone")
    frames = len(notice(Wanted(form="tone"), 8000, 1))
    found, at = {}, 12
    while at < len(result):
        kind, length = struct.unpack_from("<4sI", result, at)
        found[kind] = result[at + 8 : at + 8 + length]
        at += 8 + length + (length & 1)
    assert at == len(result) == 8 + struct.unpack_from("<I", result, 4)[0]
    assert list(found) == [b"fmt ", b"data", b"cue ", b"fact", b"odd "]
    assert found[b"odd "] == b"abc"
    assert struct.unpack("<I", found[b"fact"]) == (4000 + frames,)
    assert struct.unpack("<III4sIII", found[b"cue "]) == (1, 7, 100 + frames, b"data", 0, 0, 100 + frames)


def test_tags_and_pictures_of_a_flac_stay(tmp_path: Path) -> None:
    from mutagen.flac import FLAC

    before, after = tmp_path / "before.flac", tmp_path / "after.flac"
    before.write_bytes(sounds.flac())
    after.write_bytes(put("audio/flac", sounds.flac())[0])
    one, other = FLAC(before), FLAC(after)
    assert list(one.tags) == list(other.tags)
    assert [picture.data for picture in one.pictures] == [picture.data for picture in other.pictures]
    assert one.pictures


def probe(data: bytes, suffix: str, directory: Path) -> dict[str, Any]:
    path = directory / ("file" + suffix)
    path.write_bytes(data)
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", str(path)]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


@needs_ffmpeg
@pytest.mark.parametrize(
    ("media_type", "make", "suffix"),
    [("audio/mpeg", sounds.mp3, ".mp3"), ("audio/mp4", sounds.m4a, ".m4a")],
)
def test_ffmpeg_keeps_codec_tags_and_cover(media_type: str, make: Any, suffix: str, tmp_path: Path) -> None:
    data: bytes = make()
    before = probe(data, suffix, tmp_path)
    after = probe(put(media_type, data)[0], suffix, tmp_path)
    for key in ("codec_name", "sample_rate", "channels"):
        assert after["streams"][0][key] == before["streams"][0][key]
    assert len(after["streams"]) == len(before["streams"]) == 2
    longer = float(after["format"]["duration"]) - float(before["format"]["duration"])
    assert longer == pytest.approx(len(notice(Wanted(), 44100, 1)) / 44100, abs=0.2)
    kept = {key: value for key, value in before["format"]["tags"].items() if key in ("title", "artist", "album")}
    assert kept
    assert kept.items() <= after["format"]["tags"].items()
    rate = int(after["streams"][0]["bit_rate"]) / int(before["streams"][0]["bit_rate"])
    assert 0.7 < rate < 1.4


@needs_ffmpeg
@pytest.mark.parametrize(("subtype", "channels"), [("VORBIS", 1), ("VORBIS", 2), ("OPUS", 2)])
def test_ogg_takes_a_notice(subtype: str, channels: int) -> None:
    out = BytesIO()
    soundfile.write(out, noise(48000, channels, 2), 48000, format="OGG", subtype=subtype)
    result, _ = put("audio/ogg", out.getvalue(), form="tone")
    with soundfile.SoundFile(BytesIO(result)) as file:
        assert (file.subtype, file.channels, file.samplerate) == (subtype, channels, 48000)
        assert file.frames / 48000 == pytest.approx(2 + len(notice(Wanted(form="tone"), 48000, 1)) / 48000, abs=0.1)
        start = file.read(8000, always_2d=True)
        assert np.abs(start).max(axis=0).min() > 0.2, "it is heard in every channel"


def test_without_ffmpeg_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(NoticeError, match="ffmpeg") as caught:
        put("audio/mpeg", sounds.mp3())
    assert "install ffmpeg" in caught.value.remedy


@needs_ffmpeg
@pytest.mark.parametrize("media_type", ["audio/mpeg", "audio/mp4", "audio/ogg"])
def test_a_list_of_other_files_is_not_followed(media_type: str) -> None:
    for content in (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile /etc/passwd\n"):
        with pytest.raises(NoticeError):
            put(media_type, content * 20)


def test_own_words_are_not_spoken_by_others() -> None:
    with pytest.raises(NoticeError, match="recording"):
        put("audio/wav", recorded("WAV", "PCM_16"), text="Менің сөзім", languages=("kk",))


def test_own_words_come_with_a_recording_of_their_own(tmp_path: Path) -> None:
    spoken = tmp_path / "own.wav"
    ramp = np.linspace(-0.5, 0.5, 22050)
    soundfile.write(spoken, ramp, 44100, subtype="FLOAT")
    data = recorded("WAV", "FLOAT")
    result, applied = put("audio/wav", data, text="Менің сөзім", languages=("kk",), recording=str(spoken))
    assert applied.text == "Менің сөзім"
    new, _, _ = read(result)
    assert np.allclose(new[:22050, 0], ramp, atol=1e-6)
    assert np.allclose(new[:22050, 1], ramp, atol=1e-6)


@pytest.mark.parametrize("content", [b"", b"no sound", recorded("WAV", "PCM_16")[:30]])
def test_a_recording_that_cannot_be_read_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "own.wav"
    path.write_bytes(content)
    with pytest.raises(NoticeError, match="recording"):
        put("audio/wav", recorded("WAV", "PCM_16"), recording=str(path))
    with pytest.raises(NoticeError, match="check the path"):
        put("audio/wav", recorded("WAV", "PCM_16"), recording=str(tmp_path / "none.wav"))


def test_a_recording_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.wav"
    soundfile.write(path, np.zeros(8000 * 31), 8000)
    with pytest.raises(NoticeError, match="longer than 30"):
        put("audio/wav", recorded("WAV", "PCM_16"), recording=str(path))


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000, 96000])
def test_a_tone_keeps_its_pitch_at_every_rate(rate: int) -> None:
    start = notice(Wanted(form="tone"), rate, 1)[rate // 20 : rate // 20 + rate // 8, 0]
    spectrum = np.abs(np.fft.rfft(start * np.hanning(len(start)), rate))
    assert spectrum.argmax() == pytest.approx(880, abs=4)


def test_every_language_is_spoken_in_its_turn() -> None:
    both = notice(Wanted(), 24000, 1)
    alone = [notice(Wanted(languages=(language,)), 24000, 1) for language in ("kk", "ru")]
    assert len(both) < len(alone[0]) + len(alone[1])
    assert len(both) > 0.9 * (len(alone[0]) + len(alone[1]))
    assert np.allclose(both[:48000], alone[0][:48000])
    assert not np.allclose(alone[0][:48000], alone[1][:48000])


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW", "MS_ADPCM"])
def test_other_kinds_of_samples_are_refused(subtype: str) -> None:
    with pytest.raises(NoticeError, match="PCM"):
        put("audio/wav", recorded("WAV", subtype))


def test_a_flac_that_is_cut_is_refused() -> None:
    data = sounds.flac()
    with pytest.raises(NoticeError):
        put("audio/flac", data[: len(data) // 2])
