"""Recipes for labelled files, made of what is cut out of a file and what is put in."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kzlabel.errors import MalformedError
from kzlabel.formats.base import Derived, Located
from kzlabel.spans import Span

__all__ = ["Edit", "check_sound", "place", "recut"]

Part = Span | bytes | Derived


class Edit(NamedTuple):
    """One change: `parts` take the place of the bytes from `start` to `end`; the two are equal for an insertion."""

    start: int
    end: int
    parts: tuple[Part, ...] = ()


def recut(size: int, edits: Iterable[Edit]) -> tuple[Part, ...]:
    """Return the parts of a file of `size` bytes after `edits`; those at one place stay in the order given.

    Raises:
        MalformedError: Edits overlap, or lie outside the file.
    """
    parts: list[Part] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not at <= edit.start <= edit.end <= size:
            raise MalformedError(f"the bytes from {edit.start} to {edit.end} can't be replaced on their own")
        if edit.start > at:
            parts.append(Span(at, edit.start - at))
        parts += edit.parts
        at = edit.end
    if at < size:
        parts.append(Span(at, size - at))
    return tuple(parts)


def place(parts: Sequence[Part], wanted: Part) -> Span:
    """Return where the part `wanted`, this very object, lies in the labelled file."""
    at = 0
    for part in parts:
        size = len(part) if isinstance(part, bytes) else part.length if isinstance(part, Span) else part.size
        if part is wanted:
            return Span(at, size)
        at += size
    raise ValueError("the part is none of these")


def check_sound(located: Located) -> None:
    """Refuse a container that was not understood to its end.

    Raises:
        MalformedError: It is damaged.
    """
    if located.damage:
        raise MalformedError(located.damage)
