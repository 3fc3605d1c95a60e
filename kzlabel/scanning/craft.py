"""What workers do with items: something that is sent to them, and makes there what does the work."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from kzlabel.scanning.items import Item
from kzlabel.scanning.judging import Judge, Settings, failed
from kzlabel.scanning.record import Record

__all__ = ["Craft", "Doer", "Judging"]

T = TypeVar("T", bound=Item)
T_contra = TypeVar("T_contra", bound=Item, contravariant=True)
R = TypeVar("R", bound=Record)
R_co = TypeVar("R_co", bound=Record, covariant=True)


class Doer(Protocol[T_contra, R_co]):
    """Does items, one after the other, in a worker."""

    def do(self, item: T_contra, *, unchanged: bool, again: bool) -> tuple[R_co, ...]:
        """Return the rows of an item.

        Args:
            item: What to do.
            unchanged: Its content is known to be as it was when it was called intact.
            again: A worker died that had it, perhaps after doing it.
        """


class Craft(Protocol[T, R]):
    """A kind of work; it is pickled on its way to workers."""

    item: type[T]
    """What its items are."""

    row: type[R]
    """What its rows are."""

    def doer(self) -> Doer[T, R]:
        """Return what does the work; called once in each worker."""

    def failed(self, item: T, why: str, seconds: float) -> R:
        """Return the row of an item that cost workers their lives, or took too long."""

    def died(self, pid: int, items: Sequence[T]) -> None:
        """Clear away what a dead worker may have left of items that it had."""


class Judging:
    """Judging: items are read and change nothing."""

    item = Item
    row = Record

    def __init__(self, settings: Settings) -> None:
        """Judge as `settings` say."""
        self._settings = settings

    def doer(self) -> "_Judging":
        """Return a judge."""
        return _Judging(self._settings)

    def failed(self, item: Item, why: str, seconds: float) -> Record:
        """Return the row of an item that can't be judged."""
        return failed(item, why, seconds)

    def died(self, pid: int, items: Sequence[Item]) -> None:
        """Do nothing: a judge leaves nothing behind."""


class _Judging:
    def __init__(self, settings: Settings) -> None:
        self._judge = Judge(settings)

    def do(self, item: Item, *, unchanged: bool, again: bool) -> tuple[Record, ...]:  # noqa: ARG002
        return self._judge.judge(item, unchanged=unchanged)
