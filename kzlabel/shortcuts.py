"""One-call conveniences for labelling, over the objects that do the work."""

from os import PathLike
from typing import BinaryIO, overload

from kzlabel.credentials import Signer, default_signer
from kzlabel.errors import OutputError
from kzlabel.formats.text import stripped
from kzlabel.labels import Label
from kzlabel.signing import Labeler, Labelled
from kzlabel.sources import Source

__all__ = ["label", "label_text", "plain_text"]


@overload
def label(source: bytes, label: Label, destination: None = None, *, signer: Signer | None = ...) -> bytes: ...


@overload
def label(
    source: Source,
    label: Label,
    destination: str | PathLike[str] | BinaryIO,
    *,
    signer: Signer | None = ...,
    replace: bool = ...,
) -> Labelled: ...


def label(
    source: Source,
    label: Label,
    destination: str | PathLike[str] | BinaryIO | None = None,
    *,
    signer: Signer | None = None,
    replace: bool = False,
) -> bytes | Labelled:
    """Write a copy of `source` that carries `label`; see `Labeler.label` for what goes in, out and wrong.

    Without `signer`, the key is the one that the environment names (KZLABEL_KEY and KZLABEL_CERT), else this
    machine's development identity, made on first use. To label many files make a `Labeler` once.
    """
    labeler = Labeler(signer or default_signer().signer)
    if destination is None:
        if not isinstance(source, bytes | bytearray | memoryview):
            raise OutputError("no destination is given for a source that isn't bytes", "pass a path or a stream")
        return labeler.label(bytes(source), label)
    return labeler.label(source, label, destination, replace=replace)


def label_text(text: str, label: Label, *, signer: Signer | None = None) -> str:
    """Return `text` with a hidden label; see `Labeler.label_text`, and `label` for whose signature it gets."""
    return Labeler(signer or default_signer().signer).label_text(text, label)


def plain_text(text: str) -> str:
    """Return `text` without hidden labels: what people see of it, for tools that variation selectors confuse."""
    return stripped(text)
