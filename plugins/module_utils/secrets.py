# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets come from files or the environment, are read at every use (they rotate) and are kept nowhere.

The functions here give a *way to get* the value of an ``Authorization`` header; only the transport calls it, at the
moment of sending. No error repeats what was read.
"""

from __future__ import annotations

import base64
import os
import pathlib
import re
from typing import Callable, Optional

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError

Authorization = Callable[[], Optional[str]]
"""Gives the value of the ``Authorization`` header, or None. Raises ProbeError."""

_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_LIMIT = 65536


def from_file(path: str) -> str:
    """The content of a secret's file without the space around it."""
    try:
        with pathlib.Path(path).expanduser().open(encoding="utf-8") as file:
            return file.read(_LIMIT).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is no text"
        raise ProbeError("bad_config", f"secret file {path}: {reason}") from None


def from_environment(name: str) -> str:
    """The value of an environment variable that must be set."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise ProbeError("bad_config", f"the environment variable {name} is not set")
    return value


def bearer(read: Callable[[], str], origin: str) -> Authorization:
    """A bearer token; ``origin`` names the file or variable in errors."""

    def value() -> str:
        token = read()
        if not _PRINTABLE.fullmatch(token):
            raise ProbeError("bad_config", f"{origin} does not hold one token")
        return "Bearer " + token

    return value


def basic(username: str, read: Callable[[], str]) -> Authorization:
    """A user's name and password."""

    def value() -> str:
        pair = f"{username}:{read()}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    return value
