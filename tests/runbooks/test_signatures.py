# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""TraefikDown's log signatures against what Traefik itself printed when it was broken in each of these ways."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.oncall.remedy.plugins.module_utils.errors import uncoloured

ROOT = Path(__file__).parent.parent.parent
PRINTED = ROOT / "lab" / "faults" / "logs"
PLAYBOOK = yaml.safe_load((ROOT / "playbooks" / "traefik_down.yml").read_text(encoding="utf-8"))
EVIDENCE = PLAYBOOK[0]["vars"]["runbook"]["evidence"]

FOUND = {
    ("crash", "bad-static-flag"): {"static_option", "last_words"},
    ("crash", "bad-static-value"): {"static_address", "last_words"},
    ("crash", "port-80-taken"): {"port_conflict", "last_words"},
    ("logs", "cert-resolver-unknown"): {"certificate_resolver"},
    ("logs", "cert-resolver-storage"): {"certificate_resolver", "certificate_storage"},
    ("logs", "dynamic-config-bad"): {"dynamic_configuration"},
    ("logs", "healthy"): set[str](),
}


@pytest.mark.parametrize(("evidence", "fault"), FOUND)
def test_each_way_to_break_traefik_shows_its_own_signatures(evidence: str, fault: str) -> None:
    lines = [uncoloured(line) for line in (PRINTED / f"{fault}.txt").read_text(encoding="utf-8").splitlines()]
    match = EVIDENCE[evidence]["pod_logs"]["match"]
    found = {name for name, pattern in match.items() if any(re.search(pattern, line) for line in lines)}
    assert found == FOUND[evidence, fault]


def test_every_signature_is_seen_in_a_log() -> None:
    seen = {(evidence, name) for (evidence, _fault), names in FOUND.items() for name in names}
    assert seen == {(which, name) for which in ("crash", "logs") for name in EVIDENCE[which]["pod_logs"]["match"]}
