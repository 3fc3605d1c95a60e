"""Labels of boxes and the URIs made of them (C2PA 2.4 sections 8.3 and 11.1.4)."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

__all__ = [
    "ASSERTIONS",
    "DATABOXES",
    "LONGEST",
    "SIGNATURE",
    "Reference",
    "assertion_uri",
    "is_urn",
    "kind_of",
    "manifest_uri",
    "read_uri",
    "relative_uri",
    "signature_uri",
    "spelling",
]

ASSERTIONS: Final = "c2pa.assertions"
DATABOXES: Final = "c2pa.databoxes"
SIGNATURE: Final = "c2pa.signature"

_PREFIX: Final = "self#jumbf="
_INGREDIENT_THUMBNAIL: Final = "c2pa.thumbnail.ingredient"
_VERSION: Final = re.compile(r"\.v([0-9]{1,4})\Z")
_REMEMBERED: Final = 1024
LONGEST: Final = 1024
"""Characters of a label; longer ones are not read, and nothing about them is remembered."""

_LONGEST_URI: Final = 4 * LONGEST


class Reference(NamedTuple):
    """A JUMBF URI, taken apart."""

    manifest: str
    """Label of the manifest; empty in a relative URI, which stays within its own."""

    path: tuple[str, ...]
    """Labels of the boxes below the manifest."""


def read_uri(uri: str) -> Reference | None:
    """Take `uri` apart; None for an unusual spelling.

    Usual are `self#jumbf=/c2pa/MANIFEST/BOX/...`, in old files without the first slash, and, within a manifest,
    `self#jumbf=BOX/...`.
    """
    if not uri.startswith(_PREFIX) or len(uri) > _LONGEST_URI:
        return None
    path = uri[len(_PREFIX) :]
    if "=" in path:
        return None
    parts = path.split("/")
    if parts[0] == "c2pa":
        parts.insert(0, "")
    if parts[0]:
        return None if "" in parts else Reference("", tuple(parts))
    if len(parts) < 3 or parts[1] != "c2pa" or "" in parts[2:]:
        return None
    return Reference(parts[2], tuple(parts[3:]))


def manifest_uri(manifest: str) -> str:
    """Return the URI of a manifest."""
    return f"{_PREFIX}/c2pa/{manifest}"


def relative_uri(assertion: str) -> str:
    """Return the URI of an assertion within its own manifest."""
    return f"{_PREFIX}{ASSERTIONS}/{assertion}"


def signature_uri(manifest: str) -> str:
    """Return the URI of a manifest's claim signature."""
    return f"{_PREFIX}/c2pa/{manifest}/{SIGNATURE}"


def assertion_uri(manifest: str, label: str) -> str:
    """Return the absolute URI of an assertion."""
    return f"{_PREFIX}/c2pa/{manifest}/{ASSERTIONS}/{label}"


class Spelling(NamedTuple):
    """The label of an assertion, taken apart as the reference engine does it."""

    base: str
    """The label without its instance number."""

    instance: int
    """The number that tells assertions of one kind apart; 0 without."""

    whole: str
    """Base and instance put together again; another text than the label for an unusual label."""


@lru_cache(maxsize=_REMEMBERED)
def spelling(label: str) -> Spelling:
    """Take the label of an assertion apart.

    The instance follows two underscores at the end; in thumbnails of ingredients it precedes the type of the
    picture, `c2pa.thumbnail.ingredient__1.jpeg`.
    """
    if label.startswith(_INGREDIENT_THUMBNAIL):
        return _thumbnail(label)
    parts = label.split("__")
    instance = _number(parts[1]) if len(parts) == 2 else 0
    return Spelling(parts[0], instance, f"{parts[0]}__{instance}" if instance else parts[0])


def _thumbnail(label: str) -> Spelling:
    fields = label.split(".")
    picture = "." + fields[3].split("_")[0].lower() if len(fields) >= 4 else ""
    parts = label.split("__")
    instance = _number(parts[1].split(".")[0]) if len(parts) == 2 else 0
    number = f"__{instance}" if instance else ""
    return Spelling(_INGREDIENT_THUMBNAIL + picture, instance, f"{_INGREDIENT_THUMBNAIL}{number}{picture}")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@lru_cache(maxsize=_REMEMBERED)
def kind_of(label: str) -> tuple[str, int]:
    """Return the kind of an assertion and its version: `c2pa.actions.v2__1` is (`c2pa.actions`, 2)."""
    base = spelling(label).base
    found = _VERSION.search(base)
    return (base[: found.start()], int(found[1])) if found else (base, 1)


@lru_cache(maxsize=256)
def _is_suffix(text: str) -> bool:
    return len(text) <= 32 and text.isascii() and len(text.split()) == 1


def is_urn(label: str) -> bool:
    """Tell whether `label` is one that a manifest may have (C2PA 2.4 section 8.2), as the engine checks it.

    `urn:c2pa:UUID[:generator[:version_reason]]`, or as in version 1 `urn:uuid:UUID`, `vendor:urn:uuid:UUID`.
    """
    parts = label.split(":")
    if len(parts) < 3:
        return False
    if parts[0] != "urn":
        return parts[1] == "urn" and parts[2] == "uuid" and len(parts) == 4
    if parts[1] != "c2pa":
        return parts[1] == "uuid"
    if len(parts) > 5 or (len(parts) > 3 and parts[3] and not _is_suffix(parts[3])):
        return False
    numbers = parts[4].split("_")[:2] if len(parts) > 4 and parts[4] else []
    return all(re.fullmatch(r"\+?[0-9]{1,18}", number) is not None for number in numbers)
