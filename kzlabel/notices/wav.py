"""WAV: the notice stands before the first sample, in the file's own kind of numbers; every sample and chunk stays.

Counts and places that the notice moves are moved with it: `fact`, `cue `. A manifest store (`C2PA`) is left out.
"""

import struct
from typing import BinaryIO, Final, NamedTuple

import numpy as np

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.riff import chunks
from kzlabel.notices.sound import Samples, check_layout, notice
from kzlabel.notices.wanted import Wanted
from kzlabel.spans import Span

__all__ = ["write"]

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_LARGEST: Final = (1 << 32) - 1
_SMALL: Final = 1 << 20


class _Kind(NamedTuple):
    """What `fmt ` says."""

    tag: int
    channels: int
    rate: int
    align: int
    bits: int


def write(file: Reader, wanted: Wanted, destination: BinaryIO) -> None:
    """Write `file` with the notice to `destination`.

    Raises:
        LimitError: It has too many chunks.
        MalformedError: It is broken.
        NoticeError: Its samples are of a kind that isn't known, or it would be too large.
    """
    found = [chunk for chunk in chunks(file) if chunk[0] != b"C2PA"]
    content = {kind: file.read(at, min(length, _SMALL)) for kind, at, length in reversed(found) if kind != b"data"}
    data = [chunk for chunk in found if chunk[0] == b"data"]
    if b"fmt " not in content or len(data) != 1 or file.read(8, 4) != b"WAVE":
        raise MalformedError("the WAV has no format or no samples, or samples twice")
    kind = _kind(content[b"fmt "])
    spoken = notice(wanted, kind.rate, kind.channels)
    added = _encoded(spoken, kind)
    sizes = {number: length for number, (_, _, length) in enumerate(found)}
    sizes[found.index(data[0])] += len(added)
    total = 4 + sum(8 + size + (size & 1) for size in sizes.values())
    if total > _LARGEST:
        raise NoticeError("with a notice the WAV would be larger than 4 GiB", "shorten it")
    destination.write(struct.pack("<4sI4s", b"RIFF", total, b"WAVE"))
    for number, (name, at, length) in enumerate(found):
        size = sizes[number]
        destination.write(struct.pack("<4sI", name, size))
        if name == b"data":
            destination.write(added)
        if name in (b"fact", b"cue ") and length <= _SMALL:
            destination.write(_moved(name, file.read(at, length), len(spoken)))
        else:
            for piece in file.chunks([Span(at, length)]):
                destination.write(piece)
        destination.write(bytes(size & 1))


def _kind(content: bytes) -> _Kind:
    try:
        tag, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", content)
        if tag == _EXTENSIBLE:
            tag = struct.unpack_from("<H", content, 24)[0]
    except struct.error:
        raise MalformedError("the format of the WAV breaks off") from None
    check_layout(rate, channels)
    depths = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64)}.get(tag, ())
    if bits not in depths or align != channels * bits // 8:
        raise NoticeError(f"a WAV with samples of kind {tag} and {bits} bits can't have a notice", "save it as PCM")
    return _Kind(tag, channels, rate, align, bits)


def _encoded(samples: Samples, kind: _Kind) -> bytes:
    """Return sound as the samples of a file."""
    if kind.tag == _FLOAT:
        return samples.astype(f"<f{kind.bits // 8}").tobytes()
    if kind.bits == 8:
        return np.rint(samples * 127 + 128).astype(np.uint8).tobytes()
    numbers = np.rint(samples * ((1 << kind.bits - 1) - 1)).astype("<i8")
    four = numbers.astype("<i4").tobytes()
    if kind.bits == 32:
        return four
    return np.frombuffer(four, np.uint8).reshape(-1, 4)[:, : kind.bits // 8].tobytes()


def _moved(name: bytes, content: bytes, frames: int) -> bytes:
    """Return a chunk that counts frames, with the notice's counted in."""
    numbers = bytearray(content)

    def add(at: int) -> None:
        struct.pack_into("<I", numbers, at, min(_LARGEST, struct.unpack_from("<I", numbers, at)[0] + frames))

    if name == b"fact":
        if len(numbers) >= 4:
            add(0)
        return bytes(numbers)
    for at in range(4, len(numbers) - 23, 24):
        add(at + 4)
        add(at + 20)
    return bytes(numbers)
