"""Find the texts that kzlabel says to people, in its code: fixed texts, help, and patterns of what is put together.

A sentence is followed to where it is made: through names, conditions, and functions of the same module. A value in
it becomes `{0}`; a value that is a sentence itself, `{0:said}`. What click itself says is listed in `CLICK`.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

import click

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "kzlabel"

FIXED: Final = ("say", "marked", "Message", "translate")
"""Functions whose first argument is a fixed text."""

ROOMS: Final = (
    "cli", "formats", "manifest", "credentials", "signing", "labels", "trust", "scanning", "notices", "regimes",
    "markers", "verifying", "report", "shortcuts", "sources", "outputs", "isolation", "directories", "reference",
    "der", "files", "normal", "bulk",
)  # fmt: skip
"""Where sentences come from that a person may meet."""

_OTHERS: Final = ("UsageError", "ValueError", "TypeError", "AssertionError", "AttributeError")

PASSING: Final = {"wrong_type": 1}
"""Functions that make errors for other modules, and which argument of theirs is a sentence."""

PLACES: Final = {
    ("credentials/examination.py", "_ASK"),
    ("credentials/examination.py", "_advice"),
    ("credentials/holder.py", "Told"),
    ("credentials/pem.py", "found"),
    ("credentials/profile.py", "Rule"),
    ("signing/audit.py", "_reasons"),
    ("signing/audit.py", "verify_log"),
    ("scanning/walking.py", "_KINDS"),
    ("verifying/binding/bmff_hash.py", "_mismatch"),
    ("verifying/policy.py", "lacks"),
    ("verifying/binding/merkle.py", "check_merkle"),
    ("verifying/stapling.py", "not_revoked"),
}
"""Functions, tables and enumerations whose every text is a sentence for people."""

CLICK: Final = (
    "Usage:", "Options", "Commands", "Error:", "Missing command.", "required", "default: {0}", "env var: {0}",
    "Show this message and exit.", "Show the version and exit.", "Try '{0} --help' for help.",
    "No such option '{0}'.", "No such option '{0}'. Did you mean {1}?", "No such command '{0}'.",
    "No such command '{0}'. Did you mean {1}?",
    "No such option '{0}'. (Did you mean one of: {1}?)", "Invalid value for {0}: {1:said}",
    "Invalid value: {0:said}",
    "Missing argument {0}.", "Missing option {0}.", "Missing option {0}. Choose from:\n\t{1}",
    "Missing argument {0}. Choose from:\n\t{1}", "{0} is not one of {1}.", "{0} is not a valid {1}.",
    "{0} is not in the range {1}.", "Got unexpected extra argument ({0})", "Got unexpected extra arguments ({0})",
    "Option '{0}' requires an argument.", "Option '{0}' does not take a value.",
)  # fmt: skip
"""What click says, as patterns."""

SYSTEM: Final = (
    "No such file or directory", "Permission denied", "Is a directory", "Not a directory", "File exists",
    "No space left on device", "Read-only file system", "Input/output error", "File name too long",
    "Too many open files", "Connection refused", "Too many levels of symbolic links", "Operation not permitted",
    "Disk quota exceeded", "Directory not empty",
)  # fmt: skip
"""What an operating system says, which stands in sentences of ours."""

JOINED: Final = ("{0:said} and {1:said}", "{0:said} or {1:said}")
"""How sentences are joined."""

_VALUE: Final = "\0"
_MOST: Final = 24
"""Variants of one sentence."""

_WORDS: Final = re.compile(r"[a-z]{2}")
_SAID: Final = re.compile(
    r"(^|\.)(message|remedy|strerror|reason|explanation|why|damage|oddity|expected|fault_reason)$"
    r"|^(error|why|reason|fault)( or .*)?$|\.strerror or|^str\((error|fault|failure)\)$"
    r"|^(pem\.found|_why|_reason|_said)\(|^' and '\.join\("
)
"""Expressions whose value is a sentence itself."""


def fixed() -> dict[str, str]:
    """Return every fixed text, and where it is first said."""
    found: dict[str, str] = {}
    for path, tree in _modules(PACKAGE):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _callee(node) in FIXED and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.setdefault(first.value, _place(path))
    return found


def patterns() -> dict[str, str]:
    """Return the pattern of every sentence that an exception or a finding may hold, and where it is first made."""
    found: dict[str, str] = dict.fromkeys(SYSTEM, "the operating system") | dict.fromkeys(JOINED, "joined")
    for path, tree in _modules(*(PACKAGE / room for room in ROOMS)):
        for scope, node in _nodes(tree):
            for text in _sentences(path, scope, node):
                found.setdefault(text, _place(path))
    return found


def wrong_usage() -> dict[str, str]:
    """Return the patterns of what wrong usage says."""
    found: dict[str, str] = dict.fromkeys(CLICK, "click")
    for path, tree in _modules(PACKAGE / "cli"):
        for scope, node in _nodes(tree):
            if isinstance(node, ast.Call) and _callee(node) in ("UsageError", "BadParameter"):
                for text in _texts(node.args[:1], scope):
                    found.setdefault(text, _place(path))
    return found


def helps() -> dict[str, str]:
    """Return what `--help` of each command says: paragraphs without examples, options, lines of lists."""
    from kzlabel.cli import _COMMANDS, cli  # noqa: PLC0415 - only here
    from kzlabel.cli.help import paragraphs  # noqa: PLC0415

    found: dict[str, str] = {}
    todo: list[tuple[str, click.Command]] = [("kzlabel", cli)]
    context = click.Context(cli)
    for name in _COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None  # noqa: S101 - it is listed
        todo.append((f"kzlabel {name}", command))
    for name, command in todo:
        todo += [(f"{name} {inner.name}", inner) for inner in getattr(command, "commands", {}).values()]
        for text in (command.help, command.epilog, command.short_help):
            for paragraph in paragraphs(text or ""):
                found.setdefault(paragraph, name)
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.help:
                found.setdefault(parameter.help, name)
    for text in _COMMANDS.values():
        found.setdefault(text, "kzlabel")
    return found


def meanings() -> dict[str, str]:
    """Return what each status code means."""
    from kzlabel.meanings import MEANINGS  # noqa: PLC0415 - only here

    return dict.fromkeys(MEANINGS.values(), "schemas/status-codes.csv")


def _modules(*where: Path) -> Iterator[tuple[Path, ast.Module]]:
    for folder in where:
        alone = folder.with_suffix(".py")
        for path in sorted(folder.rglob("*.py")) or [alone] * alone.exists():
            yield path, ast.parse(path.read_text(encoding="utf-8"))


class _Scope(NamedTuple):
    """Where a text is made."""

    function: ast.AST
    """The innermost function, or the module."""

    tree: ast.Module
    """The module."""

    def assigned(self, name: str) -> list[ast.AST]:
        """Return what `name` is set to in the function, or else in the module, as far as those are texts."""
        for where in (ast.walk(self.function), self.tree.body):
            found = [
                node for node in where if isinstance(node, ast.Assign | ast.AnnAssign) and _named(node) == name
            ]
            if found:
                return [node.value for node in found if node.value is not None and _is_text(node.value)]
        return []

    def returned(self, call: ast.AST) -> list[ast.AST]:
        """Return each text that a called function of the module returns, by itself or in a tuple."""
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
            return []
        name = call.func.id
        functions = [one for one in ast.walk(self.tree) if isinstance(one, ast.FunctionDef) and one.name == name]
        values = [
            node.value for one in functions for node in ast.walk(one) if isinstance(node, ast.Return) and node.value
        ]
        parts = [part for value in values for part in (value.elts if isinstance(value, ast.Tuple) else [value])]
        return [part for part in parts if _is_text(part)]

    def held(self, node: ast.AST) -> list[ast.AST]:
        """Return the texts that an expression may stand for."""
        return self.assigned(node.id) if isinstance(node, ast.Name) else self.returned(node)


def _is_text(node: ast.AST) -> bool:
    """Tell whether an expression is put together from texts that are written out."""
    if isinstance(node, ast.IfExp):
        return _is_text(node.body) or _is_text(node.orelse)
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _nodes(tree: ast.Module) -> Iterator[tuple[_Scope, ast.AST]]:
    """Yield every node with where it stands."""

    def walk(node: ast.AST, scope: _Scope) -> Iterator[tuple[_Scope, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            inner = _Scope(child, tree) if isinstance(child, ast.FunctionDef) else scope
            yield inner, child
            yield from walk(child, inner)

    return walk(tree, _Scope(tree, tree))


def _sentences(path: Path, scope: _Scope, node: ast.AST) -> Iterator[str]:
    """Yield the patterns of what `node` makes: an exception, a finding, a table of sentences."""
    inside = path.relative_to(PACKAGE).as_posix()
    if isinstance(node, ast.Call):
        callee = _callee(node)
        if callee.endswith(("Error", "Abstention")) and callee not in _OTHERS:
            yield from _texts(node.args[:2], scope)
        elif callee in _passing(scope.tree):
            position = _passing(scope.tree)[callee]
            yield from _texts(node.args[position : position + 1], scope)
        elif callee == "of" and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "Finding":
            yield from _texts(node.args[1:2], scope)
        elif callee == "add" and len(node.args) > 2:
            yield from _texts(node.args[2:3], scope)
        for keyword in node.keywords:
            if keyword.arg in ("damage", "fault_reason"):
                yield from _texts([keyword.value], scope)
        if callee == "Trouble":
            yield from _texts(node.args[1:2], scope)
    for room, name in PLACES:
        if inside == room and _named(node) == name:
            for inner in _literals(node):
                yield from (
                    text for text in _texts([inner], scope) if " " in text or isinstance(node, ast.ClassDef)
                )


def _passing(tree: ast.Module) -> dict[str, int]:
    """Return the functions of a module that put an argument of theirs into an exception or a finding, and which."""
    known: dict[str, int] | None = getattr(tree, "passing", None)
    if known is not None:
        return known
    known = dict(PASSING)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        names = [one.arg for one in function.args.args if one.arg not in ("self", "cls")]
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and (
                _callee(node).endswith(("Error", "Abstention")) or _callee(node) in ("of", "add")
            ):
                inside = [one for argument in node.args for one in ast.walk(argument)]
                for one in inside:
                    if isinstance(one, ast.Name) and one.id in names and one.id in _TELLING:
                        known[function.name] = names.index(one.id)
    tree.passing = known  # type: ignore[attr-defined]
    return known


_TELLING: Final = ("message", "reason", "why", "explanation", "said", "what", "text", "problem", "expected")


def _texts(nodes: Iterable[ast.AST], scope: _Scope) -> Iterator[str]:
    for node in nodes:
        for one in _told(node, scope):
            for text in _variants(one, scope):
                numbered = _numbered(text)
                if text == text.strip() and _WORDS.search(re.sub(r"\{\d+(:said)?\}", "", numbered)):
                    yield numbered


def _told(node: ast.AST, scope: _Scope) -> Iterator[ast.AST]:
    """Yield `node`, and what stands for it or in it: what a function of the module returns, what a name holds."""
    if isinstance(node, ast.Starred):
        yield from scope.returned(node.value)
        return
    yield node
    yield from scope.returned(node)
    if isinstance(node, ast.JoinedStr):
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from (text for held in scope.held(part.value) for text in _told(held, scope))


def _variants(node: ast.AST, scope: _Scope, depth: int = 0) -> list[str]:  # noqa: PLR0911 - a case a line
    """Return what the text may be, each value in it as its expression between two marks."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        return _joined(node.values, scope, depth)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined([node.left, node.right], scope, depth)
    if isinstance(node, ast.IfExp):
        return _variants(node.body, scope, depth) + _variants(node.orelse, scope, depth)
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return [text for one in node.values for text in _variants(one, scope, depth)]
    if isinstance(node, ast.FormattedValue):
        if isinstance(node.value, ast.IfExp | ast.Constant | ast.BoolOp) and node.conversion == -1:
            return _variants(node.value, scope, depth)
        held = bool(scope.held(node.value))
        return [_value(node.value, said=node.conversion == -1, held=held)]
    if isinstance(node, ast.Name) and depth < 2:
        assigned = [text for value in scope.assigned(node.id) for text in _variants(value, scope, depth + 1)]
        return assigned or [_value(node)]
    return [_value(node)]


