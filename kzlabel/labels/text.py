"""Text in a label: what any string may consist of, and how long it may be.

A label is shown to people, compared by machines and signed. So every string is in Unicode normal form C,
which makes equal what looks equal, and holds nothing that can't be seen and yet changes what is seen: control
characters, bidirectional embeddings, overrides and isolates, byte order marks, surrogates, noncharacters.
"""

import re
import unicodedata

from kzlabel.errors import LabelError, LimitError
from kzlabel.normal import normalised

__all__ = [
    "FREE_TEXT_LIMIT",
    "NAME_LIMIT",
    "NUMBER_LIMIT",
    "URI_LIMIT",
    "free_text",
    "name",
    "optional_name",
    "text",
    "words",
    "wrong_type",
]

NAME_LIMIT = 256
"""Characters of a name, a version or a label of something: as much as one line of any screen."""

FREE_TEXT_LIMIT = 4000
"""Characters of an explanation: about two pages, and small beside a signature with its certificates."""

NUMBER_LIMIT = 64
"""Characters of a number in a register."""

URI_LIMIT = 2048
"""Characters of a URI: as much as software that handles URIs is sure to take."""

_SHRINKING = 4
"""Characters that may become one when text is normalised: a Greek letter with three marks."""

_NONCHARACTERS = "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
_REFUSED = {
    "a line break": "\\n\\r\x0b\x0c\x85\u2028\u2029",
    "a control character": "\\x00-\\x1f\\x7f-\\x9f",
    "a bidirectional control": "\u202a-\u202e\u2066-\u2069",
    "a byte order mark": "\ufeff",
    "a surrogate": "\ud800-\udfff",
    "a noncharacter": f"\ufdd0-\ufdef{_NONCHARACTERS}",
}
"""What is refused, each as the inside of a character class."""

_LINE = re.compile(f"[{''.join(_REFUSED.values())}]")
_LINES = re.compile(f"(?!\\n)[{''.join(_REFUSED.values())}]")
_KINDS = {kind: re.compile(f"[{characters}]") for kind, characters in _REFUSED.items()}


def wrong_type(field: str, expected: str, value: object) -> LabelError:
    """Make the error for a value that is of no accepted type."""
    return LabelError(f"{field} must be {expected}, not {type(value).__name__}")


def text(field: str, value: object, *, limit: int, required: bool = True, lines: bool = False) -> str:
    """Return `value` in normal form C.

    Args:
        field: Where it stands, for the error.
        value: What was given.
        limit: Most characters, counted after normalisation.
        required: Whether text that is empty or blank is refused; otherwise blank text becomes empty.
        lines: Whether it may have several lines, each ended by a line feed.

    Raises:
        LabelError: `value` is no text, is too long, or has a character that no label may have.
    """
    if not isinstance(value, str):
        raise wrong_type(field, "text", value)
    refused = (_LINES if lines else _LINE).search(value)
    if refused is not None:
        raise _refusal(field, refused, lines=lines)
    plain = str.__str__(value)  # a member of an enumeration and the like are text, and only their text is kept
    # A label may come out of a hostile file: what is far too long isn't normalised first.
    try:
        normal = normalised(plain) if len(plain) <= _SHRINKING * limit else plain
    except LimitError as error:
        raise LabelError(f"{field} is {error.message}", "leave the marks out") from None
    if len(normal) > limit:
        raise LabelError(f"{field} has {len(normal)} characters", f"shorten it to {limit}")
    if any(not (c.isspace() or unicodedata.category(c) == "Cf") for c in normal):
        return normal
    if required:
        raise LabelError(f"{field} is empty", "say what it is")
    return ""


def name(field: str, value: object) -> str:
    """Check a line of text that must be there."""
    return text(field, value, limit=NAME_LIMIT)


def optional_name(field: str, value: object) -> str:
    """Check a line of text that may be empty."""
    return text(field, value, limit=NAME_LIMIT, required=False)


def words(field: str, value: object) -> str:
    """Check text of several lines that must be there."""
    return text(field, value, limit=FREE_TEXT_LIMIT, lines=True)


def free_text(field: str, value: object) -> str:
    """Check text of several lines that may be empty."""
    return text(field, value, limit=FREE_TEXT_LIMIT, required=False, lines=True)


def _refusal(field: str, found: re.Match[str], *, lines: bool) -> LabelError:
    character = found.group()
    kind = next(kind for kind, pattern in _KINDS.items() if pattern.match(character))
    remedy = "end lines with a line feed alone" if lines and kind == "a line break" else "remove it"
    return LabelError(f"{field} has {kind}, U+{ord(character):04X}, at position {found.start()}", remedy)
