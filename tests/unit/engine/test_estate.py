# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventory as the engine sees it: exact names, resolved variables, and errors that name the variable."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.estate import plain
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import SettingsError
from tests.support.estate import Estate
from tests.unit.engine.sweeping import Engine

Json = dict[str, Any]


@pytest.mark.parametrize(
    "name", ["", "all", "ungrouped", "localhost", "het*", "~het.*", "hetzner:x", "Hetzner", None, 1]
)
def test_only_the_exact_name_of_a_host_is_a_target(engine: Engine, name: object) -> None:
    assert name not in engine.inventory()
    assert "hetzner" in engine.inventory()


def test_a_target_without_a_mode_is_only_observed(engine: Engine, estate: Estate) -> None:
    del estate.settings["remedy_mode"]
    assert engine.inventory().target("hetzner").mode == "observe"


def test_params_see_the_variables_of_their_target_and_come_out_as_plain_values(engine: Engine, estate: Estate) -> None:
    estate.hosts["hetzner"]["ports"] = [80, 443]
    params = engine.inventory().params("hetzner", {"ports": "{{ ports }}", "who": "{{ inventory_hostname }}", "n": 3})
    assert params == {"ports": [80, 443], "who": "hetzner", "n": 3}
    assert type(params["who"]) is str
    assert json.dumps(params)


def test_text_that_looks_like_a_template_after_rendering_is_not_rendered_again(engine: Engine) -> None:
    params = engine.inventory().params("hetzner", {"text": "{{ '{' ~ '{ 1 + 1 }' ~ '}' }}"})
    assert params == {"text": "{{ 1 + 1 }}"}


def test_an_undefined_variable_names_param_and_target(engine: Engine) -> None:
    with pytest.raises(SettingsError, match=r"param url of hetzner: .*nonsense"):
        engine.inventory().params("hetzner", {"url": "{{ nonsense }}"})


def test_an_undefined_variable_in_the_inventory_names_it(engine: Engine, estate: Estate) -> None:
    estate.hosts["hetzner"]["remedy_mode"] = "{{ nonsense }}"
    with pytest.raises(SettingsError, match="remedy_mode of hetzner"):
        engine.inventory().target("hetzner")


def test_a_host_that_is_none_has_no_variables(engine: Engine) -> None:
    with pytest.raises(SettingsError, match="'all' is not a host"):
        engine.inventory().target("all")


def test_whom_to_call_is_known_even_where_the_target_is_not(engine: Engine, estate: Estate) -> None:
    estate.hosts["hetzner"]["remedy_escalation"] = "hetzner's own"
    estate.hosts["broken"] = {"remedy_escalation": "{{ nonsense }}"}
    inventory = engine.inventory()
    assert [inventory.escalation(name) for name in ("hetzner", "broken", "nowhere")] == [
        "hetzner's own",
        "platform",
        "platform",
    ]
    del estate.settings["remedy_escalation"]
    assert engine.inventory().escalation("nowhere") == ""


def test_an_endpoint_that_is_missing_names_the_variable_to_set(engine: Engine) -> None:
    target = engine.inventory().target("hetzner")
    assert target.endpoint("kubernetes")["kubeconfig"]
    with pytest.raises(ProbeError, match=r"hetzner has no remedy_endpoints\.loki"):
        target.endpoint("loki")
    with pytest.raises(ProbeError, match=r"hetzner has no remedy_vantages\.monitoring\.kubernetes"):
        target.endpoint("kubernetes", "monitoring")


def test_a_vantage_has_endpoints_of_its_own(engine: Engine, estate: Estate) -> None:
    estate.hosts["hetzner"]["remedy_vantages"] = {"inside": {"prometheus": {"url": "http://inside"}}}
    assert engine.inventory().target("hetzner").endpoint("prometheus", "inside") == {"url": "http://inside"}


def test_what_json_has_no_word_for_is_refused() -> None:
    assert plain({"a": (1, 2.5, None, True, "x")}) == {"a": [1, 2.5, None, True, "x"]}
    with pytest.raises(SettingsError, match="holds set"):
        plain({"a": [{1, 2}]})


def test_a_date_that_yaml_has_read_is_a_text_again() -> None:
    moment = datetime.datetime(2026, 11, 21, 22, 0, tzinfo=datetime.UTC)
    assert plain([moment, moment.date()]) == ["2026-11-21T22:00:00+00:00", "2026-11-21"]


def test_what_a_target_stands_on_is_known_down_to_the_ground(engine: Engine, estate: Estate) -> None:
    for name, below in {"hetzner": ["rack", "edge"], "edge": ["rack"], "rack": ["power"], "power": []}.items():
        estate.hosts.setdefault(name, {})["remedy_stands_on"] = below
    inventory = engine.inventory()
    assert inventory.target("hetzner").stands_on == ("rack", "edge", "power")
    assert inventory.target("power").stands_on == ()


