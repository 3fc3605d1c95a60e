"""PDF values are found and copied as they are written, whatever is in them, and broken ones are refused."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.errors import LimitError, MalformedError
from kzlabel.formats import _pdf_syntax as syntax

READERS: list[Callable[[bytes], object]] = [
    syntax.dictionary_of,
    syntax.array_of,
    syntax.name_of,
    syntax.string_of,
    syntax.reference_of,
    syntax.whole_of,
    lambda data: syntax.value_end(data, 0),
    lambda data: syntax.with_strings(data, lambda text: text),
]

atoms = st.one_of(
    st.integers(-(10**9), 10**9).map(lambda number: b"%d" % number),
    st.sampled_from([b"true", b"false", b"null", b"-.5", b"4.", b"12 0 R", b"7 65535 R", b"/A", b"/", b"/A#20B"]),
    st.binary(max_size=12).map(syntax.write_string),
)
values = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(syntax.write_array),
        st.dictionaries(st.binary(min_size=1, max_size=5), inner, max_size=4).map(syntax.write_dictionary),
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.binary(max_size=6), values, max_size=5))
def test_a_dictionary_is_read_as_it_was_written(entries: dict[bytes, bytes]) -> None:
    written = syntax.write_dictionary(entries)
    assert syntax.dictionary_of(written) == entries
    assert syntax.value_end(written + b" /more", 0) == len(written)


@given(st.lists(values, max_size=5))
def test_an_array_is_read_as_it_was_written(items: list[bytes]) -> None:
    assert syntax.array_of(syntax.write_array(items)) == items


@given(values)
def test_every_shorter_form_of_a_container_is_refused(value: bytes) -> None:
    if value[:1] == b"[" or value[:2] == b"<<":
        for end in range(len(value)):
            with pytest.raises(MalformedError):
                syntax.value_end(value[:end], 0)


@settings(max_examples=300)
@given(st.binary(max_size=60), st.sampled_from([b"", b"<<", b"[", b"(", b"<", b"/", b"<< /A "]))
def test_bytes_of_any_kind_give_a_result_or_one_kind_of_error(data: bytes, head: bytes) -> None:
    for read in READERS:
        try:
            read(head + data)
        except MalformedError:
            continue


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (rb"(plain)", b"plain"),
        (rb"(a \(b\) (c (d)) e)", b"a (b) (c (d)) e"),
        (rb"(\n\r\t\b\f\\\x)", b"\n\r\t\b\f\\x"),
        (rb"(\0534\53\5)", b"+4+\5"),
        (rb"(\777)", b"\xff"),
        (b"(one\\\ntwo\\\r\nthree)", b"onetwothree"),
        (b"(a\r\nb\rc)", b"a\nb\nc"),
        (b"<48 65\n6C6c6F>", b"Hello"),
        (b"<4>", b"@"),
        (b"<>", b""),
    ],
)
def test_strings_mean_what_the_standard_says(written: bytes, meant: bytes) -> None:
    assert syntax.string_of(written) == meant
    assert syntax.value_end(written + b"(x)", 0) == len(written)


def test_comments_between_values_are_no_values() -> None:
    data = b"<< % one >> \n/A % two\r[ 1 % ]\n 2 ] >>"
    assert syntax.array_of(syntax.dictionary_of(data)[b"A"]) == [b"1", b"2"]


def test_a_percent_sign_in_a_string_begins_no_comment() -> None:
    assert syntax.dictionary_of(b"<< /A (100 % >> sure) >>") == {b"A": b"(100 % >> sure)"}


def test_names_are_compared_without_their_escapes() -> None:
    assert syntax.dictionary_of(b"<< /A#46 [] >>") == {b"AF": b"[]"}
    assert syntax.name_of(b"/C2PA#5FManifest") == b"C2PA_Manifest"
    assert syntax.name_of(b"(AF)") is None


@pytest.mark.parametrize(
    "data",
    [
        b"<< /A 1 /A 2 >>",
        b"<< /A 1 /#41 2 >>",
        b"<< /A >>",
        b"<< 1 2 >>",
        b"<< /A [ >> ]",
        b"<< /A (x >>",
        b"<< /A <4G> >>",
        b"<< /A ) >>",
        b"[ /A 1 ]",
        b"",
        b"null",
    ],
)
def test_what_is_no_clear_dictionary_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        syntax.dictionary_of(data)


def test_deep_nesting_is_refused_before_it_costs_anything() -> None:
    with pytest.raises(LimitError):
        syntax.value_end(b"[" * 1_000_000, 0)
    with pytest.raises(LimitError):
        syntax.value_end(b"<< /A " * 100_000, 0)


@pytest.mark.parametrize("data", [b"-1", b"1.0", b"9" * 16, b"one", b"", b"0x10", b"1 0 R"])
def test_what_is_no_whole_number_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        syntax.whole_of(data)


def test_only_strings_are_changed() -> None:
    value = b"[ (a) /N#20 <62> 12 0 R << /K (c) /L [ <> ] >> % (no)\n 1 ]"
    changed = syntax.with_strings(value, lambda text: text + b"!")
    assert changed == b"[ <6121> /N#20 <6221> 12 0 R << /K <6321> /L [ <21> ] >> % (no)\n 1 ]"
