"""M4A: see `ffmpeg.py`."""

from typing import BinaryIO, Final

from kzlabel.files import Reader
from kzlabel.notices.ffmpeg import Container, prepend
from kzlabel.notices.wanted import Wanted

__all__ = ["write"]

_CONTAINER: Final = Container("M4A", "mov", "ipod", ".m4a", ("aac", "alac"), cover=True)


def write(file: Reader, wanted: Wanted, destination: BinaryIO) -> None:
    """Write `file` with the notice to `destination`.

    Raises:
        NoticeError: ffmpeg isn't installed or can't do it.
    """
    prepend(file, wanted, destination, _CONTAINER)
