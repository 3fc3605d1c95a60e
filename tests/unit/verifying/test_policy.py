"""Policies: each condition alone and together, and that none is satisfied by what isn't an intact label."""

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.cli import cli
from kzlabel.errors import TrustError
from kzlabel.labels import AI, Label
from kzlabel.signing import Labeler
from kzlabel.verifying.policy import (
    STRENGTHS,
    AllOf,
    AnyOf,
    Intact,
    LabelLevel,
    MaximumAge,
    MinimumAlgorithm,
    Not,
    Policy,
    SignedBy,
    SignerBin,
    TimeStamped,
    Trusted,
    TrustedBy,
    UnsafeNoOp,
    read_policy,
)
from kzlabel.verifying.verdict import Signatory, Status, Verdict

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SIGNER = Signatory(
    common_name="Example signer 1",
    organisation="Example LLP",
    bin="260140000015",
    algorithm="es384",
    trusted_by="company",
)
GOOD = Verdict(
    uri="x", status=Status.TRUSTED, ai=AI.GENERATED, signer=SIGNER, signed_at=(NOW - timedelta(days=3)).isoformat()
)
SATISFIED: tuple[Policy, ...] = (
    Intact(), Trusted(), SignedBy("Example LLP"), SignedBy("CN=Example signer ?"), SignedBy("O=Ex*"),
    SignedBy("cn = Example*"), SignerBin("260140000015"), TrustedBy(("other", "company")),
    MinimumAlgorithm("es256"), MinimumAlgorithm("es384"),
    TimeStamped(), MaximumAge(3.1), LabelLevel(("generated",)), AllOf(Intact(), Trusted()),
    AnyOf(SignerBin("000000000000"), Trusted()), Not(LabelLevel(("none", "assisted"))),
)  # fmt: skip
UNSATISFIED: tuple[Policy, ...] = (
    SignedBy("CN=Example LLP"), SignedBy("O=Example signer 1"), SignedBy("example llp"), SignedBy("Ex[a]mple LLP"),
    SignerBin("000000000000"), TrustedBy(("other",)), MinimumAlgorithm("es512"), MaximumAge(2.9),
    LabelLevel(("none",)),
    AllOf(Trusted(), SignedBy("x")), AnyOf(SignedBy("x"), SignedBy("y")), Not(Trusted()), Not(UnsafeNoOp()),
)  # fmt: skip


@pytest.mark.parametrize("policy", SATISFIED, ids=str)
def test_a_good_verdict_satisfies_it_and_no_other_does(policy: Policy) -> None:
    assert policy.lacks(GOOD, NOW) == ()
    for status in (
        Status.INVALID,
        Status.UNLABELLED,
        Status.REMOTE,
        Status.ERROR,
        Status.UNSUPPORTED,
        Status.DECLARED,
    ):
        worse = msgspec.structs.replace(GOOD, status=status)
        assert policy.lacks(worse, NOW)


@pytest.mark.parametrize("policy", UNSATISFIED, ids=str)
def test_what_is_missing_is_said(policy: Policy) -> None:
    (clause, *_) = policy.lacks(GOOD, NOW)
    assert clause


def test_what_is_unknown_satisfies_nothing() -> None:
    bare = Verdict(uri="x", status=Status.VALID, ai=AI.UNKNOWN)
    unsigned = [policy for policy in SATISFIED if policy.lacks(bare, NOW) == ()]
    assert list(map(str, unsigned)) == list(map(str, [Intact(), Not(LabelLevel(("none", "assisted")))]))


def test_a_time_stamp_from_the_future_has_no_age() -> None:
    early = msgspec.structs.replace(GOOD, signed_at=(NOW + timedelta(minutes=6)).isoformat())
    assert MaximumAge(10).lacks(early, NOW)
    nearly = msgspec.structs.replace(GOOD, signed_at=(NOW + timedelta(minutes=4)).isoformat())
    assert MaximumAge(10).lacks(nearly, NOW) == ()


@pytest.mark.parametrize(
    "day", ["2026-03-29T01:30:00+00:00", "2028-02-29T23:59:59+00:00", "2016-12-31T23:59:59+00:00"]
)
def test_ages_are_counted_over_changes_of_the_clock(day: str) -> None:
    stamped = msgspec.structs.replace(GOOD, signed_at=day)
    at = datetime.fromisoformat(day)
    assert MaximumAge(1).lacks(stamped, at + timedelta(days=1)) == ()
    assert MaximumAge(1).lacks(stamped, at + timedelta(days=1, seconds=1))


