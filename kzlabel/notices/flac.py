"""FLAC: decoded, and encoded again after the notice; every sample stays.

So does every block of metadata but those that say where samples lie: the table for seeking and the cue sheet. An
ID3 tag before it stays unless it has a manifest.
"""

import tempfile
from typing import BinaryIO, Final

import numpy as np

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.sound import check_layout, notice
from kzlabel.notices.wanted import Wanted

__all__ = ["write"]

_STREAMINFO, _SEEKTABLE, _CUESHEET = 0, 3, 5
_LAST: Final = 0x80
_BLOCKS: Final = 10_000
_FRAMES: Final = 1 << 18
_SPOOL: Final = 64 << 20
_COPIED: Final = 1 << 20
_DEPTHS: Final = {8: "PCM_S8", 16: "PCM_16", 24: "PCM_24"}

Block = tuple[int, bytes]
"""Type and content."""


def write(file: Reader, wanted: Wanted, destination: BinaryIO) -> None:
    """Write `file` with the notice to `destination`.

    Raises:
        MalformedError: It is broken.
        NoticeError: It has samples of other than 8, 16 or 24 bits.
    """
    import soundfile  # noqa: PLC0415 - an extra, and slow to import

    start, tag = _after_tag(file)
    old, _ = _blocks(file, start)
    info = int.from_bytes(old[0][1][10:18])
    rate, channels, bits = info >> 44, (info >> 41 & 7) + 1, (info >> 36 & 31) + 1
    check_layout(rate, channels)
    if bits not in _DEPTHS:
        raise NoticeError(f"a FLAC of {bits} bits can't have a notice", "save it with 16 or 24 bits")
    total = info & (1 << 36) - 1
    with tempfile.SpooledTemporaryFile(_SPOOL) as spool, tempfile.SpooledTemporaryFile(_SPOOL) as source:
        for at in range(start, file.size, _COPIED):
            source.write(file.read(at, min(_COPIED, file.size - at)))
        source.seek(0)
        with (
            soundfile.SoundFile(source) as reading,
            soundfile.SoundFile(
                spool, "w", rate, channels, format="FLAC", subtype=_DEPTHS[bits], compression_level=0.6
            ) as writing,
        ):
            spoken = notice(wanted, rate, channels)
            step = 1 << 32 - bits  # samples are handed over in the high bits of 32
            writing.write((np.rint(spoken * ((1 << bits - 1) - 1)).astype(np.int64) * step).astype(np.int32))
            count = 0
            while len(piece := reading.read(_FRAMES, dtype="int32", always_2d=True)):
                writing.write(piece)
                count += len(piece)
        if total and count != total:
            raise MalformedError(f"the FLAC has {count} of {total} samples")
        spool.seek(0)
        _assemble(spool, tag, old, destination)


def _assemble(
    encoded: "tempfile.SpooledTemporaryFile[bytes]", tag: bytes, old: list[Block], destination: BinaryIO
) -> None:
    """Write the new sound with the old file's metadata."""
    head = encoded.read(4)
    if head != b"fLaC":
        raise NoticeError("the FLAC couldn't be encoded")
    new: list[Block] = []
    last = False
    while not last:
        header = encoded.read(4)
        last = bool(header[0] & _LAST)
        new.append((header[0] & ~_LAST, encoded.read(int.from_bytes(header[1:]))))
    blocks = [new[0], *(block for block in old[1:] if block[0] not in (_SEEKTABLE, _CUESHEET))]
    destination.write(tag + b"fLaC")
    for number, (kind, content) in enumerate(blocks):
        flag = _LAST if number == len(blocks) - 1 else 0
        destination.write(bytes([kind | flag]) + len(content).to_bytes(3) + content)
    while piece := encoded.read(_COPIED):
        destination.write(piece)


def _after_tag(file: Reader) -> tuple[int, bytes]:
    """Return where the FLAC begins, and the ID3 tag before it if that is to stay."""
    head = file.read(0, min(10, file.size))
    if head[:3] != b"ID3" or len(head) < 10:
        return 0, b""
    size = 10
    for number in range(4):
        size += (head[6 + number] & 0x7F) << 7 * (3 - number)
    if size > file.size:
        raise MalformedError("the ID3 tag of the FLAC reaches beyond its end")
    tag = file.read(0, size)
    return size, b"" if b"c2pa" in tag.lower() else tag


def _blocks(file: Reader, start: int) -> tuple[list[Block], int]:
    """Return the blocks of metadata and where they end.

    Raises:
        MalformedError: They are broken.
    """
    if file.read(start, min(4, file.size - start)) != b"fLaC":
        raise MalformedError("the file is no FLAC")
    found: list[Block] = []
    at = start + 4
    for _ in range(_BLOCKS):
        header = file.read(at, 4)
        content = file.read(at + 4, int.from_bytes(header[1:]))
        found.append((header[0] & ~_LAST, content))
        at += 4 + len(content)
        if header[0] & _LAST:
            break
    if found[0][0] != _STREAMINFO or len(found[0][1]) != 34 or not header[0] & _LAST:
        raise MalformedError("the metadata of the FLAC is broken")
    return found, at
