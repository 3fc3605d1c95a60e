"""`kzlabel inspect`: everything that a manifest store says."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from kzlabel.cli.printing import complain, one_line
from kzlabel.cli.speech import say
from kzlabel.errors import InputError
from kzlabel.isolation import Child, ChildDiedError
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.sources import display_name, opened
from kzlabel.verifying.contents import contents

__all__ = ["command"]

_PATIENCE = 2
_LONG = 200


@click.command(epilog="Exit codes: 0 a manifest was shown, 1 the file carries none, 2 the file can't be read.")
@click.argument("path", metavar="IN", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(path: Path, *, as_json: bool) -> None:
    """Show every manifest in a file: claims, assertions, signatures, ingredients. Nothing is judged here.

    \b
    kzlabel inspect photo.jpg
    kzlabel inspect --json photo.jpg | jq '.manifests[0].assertions'
    """
    with opened(path) as file:
        seconds = _PATIENCE * DEFAULT_LIMITS.seconds_for(file.reader.size)
    try:
        with Child() as child:
            found = child.call(seconds, contents, path)
    except ChildDiedError as error:
        raise InputError(f"{display_name(path)} can't be inspected: {error.message}") from None
    if found is None:
        complain(say("{file} carries no readable manifest; see kzlabel verify", file=display_name(path)))
        sys.exit(1)
    if as_json:
        sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        return
    tree = Tree(Text(one_line(display_name(path)), "bold"))
    for manifest in found.get("manifests", ()):
        active = say(" (active)") if manifest.get("label") == found.get("active_manifest") else ""
        branch = tree.add(Text(one_line(say("manifest {label}", label=manifest.get("label", "")) + active), "bold"))
        for key, value in manifest.items():
            if key != "label":
                _grow(branch, key, value)
    Console(highlight=False, soft_wrap=True).print(tree)


def _grow(tree: Tree, name: str, value: Any) -> None:
    if isinstance(value, dict) and value:
        branch = tree.add(Text(one_line(name), "cyan"))
        for key, inner in value.items():
            _grow(branch, key, inner)
    elif isinstance(value, list) and value:
        branch = tree.add(Text(one_line(name), "cyan"))
        for number, inner in enumerate(value):
            _grow(branch, str(number), inner)
    else:
        text = value if isinstance(value, str) else json.dumps(value)
        cut = say("... ({count} characters)", count=len(text))
        shown = text if len(text) <= _LONG else text[:_LONG] + cut
        tree.add(Text.assemble((one_line(name), "cyan"), "  ", one_line(shown)))
