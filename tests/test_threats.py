"""docs/threats.md names a test for each threat; each of them is there."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def test_every_test_that_the_document_names_exists() -> None:
    text = (TESTS.parent / "docs" / "threats.md").read_text(encoding="utf-8")
    named = set(NAMED.findall(text))
    assert len(named) > 30
    there = {
        (path.name, node.name)
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert not named - there


def test_every_threat_says_what_holds_it_off() -> None:
    text = (TESTS.parent / "docs" / "threats.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| attempt")]
    assert rows
    for row in rows:
        assert len(row.strip("|").split("|")) == 3, row
        assert NAMED.search(row) or row.endswith("| - |"), row
