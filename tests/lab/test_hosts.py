"""The hypervisors: what is written for each before it boots, what their faults change, and what undoes them."""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from lab import faults, host_init, hosts, pki, proxmox, rootfs, ssh
from lab.console import LabError
from lab.faults import proxmox as proxmox_faults
from lab.settings import HOSTS, NODES, Paths
from lab.standins.proxmox.access import Access, Identity

RUAPEHU, CARRICK = HOSTS


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    folder = tmp_path_factory.mktemp("lab")
    paths = Paths(folder / "run", folder / "cache")
    paths.run.mkdir()
    pki.create(paths)
    ssh.create_keys(paths)
    proxmox.create_secrets(paths)
    hosts.prepare(paths)
    return paths


def upper(paths: Paths, file: str) -> Path:
    return paths.host(CARRICK) / "upper" / file


def test_what_may_be_asked_for_with_the_files_of_the_inventory_is_what_the_host_lets_in(prepared: Paths) -> None:
    users = Access(upper(prepared, "etc/pve"))
    secret = proxmox.token_file(prepared, CARRICK).read_text(encoding="utf-8").strip()
    reader = users.by_token(f"remedy@pve!probe={secret}")
    assert users.allowed(reader, "/nodes/carrick", "Sys.Audit")
    assert not users.allowed(reader, "/nodes/carrick", "Sys.Modify")
    password = proxmox.password_file(prepared, CARRICK).read_text(encoding="utf-8").strip()
    assert users.by_password("root@pam", password) == Identity("root@pam")


def test_each_host_has_secrets_of_its_own(prepared: Paths) -> None:
    for file in (proxmox.password_file, proxmox.token_file):
        assert file(prepared, RUAPEHU).read_bytes() != file(prepared, CARRICK).read_bytes()


def test_secrets_are_for_their_owner_alone(prepared: Paths) -> None:
    files = [*prepared.proxmox.iterdir(), *upper(prepared, "etc/pve/priv").iterdir()]
    files += [upper(prepared, "etc/ssh/ssh_host_ed25519_key"), upper(prepared, "etc/pve/local/pve-ssl.key")]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(upper(prepared, "root/.ssh").stat().st_mode) == 0o700


def test_the_host_keeps_no_password_in_the_clear(prepared: Paths) -> None:
    password = proxmox.password_file(prepared, CARRICK).read_text(encoding="utf-8").strip()
    for file in upper(prepared, "etc/pve").rglob("*"):
        assert not file.is_file() or password not in file.read_text(encoding="utf-8")


def test_a_host_that_was_prepared_is_prepared_again_without_new_secrets(prepared: Paths) -> None:
    before = proxmox.token_file(prepared, CARRICK).read_bytes()
    proxmox.create_secrets(prepared)
    hosts.prepare(prepared)
    assert proxmox.token_file(prepared, CARRICK).read_bytes() == before


def test_the_services_start_with_the_host(prepared: Paths) -> None:
    for name in proxmox.SERVICES:
        unit = upper(prepared, f"etc/systemd/system/{name}.service")
        assert f"-m lab.standins.proxmox {name}\n" in unit.read_text(encoding="utf-8")
        assert f"PYTHONPATH={host_init.CODE} " in unit.read_text(encoding="utf-8")
        wanted = unit.parent / "multi-user.target.wants" / unit.name
        assert wanted.readlink() == Path("/etc/systemd/system") / unit.name


def test_what_only_slows_a_host_is_masked(prepared: Paths) -> None:
    assert upper(prepared, "etc/systemd/system/systemd-logind.service").readlink() == Path("/dev/null")


def test_a_host_has_an_identity_of_its_own(prepared: Paths) -> None:
    ids = {(prepared.host(host) / "upper/etc/machine-id").read_text(encoding="utf-8") for host in HOSTS}
    assert len(ids) == len(HOSTS)
    assert all(len(text.strip()) == 32 for text in ids)


def test_a_host_boots_in_the_network_it_is_started_in_with_the_code_of_its_services() -> None:
    command = host_init.command(CARRICK, Path("/lab/hosts/carrick"))
    assert "--directory=/lab/hosts/carrick/root" in command
    assert not [word for word in command if word.startswith(("--private-network", "--network"))]
    (code,) = (word for word in command if word.endswith(f":{host_init.CODE}/lab/standins"))
    assert Path(code.removeprefix("--bind-ro=").partition(":")[0], "proxmox", "__main__.py").exists()


