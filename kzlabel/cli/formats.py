"""`kzlabel formats`: which formats can be labelled and verified."""

import click

from kzlabel.cli.printing import print_json
from kzlabel.cli.speech import say

__all__ = ["command"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def command(*, as_json: bool) -> None:
    """List the formats, their extensions, who writes and who reads a label in each.

    \b
    kzlabel formats
    kzlabel formats --json
    """
    from kzlabel.matrix import matrix  # noqa: PLC0415 - keeps `kzlabel -h` quick

    rows = matrix()
    if as_json:
        print_json(rows)
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(
        say("format"), say("formats"), say("extensions"), say("embedded by"), say("sidecar"), say("native engine"),
        say("reference engine"),
        box=None, pad_edge=False,
    )  # fmt: skip
    for row in rows:
        yes = {True: say("yes"), False: "-"}
        names = " ".join(row.extensions)
        table.add_row(
            row.name, row.title, names, row.written_by or "-", yes[row.sidecar], yes[row.verify], yes[row.reference]
        )
    Console().print(table)
