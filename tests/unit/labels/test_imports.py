"""Labels are cheap to import: they need no signing engine, no cryptography, no schema validator."""

import subprocess
import sys

SCRIPT = """
import sys
import kzlabel.labels
heavy = {"c2pa", "cryptography", "jsonschema", "kzlabel.labels.schema", "argparse"}
print(sorted(heavy & set(sys.modules)))
"""


def test_importing_labels_imports_nothing_heavy() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "[]", run.stderr
