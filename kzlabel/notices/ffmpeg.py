"""MP3, M4A and Ogg: ffmpeg puts the notice before the sound and encodes both, with the file's codec and bit rate.

These codecs lose something each time, so that this is the only kind of notice that changes what comes after it. The
program is told which format it reads, so that a file can't make it open others.
"""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

from kzlabel.files import Reader
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.sound import Samples, check_layout, notice
from kzlabel.notices.wanted import Wanted
from kzlabel.spans import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Container", "prepend"]

_ENCODERS: Final = {
    "mp3": "libmp3lame",
    "aac": "aac",
    "alac": "alac",
    "vorbis": "libvorbis",
    "opus": "libopus",
    "flac": "flac",
}
_LOSSLESS: Final = ("alac", "flac")
_FOLDER: Final = re.compile(r"/\S*/")
_PATIENCE: Final = 60
_BYTES_A_SECOND: Final = 200_000


class Container(NamedTuple):
    """A kind of file."""

    name: str
    reads: str
    """What ffmpeg calls it when it reads it."""
    writes: str
    suffix: str
    codecs: tuple[str, ...]
    cover: bool
    """Whether a picture in it can be carried over."""
    options: tuple[str, ...] = ()


class _Stream(NamedTuple):
    """What is to be encoded as it was."""

    codec: str
    rate: int
    channels: int
    layout: str
    bit_rate: int


def prepend(file: Reader, wanted: Wanted, destination: BinaryIO, container: Container) -> None:
    """Write `file` with the notice to `destination`.

    Raises:
        NoticeError: ffmpeg isn't installed or can't do it, or the file has another codec.
    """
    programs = {name: shutil.which(name) for name in ("ffmpeg", "ffprobe")}
    ffmpeg, ffprobe = programs["ffmpeg"], programs["ffprobe"]
    if ffmpeg is None or ffprobe is None:
        raise NoticeError(
            f"a notice in {container.name} needs ffmpeg, which isn't installed",
            "install ffmpeg, or put the notice into the WAV or FLAC that it was made from",
        )
    patience = _PATIENCE + file.size / _BYTES_A_SECOND
    with tempfile.TemporaryDirectory(prefix="kzlabel-") as directory:
        source, spoken = Path(directory, "source" + container.suffix), Path(directory, "notice.wav")
        result = Path(directory, "result" + container.suffix)
        with source.open("wb") as out:
            for piece in file.chunks([Span(0, file.size)]):
                out.write(piece)
        stream = _probe(ffprobe, source, container, patience)
        _save(notice(wanted, stream.rate, 1), stream.rate, spoken)
        _run(_command(ffmpeg, source, spoken, result, container, stream), patience)
        with result.open("rb") as done:
            shutil.copyfileobj(done, destination)


def _command(
    ffmpeg: str, source: Path, spoken: Path, result: Path, container: Container, stream: _Stream
) -> list[str]:
    alike = f"aformat=sample_rates={stream.rate}:channel_layouts={stream.layout}"
    # one channel is laid on each of two at full strength; ffmpeg knows where it belongs among more
    spread = "pan=stereo|c0=c0|c1=c0," if stream.layout == "stereo" else ""
    graph = f"[1:a]{spread}{alike}[n];[0:a:0]{alike}[s];[n][s]concat=n=2:v=0:a=1[out]"
    command = [ffmpeg, "-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file"]
    command += ["-f", container.reads, "-i", str(source), "-f", "wav", "-i", str(spoken)]
    command += ["-filter_complex", graph, "-map", "[out]"]
    if container.cover:
        command += ["-map", "0:v?", "-c:v", "copy", "-disposition:v", "attached_pic"]
    command += ["-c:a", _ENCODERS[stream.codec]]
    if stream.codec not in _LOSSLESS:
        command += ["-b:a", str(stream.bit_rate)]
    tags = ["-map_metadata", "0"] if container.cover else ["-map_metadata:s:a", "0:s:a"]
    return [*command, *tags, *container.options, "-f", container.writes, str(result)]


def _probe(ffprobe: str, source: Path, container: Container, patience: float) -> _Stream:
    said = _run(
        [
            ffprobe, "-v", "error", "-protocol_whitelist", "file", "-f", container.reads, "-of", "json",
            "-select_streams", "a:0", "-show_streams", "-show_format", str(source),
        ],
        patience,
    )  # fmt: skip
    try:
        answer: Mapping[str, Any] = json.loads(said)
        found: Mapping[str, Any] = answer["streams"][0]
        codec, rate, channels = str(found["codec_name"]), int(found["sample_rate"]), int(found["channels"])
        bit_rate = int(found.get("bit_rate") or answer.get("format", {}).get("bit_rate") or 128_000)
        layout = str(found.get("channel_layout") or {1: "mono", 2: "stereo"}.get(channels, ""))
    except (KeyError, IndexError, ValueError, TypeError):
        raise NoticeError(f"there is no sound in the {container.name}", "check that the file is whole") from None
    check_layout(rate, channels)
    if (
        codec not in container.codecs
        or not layout
        or not layout.replace(".", "").replace("(", "").replace(")", "").isalnum()
    ):
        raise NoticeError(
            f"sound encoded as {codec} in {container.name} can't have a notice",
            f"use {' or '.join(container.codecs)}",
        )
    return _Stream(codec, rate, channels, layout, min(max(bit_rate, 8_000), 1_000_000))


def _save(samples: Samples, rate: int, path: Path) -> None:
    import soundfile  # noqa: PLC0415 - an extra, and slow to import

    soundfile.write(path, samples, rate, subtype="PCM_16")


def _run(command: list[str], patience: float) -> bytes:
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=patience)
    except subprocess.TimeoutExpired:
        raise NoticeError(f"ffmpeg took longer than {patience:.0f} s", "check that the file is whole") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = _FOLDER.sub("", said[-1])[:200] if said else str(done.returncode)
        raise NoticeError(f"ffmpeg can't do it: {reason}", "check that the file is whole")
    return done.stdout
