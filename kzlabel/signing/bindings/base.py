"""What a hard binding is to embedding: its size before anything is written, and its content afterwards."""

from collections.abc import Mapping
from typing import Protocol

from kzlabel.files import Reader
from kzlabel.formats import Splice

__all__ = ["Binding", "Tally"]


class Tally(Protocol):
    """One labelled file while it is written: its bytes are shown in order, but for those that the store decides."""

    def take(self, at: int, data: bytes | memoryview) -> None:
        """Take in the bytes that lie at `at` of the labelled file; they are good only during the call."""

    def skip(self, at: int, size: int) -> None:
        """Take note that the `size` bytes at `at` follow from the store.

        Raises:
            SigningError: The binding would cover them.
        """

    def content(self, written: Reader) -> Mapping[str, object]:
        """Return the assertion; `written` is the labelled file with zeros for what follows from the store."""


class Binding(Protocol):
    """A kind of hard binding."""

    @property
    def label(self) -> str:
        """Label of its assertion."""

    def size(self, source: Reader, places: int) -> int:
        """Return the bytes of its CBOR for a labelled `source` in which `places` ranges are left out."""

    def begin(self, splice: Splice) -> Tally:
        """Begin with a file that is made by `splice`."""
