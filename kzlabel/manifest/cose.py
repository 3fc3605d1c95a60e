"""The claim signature: a COSE_Sign1 structure without its payload (C2PA 2.4 section 13.2, RFC 9052).

    18([ protected: bstr .cbor { 1: alg, ? 33: x5chain }, unprotected: map, payload: nil, signature: bstr ])

The claim is the payload. Certificates are under label 33 or "x5chain", one byte string or several, the signer's
first; older manifests have them unprotected. Time-stamps are unprotected, as `sigTst` over the claim or as
`sigTst2` over the signature.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import cbor2
import msgspec

from kzlabel.errors import LimitError, MalformedError
from kzlabel.limits import Limits
from kzlabel.manifest import cbor
from kzlabel.manifest.cbor import encode
from kzlabel.manifest.padding import encode_padded
from kzlabel.spans import Span

__all__ = [
    "ALGORITHMS",
    "Sign1",
    "TimeStamp",
    "padding_of",
    "read_chain",
    "read_sign1",
    "to_be_counter_signed",
    "to_be_signed",
    "to_be_stamped",
    "write_protected",
    "write_sign1",
]

ALGORITHMS: Final[Mapping[int, str]] = {
    -7: "es256",
    -8: "ed25519",
    -35: "es384",
    -36: "es512",
    -37: "ps256",
    -38: "ps384",
    -39: "ps512",
}
"""The algorithms that may sign a claim, by their COSE numbers (C2PA 2.4 section 13.2.1)."""

_NUMBERS: Final = {name: number for number, name in ALGORITHMS.items()}
_TAG: Final = 0xD2
_ALGORITHM: Final = 1
_CHAIN: Final = (33, "x5chain")
_STAMPS: Final = ("sigTst", "sigTst2")
_REVOCATION: Final = "rVals"
_PAD_KEY: Final = b"\x63pad"
_BYTES: Final = 2
"""Major type of byte strings in CBOR."""
_COUNTED: Final = 24
"""From here on a length has bytes of its own."""
_PADS: Final = frozenset({"pad", "pad2"})


class TimeStamp(msgspec.Struct, frozen=True):
    """A time-stamp beside a signature."""

    over_signature: bool
    """True for `sigTst2`, which stamps the signature; false for `sigTst`, which stamps the claim."""

    token: bytes
    """The RFC 3161 response or token, DER."""


class Sign1(msgspec.Struct, frozen=True):
    """A claim signature, taken apart."""

    algorithm: str
    """Name of the signature algorithm, as in `ALGORITHMS`."""

    protected: bytes
    """The protected header as it was signed."""

    chain: tuple[bytes, ...]
    """The certificates, DER, the signer's first."""

    signature: bytes
    """The signature."""

    time_stamp: TimeStamp | None
    """The time-stamp, if there is one."""

    revocation: bytes
    """The OCSP answer that is stapled, DER; empty without one (C2PA 2.4 section 15.9)."""


def read_sign1(data: bytes, limits: Limits) -> Sign1:
    """Take a claim signature apart.

    Raises:
        MalformedError: It is anything but what the standard describes, or several readers could differ about it.
        LimitError: There are too many certificates, or one is too large.
    """
    protected, header, unprotected, signature = _opened(data)
    algorithm = header.get(_ALGORITHM)
    if not isinstance(algorithm, int) or algorithm not in ALGORITHMS:
        raise MalformedError("the signature names no algorithm that is known")
    if not set(header) <= {_ALGORITHM, *_CHAIN} or not set(unprotected) <= {
        "x5chain",
        _REVOCATION,
        *_STAMPS,
        *_PADS,
    }:
        raise MalformedError("the signature has headers that are not known")
    return Sign1(
        ALGORITHMS[algorithm],
        protected,
        _chain(header, unprotected, limits),
        signature,
        _time_stamp(unprotected),
        _revocation(unprotected),
    )


def read_chain(data: bytes, limits: Limits) -> tuple[bytes, ...]:
    """Return the certificates in a claim signature, DER, the signer's first; other headers don't matter.

    Raises:
        MalformedError: They are not in exactly one place, or the rest is in an unusual form.
        LimitError: There are too many certificates, or one is too large.
    """
    _, header, unprotected, _ = _opened(data)
    return _chain(header, unprotected, limits)


def write_protected(algorithm: str, chain: Sequence[bytes]) -> bytes:
    """Return the protected header; a chain of one certificate is written without an array (RFC 9360 section 2).

    Args:
        algorithm: One of the names in `ALGORITHMS`.
        chain: The certificates, DER, the signer's first; at least one.
    """
    certificates: object = chain[0] if len(chain) == 1 else list(chain)
    return encode({_ALGORITHM: _NUMBERS[algorithm], _CHAIN[0]: certificates})


