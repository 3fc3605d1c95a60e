"""Ways to spoil a labelled text: each takes the bytes and where the label is, and returns other bytes."""

import base64
import random
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["CHANGES"]

Change = Callable[[bytes, int, int, random.Random], bytes]

_ODD: Final = (
    "\ufeff", "\ufe0f", "\ufe00", "\U000e0100", "\U000e01ef", "\u0301", "\u0323", "\u200b", "\u200d", "\u2060",
    "\u00ad", "\u0085", "\u2028", "\r", "\n", "\t", "\0", "\x0b", "\x0c", " ", "\u00a0", "\u1e9b\u0323", "\u212b",
    "\u1100\u1161", "<", ">", "&", "-", '"', "'", "/", "=", "#", "a",
)  # fmt: skip
_HTML: Final = (
    b"<!--", b"-->", b"<!-->", b"--!>", b"<![CDATA[", b"]]>", b"<script>", b"</script>", b"<SCRIPT>", b"</head>",
    b"<head>", b"<body>", b"<title>", b"</title>", b"<textarea>", b"<style>", b"</style>", b"<noscript>",
    b"</noscript>", b"<template>", b"</template>", b"<svg>", b"</svg>", b"<math>", b"<p>", b"<base href=x>",
    b"<link rel=c2pa-manifest href=x>", b"<script type=application/c2pa>", b"<plaintext>", b"<xmp>", b"<iframe>",
    b"<?x ", b"<!x ", b"</ ", b"<meta charset=utf-16>", b"<noembed>", b"<noframes>", b"<frameset>", b"<select>",
    b"<script/>", b"<script><!--<script>", b"<a b='", b'<a b="',
)  # fmt: skip
_TAGS: Final = (
    (b"<script", b"<SCRIPT"), (b"<script", b"<script\n"), (b"<script ", b"<script/"), (b"type=", b"TYPE="),
    (b"type=", b"type ="), (b'"application/c2pa"', b"application/c2pa"),
    (b'"application/c2pa"', b"'application/c2pa'"),
    (b"application/c2pa", b"Application/C2PA"), (b"application/c2pa", b"application&#47;c2pa"),
    (b"application/c2pa", b" application/c2pa "), (b"application/c2pa", b"application/c2pa;x=y"),
    (b"<script type=", b"<script async type="), (b"<script type=", b"<script src=x type="),
    (b"<script type=", b"<script type=module type="), (b"</script>", b"</SCRIPT>"), (b"</script>", b"</script >"),
    (b"</script>", b"</script x>"), (b"</script>", b"</script/>"), (b"</script>", b"</script"),
    (b"</script>", b"<!--</script>"), (b"<script", b"<scr\0ipt"), (b"<script", b"< script"),
    (b"<script", b"&lt;script"), (b"</head>", b"</HEAD>"), (b"</head>", b""), (b"<head>", b""),
    (b"<html", b"<html hidden"),
)  # fmt: skip
_BLOCKS: Final = (
    (b"-----BEGIN", b"----BEGIN"), (b"-----BEGIN", b"------BEGIN"), (b"MANIFEST-----", b"MANIFEST-----\n"),
    (b"# -----", b"// -----"), (b"# -----", b"#-----"), (b"# -----", b" # -----"), (b"# -----", b"x # -----"),
    (b"# -----", b"-----"), (b"// -----", b"/* -----"), (b"-->", b"--> "), (b"-->", b"-->x"), (b"-->", b""),
    (b"*/", b"*/ */"), (b"*/", b""), (b"<!--", b"<!-- <!--"), (b"/*", b"//"), (b"/*", b"/*!"),
    (b"base64,", b"base64, "), (b"base64,", b"BASE64,"),
    (b"data:application", b"data: application"),
    (b"data:application", b"DATA:application"),
    (b"BEGIN", b"begin"),
    (b"MANIFEST----- data", b"MANIFEST-----\ndata"),
    (b" -----END", b"\n-----END"), (b" -----END", b"\r\n-----END"), (b" -----END", b"-----END"),
    (b" -----END", b"\x0b-----END"), (b"-----END", b"-----END C2PA MANIFEST----- -----END"),
    (b"-----BEGIN", b"-----BEGIN C2PA MANIFEST----- -----BEGIN"), (b"\n", b"\r"), (b" -----", b"\t-----"),
    (b" -----", b"\xc2\xa0-----"), (b"-----", b"\xe2\x80\x94"),
)  # fmt: skip


