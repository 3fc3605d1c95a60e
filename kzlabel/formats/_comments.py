"""How comments are written in structured text, by file name extension: a table, and nothing else."""

from typing import Final, NamedTuple

__all__ = ["SYNTAXES", "Syntax", "syntax_of"]


class Syntax(NamedTuple):
    """One way to write a comment, and the formats that have it."""

    opening: str
    """What begins a comment."""

    closing: str
    """What ends it; empty where the end of the line does."""

    media_type: str
    """Media type of the formats."""

    extensions: tuple[str, ...]
    """Their file name extensions, lower case, with the dot."""


SYNTAXES: Final = (
    Syntax("<!--", "-->", "text/markdown", (".md", ".markdown", ".mdx", ".rmd", ".qmd")),
    Syntax("<!--", "-->", "application/xml", (".xml", ".xsd", ".xsl", ".xslt", ".rss", ".atom", ".gpx", ".kml")),
    Syntax("#", "", "text/x-python", (".py", ".pyi", ".pyw")),
    Syntax("#", "", "text/x-shellscript", (".sh", ".bash", ".zsh", ".fish", ".ksh")),
    Syntax("#", "", "application/yaml", (".yaml", ".yml")),
    Syntax("#", "", "application/toml", (".toml",)),
    Syntax(
        "#", "", "text/x-script", (".rb", ".pl", ".pm", ".r", ".jl", ".tcl", ".ps1", ".mk", ".cmake", ".tf",
        ".nix", ".ex", ".exs", ".gd", ".po",
         ".properties", ".conf", ".cfg", ".env", ".graphql"),
    ),
    Syntax("//", "", "text/javascript", (".js", ".mjs", ".cjs", ".jsx", ".json5", ".jsonc")),
    Syntax("//", "", "text/x-typescript", (".ts", ".tsx", ".mts", ".cts")),
    Syntax(
        "//", "", "text/x-c",
        (".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".hh", ".m", ".mm", ".cu", ".glsl", ".hlsl", ".wgsl"),
    ),
    Syntax(
        "//", "", "text/x-source",
        (".java", ".kt", ".kts", ".scala", ".go", ".rs", ".swift", ".cs", ".fs", ".dart", ".zig", ".v", ".sv",
         ".proto", ".groovy", ".gradle", ".sol", ".scss", ".less"),
    ),
    Syntax("//", "", "text/asciidoc", (".adoc", ".asciidoc")),
    Syntax("/*", "*/", "text/css", (".css",)),
    Syntax("/*!", "*/", "text/x-preserved", ()),
    Syntax("--", "", "application/sql", (".sql",)),
    Syntax("--", "", "text/x-haskell", (".hs", ".lua", ".elm", ".ada", ".adb", ".ads", ".vhd", ".vhdl")),
    Syntax("%", "", "text/x-tex", (".tex", ".sty", ".cls", ".bib", ".erl", ".hrl")),
    Syntax(";", "", "text/x-ini", (".ini", ".inf", ".lisp", ".el", ".clj", ".cljs", ".scm", ".asm")),
    Syntax("..", "", "text/x-rst", (".rst",)),
    Syntax("'", "", "text/x-basic", (".vb", ".vbs", ".bas")),
    Syntax("!", "", "text/x-fortran", (".f90", ".f95", ".f03")),
    Syntax("(*", "*)", "text/x-ocaml", (".ml", ".mli", ".pas")),
)  # fmt: skip
"""The ways to write comments. The first of a pair of marks is the one that is written; all of them are read."""

_BY_EXTENSION: Final = {suffix: syntax for syntax in SYNTAXES for suffix in syntax.extensions}


def syntax_of(suffix: str) -> Syntax | None:
    """Return how comments are written in files with this extension (lower case, with the dot), if that is known."""
    return _BY_EXTENSION.get(suffix)