def test_no_op_accepts_everything() -> None:
    assert UnsafeNoOp().lacks(Verdict(uri="x", status=Status.ERROR, ai=AI.UNKNOWN), NOW) == ()


def test_conditions_without_content_are_refused() -> None:
    for make in (
        AllOf, AnyOf, lambda: TrustedBy(()), lambda: LabelLevel(()), lambda: SignedBy(" "), lambda: SignerBin("1"),
        lambda: MinimumAlgorithm("md5"), lambda: MaximumAge(0), lambda: MaximumAge(float("nan")),
        lambda: LabelLevel(("x",)), lambda: SignerBin("٢٦٠١٤٠٠٠٠٠١٥"),
    ):  # fmt: skip
        with pytest.raises(TrustError):
            make()


def test_and_or_and_not_mean_what_they_say() -> None:
    yes: Policy = Intact()
    no: Policy = SignedBy("nobody")
    for pair in itertools.product((yes, no), repeat=2):
        assert (AllOf(*pair).lacks(GOOD, NOW) == ()) is all(one is yes for one in pair)
        assert (AnyOf(*pair).lacks(GOOD, NOW) == ()) is any(one is yes for one in pair)
    assert Not(no).lacks(GOOD, NOW) == ()
    assert Not(yes).lacks(GOOD, NOW)


def test_a_policy_is_read_from_toml() -> None:
    policy = read_policy(
        """
        trusted = true
        minimum-algorithm = "es256"
        trusted-by = ["company"]
        maximum-age-days = 30
        any-of = [{signed-by = "CN=Somebody"}, {signer-bin = "260140000015"}]
        not = {label-level = ["none"]}
        """
    )
    assert policy.lacks(GOOD, NOW) == ()
    assert policy.lacks(msgspec.structs.replace(GOOD, signed_at=""), NOW)
    assert policy.lacks(msgspec.structs.replace(GOOD, ai=AI.NONE), NOW)


@pytest.mark.parametrize("text", [
    "", "x = 1", "trusted = false", "trusted = 1", 'intact = "yes"', "maximum-age-days = true", 'any-of = []',
    "any-of = [{}]", "any-of = [3]", "not = {}", "all-of = 3", 'signed-by = ""', "signed-by = 3",
    "trusted-by = [3]",

    "not = [", "not = " + "{not = " * 40,
    "not = " + "{not = " * 40 + "{intact = true}" + "}" * 40,
])  # fmt: skip
def test_a_policy_that_says_nothing_clear_is_refused(text: str) -> None:
    with pytest.raises(TrustError):
        read_policy(text)


@given(st.text(max_size=80))
def test_any_text_is_a_policy_or_refused(text: str) -> None:
    try:
        policy = read_policy(text)
    except TrustError:
        return
    assert policy.lacks(msgspec.structs.replace(GOOD, status=Status.UNLABELLED), NOW)


def test_every_algorithm_has_a_strength() -> None:
    from kzlabel.credentials.keys import Algorithm

    assert set(STRENGTHS) == {algorithm.value for algorithm in Algorithm}


def test_the_command_line_holds_files_against_a_policy(
    tmp_path: Path, samples: dict[str, Path], labeler: Labeler, label: Label, config_directory: Path
) -> None:
    path = tmp_path / "a.jpg"
    labeler.label(samples["jpeg"], label, path)
    policy = tmp_path / "policy.toml"
    policy.write_text('intact = true\nlabel-level = ["generated"]\n', encoding="utf-8")
    environ = {"KZLABEL_CONFIG_DIR": str(config_directory)}

    def exit_code(*options: str) -> int:
        return CliRunner(env=environ).invoke(cli, ["verify", str(path), *options]).exit_code

    assert exit_code("--policy", str(policy)) == 0
    assert exit_code("--min-algorithm", "es256") == 0
    assert exit_code("--signer", "kzlabel development identity *") == 0
    for options in (
        ["--signer", "Somebody"],
        ["--time-stamped"],
        ["--max-age", "3"],
        ["--signer-bin", "260140000015"],
    ):
        assert exit_code(*options) == 1
