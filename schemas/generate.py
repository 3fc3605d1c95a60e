"""Write everything that is generated: JSON Schemas from the structs, status codes from their table.

`python schemas/generate.py` writes, `python schemas/generate.py --check` says what has drifted.
"""

import sys
from pathlib import Path

import msgspec

from kzlabel.labels.schema import label_schema
from kzlabel.verifying.schema import verdict_schema

HERE = Path(__file__).parent
SCHEMAS = {"label.schema.json": label_schema, "verdict.schema.json": verdict_schema}


def main(arguments: list[str]) -> int:
    """Write or check; return the exit code."""
    drifted = []
    for name, make in SCHEMAS.items():
        text = msgspec.json.format(msgspec.json.encode(make()), indent=2).decode() + "\n"
        path = HERE / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        drifted.append(name)
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
    sys.stdout.write("".join(f"{name}\n" for name in drifted))
    return int(bool(drifted) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
