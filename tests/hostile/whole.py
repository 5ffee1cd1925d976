# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Alerts that are hostile by their shape and not by one text: times, sizes, names of labels, what is missing or double.

Each is what it replaces in an ordinary alert of the name JobDown. A member that is None is left out.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

LABELS = 64


def _labels(**more: Any) -> Json:
    return {"labels": more}


TIMES: dict[str, Json] = {
    "year one": {"startsAt": "0001-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z"},
    "year 9999": {"startsAt": "9999-12-31T23:59:59.999Z"},
    "before the epoch": {"startsAt": "1969-12-31T23:59:59Z"},
    "no zone": {"startsAt": "2026-11-20T10:00:00"},
    "a zone of a day": {"startsAt": "2026-11-20T10:00:00+23:59"},
    "a zone that is none": {"startsAt": "2026-11-20T10:00:00+99:99"},
    "second 60": {"startsAt": "2016-12-31T23:59:60Z"},
    "thirtieth of February": {"startsAt": "2026-02-30T10:00:00Z"},
    "a number as time": {"startsAt": 1_790_000_000},
    "no time": {"startsAt": None},
    "many digits of a second": {"startsAt": "2026-11-20T10:00:00.000000000000000000001Z"},
    "ends before it starts": {"endsAt": "2020-01-01T00:00:00Z"},
}

NAMES: dict[str, Json] = {
    "labels like what a playbook is given": _labels(target="other", inputs='{"job": "x"}', who="root", why="trust"),
    "labels like an answer to an approval": _labels(plan="a1b2c3d4", decision="approve", approve="a1b2c3d4"),
    "labels like variables of Ansible": _labels(
        ansible_host="127.0.0.1", ansible_connection="local", group_names="all"
    ),
    "labels like variables of the engine": _labels(
        remedy_mode="act", remedy_kill_switch="/dev/null", remedy_ledger="x"
    ),
    "labels like what expressions know": _labels(alert="x", target="x", evidence="x", instances="x", job="expressions"),
    "labels like methods": _labels(items="x", keys="x", get="x", update="x", __class__="x", __proto__="x"),
    "labels like metrics": _labels(le="+Inf", quantile="0.5", __name__="up", instance="x"),
    "a label name in other letters": _labels(ｊｏｂ="x", јоb="x"),
    "a label name with dots": _labels(**{"k8s.io/name": "x", "a-b": "x"}),
    "a label name of braces": _labels(**{"{{7*7}}": "x", "{%raw%}": "x"}),
    "a label name that is empty": _labels(**{"": "x"}),
    "a label name of 1000 letters": _labels(**{"a" * 1000: "x"}),
    "a label name with a line break": _labels(**{"a\nb": "x"}),
}

SHAPES: dict[str, Json] = {
    "more labels than there can be": _labels(**{f"l{number}": "x" for number in range(LABELS * 4)}),
    "a label that is a number": _labels(job=7),
    "a label that is a list": _labels(job=["a", {"b": 1}]),
    "a label that is null": _labels(job=None),
    "annotations that are deep": {"annotations": {"a": {"b": {"c": [{"d": "{{ 7 * 7 }}"}]}}}},
    "annotations that are many": {"annotations": {f"a{number}": "x" * 1000 for number in range(LABELS * 2)}},
    "annotations of a megabyte": {"annotations": {"summary": "{{ 7 * 7 }} " * 90_000}},
    "annotations that are a list": {"annotations": ["x"]},
    "fields that nobody knows": {"__ansible_unsafe": "x", "permit": {"token": 1}, "status_": {}, "$ref": "#/x"},
    "a fingerprint that another has": {"fingerprint": "0123456789abcdef"},
    "a fingerprint that another has, with other labels": {"fingerprint": "0123456789abcdef", "labels": {"job": "twin"}},
    "a state that is none": {"status": {"state": "healed", "silencedBy": [], "inhibitedBy": []}},
    "silenced by nobody in particular": {"status": {"state": "suppressed", "silencedBy": [7], "inhibitedBy": None}},
    "nothing but labels": {"annotations": None, "status": None, "startsAt": None, "fingerprint": None},
}

EVERYTHING: dict[str, Json] = {**TIMES, **NAMES, **SHAPES}
