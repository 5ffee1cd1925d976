"""The methods of the API: where each stands, what it needs, and who answers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.standins.proxmox.access import Access, Identity, Refused
from lab.standins.proxmox.system import RELEASE, SERVICES, System

Json = dict[str, Any]


class ApiError(Exception):
    """An answer that is no success: status and message, and for parameters what is wrong with each."""

    def __init__(self, status: int, message: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = dict(errors or {})


@dataclass(frozen=True)
class Call:
    """One request that was let in. ``identity`` is None only where the method is for everyone."""

    verb: str
    path: str
    parameters: Mapping[str, str]
    identity: Identity | None = None


@dataclass(frozen=True)
class Method:
    """``privilege``: what the caller needs on the node; "" for any user. ``protected``: pvedaemon answers it."""

    verb: str
    path: str
    answer: Callable[[Api, Call, Mapping[str, str]], Any]
    privilege: str = ""
    protected: bool = False
    for_everyone: bool = False

    def match(self, verb: str, path: str) -> Mapping[str, str] | None:
        """The names in the path, or None where it is not this method's."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found and verb == self.verb else None


class Api:
    """Answers calls for one host."""

    def __init__(self, access: Access, system: System) -> None:
        self.access = access
        self.system = system

    def find(self, verb: str, path: str) -> tuple[Method, Mapping[str, str]]:
        """The method and the names in its path. Raises ApiError where there is none."""
        for method in METHODS:
            names = method.match(verb, path)
            if names is not None:
                return method, names
        raise ApiError(501, f"Method '{verb} {path}' not implemented")

    def check(self, call: Call, method: Method, names: Mapping[str, str]) -> None:
        """Raises ApiError where the caller may not, or where the node is not this one."""
        if method.privilege:
            self.require(call.identity, f"/nodes/{names['node']}", method.privilege)
        node = names.get("node", self.system.node)
        if node not in (self.system.node, "localhost"):
            reason = f"failed to get address info for: {node}: Name or service not known"
            raise ApiError(500, f"hostname lookup '{node}' failed - {reason}")

    def require(self, identity: Identity | None, path: str, privilege: str) -> None:
        """Raises ApiError unless the caller has the privilege there."""
        if identity is None or not self.access.allowed(identity, path, privilege):
            raise ApiError(403, f"Permission check failed ({path}, {privilege})")


def _version(_api: Api, _call: Call, _names: Mapping[str, str]) -> Json:
    return dict(RELEASE)


def _login_page(_api: Api, _call: Call, _names: Mapping[str, str]) -> None:
    """A dummy, for formatters that want to provide a login page."""


def _ticket(api: Api, call: Call, _names: Mapping[str, str]) -> Json:
    missing = [name for name in ("password", "username") if not call.parameters.get(name)]
    if missing:
        errors = dict.fromkeys(missing, "property is missing and it is not optional")
        raise ApiError(400, "Parameter verification failed.", errors)
    user = call.parameters["username"]
    if "@" not in user:
        user = f"{user}@{call.parameters.get('realm', 'pam')}"
    try:
        identity = api.access.by_password(user, call.parameters["password"])
    except Refused as refused:  # which of the many reasons it was is nobody's business
        raise ApiError(401, "authentication failure") from refused
    audit = api.access.allowed(identity, "/nodes", "Sys.Audit")
    return {
        "username": user,
        "ticket": api.access.ticket(user),
        "CSRFPreventionToken": api.access.csrf_token(user),
        "cap": {"nodes": {"Sys.Audit": 1} if audit else {}, "access": {}, "dc": {}, "storage": {}, "vms": {}},
    }


def _nodes(api: Api, call: Call, _names: Mapping[str, str]) -> list[Json]:
    node = api.system.node
    entry: Json = {"id": f"node/{node}", "node": node, "type": "node", "status": "unknown", "level": ""}
    if (seen := api.system.observed()) is not None:
        entry["status"] = "online"
        if call.identity and api.access.allowed(call.identity, f"/nodes/{node}", "Sys.Audit"):
            entry.update(seen)
    return [entry]


def _node(_api: Api, _call: Call, _names: Mapping[str, str]) -> list[Json]:
    return [{"name": name} for name in ("services", "status", "version")]


def _status(api: Api, _call: Call, _names: Mapping[str, str]) -> Json:
    return api.system.status()


def _services(api: Api, _call: Call, _names: Mapping[str, str]) -> list[Json]:
    return [dict(service) for service in api.system.services()]


def _service(api: Api, _call: Call, names: Mapping[str, str]) -> Json:
    if names["service"] not in SERVICES:
        wrong = f"value '{names['service']}' does not have a value in the enumeration '{', '.join(SERVICES)}'"
        raise ApiError(400, "Parameter verification failed.", {"service": wrong})
    return dict(api.system.services([names["service"]])[0])


_AUDIT = "Sys.Audit"
METHODS = (
    Method("GET", "/version", _version),
    Method("GET", "/access/ticket", _login_page, for_everyone=True),
    Method("POST", "/access/ticket", _ticket, protected=True, for_everyone=True),
    Method("GET", "/nodes", _nodes),
    Method("GET", "/nodes/{node}", _node),
    Method("GET", "/nodes/{node}/version", _version),
    Method("GET", "/nodes/{node}/status", _status, _AUDIT, protected=True),
    Method("GET", "/nodes/{node}/services", _services, _AUDIT, protected=True),
    Method("GET", "/nodes/{node}/services/{service}/state", _service, _AUDIT, protected=True),
)
