"""One-call conveniences over the objects that do the work."""

from os import PathLike
from typing import TYPE_CHECKING, BinaryIO, overload

from kzlabel.credentials import Signer, default_signer
from kzlabel.errors import OutputError
from kzlabel.formats.text import stripped
from kzlabel.labels import Label
from kzlabel.signing import Labeler, Labelled
from kzlabel.sources import Source
from kzlabel.trust import Trust
from kzlabel.verifying import verify

if TYPE_CHECKING:
    from kzlabel.regimes import Report

__all__ = ["check", "label", "label_text", "plain_text"]


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


def check(source: Source, *, regime: str, trust: Trust | None = None, copyright: bool = False) -> "Report":  # noqa: A002 - the right's name
    """Say what the law called `regime` asks of `source`, and what is there; see `kzlabel.regimes.check`.

    Args:
        source: What `verify` takes; the path of a directory stands for a data library.
        regime: A name such as `kz` for its newest reading, or an id such as `kz-230-viii/2026-01`.
        trust: Whom to believe; by default this machine's own development authority, and nobody else.
        copyright: Whether to tell what the label records of a person's part.

    Raises:
        InputError: The source can't be opened, or no regime has that name.
    """
    from kzlabel.regimes import check as hold_against  # noqa: PLC0415 - labelling needs none of it
    from kzlabel.regimes import markers_of, notice_of  # noqa: PLC0415 - as above

    verdict = verify(source, trust=trust)
    return hold_against(
        verdict, regime, markers=markers_of(source, verdict), notice=notice_of(source, verdict), copyright=copyright
    )


def plain_text(text: str) -> str:
    """Return `text` without hidden labels: what people see of it, for tools that variation selectors confuse."""
    return stripped(text)
