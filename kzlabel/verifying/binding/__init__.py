"""Hard bindings: does a file still have the content that was signed (C2PA 2.4 sections 9.2 and 15.12).

1. Tell the kind of binding by the label of its assertion.
2. Read its fields strictly: what is not as in the specification is left to the reference engine.
3. Hash what it covers, once.
4. Say match or mismatch, and what was left out beside the manifest store.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kzlabel.files import Reader
from kzlabel.formats import Located, ogg
from kzlabel.limits import Limits
from kzlabel.status import Finding
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.binding.bmff_hash import check_bmff_hash
from kzlabel.verifying.binding.box_hash import check_box_hash
from kzlabel.verifying.binding.collection_hash import check_collection_hash
from kzlabel.verifying.binding.data_hash import check_data_hash
from kzlabel.verifying.binding.stream_hash import check_stream_hash
from kzlabel.verifying.binding.text_hash import check_text_hash

__all__ = ["check_binding"]

_INSTANCE = re.compile(r"__[0-9]+\Z")


def check_binding(
    file: Reader,
    located: Located,
    media_type: str,
    label: str,
    content: Mapping[str, Any],
    *,
    default_algorithm: str | None,
    uri: str,
    limits: Limits,
    update: bool = False,
) -> tuple[Finding, ...]:
    """Check the content of `file` against its hard binding.

    Args:
        file: The file.
        located: Where its format keeps manifest stores.
        media_type: Its media type, as the format gives it.
        label: Label of the assertion, which may end in an instance number, `__1`.
        content: The assertion, decoded; byte strings are `bytes`.
        default_algorithm: The claim's `alg`, which holds where the assertion names none.
        uri: JUMBF URI of the assertion, for the findings.
        limits: How much work the file may cause.
        update: Whether the active manifest is an update manifest, so that the store has grown since.

    Raises:
        Abstention: It isn't understood in full.
        LimitError: It asks for more work than is allowed.
        MalformedError: The file became shorter while it was read.
    """
    match _INSTANCE.sub("", label):
        case "c2pa.hash.data" if media_type == "text/plain" and located.carriers:
            findings: Iterator[Finding] = check_text_hash(
                file, located, content, default_algorithm=default_algorithm, uri=uri, limits=limits
            )
        case "c2pa.hash.data":
            findings = check_data_hash(
                file, located, media_type, content,
                default_algorithm=default_algorithm, uri=uri, limits=limits, update=update,
            )  # fmt: skip
        case "c2pa.hash.bmff" | "c2pa.hash.bmff.v2" | "c2pa.hash.bmff.v3" as kind:
            findings = check_bmff_hash(
                file, located, content,
                offsets=kind != "c2pa.hash.bmff", default_algorithm=default_algorithm, uri=uri, limits=limits,
            )  # fmt: skip
        case "c2pa.hash.boxes" if media_type in ogg.MEDIA_TYPES:
            findings = check_stream_hash(
                file, located, content, default_algorithm=default_algorithm, uri=uri, limits=limits
            )
        case "c2pa.hash.boxes":
            findings = check_box_hash(
                file, located, media_type, content, default_algorithm=default_algorithm, uri=uri, limits=limits
            )
        case "c2pa.hash.collection.data":
            findings = check_collection_hash(
                file, located, content, default_algorithm=default_algorithm, uri=uri, limits=limits
            )
        case kind:
            raise Abstention(f"the hard binding {kind!r} is unknown")
    return tuple(findings)
