"""Learned shapes: stores of one tool and one signer differ in a few fields, and only those need to be checked.

A generator writes thousands of manifest stores that are equal but for identifiers, times, hashes and the
signature. A store that the native engine found intact may become a *shape*: constant bytes, and between them
fields of known meaning and fixed length.

    store   = constant | field | constant | field ... constant
    field   = UUID of the manifest, another UUID, a date and time, a salt, a hash, the signature or its whole box

A later store has the shape if its constant bytes are equal and each field keeps to its alphabet. Then it says what
the first one says, and what remains to be done is what differs: compute the hashes, verify the signature, hold
the certificates' dates against the clock. Whatever doesn't hold gives no verdict; the file goes the plain way
(`kzlabel.verifying.native`), which tests compare this one with.

Why a field can't change more than it seems to: a text field lies inside one text value of the store's CBOR and
keeps its length and alphabet, so that everything around it is read as before; no rule of verification depends on
which UUID or time it is, but for the manifest's own label, all copies of which must be equal. A hash is compared
with the hash of what it is about, and a signature is verified.
"""

import threading
from datetime import datetime
from typing import Any, Final

from kzlabel.errors import KzlabelError
from kzlabel.files import Reader
from kzlabel.formats import Encoding, Located
from kzlabel.limits import Limits
from kzlabel.spans import total
from kzlabel.trust import Trust
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.shapes.learning import study
from kzlabel.verifying.shapes.shape import Shape
from kzlabel.verifying.verdict import Verdict

__all__ = ["Shapes"]

_LARGEST: Final = 262_144
"""Bytes of the largest store that becomes a shape."""

_SHAPES: Final = 64
_ALIKE: Final = 32
"""Shapes of one size and media type: an archive has many signers and systems whose labels are of one size."""
_ALIKE_BYTES: Final = 1 << 20
"""Bytes of stores from which they come, so that large ones are fewer, though four at least."""

_SIZES: Final = 1024
_SIGHTINGS: Final = 2
"""A size must be met so often before anything is learned from it: in a mixed archive most never are met again."""

_PATIENCE: Final = 64
"""Stores of one size that are studied before the size is given up."""

_Key = tuple[int, str]


class Shapes:
    """The shapes that one verifier has learned: a bounded number, shared by its threads.

    What a shape says depends on whom the verifier trusts, so that no two verifiers share them.
    """

    def __init__(self, trust: Trust, limits: Limits) -> None:
        self._trust = trust
        self._limits = limits
        self._known: dict[_Key, tuple[Shape, ...]] = {}
        self._met: dict[_Key, int] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Number of shapes."""
        return sum(map(len, self._known.values()))

    def recall(self, file: Reader, located: Located, media_type: str, now: datetime) -> Verdict | None:
        """Return the verdict about a file whose store has a learned shape and holds, else None.

        The verdict lacks the file's name, and what was found before the store was looked at.

        Raises:
            MalformedError: The file became shorter while it was read.
        """
        if not self._known or len(located.carriers) != 1 or located.damage:
            return None
        carrier = located.carriers[0]
        known = self._known.get((total(carrier.store), media_type))
        if known is None or carrier.encoding is not Encoding.RAW:
            return None
        data = b"".join([file.read(start, length) for start, length in carrier.store])
        for shape in known:
            found = shape.match(data)
            if found is not None:
                try:
                    return shape.judge(file, located, *found, self._trust, self._limits, now)
                except (Abstention, KzlabelError):
                    return None  # the plain way says why
        return None

    def consider(self, file: Reader, located: Located, media_type: str, verdict: Verdict, now: datetime) -> None:
        """Learn from a file about which the native engine gave `verdict`, if its kind of store is met repeatedly.

        Raises:
            MalformedError: The file became shorter while it was read.
        """
        if not verdict.intact or len(located.carriers) != 1:
            return
        carrier = located.carriers[0]
        size = total(carrier.store)
        key = size, media_type
        met = self._met.get(key, 0) + 1
        with self._lock:
            self._met[key] = met
            _bound(self._met, _SIZES)
        if size > _LARGEST or carrier.encoding is not Encoding.RAW:
            return
        if not _SIGHTINGS <= met < _SIGHTINGS + _PATIENCE:
            return
        data = b"".join([file.read(start, length) for start, length in carrier.store])
        try:
            source = study(data, media_type, verdict, self._trust, self._limits, now)
            if source is None:
                return
            shape = Shape(source)
            found = shape.match(data)
            # A shape that doesn't say of its own store what the plain way says is none.
            if found is None or shape.judge(file, located, *found, self._trust, self._limits, now) != verdict:
                return
        except (Abstention, KzlabelError):
            return
        with self._lock:
            known = self._known.get(key, ())
            alike = next((other for other in known if other.source.means_the_same(source)), None)
            if alike is not None:
                alike.learn(source.parts)
            else:
                self._known[key] = (shape, *known[: max(4, min(_ALIKE, _ALIKE_BYTES // size)) - 1])
                _bound(self._known, _SHAPES)


def _bound(table: dict[_Key, Any], most: int) -> None:
    """Forget the oldest entries of a table that has too many."""
    while len(table) > most:
        del table[next(iter(table))]
