# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the pages name is there, and what is there and has to be named is named."""

from __future__ import annotations

import ast
import functools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment, nodes

from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import SETTINGS
from ansible_collections.oncall.remedy.plugins.module_utils.probes.registry import PROBES
from ansible_collections.oncall.remedy.plugins.plugin_utils import gate
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory import estate, settings
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.credentials import _FORMS
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import documented
from tests.support import pages

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
OPERATORS = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ENDINGS = (ROOT / "plugins" / "plugin_utils" / "stages" / "ending.py").read_text(encoding="utf-8")
LINK = re.compile(r"(?<!`)!?\[[^\]`]*(?:`[^`]*`)?[^\]`]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
PLUGINS = ("modules", "lookup", "callback", "doc_fragments")


def named(paths: list[Path]) -> list[Any]:
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths]


def slug(heading: str) -> str:
    """The anchor of a heading, as both Sphinx and the repository's browser make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def anchors(path: Path) -> set[str]:
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def rows(text: str, heading: str) -> dict[str, list[str]]:
    """The table under a heading: the cells of each row of the first one, by the name in its first cell."""
    section = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, heading
    table = re.search(r"^\|.*?(?=\n\n|\Z)", section[1], re.MULTILINE | re.DOTALL)
    assert table, heading
    lines = [line.strip("|").split(" | ") for line in table[0].splitlines()[2:]]
    return {cells[0].strip(" `"): [cell.strip(" |") for cell in cells[1:]] for cells in lines}


@functools.cache
def names_of_tests(path: Path) -> frozenset[str]:
    found = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(node.name for node in found if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


@pytest.mark.parametrize("path", named(PAGES))
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for link in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        file, _, anchor = link.partition("#")
        target = (path.parent / file) if file else path
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("path", named(PAGES))
def test_what_is_called_by_its_full_name_exists(path: Path) -> None:
    there = {file.stem for kind in PLUGINS for file in (ROOT / "plugins" / kind).glob("*.py")}
    there |= {file.stem for file in (ROOT / "playbooks").glob("*.yml")}
    there |= {folder.name for folder in (ROOT / "roles").iterdir()}
    text = path.read_text(encoding="utf-8").replace("`oncall.remedy/", "")
    used = set(re.findall(r"\boncall\.remedy\.([a-z_]+)\b", text)) - {"plugins"}
    examples = {"prom_proxy_down"} if path.name == "runbooks.md" else set()
    assert used - there - examples == set()


def commands(path: Path) -> Iterator[list[str]]:
    for block in re.findall(r"^ *```console\n(.*?)^ *```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for line in re.findall(r"^ *\$ (.*(?:\\\n.*)*)$", block.replace("\\\n", " "), re.MULTILINE):
            yield shlex.split(line, comments=True)


@pytest.mark.parametrize("path", named(PAGES))
def test_commands_start_what_is_in_the_repository(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for words in commands(path):
        if words[0] == "make":
            assert re.search(rf"^[a-z -]*\b{re.escape(words[1])}\b[a-z -]*:", makefile, re.MULTILINE), words
        for word in words:
            if word.startswith(("tests/", "playbooks/", "tools/", "lab/", "inventories/lab", "collections/")):
                assert (ROOT / word).exists() or word == "playbooks/prom_proxy_down.yml", words


def test_every_variable_of_the_engine_is_documented_with_its_default() -> None:
    shown = {name: cells[1].strip("`") for name, cells in rows(OPERATORS, "The engine").items()}
    defaults = settings.settings_from({})
    assert set(shown) == set(settings.VARIABLES)
    assert shown["remedy_workers"] == str(defaults.workers)
    assert {name: shown[name] for name in settings._DURATIONS} == settings._DURATIONS
    assert defaults.ledger.endswith(shown["remedy_ledger"].partition("$XDG_STATE_HOME")[2])
    assert defaults.cases.endswith(shown["remedy_cases"].partition("$XDG_STATE_HOME")[2])
    assert defaults.kill_switch.endswith(shown["remedy_kill_switch"].partition("$XDG_STATE_HOME")[2])
    lists = ("remedy_sources", "remedy_handles", "remedy_playbooks")
    assert {name: shown[name] for name in lists} == dict.fromkeys(lists, "[]")


def test_every_variable_of_a_target_is_documented_and_no_other() -> None:
    assert set(rows(OPERATORS, "A target")) == set(estate._OF_A_TARGET)


@pytest.mark.parametrize("path", named(PAGES))
def test_no_page_names_a_variable_that_nothing_reads(path: Path) -> None:
    """Those that the plays register are named where the plays are described."""
    plays = [(ROOT / "playbooks" / name).read_text(encoding="utf-8") for name in ("remediate.yml", "status.yml")]
    internal = set(re.findall(r"\bremedy_[a-z_]+", " ".join(plays)))
    used = set(re.findall(r"(?<![\w/.-])remedy_[a-z_]+\b", path.read_text(encoding="utf-8")))
    assert used - {*settings.VARIABLES, *estate._OF_A_TARGET} - internal == set()


def test_all_keys_of_sources_endpoints_and_credentials_are_documented() -> None:
    keys = {*settings._SOURCE_KEYS, *settings._AUTH_KEYS, *(key for spec in SETTINGS.values() for key in spec), *_FORMS}
    assert {key for key in keys if f"`{key}`" not in OPERATORS} == set()


def params() -> dict[tuple[str, str], str]:
    """(variable, runbook) → its default as the page writes it, from the playbooks."""
    found: dict[tuple[str, str], str] = {}
    for path in (ROOT / "playbooks").glob("*.yml"):
        play = yaml.safe_load(path.read_text(encoding="utf-8"))[0]
        for text in play.get("vars", {}).get("runbook", {}).get("params", {}).values():
            # The filters are Ansible's, so this is read and not compiled.
            environment = Environment(autoescape=True)
            tree = environment.parse(str(text))
            for name in {node.name for node in tree.find_all(nodes.Name)} - environment.globals.keys():
                found.setdefault((name, path.stem), default_of(tree, name))
    return found


def default_of(tree: nodes.Template, name: str) -> str:
    for node in tree.find_all(nodes.Filter):
        if node.name == "default" and isinstance(node.node, nodes.Name) and node.node.name == name:
            value = node.args[0].as_const()
            if isinstance(value, (list, dict)):
                return str(value)
            return {"": "''", None: "none"}.get(value, str(value))
    return "required"


def test_every_variable_that_a_runbook_reads_is_documented_with_its_default_and_no_other() -> None:
    table = rows(OPERATORS, "What runbooks read")
    shown = {(name, cells[2]): cells[1].strip("`") for name, cells in table.items()}
    assert shown == params()


def test_every_guard_is_documented_with_what_to_do() -> None:
    guards = {guard.__name__.replace("_", " ") for guard in gate.GUARDS if guard.__name__ != "draft"} | {"runbook"}
    assert set(rows(OPERATORS, "What a guard's hold asks of you")) == {*guards, "permit"}


def test_the_page_of_the_gate_lists_its_guards_in_their_order() -> None:
    guards = [guard.__name__.replace("_", " ").replace("draft", "runbook") for guard in gate.GUARDS]
    page = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
    assert list(rows(page, "The gate")) == guards


def test_every_outcome_is_documented_with_what_to_do() -> None:
    shown = {name for names in rows(OPERATORS, "What an outcome asks of you") for name in names.split(", ")}
    outcomes = re.findall(r"^(?:    )?return Ending\(\s*\"([a-z_]+)\"", ENDINGS, re.MULTILINE)
    assert len(outcomes) > 8
    known = {name.replace("_", " ") for name in outcomes} | {"not healed", "cannot tell", "healed", "interrupted"}
    assert known - shown == set()


def test_the_probes_page_says_what_the_probes_are() -> None:
    page = (ROOT / "docs" / "probes.md").read_text(encoding="utf-8")
    assert page == pages.made(page), "run: python -m tests.support.pages"
    assert [name for name in PROBES if f"### {name}\n" not in page] == []


def test_the_probes_page_says_what_host_info_answers() -> None:
    page = (ROOT / "docs" / "probes.md").read_text(encoding="utf-8")
    section = page.partition("### host_info")[2].partition("## Adding")[0]
    members = set(documented.HOST_INFO.members)
    for inner in documented.HOST_INFO.members.values():
        members |= set(inner or {})
    assert {name for name in members if not re.search(rf"\b{name}\b", section)} == set()
    assert set(documented.HOST_INFO.options) == set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE))


def test_every_test_that_architecture_names_exists() -> None:
    named_ = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", ARCHITECTURE)
    assert len(named_) > 20
    assert [f"{file}::{name}" for file, name in named_ if name not in names_of_tests(ROOT / file)] == []


def test_every_file_that_architecture_names_exists() -> None:
    engine = ROOT / "plugins" / "plugin_utils"
    files = re.findall(r"`([\w/]+(?:\.py|/))`", ARCHITECTURE)
    assert len(files) > 20
    assert [file for file in files if not ((ROOT / file).exists() or (engine / file).exists())] == []


def test_what_awx_is_given_names_what_there_is() -> None:
    types, templates, schedules = (
        yaml.safe_load((ROOT / "awx" / f"{name}.yml").read_text(encoding="utf-8"))
        for name in ("credential_types", "job_templates", "schedules")
    )
    known = {"targets ssh", *(one["name"] for one in types)}
    assert [one["name"] for one in templates if not (ROOT / one["playbook"]).is_file()] == []
    assert {name for one in templates for name in one["credentials"]} - known == set()
    assert {one["unified_job_template"] for one in schedules} <= {one["name"] for one in templates}
    page = (ROOT / "docs" / "awx.md").read_text(encoding="utf-8")
    names = {name for one in types for name in one["injectors"]["env"]}
    assert set(re.findall(r"\bREMEDY_[A-Z_]*[A-Z]", page)) == names


def test_the_picture_brings_its_own_ground_and_needs_nothing() -> None:
    picture = (ROOT / "docs" / "images" / "path.svg").read_text(encoding="utf-8")
    assert "<script" not in picture
    assert re.findall(r"(?:href|src)=|@import|url\((?!#)", picture) == []
