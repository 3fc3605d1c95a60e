"""Half-open byte ranges, and the arithmetic that bounds them."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

__all__ = ["Span", "complement", "total"]


class Span(NamedTuple):
    """Bytes `start` to `start + length` of a file; offsets count from its first byte."""

    start: int
    length: int

    @property
    def end(self) -> int:
        """Offset of the first byte after the span."""
        return self.start + self.length


def total(spans: Iterable[Span]) -> int:
    """Number of bytes in `spans`, counted without regard to overlaps."""
    return sum(span.length for span in spans)


def complement(excluded: Iterable[Span], size: int) -> Iterator[Span]:
    """Yield the parts of a file of `size` bytes that lie in none of `excluded`, in order.

    `excluded` may come unsorted and may overlap; what reaches past the end is cut off.
    """
    at = 0
    for span in sorted(excluded):
        if span.start >= size:
            break
        if span.start > at:
            yield Span(at, span.start - at)
        at = max(at, span.end)
    if at < size:
        yield Span(at, size - at)
