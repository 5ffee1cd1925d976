# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The engine's settings: defaults, and what an unusable value is answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import SettingsError, settings_from
from tests.support.estate import Estate
from tests.unit.engine.sweeping import Engine


def test_without_any_variable_the_engine_keeps_its_state_in_the_users_own_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    settings = settings_from({})
    assert settings.ledger == f"sqlite:///{tmp_path}/oncall-remedy/ledger.db"
    assert (settings.cases, settings.kill_switch) == (
        f"{tmp_path}/oncall-remedy/cases",
        f"{tmp_path}/oncall-remedy/STOP",
    )
    assert (settings.linger, settings.patience_of_probes, settings.settle) == (90, 20, 300)
    assert (settings.storm.begins, settings.storm.ends, settings.storm.down_share, settings.outage) == (10, 5, 0.5, 3)
    assert (settings.approval_expires, settings.must_hold, settings.keep) == (3600, 3600, 400 * 86400)
    assert (settings.sources, settings.handles, settings.playbooks) == ((), (), ())


def test_a_source_may_have_one_url_or_several_and_options_for_all_of_them() -> None:
    one, several = settings_from(
        {
            "remedy_sources": [
                {"name": "a", "url": "http://a/"},
                {"name": "b", "urls": ["http://b1", "http://b2/"], "token_file": "/t", "default_target": "x"},
            ]
        }
    ).sources
    assert (one.urls, one.auth, one.default_target) == (("http://a",), {}, "")
    assert (several.urls, several.auth, several.default_target) == (
        ("http://b1", "http://b2"),
        {"token_file": "/t"},
        "x",
    )


UNUSABLE = {
    "sources that are no list": ({"remedy_sources": {"name": "a"}}, "remedy_sources: expected a list"),
    "a source that is a text": ({"remedy_sources": ["http://a"]}, r"remedy_sources\[0\]: expected a mapping"),
    "a source without a name": ({"remedy_sources": [{"url": "http://a"}]}, "needs a name"),
    "a source without a url": ({"remedy_sources": [{"name": "a"}]}, "needs a name and the urls"),
    "a slip in a source": ({"remedy_sources": [{"name": "a", "url": "b", "ulr": "c"}]}, "unknown key ulr; allowed are"),
    "a duration without a unit": ({"remedy_linger": "soon"}, "remedy_linger"),
    "a negative duration": ({"remedy_settle": "-5s"}, "remedy_settle"),
    "no thread at all": ({"remedy_workers": 0}, "from 1 to 256"),
    "too many threads": ({"remedy_workers": 1000}, "from 1 to 256"),
    "a truth value for threads": ({"remedy_workers": True}, "from 1 to 256"),
    "a text for threads": ({"remedy_workers": "8"}, "from 1 to 256"),
    "a storm that never ends": ({"remedy_storm": {"begins": 5, "ends": 5}}, "begins at 5 and has to end at less"),
    "a storm by truth": ({"remedy_storm": {"begins": True}}, "remedy_storm.begins: True is not a whole number"),
    "a storm of none": ({"remedy_storm": {"begins": 0}}, "remedy_storm.begins: 0 is not a whole number"),
    "a slip in the storm": ({"remedy_storm": {"beginns": 5}}, "expected a mapping with begins, ends, down_share"),
    "a storm that is a number": ({"remedy_storm": 10}, "expected a mapping"),
    "a share of nothing": ({"remedy_storm": {"down_share": "0%"}}, "not a share above 0%"),
    "a share that is a number": ({"remedy_storm": {"down_share": 9}}, "not a share above 0%"),
    "an outage of one": ({"remedy_outage": 1}, "remedy_outage: 1 is not a whole number"),
    "an approval that has run out already": ({"remedy_approval_expires": 0}, "too short"),
    "a past shorter than the gate's look back": ({"remedy_keep": "29d"}, "remedy_keep: '29d' is too short"),
    "a folder that is not there": ({"remedy_playbooks": ["/nonexistent"]}, "/nonexistent is no directory"),
}


@pytest.mark.parametrize(("variables", "words"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_value_is_refused_by_name(variables: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settings_from(variables)


def test_a_variable_that_makes_sense_for_targets_alone_does_not_stop_a_sweep(engine: Engine, estate: Estate) -> None:
    endpoints = estate.hosts["hetzner"].pop("remedy_endpoints")
    estate.hosts["hetzner"]["probe_kubeconfig"] = endpoints["kubernetes"]["kubeconfig"]
    estate.settings["remedy_endpoints"] = {**endpoints, "kubernetes": {"kubeconfig": "{{ probe_kubeconfig }}"}}
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    engine.sweep()
    assert estate.case()["outcome"] == "healed"


def test_settings_are_templates_of_the_inventory(engine: Engine, estate: Estate) -> None:
    estate.settings["runbooks_at"] = estate.settings["remedy_playbooks"][0]
    estate.settings["remedy_playbooks"] = ["{{ runbooks_at }}"]
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    engine.sweep()
    assert estate.case()["runbook"] == "edge_down"


def test_the_ledgers_url_stands_in_no_result(engine: Engine, estate: Estate) -> None:
    swept = engine.sweep()
    assert str(estate.ledger_file) not in str(swept)
