# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""For which path the ingress runbook asks a site: by the edge, by each node, by the Ingresses and at the pods."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import InputError
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.inputs import bind_inputs
from tests.runbooks.test_scenarios import book, scenarios

URL = "https://api.myhoneydue.com/login?next=1"


def asked(path: str) -> dict[str, dict[str, Any]]:
    """The options of what is asked about a 503 of a site whose URL has a path of its own."""
    (one,) = (one for one in scenarios("ingress") if one.name == "a 503 that everything speaks against")
    params = {
        "sites": [{"host": "api.myhoneydue.com", "url": URL}],
        "site_paths": {"api.myhoneydue.com": "/login"},
    }
    changed = dataclasses.replace(one, params={**one.params, **params}, inputs={**one.inputs, "path": path})
    options: dict[str, dict[str, Any]] = changed.rehearse(book("ingress")).asked
    return options


def test_a_path_that_somebody_names_is_asked_for_everywhere() -> None:
    options = asked("/api/v1/users")
    assert {name: options[name].get("path") for name in ("web", "direct", "ingresses", "answer")} == dict.fromkeys(
        ("web", "direct", "ingresses", "answer"), "/api/v1/users"
    )
    assert options["web"]["url"] == options["direct"]["url"] == URL


def test_without_one_it_is_the_path_of_the_sites_url() -> None:
    options = asked("")
    assert {name: options[name]["path"] for name in ("ingresses", "answer")} == {
        "ingresses": "/login",
        "answer": "/login",
    }
    assert {options[name].get("path") for name in ("web", "direct")} == {None}
    assert options["web"]["url"] == options["direct"]["url"] == URL


@pytest.mark.parametrize("path", ["x", "//elsewhere.example/", "/a b", "/a?b", "/a#b", "/{{ x }}", "/a\nb", "/@x"])
def test_what_is_no_path_is_no_input(path: str) -> None:
    with pytest.raises(InputError):
        bind_inputs(book("ingress"), {"path": path}, {})
