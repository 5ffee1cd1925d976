# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of Traefik's chart as the text that a HelmChartConfig holds: read, checked, and completed. All pure.

A completed text keeps its comments and its layout: only the argument that is too short is changed.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any, Mapping, Sequence

try:
    import yaml
except ImportError:  # pragma: no cover
    yaml = None  # type: ignore[assignment]

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes import changes
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, at
from ansible_collections.oncall.remedy.plugins.module_utils.probes import networks
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes_helm_chart import overlaid, values

ARGUMENTS = "additionalArguments"

_ENTRY_POINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


def parsed(what: str, text: str) -> Json:
    """The values as data.

    :raises FixFailed: Helm could not read them either, or they are more than is looked at.
    """
    if yaml is None:
        raise ProbeError("missing_library", "PyYAML is not installed")
    try:
        found: Json = values(text)
    except ValueError as error:
        raise FixFailed(what, f"the values cannot be used: {error}", "Correct them at their source") from error
    return found


def effective(what: str, spec: Json) -> Json:
    """What a HelmChartConfig says in all: values that it has as data go over those of the text.

    :raises FixFailed: the text cannot be used.
    """
    found: Json = overlaid(parsed(what, str(spec.get("valuesContent") or "")), spec.get("values") or {})
    return found


def shown(text: str) -> Any:
    """The values for a diff: as data, without what may be a secret in them."""
    try:
        return changes.hidden_by_name(values(text))
    except ValueError:
        return f"({len(text)} characters that are no YAML)"


def trusted(given: Mapping[str, Any]) -> dict[str, list[str]]:
    """The networks of each entry point, from the module's option.

    :raises FixFailed: it is not of that shape, or names a network that is none.
    """
    doing = "read option trusted_ips"
    for entry_point, listed in given.items():
        if not _ENTRY_POINT.fullmatch(entry_point) or not isinstance(listed, list) or not listed:
            raise FixFailed(doing, f"{entry_point[:80]!r}: it has no list of networks", "Give entry point: [networks]")
    made = {entry_point: [str(one).strip() for one in listed] for entry_point, listed in given.items()}
    for networks_ in made.values():
        _missing(doing, networks_, [])
    return made


def completed(what: str, text: str, trusted: Mapping[str, Sequence[str]]) -> str:
    """The text with every network of ``trusted`` (entry point: networks) among those whose headers Traefik believes.

    :raises FixFailed: it says so elsewhere, or twice, or what stands there is no list of networks.
    """
    for entry_point in sorted(trusted):
        text = _completed_for(what, text, entry_point, [str(one) for one in trusted[entry_point]])
    return text


def _completed_for(what: str, text: str, entry_point: str, wanted: list[str]) -> str:
    found = parsed(what, text)
    if at(found, "ports", entry_point, "forwardedHeaders", "trustedIPs"):
        raise FixFailed(
            what,
            f"the values say whom to trust under ports.{entry_point}.forwardedHeaders.trustedIPs",
            "Complete them there, by hand",
        )
    arguments = found.get(ARGUMENTS) or []
    flag = f"--entrypoints.{entry_point}.forwardedheaders.trustedips="
    if not isinstance(arguments, list):
        raise FixFailed(what, f"{ARGUMENTS} is no list", "Correct the values at their source")
    standing = [one for one in arguments if isinstance(one, str) and one.lower().startswith(flag.lower())]
    if len(standing) > 1:
        raise FixFailed(what, f"{flag} stands there {len(standing)} times", "Leave one of them, by hand")
    if not standing:
        new = f"--entrypoints.{entry_point}.forwardedHeaders.trustedIPs={','.join(wanted)}"
        return _added(text, found, new) if wanted else text
    (old,) = standing
    name, _equals, listed = old.partition("=")
    there = [one.strip() for one in listed.split(",") if one.strip()]
    missing = _missing(what, wanted, there)
    return _replaced(text, found, old, f"{name}={','.join([*there, *missing])}") if missing else text


def _missing(what: str, wanted: list[str], there: list[str]) -> list[str]:
    """Those that no network that is there covers."""
    try:
        known = [networks.network(one) for one in there]
        return [one for one in wanted if networks.outside([networks.network(one)], known)]
    except ProbeError as error:
        raise FixFailed(what, error.message, "Correct the list of networks at its source") from error


def _replaced(text: str, found: Json, old: str, new: str) -> str:
    expected = copy.deepcopy(found)
    expected[ARGUMENTS] = [new if one == old else one for one in found[ARGUMENTS]]
    return _if_right(text.replace(old, new), expected)


def _added(text: str, found: Json, new: str) -> str:
    expected = copy.deepcopy(found)
    expected[ARGUMENTS] = [*(found.get(ARGUMENTS) or []), new]
    line = f"- {json.dumps(new)}"
    if not found.get(ARGUMENTS):
        if ARGUMENTS in found:
            return _dumped(expected)
        whole = text if not text or text.endswith("\n") else text + "\n"
        return _if_right(f"{whole}{ARGUMENTS}:\n  {line}\n", expected)
    return _if_right(_after_last_argument(text, line), expected)


def _after_last_argument(text: str, line: str) -> str:
    """The text with one argument more, at the indentation of the last one."""
    mapping: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    last = [value for key, value in mapping.value if key.value == ARGUMENTS][-1].value[-1]
    lines = text.splitlines()
    indent = lines[last.start_mark.line].partition("-")[0]
    lines.insert(last.end_mark.line + 1, indent + line)
    return "\n".join(lines) + "\n"


def _if_right(text: str, expected: Json) -> str:
    """The edited text if it says what it should, else the values written anew."""
    try:
        if values(text) == expected:
            return text
    except ValueError:
        pass
    return _dumped(expected)


def _dumped(expected: Json) -> str:
    return str(yaml.safe_dump(expected, default_flow_style=False, sort_keys=False, allow_unicode=True, width=4096))
