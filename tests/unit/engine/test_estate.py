# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventory as the engine sees it: exact names, resolved variables, and errors that name the variable."""

from __future__ import annotations

import datetime
import json

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.plugin_utils.estate import plain
from ansible_collections.oncall.remedy.plugins.plugin_utils.settings import SettingsError
from tests.support.estate import Estate
from tests.unit.engine.sweeping import Engine


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
    with pytest.raises(SettingsError, match="date"):
        plain({"a": [datetime.date(2026, 11, 21)]})
