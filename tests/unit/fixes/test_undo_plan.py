# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which revision a rollback goes to, and what it sends."""

from __future__ import annotations

import json

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.revisions import (
    Revision,
    from_controller_revisions,
    from_replica_sets,
)
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.undo import Step, choose, patch_for
from tests.unit.fixes.helpers import controller_revision, replica_set, template, workload

KNOWN = [Revision(number, f"h{number}", template(f"--v{number}")) for number in (3, 6, 7)]


def chosen(to_revision: int, expected: int = 0) -> int | None:
    step = choose("roll back", KNOWN, to_revision, expected)
    return step.target.number if step else None


def test_without_a_number_it_is_the_one_before_the_newest() -> None:
    assert chosen(0) == 6


def test_restarts_of_the_one_that_stands_are_left_aside() -> None:
    stamps = {"kubectl.kubernetes.io/restartedAt": "now", "oncall.remedy/incident": "b81e"}
    known = [
        Revision(3, "good", template("--good", annotations={"kubectl.kubernetes.io/restartedAt": "before"})),
        Revision(6, "bad", template("--bad")),
        Revision(7, "bad-restarted", template("--bad", annotations=stamps)),
    ]
    step = choose("roll back", known, 0, 7)
    assert step is not None
    assert step.target.number == 3
    assert choose("roll back", known, 6, 7) is not None
    with pytest.raises(FixFailed, match="not kept"):
        choose("roll back", known[1:], 0, 7)


def test_a_named_revision_is_taken() -> None:
    assert chosen(3, expected=7) == 3


def test_the_revision_that_stands_needs_nothing() -> None:
    assert chosen(7) is None


def test_a_revision_that_is_not_kept_is_refused_with_those_that_are() -> None:
    with pytest.raises(FixFailed, match=r"not kept; revision 7 stands, kept are: 3, 6, 7"):
        chosen(5)


def test_another_newest_revision_than_was_diagnosed_is_refused() -> None:
    with pytest.raises(FixFailed, match="revision 7 stands, not revision 6 that was diagnosed"):
        chosen(0, expected=6)


def test_the_only_revision_has_none_before_it() -> None:
    with pytest.raises(FixFailed, match="not kept"):
        choose("roll back", KNOWN[:1], 0, 0)


def test_controller_revisions_are_sorted_by_number_and_bare_of_the_directive() -> None:
    old_style = controller_revision(2, "b", template("--two"))
    old_style["data"]["spec"]["template"]["metadata"]["creationTimestamp"] = None
    found = from_controller_revisions([controller_revision(10, "c", template("--ten")), old_style])
    assert [(one.number, one.hash) for one in found] == [(2, "b"), (10, "c")]
    assert found[0].template == template("--two")


def test_replica_sets_give_their_template_without_the_controllers_label() -> None:
    unnoticed = replica_set(5, "x", template("--x"))
    del unnoticed["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
    found = from_replica_sets([replica_set(4, "b", template("--four"), "image 4"), unnoticed])
    assert found == [Revision(4, "b", template("--four"), "image 4")]


def test_the_patch_replaces_the_template_and_keeps_other_annotations() -> None:
    body = patch_for(workload(), Step(KNOWN[2], KNOWN[1]), "3f2a", "rollout_undo")
    assert body["spec"] == {"template": {"$patch": "replace", **template("--v6")}}
    assert json.loads(body["metadata"]["annotations"].pop("oncall.remedy/former")) == {
        "revision": 7,
        "restored": 6,
        "hash": "h6",
    }
    assert body["metadata"]["annotations"] == {
        "oncall.remedy/incident": "3f2a",
        "oncall.remedy/action": "rollout_undo",
    }


@pytest.mark.parametrize(("before", "wanted"), [("image 6", "image 6"), ("", None)])
def test_a_deployments_change_cause_goes_back_with_its_template(before: str, wanted: str | None) -> None:
    thing = workload("Deployment")
    thing["metadata"]["annotations"]["kubernetes.io/change-cause"] = "image 7"
    target = Revision(6, "h6", template("--v6"), before)
    assert (
        patch_for(thing, Step(KNOWN[2], target), "3f2a", "rollout_undo")["metadata"]["annotations"][
            "kubernetes.io/change-cause"
        ]
        == wanted
    )
