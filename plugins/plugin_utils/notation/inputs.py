# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values from outside: an alert's labels and what an operator gives. They are data, and checked before anything
reads them.

``` bind_inputs(runbook, labels, given) -> dict[str, str]      raises InputError ```
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import patterns
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import InputError, allowed
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Input, Runbook

LONGEST = 4096


def bind_inputs(
    runbook: Runbook, labels: Mapping[str, str] | None = None, given: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """The value of every input the runbook declares: the operator's, else the label's, else the default.

    A value has to match its pattern as a whole. Raises InputError for one that does not, for one that is required and
    missing, and for one that the operator gives and the runbook does not declare.
    """
    labels, given = labels or {}, given or {}
    for name in given:
        if name not in runbook.inputs:
            raise InputError(f"{runbook.name} has no input {_shown(name)}; {allowed(runbook.inputs, str(name))}")
    return {name: _bound(runbook, wanted, labels, given) for name, wanted in runbook.inputs.items()}


def _bound(runbook: Runbook, wanted: Input, labels: Mapping[str, str], given: Mapping[str, Any]) -> str:
    if wanted.name in given:
        value, origin = given[wanted.name], f"the input {wanted.name}"
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)
    elif labels.get(wanted.label, "") != "":
        value, origin = labels[wanted.label], f"the label {wanted.label}"
    elif wanted.required:
        raise InputError(f"{runbook.name} needs {wanted.name}: the label {wanted.label} is missing, and none was given")
    else:
        return wanted.default
    if not isinstance(value, str):
        raise InputError(f"{origin} has to be a text, not {type(value).__name__}")
    if len(value) > LONGEST or not patterns.fullmatch(wanted.pattern, value):
        raise InputError(f"{origin} is {_shown(value)}, which does not match {wanted.pattern} ({wanted.where})")
    return value


def _shown(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
