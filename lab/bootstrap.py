"""Gives the lab a virtual environment of its own in the cache and runs it there. Standard library only.

What the project's own environment holds may change with the Ansible version under test; the lab's tools do not.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_LOCK = _ROOT / "lab" / "requirements.txt"


def main() -> None:
    """Makes the environment where it is missing, then becomes ``python -m lab`` with the same arguments."""
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this has not looked yet
        sys.exit(f"lab: Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    python = environment(_cache()) / "bin" / "python"
    os.environ["PYTHONPATH"] = str(_ROOT)
    os.execv(python, [str(python), "-m", "lab", *sys.argv[1:]])


def environment(cache: Path) -> Path:
    """The virtual environment for this lock and this Python, made in one step where it is missing."""
    key = hashlib.sha256(_LOCK.read_bytes() + sys.version.encode() + sys.base_prefix.encode()).hexdigest()[:12]
    target = cache / f"tools-{key}"
    marker = target / "complete"
    if not marker.exists():
        shutil.rmtree(target, ignore_errors=True)
        cache.mkdir(parents=True, exist_ok=True)
        print("lab: making its virtual environment", file=sys.stderr)
        _make(target)
        marker.touch()
    return target


def _make(target: Path) -> None:
    base = getattr(sys, "_base_executable", sys.executable)
    if subprocess.run([base, "-m", "venv", target], stdout=subprocess.DEVNULL, check=False).returncode:
        _install_venv()
        subprocess.run([base, "-m", "venv", "--clear", target], check=True)
    pip = [str(target / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    if subprocess.run([*pip, "--only-binary=:all:", "--require-hashes", "-r", _LOCK], check=False).returncode:
        sys.exit("lab: its Python packages cannot be installed: is a package registry reachable (pip config list)?")


def _install_venv() -> None:
    """Debian keeps ensurepip in a package of its own."""
    package = "python3-venv"
    apt = shutil.which("apt-get")
    if not apt or os.geteuid() != 0 or os.environ.get("ONCALL_REMEDY_NO_INSTALL"):
        sys.exit(f"lab: Python cannot make virtual environments here: apt-get install {package}")
    subprocess.run([apt, "update", "-qq"], check=True)
    subprocess.run([apt, "install", "-y", "-qq", "--no-install-recommends", package], check=True)


def _cache() -> Path:
    return Path(os.environ.get("ONCALL_REMEDY_CACHE") or Path.home() / ".cache" / "oncall-remedy").resolve()
