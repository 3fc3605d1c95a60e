"""The place of a note in the structure of a tagged PDF (ISO 32000-2 14.7): a paragraph for each of its languages.

An element says which marked content on which page it is; the parent tree leads from there back to the element.
"""

from collections.abc import Sequence
from typing import Final

from kzlabel.errors import LimitError, MalformedError
from kzlabel.formats import _pdf_syntax as syntax
from kzlabel.formats._pdf_document import Ref
from kzlabel.formats._pdf_objects import Changes

__all__ = ["Tags"]

_DEPTH: Final = 32
_MARKS: Final = 100_000


class Tags:
    """The structure of a document, to which elements are added."""

    def __init__(self, changes: Changes, root: Ref) -> None:
        self._changes = changes
        self._root = root
        self._entries = changes.dictionary(root)
        self._parent = self._document() or root
        self._added: list[bytes] = []

    @staticmethod
    def of(changes: Changes) -> "Tags | None":
        """Return the structure of a document; None where it has none."""
        ref = syntax.reference_of(changes.dictionary(changes.document.root).get(b"StructTreeRoot"))
        return None if ref is None else Tags(changes, ref)

    def _document(self) -> Ref | None:
        """Return the one element that stands for the whole document, if there is one."""
        kids = self._changes.child(self._entries, b"K").value
        if kids is None:
            return None
        items = syntax.array_of(kids) if kids[:1] == b"[" else [self._entries[b"K"]]
        ref = syntax.reference_of(items[0]) if len(items) == 1 else None
        if ref is None:
            return None
        return ref if syntax.name_of(self._changes.dictionary(ref).get(b"S")) == b"Document" else None

    def add(self, page: Ref, entries: dict[bytes, bytes], languages: Sequence[str]) -> list[int]:
        """Add a paragraph on `page` for each language, and return the numbers of their marked content.

        `entries` are those of the page; its caller writes them.

        Raises:
            LimitError: There is too much.
            MalformedError: The structure is broken.
        """
        changes = self._changes
        key = syntax.whole_of(entries[b"StructParents"]) if b"StructParents" in entries else None
        tree = changes.child(self._entries, b"ParentTree")
        root = tree.value or b"<< /Nums [ ] >>"
        if key is None:
            key = max(self._next_key(), _highest(changes, root, 0) + 1)
            entries[b"StructParents"] = b"%d" % key
            self._entries[b"ParentTreeNextKey"] = b"%d" % (key + 1)
        known = _found(changes, root, key, 0)
        marked = syntax.array_of(changes.resolved(known)[0]) if known is not None else []
        if len(marked) > _MARKS:
            raise LimitError(f"a page of the PDF with {len(marked)} marked contents")
        numbers: list[int] = []
        for language in languages:
            element = {
                b"Type": b"/StructElem",
                b"S": b"/P",
                b"P": changes.reference(self._parent),
                b"Pg": changes.reference(page),
                b"K": b"%d" % len(marked),
                b"Lang": syntax.write_string(language.encode()),
            }
            ref = changes.add(syntax.write_dictionary(element))
            numbers.append(len(marked))
            marked.append(ref)
            self._added.append(ref)
        value = changes.add(syntax.write_array(marked))
        changed = _with(changes, root, key, value, 0)
        changes.replace(self._entries, b"ParentTree", tree, changed)
        return numbers

    def _next_key(self) -> int:
        value = self._entries.get(b"ParentTreeNextKey", b"0")
        return syntax.whole_of(value)

    def write(self) -> None:
        """Write the root and the element that the paragraphs belong to."""
        changes = self._changes
        entries = self._entries if self._parent == self._root else changes.dictionary(self._parent)
        kids = changes.child(entries, b"K")
        value = kids.value
        items = [] if value is None else syntax.array_of(value) if value[:1] == b"[" else [entries[b"K"]]
        entries[b"K"] = syntax.write_array([*items, *self._added])
        if self._parent != self._root:
            changes.put(self._parent, syntax.write_dictionary(entries))
        changes.dictionary(self._root)
        changes.put(self._root, syntax.write_dictionary(self._entries))


def _pairs(changes: Changes, node: dict[bytes, bytes]) -> list[bytes]:
    value = changes.child(node, b"Nums").value
    items = syntax.array_of(value) if value is not None else []
    if len(items) % 2:
        raise MalformedError("the parent tree of the PDF is broken")
    return items


def _kids(changes: Changes, node: dict[bytes, bytes], depth: int) -> list[bytes]:
    if depth > _DEPTH:
        raise LimitError(f"the parent tree of the PDF is more than {_DEPTH} deep")
    value = changes.child(node, b"Kids").value
    return syntax.array_of(value) if value is not None else []


def _limits(changes: Changes, kid: bytes) -> tuple[int, int]:
    node = syntax.dictionary_of(changes.resolved(kid)[0])
    value = changes.child(node, b"Limits").value
    items = syntax.array_of(value) if value is not None else []
    if len(items) != 2:
        raise MalformedError("the parent tree of the PDF is broken")
    return syntax.whole_of(items[0]), syntax.whole_of(items[1])


def _highest(changes: Changes, value: bytes, depth: int) -> int:
    """Return the highest key of a number tree; -1 when it is empty."""
    node = syntax.dictionary_of(value)
    kids = _kids(changes, node, depth)
    if kids:
        return _highest(changes, changes.resolved(kids[-1])[0], depth + 1)
    return max((syntax.whole_of(key) for key in _pairs(changes, node)[::2]), default=-1)


def _found(changes: Changes, value: bytes, key: int, depth: int) -> bytes | None:
    """Return what stands under `key` in a number tree."""
    node = syntax.dictionary_of(value)
    for kid in _kids(changes, node, depth):
        low, high = _limits(changes, kid)
        if low <= key <= high:
            return _found(changes, changes.resolved(kid)[0], key, depth + 1)
    items = _pairs(changes, node)
    return next((items[at + 1] for at in range(0, len(items), 2) if syntax.whole_of(items[at]) == key), None)


def _with(changes: Changes, value: bytes, key: int, target: bytes, depth: int) -> bytes:
    """Return a number tree's node with `target` under `key`; the nodes below it are written."""
    node = syntax.dictionary_of(value)
    kids = _kids(changes, node, depth)
    if kids:
        place = next((n for n, kid in enumerate(kids) if key <= _limits(changes, kid)[1]), len(kids) - 1)
        inner, ref = changes.resolved(kids[place])
        changed = _with(changes, inner, key, target, depth + 1)
        if ref is None:
            kids[place] = changed
        else:
            changes.put(ref, changed)
        node[b"Kids"] = syntax.write_array(kids)
    else:
        items = _pairs(changes, node)
        pairs = {syntax.whole_of(items[at]): items[at + 1] for at in range(0, len(items), 2)} | {key: target}
        node[b"Nums"] = syntax.write_array([part for k in sorted(pairs) for part in (b"%d" % k, pairs[k])])
    if b"Limits" in node:
        low, high = (syntax.whole_of(item) for item in syntax.array_of(changes.resolved(node[b"Limits"])[0]))
        node[b"Limits"] = b"[ %d %d ]" % (min(low, key), max(high, key))
    return syntax.write_dictionary(node)
