# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a human is told, made of a case."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.case import empty_case
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation import message
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval, Escalation

CASES = Path(__file__).resolve().parents[1] / "report" / "cases"
CALL = Escalation(
    7, "e1", 1, "platform", "restart of DaemonSet/traefik/traefik failed: 403", "recorded", 0, 100.0, 100.0, None, ""
)
APPROVAL = Approval(
    "4f2a91c0", "approval", "e1", "hetzner", "restart", "outage", "why", {}, "p", "e", "waiting", 100.0, 3700.0
)


def case(**more: Any) -> dict[str, Any]:
    return {
        **empty_case(),
        "id": "e1",
        "target": "hetzner",
        "runbook": "traefik_down",
        "alertname": "TraefikDown",
        **more,
    }


def rows(told: message.Message) -> dict[str, str]:
    return dict(told.rows)


def test_a_call_says_what_where_why_what_was_done_what_next_and_which_case() -> None:
    told = message.call(CALL, case(outcome="failed", next="A human has to look.", opened_at=40.0), None, 100.0)
    assert told.title == "TraefikDown · hetzner: restart of DaemonSet/traefik/traefik failed: 403"
    assert rows(told) == {
        "why": "restart of DaemonSet/traefik/traefik failed: 403",
        "state": "failed",
        "where": "hetzner, alert TraefikDown, runbook traefik_down",
        "done": "Nothing was changed.",
        "next": "A human has to look.",
        "case": "e1, since 1970-01-01T00:00:40Z",
        "for": "platform",
    }
    assert (told.key, told.severity, told.source, told.group) == (
        "oncall-remedy/e1/1",
        "error",
        "hetzner",
        "traefik_down",
    )
    assert told.text.startswith(f"{told.title}\n\nwhy: restart")


def test_a_plan_that_waits_is_told_with_the_command_that_approves_it() -> None:
    told = rows(message.call(CALL, case(), APPROVAL, 100.0))
    assert "oncall.remedy.approve -e plan=4f2a91c0 -e decision=approve" in told["approve"]
    assert "until 1970-01-01T01:01:40Z" in told["approve"]


@pytest.mark.parametrize("state", ["approved", "rejected", "used", "void", "expired"])
def test_what_is_decided_already_is_not_asked_for(state: Any) -> None:
    assert "approve" not in rows(message.call(CALL, case(), dataclasses.replace(APPROVAL, state=state), 100.0))


def test_the_second_level_says_how_long_nobody_has_ended_it_and_is_critical() -> None:
    told = message.call(dataclasses.replace(CALL, level=2), case(opened_at=100.0), None, 1000.0)
    assert "nobody has ended it in the 15 min since it began" in rows(told)["state"]
    assert (told.severity, rows(told)["for"], told.key) == ("critical", "platform (level 2)", "oncall-remedy/e1/2")


@pytest.mark.parametrize(
    ("label", "severity"),
    [("critical", "critical"), ("page", "critical"), ("Warning", "warning"), ("info", "info"), ("sev3", "error")],
)
def test_the_severity_is_the_alerts_in_the_words_of_the_common_event_format(label: str, severity: str) -> None:
    told = message.call(CALL, case(alert={"name": "X", "labels": {"severity": label}}), None, 100.0)
    assert told.severity == severity


def test_a_call_that_arrives_after_the_incident_says_so() -> None:
    told = message.call(CALL, case(outcome="healed", closed_at=900.0), None, 1000.0)
    assert "closed at 1970-01-01T00:15:00Z; this call could not be delivered earlier" in rows(told)["state"]


def test_a_call_that_is_made_at_the_end_itself_is_not_late() -> None:
    told = message.call(CALL, case(outcome="healed", closed_at=CALL.recorded_at), None, 1000.0)
    assert rows(told)["state"] == "healed"


def test_the_word_that_it_is_over_says_how_it_ended_and_after_how_long() -> None:
    told = message.clear(
        CALL, case(outcome="healed", headline="Restart healed it.", opened_at=100.0, closed_at=700.0), 710.0
    )
    assert told.title == "Over: TraefikDown · hetzner (healed)"
    assert rows(told)["over"] == "healed after 10 min: the remedy helped"
    assert (told.kind, told.key) == ("clear", "oncall-remedy/e1/1")


def test_an_outage_of_the_engine_is_told_with_how_often_it_was_seen() -> None:
    told = message.engine("k", "a sweep failed", "no ledger", "controller", 100.0, 12, 820.0)
    assert rows(told)["since"] == "1970-01-01T00:01:40Z, 12 min ago; seen 12 times"
    assert (told.severity, told.source) == ("critical", "controller")


def test_hostile_and_secret_texts_stay_on_their_line_and_are_visible_and_redacted() -> None:
    hostile = "a\r\nBcc: x\x1b[2J\u202e Authorization: Bearer s3cretS3cretS3cret1"
    called = dataclasses.replace(CALL, why=hostile, to=hostile)
    everything = case(
        alertname=hostile, target=hostile, runbook=hostile, next=hostile, headline=hostile, source=hostile
    )
    for told in (message.call(called, everything, None, 1.0), message.clear(called, everything, 1.0)):
        texts = [
            told.title,
            told.source,
            told.component,
            told.group,
            told.subject,
            *(text for _label, text in told.rows),
        ]
        assert [text for text in texts if not text.isprintable()] == []
        assert "s3cret" not in "".join(texts)
        assert len(told.text.splitlines()) == 2 + len(told.rows)


@pytest.mark.parametrize("path", sorted(CASES.glob("*.json")), ids=lambda path: str(path.stem))
def test_every_kind_of_case_can_be_told(path: Path) -> None:
    told = json.loads(path.read_text(encoding="utf-8"))
    for made in (message.call(CALL, told, APPROVAL, 1e9), message.clear(CALL, told, 1e9)):
        assert made.title
        assert len(made.title) <= 300
        assert all(text for _label, text in made.rows)


def test_a_case_that_is_not_there_yet_is_told_as_far_as_it_is_known() -> None:
    told = message.call(CALL, {}, None, 1.0)
    assert told.source == "nowhere"
    assert rows(told)["why"].startswith("restart")


def test_a_call_carries_what_its_runbook_says_that_one_has_to_know() -> None:
    briefing = [["Service itself", "3 of 3 pods are ready"], ["Network path", "(reach is unknown:\n no answer)"]]
    told = rows(message.call(CALL, case(diagnosis={"briefing": briefing}), None, 100.0))
    assert told["Service itself"] == "3 of 3 pods are ready"
    assert "\n" not in told["Network path"]
