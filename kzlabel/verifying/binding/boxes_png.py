"""Named boxes of a PNG: the signature, then the chunks by their types (C2PA 2.4 section 18.7.3.2)."""

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._window import Walk
from kzlabel.limits import Limits
from kzlabel.spans import Span
from kzlabel.verifying.abstain import Abstention

__all__ = ["named_boxes"]

_SIGNATURE = 8
_AROUND = 12
"""Length, type and CRC of a chunk."""


def named_boxes(file: Reader, limits: Limits, store: tuple[Span, ...]) -> list[tuple[str, Span]]:  # noqa: ARG001
    """Return name and place of every box up to `IEND`; `caBX` is called `C2PA`."""
    walk = Walk(file, limits)
    boxes = [("PNGh", Span(0, _SIGNATURE))]
    at = _SIGNATURE
    kind = ""
    try:
        while kind != "IEND":
            walk.count()
            header = walk.read(at, 8)
            kind = header[4:].decode("ascii")
            span = Span(at, int.from_bytes(header[:4]) + _AROUND)
            boxes.append(("C2PA" if kind == "caBX" else kind, span))
            at = span.end
    except LimitError:
        raise
    except (MalformedError, UnicodeDecodeError):
        raise Abstention("the chunks of the file are damaged") from None
    return boxes
