"""The one exception of this package."""

from kzlabel.errors import KzlabelError

__all__ = ["NoticeError"]


class NoticeError(KzlabelError):
    """A notice can't be put into a file: it has no place there, or the file can't be changed without harm."""
