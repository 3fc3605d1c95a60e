"""Unsigned declarations that go into a file before its label does, so that the signature covers them."""

import io
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from kzlabel.errors import LabelError, MalformedError, SigningError
from kzlabel.files import BytesReader, FileReader
from kzlabel.formats import recognise
from kzlabel.labels import Label
from kzlabel.limits import Limits
from kzlabel.sources import Opened

if TYPE_CHECKING:
    from kzlabel import markers

__all__ = ["declaration_of", "marked"]

_SMALL: Final = 16 * 1024 * 1024
_NOT_ALLOWED: Final = re.compile(r"[^!#-\[\]-~]+")
"""What the values of an AIGC label may not have (GB 45438-2025 annex E)."""


@contextmanager
def marked(file: Opened, label: Label, limits: Limits) -> Iterator[Opened]:
    """Offer a copy of `file` that declares what `label` says in the fields that other tools read.

    Raises:
        SigningError: Files of this format have no place for such fields, or this one can't take them.
    """
    from kzlabel import markers  # noqa: PLC0415 - not needed by those who don't ask for it

    recognised = recognise(file.reader, file.suffix, limits)
    if recognised is None:
        raise SigningError(f"{file.uri} is of no known format, so that nothing can be declared in it")
    declaration = declaration_of(label)
    try:
        if file.reader.size <= _SMALL:
            copy = io.BytesIO()
            markers.write(file.reader, recognised[0], declaration, copy, limits=limits)
            yield msgspec.structs.replace(file, reader=BytesReader(copy.getvalue()))
            return
        with tempfile.TemporaryFile(prefix="kzlabel-") as large:
            markers.write(file.reader, recognised[0], declaration, large, limits=limits)
            large.flush()
            reader = FileReader(large.fileno(), large.seek(0, io.SEEK_END))
            yield msgspec.structs.replace(file, reader=reader)
    except markers.NoPlaceError as error:
        said = f"{file.uri} can't declare it unsigned: {error.message}"
        raise SigningError(said, "label it without --markers") from None
    except MalformedError as error:
        raise SigningError(
            f"{file.uri} can't take unsigned fields: {error.message}", "label it without --markers"
        ) from None


def declaration_of(label: Label) -> "markers.Declaration":
    """Return what is declared of the content that `label` is about; never a prompt, which no label holds.

    Raises:
        LabelError: The label is to serve China's rules, and names no producer in characters that they allow.
    """
    from kzlabel import markers  # noqa: PLC0415 - as above

    return markers.Declaration(
        source_type=label.digital_source_type,
        system=label.system.name,
        system_version=label.system.version,
        created=datetime.fromisoformat(label.created),
        aigc=_aigc(label) if "cn" in label.regimes else None,
    )


def _aigc(label: Label) -> "markers.AIGC":
    """Return the implicit label of China's rules: content that AI made, wholly or in part (Measures, article 3)."""
    from kzlabel import markers  # noqa: PLC0415 - as above

    operator = label.operator
    name = label.system.provider if operator is None else operator.name
    number = "" if operator is None else operator.bin or (operator.identifier.value if operator.identifier else "")
    producer = _NOT_ALLOWED.sub("-", name).strip("-") or number
    if not producer:
        raise LabelError(
            "the cn regime wants a producer in the characters of ASCII",
            "name the operator or the provider in Latin letters, or give the operator's number",
        )
    return markers.AIGC(label="1", content_producer=producer, produce_id=label.content_id)
