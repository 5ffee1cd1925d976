# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Prometheus presents the credential that works, without anybody seeing either of the two.

The generated configuration holds what Prometheus sends; the controller's file holds what is right. Both become an HMAC
under a key that is made for this one comparison and forgotten with it: what is compared is of no use to anyone, and it
is neither returned nor kept. Nothing of the configuration but names is in a value, a question or an error.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets as random
import zlib
from typing import Any, Callable, ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils import secrets
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import check_names

try:
    import yaml

    HAS_YAML = True
except ImportError:
    HAS_YAML = False

LIMIT = 16 * 1024 * 1024
"""Bytes of configuration, unpacked. A Secret holds one MiB at most, packed."""


class ScrapeCredential(Probe):
    """Compares the credential that Prometheus' generated configuration gives a job with the one that works.

    The right one is in ``password_file`` or ``password_env`` on the controller: a password, or a token where the job
    has a bearer. ``secret`` is the one that Prometheus' operator generates (``prometheus-`` and the name of the
    Prometheus). The job is found by its name in the configuration, or by that of its monitor or scrape config. Use a
    vantage whose identity may get just this Secret.

    Value: ``job_found``, ``scheme`` (basic, bearer, other or none), ``username`` (empty without one),
    ``username_matches`` (null without ``username``), ``matches`` (null where the configuration holds no password or
    token, as when it names a file).
    """

    name = "scrape_credential"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {
        "namespace": {"type": "str", "required": True},
        "secret": {"type": "str", "required": True},
        "key": {"type": "str", "default": "prometheus.yaml.gz"},
        "job": {"type": "str", "required": True},
        "username": {"type": "str"},
        "password_file": {"type": "path"},
        "password_env": {"type": "str"},
    }

    def check(self) -> None:
        check_names(self.given, "namespace", "secret")
        if bool(self.given["password_file"]) == bool(self.given["password_env"]):
            raise ProbeError("bad_option", "either 'password_file' or 'password_env' is required")

    def question(self) -> str:
        where = f"Secret {self.given['namespace']}/{self.given['secret']}"
        return f"whether the credential of job {self.given['job']} in {where} is the one that works"

    def _ask(self, deadline: float) -> Json:
        right = self._right()
        path = object_path("v1", "secrets", self.given["namespace"], self.given["secret"])
        secret = self.transport.get(path, None, deadline)
        try:
            job = find(configuration(secret, self.given["key"]), self.given["job"])
            return compared(job, right, self.given["username"])
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # Not as of any other probe: the words of these errors may be those of the Secret.
            kind = type(error).__name__
        raise ProbeError("bad_answer", f"{self.given['secret']}: not the configuration of a Prometheus ({kind})")

    def _right(self) -> str:
        read: Callable[[str], str] = secrets.from_file if self.given["password_file"] else secrets.from_environment
        found = read(self.given["password_file"] or self.given["password_env"])
        if not found:
            raise ProbeError("bad_config", "the password that works is empty")
        return found


def configuration(secret: Json, key: str) -> Json:
    """The configuration that the Secret holds under ``key``, packed or not. Raises ProbeError, or what YAML's shape
    makes Python raise; no message of this function's own holds any of it."""
    if not HAS_YAML:
        raise ProbeError("missing_library", "the Python library PyYAML is not installed")
    name = (secret.get("metadata") or {}).get("name", "")
    data = secret.get("data") or {}
    if key not in data:
        raise ProbeError("not_found", f"Secret {name} has no key {key}; it has {', '.join(sorted(data))[:200]}")
    try:
        packed = base64.b64decode(data[key], validate=True)
    except binascii.Error:
        raise ProbeError("bad_answer", f"Secret {name}: {key} is not base64") from None
    text = _unpacked(packed, name, key) if packed[:2] == b"\x1f\x8b" else packed
    try:
        # Every scalar stays the text that it is, as Prometheus takes a password: 0123 is no number there.
        found = yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506 - makes no objects
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ProbeError("bad_answer", f"Secret {name}: {key} is not a configuration in YAML")
    return found


def find(config: Json, job: str) -> Json | None:
    """The scrape config of a job: the one of that name, else one of a monitor of that name, else one that sets it."""
    configs: list[Json] = config.get("scrape_configs") or []
    for is_it in (_is_named, _is_of_monitor, _becomes):
        found = [one for one in configs if is_it(one, job)]
        if found:
            return found[0]
    return None


def compared(job: Json | None, right: str, username: str | None) -> Json:
    """The probe's value."""
    scheme, name, presented = _credential(job or {})
    return {
        "job_found": job is not None,
        "scheme": scheme,
        "username": name,
        "username_matches": None if username is None or scheme != "basic" else name == username,
        "matches": None if presented is None else same(presented, right),
    }


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that tells nothing of them, by digests that nobody else can make."""
    key = random.token_bytes(32)
    return hmac.compare_digest(*(hmac.new(key, text.encode(), "sha256").digest() for text in (one, other)))


def _unpacked(packed: bytes, name: str, key: str) -> bytes:
    """Of gzip; bounded, since a few kilobytes may unpack to gigabytes."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        text = unpacking.decompress(packed, LIMIT)
    except zlib.error:
        raise ProbeError("bad_answer", f"Secret {name}: {key} is not whole gzip") from None
    if unpacking.unconsumed_tail:
        raise ProbeError("too_large", f"Secret {name}: {key} has more than {LIMIT} bytes")
    if not unpacking.eof:
        raise ProbeError("bad_answer", f"Secret {name}: {key} is not whole gzip")
    return text


def _credential(job: Json) -> tuple[str, str, str | None]:
    """Scheme, user's name and secret; None for a secret that the configuration does not hold itself."""
    basic = job.get("basic_auth")
    if basic:
        return "basic", str(basic.get("username") or ""), _text(basic.get("password"))
    authorization: Any = job.get("authorization")
    if authorization:
        bearer = str(authorization.get("type") or "Bearer").strip().lower() == "bearer"
        return ("bearer" if bearer else "other"), "", _text(authorization.get("credentials"))
    if job.get("bearer_token") or job.get("bearer_token_file"):
        return "bearer", "", _text(job.get("bearer_token"))
    return ("other" if job.get("oauth2") or job.get("sigv4") else "none"), "", None


def _text(secret: Any) -> str | None:
    return str(secret) if secret else None


def _is_named(config: Json, job: str) -> bool:
    return config.get("job_name") == job


def _is_of_monitor(config: Json, job: str) -> bool:
    parts = str(config.get("job_name", "")).split("/")
    return len(parts) > 2 and parts[2] == job


def _becomes(config: Json, job: str) -> bool:
    """By a label of its static targets, or by a rule that gives every target this one."""
    statics = [(group.get("labels") or {}).get("job") for group in config.get("static_configs") or []]
    rules = config.get("relabel_configs") or []
    fixed = [one.get("replacement") for one in rules if one.get("target_label") == "job"]
    return job in statics or job in fixed
