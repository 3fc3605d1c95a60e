"""Unsigned declarations beside the signed label: XMP and IPTC, TC260's AIGC, tags, traces of generators.

`read` finds them in a file by the rules in `rules.toml`; `write` puts a declaration where other tools look for it.
"""

from kzlabel.markers.model import AIGC, Declaration, Field, Marker, NoPlaceError
from kzlabel.markers.reading import fields, read, read_source
from kzlabel.markers.rules import Rule, level, load, overview
from kzlabel.markers.writing import writable, write

__all__ = [
    "AIGC",
    "Declaration",
    "Field",
    "Marker",
    "NoPlaceError",
    "Rule",
    "fields",
    "level",
    "load",
    "overview",
    "read",
    "read_source",
    "writable",
    "write",
]
