# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kubeconfig says about reaching one API server (format: kubernetes.io/docs/reference/config-api/kubeconfig.v1).

What stands in the file itself (server, CA, token, client certificate) is read here; whatever has to be *run* to get a
credential (``exec``, ``auth-provider``) is left to the official client, ``kubernetes.config``. Two reasons: importing
that client costs more than a whole question, and it writes keys to files that it deletes when the interpreter exits,
which an Ansible worker never does.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import pathlib
import tempfile
import threading
from typing import Any, Dict

from ansible_collections.oncall.remedy.plugins.module_utils import secrets
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import Trust, split_url

try:
    import yaml

    HAS_YAML = True
except ImportError:
    HAS_YAML = False

Json = Dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Access:
    """One API server and the way to be somebody there."""

    server: str
    trust: Trust
    namespace: str = "default"
    proxy: str | None = None
    authorization: secrets.Authorization | None = dataclasses.field(default=None, repr=False)


def read(path: str, context: str | None = None) -> Access:
    """Reads the file's ``context`` (its current one where none is named). Raises ProbeError, kind bad_config mostly."""
    path = str(pathlib.Path(path).expanduser())
    config = _load(path)
    chosen = _named(config, "context", context or config.get("current-context"), path)
    cluster = _named(config, "cluster", chosen.get("cluster"), path)
    user = _named(config, "user", chosen["user"], path) if chosen.get("user") else {}
    folder = pathlib.Path(path).resolve().parent
    if "exec" in user or "auth-provider" in user:
        authorization, certificate = _from_program(path, context)
    else:
        authorization, certificate = _authorization(user, folder, path), _certificate(user, folder, path)
    server = str(cluster.get("server", ""))
    split_url(server)
    return Access(
        server=server,
        trust=Trust(
            verify=not cluster.get("insecure-skip-tls-verify", False),
            ca_data=_text(cluster, "certificate-authority", folder, path) or None,
            client_cert=certificate,
            server_name=cluster.get("tls-server-name"),
        ),
        namespace=chosen.get("namespace") or "default",
        proxy=cluster.get("proxy-url"),
        authorization=authorization,
    )


def _load(path: str) -> Json:
    if not HAS_YAML:
        raise ProbeError("missing_library", "the Python library PyYAML is not installed")
    try:
        with pathlib.Path(path).open(encoding="utf-8") as file:
            config = yaml.safe_load(file)
    except OSError as error:
        raise ProbeError("bad_config", f"kubeconfig {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ProbeError("bad_config", f"kubeconfig {path} is not valid YAML") from None
    if not isinstance(config, dict):
        raise ProbeError("bad_config", f"kubeconfig {path} is empty or no mapping")
    return config


def _named(config: Json, kind: str, name: str | None, path: str) -> Json:
    """The ``kind`` (context, cluster or user) of that name."""
    entries: list[Any] = config.get(kind + "s") or []
    for entry in entries:
        if isinstance(entry, dict) and entry.get("name") == name and isinstance(entry.get(kind), dict):
            found: Json = entry[kind]
            return found
    raise ProbeError("bad_config", f"kubeconfig {path} has no {kind} {name!r}")


def _text(section: Json, key: str, folder: pathlib.Path, path: str) -> str:
    """What ``key``-data holds (base64) or the file that ``key`` names (relative to the kubeconfig)."""
    data = section.get(key + "-data")
    try:
        if data:
            return base64.b64decode("".join(str(data).split()), validate=True).decode()
    except (binascii.Error, ValueError):
        raise ProbeError("bad_config", f"kubeconfig {path}: {key}-data is not base64 of a PEM text") from None
    if not section.get(key):
        return ""
    return secrets.from_file(str(folder / section[key]))


def _authorization(user: Json, folder: pathlib.Path, path: str) -> secrets.Authorization | None:
    """As the official client: an inline token wins over a token's file, that over a password."""
    if user.get("token"):
        token = str(user["token"])
        return secrets.bearer(lambda: token, "the token in kubeconfig " + path)
    if user.get("tokenFile"):
        file = str(folder / user["tokenFile"])
        return secrets.bearer(lambda: secrets.from_file(file), file)
    if user.get("username") and user.get("password"):
        password = str(user["password"])
        return secrets.basic(user["username"], lambda: password)
    return None


def _certificate(user: Json, folder: pathlib.Path, path: str) -> tuple[str, str] | None:
    certificate = _text(user, "client-certificate", folder, path)
    key = _text(user, "client-key", folder, path)
    return (certificate, key) if certificate and key else None


def _from_program(path: str, context: str | None) -> tuple[secrets.Authorization | None, Any]:
    """Lets the official client run the credential plugin; it also knows when to run it again."""
    try:
        from kubernetes.client.configuration import Configuration
        from kubernetes.config import load_kube_config
        from kubernetes.config.config_exception import ConfigException
    except ImportError:
        raise ProbeError("missing_library", "the Python library kubernetes is needed for kubeconfig " + path) from None
    client = Configuration()
    with tempfile.TemporaryDirectory(prefix="remedy-") as scratch:
        try:
            load_kube_config(path, context, client, persist_config=False, temp_file_path=scratch)
        except (ConfigException, OSError, ValueError) as error:
            raise ProbeError("bad_config", f"kubeconfig {path}: {error}") from error
        certificate = None
        if client.cert_file and client.key_file:
            certificate = (secrets.from_file(client.cert_file), secrets.from_file(client.key_file))
    if not client.api_key and certificate is None:
        raise ProbeError("unauthorized", f"the credential plugin of kubeconfig {path} gave no credential")
    lock = threading.Lock()

    def authorization() -> str | None:
        with lock:  # the client's renewal is not made for threads
            value: str | None = client.get_api_key_with_prefix("BearerToken", alias="authorization")
            return value

    return authorization, certificate
