"""Programs that the machine has already."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from lab.elf import is_static
from lab.shell import run

_ADMINISTRATION = "/usr/local/sbin:/usr/sbin:/sbin"


def find(names: Sequence[str], *, static: bool = False) -> Path | None:
    """The first of ``names`` on PATH (or among the administration's programs), if it is static where it has to be."""
    path = f"{os.environ.get('PATH', os.defpath)}:{_ADMINISTRATION}"
    for name in names:
        found = shutil.which(name, path=path)
        if found and (not static or is_static(Path(found))):
            return Path(found)
    return None


def find_version(name: str, version: str, *, static: bool = False) -> Path | None:
    """Like ``find``, but only in exactly that version: another may not know the options that the lab gives it."""
    found = find([name], static=static)
    if found is None:
        return None
    reported = run([found, "version" if name == "traefik" else "--version"], check=False)
    pattern = rf"(?<![\d.]){re.escape(version)}(?![\d.])"
    return found if re.search(pattern, reported.stdout + reported.stderr) else None
