"""Names of files as text, whatever bytes they are made of."""

from datetime import UTC, datetime

__all__ = ["bytes_of", "modified_at", "shown"]


def shown(name: bytes) -> tuple[str, bool]:
    r"""Return a name as text, and whether it had to be escaped since it is no UTF-8.

    Escaped, each byte that isn't text is `\xNN` and a backslash is doubled, so that `bytes_of` finds the name
    again.
    """
    try:
        return name.decode(), False
    except UnicodeDecodeError:
        return name.replace(b"\\", b"\\\\").decode(errors="backslashreplace"), True


def bytes_of(text: str, *, escaped: bool) -> bytes:
    """Return the name that `shown` made into text."""
    if not escaped:
        return text.encode()
    made, at = bytearray(), 0
    while at < len(text):
        if text.startswith("\\\\", at):
            made += b"\\"
            at += 2
        elif text.startswith("\\x", at):
            made.append(int(text[at + 2 : at + 4], 16))
            at += 4
        else:
            made += text[at].encode()
            at += 1
    return bytes(made)


def modified_at(nanoseconds: int) -> str:
    """Return a file's time as RFC 3339 text, to the second; empty for one that no calendar has."""
    try:
        return f"{datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, ValueError, OSError):
        return ""
