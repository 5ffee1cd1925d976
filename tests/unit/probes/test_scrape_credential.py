"""The credential that Prometheus presents, compared with the one that works, and seen by nobody."""

from __future__ import annotations

import base64
import gzip
import hmac
import logging
import pathlib
import secrets
import time
from typing import Any

import pytest
import yaml

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.scrape_credential import (
    ScrapeCredential,
    find,
    same,
)
from tests.support import wire
from tests.support.kubeconfig import transport

RIGHT, STALE = "pl4nted-right", "pl4nted-stale"
SECRET = "prometheus-kube-prometheus-stack-prometheus"
PATH = f"/api/v1/namespaces/monitoring/secrets/{SECRET}"
CARRICK = {
    "job_name": "proxmox-carrick",
    "scheme": "https",
    "metrics_path": "/api2/prometheus",
    "basic_auth": {"username": "root@pam", "password": STALE},
    "static_configs": [{"targets": ["10.30.0.10:8006"]}],
}


def secret(content: bytes, key: str = "prometheus.yaml.gz") -> wire.Answer:
    data = {key: base64.b64encode(content).decode()}
    return wire.answer_json({"kind": "Secret", "metadata": {"name": SECRET}, "data": data})


def gzipped(content: bytes) -> bytes:
    """The same bytes at any time of day: without ``mtime``, gzip writes down when it packed."""
    return gzip.compress(content, mtime=0)


def packed(*jobs: dict[str, Any]) -> wire.Answer:
    return secret(gzipped(yaml.safe_dump({"global": {}, "scrape_configs": list(jobs)}).encode()))


def ask(answer: wire.Answer, folder: pathlib.Path, **options: Any) -> Any:
    (folder / "right").write_text(RIGHT + "\n")
    given = {"namespace": "monitoring", "secret": SECRET, "job": "proxmox-carrick", "username": "root@pam"}
    with wire.Wire() as server:
        server.on("GET", PATH, answer)
        probe = ScrapeCredential(
            transport(server, folder), {**given, "password_file": str(folder / "right"), **options}
        )
        try:
            return probe.ask(time.monotonic() + 10)
        finally:
            assert server.asked() == [f"GET {PATH}"]


@pytest.mark.parametrize(("password", "matches"), [(RIGHT, True), (STALE, False), (RIGHT + "\n", False)])
def test_a_stale_password_is_told_from_the_one_that_works(tmp_path: pathlib.Path, password: str, matches: bool) -> None:
    job = {**CARRICK, "basic_auth": {"username": "root@pam", "password": password}}
    assert ask(packed({"job_name": "other"}, job), tmp_path) == {
        "job_found": True,
        "scheme": "basic",
        "username": "root@pam",
        "username_matches": True,
        "matches": matches,
    }


def test_another_user_is_told_from_another_password(tmp_path: pathlib.Path) -> None:
    job = {**CARRICK, "basic_auth": {"username": "monitor@pve", "password": RIGHT}}
    found = ask(packed(job), tmp_path)
    assert (found["username"], found["username_matches"], found["matches"]) == ("monitor@pve", False, True)
    assert ask(packed(job), tmp_path, username=None)["username_matches"] is None


@pytest.mark.parametrize(
    ("credential", "scheme", "matches"),
    [
        ({"authorization": {"type": "Bearer", "credentials": RIGHT}}, "bearer", True),
        ({"authorization": {"credentials": STALE}}, "bearer", False),
        ({"authorization": {"credentials_file": "/run/token"}}, "bearer", None),
        ({"authorization": {"type": "PVEAPIToken", "credentials": RIGHT}}, "other", True),
        ({"bearer_token": RIGHT}, "bearer", True),
        ({"bearer_token_file": "/run/token"}, "bearer", None),
        ({"basic_auth": {"username": "root@pam", "password_file": "/run/password"}}, "basic", None),
        ({"basic_auth": {"password": RIGHT}}, "basic", True),
        ({"oauth2": {"client_id": "x", "client_secret": RIGHT}}, "other", None),
        ({}, "none", None),
    ],
)
def test_schemes_of_a_job(
    tmp_path: pathlib.Path, credential: dict[str, Any], scheme: str, matches: bool | None
) -> None:
    found = ask(packed({"job_name": "proxmox-carrick", **credential}), tmp_path)
    assert (found["scheme"], found["matches"]) == (scheme, matches)