def _near(data: bytes, start: int, end: int, rng: random.Random) -> int:
    """Return an offset, most often at an edge of the label."""
    where = rng.random()
    if where < 0.5:
        at = rng.choice((start, end, 0, len(data))) + rng.randrange(-6, 7)
    elif where < 0.8:
        at = rng.randrange(start, max(end, start + 1))
    else:
        at = rng.randrange(len(data) + 1)
    return min(max(at, 0), len(data))


def _point(data: bytes, at: int) -> int:
    """Return the start of the character at an offset."""
    while 0 < at < len(data) and data[at] & 0xC0 == 0x80:
        at -= 1
    return at


def _text(change: Callable[[str], str]) -> Change:
    def changed(data: bytes, _start: int, _end: int, _rng: random.Random) -> bytes:
        return change(data.decode(errors="surrogateescape")).encode(errors="surrogateescape")

    return changed


def _swap(pairs: tuple[tuple[bytes, bytes], ...]) -> Change:
    def changed(data: bytes, _start: int, _end: int, rng: random.Random) -> bytes:
        there = [pair for pair in pairs if pair[0] in data]
        if not there:
            return data
        old, new = rng.choice(there)
        at = rng.choice([found.start() for found in re.finditer(re.escape(old), data)])
        return data[:at] + new + data[at + len(old) :]

    return changed


def _bit(data: bytes, start: int, end: int, rng: random.Random) -> bytes:
    at = min(_near(data, start, end, rng), len(data) - 1)
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _insert(data: bytes, start: int, end: int, rng: random.Random) -> bytes:
    at = _near(data, start, end, rng)
    return data[:at] + rng.randbytes(rng.choice((1, 2, 4))) + data[at:]


def _character(data: bytes, start: int, end: int, rng: random.Random) -> bytes:
    at = _point(data, _near(data, start, end, rng))
    return data[:at] + rng.choice(_ODD).encode() * rng.choice((1, 1, 2, 30)) + data[at:]


def _tag(data: bytes, start: int, end: int, rng: random.Random) -> bytes:
    at = _near(data, start, end, rng)
    return data[:at] + rng.choice(_HTML) + data[at:]


def _delete(data: bytes, start: int, end: int, rng: random.Random) -> bytes:
    at = _point(data, _near(data, start, end, rng))
    return data[:at] + data[_point(data, min(at + rng.choice((1, 3, 4, 8, 64)), len(data))) :]


def _duplicate(data: bytes, start: int, end: int, rng: random.Random) -> bytes:
    at = _near(data, start, end, rng)
    piece = rng.choice((data[start:end], data[at : at + rng.choice((1, 4, 16, 200))]))
    to = _near(data, start, end, rng)
    return data[:to] + piece + data[to:]


def _move(data: bytes, start: int, end: int, rng: random.Random) -> bytes:
    piece, rest = data[start:end], data[:start] + data[end:]
    to = rng.randrange(len(rest) + 1)
    return rest[:to] + piece + rest[to:]


def _cut(data: bytes, start: int, end: int, rng: random.Random) -> bytes:
    at = _near(data, start, end, rng)
    return rng.choice((data[:at], data[at:])) or data


