# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The same sweep through ansible-runner, laid out as AWX lays it out: the same case, and secrets nowhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.support import awx
from tests.support.estate import Estate
from tests.support.service import bearer
from tests.support.shipped import quick_copy

PLANTED = "planted-alertmanager-token"
VOLATILE = {"took", "seconds", "seconds_max", "points", "last_scrape_age"}


def prepared(folder: Path) -> Estate:
    """An estate whose edge is down, for the shipped runbook, with an Alertmanager that wants a token."""
    folder.mkdir()
    return Estate(folder, "hetzner")


def broken(estate: Estate) -> None:
    quick_copy("traefik_down", "TraefikOut", estate.folder / "runbooks")
    estate.settings["remedy_playbooks"] = [str(estate.folder / "runbooks")]
    token = estate.folder / "alertmanager-token"
    token.write_text(PLANTED)
    estate.settings["remedy_sources"][0]["token_file"] = str(token)
    estate["hetzner"].hang()
    estate.alertmanager.fire("TraefikOut", {"cluster": "hetzner"})


def story(estate: Estate) -> Any:
    """The case without what differs from run to run: times, numbers of permits and incidents, ports and folders."""
    text = json.dumps(estate.case())
    hetzner = estate["hetzner"]
    for name, port in (
        ("api", hetzner.api.port),
        ("edge", hetzner.edge.port),
        ("am", estate.alertmanager.service.port),
    ):
        text = text.replace(f":{port}", f":{name}")
    text = text.replace(str(estate.folder), "FOLDER")
    text = re.sub(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{8}\b", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"\b1[0-9]{9}\.[0-9]+\b", "0", text)
    text = re.sub(r"(stable for|ready after|over) \d+ s|fires for [\d.]+ \w+", "", text)
    return _without_times(json.loads(text))


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_times(member) for key, member in value.items() if key not in VOLATILE}
    return [_without_times(member) for member in value] if isinstance(value, list) else value


def files_with(folders: list[Path], secrets: set[str]) -> list[str]:
    """The files that hold one of the secrets."""
    wanted = [secret.encode() for secret in secrets]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    return [str(path) for path in files if any(secret in path.read_bytes() for secret in wanted)]


def test_through_ansible_runner_as_awx_calls_it_the_case_is_the_same_and_no_secret_is_left_behind(
    tmp_path: Path,
) -> None:
    with prepared(tmp_path / "by hand") as by_hand, prepared(tmp_path / "by awx") as by_awx:
        broken(by_hand)
        by_hand.sweep().ended_well()
        broken(by_awx)
        root = awx.private_data(by_awx)

        run = awx.run(root, "playbooks/remediate.yml").ended_well()

        assert story(by_awx) == story(by_hand)
        assert by_awx.case()["outcome"] == "healed"
        assert by_awx.writes() == by_hand.writes()
        assert {bearer(request) for request in by_awx.alertmanager.service.requests} == {PLANTED}
        hetzner = by_awx["hetzner"]
        secrets = {PLANTED, hetzner.probe_token, hetzner.issuer_token, *hetzner.minted}
        assert len(secrets) == 4
        assert not any(secret in run.output for secret in secrets)
        places = [root / "artifacts", by_awx.folder / "state", by_awx.folder / "cases", by_awx.folder / ".ansible"]
        assert files_with(places, secrets) == []


def test_a_template_in_the_extra_vars_of_a_job_is_not_rendered(tmp_path: Path) -> None:
    with prepared(tmp_path / "estate") as estate:
        broken(estate)
        canary = estate.folder / "canary"
        target = "{{ lookup('ansible.builtin.pipe', 'touch " + str(canary) + "') }}"
        root = awx.private_data(estate, {"target": target, "inputs": {"x": target}})
        run = awx.run(root, "playbooks/traefik_down.yml")
        assert run.code != 0
        assert "not, to the letter" in " ".join(run.output.split())
        assert not canary.exists()
        assert estate["hetzner"].api.requests == []
