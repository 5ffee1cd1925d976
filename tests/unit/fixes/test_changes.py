# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The diff that a human reads and a case keeps."""

from __future__ import annotations

import copy

import pytest
import yaml

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import changes
from tests.unit.fixes.helpers import template, workload


def test_only_what_differs_is_shown() -> None:
    before = workload()
    after = copy.deepcopy(before)
    after["spec"]["template"]["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": "now"}
    shown = changes.diff(before, after)
    assert yaml.safe_load(shown["after"]) == {
        "spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}
    }
    assert shown["before_header"] == "DaemonSet traefik/traefik before"


def test_a_container_is_named_and_only_its_changed_field_shown() -> None:
    old = {"containers": [{"name": "a", "image": "x", "args": ["--good"]}, {"name": "b", "image": "y"}]}
    new = {"containers": [{"name": "a", "image": "x", "args": ["--bad"]}, {"name": "b", "image": "y"}]}
    assert changes.difference(old, new) == (
        {"containers": [{"name": "a", "args": ["--good"]}]},
        {"containers": [{"name": "a", "args": ["--bad"]}]},
    )


def test_a_list_whose_members_changed_places_is_shown_whole() -> None:
    old, new = [{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}]
    assert changes.difference(old, new) == (old, new)


def test_what_the_cluster_keeps_in_an_object_is_no_change() -> None:
    before = workload()
    after = copy.deepcopy(before)
    after["metadata"].update(resourceVersion="900", generation=4, managedFields=[{"manager": "x"}])
    after["metadata"]["annotations"]["deprecated.daemonset.template.generation"] = "4"
    after["status"] = {"numberReady": 0}
    shown = changes.diff(before, after)
    assert (shown["before"], shown["after"]) == ("", "")


@pytest.mark.parametrize(
    "argument",
    [
        "--certificatesresolvers.le.acme.eab.token=s3cr3t",
        "--db-password=s3cr3t",
        "exec app --api_key=s3cr3t --verbose",
        "--upstream=https://user:s3cr3t@example.org/",
    ],
)
def test_a_secret_in_an_argument_is_hidden_and_its_change_still_seen(argument: str) -> None:
    before = workload(pod_template=template(argument))
    after = workload(pod_template=template(argument.replace("s3cr3t", "n3w")))
    shown = changes.diff(before, after)
    assert "s3cr3t" not in shown["before"]
    assert "n3w" not in shown["after"]
    assert shown["before"] != shown["after"]


def test_environment_values_are_hidden_and_their_change_still_seen() -> None:
    before = workload()
    before["spec"]["template"]["spec"]["containers"][0]["env"] = [
        {"name": "PIN", "value": "1234"},
        {"name": "A", "value": "1"},
    ]
    after = copy.deepcopy(before)
    after["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = "5678"
    shown = changes.diff(before, after)
    assert "1234" not in shown["before"]
    assert "5678" not in shown["after"]
    (container,) = yaml.safe_load(shown["after"])["spec"]["template"]["spec"]["containers"]
    assert [entry["name"] for entry in container["env"]] == ["PIN"]


def test_parameters_of_a_scrape_are_hidden() -> None:
    assert "s3cr3t" not in str(changes.hidden({"endpoints": [{"params": {"key": ["s3cr3t"]}}]}))
