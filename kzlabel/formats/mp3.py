"""MP3: the store is in the ID3v2 tag at the start (C2PA 2.4 A.3.4); its layout is in `_id3.py`.

Without a tag an MP3 is known by its frames (ISO 11172-3 section 2.4.1): eleven set bits, version, layer, bit
rate and sampling rate give the length of a frame, and where it ends another one of the same kind must begin.
"""

from kzlabel.formats._id3 import locate, splice, tag_size

__all__ = ["EXTENSIONS", "MEDIA_TYPES", "NAME", "locate", "sniff", "splice"]

NAME = "mp3"
MEDIA_TYPES: tuple[str, ...] = ("audio/mpeg",)
EXTENSIONS: tuple[str, ...] = (".mp3",)

_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_SAMPLING = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_OTHERS = (b"fLaC", b"OggS", b"MAC ", b"MP+", b"TTA", b"wvpk", b"DSD ", b"FORM", b"RIFF", b"OFR ")


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of an MP3 file."""
    at = tag_size(head)
    if at:
        rest = head[at : at + 4]
        other = rest.startswith(_OTHERS) or (len(rest) == 4 and rest[:1] == b"\xff" and rest[1] & 0xF6 == 0xF0)
        return None if other else MEDIA_TYPES[0]
    for start in range(min(len(head) - 4, 2048)):
        length = _frame(head[start : start + 4])
        if not length:
            if head[start]:  # frames begin at once, or after zeros
                return None
            continue
        following = head[start + length : start + length + 4]
        same = following[:2] == head[start : start + 2] and _frame(following) > 0
        return MEDIA_TYPES[0] if same or start + length >= len(head) else None
    return None


def _frame(header: bytes) -> int:
    """Return the length of the layer III frame that begins with `header`, or 0 if none does."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version = header[1] >> 3 & 3
    rate, sampling = header[2] >> 4, header[2] >> 2 & 3
    if version not in _SAMPLING or rate in {0, 15} or sampling == 3:
        return 0
    bits = (_RATES_1 if version == 3 else _RATES_2)[rate] * 1000
    return (144 if version == 3 else 72) * bits // _SAMPLING[version][sampling] + (header[2] >> 1 & 1)
