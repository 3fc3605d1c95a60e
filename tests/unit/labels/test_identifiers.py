"""Identifiers that others issue: what is accepted, in which form it is kept, and what a refusal advises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.errors import LabelError
from kzlabel.labels import Identifier, Label, Notice, Operator, System
from kzlabel.labels.countries import COUNTRIES

SYSTEM = System(name="X")


def kept_language(tag: str) -> str:
    return Notice(kind="page", language=tag, text="x").language


def kept_model(uri: str) -> str:
    return System(name="X", model_identifier=uri).model_identifier


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2))
def test_a_country_is_one_that_iso_assigned(code: str) -> None:
    assert len(COUNTRIES) == 249
    if code in COUNTRIES:
        assert Operator(role="owner", name="X", country=code.lower()).country == code
    else:
        with pytest.raises(LabelError, match=rf"operator\.country '{code}' is no ISO 3166-1 .* such as KZ"):
            Operator(role="owner", name="X", country=code)


@pytest.mark.parametrize("code", ["EU", "UK", "XK", "KAZ", "398", "K", "Қазақстан"])
def test_what_people_take_for_a_country_code_is_refused(code: str) -> None:
    with pytest.raises(LabelError, match="no ISO 3166-1 alpha-2 code"):
        Operator(role="owner", name="X", country=code)


def test_an_lei_is_verified_and_kept_in_capitals() -> None:
    assert Identifier(scheme="lei", value="5493001kjtiigc8y1r12").value == "5493001KJTIIGC8Y1R12"
    for wrong in (
        "5493001KJTIIGC8Y1R13",
        "5493001KJTIIGC8Y1R1",
        "5493001KJTIIGC8Y1R1A",
        "5493001KJTIIGC8Y1Ү12",
    ):
        with pytest.raises(LabelError, match=r"operator\.identifier\.value is no LEI; check it"):
            Identifier(scheme="lei", value=wrong)


def test_numbers_of_other_registers_are_kept_as_they_are() -> None:
    assert Identifier(scheme="euid", value="DEK1101R.HRB116737").value == "DEK1101R.HRB116737"


def test_a_persons_number_is_no_registered_identifier_and_a_bin_has_its_own_field() -> None:
    with pytest.raises(LabelError, match="personal data"):
        Identifier(scheme="iin", value="1")
    with pytest.raises(LabelError, match=r"give it as operator\.bin"):
        Identifier(scheme="bin", value="941240000193")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("kk", "kk"),
        ("KK-cyrl-kz", "kk-Cyrl-KZ"),
        ("zh-CMN-hans-cn", "zh-cmn-Hans-CN"),
        ("de-1996", "de-1996"),
        ("sl-IT-Nedis", "sl-IT-nedis"),
        ("es-419", "es-419"),
        ("en-us-U-ca-GREGORY-x-Ab", "en-US-u-ca-gregory-x-ab"),
        ("x-AB-cd", "x-ab-cd"),
        ("mul", "mul"),
    ],
)
def test_a_language_tag_is_kept_in_its_usual_case(given: str, kept: str) -> None:
    assert kept_language(given) == kept
    assert kept_language(kept) == kept


@pytest.mark.parametrize(
    "tag",
    ["k", "kk_KZ", "kk-", "-kk", "kk--KZ", "русский", "kk-KZ-Cyrl", "en-a", "x", "i-default", "kk-x", "12"],
)
def test_what_is_no_language_tag_is_refused(tag: str) -> None:
    with pytest.raises(LabelError, match=r"notice\.language .* is no BCP 47 language tag; use one such as kk"):
        kept_language(tag)


def test_the_country_kz_is_not_taken_for_the_kazakh_language() -> None:
    with pytest.raises(LabelError, match="the code of the Kazakh language is kk"):
        kept_language("kz")


@pytest.mark.parametrize(
    "uri",
    [
        "pkg:huggingface/meta-llama/Llama-2-70b-chat-hf@main",
        "pkg:npm/%40angular/animation@12.3.1",
        "pkg:docker/cassandra@sha256:244fd47e07d1004f0aed9c",
        "https://example.kz/models/x?version=1#card",
        "HTTPS://example.kz",
        "urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057",
        "did:web:example.kz",
        "https://[2001:db8::1]:8080/m",
    ],
)
def test_a_uri_or_package_url_identifies_a_model(uri: str) -> None:
    assert kept_model(uri) == uri


@pytest.mark.parametrize(
    "uri",
    [
        "flux-1-dev",
        "meta-llama/Llama-2",
        "C:/models/flux",
        "/models/flux",
        "https://",
        "https:/example.kz",
        "https://example.kz/a b",
        "https://example.kz/%zz",
        "https://пример.kz/",
        "pkg:huggingface",
        "pkg:/x",
        "pkg:npm/x@",
        "urn:x",
        "urn:example:",
    ],
)
def test_what_is_no_uri_is_refused(uri: str) -> None:
    with pytest.raises(LabelError, match=r"system\.model_identifier .* is no URI .* pkg:huggingface/"):
        kept_model(uri)


@pytest.mark.parametrize("uri", ["https://user:secret@example.kz/m", "ftp://secret@example.kz/ bad"])
def test_a_uri_with_a_password_is_refused_and_not_repeated(uri: str) -> None:
    with pytest.raises(LabelError, match="has a user name or password; give the address without them") as caught:
        kept_model(uri)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("model_type", ["c2pa.types.model.onnx", "c2pa.types.model"])
def test_a_model_type_is_a_value_of_table_12(model_type: str) -> None:
    assert System(name="X", model_type=model_type).model_type == model_type


@pytest.mark.parametrize("model_type", ["onnx", "c2pa.types.dataset", "c2pa.types.model.", "C2PA.types.model", ""])
def test_another_model_type_is_refused(model_type: str) -> None:
    with pytest.raises(LabelError, match=r"system\.model_type "):
        System(name="X", model_type=model_type)


@given(st.sets(st.from_regex(r"[a-z]{2}(-[a-z0-9]{1,4})?", fullmatch=True), max_size=8))
def test_regimes_are_sorted(regimes: set[str]) -> None:
    label = Label(level="ai-generated", system=SYSTEM, regimes=regimes)
    assert label.regimes == tuple(sorted(regimes))


@pytest.mark.parametrize("regime", ["KZ", "", "k z", "-kz", "kz-", "қз", "a" * 33, "kz_1", "1kz"])
def test_a_regime_is_a_slug(regime: str) -> None:
    with pytest.raises(LabelError, match="regimes "):
        Label(level="ai-generated", system=SYSTEM, regimes=[regime])


def test_a_regime_is_named_once_and_there_are_not_too_many() -> None:
    with pytest.raises(LabelError, match="regimes has kz twice; name each once"):
        Label(level="ai-generated", system=SYSTEM, regimes=["kz", "eu", "kz"])
    with pytest.raises(LabelError, match="regimes has more than 32 values"):
        Label(level="ai-generated", system=SYSTEM, regimes=(f"r{i}" for i in range(10**9)))
