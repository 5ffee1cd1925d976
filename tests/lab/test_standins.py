"""The stand-ins of those who call humans: that they refuse what the vendors' documents do not allow."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from lab.control_plane import programs
from lab.settings import STANDIN_PORTS, Paths
from lab.standins import arrivals, keys, pagerduty, slack
from lab.standins.web import Reply, Service
from lab.standins.webhook import Webhook

KEY = "a" * 32
PAYLOAD = {"summary": "down", "source": "hetzner", "severity": "critical"}
EVENT: dict[str, Any] = {"routing_key": KEY, "event_action": "trigger", "dedup_key": "k", "payload": PAYLOAD}
DOCUMENTED: dict[str, Any] = {
    "payload": {
        "summary": "Example alert on host1.example.com",
        "timestamp": "2015-07-17T08:42:58.315+0000",
        "source": "monitoringtool:cloudvendor:central-region-dc-01",
        "severity": "info",
        "component": "postgres",
        "group": "prod-datapipe",
        "class": "deploy",
        "custom_details": {"ping time": "1500ms", "load avg": 0.75},
    },
    "routing_key": KEY,
    "dedup_key": "samplekeyhere",
    "images": [{"src": "https://www.example.com/logo.png", "href": "https://example.com/", "alt": "Example text"}],
    "links": [{"href": "https://example.com/", "text": "Link text"}],
    "event_action": "trigger",
    "client": "Sample Monitoring Service",
    "client_url": "https://monitoring.example.com",
}
JSON = {"content-type": "application/json"}


def posted(service: Service, path: str, value: Any, headers: dict[str, str] | None = None) -> Reply:
    reply = service.answer(path, headers or JSON, json.dumps(value).encode())
    assert reply is not None
    return reply


def without(holder: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in holder.items() if name not in names}


@pytest.mark.parametrize(
    "event",
    [
        EVENT,
        DOCUMENTED,
        without(EVENT, "dedup_key"),
        {"routing_key": KEY, "dedup_key": "k", "event_action": "acknowledge"},
        {"routing_key": KEY, "dedup_key": "k", "event_action": "resolve"},
    ],
)
def test_pagerduty_takes_the_events_that_its_documents_show(event: Any) -> None:
    reply = posted(pagerduty.PagerDuty(), "/v2/enqueue", event)
    assert reply.status == 202
    answer = json.loads(reply.body)
    assert (answer["status"], answer["message"]) == ("success", "Event processed")
    assert answer["dedup_key"] == event.get("dedup_key", answer["dedup_key"]) != ""


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ([], "the event is no object"),
        (without(EVENT, "routing_key"), "'routing_key' has to be the 32 characters of an integration key"),
        ({**EVENT, "routing_key": "short"}, "'routing_key' has to be the 32 characters of an integration key"),
        ({**EVENT, "event_action": "close"}, "'event_action' has to be one of trigger, acknowledge, resolve"),
        ({**EVENT, "dedup_key": "x" * 256}, "'dedup_key' has 256 characters, and may have 255"),
        ({"routing_key": KEY, "event_action": "resolve"}, "'dedup_key' is required unless the action is trigger"),
        ({**EVENT, "extra": 1}, "'extra' is no member of an event"),
        (without(EVENT, "payload"), "'payload' is required with a trigger, and is an object"),
        ({**EVENT, "payload": {**PAYLOAD, "extra": 1}}, "'payload.extra' is no member of a payload"),
        ({**EVENT, "payload": without(PAYLOAD, "source")}, "'payload.source' is missing or blank"),
        ({**EVENT, "payload": {**PAYLOAD, "summary": " "}}, "'payload.summary' is missing or blank"),
        (
            {**EVENT, "payload": {**PAYLOAD, "summary": "x" * 1025}},
            "'payload.summary' has 1025 characters, and may have 1024",
        ),
        (
            {**EVENT, "payload": {**PAYLOAD, "severity": "page"}},
            "'payload.severity' is invalid (must be one of critical, error, warning, info)",
        ),
        ({**EVENT, "payload": {**PAYLOAD, "timestamp": "noon"}}, "'payload.timestamp' is no ISO 8601 time with a zone"),
        ({**EVENT, "payload": {**PAYLOAD, "custom_details": "x"}}, "'payload.custom_details' is no object"),
        ({**EVENT, "images": [{"src": "http://x/y.png"}]}, "an image has to be served by https"),
        ({**EVENT, "links": [{"text": "x"}]}, "'links' holds what has no href"),
    ],
)
def test_pagerduty_refuses_what_its_documents_do_not_allow_and_says_what(event: Any, problem: str) -> None:
    service = pagerduty.PagerDuty()
    reply = posted(service, "/v2/enqueue", event)
    assert (reply.status, json.loads(reply.body)["errors"]) == (400, [problem])
    assert (service.open, service.arrivals.accepted) == (set(), [])


@pytest.mark.parametrize(
    ("headers", "body"),
    [({}, b"{}"), ({"content-type": "text/plain"}, b"{}"), (JSON, b"{"), (JSON, b" " * (512 * 1024 + 1))],
)
def test_pagerduty_refuses_what_is_no_event_at_all(headers: dict[str, str], body: bytes) -> None:
    reply = pagerduty.PagerDuty().answer("/v2/enqueue", headers, body)
    assert reply is not None
    assert reply.status == 400


def test_pagerduty_knows_its_own_integrations_and_keeps_no_key() -> None:
    service = pagerduty.PagerDuty(routing_keys=("b" * 32,))
    assert json.loads(posted(service, "/v2/enqueue", EVENT).body)["errors"] == ["Invalid routing key"]
    assert KEY not in json.dumps(service.arrivals.all)


def test_pagerduty_keeps_one_alert_for_a_dedup_key_until_it_is_resolved() -> None:
    service = pagerduty.PagerDuty()
    for _time in range(2):
        posted(service, "/v2/enqueue", EVENT)
    assert (service.open, service.triggers) == ({"k"}, {"k": 2})
    posted(service, "/v2/enqueue", {"routing_key": KEY, "dedup_key": "k", "event_action": "resolve"})
    assert service.open == set()


SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}


@pytest.mark.parametrize("message", [{"text": "x"}, {"blocks": [SECTION]}, {"text": "x", "blocks": [SECTION] * 50}])
def test_slack_takes_a_text_or_blocks_and_says_ok(message: Any) -> None:
    reply = posted(slack.Slack(), "/services/T/B/x", message)
    assert (reply.status, reply.body) == (200, b"ok")


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ([], "invalid_payload"),
        ({"txt": "x"}, "invalid_payload"),
        ({"text": 3}, "invalid_payload"),
        ({}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": [SECTION] * 51}, "invalid_blocks"),
        ({"blocks": [{"type": "mrkdwn"}]}, "invalid_blocks"),
        ({"blocks": [{"type": "section", "text": "x"}]}, "invalid_blocks"),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}]}, "invalid_blocks"),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]}, "invalid_blocks"),
    ],
)
def test_slack_refuses_what_its_documents_do_not_allow_with_its_own_words(message: Any, error: str) -> None:
    reply = posted(slack.Slack(), "/services/T/B/x", message)
    assert (reply.status, reply.body.decode()) == (400, error)


def test_slack_knows_only_its_own_secret_path() -> None:
    service = slack.Slack(path="/services/T/B/secret")
    assert posted(service, "/services/T/B/other", {"text": "x"}).body == b"no_service"
    assert posted(service, "/services/T/B/secret", {"text": "x"}).status == 200


def test_the_webhook_wants_its_token_and_every_member() -> None:
    service = Webhook(token="t")
    assert posted(service, "/", {}).status == 401
    assert posted(service, "/", {}, {"authorization": "Bearer t"}).status == 422


def test_what_arrived_is_kept_in_files_for_their_owner_and_shown_in_order(tmp_path: Path) -> None:
    chat, pager = slack.Slack(tmp_path / "slack.jsonl"), pagerduty.PagerDuty(tmp_path / "pagerduty.jsonl")
    posted(pager, "/v2/enqueue", EVENT)
    posted(chat, "/services/T/B/x", {"text": "up\x1b[2J"})
    posted(chat, "/services/T/B/x", {})
    lines = [arrivals.line(one)[9:] for one in arrivals.read(tmp_path)]
    assert lines == [
        "pagerduty took: trigger k down",
        "slack     took: up\ufffd[2J",
        "slack     refused (no_text: nothing to show): ",
    ]
    assert stat.S_IMODE((tmp_path / "slack.jsonl").stat().st_mode) == 0o600


def test_the_labs_keys_are_private_and_stay_what_they_are(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "run", tmp_path / "cache")
    keys.create(paths)
    made = {path.name: path.read_text(encoding="utf-8") for path in paths.standins.iterdir()}
    keys.create(paths)
    assert {path.name: path.read_text(encoding="utf-8") for path in paths.standins.iterdir()} == made
    assert [oct(path.stat().st_mode & 0o777) for path in paths.standins.iterdir()] == ["0o600"] * 3
    assert pagerduty.faults({**EVENT, "routing_key": made["routing-key"].strip()}) == []


def test_every_stand_in_is_a_program_of_the_lab(tmp_path: Path) -> None:
    binaries = dict.fromkeys(
        ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "alertmanager"), Path("/bin/true")
    )
    made = {program.name: program for program in programs(Paths(tmp_path, tmp_path), binaries)}
    assert [list(made[name].command)[-2:] for name in STANDIN_PORTS] == [
        ["lab.standins", name] for name in STANDIN_PORTS
    ]
