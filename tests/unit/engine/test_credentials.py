# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a permit yields: a file that this user alone can read, with the right of one remedy and for its time."""

from __future__ import annotations

import base64
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.credentials import (
    CredentialError,
    credential_for,
    credential_seconds,
    reading_credential,
)
from tests.support.estate import Estate
from tests.support.service import bearer
from tests.unit.engine.sweeping import Engine

Json = dict[str, Any]


def yielded(estate: Estate, kind: str = "rollout_restart", seconds: float = 360.0) -> Json:
    return credential_for(kind, estate.hosts["hetzner"]["remedy_credentials"], str(estate.folder), "permit", seconds)


def test_the_token_is_asked_for_by_the_issuer_for_one_account_and_a_time(estate: Estate) -> None:
    yielded(estate, seconds=1234.5)
    (request,) = estate["hetzner"].api.requests
    assert bearer(request) == estate["hetzner"].issuer_token
    assert request.path.endswith("/serviceaccounts/remedy-rollout-restart/token")
    assert request.json()["spec"] == {"expirationSeconds": 1234}


def test_no_token_is_asked_for_less_than_the_api_server_gives(estate: Estate) -> None:
    yielded(estate, seconds=5.0)
    assert estate["hetzner"].api.requests[0].json()["spec"] == {"expirationSeconds": 600}


@pytest.mark.parametrize(
    ("credential", "timeout", "seconds"),
    [
        ({"kubernetes_token": {}}, 300.0, 600.0),
        ({"kubernetes_token": {}}, 900.0, 930.0),
        ({"kubernetes": {"kubeconfig": "/k"}}, 300.0, 330.0),
        ({"alertmanager": {"url": "http://x"}}, 30.0, 60.0),
        (None, 30.0, 60.0),
    ],
)
def test_for_how_long_a_credential_gives_the_right_to_write(credential: Any, timeout: float, seconds: float) -> None:
    assert credential_seconds(credential, timeout) == seconds


def test_a_token_lives_as_long_as_was_said_and_no_longer(estate: Estate) -> None:
    given = estate.hosts["hetzner"]["remedy_credentials"]["rollout_restart"]
    for index, timeout in enumerate((30.0, 900.0)):
        seconds = credential_seconds(given, timeout)
        credential_for("rollout_restart", {"rollout_restart": given}, str(estate.folder), f"p{index}", seconds)
        assert estate["hetzner"].api.requests[-1].json()["spec"] == {"expirationSeconds": int(seconds)}


def test_what_comes_out_is_a_file_for_this_user_alone_without_the_issuers_own_token(estate: Estate) -> None:
    path = Path(yielded(estate)["kubeconfig"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    config = yaml.safe_load(path.read_text())
    assert config["users"][0]["user"] == {"token": next(iter(estate["hetzner"].minted))}
    assert config["clusters"][0]["cluster"] == {"server": estate["hetzner"].api.url}
    assert estate["hetzner"].issuer_token not in path.read_text()


def test_the_way_to_the_api_server_is_the_issuers(estate: Estate) -> None:
    issuer = Path(estate.hosts["hetzner"]["remedy_credentials"]["rollout_restart"]["kubernetes_token"]["issuer"])
    config = yaml.safe_load(issuer.read_text())
    ca = base64.b64encode(b"a CA as PEM").decode()
    way = {"certificate-authority-data": ca, "tls-server-name": "kubernetes.default"}
    config["clusters"][0]["cluster"].update(way)
    issuer.write_text(yaml.safe_dump(config))
    made = yaml.safe_load(Path(yielded(estate)["kubeconfig"]).read_text())
    assert made["clusters"][0]["cluster"] == {"server": estate["hetzner"].api.url, **way}


def test_a_file_that_is_there_already_is_not_written_over(estate: Estate) -> None:
    yielded(estate)
    with pytest.raises(FileExistsError):
        yielded(estate)


def test_an_issuer_that_declines_is_told_as_what_it_is(estate: Estate) -> None:
    estate.hosts["hetzner"]["remedy_credentials"]["rollback"]["kubernetes_token"]["service_account"] = "somebody-else"
    with pytest.raises(ProbeError):
        yielded(estate, "rollback")


def test_a_kubeconfig_that_somebody_else_keeps_is_handed_on(estate: Estate) -> None:
    estate.hosts["hetzner"]["remedy_credentials"]["rollback"] = {"kubernetes": {"kubeconfig": "/k", "context": "c"}}
    assert yielded(estate, "rollback") == {"kubeconfig": "/k", "context": "c"}
    assert estate["hetzner"].api.requests == []


UNUSABLE: dict[str, tuple[Any, str]] = {
    "none": (None, "must name exactly one of alertmanager, kubernetes, kubernetes_token"),
    "two": ({"kubernetes": {}, "alertmanager": {}}, "must name exactly one"),
    "an unknown one": ({"ssh": {}}, "'ssh' is not one of"),
    "one without options": ({"kubernetes": None}, "'kubernetes' is not one of"),
    "a token without an issuer": ({"kubernetes_token": {"namespace": "n"}}, "issuer is missing"),
    "a kubeconfig without a path": ({"kubernetes": {"kubeconfig": ""}}, "kubeconfig is missing"),
    "an Alertmanager without an address": ({"alertmanager": {}}, "needs url or urls"),
}


@pytest.mark.parametrize(("given", "words"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_credential_is_refused_by_name(estate: Estate, given: Any, words: str) -> None:
    estate.hosts["hetzner"]["remedy_credentials"]["rollback"] = given
    with pytest.raises(CredentialError, match=f"remedy_credentials.rollback: .*{words}"):
        yielded(estate, "rollback")


def test_a_check_run_gets_the_reading_identity(engine: Engine) -> None:
    target = engine.inventory().target("hetzner")
    found = reading_credential(target)
    assert found["kubeconfig"] == target.endpoints_by_kind["kubernetes"]["kubeconfig"]
    assert found["url"] == target.endpoints_by_kind["alertmanager"]["url"]
