"""Roots of all kinds, as one source."""

from collections.abc import Iterator, Sequence

from kzlabel.scanning.items import Item, Source, Trouble
from kzlabel.scanning.objects import Objects, is_address
from kzlabel.scanning.walking import Tree

__all__ = ["Several", "source_of"]


class Several:
    """Sources, one after the other."""

    def __init__(self, *sources: Source) -> None:
        """Keep the sources."""
        self._sources = sources

    def items(self) -> Iterator[Item | Trouble]:
        """See `Source.items`."""
        for source in self._sources:
            yield from source.items()


def source_of(
    roots: Sequence[bytes],
    *,
    follow: bool = False,
    hidden: bool = True,
    exclude: tuple[str, ...] = (),
    include: tuple[str, ...] = (),
) -> Source:
    """Return the source of paths and addresses; the patterns are about paths."""
    objects = tuple(root for root in roots if is_address(root))
    paths = tuple(root for root in roots if not is_address(root))
    tree = Tree(roots=paths, follow=follow, hidden=hidden, exclude=exclude, include=include)
    if not objects:
        return tree
    return Several(Objects(objects), tree) if paths else Objects(objects)
