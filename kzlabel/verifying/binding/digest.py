"""Hashing what a hard binding covers, in one pass and with constant memory."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from kzlabel.files import Reader
from kzlabel.spans import Span
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.binding import fields

__all__ = ["ALGORITHMS", "algorithm_of", "digest", "digest_of", "same"]

ALGORITHMS = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
"""The hash algorithms of hard bindings (C2PA 2.4 section 13.1), by their names in assertions."""


def algorithm_of(content: Mapping[str, Any], default: str | None) -> str:
    """Return the name of the hash algorithm that an assertion or one of its parts uses.

    Without an `alg` of its own it is the claim's. A name that nobody knows is returned like any other.
    """
    own = content.get("alg")
    if own is not None:
        return fields.text(own)
    if default is None:
        raise Abstention("no hash algorithm is named for the hard binding")
    return default


def digest(file: Reader, algorithm: str, spans: Iterable[Span]) -> bytes:
    """Return the hash of the bytes in `spans`, one after the other.

    Raises:
        MalformedError: A span doesn't lie inside the file.
    """
    hasher = ALGORITHMS[algorithm]()
    for chunk in file.chunks(spans):
        hasher.update(chunk)
    return hasher.digest()


def digest_of(algorithm: str, data: bytes) -> bytes:
    """Return the hash of `data`."""
    return ALGORITHMS[algorithm](data).digest()


def same(stated: bytes, computed: bytes) -> bool:
    """Compare two hashes; one of another length is another hash."""
    return hmac.compare_digest(stated, computed)