def _wrap(data: bytes, start: int, end: int, rng: random.Random) -> bytes:
    """Put the label, or what is before or after it, into something else."""
    before, after = rng.choice((
        (b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<noscript>", b"</noscript>"), (b"<template>", b"</template>"),
        (b"<textarea>", b"</textarea>"), (b"<title>", b"</title>"), (b"<style>", b"</style>"),
        (b"<svg>", b"</svg>"),
        (b"/*", b"*/"), (b'"', b'"'), (b"'''", b"'''"), (b"```\n", b"\n```"), (b"---\n", b"\n---"),
        (b"<script>", b"</script>"), (b"<script><!--", b"--></script>"), (b"<a title='", b"'>"), (b"\n", b"\n"),
    ))  # fmt: skip
    return data[:start] + before + data[start:end] + after + data[end:]


def _base64(data: bytes, start: int, end: int, rng: random.Random) -> bytes:
    """Write the store in base64 otherwise: other bits, other length, line ends, the other alphabet."""
    found = re.search(rb"[A-Za-z0-9+/]{100,}={0,2}", data[start:end])
    if found is None:
        return data
    old = found[0]
    digits = old.rstrip(b"=")
    store = bytearray(base64.b64decode(digits[: len(digits) // 4 * 4] if len(old) % 4 else old))
    match rng.randrange(8):
        case 0:
            store[rng.randrange(len(store))] ^= 1 << rng.randrange(8)
            new = base64.b64encode(store)
        case 1:
            new = base64.b64encode(bytes(store[:-1]))
        case 2:
            new = base64.b64encode(bytes(store) + rng.randbytes(1))
        case 3:
            new = base64.b64encode(bytes(store), b"-_")
        case 4:
            new = base64.encodebytes(bytes(store)).strip()
        case 5:
            new = old.rstrip(b"=")
        case 6:
            new = old + b"="
        case _:
            last = old.rstrip(b"=")
            new = last[:-1] + bytes([last[-1] ^ 1]) + old[len(last) :]
    return data[:start] + data[start:end].replace(old, new) + data[end:]


def _selectors(data: bytes, start: int, end: int, rng: random.Random) -> bytes:
    """Add, drop or change variation selectors in the hidden manifest, or before or after it."""
    text = data.decode(errors="surrogateescape")
    first = len(data[:start].decode(errors="surrogateescape"))
    last = first + len(data[start:end].decode(errors="surrogateescape"))
    at = rng.choice(
        (first, first + 1, first + 9, first + 10, first + 14, last - 1, last, rng.randrange(first, last + 1))
    )
    at = min(max(at, 0), len(text))
    one = rng.choice((chr(0xFE00 + rng.randrange(16)), chr(0xE0100 + rng.randrange(240))))
    match rng.randrange(5):
        case 0:
            text = text[:at] + one * rng.choice((1, 2, 5)) + text[at:]
        case 1:
            text = text[:at] + text[at + 1 :]
        case 2:
            text = text[:at] + one + text[at + 1 :]
        case 3:
            text = text[:last] + chr(0xFE00) * rng.randrange(4) + chr(0xE0100) * rng.randrange(3) + text[last:]
        case _:
            text = text[:at] + "\ufeff" + text[at:]
    return text.encode(errors="surrogateescape")


def _second(data: bytes, start: int, end: int, rng: random.Random) -> bytes:
    """Add a label of another size, or only its beginning."""
    cut = rng.choice((10, 40, 45, 60, 100, (end - start) // 2, end - start - 1, end - start))
    piece = data[start : min(start + cut, end)]
    to = rng.choice((0, start, end, len(data)))
    return data[:to] + piece + rng.choice((b"", b"\n")) + data[to:]


CHANGES: Final[Mapping[str, Change]] = {
    "a bit": _bit,
    "bytes in": _insert,
    "a character in": _character,
    "a piece out": _delete,
    "a piece twice": _duplicate,
    "the label elsewhere": _move,
    "cut": _cut,
    "wrapped": _wrap,
    "base64": _base64,
    "selectors": _selectors,
    "a second label": _second,
    "a tag in": _tag,
    "the script's tag": _swap(_TAGS),
    "the block": _swap(_BLOCKS),
    "LF to CRLF": lambda data, *_: data.replace(b"\n", b"\r\n"),
    "CRLF to LF": lambda data, *_: data.replace(b"\r\n", b"\n"),
    "a mark before": lambda data, *_: b"\xef\xbb\xbf" + data,
    "a mark less": lambda data, *_: data.replace(b"\xef\xbb\xbf", b"", 1),
    "NFD": _text(lambda text: unicodedata.normalize("NFD", text)),
    "NFKC": _text(lambda text: unicodedata.normalize("NFKC", text)),
    "NFKD": _text(lambda text: unicodedata.normalize("NFKD", text)),
    "trimmed": lambda data, *_: data.strip(),
    "nothing": lambda data, *_: data,
}
"""The changes by name; `nothing` shows that the label holds as it is."""