@pytest.mark.parametrize(
    ("below", "words"),
    [
        ({"hetzner": ["hetzner"]}, "hetzner stands on hetzner"),
        ({"hetzner": ["b", "c"], "b": ["c"], "c": ["b"]}, "b stands on c stands on b"),
        ({"hetzner": ["b"], "b": ["c"], "c": ["hetzner"]}, "hetzner stands on b stands on c stands on hetzner"),
        ({"hetzner": ["nowhere"]}, "remedy_stands_on of hetzner: 'nowhere' is not a host"),
        ({"hetzner": ["b"], "b": ["localhost"]}, "remedy_stands_on of b: 'localhost' is not a host"),
        ({"hetzner": "b", "b": []}, "remedy_stands_on of hetzner: expected a list"),
        ({"hetzner": [1]}, "remedy_stands_on of hetzner: expected a list"),
    ],
)
def test_what_nothing_can_stand_on_is_refused(engine: Engine, estate: Estate, below: Json, words: str) -> None:
    for name, names in below.items():
        estate.hosts.setdefault(name, {})["remedy_stands_on"] = names
    with pytest.raises(SettingsError, match=words):
        engine.inventory().target("hetzner")


def test_the_windows_of_what_a_target_stands_on_are_its_own_too(engine: Engine, estate: Estate) -> None:
    estate.hosts["hetzner"] |= {"remedy_stands_on": ["rack"], "remedy_maintenance": [{"why": "a"}]}
    estate.hosts["rack"] = {"remedy_maintenance": ["unreadable"]}
    inventory = engine.inventory()
    assert inventory.maintenance(inventory.target("hetzner")) == {"hetzner": [{"why": "a"}], "rack": ["unreadable"]}


def test_what_the_gate_reads_has_defaults_where_the_inventory_is_silent(engine: Engine) -> None:
    target = engine.inventory().target("hetzner")
    assert (target.stands_on, target.opt_out, target.maintenance, target.patience) == ((), "", [], None)
    assert (target.blast_radius, target.group, target.trusted_since) == ("50%", None, 0.0)
    assert target.recurrence == {"times": 3, "within": "24h"}


@pytest.mark.parametrize(
    ("value", "found"),
    [("", ""), (False, ""), (True, "no reason is given"), ("by hand only", "by hand only"), (["x"], None)],
)
def test_who_opts_out_says_why(engine: Engine, estate: Estate, value: object, found: str | None) -> None:
    estate.hosts["hetzner"]["remedy_opt_out"] = value
    assert engine.inventory().target("hetzner").opt_out == found


def test_zero_is_a_setting_and_not_the_absence_of_one(engine: Engine, estate: Estate) -> None:
    estate.hosts["hetzner"] |= {"remedy_blast_radius": 0, "remedy_recurrence": {"times": 0}, "remedy_patience": 0}
    target = engine.inventory().target("hetzner")
    assert (target.blast_radius, target.patience) == (0, 0)
    assert target.recurrence == {"times": 0, "within": "24h"}


def test_a_group_is_one_of_the_inventory_and_says_how_many_of_it_at_once(engine: Engine, estate: Estate) -> None:
    estate.hosts["hetzner"]["remedy_group"] = {"name": "all", "at_once": "25%"}
    estate.hosts |= {"b": {}, "c": {}, "d": {}}
    inventory = engine.inventory()
    group = inventory.target("hetzner").group
    assert group is not None
    assert set(inventory.members(group.name)) == {"hetzner", "b", "c", "d"}
    assert [group.limit(members) for members in (0, 3, 4, 9)] == [0, 0, 1, 2]


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("remedy_group", {"name": "nowhere", "at_once": 1}, "'nowhere' is not a group"),
        ("remedy_group", {"name": "hetzner_nodes"}, "expected a mapping with name and at_once"),
        ("remedy_group", "all", "expected a mapping with name and at_once"),
        ("remedy_group", {"name": "all", "at_once": True}, "remedy_group of hetzner.at_once: 'True' is neither"),
        ("remedy_group", {"name": "all", "at_once": "101%"}, "neither a whole number from 0 nor a share"),
        ("remedy_group", {"name": "all", "at_once": 0.25}, "neither a whole number from 0 nor a share"),
        ("remedy_trusted_since", "last week", "remedy_trusted_since of hetzner: 'last week' is no date and time"),
        ("remedy_trusted_since", 20261121, "is no date and time"),
    ],
)
def test_a_variable_that_makes_no_sense_is_refused_by_name(
    engine: Engine, estate: Estate, variable: str, value: object, words: str
) -> None:
    estate.hosts["hetzner"][variable] = value
    with pytest.raises(SettingsError, match=words):
        engine.inventory().target("hetzner")


def test_a_target_outside_of_the_group_that_it_names_is_refused(engine: Engine, estate: Estate) -> None:
    estate.hosts["hetzner"]["remedy_group"] = {"name": "edges", "at_once": 1}
    inventory = engine.inventory()
    inventory._groups = {**inventory._groups, "edges": ["another", "localhost"]}
    with pytest.raises(SettingsError, match="remedy_group of hetzner: it is not in the group edges itself"):
        inventory.target("hetzner")


YAML_DATE = datetime.datetime(2026, 11, 21, 20)  # noqa: DTZ001  as YAML reads one without a zone


@pytest.mark.parametrize("value", ["2026-11-21T22:00:00+02:00", "2026-11-21 20:00", YAML_DATE])
def test_a_target_is_trusted_since_a_moment(engine: Engine, estate: Estate, value: object) -> None:
    estate.hosts["hetzner"]["remedy_trusted_since"] = value
    assert engine.inventory().target("hetzner").trusted_since == 1795291200.0
