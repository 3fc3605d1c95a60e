"""PDFs: what the caller says about one, what forbids labelling it, and how its update is spliced in.

A PDF is labelled by an incremental update. Whatever was signed before stays intact as bytes, but no signature of
any kind permits what a label needs, a new entry in the document catalogue: validators then report a forbidden
change (measured with pyHanko for approval signatures and for DocMDP 1, 2 and 3). So signed documents are refused.
"""

import msgspec

from kzlabel.errors import MalformedError, SigningError
from kzlabel.files import Reader
from kzlabel.formats import Located, Splice, pdf
from kzlabel.limits import Limits

__all__ = ["PdfEmbedder", "PdfOptions", "check_pdf"]

_LARGEST_SIGNATURE = 1 << 20
"""Bytes; real ones have a few thousand, with time-stamps and revocation data a few ten thousand."""
_SIDECAR = "keep the label beside it (--sidecar)"


class PdfOptions(msgspec.Struct, frozen=True):
    """What the caller says about a PDF."""

    password: str = ""
    """Opens it."""

    reserve_signature: int = 0
    """Bytes kept free for a digital signature that is made afterwards; 0 for none."""


class PdfEmbedder:
    """The PDF format with the caller's options; satisfies `Embedder`."""

    NAME = pdf.NAME
    MEDIA_TYPES = pdf.MEDIA_TYPES
    EXTENSIONS = pdf.EXTENSIONS
    sniff = staticmethod(pdf.sniff)
    locate = staticmethod(pdf.locate)

    def __init__(self, options: PdfOptions) -> None:
        self._options = options

    def splice(self, file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
        """See `Embedder.splice`."""
        return pdf.splice(
            file,
            located,
            store_size,
            limits,
            password=self._options.password,
            reserve_signature=self._options.reserve_signature,
        )


def check_pdf(reader: Reader, name: str, options: PdfOptions) -> bool:
    """Refuse a PDF that labelling would harm; return whether it would be harmed by being written anew.

    Raises:
        SigningError: It can't be labelled; the message says why and what would help.
    """
    if not 0 <= options.reserve_signature <= _LARGEST_SIGNATURE:
        raise SigningError(
            f"{options.reserve_signature} bytes can't be reserved for a signature", "ask for some 16384 bytes"
        )
    try:
        found = pdf.protection(reader, options.password)
    except MalformedError as error:
        raise SigningError(f"{name} can't be labelled: {error.message}", "repair the file first") from None
    if not found.crypt_filters:
        raise SigningError(
            f"{name} is encrypted in an old way (RC4, V below 4) that can't hold a label in the clear",
            f"encrypt it with AES-256, or {_SIDECAR}",
        )
    if not found.opened and options.password:
        raise SigningError(f"{name} is encrypted, and the password doesn't open it", "pass the right password")
    if not found.opened:
        raise SigningError(
            f"{name} is encrypted, and labelling it takes its password", "pass the password (--password-file)"
        )
    if not found.changeable:
        raise SigningError(
            f"{name} is encrypted, and its permissions forbid changes",
            f"pass the owner's password (--password-file), or {_SIDECAR}",
        )
    if found.certified:
        raise SigningError(
            f"{name} carries a certifying digital signature (DocMDP {found.certified}), which a label in the file "
            "would break",
            f"label it before it is certified, or {_SIDECAR}",
        )
    if found.signed:
        raise SigningError(
            f"{name} carries a digital signature, which a label in the file would break",
            f"label it before it is signed, or {_SIDECAR}",
        )
    return found.encrypted or bool(options.reserve_signature)
