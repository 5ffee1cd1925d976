# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Times the shipped sweep against its alternatives, paired in one run, and prints ratios.

    python tests/bench/run.py [--rounds 7] [--storm 500]

The contestants take turns (a b c e, a b c e, …), so what the machine does besides hits all of them alike. Times are of
whole processes. What counts is the ratio; the seconds are this machine's.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
PLAYBOOK = str(Path(sys.executable).parent / "ansible-playbook")
NARROWED = '{"remedy_only": {"runbook": "bench_diagnosis", "target": "bench", "inputs": {"instance": "instance-0"}}}'


@contextlib.contextmanager
def backend(delay: float, alerts: int = 0) -> Iterator[str]:
    """The URL of a running backend."""
    command = [sys.executable, str(HERE / "backend.py"), "--delay", str(delay), "--alerts", str(alerts)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def prepare(directory: Path, url: str) -> Path:
    """An inventory and a kubeconfig for the backend; returns the inventory."""
    kubeconfig = directory / "kubeconfig"
    clusters = [{"name": "bench", "cluster": {"server": url}}]
    contexts = [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}]
    config = {"clusters": clusters, "contexts": contexts, "users": [{"name": "bench", "user": {}}]}
    kubeconfig.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": "bench", **config}))
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    variables = {
        "bench_backend": url,
        "bench_kubeconfig": str(kubeconfig),
        "remedy_sources": [{"name": "bench", "urls": [url], "default_target": "bench"}],
        "remedy_ledger": f"sqlite:///{directory}/ledger.db",
        "remedy_cases": str(directory / "cases"),
        "remedy_kill_switch": str(directory / "STOP"),
        "remedy_playbooks": [str(HERE / "playbooks")],
        "remedy_endpoints": {"kubernetes": {"kubeconfig": str(kubeconfig)}, "prometheus": {"url": url}},
    }
    inventory = directory / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"localhost": local, "bench": local}, "vars": variables}}))
    return inventory


def seconds(command: list[str], directory: Path) -> float:
    """How long a whole process takes; it has to succeed."""
    environment = {**os.environ, "ANSIBLE_CONFIG": str(HERE / "ansible.cfg"), "HOME": str(directory)}
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, input="", capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return took


def diagnosis(delay: float, rounds: int) -> dict[str, list[float]]:
    """Times of all contestants over ``rounds`` paired rounds, after one that is not counted."""
    with backend(delay) as url, tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        play = [PLAYBOOK, "-i", str(prepare(directory, url))]
        contestants = {
            "sweep": [*play, "oncall.remedy.remediate", "-e", NARROWED],
            "ordinary": [*play, str(HERE / "baseline/ordinary.yml")],
            "bare": [sys.executable, str(HERE / "baseline/bare.py"), url],
            "empty": [*play, str(HERE / "baseline/empty.yml")],
        }
        times: dict[str, list[float]] = {contestant: [] for contestant in contestants}
        for turn in range(rounds + 1):
            for contestant, command in contestants.items():
                took = seconds(command, directory)
                if turn:
                    times[contestant].append(took)
    return times


def storm(incidents: int, rounds: int) -> tuple[list[float], list[float]]:
    """Times of one sweep over so many incidents, and of one process for one of them."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        together, alone = [], []
        for turn in range(rounds):
            with backend(0.0, incidents) as url:
                inventory = str(prepare(directory, url))
                (directory / "ledger.db").unlink(missing_ok=True)
                together.append(seconds([PLAYBOOK, "-i", inventory, "oncall.remedy.remediate"], directory))
                command = [PLAYBOOK, "-i", inventory, str(HERE / "playbooks/bench_diagnosis.yml"), "-e", "target=bench"]
            with backend(0.0, 1) as url:
                prepare(directory, url)
                (directory / "ledger.db").unlink(missing_ok=True)
                alone.append(seconds(command, directory))
            print(f"  storm, round {turn + 1} of {rounds}: {together[-1]:.1f} s", file=sys.stderr)
    return together, alone


def ratio(of: list[float], to: list[float]) -> str:
    """The median of the paired ratios, with its range."""
    ratios = sorted(one / other for one, other in zip(of, to, strict=True))
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def report(delay: float, times: dict[str, list[float]]) -> None:
    """One table."""
    print(f"\nTen probes, a backend that answers after {delay * 1000:.0f} ms, {len(times['sweep'])} paired rounds")
    for contestant, taken in times.items():
        spread = f"(min {min(taken):.2f}, max {max(taken):.2f})"
        print(f"  {contestant:<10} median {statistics.median(taken):.2f} s   {spread}")
    floor = [bare + empty for bare, empty in zip(times["bare"], times["empty"], strict=True)]
    print(f"  ordinary / sweep         {ratio(times['ordinary'], times['sweep'])}   wanted: at least 7")
    print(f"  sweep / (bare + empty)   {ratio(times['sweep'], floor)}   wanted: at most 1.3")


def main() -> None:
    """Runs everything and prints the tables."""
    parser = argparse.ArgumentParser(description="The shipped sweep against its alternatives, as ratios.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--storm", type=int, default=500, help="incidents in the storm; 0 leaves it out")
    parser.add_argument("--delays", type=float, nargs="*", default=[0.0, 0.1], help="seconds")
    options = parser.parse_args()
    for delay in options.delays:
        report(delay, diagnosis(delay, options.rounds))
    if options.storm:
        together, alone = storm(options.storm, 3)
        each = [one / options.storm for one in together]
        print(f"\nA storm of {options.storm} incidents in one sweep: median {statistics.median(together):.1f} s")
        print(f"  one process for one incident: median {statistics.median(alone):.2f} s")
        print(f"  per incident, alone / in the storm   {ratio(alone, each)}   wanted: at least 20")


if __name__ == "__main__":
    main()
