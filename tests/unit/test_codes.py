"""The status codes: the module agrees with its table, and the table with the specification."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kzlabel.codes import KINDS, Code, Kind
from kzlabel.status import Finding

ROOT = Path(__file__).parents[2]
GENERATOR = ROOT / "schemas" / "generate_codes.py"
SPECIFICATION = ROOT.parent / "shared" / "reference" / "c2pa-2.4.md"

with (ROOT / "schemas" / "status-codes.csv").open(encoding="utf-8", newline="") as table:
    ROWS = list(csv.DictReader(table))


def specified_kinds() -> dict[str, str]:
    """Read the tables of section 15.2.2 of the specification: code -> kind."""
    if not SPECIFICATION.exists():
        pytest.skip(f"the specification's text is not at {SPECIFICATION}")
    text = SPECIFICATION.read_text(encoding="utf-8")
    section = text[text.index("#### 15.2.2. Standard Status Codes") : text.index("### 15.3. Displaying")]
    kinds: dict[str, str] = {}
    for part in section.split("##### ")[1:]:
        heading = re.match(r"[\d.]+ (\w+) codes", part)
        assert heading is not None
        kinds |= dict.fromkeys(re.findall(r"^`([\w.-]+)` \|", part, re.MULTILINE), heading[1].lower())
    return kinds


def test_module_is_what_the_generator_writes() -> None:
    run = subprocess.run([sys.executable, GENERATOR, "--check"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_check_fails_on_a_module_that_differs(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "kzlabel").mkdir()
    for name in ("generate_codes.py", "status-codes.csv"):
        (tmp_path / "schemas" / name).write_bytes(GENERATOR.with_name(name).read_bytes())
    command: list[str | Path] = [sys.executable, tmp_path / "schemas" / "generate_codes.py"]
    check = [*command, "--check"]
    assert subprocess.run(check, capture_output=True, check=False).returncode == 1
    subprocess.run(command, check=True)
    assert subprocess.run(check, capture_output=True, check=False).returncode == 0
    with (tmp_path / "kzlabel" / "codes.py").open("a") as module:
        module.write("# edited by hand\n")
    assert subprocess.run(check, capture_output=True, check=False).returncode == 1


def test_every_row_has_one_member_of_the_kind_it_names() -> None:
    assert [code.value for code in Code] == [row["code"] for row in ROWS]
    assert {str(code): str(kind) for code, kind in KINDS.items()} == {row["code"]: row["kind"] for row in ROWS}


def test_codes_and_names_are_unique() -> None:
    codes = [row["code"] for row in ROWS]
    assert len(set(codes)) == len(codes)
    assert len(Code.__members__) == len(codes), "two names share a code"


def test_every_code_has_a_meaning_of_one_sentence() -> None:
    assert [row["code"] for row in ROWS if not re.fullmatch(r"[A-Z].*[^.]\.", row["meaning"])] == []


def test_specified_codes_are_present_with_the_specified_kind() -> None:
    specified = specified_kinds()
    assert len(specified) >= 115
    assert {row["code"]: row["kind"] for row in ROWS if row["source"] == "C2PA 2.4"} == specified


def test_our_own_codes_are_the_ones_in_our_namespace() -> None:
    ours = {row["code"] for row in ROWS if row["source"] == "kzlabel"}
    assert ours == {code for code in Code if code.startswith("org.kzlabel.")}
    assert ours == {code for name, code in Code.__members__.items() if name.startswith("KZLABEL_")}


@pytest.mark.parametrize(
    ("code", "value", "kind"),
    [
        (Code.ASSERTION_DATA_HASH_MATCH, "assertion.dataHash.match", Kind.SUCCESS),
        (Code.ASSERTION_DATA_HASH_MISMATCH, "assertion.dataHash.mismatch", Kind.FAILURE),
        (Code.ASSERTION_HASHED_URI_MISMATCH, "assertion.hashedURI.mismatch", Kind.FAILURE),
        (Code.ASSERTION_CLOUD_DATA_HARD_BINDING, "assertion.cloud-data.hardBinding", Kind.FAILURE),
        (Code.ALGORITHM_DEPRECATED, "algorithm.deprecated", Kind.INFORMATIONAL),
        (Code.ALGORITHM_UNSUPPORTED, "algorithm.unsupported", Kind.FAILURE),
        (Code.TIME_STAMP_MISMATCH, "timeStamp.mismatch", Kind.INFORMATIONAL),
        (Code.SIGNING_CREDENTIAL_OCSP_REVOKED, "signingCredential.ocsp.revoked", Kind.FAILURE),
        (Code.SIGNING_CREDENTIAL_UNTRUSTED, "signingCredential.untrusted", Kind.FAILURE),
        (Code.SIGNING_CREDENTIAL_EXPIRED, "signingCredential.expired", Kind.FAILURE),
        (Code.ASSERTION_SEGMENT_HASH_MATCH, "assertion.segmentHash.match", Kind.SUCCESS),
        (Code.ASSERTION_REDACTED, "assertion.redacted", Kind.INFORMATIONAL),
        (Code.CAWG_X509_CREDENTIAL_TRUSTED, "cawg.x509.credential.trusted", Kind.SUCCESS),
        (Code.CAWG_ICA_UNTRUSTED_ISSUER, "cawg.ica.untrusted_issuer", Kind.INFORMATIONAL),
        (Code.CAWG_ICA_DID_UNAVAILABLE, "cawg.ica.did_unavailable", Kind.FAILURE),
        (Code.COM_ADOBE_PRERELEASE, "com.adobe.prerelease", Kind.FAILURE),
        (Code.KZLABEL_FORMAT_MISMATCH, "org.kzlabel.format.mismatch", Kind.INFORMATIONAL),
        (Code.KZLABEL_LIMIT_EXCEEDED, "org.kzlabel.limit.exceeded", Kind.FAILURE),
    ],
)
def test_member_has_its_value_and_kind(code: Code, value: str, kind: Kind) -> None:
    assert code == value
    assert KINDS[code] is kind


@pytest.mark.parametrize("code", Code)
def test_finding_has_the_kind_that_its_code_owns(code: Code) -> None:
    finding = Finding.of(code, "why", uri="self#jumbf=c2pa.claim", ingredient=True)
    assert finding == Finding(code, KINDS[code], "self#jumbf=c2pa.claim", "why", ingredient=True)
