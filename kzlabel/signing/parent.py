"""Keeping what a source carries already: its manifests, and what verification said of them."""

import hashlib
from base64 import b64decode
from binascii import Error as BinasciiError
from typing import Final

import msgspec

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Encoding, Located, text
from kzlabel.limits import Limits
from kzlabel.manifest import store as stores
from kzlabel.manifest.claim import HashedUri
from kzlabel.manifest.ingredient import Recorded, Results, write_parent
from kzlabel.manifest.jumbf import read_superbox
from kzlabel.manifest.labels import manifest_uri, signature_uri
from kzlabel.status import Finding, Kind
from kzlabel.verifying.verdict import Verdict

__all__ = ["Kept", "Parent", "keep", "read_store"]

_OURS: Final = "org.kzlabel."
"""Codes of this program are about a file as it came; no other validator knows them."""


class Parent(msgspec.Struct, frozen=True):
    """The manifest that a source carries already."""

    store: bytes
    """Its whole manifest store."""

    media_type: str
    """Media type of the source."""

    verdict: Verdict
    """What verification said of it."""


class Kept(msgspec.Struct, frozen=True):
    """A parent as the new manifest store has it."""

    manifests: tuple[bytes, ...] = ()
    """The boxes of its manifests, byte for byte and in order."""

    labels: frozenset[str] = frozenset()
    """Their labels."""

    ingredient: bytes = b""
    """CBOR of the ingredient assertion about it; empty without a parent."""


def read_store(file: Reader, located: Located) -> bytes:
    """Return the manifest store that `file` carries.

    Raises:
        MalformedError: It carries none or several, or one that can't be decoded.
    """
    if len(located.carriers) != 1:
        raise MalformedError(f"{len(located.carriers)} manifest stores")
    carrier = located.carriers[0]
    data = b"".join(bytes(piece) for piece in file.chunks(carrier.store))
    if carrier.encoding is Encoding.RAW:
        return data
    if carrier.encoding is Encoding.SELECTORS:
        return text.decode(data)
    try:
        return b64decode(data, validate=True)
    except BinasciiError:
        raise MalformedError("the manifest store is no base64 text") from None


def keep(parent: Parent, limits: Limits) -> Kept:
    """Return all manifests of `parent` and the ingredient assertion about its active one (C2PA 2.4 section 10.3).

    Raises:
        MalformedError: Its store is not one whose hashes all validators agree on.
    """
    store = stores.read_store(parent.store, limits)
    root = read_superbox(parent.store, limits)
    active = store.active
    if active.oddity:
        raise MalformedError(f"the manifest {active.label} has {active.oddity}")
    return Kept(
        tuple(parent.store[box.start - _HEAD : box.end] for box in root.boxes),
        frozenset(manifest.label for manifest in store.manifests),
        write_parent(
            parent.media_type,
            HashedUri(manifest_uri(active.label), hashlib.sha256(active.payload).digest()),
            HashedUri(signature_uri(active.label), hashlib.sha256(active.signature_payload).digest()),
            _results(parent.verdict),
        ),
    )


_HEAD: Final = 8
"""Header of a manifest's box; longer ones are refused as odd."""


def _results(verdict: Verdict) -> Results:
    about = [one for one in verdict.findings if not one.ingredient and not one.code.startswith(_OURS)]
    return Results(
        *(
            tuple(map(_recorded, (one for one in about if one.kind is kind)))
            for kind in (Kind.SUCCESS, Kind.INFORMATIONAL, Kind.FAILURE)
        )
    )


def _recorded(finding: Finding) -> Recorded:
    return Recorded(finding.code, finding.uri or None, finding.explanation or None)
