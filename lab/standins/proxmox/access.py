"""Who may do what: users, API tokens, tickets and access control lists, from files as Proxmox VE has them in /etc/pve.

``user.cfg``, ``priv/shadow.cfg`` and ``priv/token.cfg`` have its formats, but for the hash of a password. They are
read for every request, so that what is changed holds at once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICKET_LIFETIME = 2 * 3600
SUPERUSER = "root@pam"
_AUDITOR = frozenset(("Datastore.Audit", "Mapping.Audit", "Pool.Audit", "SDN.Audit", "Sys.Audit", "VM.Audit"))
_EVERYTHING = frozenset((*_AUDITOR, "Sys.Modify", "Sys.Syslog", "Sys.PowerMgmt", "Sys.Console", "Permissions.Modify"))
ROLES = {"NoAccess": frozenset[str](), "PVEAuditor": _AUDITOR, "Administrator": _EVERYTHING}
_TICKET = re.compile(r"(PVE:(?P<user>\S+?@\S+?):(?P<at>[0-9A-F]{8}))::(?P<signature>\S+)")
_CSRF = re.compile(r"(?P<at>[0-9A-F]{8}):(?P<signature>\S+)")
_ROUNDS = 10_000


class Refused(Exception):
    """Authentication failed; the text is what Proxmox VE puts into the status line."""


@dataclass(frozen=True)
class Identity:
    """A user, or one of its tokens: ``remedy@pve`` or ``remedy@pve!probe``."""

    user: str
    token: str = ""

    @property
    def name(self) -> str:
        return f"{self.user}!{self.token}" if self.token else self.user


def hashed(password: str, salt: str = "") -> str:
    """A line's worth of a password that does not tell the password."""
    salt = salt or secrets.token_hex(8)
    return f"{salt}${hashlib.pbkdf2_hmac('sha256', password.encode(), salt.encode(), _ROUNDS).hex()}"


class Access:
    """The users of one host; ``folder`` stands for its /etc/pve."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def by_password(self, user: str, password: str) -> Identity:
        """Who logs in with a password, or renews with a valid ticket in its place. Raises Refused."""
        self._enabled(user)
        if password.startswith("PVE:"):
            return self._same(user, self.by_ticket(password))
        kept = next((fields[1] for fields in self._lines("priv/shadow.cfg") if fields[0] == user), "")
        if not kept or not hmac.compare_digest(hashed(password, kept.partition("$")[0]), kept):
            raise Refused("authentication failure")
        return Identity(user)

    def by_token(self, text: str) -> Identity:
        """Who shows ``USER@REALM!TOKENID=UUID``. Raises Refused."""
        name, _, value = text.partition("=")
        user, _, token = name.partition("!")
        if not value or not token:
            raise Refused("no tokenid specified")
        self._enabled(user)
        if not any(fields[0] == name for fields in self._records("token")):
            raise Refused(f"no such token '{token}' for user '{user}'")
        kept = dict(line.split(" ", 1) for line in self._text("priv/token.cfg")).get(name, "")
        if not hmac.compare_digest(kept, value):
            raise Refused("invalid token value!")
        return Identity(user, token)

    def by_ticket(self, ticket: str) -> Identity:
        """Whose ticket this is. Raises Refused for one that is not the host's, or older than two hours."""
        found = _TICKET.fullmatch(ticket)
        if not found or not self._signed(found[1], found["at"], found["signature"]):
            raise Refused("permission denied - invalid PVE ticket")
        self._enabled(found["user"])
        return Identity(found["user"])

    def ticket(self, user: str) -> str:
        """A new ticket: the user and the time, signed."""
        plain = f"PVE:{user}:{_now()}"
        return f"{plain}::{self._signature(plain)}"

    def csrf_token(self, user: str) -> str:
        """What a request that changes something has to bring besides its ticket."""
        now = _now()
        return f"{now}:{self._signature(f'{now}:{user}')}"

    def require_csrf_token(self, user: str, token: str) -> None:
        """Raises Refused unless the token is the user's and young enough."""
        found = _CSRF.fullmatch(token)
        if not found or not self._signed(f"{found['at']}:{user}", found["at"], found["signature"]):
            raise Refused("Permission denied - invalid csrf token")

    def allowed(self, identity: Identity, path: str, privilege: str) -> bool:
        """Whether the privilege holds there: for a token with separated privileges, for its user as well."""
        granted = privilege in self._privileges(identity.user, path)
        if not identity.token or not self._separated(identity):
            return granted
        return granted and privilege in self._privileges(identity.name, path)

    def _privileges(self, name: str, path: str) -> frozenset[str]:
        """Privileges at a path: the entry closest to it decides."""
        if name == SUPERUSER:
            return _EVERYTHING
        steps = [path[: end or 1] for end in (*_slashes(path), len(path))]
        for place in reversed(steps):
            for propagate, there, who, roles, *_ in self._records("acl"):
                inherited = there == path or propagate == "1"
                if there == place and inherited and name in who.split(","):
                    return frozenset().union(*(ROLES[role] for role in roles.split(",")))
        return frozenset()

    def _separated(self, identity: Identity) -> bool:
        return any(fields[0] == identity.name and fields[2] == "1" for fields in self._records("token"))

    def _enabled(self, user: str) -> None:
        fields = next((fields for fields in self._records("user") if fields[0] == user), None)
        if fields is None:
            raise Refused(f"no such user ('{user}')")
        if fields[1] != "1":
            raise Refused(f"user '{user}' is disabled")

    def _same(self, user: str, identity: Identity) -> Identity:
        if identity.user != user:
            raise Refused("authentication failure")
        return identity

    def _signature(self, text: str) -> str:
        key = (self._folder / "priv" / "authkey.key").read_bytes()
        return base64.b64encode(hmac.digest(key, text.encode(), "sha256")).decode()

    def _signed(self, text: str, at: str, signature: str) -> bool:
        young = -300 < time.time() - int(at, 16) < TICKET_LIFETIME
        return young and hmac.compare_digest(self._signature(text).encode(), signature.encode())

    def _records(self, kind: str) -> Iterator[list[str]]:
        """The records of one kind in user.cfg, without their kind."""
        return (fields[1:] for fields in self._lines("user.cfg") if fields[0] == kind)

    def _lines(self, name: str) -> Iterator[list[str]]:
        return (line.split(":") for line in self._text(name))

    def _text(self, name: str) -> list[str]:
        return [line for line in (self._folder / name).read_text(encoding="utf-8").splitlines() if line.strip()]


def _slashes(path: str) -> list[int]:
    return [position for position, letter in enumerate(path) if letter == "/"]


def _now() -> str:
    return f"{int(time.time()):08X}"
