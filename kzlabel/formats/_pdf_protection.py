"""What protects a PDF against changes: encryption, permissions, signatures (ISO 32000-2 7.6 and 12.8)."""

from typing import Any

import msgspec

from kzlabel.files import Reader
from kzlabel.formats._pdf_document import guarded, opened

__all__ = ["Protection", "protection"]

_MODIFY = 8
"""Bit 4 of the permissions (P): changes to the document (ISO 32000-2 table 22)."""
_OWNER = 2
_CRYPT_FILTERS_SINCE = 4
_FIELDS = 100_000


class Protection(msgspec.Struct, frozen=True):
    """What protects a document."""

    encrypted: bool = False
    """Whether it is encrypted, be it with an empty password."""

    opened: bool = True
    """Whether the password that was given opens it."""

    crypt_filters: bool = True
    """Whether its encryption lets a single stream stay in the clear (V of 4 and above)."""

    changeable: bool = True
    """Whether whoever opens it with this password may change it."""

    signed: bool = False
    """Whether it is signed, or has a signature dictionary that is to be filled in."""

    certified: int = 0
    """What a certifying signature permits (DocMDP): 1 nothing, 2 forms, 3 annotations too; 0 without one."""


def protection(file: Reader, password: str = "") -> Protection:
    """Return what protects the document in `file`, as `password` lets it be seen.

    Raises:
        MalformedError: The document can't be read.
    """
    document = opened(file)
    encrypted = bool(document.is_encrypted)
    filters = changeable = True
    if encrypted:
        cipher: Any = document._encryption  # noqa: SLF001 - pypdf has no public way to learn the version
        filters = int(cipher.V) >= _CRYPT_FILTERS_SINCE
        kind = guarded(lambda: int(document.decrypt(password)))
        if not kind:
            return Protection(encrypted=True, opened=False, crypt_filters=filters)
        changeable = kind == _OWNER or bool(int(cipher.P) & _MODIFY)
    root = guarded(lambda: document.root_object)
    certified = guarded(lambda: _certified(root))
    signed = bool(certified) or guarded(lambda: _signed(root))
    return Protection(encrypted, True, filters, changeable, signed, certified)


def _certified(root: Any) -> int:
    signature = _plain((_plain(root.get("/Perms")) or {}).get("/DocMDP"))
    if not hasattr(signature, "get"):
        return 0
    for reference in _plain(signature.get("/Reference")) or ():
        entries = _plain(reference)
        if entries.get("/TransformMethod") == "/DocMDP":
            return int((_plain(entries.get("/TransformParams")) or {}).get("/P", 2))
    return 2


def _signed(root: Any) -> bool:
    if "/UR3" in (_plain(root.get("/Perms")) or {}):
        return True
    return any(_is_signed(field) for field in _fields(_plain(root.get("/AcroForm")) or {}))


def _is_signed(field: Any) -> bool:
    value = _plain(field.get("/V"))
    return _plain(field.get("/FT")) == "/Sig" and value is not None


def _fields(form: Any) -> list[Any]:
    """Return every field of the form, those inside others too, each once."""
    found: list[Any] = []
    seen: set[int] = set()
    waiting = list(_plain(form.get("/Fields")) or ())
    while waiting and len(found) < _FIELDS:
        reference = waiting.pop()
        number = getattr(reference, "idnum", 0)
        if number in seen:
            continue
        seen.update({number} - {0})
        field = _plain(reference)
        if hasattr(field, "get"):
            found.append(field)
            waiting += _plain(field.get("/Kids")) or ()
    return found


def _plain(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value
