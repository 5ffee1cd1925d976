# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The parts of docs/ that are made from the code: ``python -m tests.support.pages`` writes them anew."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Probe
from ansible_collections.oncall.remedy.plugins.module_utils.probes.registry import PROBES, probe_class

DOCS = Path(__file__).resolve().parents[2] / "docs"
BEGIN = "<!-- from here on made by: python -m tests.support.pages -->"
END = "<!-- made up to here -->"


def probes() -> str:
    """Every probe in the registry, as its class documents it."""
    return "\n\n".join(section(name, probe_class(name)) for name in PROBES)


def section(name: str, probe: type[Probe]) -> str:
    """One probe: its docstring and its options."""
    text = (inspect.getdoc(probe) or "").replace("``", "`").replace("Value: ", "**Value:** ")
    text = re.sub(r"(?<=\s)--\w+", r"`\g<0>`", text)  # else Sphinx makes a dash of it
    endpoint = f"`{probe.endpoint}`" if probe.endpoint else "none: it goes by its options alone"
    rows = "\n".join(f"| `{option}` | {kind(rule)} | {default(rule)} |" for option, rule in probe.options.items())
    return f"### {name}\n\n{text}\n\nEndpoint: {endpoint}.\n\n| option | type | default |\n|---|---|---|\n{rows}"


def kind(rule: Mapping[str, Any]) -> str:
    """The type of an option in words."""
    if rule.get("choices") and rule["type"] == "str":
        return "one of " + ", ".join(f"`{choice}`" for choice in rule["choices"])
    return f"list of {rule['elements']}" if "elements" in rule else str(rule["type"])


def default(rule: Mapping[str, Any]) -> str:
    """The default of an option; a dash where it may be left out and has none."""
    given = rule.get("default")
    if rule.get("required"):
        return "required"
    if given is None:
        return "–"
    return f"`{str(given).lower() if isinstance(given, bool) else given}`"


def made(page: str) -> str:
    """The page with its made part as the code is now. Raises ValueError for a page without one."""
    before, after = page.index(BEGIN) + len(BEGIN), page.index(END)
    return f"{page[:before]}\n\n{probes()}\n\n{page[after:]}"


if __name__ == "__main__":
    path = DOCS / "probes.md"
    path.write_text(made(path.read_text(encoding="utf-8")), encoding="utf-8")
