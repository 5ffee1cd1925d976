"""The secrets that the stand-ins ask for, in files as an inventory names them."""

from __future__ import annotations

import secrets
import string

from lab.pki import write_private
from lab.settings import BRIDGE_ADDRESS, STANDIN_PORTS, Paths

_LETTERS = string.ascii_letters + string.digits


def create(paths: Paths) -> None:
    """Makes those that are not there yet; nobody but their owner may read them."""
    folder = paths.standins
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    slack = f"https://{BRIDGE_ADDRESS}:{STANDIN_PORTS['slack']}/services/T{_key(8)}/B{_key(8)}/{_key(24)}"
    for name, value in (("routing-key", _key(32)), ("slack-url", slack), ("webhook-token", _key(40))):
        if not (folder / name).exists():
            write_private(folder / name, value.encode() + b"\n")


def _key(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
