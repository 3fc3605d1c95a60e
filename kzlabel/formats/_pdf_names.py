"""Adding an entry to a document's name tree of embedded files (ISO 32000-2 7.7.4 and 7.9.6)."""

from kzlabel.errors import LimitError, MalformedError
from kzlabel.formats import _pdf_syntax as syntax
from kzlabel.formats._pdf_document import Ref
from kzlabel.formats._pdf_objects import Changes

__all__ = ["add"]

_DEPTH = 32
_NODES = 10_000


def add(changes: Changes, catalogue: dict[bytes, bytes], name: bytes, target: bytes) -> None:
    """List `target`, a reference, among the embedded files, under `name` or one like it that is free.

    `catalogue` are the entries of the document catalogue; its caller writes them.

    Raises:
        LimitError: The tree is too deep or too wide.
        MalformedError: The tree is broken.
    """
    trees = changes.child(catalogue, b"Names")
    entries = syntax.dictionary_of(trees.value) if trees.value is not None else {}
    owner = trees.ref or changes.document.root
    root = entries.get(b"EmbeddedFiles", b"null")
    if root == b"null":
        key = syntax.write_string(changes.document.encrypt(name, owner))
        entries[b"EmbeddedFiles"] = syntax.write_dictionary({b"Names": syntax.write_array([key, target])})
    else:
        entries[b"EmbeddedFiles"] = _Tree(changes, name, target).inserted(root, owner, 0)
    changes.replace(catalogue, b"Names", trees, syntax.write_dictionary(entries))


class _Tree:
    """One insertion: goes down to the leaf where the name belongs and writes the nodes on the way anew."""

    def __init__(self, changes: Changes, name: bytes, target: bytes) -> None:
        self._changes = changes
        self._name = name
        self._target = target
        self._left = _NODES

    def inserted(self, node: bytes, owner: Ref, depth: int) -> bytes:
        """Return what stands for `node`, which lies in object `owner`, after the insertion."""
        if depth > _DEPTH:
            raise LimitError(f"a name tree of the PDF is more than {_DEPTH} deep")
        value, ref = self._changes.resolved(node)
        owner = ref or owner
        entries = syntax.dictionary_of(value)
        kids = self._changes.child(entries, b"Kids")
        items = syntax.array_of(kids.value) if kids.value is not None else []
        if items:
            inner = kids.ref or owner
            index = self._place(items, inner)
            items[index] = self.inserted(items[index], inner, depth + 1)
            self._changes.replace(entries, b"Kids", kids, syntax.write_array(items))
        else:
            self._insert(entries, owner)
        self._widen(entries, owner)
        new = syntax.write_dictionary(entries)
        if ref is None:
            return new
        self._changes.put(ref, new)
        return node

    def _place(self, kids: list[bytes], owner: Ref) -> int:
        """Return which of `kids` takes the name: the first one that doesn't end before it."""
        for index, kid in enumerate(kids):
            self._left -= 1
            if self._left < 0:
                raise LimitError(f"a name tree of the PDF has more than {_NODES} nodes")
            value, ref = self._changes.resolved(kid)
            limits = self._limits(syntax.dictionary_of(value), ref or owner)
            if self._name <= limits[1]:
                return index
        return len(kids) - 1

    def _insert(self, entries: dict[bytes, bytes], owner: Ref) -> None:
        names = self._changes.child(entries, b"Names")
        inner = names.ref or owner
        items = syntax.array_of(names.value) if names.value is not None else []
        if len(items) % 2:
            raise MalformedError("a name tree of the PDF has a name without a value")
        keys = [self._text(item, inner) for item in items[::2]]
        number = 2
        name = self._name
        while self._name in keys:
            self._name, number = b"%s %d" % (name, number), number + 1
        index = sum(key < self._name for key in keys)
        key = syntax.write_string(self._changes.document.encrypt(self._name, inner))
        items[2 * index : 2 * index] = [key, self._target]
        self._changes.replace(entries, b"Names", names, syntax.write_array(items))

    def _widen(self, entries: dict[bytes, bytes], owner: Ref) -> None:
        """Make the limits of a node, which the root has none of, include the name."""
        if b"Limits" not in entries:
            return
        low, high = self._limits(entries, owner)
        new = [min(low, self._name), max(high, self._name)]
        entries[b"Limits"] = syntax.write_array(
            [syntax.write_string(self._changes.document.encrypt(text, owner)) for text in new]
        )

    def _limits(self, entries: dict[bytes, bytes], owner: Ref) -> tuple[bytes, bytes]:
        child = self._changes.child(entries, b"Limits")
        items = syntax.array_of(child.value or b"")
        if len(items) != 2:
            raise MalformedError("a name tree of the PDF has a node without limits")
        return self._text(items[0], child.ref or owner), self._text(items[1], child.ref or owner)

    def _text(self, item: bytes, owner: Ref) -> bytes:
        text = syntax.string_of(item)
        if text is None:
            raise MalformedError("a name tree of the PDF has a name that is no string")
        return self._changes.document.decrypt(text, owner)
