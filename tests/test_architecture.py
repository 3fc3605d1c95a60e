"""The walls of the house: which package may import which, how long a file may be, that formats are listed."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from kzlabel import formats

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "kzlabel"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400
GENERATED = {"codes.py", "meanings.py"}

BOTTOM = frozenset({"codes", "der", "errors", "limits", "meanings", "normal", "spans", "status", "version"})
FILES = frozenset({"directories", "files", "outputs", "sources"})
ALLOWED: dict[str, frozenset[str]] = {
    **dict.fromkeys(BOTTOM, BOTTOM),
    **dict.fromkeys(FILES, BOTTOM | FILES),
    "isolation": BOTTOM,
    "labels": BOTTOM,
    "formats": BOTTOM | FILES,
    "manifest": BOTTOM,
    "credentials": BOTTOM | FILES,
    "trust": BOTTOM | FILES | {"credentials"},
    "reference": BOTTOM | FILES | {"trust"},
    "verifying": BOTTOM
    | FILES
    | {"isolation", "labels", "formats", "manifest", "credentials", "trust", "reference", "markers"},
    "signing": BOTTOM
    | FILES
    | {"labels", "formats", "manifest", "credentials", "trust", "reference", "verifying", "isolation"}
    | {"markers", "notices"},
    "languages": BOTTOM,
    "regimes": BOTTOM | FILES | {"formats", "labels", "languages", "markers", "notices", "verifying"},
    "scanning": BOTTOM
    | FILES
    | {
        "isolation",
        "labels",
        "formats",
        "manifest",
        "credentials",
        "trust",
        "reference",
        "verifying",
        "regimes",
        "markers",
        "notices",
    },
    "bulk": BOTTOM
    | FILES
    | {"labels", "formats", "credentials", "trust", "verifying", "signing", "regimes", "notices", "scanning"},
    "report": BOTTOM | FILES | {"languages", "scanning"},
    "markers": BOTTOM | FILES | {"formats", "labels"},
    "notices": BOTTOM | FILES | {"labels", "formats"},
    "matrix": BOTTOM | {"formats", "signing"},
    "shortcuts": BOTTOM | FILES | {"labels", "credentials", "signing", "formats"},
    "asking": BOTTOM | FILES | {"regimes", "trust", "verifying"},
}
"""What each room may import, itself aside. The command line and the public module may import anything."""


def room(path: Path) -> str:
    """Return the package or top-level module that `path` belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> Iterator[str]:
    """Yield every room that the file imports, deferred imports included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            if node.module == "kzlabel":
                names = [f"kzlabel.{alias.name}" for alias in node.names]
            else:
                names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "kzlabel" and len(parts) > 1:
                yield parts[1]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    here = room(path)
    if here in {"cli", "__init__", "__main__"}:
        return
    assert here in ALLOWED, f"{here} is a new room: say what it may import"
    upward = set(imported_rooms(path)) - ALLOWED[here] - {here}
    assert not upward


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_stay_short(path: Path) -> None:
    if path.name not in GENERATED:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_every_format_is_listed() -> None:
    listed = {module.__name__.rpartition(".")[2] for module in formats.FORMATS}  # type: ignore[attr-defined]
    there = {path.stem for path in (PACKAGE / "formats").glob("*.py")}
    assert {name for name in there if not name.startswith("_") and name != "base"} == listed


def test_formats_name_themselves_and_their_types_once() -> None:
    names = [form.NAME for form in formats.FORMATS]
    types = [media_type for form in formats.FORMATS for media_type in form.MEDIA_TYPES]
    extensions = [extension for form in formats.FORMATS for extension in form.EXTENSIONS]
    for values in (names, types, extensions):
        assert len(values) == len(set(values))


def test_only_the_reference_engine_imports_c2pa_and_never_at_import_time() -> None:
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top_level = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        assert not any(
            (isinstance(node, ast.Import) and any(alias.name == "c2pa" for alias in node.names))
            or (isinstance(node, ast.ImportFrom) and node.module == "c2pa")
            for node in top_level
        ), f"{path} imports c2pa when it is imported"
