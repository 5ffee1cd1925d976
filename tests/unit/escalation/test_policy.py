# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is called how, read from the inventory; a mistake is refused with its place, and no value of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.policy import (
    KEYS,
    Level,
    Policy,
    PolicyError,
    policy_from,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import SettingsError, settings_from

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "escalation.md").read_text(encoding="utf-8")
PAGER = {"pagerduty": {"routing_key_file": "/k"}}
MAIL = {"host": "m", "from": "a@b", "to": "c@d"}


def test_the_inventory_that_the_page_shows_is_one(tmp_path: Path) -> None:
    (shown,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    given = yaml.safe_load(shown)
    policy = policy_from(*(given[f"remedy_{name}"] for name in ("escalations", "channels", "engine_escalation")))
    assert policy.levels("platform") == (
        Level(0.0, ("platform-chat", "platform-pager")),
        Level(900.0, ("platform-pager", "lead-mail")),
    )
    assert policy.engine == "platform"


def test_every_key_of_a_channel_is_on_the_page() -> None:
    assert [key for keys in KEYS.values() for key in keys if f"`{key}`" not in PAGE] == []


def test_the_labs_inventory_names_channels_for_everybody_whom_its_runbooks_call() -> None:
    given = yaml.safe_load((ROOT / "inventories/lab/group_vars/all.yml").read_text(encoding="utf-8"))
    policy = settings_from({key: value for key, value in given.items() if "scalation" in key or "channels" in key})
    assert all(policy.escalation.addressed(owner, 1) for owner in ("platform", "applications", "on-call"))


def test_without_anything_nobody_can_be_told() -> None:
    assert policy_from({}) == policy_from(None, None, None) == Policy()
    assert Policy().addressed("platform", 1) == ()


def test_a_level_that_is_gone_from_the_inventory_is_its_last_one() -> None:
    policy = policy_from({"a": [{"to": "x"}, {"after": 60, "to": "y"}]}, {"x": PAGER, "y": PAGER})
    assert [policy.addressed("a", level) for level in (1, 2, 3)] == [("x",), ("y",), ("y",)]


def test_a_file_that_this_run_has_no_name_of_is_no_mistake_of_the_settings() -> None:
    """AWX gives the credentials of the escalation to the sweep's template and not to that of the status."""
    policy = policy_from({"p": [{"to": "c"}]}, {"c": {"slack": {"webhook_url_file": ""}}})
    assert policy.channels["c"].options == {"webhook_url_file": ""}


def test_ports_and_recipients_of_mail_have_their_usual_values() -> None:
    policy = policy_from({}, {"m": {"email": MAIL}, "i": {"email": {**MAIL, "tls": "implicit"}}})
    assert {name: one.options["port"] for name, one in policy.channels.items()} == {"m": 587, "i": 465}
    assert policy.channels["m"].options["to"] == ["c@d"]


@pytest.mark.parametrize(
    ("channel", "complaint"),
    [
        ("x", "remedy_channels.c: expected a mapping, found str"),
        ({}, "remedy_channels.c: expected one of pagerduty, slack, webhook, email, with its settings"),
        ({"pager": {}}, "expected one of pagerduty"),
        ({**PAGER, "slack": {}}, "expected one of pagerduty"),
        ({"pagerduty": None}, "remedy_channels.c.pagerduty: expected a mapping"),
        ({"pagerduty": {}}, "remedy_channels.c.pagerduty: needs routing_key_file"),
        ({"pagerduty": {"routing_key": "s3cret"}}, "unknown routing_key; allowed are routing_key_file, url, ca_path"),
        ({"slack": {"webhook_url": "https://s3cret"}}, "unknown webhook_url; allowed are webhook_url_file"),
        ({"webhook": {"url": "ftp://x"}}, "remedy_channels.c.webhook.url: is no http or https URL without credentials"),
        ({"webhook": {"url": "https://u:s3cret@x"}}, "is no http or https URL without credentials in it"),
        ({"webhook": {"url": "http://x", "token_file": "/t"}}, "has to be https, as a secret goes with each request"),
        ({"pagerduty": {"routing_key_file": "/k", "url": "http://x"}}, "has to be https"),
        ({"email": {"host": "m"}}, "needs from and to"),
        ({"email": {**MAIL, "tls": "maybe"}}, "email.tls: expected one of starttls, implicit, none"),
        ({"email": {**MAIL, "to": ["a@b\nBcc: x@y"]}}, "from and to are e-mail addresses"),
        ({"email": {**MAIL, "port": "25"}}, "email.port: expected a number"),
        ({"email": {**MAIL, "username": "u"}}, "username and password_file go together"),
        (
            {"email": {**MAIL, "tls": "none", "username": "u", "password_file": "/p"}},
            "a password is not sent without TLS",
        ),
    ],
)
def test_a_channel_that_cannot_be_used_is_refused(channel: Any, complaint: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(complaint)) as caught:
        policy_from({}, {"c": channel})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("levels", "complaint"),
    [
        ("c", "remedy_escalations.p: expected a list of levels"),
        ([], "expected a list of levels"),
        (["c"], "remedy_escalations.p[0]: expected a mapping"),
        ([{}], "remedy_escalations.p[0].to: expected the names of channels"),
        ([{"to": "d"}], "no channel d in remedy_channels; there are: c"),
        ([{"to": "c", "afer": 1}], "unknown afer; allowed are after, to"),
        ([{"to": "c", "after": "soon"}], "remedy_escalations.p[0].after: 'soon' is not a duration"),
        ([{"to": "c", "after": "5m"}], "[0].after: the first level is called at once"),
        ([{"to": "c"}, {"to": "c", "after": 0}], "[1].after: has to be later than the level before it"),
    ],
)
def test_levels_that_make_no_sense_are_refused(levels: Any, complaint: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(complaint)):
        policy_from({"p": levels}, {"c": PAGER})


def test_the_engines_failure_needs_an_owner_that_is_there() -> None:
    with pytest.raises(PolicyError, match="remedy_engine_escalation: nobody is no owner of remedy_escalations"):
        policy_from({}, {}, "nobody")


def test_a_mistake_is_a_mistake_of_the_settings() -> None:
    with pytest.raises(SettingsError, match=r"remedy_channels: expected a mapping"):
        settings_from({"remedy_channels": ["x"]})
