# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The values of Traefik's chart: completed without touching anything else, and whether they can be rolled."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import rolling_update
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.helm_values import completed, shown, trusted
from tests.unit.fixes.helpers import Json, workload

FLAG = "--entrypoints.web.forwardedHeaders.trustedIPs="
TEXT = f"""\
deployment:
  kind: DaemonSet # was Deployment
additionalArguments:
  # Cloudflare
  - "{FLAG}173.245.48.0/20,103.21.244.0/22"
  - '--ping'
hostNetwork: true
"""
MORE = "2400:cb00::/32"


def arguments(text: str) -> list[str]:
    found: list[str] = yaml.safe_load(text)["additionalArguments"]
    return found


def test_only_what_is_missing_is_added_and_comments_stay() -> None:
    text = completed("x", TEXT, {"web": ["103.21.244.0/22", MORE]})
    assert text == TEXT.replace("103.21.244.0/22", f"103.21.244.0/22,{MORE}")


@pytest.mark.parametrize("wanted", ["173.245.48.0/20", "173.245.49.7", "103.21.245.0/24"])
def test_what_a_network_that_is_there_covers_is_not_missing(wanted: str) -> None:
    assert completed("x", TEXT, {"web": [wanted]}) == TEXT


def test_an_empty_list_is_filled_as_the_seed_has_it() -> None:
    text = f'additionalArguments:\n- "{FLAG}"\n'
    assert arguments(completed("x", text, {"web": [MORE]})) == [FLAG + MORE]


def test_the_name_of_the_argument_is_found_however_it_is_written() -> None:
    text = "additionalArguments: [--entryPoints.WEB.forwardedheaders.trustedips=10.0.0.0/8]\n"
    assert arguments(completed("x", text, {"web": [MORE]})) == [
        f"--entryPoints.WEB.forwardedheaders.trustedips=10.0.0.0/8,{MORE}"
    ]


@pytest.mark.parametrize(
    "text",
    ["", "hostNetwork: true", "# nothing\n", "additionalArguments:\n", "additionalArguments: []\nhostNetwork: true\n"],
)
def test_where_no_argument_is_there_it_is_added(text: str) -> None:
    made = completed("x", text, {"web": [MORE]})
    assert arguments(made) == [FLAG + MORE]
    assert {**(yaml.safe_load(text) or {}), "additionalArguments": [FLAG + MORE]} == yaml.safe_load(made)


@pytest.mark.parametrize("dash", ["  - ", "- "])
def test_an_argument_for_another_entry_point_follows_the_last_one(dash: str) -> None:
    text = f"additionalArguments:\n{dash}--ping # alive\n# the end\nhostNetwork: true\n"
    assert completed("x", text, {"web": [MORE]}) == (
        f'additionalArguments:\n{dash}--ping # alive\n{dash}"{FLAG}{MORE}"\n# the end\nhostNetwork: true\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        f"additionalArguments: [--ping, '{FLAG}10.0.0.0/8']\n",
        f"additionalArguments:\n  - >-\n    {FLAG}10.0.0.0/8\n",
        f'additionalArguments:\n  - "{FLAG[:20]}\\\n    {FLAG[20:]}10.0.0.0/8"\n',
    ],
    ids=["in brackets", "folded", "over two lines"],
)
def test_however_it_is_laid_out_it_says_the_right_thing_afterwards(text: str) -> None:
    before = arguments(text)
    assert arguments(completed("x", text, {"web": [MORE]})) == [*before[:-1], f"{before[-1]},{MORE}"]


def test_both_entry_points_are_completed() -> None:
    made = arguments(completed("x", TEXT, {"websecure": [MORE], "web": [MORE]}))
    assert made[0].endswith(MORE)
    assert made[-1] == f"--entrypoints.websecure.forwardedHeaders.trustedIPs={MORE}"


