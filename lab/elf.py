"""Reads just enough of a program's ELF header to know whether it is static."""

from __future__ import annotations

import struct
from pathlib import Path

_INTERPRETER = 3


def is_static(path: Path) -> bool:
    """Whether a 64-bit program needs no dynamic loader, so that it runs in an image that holds nothing else."""
    with path.open("rb") as file:
        header = file.read(64)
        if len(header) < 64 or header[:5] != b"\x7fELF\x02":
            return False
        order = "<" if header[5] == 1 else ">"
        (table,) = struct.unpack_from(order + "Q", header, 32)
        size, count = struct.unpack_from(order + "HH", header, 54)
        for number in range(count):
            file.seek(table + number * size)
            (kind,) = struct.unpack(order + "I", file.read(4))
            if kind == _INTERPRETER:
                return False
    return True