def test_a_job_that_is_not_configured_is_an_answer(tmp_path: pathlib.Path) -> None:
    assert ask(packed(CARRICK), tmp_path, job="proxmox-ruapehu") == {
        "job_found": False,
        "scheme": "none",
        "username": "",
        "username_matches": None,
        "matches": None,
    }


@pytest.mark.parametrize(
    ("expected", "configs"),
    [
        (1, [{"job_name": "serviceMonitor/monitoring/x/0"}, {"job_name": "x"}]),
        (1, [{"job_name": "xx"}, {"job_name": "scrapeConfig/monitoring/x"}]),
        (0, [{"job_name": "a", "static_configs": [{}, {"labels": {"job": "x"}}]}, {"job_name": "b"}]),
        (1, [{"job_name": "a"}, {"job_name": "b", "relabel_configs": [{"target_label": "job", "replacement": "x"}]}]),
        (None, [{"job_name": "a/x"}, {"job_name": "x/y/z"}, {"relabel_configs": [{"replacement": "x"}]}]),
        (None, []),
    ],
)
def test_a_job_is_found_by_name_by_monitor_or_by_the_label_that_it_sets(
    expected: int | None, configs: list[dict[str, Any]]
) -> None:
    assert find({"scrape_configs": configs}, "x") == (None if expected is None else configs[expected])


def test_an_unpacked_configuration_under_another_key_and_a_password_from_the_environment(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARRICK_PASSWORD", STALE)
    plain = secret(yaml.safe_dump({"scrape_configs": [CARRICK]}).encode(), "prometheus.yaml")
    found = ask(plain, tmp_path, key="prometheus.yaml", password_file=None, password_env="CARRICK_PASSWORD")
    assert found["matches"] is True


def test_a_password_is_the_text_that_prometheus_takes_it_for(tmp_path: pathlib.Path) -> None:
    (tmp_path / "number").write_text("0123")
    content = b"scrape_configs: [{job_name: proxmox-carrick, basic_auth: {username: u, password: 0123}}]"
    found = ask(secret(content), tmp_path, password_file=str(tmp_path / "number"))
    assert found["matches"] is True


def test_each_comparison_has_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []
    real = secrets.token_bytes

    def noted(size: int) -> bytes:
        made.append(real(size))
        return made[-1]

    monkeypatch.setattr(secrets, "token_bytes", noted)
    assert [same("a", "a"), same("a", "b"), same("a", "a" * 99), same("é", "é")] == [True, False, False, True]
    assert len(set(made)) == 4
    assert {len(key) for key in made} == {32}


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        pytest.param(
            gzipped(b"scrape_configs: [{password: pl4nted-stale"),
            "bad_answer",
            "not a configuration in YAML",
            id="torn",
        ),
        pytest.param(gzipped(b"- pl4nted-stale"), "bad_answer", "not a configuration in YAML", id="a list"),
        pytest.param(
            gzipped(b"\xff\xfe pl4nted-stale \xff"), "bad_answer", "not a configuration in YAML", id="no text"
        ),
        pytest.param(
            gzipped(b"scrape_configs: pl4nted-stale"),
            "bad_answer",
            "not the configuration of a Prometheus",
            id="no list",
        ),
        pytest.param(
            gzipped(b"scrape_configs: [{job_name: proxmox-carrick, basic_auth: pl4nted-stale}]"),
            "bad_answer",
            "not the configuration of a Prometheus",
            id="no login",
        ),
        pytest.param(gzipped(b"a: pl4nted-stale")[:-4], "bad_answer", "not whole gzip", id="cut off"),
        pytest.param(b"\x1f\x8bpl4nted-stale", "bad_answer", "not whole gzip", id="not packed"),
        pytest.param(gzipped(b"a" * (16 * 1024 * 1024 + 1)), "too_large", "more than", id="a bomb"),
    ],
)
def test_what_is_no_configuration_is_told_without_a_word_of_it(
    tmp_path: pathlib.Path, content: bytes, kind: str, says: str
) -> None:
    with pytest.raises(ProbeError, match=says) as caught:
        ask(secret(content), tmp_path)
    assert caught.value.kind == kind
    chain = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert not [one for one in chain if "pl4nted" in f"{one!r} {one}"]