@pytest.mark.parametrize(("kind", "believed"), [("", True), ("-expired", False), ("-other", False)])
def test_of_the_certificates_that_a_host_may_show_one_is_good(prepared: Paths, kind: str, believed: bool) -> None:
    def load(name: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate((prepared.pki / f"{name}.crt").read_bytes())

    address = x509.IPAddress(ipaddress.ip_address(CARRICK.address))
    verifier = PolicyBuilder().store(Store([load("proxmox-ca")])).build_server_verifier(address)
    with contextlib.nullcontext() if believed else pytest.raises(VerificationError):
        verifier.verify(load(f"proxmox-carrick{kind}"), [])


class Remembering:
    """Stands for the cluster: keeps what is applied."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}

    def apply(self, document: dict[str, Any]) -> None:
        self.objects[document["metadata"]["name"]] = document


def passwords(cluster: Any) -> dict[str, str]:
    data = cluster.objects["proxmox-scrape"]["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def test_a_wrong_password_is_one_hosts_and_undone(prepared: Paths) -> None:
    cluster: Any = Remembering()
    fault = faults.CATALOGUE["proxmox-password-wrong"]
    right = {host.name: proxmox.password_file(prepared, host).read_text(encoding="utf-8").strip() for host in HOSTS}
    fault.apply(faults.Estate(cluster, prepared))
    assert passwords(cluster)["carrick"] != right["carrick"]
    assert passwords(cluster)["ruapehu"] == right["ruapehu"]
    fault.undo(faults.Estate(cluster, prepared))
    assert passwords(cluster) == {"username": "root@pam", **right}


def test_the_firewall_is_closed_to_the_monitoring_cluster_and_to_nobody_else() -> None:
    (rule,) = (line for line in proxmox_faults._RULES.splitlines() if "drop" in line)
    for node in NODES:
        assert f"{node.address}," in rule
    assert "10.66.0.1," not in rule
    assert "tcp dport 8006 drop" in rule


def test_every_fault_of_a_host_names_it_and_fires() -> None:
    for fault in proxmox_faults.FAULTS:
        assert fault.what.startswith(f"{fault.host.name}: ")
        assert fault.fires == "TargetDown"


@pytest.fixture
def bootstrapped(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """debootstrap that makes a small tree; the commands it was given."""
    commands: list[Sequence[str]] = []

    def bootstrap(command: Sequence[Any]) -> None:
        commands.append([str(word) for word in command])
        root = next(Path(word) for word in commands[-1] if word.endswith(".partial"))
        for place in (*rootfs._SPARE, "etc/ssh", "var/lib/dbus"):
            (root / place).mkdir(parents=True)
        (root / "usr/share/doc/copyright").touch()
        os.symlink("elsewhere", root / "usr/share/doc/link")
        (root / "etc/ssh/ssh_host_rsa_key").touch()
        (root / "etc/machine-id").touch()

    monkeypatch.setattr(rootfs, "run", bootstrap)
    return commands


def test_the_root_file_system_is_made_once_and_holds_nobodys_identity(
    tmp_path: Path, bootstrapped: list[Sequence[str]]
) -> None:
    paths = Paths(tmp_path / "run", tmp_path / "cache")
    (made, again) = (rootfs.acquire(paths), rootfs.acquire(paths))
    assert made == again
    assert len(bootstrapped) == 1
    assert "--force-check-gpg" in bootstrapped[0]
    assert not (made / "etc/machine-id").exists()
    assert list((made / "etc/ssh").iterdir()) == []
    assert list((made / "usr/share/doc").iterdir()) == []


def test_a_root_file_system_of_other_packages_is_made_anew_and_the_older_one_dropped(
    tmp_path: Path, bootstrapped: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = Paths(tmp_path / "run", tmp_path / "cache")
    before = rootfs.acquire(paths)
    monkeypatch.setattr(rootfs, "PACKAGES", ("systemd", "curl"))
    assert rootfs.acquire(paths) != before
    assert not before.exists()
    assert "--include=systemd,curl" in bootstrapped[1]


def test_a_mirror_is_asked_where_one_is_named(
    tmp_path: Path, bootstrapped: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONCALL_REMEDY_MIRROR", "http://mirror.example/debian")
    rootfs.acquire(Paths(tmp_path / "run", tmp_path / "cache"))
    assert bootstrapped[0][-1] == "http://mirror.example/debian"


def test_a_broken_off_root_file_system_is_never_taken_for_a_whole_one(
    tmp_path: Path, bootstrapped: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = Paths(tmp_path / "run", tmp_path / "cache")
    whole = vars(rootfs)["run"]

    def broken(command: Sequence[Any]) -> None:
        whole(command)
        raise LabError("debootstrap: exit 1")

    with monkeypatch.context() as patch:
        patch.setattr(rootfs, "run", broken)
        with pytest.raises(LabError):
            rootfs.acquire(paths)
    assert not rootfs.directory(paths).exists()
    assert rootfs.acquire(paths) == rootfs.directory(paths)
