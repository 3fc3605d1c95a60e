"""The command line: parsing and printing only; one module a command, imported when it is called."""

import os
import signal
import sys
from importlib import import_module
from typing import NoReturn

import click

from kzlabel.cli.help import spoken
from kzlabel.cli.printing import complain, complain_of, show_wrong_usage
from kzlabel.cli.speech import choose, say
from kzlabel.errors import KzlabelError

__all__ = ["cli", "main"]

_COMMANDS = {
    "label": "Write copies of files that carry a signed label.",
    "verify": "Say whether files carry a signed label that holds.",
    "check": "Say what laws ask of a file, and what is there.",
    "scan": "Judge whole archives: several processes, a table of results, nothing read twice.",
    "inspect": "Show every manifest in a file.",
    "markers": "Show what files say of themselves without a signature.",
    "notice": "Write a copy of a file with a notice that people see or hear.",
    "detach": "Take the manifest out of a file, into a sidecar.",
    "attach": "Put the manifest of a sidecar into a file.",
    "formats": "List the formats and what can be done with each.",
    "keys": "Show which key signs; make the development identity.",
    "trust": "Say whom to believe: named stores of certificates.",
    "audit": "Check the log of what was labelled.",
    "schema": "Print the JSON Schema of a label, a verdict or a check.",
}
"""The commands, with the line that stands for each where all are listed."""


class _Lazy(click.Group):
    """A group whose commands are imported when they are called, because start-up time is felt."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"kzlabel.cli.{cmd_name}").command
        return spoken(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done or all acceptable, 1 some file is not, 2 wrong usage or a file that can't be read.",
)
@click.version_option(None, "--version", package_name="kzlabel", message="kzlabel %(version)s")
def cli() -> None:
    """Put signed, machine-readable AI labels into files, and check them.

    \b
    kzlabel label photo.jpg -o labelled.jpg --level ai-generated --system MyGenerator/2.1
    kzlabel verify labelled.jpg
    """


spoken(cli)


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line: an error is one line on standard error, never a traceback."""
    choose(sys.argv[1:] if args is None else args)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        sys.exit(cli.main(args, prog_name="kzlabel", standalone_mode=False))
    except click.ClickException as error:
        show_wrong_usage(error)
        sys.exit(2)
    except KzlabelError as error:
        complain_of(error)
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)
    except BrokenPipeError:
        # Nobody reads any more: end quietly, and keep the interpreter from flushing into the void.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:
        if os.environ.get("KZLABEL_DEBUG"):
            raise
        what = {"name": type(error).__name__, "error": error}
        complain(say("internal error, {name}: {error}; KZLABEL_DEBUG=1 shows where", **what))
        sys.exit(2)
