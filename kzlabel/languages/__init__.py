"""What people read, in their language: messages, gettext catalogs, and the choice of a language."""

from kzlabel.languages.catalogs import catalog, entries, translate
from kzlabel.languages.choice import ENGLISH, LANGUAGES, Language, language_of
from kzlabel.languages.message import Message

__all__ = ["ENGLISH", "LANGUAGES", "Language", "Message", "catalog", "entries", "language_of", "translate"]