def test_what_the_secret_does_not_hold_is_told_by_names(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ProbeError, match=r"has no key prometheus\.yaml; it has prometheus\.yaml\.gz"):
        ask(packed(CARRICK), tmp_path, key="prometheus.yaml")
    odd = wire.answer_json({"metadata": {"name": SECRET}, "data": {"prometheus.yaml.gz": "pl4nted!"}})
    with pytest.raises(ProbeError, match="is not base64"):
        ask(odd, tmp_path)


@pytest.mark.parametrize("status", [403, 404])
def test_a_secret_that_cannot_be_had_makes_the_answer_unknown(tmp_path: pathlib.Path, status: int) -> None:
    with pytest.raises(ProbeError, match=str(status)):
        ask(wire.kube_status(status, "x", "no", SECRET), tmp_path)


def test_a_right_password_that_is_missing_or_empty_is_named_and_nothing_is_asked(tmp_path: pathlib.Path) -> None:
    (tmp_path / "empty").write_text("\n")
    for file in (tmp_path / "missing", tmp_path / "empty"):
        with wire.Wire() as server:
            options = {"namespace": "n", "secret": "s", "job": "j", "password_file": str(file)}
            with pytest.raises(ProbeError) as caught:
                ScrapeCredential(transport(server, tmp_path), options).ask(time.monotonic() + 10)
            assert (caught.value.kind, server.requests) == ("bad_config", [])


@pytest.mark.parametrize("password", [RIGHT, STALE])
def test_no_secret_and_no_digest_is_in_a_value_a_question_a_repr_or_a_log(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    caplog.set_level(logging.DEBUG)
    key = b"k" * 32
    monkeypatch.setattr(secrets, "token_bytes", lambda _size: key)
    job = {**CARRICK, "basic_auth": {"username": "root@pam", "password": password}}
    (tmp_path / "right").write_text(RIGHT)
    with wire.Wire() as server:
        server.on("GET", PATH, packed(job))
        options = {"namespace": "monitoring", "secret": SECRET, "job": "proxmox-carrick"}
        probe = ScrapeCredential(transport(server, tmp_path), {**options, "password_file": str(tmp_path / "right")})
        seen = repr(probe.ask(time.monotonic() + 10)) + probe.question() + repr(vars(probe)) + caplog.text
    digests = [hmac.new(key, text.encode(), "sha256").hexdigest() for text in (RIGHT, STALE)]
    hidden = [RIGHT, STALE, *digests, *(base64.b64encode(text.encode()).decode() for text in (RIGHT, STALE))]
    assert not [one for one in hidden if one in seen]


@pytest.mark.parametrize(
    "wrong",
    [
        {"password_file": None},
        {"password_env": "X"},
        {"secret": "../x"},
        {"namespace": "a/b"},
        {"job": None},
    ],
)
def test_options_that_are_refused(wrong: dict[str, Any]) -> None:
    given = {"namespace": "n", "secret": "s", "job": "j", "password_file": "/p", **wrong}
    with pytest.raises(ProbeError) as caught:
        ScrapeCredential(None, given)
    assert caught.value.kind == "bad_option"
