"""Markdown: YAML front matter (TC260-PG-20258A).

    ---
    AIGC:
      Label: "1"
    DigitalSourceType: "http://..."
    ---

Of YAML, keys at the left margin are read, with a value on their line or lines of keys below them. Values are
written as JSON strings, which every YAML reader takes for what they are.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.formats._splice import Edit
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers import aigc
from kzlabel.markers.model import Declaration, Field, NoPlaceError
from kzlabel.markers.places.base import Change

__all__ = ["SUFFIXES", "read", "write"]

SUFFIXES: Final = frozenset({".md", ".markdown", ".mdx", ".rmd", ".qmd"})
"""Of the texts in which a manifest is a comment, those that have front matter."""
_MOST: Final = 1 << 16
_FRONT: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?---[ \t]*(\r?\n)(.*?)^(?:---|\.\.\.)[ \t]*\r?$", re.DOTALL | re.MULTILINE
)
_LINE: Final = re.compile(r"( *)(?:\"([^\"\\]*)\"|'([^']*)'|([\w.-]+))\s*:(?:\s+(.*?))?\s*$")


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`."""
    del located, limits
    found = _FRONT.match(file.read(0, min(file.size, _MOST)))
    if found:
        for name, value in _entries(found[2].decode("utf-8", "replace")).items():
            yield Field(f"Markdown {name}", value)


def _entries(text: str) -> dict[str, str]:
    """Return the keys at the left margin; keys below one become a JSON object."""
    entries: dict[str, str] = {}
    below: dict[str, dict[str, str]] = {}
    last = ""
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        name, value = found[2] or found[3] or found[4] or "", _scalar(found[5] or "")
        if not found[1]:
            last = name
            entries.setdefault(name, value)
        elif last:
            below.setdefault(last, {}).setdefault(name, value)
    return entries | {name: json.dumps(keys) for name, keys in below.items() if not entries.get(name)}


def _scalar(value: str) -> str:
    if value[:1] == '"' and value[-1:] == '"' and len(value) > 1:
        try:
            return str(json.loads(value))
        except ValueError:
            return value[1:-1]
    if value[:1] == "'" and value[-1:] == "'" and len(value) > 1:
        return value[1:-1].replace("''", "'")
    return value.partition(" #")[0].rstrip() if value[:1] != "{" else value


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`: new keys come last in the front matter, which is made where there is none."""
    del limits
    head = file.read(0, min(file.size, _MOST))
    found = _FRONT.match(head)
    if found is None and re.match(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n", head):
        raise MalformedError("the document begins with a front matter that doesn't end, or with a rule")
    newline = (found[1] if found else b"\r\n" if b"\r\n" in head[:1024] else b"\n").decode()
    try:
        text = found[2].decode() if found else ""
    except UnicodeDecodeError:
        raise NoPlaceError("the document isn't in UTF-8", "convert it to UTF-8 first") from None
    present = _entries(text)
    wanted = {name: value for name, value in declaration.entries().items() if name not in present}
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in wanted.items()]
    names = [f"Markdown {name}" for name in wanted]
    if declaration.aigc is not None:
        label = declaration.aigc.entries()
        if "AIGC" in present:
            merged = aigc.merged(present["AIGC"], declaration.aigc)
            if merged:
                raise NoPlaceError("the front matter has an AIGC label that is incomplete", "complete it by hand")
        else:
            lines += ["AIGC:", *(f"  {name}: {json.dumps(value)}" for name, value in label.items())]
            names.append("Markdown AIGC")
    if not names:
        return Change()
    new = "".join(line + newline for line in lines)
    if found:
        return Change((Edit(found.end(2), found.end(2), (new.encode(),)),), tuple(names))
    at = 3 if head[:3] == b"\xef\xbb\xbf" else 0
    return Change((Edit(at, at, (f"---{newline}{new}---{newline}".encode(),)),), tuple(names))
