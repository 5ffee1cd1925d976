# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``--check``: everything but the writes, over a copy of the ledger."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.support.estate import Estate
from tests.unit.engine.sweeping import Engine, Json


@pytest.fixture(autouse=True)
def firing(estate: Estate) -> None:
    """EdgeDown fires, and the edge is down."""
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})


def preview(_target: str, _remedy: Json) -> Json:
    return {"changed": True, "msg": "would restart", "diff": {"before": "a\n", "after": "b\n"}}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_first_preview_leaves_no_ledger_and_no_page(
    engine: Engine, estate: Estate, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.remedy = preview
    engine.sweep(check=True)
    assert not estate.ledger_file.exists()
    assert estate.pages() == []
    assert estate.writes() == []
    shown = " ".join(capsys.readouterr().out.split())
    assert "Without --check, restart of DaemonSet traefik/traefik" in shown
    assert "Nothing was changed: a check run" in shown


def test_a_preview_shows_to_the_remedy_the_reading_identity_alone(engine: Engine, estate: Estate) -> None:
    engine.remedy = preview
    engine.sweep(check=True)
    ((_target, remedy),) = engine.remedies
    assert remedy["credential"]["kubeconfig"] == estate.hosts["hetzner"]["remedy_endpoints"]["kubernetes"]["kubeconfig"]


def test_a_preview_changes_nothing_in_a_ledger_that_is_there(engine: Engine, estate: Estate) -> None:
    estate.hosts["hetzner"]["remedy_mode"] = "propose"
    engine.sweep()
    estate.later(3600)
    estate.hosts["hetzner"]["remedy_mode"] = "act"
    before = digest(estate.ledger_file)
    engine.remedy = preview
    engine.sweep(check=True)
    assert len(engine.remedies) == 1
    assert digest(estate.ledger_file) == before
    assert estate.case()["outcome"] == "proposed"


def test_a_preview_goes_on_verifying_what_a_real_sweep_has_done(
    engine: Engine, estate: Estate, capsys: pytest.CaptureFixture[str]
) -> None:
    estate.settings["remedy_linger"] = 0
    engine.sweep()
    estate.later(60)
    estate.settings["remedy_linger"] = "3s"
    capsys.readouterr()
    engine.sweep(check=True)
    shown = " ".join(capsys.readouterr().out.split())
    assert "healed it" in shown
    assert "would follow" not in shown
    assert estate.case()["outcome"] == "waiting"
