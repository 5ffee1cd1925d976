"""Why scrapes fail, in one word: by what Prometheus 3.10 said of targets that failed in each of these ways."""

from __future__ import annotations

import json
import pathlib
import urllib.parse
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import KINDS as PROBE_KINDS
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, from_status
from ansible_collections.oncall.remedy.plugins.module_utils.probes import failures

RECORDED: dict[str, Any] = json.loads(
    (pathlib.Path(__file__).parent / "recorded" / "scrape_errors.json").read_text(encoding="utf-8")
)

GET = 'Get "http://10.0.0.1:9100/metrics": '

WORDED = {
    # What the machine of the recording did not give: Go's words for other answers of the network and the resolver.
    GET + "dial tcp 10.0.0.1:9100: i/o timeout": "timeout",
    GET + "dial tcp 10.0.0.1:9100: connect: connection timed out": "timeout",
    GET + "context deadline exceeded (Client.Timeout exceeded while awaiting headers)": "timeout",
    GET + "net/http: request canceled (Client.Timeout exceeded while awaiting headers)": "timeout",
    GET + "net/http: TLS handshake timeout": "timeout",
    GET + "dial tcp 10.0.0.1:9100: connect: no route to host": "unreachable",
    GET + "dial tcp 10.0.0.1:9100: connect: host is down": "unreachable",
    GET + "dial tcp: lookup node.example on 10.96.0.10:53: no such host": "dns",
    GET + "dial tcp: lookup node.example on 10.96.0.10:53: server misbehaving": "dns",
    GET + "dial tcp: lookup node.example on 10.96.0.10:53: read udp 10.1.1.1:4->10.96.0.10:53: i/o timeout": "dns",
    GET + "x509: certificate signed by unknown authority": "tls",
    GET + "tls: first record does not look like a TLS handshake": "tls",
    GET + "proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused": "refused",
    "read tcp 10.1.1.1:5->10.0.0.1:9100: i/o timeout": "timeout",
    "read tcp 10.1.1.1:5->10.0.0.1:9100: read: connection reset by peer": "other",
    '"INVALID" is not a valid start token': "body",
    "target_limit exceeded (number of targets: 3, limit: 2)": "body",
    "gzip: invalid header": "body",
}

HOSTILE = {
    # The target's own words, wherever it can put them, decide nothing.
    'Get "http://x/server returned HTTP status 401": EOF': "other",
    'Get "http://x/\\": dial tcp: lookup y: connection refused": EOF': "other",
    GET + 'net/http: HTTP/1.x transport connection broken: malformed HTTP response "connection refused"': "other",
    GET + 'net/http: HTTP/1.x transport connection broken: malformed HTTP response "tls: i/o timeout"': "other",
    'invalid metric type "server returned HTTP status 503"': "body",
    'expected a valid start token, got "x509: " ("INVALID") while parsing: "tls: "': "body",
    "x" * 100_000 + ": connection refused": "other",
}


@pytest.mark.parametrize("name", RECORDED)
def test_what_prometheus_said(name: str) -> None:
    one = RECORDED[name]
    proxied = failures.through_proxy(urllib.parse.urlsplit(one["url"]).path)
    assert proxied == name.startswith("proxy_")
    assert failures.of_scrape(one["error"], proxied) == one["kind"]


@pytest.mark.parametrize("error", [*WORDED, *HOSTILE])
def test_what_it_says_otherwise(error: str) -> None:
    assert failures.of_scrape(error) == {**WORDED, **HOSTILE}[error]


def test_every_word_is_reached_and_none_is_made_up() -> None:
    reached = {one["kind"] for one in RECORDED.values()}
    assert reached | set(WORDED.values()) == set(failures.KINDS)


def test_nothing_failed_where_nothing_is_said() -> None:
    assert (failures.of_scrape(""), failures.of_scrape(" \n")) == ("", "")


def test_503_is_the_proxys_only_where_there_is_one() -> None:
    error = "server returned HTTP status 503 Service Unavailable"
    assert failures.of_scrape(error, proxied=True) == "proxy_unavailable"
    assert failures.of_scrape(error.replace("503", "500"), proxied=True) == "server_error"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/namespaces/argocd/services/argocd-metrics:8082/proxy/metrics", True),
        ("/k8s/clusters/c-1/api/v1/namespaces/a/pods/b:80/proxy", True),
        ("/api/v1/nodes/n1/proxy/metrics/cadvisor", True),
        ("/api/v1/namespaces/a/services/b/proxyless", False),
        ("/api/v1/namespaces/a/secrets/b/proxy/", False),
        ("/proxy/metrics", False),
        ("", False),
    ],
)
def test_paths_through_an_api_server(path: str, expected: bool) -> None:
    assert failures.through_proxy(path) is expected


@pytest.mark.parametrize("kind", PROBE_KINDS)
def test_each_failure_of_our_own_requests_has_one_of_the_words(kind: str) -> None:
    assert failures.of_probe(ProbeError(kind, "x")) in failures.KINDS


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, "unauthorized"), (403, "forbidden"), (404, "not_found"), (503, "unavailable"), (595, "server_error")],
)
def test_statuses_of_our_own_requests_are_worded_as_those_of_scrapes(status: int, kind: str) -> None:
    assert failures.of_probe(from_status(status, "GET https://x/503 y")) == kind
