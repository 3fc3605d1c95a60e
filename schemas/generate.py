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
from kzlabel.regimes import PREDICATES, Condition, regimes
from kzlabel.regimes.schema import check_schema
from kzlabel.verifying.schema import verdict_schema

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
REGIMES = ROOT / "docs" / "regimes.md"
BEGIN, END = "<!-- formats: written by `make schemas` -->\n", "<!-- /formats -->"


_NAMES = 16
"""File name extensions that the README's table shows of one format."""


def generated() -> Iterator[tuple[Path, str]]:
    """Yield each generated file and what it must hold."""
    yield ROOT / "schemas" / "label.schema.json", _json(label_schema())
    yield ROOT / "schemas" / "verdict.schema.json", _json(verdict_schema())
    yield ROOT / "schemas" / "check.schema.json", _json(check_schema())
    yield REGIMES, _regimes(REGIMES.read_text(encoding="utf-8"))
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


def _regimes(page: str) -> str:
    """Return the page about regimes with its tables as they follow from the regimes and the predicates."""
    for name, table in (("requirements", table_of_requirements()), ("predicates", table_of_predicates())):
        before, begin, rest = page.partition(f"<!-- {name}: written by `make schemas` -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        page = before + begin + table + end + after
    return page


def table_of_requirements() -> str:
    """Return every requirement of every regime in Markdown."""
    lines: list[str] = []
    for law in regimes():
        lines += [f"\n### `{law.name}`: {law.title}\n", f"`{law.id}`. {law.note}\n"]
        lines += ["| requirement | article | asks | about | standing |", "|---|---|---|---|---|"]
        for one in law.requirements:
            about = ", ".join(one.applies_to) + (", if it imitates" if one.when is Condition.IMITATES else "")
            standing = one.standing.value + (", remark" if one.remark else "")
            said = f"{one.asks} {one.note}".strip()
            lines.append(f"| `{one.id}` | {one.article} | {said} | {about} | {standing} |")
    return "\n".join(lines) + "\n\n"


def table_of_predicates() -> str:
    """Return every predicate with its arguments in Markdown."""
    lines = ["| predicate | arguments | it is met when |", "|---|---|---|"]
    for one in PREDICATES:
        arguments = ", ".join(f"`{name}`" for name in one.__struct_fields__) or "-"
        meaning = (one.__doc__ or "").strip().splitlines()[0]
        lines.append(f"| `{one.__struct_config__.tag}` | {arguments} | {meaning} |")
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