def test_completing_twice_changes_nothing_more() -> None:
    once = completed("x", TEXT, {"web": [MORE], "websecure": [MORE]})
    assert completed("x", once, {"web": [MORE], "websecure": [MORE]}) == once


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ports: {web: {forwardedHeaders: {trustedIPs: [10.0.0.0/8]}}}", r"ports\.web\.forwardedHeaders"),
        (f"additionalArguments: ['{FLAG}10.0.0.0/8', '{FLAG}11.0.0.0/8']", "stands there 2 times"),
        (f"additionalArguments: ['{FLAG}ten']", "neither a network nor an address"),
        ("additionalArguments: --ping", "is no list"),
        ("a: [", "cannot be used: not YAML"),
        ("- a", "cannot be used: not a mapping"),
    ],
)
def test_what_cannot_be_completed_is_refused(text: str, said: str) -> None:
    with pytest.raises(FixFailed, match=said):
        completed("x", text, {"web": [MORE]})


@pytest.mark.parametrize(
    "given",
    [
        {"web": []},
        {"web": "10.0.0.0/8"},
        {"web": ["10.0.0.0/8,11.0.0.0/8"]},
        {"web": ['10.0.0.0/8"\n- --api.insecure']},
        {"web.x": ["10.0.0.0/8"]},
    ],
)
def test_networks_that_are_none_are_refused(given: Any) -> None:
    with pytest.raises(FixFailed, match="read option trusted_ips"):
        trusted(given)


def test_a_diff_shows_no_text_under_the_name_of_a_secret() -> None:
    made = shown("env:\n  apiToken: abc\n  list: [{password: hunter2}]\nreplicas: 2\n")
    assert made["replicas"] == 2
    assert "abc" not in str(made)
    assert "hunter2" not in str(made)
    assert shown("a: [") == "(4 characters that are no YAML)"


def rolling(**fields: Any) -> Json:
    return {"updateStrategy": {"rollingUpdate": fields}}


GOOD = rolling(maxUnavailable=1, maxSurge=0)


def daemon_set(**fields: Any) -> Json:
    made = workload(desiredNumberScheduled=3)
    made["spec"].update(rolling(**fields))
    return made


class TestRollingUpdate:
    """maxUnavailable of one or more and maxSurge 0: two pods cannot have one port of a node."""

    @pytest.mark.parametrize(
        ("fields", "values"),
        [
            ({"maxUnavailable": 1, "maxSurge": 0}, {}),
            ({"maxUnavailable": "34%", "maxSurge": "0%"}, {}),
            ({}, {}),
            ({"maxUnavailable": 2}, GOOD),
        ],
    )
    def test_the_rule_is_kept(self, fields: Json, values: Json) -> None:
        rolling_update.refuse_blocked("x", daemon_set(**fields), {}, values)

    @pytest.mark.parametrize(
        ("fields", "values", "said"),
        [
            (
                {"maxUnavailable": 0, "maxSurge": 1},
                GOOD,
                "its DaemonSet would roll with maxUnavailable 0 and maxSurge 1",
            ),
            ({"maxUnavailable": 1, "maxSurge": "10%"}, {}, "its DaemonSet"),
            ({"maxUnavailable": 1, "maxSurge": 0}, rolling(maxSurge=1), "the values would roll with"),
            ({"maxUnavailable": 1, "maxSurge": 0}, rolling(maxUnavailable="0%"), "the values would roll with"),
            ({"maxUnavailable": "some", "maxSurge": 0}, {}, "its DaemonSet"),
        ],
    )
    def test_anything_else_is_refused(self, fields: Json, values: Json, said: str) -> None:
        with pytest.raises(FixFailed, match=said):
            rolling_update.refuse_blocked("x", daemon_set(**fields), {}, values)

    def test_values_that_do_not_say_it_any_more_would_fall_back_to_the_charts_own(self) -> None:
        stands = daemon_set(maxUnavailable=1, maxSurge=0)
        with pytest.raises(
            FixFailed, match=r"would not say updateStrategy\.rollingUpdate\.maxUnavailable and maxSurge"
        ):
            rolling_update.refuse_blocked("x", stands, GOOD, {})

    def test_without_a_workload_the_values_have_to_say_it(self) -> None:
        rolling_update.refuse_blocked("x", None, {}, GOOD)
        with pytest.raises(FixFailed, match=r"maxUnavailable \(not said\)"):
            rolling_update.refuse_blocked("x", None, {}, {})

    def test_a_deployment_of_few_pods_is_judged_by_numbers_of_pods(self) -> None:
        thing = workload("Deployment")
        thing["spec"]["strategy"] = {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
        with pytest.raises(FixFailed, match="its Deployment would roll"):
            rolling_update.refuse_blocked("x", thing, {}, {})
