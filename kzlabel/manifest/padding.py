"""Maps that are filled up to a size fixed beforehand (C2PA 2.4 section 10.4).

What is signed or hashed has to be known before its place in the file is, and its size before that. `pad` takes up
what is left. The head of a byte string grows with it, so that some sizes are out of its reach; `pad2` helps there.
"""

from collections.abc import Mapping
from typing import Final

from kzlabel.errors import LimitError
from kzlabel.manifest.cbor import encode

__all__ = ["PAD", "encode_padded"]

PAD: Final = "pad"
_SECOND: Final = "pad2"
_EMPTY_SECOND: Final = b"\x64pad2\x40"
"""An empty `pad2` with its key, which comes last in a map that has one."""
_SECOND_SIZE: Final = len(_EMPTY_SECOND)


def encode_padded(content: Mapping[str, object], size: int) -> bytes:
    """Return `content` as CBOR of exactly `size` bytes, with `pad` and if need be `pad2` added to it.

    With `size` 0 the padding is empty.

    Raises:
        LimitError: It needs more than `size` bytes.
    """
    padded = {**content, PAD: b""}
    least = len(encode(padded))
    if not size:
        size = least
    room = size - least
    if room < 0:
        raise LimitError(f"a map of {least} bytes doesn't fit into {size}")
    length = _longest(room)
    if length + _growth(length) == room:
        return encode({**padded, PAD: bytes(length)})
    # The gap is one to three bytes wide, so that what is left beside the second one is out of it.
    return encode({**padded, PAD: bytes(_longest(room - _SECOND_SIZE)), _SECOND: b""})


def _growth(length: int) -> int:
    """Return by how many bytes the head of a byte string of `length` bytes is longer than that of an empty one."""
    for growth, end in ((0, 24), (1, 1 << 8), (2, 1 << 16), (4, 1 << 32)):
        if length < end:
            return growth
    return 8


def _longest(room: int) -> int:
    """Return the length of the longest byte string that grows by `room` bytes at most."""
    for growth in (0, 1, 2, 4, 8):
        length = room - growth
        if length >= 0 and _growth(length) <= growth:
            return length
    return 0