def padding_of(data: bytes, at: int) -> Span:
    """Return where the padding lies in the unprotected header that begins at `at`, as `write_sign1` writes it.

    Its key is the shortest, and so the first in the deterministic order of a map.

    Raises:
        MalformedError: It isn't there.
    """
    start = at + 1 + len(_PAD_KEY)
    head = data[start : start + 9]
    if at < 0 or data[at + 1 : start] != _PAD_KEY or not head or head[0] >> 5 != _BYTES:
        raise MalformedError("the signature has no padding where it should have")
    short = head[0] & 0x1F
    width = 0 if short < _COUNTED else 1 << (short - _COUNTED)
    length = int.from_bytes(head[1 : 1 + width]) if width else short
    begin = start + 1 + width
    if short > _COUNTED + 3 or begin + length > len(data):
        raise MalformedError("the padding of the signature reaches past its end")
    return Span(begin, length)


def write_sign1(
    protected: bytes, signature: bytes, *, size: int = 0, token: bytes = b"", revocation: bytes = b""
) -> bytes:
    """Return the COSE_Sign1 structure, padded to `size` bytes.

    Args:
        protected: The protected header that was signed.
        signature: The signature.
        size: Bytes of the whole; 0 to leave it as short as it comes.
        token: A time-stamp over the signature, DER; empty for none.
        revocation: An OCSP response about the signer's certificate, DER; empty for none (C2PA 2.4 section 15.9).

    Raises:
        LimitError: It doesn't fit into `size` bytes.
    """
    header: dict[str, object] = {_STAMPS[1]: {"tstTokens": [{"val": token}]}} if token else {}
    if revocation:
        header[_REVOCATION] = {"ocspVals": [revocation]}
    head, tail = bytes([_TAG, 0x84]) + encode(protected), encode(None) + encode(signature)
    room = max(0, size - len(head) - len(tail))
    return head + encode_padded(header, room) + tail


def to_be_signed(protected: bytes, claim: bytes) -> bytes:
    """Return what the claim's signature signs: the Sig_structure (RFC 9052 section 4.4)."""
    return _structure("Signature1", protected, claim)


def to_be_stamped(sign1: Sign1, claim: bytes) -> bytes:
    """Return what the time-stamp's imprint is of (C2PA 2.4 section 10.3.2.5)."""
    stamp = sign1.time_stamp
    if stamp is not None and stamp.over_signature:
        return to_be_counter_signed(sign1.protected, sign1.signature)
    return _structure("CounterSignature", sign1.protected, claim)


def to_be_counter_signed(protected: bytes, signature: bytes) -> bytes:
    """Return what the imprint of a time-stamp over the signature is of, `sigTst2` (C2PA 2.4 section 10.3.2.5)."""
    return _structure("CounterSignature", protected, cbor2.dumps(signature))


def _structure(context: str, protected: bytes, payload: bytes) -> bytes:
    encoded: bytes = cbor2.dumps([context, protected, b"", payload])
    return encoded


def _opened(data: bytes) -> tuple[bytes, dict[Any, Any], dict[str, Any], bytes]:
    """Return the protected header as it was signed and read, the unprotected one, and the signature."""
    if not data or data[0] != _TAG:
        raise MalformedError("the signature is not tagged as COSE_Sign1")
    match cbor.decode(data[1:]):
        case [bytes() as protected, dict() as unprotected, None, bytes() as signature]:
            return protected, _integer_keyed(protected), unprotected, signature
        case _:
            raise MalformedError("the signature is no COSE_Sign1 without payload")


def _integer_keyed(protected: bytes) -> dict[Any, Any]:
    """Decode the protected header, the only map here whose keys are numbers."""
    try:
        header = cbor2.loads(protected)
        canonical = cbor2.dumps(header) == protected
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise MalformedError(f"the protected header can't be read: {error}") from None
    if not isinstance(header, dict) or not canonical:
        raise MalformedError("the protected header is in an unusual form")
    return header


def _chain(header: dict[Any, Any], unprotected: dict[str, Any], limits: Limits) -> tuple[bytes, ...]:
    places: tuple[dict[Any, Any], ...] = (header, unprotected)
    found = [place[label] for place in places for label in _CHAIN if label in place]
    if len(found) != 1:
        raise MalformedError("the certificates are not in exactly one place")
    chain = found[0] if isinstance(found[0], list) else [found[0]]
    if not chain or not all(isinstance(certificate, bytes) for certificate in chain):
        raise MalformedError("the certificates are no byte strings")
    if len(chain) > limits.certificates or max(map(len, chain)) > limits.certificate_size:
        raise LimitError(f"{len(chain)} certificates of up to {max(map(len, chain))} bytes")
    return tuple(chain)


def _time_stamp(unprotected: dict[str, Any]) -> TimeStamp | None:
    labels = [label for label in _STAMPS if label in unprotected]
    if not labels:
        return None
    match unprotected[labels[0]]:
        case {"tstTokens": [{"val": bytes() as token}]} if len(labels) == 1:
            return TimeStamp(labels[0] == "sigTst2", token)
        case _:
            raise MalformedError("the time-stamp header is in an unusual form")


def _revocation(unprotected: dict[str, Any]) -> bytes:
    match unprotected.get(_REVOCATION, b""):
        case b"":
            return b""
        case {"ocspVals": [bytes() as answer], **rest} if answer and not rest:
            return answer
        case _:
            raise MalformedError("the stapled revocation data are in an unusual form")
