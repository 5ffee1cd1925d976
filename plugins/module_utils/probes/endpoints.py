# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the settings of a target's endpoint (in the inventory) to the transport of its probes.

A probe's transport only reads: whatever the probe does, no other method than GET and HEAD leaves through it.
"""

from __future__ import annotations

import functools
from typing import Any, Callable, List, Mapping, Union

from ansible_collections.oncall.remedy.plugins.module_utils import secrets
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import Fence, HttpTransport, Limits, Trust
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Spec, validated
from ansible_collections.oncall.remedy.plugins.module_utils.proxmox import Identity, ProxmoxHost, ProxmoxHosts

AUTH: Spec = {
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "token_file": {"type": "path"},
    "token_env": {"type": "str"},
    "username": {"type": "str"},
    "password_file": {"type": "path"},
    "password_env": {"type": "str"},
    "headers": {"type": "dict"},
    "proxy": {"type": "str"},
}
PROMETHEUS: Spec = dict(AUTH, url={"type": "str", "required": True})
ALERTMANAGER: Spec = dict(AUTH, url={"type": "str"}, urls={"type": "list", "elements": "str"})
KUBERNETES: Spec = {"kubeconfig": {"type": "path", "required": True}, "context": {"type": "str"}}

PROXMOX_HOST: Spec = {
    "url": {"type": "str", "required": True},
    "user": {"type": "str", "required": True},
    "token_name": {"type": "str"},
    "token_file": {"type": "path"},
    "token_env": {"type": "str"},
    "password_file": {"type": "path"},
    "password_env": {"type": "str"},
    "ca_path": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
}
"""One of the hosts of an endpoint ``proxmox``."""
PROXMOX: Spec = {"hosts": {"type": "dict", "required": True}}

SETTINGS: dict[str, Spec] = {
    "kubernetes": KUBERNETES,
    "prometheus": PROMETHEUS,
    "alertmanager": ALERTMANAGER,
    "proxmox": PROXMOX,
}
"""The settings of each kind of endpoint, written as the options of probes are."""

_SECRET_HEADERS = {"authorization", "cookie", "proxy-authorization"}

Transport = Union[KubeTransport, HttpTransport, List[HttpTransport], ProxmoxHosts, None]


def transport_for(kind: str | None, settings: Mapping[str, Any] | None) -> Transport:
    """The reading transport of an endpoint: for Alertmanager the list of its peers, for no endpoint None.

    Raises ProbeError (bad_option) for settings that are missing or not allowed. Does no I/O.
    """
    if kind is None:
        return None
    given = _checked(kind, settings)
    if kind == "kubernetes":
        return KubeTransport(given["kubeconfig"], given["context"], read_only=True)
    if kind == "prometheus":
        return _http(given["url"], given)
    if kind == "proxmox":
        return ProxmoxHosts({name: _proxmox(name, one) for name, one in given["hosts"].items()})
    return peers(settings)


def peers(
    settings: Mapping[str, Any] | None,
    read_only: bool = True,
    limits: Limits | None = None,
    fence: Fence | None = None,
) -> list[HttpTransport]:
    """The peers of an Alertmanager cluster. Only a fix asks for ones that are not ``read_only``, with its ``fence``."""
    given = _checked("alertmanager", settings)
    return [_http(url, given, read_only, limits, fence) for url in _urls(given)]


def source_of(kind: str | None, settings: Mapping[str, Any] | None) -> str:
    """Where an endpoint's answers come from, as evidence shows it: URLs or the API server, never a credential.

    Reads the kubeconfig for a cluster; names the file instead where that cannot be read.
    """
    transport = transport_for(kind, settings)
    if isinstance(transport, list):
        return ", ".join(peer.source for peer in transport)
    if isinstance(transport, KubeTransport):
        try:
            return transport.source
        except ProbeError:
            return f"kubeconfig {transport.kubeconfig}"
    return transport.source if transport else ""


def _checked(kind: str, settings: Mapping[str, Any] | None) -> dict[str, Any]:
    if kind not in SETTINGS:
        raise ProbeError("bad_option", f"no kind of endpoint {kind[:80]!r}; there are {', '.join(SETTINGS)}")
    if not settings:
        raise ProbeError("bad_option", f"the target has no endpoint {kind!r} (remedy_endpoints.{kind})")
    try:
        return validated(SETTINGS[kind], settings)
    except ProbeError as error:
        raise ProbeError("bad_option", f"endpoint {kind}: {error.message}") from None


def _proxmox(name: str, settings: Any) -> ProxmoxHost:
    """One host of an endpoint ``proxmox``, by an API token or a password."""
    try:
        given = validated(PROXMOX_HOST, settings if isinstance(settings, Mapping) else {})
        return ProxmoxHost(given["url"], _identity(given), Trust(given["validate_certs"], given["ca_path"]))
    except ProbeError as error:
        raise ProbeError(error.kind, f"endpoint proxmox: host {name[:80]}: {error.message}") from None


def _identity(given: Mapping[str, Any]) -> Identity:
    token, password = _secret(given, "token"), _secret(given, "password")
    if not token and not password:
        raise ProbeError("bad_option", "a token_file or a password_file is required")
    if token and not given["token_name"]:
        raise ProbeError("bad_option", "a token needs its name (token_name)")
    return Identity(given["user"], given["token_name"], token, password)


def _secret(given: Mapping[str, Any], what: str) -> Callable[[], str] | None:
    """How to read what the settings say under ``what``_file or ``what``_env."""
    for key, read in (("file", secrets.from_file), ("env", secrets.from_environment)):
        if given[f"{what}_{key}"]:
            return functools.partial(read, given[f"{what}_{key}"])
    return None


def _urls(given: Mapping[str, Any]) -> list[str]:
    urls: list[str] = given["urls"] or ([given["url"]] if given["url"] else [])
    if not urls:
        raise ProbeError("bad_option", "endpoint alertmanager: option 'url' or 'urls' is missing")
    return urls


def _http(
    url: str,
    given: Mapping[str, Any],
    read_only: bool = True,
    limits: Limits | None = None,
    fence: Fence | None = None,
) -> HttpTransport:
    headers = given["headers"] or {}
    for name in headers:
        if name.lower() in _SECRET_HEADERS:
            raise ProbeError("bad_option", f"header {name!r}: a secret is given by token_file or password_file")
    return HttpTransport(
        url,
        trust=Trust(verify=given["validate_certs"], ca_path=given["ca_path"]),
        authorization=authorization(given),
        headers=headers,
        proxy=given["proxy"],
        limits=limits,
        read_only=read_only,
        fence=fence,
    )


def authorization(given: Mapping[str, Any]) -> secrets.Authorization | None:
    """How the endpoint's requests are authorised, by the settings; nothing is read yet."""
    for key, read in (("file", secrets.from_file), ("env", secrets.from_environment)):
        token, password = given[f"token_{key}"], given[f"password_{key}"]
        if token:
            return secrets.bearer(functools.partial(read, token), token)
        if password:
            if not given["username"]:
                raise ProbeError("bad_option", "a password needs a username")
            return secrets.basic(given["username"], functools.partial(read, password))
    return None
