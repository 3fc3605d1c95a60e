"""WebP: drawn on and encoded again; lossless stays lossless, lossy keeps its quantiser, animations their frames."""

from io import BytesIO
from typing import Any, BinaryIO, Final

from kzlabel.files import Reader
from kzlabel.notices.apng import animated
from kzlabel.notices.pictures import laid_over, opened, stamp
from kzlabel.notices.riff import chunks
from kzlabel.notices.wanted import Wanted

__all__ = ["quality", "write"]

_ORIENTATION: Final = 0x0112
_FRAME_HEADER: Final = 16
_KEY_FRAME: Final = b"\x9d\x01\x2a"
_LOSSLESS: Final = {"lossless": True, "quality": 80, "exact": True, "method": 4}


def write(file: Reader, wanted: Wanted, destination: BinaryIO) -> None:
    """Write `file` with the badge to `destination`.

    Raises:
        MalformedError: It is broken.
        NoticeError: It is too small or too large.
    """
    found = list(_pictures(file))
    lossy = [content for kind, content in found if kind == b"VP8 "]
    options: dict[str, Any] = dict(_LOSSLESS)
    if lossy:
        options = {"quality": max(map(quality, lossy)), "method": 4, "alpha_quality": 100}
    picture = opened(file, "WEBP")
    options |= {key: picture.info[key] for key in ("icc_profile", "exif", "xmp") if picture.info.get(key)}
    encoded = BytesIO()
    if int(getattr(picture, "n_frames", 1)) > 1:
        options.pop("exact", None)
        if "background" in picture.info:
            options["background"] = picture.info["background"]
        animated(picture, wanted, encoded, "WEBP", options)
    else:
        mark = stamp(picture.size, picture.getexif().get(_ORIENTATION, 1), wanted, lambda box: [picture.crop(box)])
        laid_over(picture, mark)
        picture.save(encoded, "WEBP", **options)
    destination.write(encoded.getvalue())


def _pictures(file: Reader) -> list[tuple[bytes, bytes]]:
    """Return the kind and the first bytes of every bitstream, those in frames of an animation too."""
    found: list[tuple[bytes, bytes]] = []
    for kind, at, length in chunks(file):
        if kind == b"ANMF" and length > _FRAME_HEADER:
            inner = list(chunks(file, at + _FRAME_HEADER, at + length))
        else:
            inner = [(kind, at, length)]
        found += [
            (kind, file.read(at, min(length, 64))) for kind, at, length in inner if kind in (b"VP8 ", b"VP8L")
        ]
    return found


def quality(frame: bytes) -> float:
    """Return the quality for which libwebp would choose the quantiser of a VP8 key frame, 0 to 100.

    Of several segments' quantisers the finest counts; where the header can't be read, 90. RFC 6386 9.2 to 9.6.
    """
    if frame[3:6] != _KEY_FRAME:
        return 90.0
    coarseness = 1 - _quantiser(_Bits(frame[10:])) / 127
    linear = coarseness**3
    return round(100 * (linear * 1.5 if linear < 0.5 else (linear + 1) / 2), 1)


def _quantiser(bits: "_Bits") -> int:
    """Return the finest quantiser index of a frame."""
    bits.read(2)
    segments: list[int] = []
    absolute = 0
    if bits.read(1):
        has_map, has_data = bits.read(1), bits.read(1)
        if has_data:
            absolute = bits.read(1)
            segments = [bits.signed(7) for _ in range(4)]
            for _ in range(4):
                bits.signed(6)
        if has_map:
            for _ in range(3):
                if bits.read(1):
                    bits.read(8)
    bits.read(10)
    if bits.read(1) and bits.read(1):
        for _ in range(8):
            bits.signed(6)
    bits.read(2)
    base = bits.read(7)
    if segments:
        base = min(segments) if absolute else base + min(segments)
    return min(127, max(0, base))


class _Bits:
    """The boolean decoder of VP8, for even chances alone (RFC 6386 7.3)."""

    def __init__(self, data: bytes) -> None:
        self._data = data + bytes(8)
        self._value = int.from_bytes(self._data[:2])
        self._at = 2
        self._range = 255
        self._count = 0

    def read(self, count: int) -> int:
        """Return the next `count` bits as a number."""
        number = 0
        for _ in range(count):
            number = number << 1 | self._bit()
        return number

    def signed(self, count: int) -> int:
        """Return an optional number of `count` bits with its sign; 0 when it is absent."""
        if not self._bit():
            return 0
        number = self.read(count)
        return -number if self._bit() else number

    def _bit(self) -> int:
        split = 1 + ((self._range - 1) >> 1)
        if self._value >= split << 8:
            found = 1
            self._range -= split
            self._value -= split << 8
        else:
            found = 0
            self._range = split
        while self._range < 128:
            self._value <<= 1
            self._range <<= 1
            self._count += 1
            if self._count == 8:
                self._count = 0
                if self._at < len(self._data):
                    self._value |= self._data[self._at]
                    self._at += 1
        return found
