# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The writing credentials that a permit yields.

A target's inventory names one credential for each kind of remedy (``remedy_credentials``). What comes out is a
mapping of options for the fix modules in which each secret is the path of a file that only this user reads, in the
sweep's own directory. The token of a Kubernetes remedy has that remedy's rights alone and lives for the mitigation's
time, or for the ten minutes that are the API server's least. The lease of the target has to outlive it: whoever takes
the target over must not meet a worker that can still write.

Source: Kubernetes API, TokenRequest (authentication.k8s.io/v1).
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from typing import Any

import yaml

from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from ansible_collections.oncall.remedy.plugins.module_utils.kubeconfig import Access
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.estate import Target
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json

LEAST_TOKEN_SECONDS = 600
"""The API server refuses a token that lives for less."""

GRACE = 30.0
"""Seconds by which a credential outlasts the mitigation's timeout: the role has steps of its own."""


class CredentialError(Exception):
    """The inventory's credential cannot be used; the message names it and what is allowed."""


def credential_seconds(credential: Any, timeout: float) -> float:
    """For how many seconds after a permit is used its credential gives the right to write. Pure.

    ``credential`` is what the inventory has for the plan's kind (``remedy_credentials.KIND``), ``timeout`` the plan's.
    The lease under which the permit is used must not end before. What somebody else keeps (a kubeconfig, a token of
    Alertmanager) does not end at all: that is for the fence to bound (``module_utils/fixes/fence``).
    """
    wanted = timeout + GRACE
    minted = isinstance(credential, dict) and "kubernetes_token" in credential
    return max(float(LEAST_TOKEN_SECONDS), wanted) if minted else wanted


def credential_for(kind: str, credentials: Json, workdir: str, name: str, seconds: float) -> Json:
    """Yields the credential ``kind`` of a target, good for at least ``seconds``.

    ``name`` tells the files of this permit from others in ``workdir``. Raises CredentialError, or ProbeError where an
    issuer does not answer.
    """
    given = credentials.get(kind)
    if not isinstance(given, dict) or len(given) != 1:
        raise CredentialError(f"remedy_credentials.{kind}: the inventory must name exactly one of {_allowed()}")
    ((form, options),) = given.items()
    if form not in _FORMS or not isinstance(options, dict):
        raise CredentialError(f"remedy_credentials.{kind}: {form!r} is not one of {_allowed()}")
    return _FORMS[form](kind, options, os.path.join(workdir, name), seconds)


def reading_credential(target: Target) -> Json:
    """What a ``--check`` run gets in the place of a writing credential: the identity that the probes use."""
    endpoints = target.endpoints_by_kind
    return {**endpoints.get("kubernetes", {}), **endpoints.get("alertmanager", {})}


def _kubernetes_token(kind: str, options: Json, path: str, seconds: float) -> Json:
    """A token for one service account from an identity that may do nothing else than ask for it."""
    issuer, namespace, account = (_text(kind, options, key) for key in ("issuer", "namespace", "service_account"))
    transport = KubeTransport(issuer, options.get("context"))
    answer = transport.create(
        f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token",
        {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": max(LEAST_TOKEN_SECONDS, int(seconds))},
        },
    )
    kubeconfig = f"{path}.kubeconfig"
    _write_private(kubeconfig, yaml.safe_dump(_kubeconfig(transport.access, answer["status"]["token"])))
    return {"kubeconfig": kubeconfig}


def _kubeconfig(access: Access, token: str) -> Json:
    """The issuer's way to the API server and nothing of its identity: its client certificate would be shown too."""
    trust = access.trust
    cluster = {
        "server": access.server,
        "insecure-skip-tls-verify": not trust.verify,
        "certificate-authority-data": base64.b64encode(trust.ca_data.encode()).decode() if trust.ca_data else None,
        "tls-server-name": trust.server_name,
        "proxy-url": access.proxy,
    }
    cluster = {key: value for key, value in cluster.items() if value}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "target", "cluster": cluster}],
        "users": [{"name": "remedy", "user": {"token": token}}],
        "contexts": [{"name": "remedy", "context": {"cluster": "target", "user": "remedy"}}],
        "current-context": "remedy",
    }


def _kubernetes(kind: str, options: Json, _path: str, _seconds: float) -> Json:
    """A kubeconfig that something else keeps, such as a file that AWX injects."""
    found = {"kubeconfig": _text(kind, options, "kubeconfig")}
    return {**found, "context": options["context"]} if options.get("context") else found


def _alertmanager(kind: str, options: Json, _path: str, _seconds: float) -> Json:
    if not options.get("url") and not options.get("urls"):
        raise CredentialError(f"remedy_credentials.{kind}: alertmanager needs url or urls")
    return dict(options)


_FORMS: dict[str, Callable[[str, Json, str, float], Json]] = {
    "kubernetes_token": _kubernetes_token,
    "kubernetes": _kubernetes,
    "alertmanager": _alertmanager,
}


def _allowed() -> str:
    return ", ".join(sorted(_FORMS))


def _text(kind: str, options: Json, key: str) -> str:
    value: Any = options.get(key)
    if not isinstance(value, str) or not value:
        raise CredentialError(f"remedy_credentials.{kind}: {key} is missing")
    return value


def _write_private(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
