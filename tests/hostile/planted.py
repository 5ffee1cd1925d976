# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets that people and programs leave in alerts, logs and error texts. None of them is real; all must vanish."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Planted:
    """``text`` is what stands in an alert, ``core`` the part of it that must be seen nowhere.

    ``under`` is the name of the label or annotation that it stands under, where that is what gives it away.
    """

    name: str
    text: str
    core: str
    under: str = ""


def _planted(name: str, pattern: str, core: str, under: str = "") -> Planted:
    return Planted(name, pattern.replace("CORE", core), core, under)


_PEM = "-----BEGIN {0}-----\nCORE\nAAAAB3NzaC1yc2EAAAADAQABAAAB\n-----END {0}-----"

PLANTED = (
    _planted("bearer", "curl -H 'Authorization: Bearer CORE' http://127.0.0.1/", "plantedBearer0123456789"),
    _planted("basic", "Authorization: Basic CORE", "cGxhbnRlZDpwYXNzd29yZC0wMQ=="),
    _planted("web token", "token CORE was refused", "eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoxfQ.cGxhbnRlZC1zaWduYXR1cmU"),
    _planted("password in a url", "postgres://app:CORE@127.0.0.1:5432/db", "planted-url-passw0rd"),
    _planted("token in a url", "https://CORE@127.0.0.1/repository.git", "planted-url-t0ken-alone-0001"),
    _planted("rsa key", _PEM.format("RSA PRIVATE KEY"), "cGxhbnRlZC1yc2Eta2V5LTAwMDAwMDAwMDAwMDAwMDAwMDA"),
    _planted("openssh key", _PEM.format("OPENSSH PRIVATE KEY"), "b3BlbnNzaC1rZXktdjEAAAAAplantedAAAAAAAAAAAAAA"),
    _planted("key that is cut off", "-----BEGIN PRIVATE KEY-----\nCORE", "cGxhbnRlZC1jdXQtb2ZmLWtleS0wMDAwMDAwMDAwMDA"),
    _planted("password", "login failed: password=CORE for user app", "planted-passw0rd-eq"),
    _planted("password in json", '{"user": "app", "password": "CORE"}', "planted-passw0rd-json"),
    _planted("password in yaml", "db_password: CORE", "planted-passw0rd-yaml"),
    _planted("api key", "GET /v1?api_key=CORE&x=1", "planted-api-key-000001"),
    _planted("client secret", "client_secret='CORE'", "planted-client-s3cret"),
    _planted("routing key", "routing_key=CORE", "f00dplanted00000000000000000cafe"),
    _planted("aws access key", "CORE is not authorised", "AKIAPLANTED000000001"),
    _planted("aws secret key", "aws_secret_access_key = CORE", "pl4nted/SecretAccessKey/0000000000000001"),
    _planted("github token", "remote: CORE has expired", "ghp_plantedPLANTED0000000000000000000001"),
    _planted("gitlab token", "PRIVATE-TOKEN: CORE", "glpat-planted0000000000001"),
    _planted("slack token", "xoxb: CORE", "xoxb-000000000001-000000000002-plantedplanted0000000001"),
    _planted(
        "slack webhook", "https://hooks.slack.com/services/CORE failed", "T00000001/B00000002/planted000000000000001"
    ),
    _planted("vault token", "VAULT_TOKEN=CORE", "hvs.CAESIplanted000000000000000000000001"),
    _planted("under a telling label", "CORE", "planted word under a label", under="db_password"),
    _planted("under a telling annotation", "CORE", "planted words under an annotation", under="api_token"),
    _planted("cookie", "Cookie: session=CORE; path=/", "planted-s3ssion-c00kie-01"),
)
"""Everything that is planted; by which patterns secrets are known is in docs/security.md."""


def found_in(folders: Iterable[Path], texts: Iterable[str] = ()) -> list[str]:
    """Where planted secrets are: in any file below these folders, byte by byte, and in these texts."""
    found = [f"{secret.name} in {path}" for path, content in _files(folders) for secret in seen_in(content)]
    return found + [f"{secret.name} in text" for text in texts for secret in seen_in(text.encode(errors="replace"))]


def seen_in(content: bytes) -> Iterator[Planted]:
    """The secrets that a file's bytes hold."""
    return (secret for secret in PLANTED if secret.core.encode() in content)


def _files(folders: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
    return ((path, path.read_bytes()) for folder in folders for path in folder.rglob("*") if path.is_file())
