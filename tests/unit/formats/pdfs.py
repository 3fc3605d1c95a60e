"""PDFs made by hand and by tools, updates applied to them, and what other programs see in the result."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from kzlabel.files import BytesReader
from kzlabel.formats import Derived, Located, Splice, pdf
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.spans import Span
from tests.unit.formats.walks import store_of

STORE = store_of(600)
CATALOGUE = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>"


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} isn't installed")


def document(objects: Mapping[int, bytes] | None = None, trailer: bytes = b"") -> bytes:
    """Return a PDF of one empty page with a cross-reference table; `objects` add to it or replace."""
    everything = {1: CATALOGUE, 2: PAGES, 3: PAGE, **(objects or {})}
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    table = b""
    for number, value in sorted(everything.items()):
        table += b"%d 1\n%010d 00000 n \n" % (number, len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    at = len(out)
    size = 1 + max(everything)
    out += b"xref\n0 1\n0000000000 65535 f \n" + table
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, at)
    return bytes(out)


def located(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Located:
    return pdf.locate(BytesReader(data), limits)


def spliced(data: bytes, size: int = len(STORE), **options: object) -> Splice:
    found = located(data)
    return pdf.splice(BytesReader(data), found, size, DEFAULT_LIMITS, **options)  # type: ignore[arg-type]


def applied(data: bytes, splice: Splice, store: bytes = STORE) -> bytes:
    out = b""
    for part in splice.parts:
        match part:
            case Span():
                out += data[part.start : part.end]
            case Derived():
                out += part.make(store)
            case _:
                out += part
    return out


def updated(data: bytes, store: bytes = STORE, **options: object) -> bytes:
    return applied(data, spliced(data, len(store), **options), store)


def qpdf(data: bytes, *arguments: str) -> bytes:
    """Return `data` as qpdf writes it; warnings are no errors."""
    with tempfile.TemporaryDirectory() as name:
        source, result = Path(name, "in.pdf"), Path(name, "out.pdf")
        source.write_bytes(data)
        done = subprocess.run(["qpdf", *arguments, str(source), str(result)], capture_output=True, check=False)
        assert done.returncode in (0, 3), done.stderr
        return result.read_bytes()


def run(data: bytes, program: str, *arguments: str) -> tuple[int, bytes]:
    """Return what `program` says about `data`, which stands for `{}` in its arguments."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(data)
        file.flush()
        command = [program, *(file.name if one == "{}" else one for one in arguments)]
        done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode, done.stdout


def complaints(data: bytes, password: str = "") -> int:
    """Return qpdf's exit code: 0 for a file without fault, 3 for one with warnings, 2 for a broken one."""
    return run(data, "qpdf", f"--password={password}", "--check", "{}")[0]


def text(data: bytes, password: str = "") -> bytes:
    code, out = run(data, "pdftotext", "-upw", password, "{}", "-")
    assert code == 0
    return out


def page_count(data: bytes, password: str = "") -> bytes:
    code, out = run(data, "pdfinfo", "-upw", password, "{}")
    assert code == 0
    return next(line for line in out.splitlines() if line.startswith(b"Pages:"))


def attachments(data: bytes, password: str = "") -> list[bytes]:
    """Return the names of the attached files."""
    code, out = run(data, "pdfdetach", "-list", "-upw", password, "{}")
    assert code == 0
    return [line.partition(b": ")[2] for line in out.splitlines()[1:]]
