"""What the outside may rely on: the names that the package exports, the schemas, the README's promises."""

import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import msgspec
import pytest

import kzlabel
from kzlabel.labels import AI
from kzlabel.verifying import verify
from kzlabel.verifying.verdict import Status, Verdict

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

PROMISED = {"Label", "Labeler", "Signer", "Verdict", "Status", "label", "verify", "KzlabelError"}


def test_the_promised_names_are_exported() -> None:
    assert set(kzlabel.__all__) >= PROMISED
    for name in kzlabel.__all__:
        assert getattr(kzlabel, name).__name__ == name.rpartition(".")[2]


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        kzlabel.nonsense  # noqa: B018


def test_every_error_is_a_kzlabel_error() -> None:
    errors = [value for name in kzlabel.__all__ if name.endswith("Error") for value in [getattr(kzlabel, name)]]
    assert all(issubclass(error, kzlabel.KzlabelError) for error in errors)


def test_importing_the_package_imports_nothing_heavy() -> None:
    script = "import sys, kzlabel; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"c2pa", "PIL", "cryptography", "msgspec", "click", "rich"} & set(done.stdout.split())


def test_a_verdict_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match="status"):
        bool(Verdict(uri="x", status=Status.VALID, ai=AI.NONE))


def test_every_status_is_in_the_readme() -> None:
    for status in Status:
        assert f"| `{status.value}` |" in README


def test_generated_files_are_what_the_generators_write() -> None:
    for generator in ("generate.py", "generate_codes.py"):
        command = [sys.executable, str(ROOT / "schemas" / generator), "--check"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        assert done.returncode == 0, f"run `make schemas`: {done.stdout}{done.stderr}"


def test_verdicts_of_every_kind_fit_the_schema(samples: dict[str, Path], labeler: "kzlabel.Labeler") -> None:
    schema = msgspec.json.decode((ROOT / "schemas" / "verdict.schema.json").read_bytes())
    validator = jsonschema.Draft202012Validator(schema)
    label = kzlabel.Label(level="ai-assisted", system=kzlabel.System(name="x"), simulates=["event"])
    labelled = labeler.label(samples["jpeg"].read_bytes(), label)
    broken = labelled[:-1] + b"x"
    for source in (labelled, broken, samples["pdf"], b"", b"nonsense", labelled[:5000]):
        verdict = verify(source)
        validator.validate(msgspec.json.decode(msgspec.json.encode(verdict)))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"uri": "x", "status": "fine", "ai": "none"})


def python_examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_readme_s_examples_run(
    samples: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    config_directory: Path,
    signer: object,
) -> None:
    assert len(python_examples()[0].strip().splitlines()) <= 10
    monkeypatch.chdir(tmp_path)
    Path("photo.jpg").write_bytes(samples["jpeg"].read_bytes())
    for name, origin in (("key.pem", "key.pem"), ("certificates.pem", "certificates.pem"), ("ca.pem", "ca.pem")):
        Path(name).write_bytes((config_directory / "development" / origin).read_bytes())
    scope: dict[str, object] = {}
    for example in python_examples():
        exec(example, scope)
    assert isinstance(scope["verdict"], Verdict)
    assert scope["verdict"].status is Status.TRUSTED


def test_the_commands_and_options_in_the_readme_exist() -> None:
    commands = re.findall(r"^\$ kzlabel (\w+)((?:.|\\\n)*?)$", README, re.MULTILINE)
    assert {"label", "verify", "keys"} <= {name for name, _ in commands}
    for name, arguments in commands:
        help_text = subprocess.run(
            [sys.executable, "-m", "kzlabel", name, "-h"], capture_output=True, text=True, check=True
        ).stdout
        for option in re.findall(r"(?<= )--?[a-z][a-z-]*", arguments.partition("#")[0].partition("|")[0]):
            assert option in help_text, (name, option)
