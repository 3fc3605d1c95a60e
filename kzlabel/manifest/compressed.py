"""Compressed manifests: a superbox `c2cm` with one `brob` box, which holds a manifest's superbox (C2PA 2.4 11.1.4).

The label of the outer box is that of the manifest. Decompressing needs the package `brotli`, which is an extra.
"""

from kzlabel.errors import LimitError, MalformedError
from kzlabel.limits import Limits
from kzlabel.manifest.jumbf import ContentBox, Superbox

__all__ = ["decompressed"]

_STEP = 1 << 20


def decompressed(data: bytes, box: Superbox, limits: Limits) -> bytes:
    """Return the superbox of the manifest that `box`, a part of the store `data`, holds compressed.

    Raises:
        MalformedError: It isn't Brotli's form, other boxes are beside it, or nothing here can read Brotli.
        LimitError: It gets larger than a store may be.
    """
    inner = box.boxes[0] if len(box.boxes) == 1 else None
    if not isinstance(inner, ContentBox) or inner.kind != b"brob":
        raise MalformedError("a compressed manifest doesn't hold one brob box")
    try:
        import brotli  # noqa: PLC0415 - an extra
    except ImportError:
        raise MalformedError("a compressed manifest, and the package brotli is not installed") from None
    made, size = [], 0
    decoder = brotli.Decompressor()
    pending = data[inner.start : inner.end]
    try:
        while not decoder.is_finished():
            piece = decoder.process(pending, output_buffer_limit=_STEP)
            if not piece and not pending:
                raise MalformedError("a compressed manifest is cut off")
            pending = b""
            made.append(piece)
            size += len(piece)
            if size > limits.store_size:
                raise LimitError(f"a compressed manifest of more than {limits.store_size} bytes")
    except (brotli.error, TypeError) as error:
        raise MalformedError(f"a compressed manifest can't be decompressed: {error}") from None
    return b"".join(made)
