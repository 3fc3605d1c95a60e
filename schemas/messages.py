"""Find every text that is said to people, and what the catalogs lack; with --check only say so.

    python -m schemas.messages            # add an empty entry for each new text; show what is missing or stale
    python -m schemas.messages --check    # change nothing; exit 1 when something is missing or stale

Three kinds of catalogs (kzlabel/languages/catalogs): `cli` and others hold fixed texts, `errors` holds patterns of
the sentences that exceptions and findings are made of, `help` what `--help` and wrong usage say. All texts are
found in the code (schemas/sentences.py), so that none can be forgotten.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import Final

from kzlabel.languages.catalogs import Entry
from kzlabel.languages.catalogs.po import read_po
from schemas.sentences import PACKAGE, fixed, helps, meanings, patterns, regimes, wrong_usage

CATALOGS = PACKAGE / "languages" / "catalogs"
LANGUAGES = ("ru", "kk")


def wanted() -> dict[str, dict[str, str]]:
    """Return the texts of each subject that is kept by this program, and where each is."""
    by_hand = {entry.message for name in ("regimes", "report") for entry in _entries("ru", name)}
    return {
        "cli": {text: place for text, place in fixed().items() if text not in by_hand},
        "codes": meanings(),
        "errors": patterns(),
        "help": helps() | wrong_usage(),
    }


def faults() -> list[str]:
    """Say which translations are missing or empty, which are stale, and which lost or gained a value."""
    found = []
    texts = wanted()
    known = fixed().keys() | regimes()
    for language in LANGUAGES:
        for subject, here in texts.items():
            there = {entry.message: entry for entry in _entries(language, subject)}
            name = f"{language}/{subject}.po"
            found += [f"{name}: {text!r} is missing" for text in here if text not in there]
            found += [f"{name}: {text!r} is stale" for text in there if text not in here]
            found += [f"{name}: {text!r} is empty or unsure" for text, one in there.items() if not _sure(one)]
            found += [f"{name}: {text!r} has other values" for text, one in there.items() if not _same_values(one)]
        for subject in ("regimes", "report"):
            there = {entry.message: entry for entry in _entries(language, subject)}
            found += [f"{language}/{subject}.po: {text!r} is stale" for text in there if text not in known]
    return found


def write(folder: Path = CATALOGS) -> None:
    """Write the catalogs anew into `folder`: in the order of the code, with an empty entry for each new text."""
    texts = wanted()
    for language in LANGUAGES:
        for subject, here in texts.items():
            known = {entry.message: entry.translation for entry in _entries(language, subject)}
            lines = [_HEAD.format(subject=subject, language=language)]
            for text, place in here.items():
                lines += [f"#: {place}", *_field("msgid", text), *_field("msgstr", known.get(text, "")), ""]
            path = folder / language / f"{subject}.po"
            path.parent.mkdir(exist_ok=True)
            path.write_text("\n".join(lines), encoding="utf-8")


_HEAD: Final = """\
# What `kzlabel` says to people: {subject}. Kept by schemas/messages.py; write the msgstr of each entry.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""


def _field(name: str, text: str) -> list[str]:
    """Lay out a field: in one line where it fits, else in several."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    if len(escaped) + len(name) < 100:
        return [f'{name} "{escaped}"']
    words, lines = escaped.split(" "), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 95:
            lines.append("")
        lines[-1] += word + " "
    lines[-1] = lines[-1].removesuffix(" ")
    return [f'{name} ""', *(f'"{line}"' for line in lines)]


def _entries(language: str, subject: str) -> list[Entry]:
    path = CATALOGS / language / f"{subject}.po"
    return list(read_po(path.read_text(encoding="utf-8"), path.name)) if path.exists() else []


def _sure(entry: Entry) -> bool:
    return bool(entry.translation) and not entry.fuzzy


def _same_values(entry: Entry) -> bool:
    places = re.compile(r"\{[^{}]*\}")
    return not entry.translation or sorted(places.findall(entry.message)) == sorted(
        places.findall(entry.translation)
    )


def main() -> int:
    """Write the catalogs, and say what is wrong with them: 1 when something is."""
    parser = argparse.ArgumentParser(description="Find every text for people, and what the catalogs lack.")
    parser.add_argument("--check", action="store_true", help="write nothing")
    if not parser.parse_args().check:
        write()
    wrong = faults()
    sys.stderr.writelines(f"{fault}\n" for fault in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
