"""JPEG: drawn on and encoded again with its own quantisation tables and sampling.

Blocks that the badge doesn't touch come out as they were but for rounding. Every APP segment and comment stays,
byte for byte, except for what speaks of the old bytes: a manifest store (APP11) and the index of further pictures
(MPF).
"""

from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.pictures import laid_over, opened, stamp
from kzlabel.notices.wanted import Wanted

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["write"]

_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_SOS = 0xDA
_APP0, _APP2, _APP11, _APP14, _COM = 0xE0, 0xE2, 0xEB, 0xEE, 0xFE
_SOF = {0xC0, 0xC1, 0xC2, 0xC3}
_ORIENTATION = 0x0112


def write(file: Reader, wanted: Wanted, destination: BinaryIO) -> None:
    """Write `file` with the badge to `destination`.

    Raises:
        NoticeError: It is too small or too large, or its pixels can't be kept as they are.
    """
    picture = opened(file, "JPEG")
    options = _options(picture)
    orientation = picture.getexif().get(_ORIENTATION, 1)
    mark = stamp(picture.size, orientation, wanted, lambda box: [picture.crop(box)])
    laid_over(picture, mark)
    encoded = BytesIO()
    picture.save(encoded, "JPEG", **options)
    old, _ = _segments(file.read(0, file.size))
    new, scan = _segments(encoded.getvalue())
    kept = [segment for segment in old if _is_kept(segment)]
    has_jfif = any(segment[1] == _APP0 for segment in kept)
    destination.write(b"\xff\xd8")
    for segment in kept:
        destination.write(segment)
    for segment in new:
        marker = segment[1]
        is_jfif = marker == _APP0 and not has_jfif and segment[4:8] == b"JFIF" and not _is_adobe(old)
        is_metadata = 0xE0 <= marker <= 0xEF or marker == _COM
        if is_jfif or marker == _APP14 or not is_metadata:
            destination.write(segment)
    destination.write(scan)


def _options(picture: "Image.Image") -> dict[str, Any]:
    """Return how to encode as the file was."""
    from PIL import JpegImagePlugin  # noqa: PLC0415 - an extra, and slow to import

    tables: dict[int, list[int]] = getattr(picture, "quantization", {})
    if not tables or picture.mode not in ("L", "RGB", "CMYK"):
        raise NoticeError("the JPEG is of a kind that can't be drawn on", "convert it to a baseline JPEG")
    if max(max(table) for table in tables.values()) > 255:
        raise NoticeError("the JPEG's quantisation tables have more than 8 bits", "encode it again")
    sampling = JpegImagePlugin.get_sampling(picture)
    options: dict[str, Any] = {"qtables": tables, "subsampling": max(0, sampling), "optimize": True}
    if picture.info.get("progressive"):
        options["progressive"] = True
    if picture.mode == "RGB" and picture.info.get("adobe_transform") == 0:
        options["keep_rgb"] = True
    return options


def _segments(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the segments before the first scan, each with its marker, and the rest.

    Raises:
        MalformedError: They are broken.
    """
    found: list[bytes] = []
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise MalformedError(f"there is no marker at byte {at} of the JPEG")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _SOS:
            return found, data[at:]
        length = int.from_bytes(data[at + 2 : at + 4])
        if marker in _STANDALONE or length < 2 or at + 2 + length > len(data):
            raise MalformedError(f"the segment at byte {at} of the JPEG is broken")
        found.append(data[at : at + 2 + length])
        at += 2 + length
    raise MalformedError("the JPEG has no scan")


def _is_kept(segment: bytes) -> bool:
    marker, content = segment[1], segment[4:]
    if marker == _APP11:
        return content[:2] != b"JP"
    if marker == _APP2:
        return content[:4] != b"MPF\0"
    return (_APP0 <= marker <= 0xEF and marker != _APP14) or marker == _COM


def _is_adobe(segments: list[bytes]) -> bool:
    return any(segment[1] == _APP14 for segment in segments)
