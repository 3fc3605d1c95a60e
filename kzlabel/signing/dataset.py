"""Data libraries: a signed record in a directory, which names the producer and has the hash of every file.

Kazakhstan's Law on Artificial Intelligence asks that the producer of a data library be named in machine-readable
form (article 27(5)). The hard binding is a `c2pa.hash.collection.data` in the
form of the specification (C2PA 2.4 section 18.8).
"""

from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from kzlabel.credentials import Signer
from kzlabel.directories import ALGORITHM, DATASET_TYPE, RECORD, Member, Odd, members, uri_of
from kzlabel.errors import InputError, KzlabelError, LabelError, OutputError, SigningError, TimeStampError
from kzlabel.labels import Label, Library
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.manifest.cbor import encode
from kzlabel.outputs import check_destination, staged
from kzlabel.signing.batch import Failure
from kzlabel.signing.composer import Stamp, draft
from kzlabel.signing.labelled import Labelled
from kzlabel.signing.timestamping import TimeStampAuthority
from kzlabel.sources import display_name

__all__ = ["label_dataset", "record_each", "statement", "write_collection"]


_NAMELESS = (
    "the record of a data library names its producer, and there is no operator",
    "give --operator NAME and --operator-role ROLE",
)


def label_dataset(
    directory: str | PathLike[str],
    label: Label | Library,
    signer: Signer,
    *,
    replace: bool = False,
    tsa_optional: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Labelled:
    """Write a record of all files under `directory` into it: `kzlabel-dataset.c2pa`.

    Args:
        directory: The data library. Nothing in it is changed.
        label: What is said of it: a `Library`; or a `Label` whose operator is the producer, where AI made or
            changed the content.
        signer: Who says it.
        replace: Whether a record that is there already may be replaced. The new one doesn't keep it.
        tsa_optional: Whether the record is written without a time-stamp when the signer's authority gives none.
        limits: How large the record may be.

    Raises:
        LabelError: The label names no operator.
        InputError: The directory can't be read, has no files, or holds what a record can't stand for: symbolic
            links, special files, names that are no UTF-8.
        OutputError: The record exists, or can't be written.
        SigningError: There are too many files, or no time-stamp could be got.
    """
    if isinstance(label, Label) and label.operator is None:
        raise LabelError(*_NAMELESS)
    if not Path(directory).is_dir():
        raise InputError(f"{display_name(directory)} is not a directory", "name the data library's directory")
    target = Path(directory, RECORD)
    check_destination(target, replace=replace)
    binding = write_collection(_listed(directory))
    stamp = TimeStampAuthority(signer.tsa_url) if signer.tsa_url else None
    try:
        store = _compose(label, signer, binding, stamp, limits)
    except TimeStampError:
        if not tsa_optional:
            raise
        stamp = None
        store = _compose(label, signer, binding, stamp, limits)
    with staged(target, replace=replace) as stage:
        stage.path.write_bytes(store)
    return Labelled(
        uri=display_name(directory),
        destination=display_name(target),
        media_type=DATASET_TYPE,
        content_id=label.content_id,
        size=len(store),
        parent="",
        stamped=stamp is not None,
    )


def _compose(
    label: Label | Library, signer: Signer, binding: dict[str, object], stamp: Stamp | None, limits: Limits
) -> bytes:
    made = draft(
        label,
        signer,
        binding_label="c2pa.hash.collection.data",
        binding_size=len(encode(binding)),
        stamp=stamp,
        limits=limits,
    )
    if made.store_size > limits.store_size:
        raise SigningError(
            f"the record would have {made.store_size} bytes, more than anybody reads",
            "make a record for each of the directory's parts",
        )
    return made.finish(binding)


def statement(template: Mapping[str, Any]) -> Label | Library:
    """Return what a template says: a label where it speaks of AI, else a mere statement about a data library.

    Raises:
        LabelError: Something in it is wrong, or it names no operator.
    """
    if "operator" not in template:
        raise LabelError(*_NAMELESS)
    if "level" in template or "system" in template:
        return Label.from_dict(template)
    rest = {name: value for name, value in template.items() if name not in ("operator", "regimes")}
    return Library.from_dict({"producer": template["operator"], **rest})


def record_each(
    directories: Iterable[Path], template: Mapping[str, Any], signer: Signer, *, replace: bool, tsa_optional: bool
) -> Iterator[Labelled | Failure]:
    """Write a record into each directory, and yield what became of each.

    `template` describes the label; what it leaves out, such as the content identifier, is made for each.
    """
    for directory in directories:
        try:
            yield label_dataset(directory, statement(template), signer, replace=replace, tsa_optional=tsa_optional)
        except KzlabelError as error:
            operational = isinstance(error, InputError | OutputError)
            yield Failure(display_name(directory), error.message, error.remedy, operational)


def write_collection(listed: list[Member]) -> dict[str, object]:
    """Return the content of a collection data hash assertion."""
    files = sorted(listed, key=lambda one: one.path)
    uris = [{"uri": uri_of(one.path), "hash": one.digest, "size": one.size} for one in files]
    return {"alg": ALGORITHM, "uris": uris}


def _listed(directory: str | PathLike[str]) -> list[Member]:
    listed: list[Member] = []
    for one in members(directory):
        match one:
            case Odd():
                raise InputError(
                    f"{display_name(directory)} can't be recorded: {one.path} {one.reason}",
                    "a record stands for plain files with names in UTF-8; take it out or replace it by a file",
                )
            case Member():
                listed.append(one)
    if not listed:
        raise InputError(f"{display_name(directory)} has no files to record", "name the data library's directory")
    return listed
