"""Sidecars: a label in a file of its own, for formats without a place for one, or files that may not change.

The hard binding is a `c2pa.hash.data` that leaves nothing out, so that the sidecar fits these bytes and no others.
"""

import hashlib
from typing import Final

from kzlabel.credentials import Signer
from kzlabel.files import Reader
from kzlabel.labels import Label
from kzlabel.limits import Limits
from kzlabel.manifest.cbor import encode
from kzlabel.signing.composer import Parent, Stamp, draft
from kzlabel.spans import Span

__all__ = ["compose_sidecar"]

_ALGORITHM: Final = "sha256"


def compose_sidecar(
    file: Reader, label: Label, signer: Signer, *, parent: Parent | None, stamp: Stamp | None, limits: Limits
) -> bytes:
    """Return a manifest store about the whole of `file`, which is read once.

    Raises:
        MalformedError: The file became shorter, or what it carries can't be kept as the parent.
        SigningError: No time-stamp could be got.
    """
    digest = hashlib.sha256()
    for piece in file.chunks([Span(0, file.size)]):
        digest.update(piece)
    binding = {"alg": _ALGORITHM, "hash": digest.digest(), "name": "whole file", "pad": b""}
    size = len(encode(binding))
    made = draft(
        label, signer, binding_label="c2pa.hash.data", binding_size=size, parent=parent, stamp=stamp, limits=limits
    )
    return made.finish(binding)
