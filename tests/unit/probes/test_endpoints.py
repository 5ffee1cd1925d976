"""From an endpoint's settings to its transport; secrets on the way."""

from __future__ import annotations

import base64
import logging
import pathlib
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import HttpTransport
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import source_of, transport_for
from ansible_collections.oncall.remedy.plugins.module_utils.probes.promql import Promql
from tests.support import wire
from tests.support.kubeconfig import kubeconfig

SECRET = "pl4nted-s3cret"
VALUE = wire.answer_json({"status": "success", "data": {"resultType": "vector", "result": []}})


def refusal(kind: str | None, settings: Any) -> str:
    with pytest.raises(ProbeError) as caught:
        transport_for(kind, settings)
    assert caught.value.kind == "bad_option"
    return caught.value.message


def shown(settings: dict[str, Any]) -> list[str | None]:
    """The Authorization headers of two questions."""
    with wire.Wire() as server:
        server.on("GET", "/api/v1/query", VALUE)
        transport = transport_for("prometheus", {**settings, "url": server.url})
        for _ in range(2):
            Promql(transport, {"query": "up"}).ask(time.monotonic() + 10)
        return [request.headers.get("authorization") for request in server.requests]


def test_each_kind_has_its_transport() -> None:
    assert isinstance(transport_for("prometheus", {"url": "http://p"}), HttpTransport)
    assert isinstance(transport_for("kubernetes", {"kubeconfig": "/nowhere"}), KubeTransport)
    peers = transport_for("alertmanager", {"urls": ["http://a", "http://b"]})
    assert isinstance(peers, list)
    assert len(peers) == 2
    assert transport_for(None, None) is None


def test_where_answers_come_from(tmp_path: pathlib.Path) -> None:
    assert source_of("prometheus", {"url": "http://p/x", "token_file": "/s"}) == "http://p/x"
    assert source_of("alertmanager", {"urls": ["http://a", "http://b"]}) == "http://a, http://b"
    assert source_of("alertmanager", {"url": "http://a"}) == "http://a"
    assert source_of("kubernetes", {"kubeconfig": kubeconfig("https://api", tmp_path)}) == "https://api"
    assert source_of("kubernetes", {"kubeconfig": "/nowhere"}) == "kubeconfig /nowhere"
    assert source_of(None, None) == ""


def test_settings_that_are_refused() -> None:
    assert "no kind of endpoint 'loki'" in refusal("loki", {})
    assert "the target has no endpoint 'prometheus' (remedy_endpoints.prometheus)" in refusal("prometheus", None)
    assert "endpoint prometheus: option 'url' is missing" in refusal("prometheus", {"ca_path": "/x"})
    assert "endpoint prometheus: no option 'password'; there are ca_path" in refusal(
        "prometheus", {"url": "http://p", "password": SECRET}
    )
    assert "'url' or 'urls' is missing" in refusal("alertmanager", {"ca_path": "/x"})
    assert "a password needs a username" in refusal("prometheus", {"url": "http://p", "password_file": "/x"})


@pytest.mark.parametrize("header", ["Authorization", "cookie", "Proxy-Authorization"])
def test_a_secret_in_the_inventory_is_refused_and_not_repeated(header: str) -> None:
    message = refusal("prometheus", {"url": "http://p", "headers": {header: SECRET}})
    assert header in message
    assert SECRET not in message
    assert SECRET not in refusal("prometheus", {"url": f"http://u:{SECRET}@p"})


@pytest.mark.parametrize("kind", ["kubernetes", "prometheus", "alertmanager"])
def test_transports_of_probes_only_read(tmp_path: pathlib.Path, kind: str) -> None:
    with wire.Wire() as server:
        settings = {
            "kubernetes": {"kubeconfig": kubeconfig(server.url, tmp_path)},
            "prometheus": {"url": server.url},
            "alertmanager": {"url": server.url},
        }[kind]
        made: Any = transport_for(kind, settings)
        write = {
            "kubernetes": lambda: made.delete("/api/v1/namespaces/a/pods/b"),
            "prometheus": lambda: made.request("POST", "/-/reload"),
            "alertmanager": lambda: made[0].request("POST", "/api/v2/silences"),
        }
        with pytest.raises(ProbeError) as caught:
            write[kind]()
        assert (caught.value.kind, server.requests) == ("unsupported", [])


def test_a_token_is_read_from_its_file_at_every_question(tmp_path: pathlib.Path) -> None:
    (tmp_path / "token").write_text(SECRET + "\n")
    assert shown({"token_file": str(tmp_path / "token")}) == [f"Bearer {SECRET}"] * 2


def test_a_token_and_a_password_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROM_SECRET", SECRET)
    assert shown({"token_env": "PROM_SECRET"}) == [f"Bearer {SECRET}"] * 2
    basic = "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()
    assert shown({"username": "me", "password_env": "PROM_SECRET"}) == [basic] * 2


@pytest.mark.parametrize(
    "settings",
    [
        {"token_file": "/nowhere/token"},
        {"token_env": "NO_SUCH_VARIABLE"},
        {"username": "me", "password_file": "/nowhere/p"},
    ],
)
def test_a_secret_that_is_missing_is_named_and_nothing_is_sent(settings: dict[str, str]) -> None:
    with wire.Wire() as server:
        transport = transport_for("prometheus", {**settings, "url": server.url})
        with pytest.raises(ProbeError, match=r"/nowhere|NO_SUCH_VARIABLE") as caught:
            Promql(transport, {"query": "up"}).ask(time.monotonic() + 10)
        assert (caught.value.kind, server.requests) == ("bad_config", [])


@pytest.mark.parametrize("status", [200, 401, 403, 500])
def test_a_planted_secret_is_in_no_value_no_error_no_question_no_repr_and_no_log(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / "token").write_text(SECRET)
    seen = []
    with wire.Wire() as server:
        answer = VALUE if status == 200 else wire.answer_json({"error": "go away"}, status)
        server.on("GET", "/api/v1/query", answer)
        settings = {"url": server.url, "token_file": str(tmp_path / "token")}
        transport = transport_for("prometheus", settings)
        probe = Promql(transport, {"query": "up"})
        try:
            seen.append(repr(probe.ask(time.monotonic() + 10)))
        except ProbeError as error:
            seen += [repr(error), str(error), error.message]
        assert SECRET in server.requests[0].headers["authorization"]
        seen += [
            repr(transport),
            repr(vars(transport)),
            probe.question(),
            source_of("prometheus", settings),
            caplog.text,
        ]
    assert not [text for text in seen if SECRET in text]


@pytest.mark.parametrize("content", ["two words", "line\r\nX-Injected: 1", "caf\u00e9", ""])
def test_what_is_no_token_is_refused_and_not_repeated(tmp_path: pathlib.Path, content: str) -> None:
    (tmp_path / "token").write_text(content)
    with wire.Wire() as server:
        transport = transport_for("prometheus", {"url": server.url, "token_file": str(tmp_path / "token")})
        with pytest.raises(ProbeError) as caught:
            Promql(transport, {"query": "up"}).ask(time.monotonic() + 10)
        assert (caught.value.kind, server.requests) == ("bad_config", [])
    assert not content or content not in caught.value.message