def _joined(nodes: Iterable[ast.AST], scope: _Scope, depth: int) -> list[str]:
    parts = [_variants(node, scope, depth) for node in nodes]
    return ["".join(chosen) for chosen in product(*parts)][:_MOST]


def _value(node: ast.AST, *, said: bool = True, held: bool = False) -> str:
    """Return a place for a value; for a sentence where the expression is one, or a name that holds one."""
    return f"{_VALUE}{'said' if said and (held or _SAID.search(ast.unparse(node))) else ''}{_VALUE}"


def _numbered(text: str) -> str:
    pieces = text.split(_VALUE)
    made = []
    for at, piece in enumerate(pieces):
        made.append(piece if at % 2 == 0 else f"{{{at // 2}{':said' if piece else ''}}}")
    return "".join(made)


def _callee(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _named(node: ast.AST) -> str:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    return target.id if isinstance(target, ast.Name) else ""


def _literals(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the whole texts in `node`, without its docstrings and the pieces of texts."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Constant | ast.JoinedStr):
            yield child
        elif not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
            yield from _literals(child)


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def regimes() -> set[str]:
    """Return what the regimes say, whose data hold the texts."""
    from kzlabel.regimes import regimes as laws  # noqa: PLC0415 - only here

    texts = {text for law in laws() for text in (law.title, law.note)}
    return texts | {text for law in laws() for one in law.requirements for text in (one.asks, one.note)} - {""}
