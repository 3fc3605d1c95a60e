"""What people read, in their language: messages, gettext catalogs, and the choice of a language.

Its parts are imported when they are used: whoever is spoken to in English reads no catalog.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kzlabel.languages.catalogs import Entry, catalog, entries, translate
    from kzlabel.languages.choice import ENGLISH, LANGUAGES, Language, language_of
    from kzlabel.languages.message import Message
    from kzlabel.languages.patterns import reworded

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "Entry",
    "Language",
    "Message",
    "catalog",
    "entries",
    "language_of",
    "reworded",
    "translate",
]

_HOMES = {
    **dict.fromkeys(("ENGLISH", "LANGUAGES", "Language", "language_of"), "choice"),
    **dict.fromkeys(("Entry", "catalog", "entries", "translate"), "catalogs"),
    "Message": "message",
    "reworded": "patterns",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
