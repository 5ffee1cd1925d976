# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Selectors as the API's query takes them, and whose pods are whose."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import Workload, owned, selector_text
from tests.unit.fixes.helpers import pod, workload


def test_every_kind_of_expression_is_written_as_the_api_reads_it() -> None:
    selector = {
        "matchLabels": {"b": "2", "a": "1"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["edge", "core"]},
            {"key": "env", "operator": "NotIn", "values": ["test"]},
            {"key": "app", "operator": "Exists"},
            {"key": "old", "operator": "DoesNotExist"},
        ],
    }
    assert selector_text(selector) == "a=1,b=2,tier in (edge,core),env notin (test),app,!old"


def test_pods_of_a_namesake_are_not_its_own() -> None:
    mine, other = pod("mine"), pod("other", owner="another-uid")
    assert owned(workload(), [mine, other]) == [mine]


def test_each_kind_has_its_path() -> None:
    assert Workload("StatefulSet", "db", "main").path == "/apis/apps/v1/namespaces/db/statefulsets/main"
