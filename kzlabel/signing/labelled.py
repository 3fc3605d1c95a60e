"""What a labeler tells of a file that it labelled."""

import msgspec

__all__ = ["Labelled"]


class Labelled(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was done to one file."""

    uri: str
    """The source, as the caller named it."""

    destination: str = ""
    """Path of the labelled file; empty when it went to a stream."""

    media_type: str
    """Media type by content."""

    content_id: str
    """The label's content identifier."""

    size: int
    """Size of the labelled file in bytes."""

    parent: str = ""
    """Status of the label that the source carried already and that was kept as a parent; empty without one."""

    stamped: bool = False
    """Whether a time-stamp proves when the label was signed."""
