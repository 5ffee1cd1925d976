# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A probe as an Ansible module: the same options, and one shape of result for all."""

from __future__ import annotations

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oncall.remedy.plugins.module_utils import duration
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import SETTINGS, source_of, transport_for

PATIENCE: Spec = {"timeout": {"type": "duration", "default": "30s"}}


def argument_spec(*specs: Spec) -> dict[str, dict[str, Any]]:
    """Options of probes and endpoints as AnsibleModule takes them.

    A duration is a text there. The names of secrets, and of files and variables that hold them, are no secrets.
    """
    made: dict[str, dict[str, Any]] = {}
    for name, rule in (pair for spec in specs for pair in spec.items()):
        made[name] = dict(rule, type="str" if rule["type"] == "duration" else rule["type"])
        if name.endswith(("_file", "_env", "_name")):
            made[name]["no_log"] = False
    return made


def run(module: AnsibleModule, probe: type[Probe], settings: Json | None = None) -> None:
    """Asks, and ends the module with the answer or with the error's message and kind.

    ``settings`` are those of the endpoint where the module's options do not bear their names.
    """
    params = module.params
    if settings is None:
        settings = {name: params[name] for name in SETTINGS.get(probe.endpoint or "", {})}
    began = time.monotonic()
    try:
        transport = transport_for(probe.endpoint, settings)
        asked = probe(transport, {name: params.get(name) for name in probe.options})
        answer = asked.ask(began + _seconds(params["timeout"]))
        source = source_of(probe.endpoint, settings)
    except ProbeError as error:
        module.fail_json(msg=error.message, kind=error.kind)
    result = {"question": asked.question(), "took": round(time.monotonic() - began, 4), "answer": answer}
    if source:
        result["source"] = source
    module.exit_json(changed=False, **result)


def _seconds(timeout: str | None) -> float:
    try:
        return duration.seconds(timeout)
    except ValueError as error:
        raise ProbeError("bad_option", f"option 'timeout': {error}") from None
