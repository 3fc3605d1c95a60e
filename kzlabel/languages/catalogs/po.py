"""Reading gettext's `.po` files (GNU gettext manual, "The Format of PO Files"), as far as they are used here.

    #, fuzzy
    msgid "the label names {system}"
    msgstr "в метке названа {system}"

Plural forms, contexts and obsolete entries are refused: sentences are written so that they need none.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

__all__ = ["Entry", "read_po"]

_LINE: Final = re.compile(r'(?:(msgid|msgstr) )?"((?:[^"\\]|\\["\\nt])*)"')
_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPES: Final = {"n": "\n", "t": "\t"}


class Entry(NamedTuple):
    """A message and its translation."""

    message: str
    """The message in English."""

    translation: str
    """The same in the language of the catalog; empty where nobody has written it."""

    fuzzy: bool
    """Whether somebody has to look at it again."""

    place: str
    """File and line."""


def read_po(text: str, name: str) -> Iterator[Entry]:
    """Yield the entries of a catalog, its head left out.

    Raises:
        ValueError: A line isn't as it should be, or a message comes twice.
    """
    seen: set[str] = set()
    for entry in _read(text, name):
        if entry.message in seen:
            raise ValueError(f"{entry.place}: {entry.message!r} comes twice")
        seen.add(entry.message)
        if entry.message:
            yield entry


def _read(text: str, name: str) -> Iterator[Entry]:
    parts: dict[str, str] = {}
    field, fuzzy, start = "", False, 0
    for number, line in enumerate((*text.splitlines(), ""), 1):
        if not line.strip():
            if parts:
                yield _entry(parts, f"{name}:{start}", fuzzy=fuzzy)
            parts, field, fuzzy = {}, "", False
        elif line.startswith("#"):
            if line.startswith("#~") or parts:
                raise ValueError(f"{name}:{number}: comments stand before a message, and obsolete messages nowhere")
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
        else:
            found = _LINE.fullmatch(line)
            if found is None or not (found[1] or field) or found[1] in parts:
                raise ValueError(f"{name}:{number}: {line!r} is no line of a catalog")
            start = number if found[1] == "msgid" else start
            field = found[1] or field
            parts[field] = parts.get(field, "") + _ESCAPE.sub(_unescaped, found[2])


def _entry(parts: dict[str, str], place: str, *, fuzzy: bool) -> Entry:
    if parts.keys() != {"msgid", "msgstr"}:
        raise ValueError(f"{place}: an entry has one msgid and one msgstr")
    return Entry(parts["msgid"], parts["msgstr"], fuzzy, place)


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[1])
