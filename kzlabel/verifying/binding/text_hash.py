"""`c2pa.hash.data` over unstructured text: over what it says, not how it is stored (C2PA 2.4 section 15.12.1.3).

The hash is of the text without its wrapper, in Unicode normalisation form C and UTF-8. Where the wrapper lies is
counted in the normalised text by C2PA 2.4 (A.8.7.3) and in the stored one by C2PA 2.5; both are accepted, each
with the bytes that it has hashed. They are the same for a text that is stored in normal form.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import BytesReader, Reader
from kzlabel.formats import Located, text
from kzlabel.limits import Limits
from kzlabel.normal import is_normal, normalised
from kzlabel.spans import Span
from kzlabel.status import Code, Finding
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.binding import fields
from kzlabel.verifying.binding.data_hash import exclusions
from kzlabel.verifying.binding.digest import ALGORITHMS, algorithm_of, digest_of, same

__all__ = ["check_text_hash"]


def check_text_hash(
    file: Reader,
    located: Located,
    content: Mapping[str, Any],
    *,
    default_algorithm: str | None,
    uri: str,
    limits: Limits,
) -> Iterator[Finding]:
    """Check a text against its data hash assertion; the whole of it is read.

    Raises:
        Abstention: The assertion isn't understood in full.
        LimitError: The text is longer than one that is read as a whole may be.
    """
    stated = fields.octets(content.get("hash"))
    fields.octets(content.get("pad") or b"")
    fields.octets(content.get("pad2") or b"")
    algorithm = algorithm_of(content, default_algorithm)
    excluded = exclusions(content.get("exclusions"), limits)
    if content.get("url") is not None:
        raise Abstention("the data hash points to content elsewhere")
    if algorithm not in ALGORITHMS:
        yield Finding.of(Code.ASSERTION_DATA_HASH_MISMATCH, f"{algorithm} is no known hash algorithm", uri=uri)
        return
    try:
        readings = dict(_readings(file, located.carriers[0].excluded[0], limits))
    except MalformedError as error:
        yield Finding.of(Code.ASSERTION_DATA_HASH_MISMATCH, error.message, uri=uri)
        return
    covered = readings.get(excluded[0]) if len(excluded) == 1 else None
    if covered is None:
        said = "the exclusion of the data hash is not where the hidden manifest is"
        yield Finding.of(Code.ASSERTION_DATA_HASH_MALFORMED, said, uri=uri)
    elif same(stated, digest_of(algorithm, covered)):
        yield Finding.of(Code.ASSERTION_DATA_HASH_MATCH, "the data hash is that of the text", uri=uri)
    else:
        yield Finding.of(Code.ASSERTION_DATA_HASH_MISMATCH, "the data hash is not that of the text", uri=uri)


def _readings(file: Reader, stored: Span, limits: Limits) -> Iterator[tuple[Span, bytes]]:
    """Yield the place of the wrapper and the bytes that are hashed, as each version of the specification has them.

    Raises:
        MalformedError: The text is no UTF-8.
    """
    if file.size > limits.text:
        raise LimitError(f"a text of {file.size} bytes; at most {limits.text} are read as a whole")
    data = file.read(0, file.size)
    try:
        whole = data.decode()
        left = (data[: stored.start] + data[stored.end :]).decode()
    except UnicodeDecodeError as error:
        raise MalformedError(f"the text is no UTF-8: {error.reason} at byte {error.start}") from None
    if not is_normal(whole):
        normal = normalised(whole).encode()
        carriers = text.locate(BytesReader(normal), limits).carriers
        if len(carriers) == 1:
            place = carriers[0].excluded[0]
            # What stood on both sides of the wrapper meets now, and may compose.
            rest = normal[: place.start] + normal[place.end :]
            yield place, normalised(rest.decode()).encode()
    yield stored, normalised(left).encode()
