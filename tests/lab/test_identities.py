"""Who may do what in the lab: every identity that its inventory names is there, and a remedy may do little."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from lab import node_init
from lab.settings import SOURCE

INVENTORY = SOURCE.parent / "inventories" / "lab"
NAMESPACE = "oncall-remedy"


@cache
def documents() -> list[dict[str, Any]]:
    files = (SOURCE / "manifests").glob("*.yaml")
    return [entry for file in files for entry in yaml.safe_load_all(file.read_text(encoding="utf-8")) if entry]


def objects(kind: str) -> list[dict[str, Any]]:
    return [entry for entry in documents() if entry["kind"] == kind]


def named(value: object, key: str) -> Iterator[Any]:
    """Every value of the key, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key:
                yield inner
            yield from named(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from named(inner, key)


def inventory_accounts() -> set[str]:
    files = [file for file in INVENTORY.rglob("*.yml") if file.name != "hosts.yml"]
    return {account for file in files for account in named(yaml.safe_load(file.read_text("utf-8")), "service_account")}


def rules_of(account: str) -> dict[str, list[dict[str, Any]]]:
    """What an account may do, by namespace; cluster-wide under ``""``."""
    roles: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for kind in ("Role", "ClusterRole"):
        for role in objects(kind):
            metadata = role["metadata"]
            roles[kind, metadata.get("namespace", ""), metadata["name"]] = role["rules"]
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for binding in [*objects("RoleBinding"), *objects("ClusterRoleBinding")]:
        if {"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE} in binding.get("subjects", []):
            namespace = binding["metadata"].get("namespace", "")
            reference = binding["roleRef"]
            of = namespace if reference["kind"] == "Role" else ""
            found[namespace] += roles[reference["kind"], of, reference["name"]]
    return found


def test_every_account_of_the_inventory_is_there_and_its_issuer_may_ask_for_its_token() -> None:
    there = {entry["metadata"]["name"] for entry in objects("ServiceAccount")}
    issued = {name for role in objects("Role") for rule in role["rules"] for name in rule.get("resourceNames", [])}
    accounts = inventory_accounts()
    assert "remedy-service-monitor" in accounts
    assert accounts <= there
    assert accounts <= issued


@pytest.mark.parametrize("account", sorted(inventory_accounts()))
def test_a_remedy_writes_in_single_namespaces_and_reads_no_secret(account: str) -> None:
    rules = rules_of(account)
    assert rules
    assert "" not in rules, "a remedy's rights end with its namespaces"
    for rule in (rule for namespace in rules.values() for rule in namespace):
        assert "*" not in (*rule["verbs"], *rule["resources"], *rule["apiGroups"])
        assert "pods/exec" not in rule["resources"]


def test_only_one_identity_reads_a_secret_and_it_reads_one() -> None:
    for account in (entry["metadata"]["name"] for entry in objects("ServiceAccount")):
        if account.startswith(("probe", "remedy-", "permit-issuer")):
            given = [rule for rules in rules_of(account).values() for rule in rules]
            assert not [rule for rule in given if "secrets" in rule["resources"]], account
    ((namespace, (rule,)),) = rules_of("scrape-secrets").items()
    assert namespace == "monitoring"
    assert (rule["resources"], rule["resourceNames"], rule["verbs"]) == (["secrets"], ["prometheus-lab"], ["get"])


def test_what_a_remedy_may_delete_next_to_prometheus_is_narrowed_by_admission() -> None:
    """RBAC knows no labels and no parts of names."""
    policies = {entry["metadata"]["name"]: entry["spec"] for entry in objects("ValidatingAdmissionPolicy")}
    bound = {entry["spec"]["policyName"]: entry["spec"] for entry in objects("ValidatingAdmissionPolicyBinding")}
    assert policies.keys() == bound.keys()
    assert all(entry["validationActions"] == ["Deny"] for entry in bound.values())
    assert all(entry["failurePolicy"] == "Fail" for entry in policies.values())
    (condition,) = policies["oncall-remedy-pod-restart"]["matchConditions"]
    assert f"system:serviceaccount:{NAMESPACE}:remedy-pod-restart" in condition["expression"]


def test_the_nodes_say_that_they_are_talos() -> None:
    lines = dict(line.split("=", 1) for line in node_init.OS_RELEASE.splitlines())
    assert lines["PRETTY_NAME"].strip('"').startswith("Talos (v")
