# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a human says with ``-e``: to the letter, in words that are refused where they make no sense, under a name."""

from __future__ import annotations

import getpass
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory import extra_vars
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import SettingsError


def test_a_text_is_taken_as_it_stands_without_blanks_around_it() -> None:
    assert extra_vars.text({"why": "  {{ 7 * 7 }} \n"}, "why") == "{{ 7 * 7 }}"
    assert extra_vars.text({}, "why") == extra_vars.text({"why": None}, "why") == ""


@pytest.mark.parametrize("value", [7, 1.5, True, ["a"], {"a": 1}, "x" * 501])
def test_what_is_no_text_or_a_very_long_one_is_refused_by_its_name(value: Any) -> None:
    with pytest.raises(SettingsError, match=r"^plan: "):
        extra_vars.text({"plan": value}, "plan")


def test_a_word_has_to_be_one_of_those_that_mean_something() -> None:
    words = ("approve", "reject")
    assert extra_vars.one_of({"decision": "reject"}, "decision", words) == "reject"
    assert extra_vars.one_of({}, "decision", words) == ""
    with pytest.raises(SettingsError, match=r"'Approve\\x1b' is neither approve nor reject"):
        extra_vars.one_of({"decision": "Approve\x1b"}, "decision", words)


@pytest.mark.parametrize(("value", "seconds"), [("2h", 7200.0), (90, 90.0), ("1h30m", 5400.0), (None, 0.0), ("", 0.0)])
def test_a_duration_is_read_as_everywhere(value: Any, seconds: float) -> None:
    assert extra_vars.duration({"for": value}, "for") == seconds


@pytest.mark.parametrize("value", ["two hours", "-1h", {"h": 2}, "inf"])
def test_what_is_no_duration_is_refused(value: Any) -> None:
    with pytest.raises(SettingsError, match=r"^for: "):
        extra_vars.duration({"for": value}, "for")


@pytest.mark.parametrize(
    ("value", "meant"), [(True, True), ("true", True), ("Yes", True), ("no", False), (None, False)]
)
def test_yes_is_said_as_ansible_takes_it(value: Any, meant: bool) -> None:
    assert extra_vars.yes({"strict": value}, "strict") is meant


def test_a_yes_that_is_neither_is_refused() -> None:
    with pytest.raises(SettingsError, match="neither true nor false"):
        extra_vars.yes({"strict": "maybe"}, "strict")


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"who": "ada"}, "ada"),
        ({"awx_user_name": "bob"}, "bob"),
        ({"tower_user_name": "bob"}, "bob"),
        ({"awx_user_name": "bob", "who": "bob"}, "bob"),
        ({"awx_user_name": "bob", "who": "root"}, "root (AWX user bob)"),
    ],
)
def test_the_name_is_awxs_or_the_given_one_and_awxs_cannot_be_hidden(variables: Any, name: str) -> None:
    assert extra_vars.who(variables, "who") == name


def test_without_a_name_it_is_the_login_user_and_behind_sudo_the_one_who_called_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "remedy")
    monkeypatch.delenv("SUDO_USER", raising=False)
    assert extra_vars.who({}, "who") == "remedy"
    monkeypatch.setenv("SUDO_USER", "ada")
    assert extra_vars.who({}, "who") == "ada (as remedy)"


def test_a_user_that_has_no_name_is_told_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(getpass, "getuser", nameless)
    monkeypatch.delenv("SUDO_USER", raising=False)
    assert extra_vars.who({}, "who").startswith("uid ")
