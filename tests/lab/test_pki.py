"""Certificates: who is believed by whom."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from lab import kubeconfig, pki
from lab.settings import EDGE_HOST, NODES, Paths


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    directory = tmp_path_factory.mktemp("lab")
    found = Paths(directory / "run", directory / "cache")
    pki.create(found)
    return found


def certificate(paths: Paths, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((paths.pki / f"{name}.crt").read_bytes())


def verify(paths: Paths, authority: str, name: str, host: str) -> None:
    builder = PolicyBuilder().store(Store([certificate(paths, authority)]))
    builder.build_server_verifier(x509.DNSName(host)).verify(certificate(paths, name), [])


def test_the_edge_is_believed_by_who_trusts_the_edge_authority(paths: Paths) -> None:
    verify(paths, "edge-ca", "edge", EDGE_HOST)


def test_the_edge_is_not_believed_by_who_trusts_the_cluster(paths: Paths) -> None:
    with pytest.raises(VerificationError):
        verify(paths, "ca", "edge", EDGE_HOST)


def test_the_edge_certificate_is_for_its_hosts_only(paths: Paths) -> None:
    with pytest.raises(VerificationError):
        verify(paths, "edge-ca", "edge", "example.org")


def test_a_kubelet_is_a_node_and_no_server(paths: Paths) -> None:
    for node in NODES:
        found = certificate(paths, node.name)
        names = {attribute.oid: attribute.value for attribute in found.subject}
        assert names == {NameOID.COMMON_NAME: f"system:node:{node.name}", NameOID.ORGANIZATION_NAME: "system:nodes"}
        usage = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_no_key_can_be_read_by_anyone_but_its_owner(paths: Paths) -> None:
    keys = list(paths.pki.glob("*.key"))
    assert keys
    for key in keys:
        assert stat.S_IMODE(key.stat().st_mode) == 0o600, key


def test_openssl_takes_every_key_with_its_certificate(paths: Paths) -> None:
    for key in paths.pki.glob("*.key"):
        if (found := key.with_suffix(".crt")).exists():
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(found, key)


def test_a_second_run_issues_nothing_anew(paths: Paths) -> None:
    before = {file: file.read_bytes() for file in paths.pki.iterdir()}
    pki.create(paths)
    assert {file: file.read_bytes() for file in paths.pki.iterdir()} == before


def test_a_kubeconfig_with_a_token_is_private_and_replaced_in_one_step(paths: Paths) -> None:
    target: Path = paths.identities / "probe.kubeconfig"
    for token in ("first", "second"):
        kubeconfig.write(target, kubeconfig.for_token(paths, "probe", token))
        assert f'"token": "{token}"' in target.read_text(encoding="utf-8")
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [entry.name for entry in target.parent.iterdir()] == ["probe.kubeconfig"]
