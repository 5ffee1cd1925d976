"""What a kubeconfig says, in every form that is read here, and what it never lets out."""

from __future__ import annotations

import base64
import json
import pathlib
import sys
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils import kubeconfig as subject
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from tests.support import wire
from tests.support.certs import Authority
from tests.support.kubeconfig import kubeconfig

SECRET = "pl4nted-s3cret"


def shown(path: str) -> str | None:
    authorization = subject.read(path).authorization
    return authorization() if authorization else None


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_token_in_the_file(tmp_path: pathlib.Path) -> None:
    assert shown(kubeconfig("https://a", tmp_path, {"token": SECRET})) == f"Bearer {SECRET}"


def test_a_token_in_a_file_of_its_own_is_read_at_every_use(tmp_path: pathlib.Path) -> None:
    (tmp_path / "token").write_text("one\n")
    authorization = subject.read(kubeconfig("https://a", tmp_path, {"tokenFile": "token"})).authorization
    assert authorization is not None
    assert authorization() == "Bearer one"
    (tmp_path / "token").write_text("two\n")
    assert authorization() == "Bearer two"


def test_a_name_and_a_password(tmp_path: pathlib.Path) -> None:
    path = kubeconfig("https://a", tmp_path, {"username": "me", "password": SECRET})
    assert shown(path) == "Basic " + encoded(f"me:{SECRET}")


def test_nobody(tmp_path: pathlib.Path) -> None:
    assert shown(kubeconfig("https://a", tmp_path, {})) is None


def test_a_context_is_chosen_by_its_name(tmp_path: pathlib.Path) -> None:
    path = pathlib.Path(kubeconfig("https://a", tmp_path))
    config = json.loads(path.read_text())
    config["contexts"].append({"name": "other", "context": {"cluster": "d", "user": "u", "namespace": "ns"}})
    config["clusters"].append({"name": "d", "cluster": {"server": "https://d", "tls-server-name": "api"}})
    path.write_text(json.dumps(config))
    access = subject.read(str(path), "other")
    assert (access.server, access.namespace, access.trust.server_name) == ("https://d", "ns", "api")
    assert subject.read(str(path)).server == "https://a"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not valid YAML"),
        ("", "is empty"),
        ("- 1", "no mapping"),
        ("clusters: []", "has no context None"),
        ("current-context: x\ncontexts: [{name: x, context: {cluster: y}}]", "has no cluster 'y'"),
        (
            "current-context: x\ncontexts: [{name: x, context: {cluster: y}}]\nclusters: [{name: y, cluster: {}}]",
            "not an http",
        ),
    ],
)
def test_a_file_that_says_too_little_is_named(tmp_path: pathlib.Path, content: str, words: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(content)
    with pytest.raises(ProbeError, match=words):
        subject.read(str(path))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ProbeError, match="kubeconfig /nowhere: No such file") as caught:
        subject.read("/nowhere")
    assert caught.value.kind == "bad_config"


@pytest.mark.parametrize(
    "user",
    [
        {"token": SECRET + "\r\nX-Evil: 1"},
        {"token": SECRET + " " + SECRET},
        {"client-certificate-data": "%%%", "client-key-data": encoded(SECRET)},
        {"client-certificate-data": encoded(SECRET), "client-key-data": encoded(SECRET)},
    ],
)
def test_a_credential_that_is_none_is_refused_and_not_repeated(tmp_path: pathlib.Path, user: dict[str, Any]) -> None:
    path = kubeconfig("https://127.0.0.1:1", tmp_path, user)
    with pytest.raises(ProbeError) as caught:
        KubeTransport(path).get("/api")
    assert caught.value.kind == "bad_config"
    assert SECRET not in caught.value.message


def test_neither_the_access_nor_the_transport_show_a_secret(tmp_path: pathlib.Path) -> None:
    user = {"token": SECRET, "client-certificate-data": encoded("c" + SECRET), "client-key-data": encoded(SECRET)}
    path = kubeconfig("https://127.0.0.1:1", tmp_path, user)
    assert SECRET not in repr(subject.read(path))
    assert SECRET not in repr(vars(KubeTransport(path)))


def test_the_clusters_own_ca_and_a_client_certificate_are_used(tmp_path: pathlib.Path) -> None:
    authority = Authority()
    mine = authority.issue("me")
    (tmp_path / "ca.crt").write_text(authority.certificate)
    with wire.Wire(authority.issue("api.cluster").context(tmp_path, client_ca=authority.certificate)) as server:
        server.on("GET", "/api", wire.answer_json({}))
        user = {"client-certificate-data": encoded(mine.certificate), "client-key-data": encoded(mine.key)}
        files = {"certificate-authority": "ca.crt", "tls-server-name": "api.cluster"}
        assert KubeTransport(kubeconfig(server.url, tmp_path, user, **files)).get("/api") == {}
        assert server.requests[0].server_name == "api.cluster"


def test_another_ca_is_not_believed(tmp_path: pathlib.Path) -> None:
    with wire.Wire(Authority().issue("127.0.0.1").context(tmp_path)) as server:
        data: dict[str, Any] = {"certificate-authority-data": encoded(Authority().certificate)}
        with pytest.raises(ProbeError) as caught:
            KubeTransport(kubeconfig(server.url, tmp_path, **data)).get("/api")
        assert (caught.value.kind, server.requests) == ("tls", [])


def plugin(folder: pathlib.Path, text: str) -> dict[str, Any]:
    """A user whose credential a program gives."""
    script = folder / "plugin.py"
    script.write_text(text)
    version = "client.authentication.k8s.io/v1"
    command = {"apiVersion": version, "command": sys.executable, "args": [str(script)], "interactiveMode": "Never"}
    return {"exec": command}


def test_a_credential_plugin_is_run_by_the_official_client(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": SECRET},
    }
    user = plugin(tmp_path, f"print({json.dumps(json.dumps(credential))})")
    assert shown(kubeconfig("https://a", tmp_path, user)) == f"Bearer {SECRET}"
    assert list(scratch.iterdir()) == []


def test_a_credential_plugin_that_gives_nothing_is_named(tmp_path: pathlib.Path) -> None:
    path = kubeconfig("https://a", tmp_path, plugin(tmp_path, "raise SystemExit(1)"))
    with pytest.raises(ProbeError, match="gave no credential") as caught:
        subject.read(path)
    assert caught.value.kind == "unauthorized"
