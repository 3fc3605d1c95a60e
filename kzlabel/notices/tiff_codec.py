"""The compressions of TIFF that lose nothing: none, LZW, Deflate, PackBits; the predictor (TIFF 6.0)."""

import zlib
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kzlabel.errors import MalformedError

__all__ = ["CODECS", "difference", "integral"]

_CLEAR, _END, _FIRST = 256, 257, 258
_WIDEST: Final = 12


def _plain(data: bytes, size: int) -> bytes:
    return data[:size]


def _inflate(data: bytes, size: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, size)
    except zlib.error as error:
        raise MalformedError(f"pixels of the TIFF can't be read: {error}") from None


def _unpack_bits(data: bytes, size: int) -> bytes:
    found = bytearray()
    at = 0
    while at < len(data) and len(found) < size:
        count = data[at]
        if count < 128:
            found += data[at + 1 : at + 2 + count]
            at += 2 + count
        else:
            found += data[at + 1 : at + 2] * (257 - count if count > 128 else 0)
            at += 2 if count > 128 else 1
    return bytes(found[:size])


def _pack_bits(data: bytes) -> bytes:
    """Pack as literals: always right, and a hundredth larger than the pixels."""
    pieces = (data[at : at + 128] for at in range(0, len(data), 128))
    return b"".join(bytes([len(piece) - 1]) + piece for piece in pieces)


def _unpack_lzw(data: bytes, size: int) -> bytes:
    """Decode LZW with the codes' high bits first, whose width grows one code early."""
    table: list[bytes] = [bytes([value]) for value in range(256)] + [b"", b""]
    found = bytearray()
    before, bits, width, value, at = b"", 0, 9, 0, 0
    while len(found) < size:
        while bits < width:
            if at == len(data):
                return bytes(found)
            value = (value << 8 | data[at]) & 0xFFFFFF
            at += 1
            bits += 8
        code = value >> (bits - width) & ((1 << width) - 1)
        bits -= width
        if code == _END:
            break
        if code == _CLEAR:
            del table[_FIRST:]
            before, width = b"", 9
            continue
        if code < len(table):
            piece = table[code]
        elif code == len(table) and before:
            piece = before + before[:1]
        else:
            raise MalformedError("pixels of the TIFF can't be read: a code that isn't known yet")
        found += piece
        if before and len(table) < 1 << _WIDEST:
            table.append(before + piece[:1])
        before = piece
        width = min(_WIDEST, max(9, (len(table) + 1).bit_length()))
    return bytes(found[:size])


def _pack_lzw(data: bytes) -> bytes:
    table: dict[bytes, int] = {}
    out = bytearray()
    value = bits = 0

    def write(code: int, width: int) -> None:
        nonlocal value, bits
        value = value << width | code
        bits += width
        while bits >= 8:
            bits -= 8
            out.append(value >> bits & 0xFF)
        value &= (1 << bits) - 1

    width, highest, piece = 9, _END, b""
    write(_CLEAR, 9)
    for number in range(len(data)):
        letter = data[number : number + 1]
        longer = piece + letter
        if len(longer) == 1 or longer in table:
            piece = longer
            continue
        write(piece[0] if len(piece) == 1 else table[piece], width)
        highest += 1
        table[longer] = highest
        piece = letter
        width = min(_WIDEST, max(9, (highest + 1).bit_length()))
        if highest >= (1 << _WIDEST) - 3:
            write(_CLEAR, width)
            table.clear()
            width, highest = 9, _END
    if piece:
        write(piece[0] if len(piece) == 1 else table[piece], width)
        highest += 1
        width = min(_WIDEST, max(9, (highest + 1).bit_length()))
    write(_END, width)
    write(0, -bits % 8)
    return bytes(out)


Codec = tuple[Callable[[bytes, int], bytes], Callable[[bytes], bytes]]

CODECS: Final[dict[int, Codec]] = {
    1: (_plain, bytes),
    5: (_unpack_lzw, _pack_lzw),
    8: (_inflate, zlib.compress),
    32773: (_unpack_bits, _pack_bits),
    32946: (_inflate, zlib.compress),
}
"""For each compression (tag 259) how to decode at most so many bytes, and how to encode."""


def integral(samples: NDArray[np.uint16], depth: int) -> NDArray[np.uint16]:
    """Undo the horizontal predictor on samples by row, column and channel."""
    summed = np.cumsum(samples.astype(np.uint32), axis=1) & ((1 << depth) - 1)
    return summed.astype(np.uint16)


def difference(samples: NDArray[np.uint16], depth: int) -> NDArray[np.uint16]:
    """Apply the horizontal predictor."""
    changed = samples.astype(np.int32)
    changed[:, 1:] -= samples[:, :-1].astype(np.int32)
    return (changed & ((1 << depth) - 1)).astype(np.uint16)
