"""Files that grow by checked blocks: a damaged byte costs one block, and the reader finds the next by itself.

A block is a head of 32 bytes, a small JSON note, and a body:

    magic 8 | kind u16 | version u16 | note bytes u32 | body bytes u32 | body crc u32 | flags u32 | head+note crc u32

all little-endian, padded to a multiple of 8 bytes. The head vouches for the lengths, so a reader that follows a
growing file tells "not yet complete" from "damaged": after damage it goes on at the next magic whose head is right.
CRC-32 is zlib's (ISO 3309). The metric log and the sample grids are such files.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = b"\x89LXBLK\r\n"  # like PNG's: a text-mode copy or a stripped eighth bit breaks it visibly
VERSION = 1
LARGEST = 256 << 20  # no writer makes larger blocks, so no reader allocates for one

_HEAD = struct.Struct("<8sHHIIII")
_CRC = struct.Struct("<I")
HEAD = _HEAD.size + _CRC.size


@dataclass(frozen=True)
class Block:
    """One block: its kind, its note (JSON bytes), its flags, and where it lies in what was scanned."""

    kind: int
    flags: int
    note: bytes
    start: int
    body_start: int
    body_size: int
    body_crc: int
    end: int

    def body(self, data: bytes | memoryview, base: int = 0) -> memoryview:
        """The body, where `data` begins at offset `base` of what was scanned."""
        return memoryview(data)[self.body_start - base : self.body_start - base + self.body_size]

    def is_whole(self, body: bytes | memoryview) -> bool:
        return len(body) == self.body_size and zlib.crc32(body) == self.body_crc


def _padding(size: int) -> int:
    return -size % 8


def encode(kind: int, note: bytes, body: bytes, flags: int = 0) -> bytes:
    """The bytes of one block. Raises ValueError when it would be larger than readers accept."""
    note = note + b" " * _padding(HEAD + len(note))
    if HEAD + len(note) + len(body) + 8 > LARGEST:
        raise ValueError(f"a block holds at most {LARGEST >> 20} MB")
    head = _HEAD.pack(MAGIC, kind, VERSION, len(note), len(body), zlib.crc32(body), flags)
    check = _CRC.pack(zlib.crc32(note, zlib.crc32(head)))
    return b"".join((head, check, note, body, bytes(_padding(len(body)))))


def head_at(data: bytes | memoryview, at: int, base: int = 0) -> Block | None:
    """The block whose head and note lie whole at `at` in `data`, or None; `base` is added to its positions."""
    if at + HEAD > len(data):
        return None
    magic, kind, version, note_size, body_size, body_crc, flags = _HEAD.unpack_from(data, at)
    if magic != MAGIC or version != VERSION or note_size + body_size > LARGEST:
        return None
    body_at = at + HEAD + note_size
    note = bytes(data[at + HEAD : body_at])
    if len(note) < note_size:
        return None
    (check,) = _CRC.unpack_from(data, at + _HEAD.size)
    if zlib.crc32(note, zlib.crc32(data[at : at + _HEAD.size])) != check:
        return None
    end = body_at + body_size + _padding(body_size)
    return Block(kind, flags, note, base + at, base + body_at, body_size, body_crc, base + end)


@dataclass(frozen=True)
class Scan:
    """What a scan found: whole blocks, how many places were damaged, and where to go on when the file has grown."""

    blocks: tuple[Block, ...]
    damaged: int
    resume: int


def scan(data: bytes, final: bool = False) -> Scan:
    """All whole blocks of `data`, checked to the last byte.

    What follows the last whole block may still be being written: it counts as damage only if a whole block follows,
    or if `final` says that nobody writes any more. `resume` is where such a rest begins.
    """
    blocks: list[Block] = []
    damaged, resume, at = 0, 0, 0
    view = memoryview(data)
    for block in _whole_blocks(data, view):
        damaged += block.start > at
        blocks.append(block)
        resume = at = block.end
    damaged += final and at < len(data)
    return Scan(tuple(blocks), damaged, resume)


def _whole_blocks(data: bytes, view: memoryview) -> Iterator[Block]:
    at = 0
    while at < len(data):
        block = head_at(view, at)
        if block is not None and block.end <= len(data) and block.is_whole(block.body(view)):
            yield block
            at = block.end
            continue
        at = data.find(MAGIC, at + 1)
        if at < 0:
            return
