# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading Alertmanager's answer: tolerant per alert, strict per value; the schema and the reader agree."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.plugin_utils.alerts.alert import PayloadError, parse_alerts
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.schema import schema


def alert(**changed: Any) -> dict[str, Any]:
    """An alert as Alertmanager 0.28 lists it."""
    return {
        "annotations": {"description": "two\nlines", "summary": "No Traefik target"},
        "endsAt": "2026-11-21T02:55:22.123Z",
        "fingerprint": "8f3c1a2b3c4d5e6f",
        "receivers": [{"name": "page"}],
        "startsAt": "2026-11-21T02:51:22.123456789Z",
        "status": {"inhibitedBy": [], "mutedBy": [], "silencedBy": [], "state": "active"},
        "updatedAt": "2026-11-21T02:51:22.123Z",
        "generatorURL": "http://prometheus:9090/graph?g0.expr=x",
        "labels": {"alertname": "TraefikDown", "severity": "page"},
        **changed,
    }


def labelled(**labels: Any) -> dict[str, Any]:
    return alert(labels={"alertname": "TraefikDown", **labels})


def test_an_alert_is_read_as_it_is() -> None:
    alerts, rejected = parse_alerts("lab", [alert()])
    assert rejected == []
    one = alerts[0]
    assert (one.source, one.name, one.state, one.fingerprint) == ("lab", "TraefikDown", "active", "8f3c1a2b3c4d5e6f")
    assert one.starts_at == pytest.approx(1795229482.123456)
    assert one.annotations["description"] == "two\nlines"


BROKEN = {
    "no mapping": (5, "it has to be a mapping"),
    "no labels": ({key: value for key, value in alert().items() if key != "labels"}, "labels is missing"),
    "no name": (alert(labels={"severity": "page"}), "alertname is missing"),
    "an empty name": (labelled(alertname=""), "alertname is missing"),
    "a number as label": (labelled(x=5), "it has to be a text"),
    "too many labels": (labelled(**{f"l{index}": "x" for index in range(64)}), "at most 64"),
    "a huge label": (labelled(x="y" * 4097), "at most 4,096"),
    "a label with NUL": (labelled(x="a\x00b"), "control character"),
    "a label with an escape sequence": (labelled(x="\x1b[2J"), "control character"),
    "a label that is no Unicode": (labelled(x="\ud800"), "control character"),
    "a label name with a line end": (labelled(**{"a\nb": "x"}), "label name"),
    "an empty label name": (labelled(**{"": "x"}), "label name"),
    "a fingerprint that is a path": (alert(fingerprint="../../etc/passwd"), "16 hexadecimal digits"),
    "a fingerprint in capitals": (alert(fingerprint="8F3C1A2B3C4D5E6F"), "16 hexadecimal digits"),
    "an unknown state": (alert(status={"state": "asleep"}), "allowed: active, suppressed, unprocessed"),
    "no state": (alert(status={}), "status.state is null"),
    "a time without zone": (alert(startsAt="2026-11-21T02:51:22"), "RFC 3339"),
    "a day that there is not": (alert(startsAt="2026-13-41T02:51:22Z"), "RFC 3339"),
    "a number as time": (alert(startsAt=1795229482), "RFC 3339"),
    "a list as silencedBy": (alert(status={"state": "suppressed", "silencedBy": "x"}), "silencedBy"),
    "an annotation that is a list": (alert(annotations={"x": []}), "annotation x"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_alert_is_rejected_with_the_reason_and_spoils_no_other(name: str) -> None:
    raw, reason = BROKEN[name]
    alerts, rejected = parse_alerts("lab", [alert(), raw, alert()])
    assert len(alerts) == 2
    assert reason in rejected[0].reason
    assert len(rejected[0].excerpt) <= 301
    assert rejected[0].excerpt.isascii() or rejected[0].excerpt.endswith("…")


@pytest.mark.parametrize("name", BROKEN)
def test_the_schema_rejects_what_the_reader_rejects(name: str) -> None:
    assert not jsonschema.Draft202012Validator(schema("alert")).is_valid([BROKEN[name][0]])


HOSTILE = [
    "{{ lookup('pipe', 'id') }}",
    '"} or vector(1)',
    "../../../etc/passwd",
    "a\nb\tc",
    "\u202egnp.exe",
    "x" * 4096,
    "; rm -rf /",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_passes_through_as_it_is(text: str) -> None:
    alerts, rejected = parse_alerts("lab", [labelled(x=text)])
    assert rejected == []
    assert alerts[0].labels["x"] == text


def test_prose_is_cut_and_made_readable_instead_of_rejected() -> None:
    alerts, _rejected = parse_alerts("lab", [alert(annotations={"d": "a\x00\ud800b", "long": "x" * 100_000})])
    assert alerts[0].annotations["d"] == "a\ufffd\ufffdb"
    assert len(alerts[0].annotations["long"]) == 16_385


def test_members_that_may_be_missing_or_null_are() -> None:
    raw = alert(annotations=None, generatorURL=None, status={"state": "suppressed", "silencedBy": None})
    alerts, rejected = parse_alerts("lab", [raw])
    assert rejected == []
    assert (alerts[0].annotations, alerts[0].silenced_by, alerts[0].generator_url) == ({}, (), "")
    assert jsonschema.Draft202012Validator(schema("alert")).is_valid([raw])


@pytest.mark.parametrize("payload", [{"status": "error"}, None, "[]", 5, [{}] * 10_001])
def test_what_is_no_list_of_alerts_is_no_answer_at_all(payload: Any) -> None:
    with pytest.raises(PayloadError):
        parse_alerts("lab", payload)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.sampled_from(list(alert())), VALUES))
def test_whatever_comes_is_read_or_rejected_as_the_schema_says(changed: dict[str, Any]) -> None:
    raw = alert(**changed)
    alerts, rejected = parse_alerts("lab", [raw])
    assert len(alerts) + len(rejected) == 1
    valid = jsonschema.Draft202012Validator(schema("alert")).is_valid([raw])
    assert bool(alerts) == valid
    json.dumps([one.labels for one in alerts]).encode()


@given(st.text())
def test_any_label_value_is_read_or_rejected_as_the_schema_says(text: str) -> None:
    alerts, _rejected = parse_alerts("lab", [labelled(x=text)])
    assert bool(alerts) == jsonschema.Draft202012Validator(schema("alert")).is_valid([labelled(x=text)])
