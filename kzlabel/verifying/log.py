"""What checks write down: findings, each under the manifest or ingredient that it belongs to."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from kzlabel.codes import KINDS
from kzlabel.status import Code, Finding, Kind
from kzlabel.verifying.abstain import Abstention

__all__ = ["Entry", "Log"]


class Entry(NamedTuple):
    """One finding and where it was made."""

    ingredient: str
    """URI of the ingredient assertion through which the manifest was reached; empty for the active manifest."""

    kind: Kind
    """How it counts; seldom another than the finding's own kind."""

    finding: Finding
    """The finding."""


_MOST = 100_000


class Log:
    """The findings about one store, in the order of the checks.

    A store in which many ingredients refer to one large manifest yields the product of both; beyond a number of
    findings that no honest file has, it is left to the reference engine and its time limit.
    """

    entries: list[Entry]
    """All of them."""

    def __init__(self) -> None:
        self.entries = []
        self._path: list[str] = [""]

    def add(self, code: Code, uri: str, explanation: str = "", *, kind: Kind | None = None) -> None:
        """Write down `code` about what is at `uri`; `kind` overrides how it counts."""
        own = KINDS[code]
        ingredient = self._path[-1]
        finding = Finding(code, own, uri, explanation, bool(ingredient))
        self.entries.append(Entry(ingredient, kind or own, finding))

    def extend(self, findings: Iterable[Finding]) -> None:
        """Write down findings that were made elsewhere.

        Raises:
            Abstention: There are too many already.
        """
        ingredient = self._path[-1]
        if len(self.entries) > _MOST:
            raise Abstention("there is too much to say about the manifest store")
        for found in findings:
            finding = found
            if ingredient:
                finding = Finding(found.code, found.kind, found.uri, found.explanation, ingredient=True)
            self.entries.append(Entry(ingredient, found.kind, finding))

    @contextmanager
    def within(self, ingredient: str) -> Iterator[None]:
        """File what is written down in a `with` block under the ingredient assertion at `ingredient`."""
        self._path.append(ingredient)
        try:
            yield
        finally:
            self._path.pop()
