"""Options of probes: types, defaults, and what is refused; the registry."""

from __future__ import annotations

import ast
import pathlib
import subprocess
import sys
from typing import Any, ClassVar

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Probe, Spec, validated
from ansible_collections.oncall.remedy.plugins.module_utils.probes.registry import PROBES, probe_class

SPEC: Spec = {
    "name": {"type": "str", "required": True},
    "tail": {"type": "int", "default": 200},
    "wait": {"type": "duration", "default": "5m"},
    "deep": {"type": "bool", "default": False},
    "ratio": {"type": "float"},
    "pods": {"type": "list", "elements": "str"},
    "match": {"type": "dict", "default": {}},
    "method": {"type": "str", "choices": ["GET", "HEAD"], "default": "GET"},
}


def refusal(given: dict[str, Any]) -> str:
    with pytest.raises(ProbeError) as caught:
        validated(SPEC, {"name": "x", **given})
    assert caught.value.kind == "bad_option"
    return caught.value.message


def test_defaults_fill_what_is_not_given_and_null_means_not_given() -> None:
    expected = {
        "name": "x",
        "tail": 200,
        "wait": 300.0,
        "deep": False,
        "ratio": None,
        "pods": None,
        "match": {},
        "method": "GET",
    }
    assert validated(SPEC, {"name": "x"}) == expected
    assert validated(SPEC, {"name": "x", "tail": None, "pods": None}) == expected


def test_values_come_in_their_types() -> None:
    given = {"name": 7, "tail": "20", "wait": "1h30m", "deep": "yes", "ratio": "0.5", "pods": ["a", 1]}
    found = validated(SPEC, given)
    assert [found[key] for key in given] == ["7", 20, 5400.0, True, 0.5, ["a", "1"]]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": None}, "option 'name' is missing"),
        ({"nmae": "x"}, "no option 'nmae'; there are deep, match, method"),
        ({"name": ["x"]}, "option 'name' has to be str: a list was given"),
        ({"name": True}, "option 'name' has to be str: a bool was given"),
        ({"name": "x" * 8193}, "8193 characters are too many"),
        ({"name": "a\x00b"}, "control characters are not allowed"),
        ({"name": "a\x1b[31m"}, "control characters are not allowed"),
        ({"tail": 1.5}, "option 'tail' has to be int"),
        ({"tail": True}, "option 'tail' has to be int"),
        ({"tail": "many"}, "option 'tail' has to be int"),
        ({"ratio": "x"}, "option 'ratio' has to be float"),
        ({"wait": "soon"}, "option 'wait' has to be duration: 'soon' is not a duration"),
        ({"wait": -1}, "option 'wait' has to be duration"),
        ({"deep": "maybe"}, "option 'deep' has to be bool: true or false are allowed"),
        ({"pods": "a"}, "option 'pods' has to be list: a str was given"),
        ({"pods": ["a", {}]}, "option 'pods[1]' has to be str"),
        ({"match": ["a"]}, "option 'match' has to be dict"),
        ({"match": {1: "a"}}, "option 'match' has to be dict"),
        ({"method": "POST"}, "option 'method' is 'POST'; allowed: GET, HEAD"),
    ],
)
def test_a_refusal_names_the_option_and_what_is_allowed(given: dict[str, Any], words: str) -> None:
    assert words in refusal(given)


def test_a_default_is_not_shared_between_questions() -> None:
    first = validated(SPEC, {"name": "x"})
    first["match"]["a"] = 1
    assert validated(SPEC, {"name": "x"})["match"] == {}


@pytest.mark.parametrize("name", PROBES)
def test_each_probe_of_the_registry_is_one(name: str) -> None:
    probe = probe_class(name)
    assert probe.name == name
    assert probe.endpoint in ("kubernetes", "prometheus", "alertmanager", "proxmox", None)
    assert (probe.__doc__ or "").count("Value: ") == 1
    assert all(rule["type"] in TYPES for rule in probe.options.values())


TYPES = {"str", "path", "int", "float", "bool", "list", "dict", "duration"}


def test_a_probe_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(ProbeError, match="no probe 'shell'; there are alertmanager_alerts, "):
        probe_class("shell")


def test_looking_up_one_probe_imports_no_other() -> None:
    package = "ansible_collections.oncall.remedy.plugins.module_utils.probes"
    program = (
        f"import sys; from {package}.registry import probe_class; probe_class('promql');"
        f"print([name for name in sys.modules if name.startswith('{package}.kube') or name.startswith('kubernetes')])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


class Odd(Probe):
    """A probe whose witness answers in a shape of its own."""

    name = "odd"
    endpoint = None
    options: ClassVar[Spec] = {}

    def _ask(self, deadline: float) -> dict[str, Any]:
        return {"x": self.transport["items"][0]["metadata"]["name"]}


@pytest.mark.parametrize("answer", [{}, {"items": []}, {"items": [None]}, {"items": {}}, [], None])
def test_json_of_an_unexpected_shape_is_an_error_and_no_crash(answer: Any) -> None:
    with pytest.raises(ProbeError) as caught:
        Odd(answer, {}).ask(0.0)
    assert caught.value.kind == "bad_answer"


def test_module_utils_keep_to_the_syntax_of_python_3_8() -> None:
    folder = pathlib.Path(__file__).parents[3] / "plugins" / "module_utils"
    for path in folder.rglob("*.py"):
        ast.parse(path.read_text(), str(path), feature_version=(3, 8))
