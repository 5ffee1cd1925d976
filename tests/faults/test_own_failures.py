# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong with the engine itself reaches a human: a failed run, a clear line, a call that needs no ledger."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.humans import Humans, listening
from tests.support.estate import Estate

Break = Callable[[Estate], None]


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    """An estate with something to mend."""
    with Estate(tmp_path, "hetzner") as estate:
        estate["hetzner"].hang()
        estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
        yield estate


@pytest.fixture
def humans(estate: Estate) -> Iterator[Humans]:
    with listening(estate) as humans:
        yield humans


def no_database_server(estate: Estate) -> None:
    estate.settings["remedy_ledger"] = f"postgresql+psycopg://remedy@/ledger?host={estate.folder}/nowhere"


def no_folder_to_write_to(estate: Estate) -> None:
    estate.settings |= {
        "remedy_ledger": "sqlite:////proc/oncall-remedy/ledger.db",
        "remedy_state": "/proc/oncall-remedy",
    }


def a_ledger_that_is_none(estate: Estate) -> None:
    estate.ledger_file.parent.mkdir(exist_ok=True)
    estate.ledger_file.write_text("this is no database")


def runbooks_that_are_gone(estate: Estate) -> None:
    estate.settings["remedy_playbooks"] = [str(estate.folder / "no-such-folder")]


def a_setting_that_is_none(estate: Estate) -> None:
    estate.settings["remedy_linger"] = "soon"


def an_undefined_variable(estate: Estate) -> None:
    estate.settings["remedy_linger"] = "{{ no_such_variable }}"


def an_alertmanager_that_is_ill(estate: Estate) -> None:
    estate.alertmanager.condition = "ill"


def an_alertmanager_that_hangs_up(estate: Estate) -> None:
    estate.alertmanager.condition = "resets"


FAULTS: dict[Break, str] = {
    no_database_server: "ledger",
    no_folder_to_write_to: "/proc/oncall-remedy",
    a_ledger_that_is_none: "ledger",
    runbooks_that_are_gone: "no-such-folder",
    a_setting_that_is_none: "remedy_linger",
    an_undefined_variable: "no_such_variable",
    an_alertmanager_that_is_ill: "nobody knows what fires at stand-in",
    an_alertmanager_that_hangs_up: "nobody knows what fires at stand-in",
}
"""What is broken, and what the line and the call have to name."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_failure_of_the_engine_ends_in_a_failed_run_a_clear_line_and_one_call(
    fault: Break, estate: Estate, humans: Humans
) -> None:
    fault(estate)
    run = estate.sweep()
    assert run.code != 0
    assert "".join(FAULTS[fault].split()) in "".join(run.output.split())  # wherever a line is broken
    assert "Traceback" not in run.output
    assert len(humans.calls) == 1, (humans.calls, run.output)
    assert FAULTS[fault] in humans.calls[0]
    assert estate.writes() == []


def test_a_disk_that_is_full_ends_in_a_failed_run_and_a_call(estate: Estate, humans: Humans) -> None:
    process = estate.begin()
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (65536, 65536))  # no file grows beyond: a new ledger is larger
    run = estate.finish(process)
    assert run.code != 0
    assert "ledger" in run.output
    assert len(humans.calls) == 1, (humans.calls, run.output)
    assert estate.writes() == []


def test_a_failure_that_lasts_is_told_once_and_its_end_as_well(estate: Estate, humans: Humans) -> None:
    estate.alertmanager.condition = "ill"
    assert estate.sweep().code != 0
    assert estate.sweep().code != 0
    assert len(humans.calls) == 1, humans.calls
    estate.alertmanager.condition = "well"
    estate.sweep().ended_well()
    assert len(humans.calls) == 2, humans.calls
    assert estate.case()["outcome"] == "healed"
