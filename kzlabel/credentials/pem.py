"""PEM, the text form of keys and certificates: its framing, nothing cryptographic (RFC 7468)."""

from os import PathLike
from pathlib import Path

from kzlabel.errors import CredentialError, MalformedError, TrustError
from kzlabel.sources import display_name

__all__ = ["blocks", "found", "read_file"]

_BEGIN = b"-----BEGIN "
_DASHES = b"-----"
_LONGEST_LABEL = 64
_LARGEST_FILE = 16 * 1024 * 1024


def blocks(data: bytes) -> tuple[tuple[str, bytes], ...]:
    """Return the label and the whole text of each block of `data`, in order.

    Text around blocks is skipped (RFC 7468 section 2): trust lists name the subject above each certificate.

    Raises:
        MalformedError: A block has no end.
    """
    result = []
    at = 0
    while (start := data.find(_BEGIN, at)) >= 0:
        label_at = start + len(_BEGIN)
        label = data[label_at : label_at + _LONGEST_LABEL].partition(_DASHES)[0]
        marker = b"-----END " + label + _DASHES
        end = data.find(marker, label_at)
        name = label.decode("ascii", "replace")
        if end < 0 or not name.isprintable():
            raise MalformedError("a PEM block has a beginning and no end, so the file is cut short or damaged")
        at = end + len(marker)
        result.append((name, data[start:at] + b"\n"))
    return tuple(result)


def found(labels: tuple[str, ...]) -> str:
    """Say in a clause which blocks a file holds, for messages about the one that it lacks."""
    if not labels:
        return "it holds no PEM block"
    return f"it holds {', '.join(dict.fromkeys(labels))}"


def read_file(path: str | PathLike[str], error: type[CredentialError] | type[TrustError]) -> bytes:
    """Return the bytes of the file at `path`; a pipe is read too, so that a secret need not touch a disk.

    Raises:
        CredentialError, TrustError: As `error` says; the file can't be read, or is far too large.
    """
    name = display_name(path)
    try:
        with Path(path).open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except ValueError:
        raise error(f"{name!r} is not a path") from None
    except OSError as why:
        raise error(
            f"{name} can't be read: {why.strerror}", "check the path, and that this user may read it"
        ) from None
    if len(data) > _LARGEST_FILE:
        raise error(f"{name} is larger than {_LARGEST_FILE // 1024 // 1024} MiB", "name a PEM file")
    return data
