"""Embedding: recipes that lie are refused, and where nothing is composed here the reference engine writes."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from kzlabel.credentials import Signer
from kzlabel.errors import SigningError
from kzlabel.files import BytesReader
from kzlabel.formats import Derived, Located, Splice, png
from kzlabel.labels import Label
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.signing import Labeler, builder
from kzlabel.signing.composer import draft
from kzlabel.signing.embedding import embed
from kzlabel.trust import Trust
from kzlabel.verifying import verify
from tests.building import build


def put(form: Any, data: bytes, label: Label, signer: Signer, out: io.BytesIO | None = None) -> io.BytesIO:
    out = out or io.BytesIO()
    reader = BytesReader(data)

    def compose(binding: str, size: int) -> Any:
        return draft(label, signer, binding_label=binding, binding_size=size)

    embed(reader, form, png.locate(reader, DEFAULT_LIMITS), compose, out, DEFAULT_LIMITS)
    return out


def lying(change: Any) -> Any:
    """Return PNG as a format whose recipes are spoilt by `change`."""

    def splice(*arguments: Any) -> Splice:
        recipe = png.splice(*arguments)
        (derived,) = (part for part in recipe.parts if isinstance(part, Derived))
        return Splice(*change(recipe, derived))

    return SimpleNamespace(splice=splice, locate=png.locate)


@pytest.mark.parametrize("more", [-1, 1])
def test_a_carrier_of_another_size_than_announced_is_refused(
    more: int, samples: dict[str, Path], label: Label, signer: Signer
) -> None:
    def change(recipe: Splice, derived: Derived) -> Any:
        wrong = Derived(derived.size + more, derived.make)
        return tuple(wrong if part is derived else part for part in recipe.parts), recipe.excluded

    with pytest.raises(SigningError):
        put(lying(change), samples["png"].read_bytes(), label, signer)


def test_a_store_that_would_be_part_of_its_own_hash_is_refused(
    samples: dict[str, Path], label: Label, signer: Signer
) -> None:
    with pytest.raises(SigningError, match="its own hash"):
        put(lying(lambda recipe, _: (recipe.parts, ())), samples["png"].read_bytes(), label, signer)


def test_a_store_that_no_reader_would_find_is_refused(
    samples: dict[str, Path], label: Label, signer: Signer
) -> None:
    hidden = SimpleNamespace(splice=png.splice, locate=lambda *_: Located())
    with pytest.raises(SigningError, match="hides"):
        put(hidden, samples["png"].read_bytes(), label, signer)


def test_a_file_is_written_from_the_stream_s_present_position(
    samples: dict[str, Path], label: Label, signer: Signer, trust: Trust
) -> None:
    out = io.BytesIO()
    out.write(b"before")
    made = put(png, samples["png"].read_bytes(), label, signer, out).getvalue()
    assert made.startswith(b"before\x89PNG")
    assert verify(made[6:], trust=trust).status == "trusted"


def test_what_is_composed_here_needs_no_reference_engine(
    samples: dict[str, Path], labeler: Labeler, label: Label
) -> None:
    with mock.patch.object(builder, "write", side_effect=AssertionError):
        assert labeler.label(samples["png"].read_bytes(), label)


def test_a_container_that_nothing_is_composed_for_goes_to_the_reference_engine(
    labeler: Labeler, label: Label, trust: Trust
) -> None:
    drawing = b'<?xml version="1.0" encoding="iso-8859-1"?><svg xmlns="http://www.w3.org/2000/svg"><g/></svg>'
    with mock.patch.object(builder, "write", wraps=builder.write) as write:
        data = labeler.label(drawing, label)
    assert write.call_count == 1
    assert verify(data, trust=trust).status == "trusted"


def test_labels_of_both_writers_are_kept_by_each_other(
    samples: dict[str, Path], labeler: Labeler, label: Label, signer: Signer, trust: Trust
) -> None:
    source = samples["jpeg"].read_bytes()
    for data in (
        labeler.label(build(source, label, signer, trust), label),
        build(labeler.label(source, label), label, signer, trust, keep_parent=True),
    ):
        for engine in ("native", "reference"):
            assert verify(data, trust=trust, engine=engine).status == "trusted"
