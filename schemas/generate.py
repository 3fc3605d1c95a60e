"""Write everything that is generated: JSON Schemas from the structs, the README's table of formats.

`python schemas/generate.py` writes, `python schemas/generate.py --check` says what has drifted. The status codes
have a generator of their own, `generate_codes.py`.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from kzlabel.labels.schema import label_schema
from kzlabel.matrix import matrix
from kzlabel.regimes.schema import check_schema
from kzlabel.verifying.schema import verdict_schema

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BEGIN, END = "<!-- formats: written by `make schemas` -->\n", "<!-- /formats -->"


_NAMES = 16
"""File name extensions that the README's table shows of one format."""


def generated() -> Iterator[tuple[Path, str]]:
    """Yield each generated file and what it must hold."""
    yield ROOT / "schemas" / "label.schema.json", _json(label_schema())
    yield ROOT / "schemas" / "verdict.schema.json", _json(verdict_schema())
    yield ROOT / "schemas" / "check.schema.json", _json(check_schema())
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    yield README, before + BEGIN + table_of_formats() + END + rest.partition(END)[2]


def table_of_formats() -> str:
    """Return the table of formats in Markdown."""
    lines = [
        "| format | file names | embedded by | sidecar | native engine | reference engine |",
        "|---|---|---|---|---|---|",
    ]
    yes = {True: "yes", False: "-"}
    for row in matrix():
        names = " ".join(row.extensions[:_NAMES])
        if len(row.extensions) > _NAMES:
            names += f" and {len(row.extensions) - _NAMES} more, see `kzlabel formats`"
        reads = f"{yes[row.verify]} | {yes[row.reference]}"
        lines.append(f"| {row.title} | {names} | {row.written_by or '-'} | {yes[row.sidecar]} | {reads} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write or check; return the exit code."""
    drifted = [(path, text) for path, text in generated() if not path.exists() or path.read_text("utf-8") != text]
    for path, text in drifted:
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
    return int(bool(drifted) and "--check" in arguments)


def _json(schema: Mapping[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
