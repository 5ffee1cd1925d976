# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values with which k3s' helm-controller installs a chart, and how its last installation went."""

from __future__ import annotations

from typing import Any, ClassVar, Iterator

try:
    import yaml

    HAS_YAML = True
except ImportError:
    HAS_YAML = False

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes import traefik_arguments
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import MOST, Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import brief, check_names, owner

HELM = "helm.cattle.io/v1"
LARGEST = 65536
"""Characters of values that are looked at."""
SHOWN = 20
DEEPEST = 40


class HelmChart(Probe):
    """A HelmChartConfig, which changes a chart that k3s brings, and the job that installs the chart.

    ``expected`` is the text that ``spec.valuesContent`` should be. The two are compared as YAML: comments, order of
    keys and the way of quoting do not matter. What ``spec.values`` has goes over it, as in Helm. ``job`` is
    ``helm-install-NAME`` where it is not given.

    Value: ``exists`` (the HelmChartConfig), ``chart_exists`` (the HelmChart that it is for), ``as_expected`` (null
    where nothing is expected; without a HelmChartConfig the values are empty), ``differences`` (dotted paths of what
    differs, at most 20), ``trusted`` {entry point of Traefik: networks that its additionalArguments, or else the
    values of its port, let it believe}, ``max_unavailable`` and ``max_surge`` (of the values' rolling update; null
    where they do not say), ``job`` {exists, active, succeeded, failed}, ``owner``, ``resource_version``.
    """

    name = "kubernetes_helm_chart"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {
        "namespace": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "expected": {"type": "str"},
        "job": {"type": "str"},
    }

    def check(self) -> None:
        check_names(self.given, "namespace", "name", "job")
        if not HAS_YAML:
            raise ProbeError("missing_library", "PyYAML is not installed")
        self.expected: Any = None
        if self.given["expected"] is not None:
            try:
                self.expected = values(self.given["expected"])
            except ValueError as error:
                raise ProbeError("bad_option", f"'expected': {error}") from None

    def question(self) -> str:
        return "HelmChartConfig {namespace}/{name} and its installation".format(**self.given)

    def _ask(self, deadline: float) -> Json:
        namespace, name = self.given["namespace"], self.given["name"]
        job = self.given["job"] or f"helm-install-{name}"
        paths = {
            "config": object_path(HELM, "helmchartconfigs", namespace, name),
            "chart": object_path(HELM, "helmcharts", namespace, name),
            "job": object_path("batch/v1", "jobs", namespace, job),
        }
        found = {what: self.transport.find(path, None, deadline) for what, path in paths.items()}
        return summary(found["config"], found["chart"], found["job"], self.expected)


def summary(config: Json | None, chart: Json | None, job: Json | None, expected: Any) -> Json:
    """The probe's value from the API's objects; each is None where there is none."""
    spec = (config or {}).get("spec") or {}
    try:
        present = overlaid(values(spec.get("valuesContent") or ""), spec.get("values") or {})
    except ValueError as error:
        raise ProbeError("bad_answer", f"valuesContent: {error}") from None
    differing = [] if expected is None else list(differences(present, expected))
    rolling = _at(present, "updateStrategy", "rollingUpdate")
    return {
        "exists": config is not None,
        "chart_exists": chart is not None,
        "as_expected": None if expected is None else not differing,
        "differences": [brief(path) for path in differing[:SHOWN]],
        "trusted": _trusted(present),
        "max_unavailable": _at(rolling, "maxUnavailable"),
        "max_surge": _at(rolling, "maxSurge"),
        "job": _job(job),
        "owner": owner(config) if config else "",
        "resource_version": config["metadata"]["resourceVersion"] if config else "",
    }


def values(text: str) -> Json:
    """Helm values as data. Raises ValueError for what is no mapping, and for aliases: few characters of them can be a
    structure too large to compare."""
    if len(text) > LARGEST:
        raise ValueError(f"more than {LARGEST} characters")
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise ValueError("YAML aliases are not followed")
        found = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"not YAML: {brief(error)}") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ValueError("not a mapping")  # noqa: TRY004  a fault of the text
    return found


def overlaid(under: Json, over: Json, depth: int = 0) -> Json:
    """Values with others over them: mappings are merged, everything else is replaced."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict) and depth < DEEPEST:
            merged[key] = overlaid(below, value, depth + 1)
        else:
            merged[key] = value
    return merged


def differences(left: Any, right: Any, path: str = "", depth: int = 0) -> Iterator[str]:
    """The dotted paths at which two structures differ; a list differs as a whole."""
    if isinstance(left, dict) and isinstance(right, dict) and depth < DEEPEST:
        for key in sorted({*left, *right}, key=str):
            inside = f"{path}.{key}" if path else str(key)
            if key not in left or key not in right:
                yield inside
            else:
                yield from differences(left[key], right[key], inside, depth + 1)
    elif left != right or isinstance(left, bool) is not isinstance(right, bool):
        yield path


def _at(thing: Any, *keys: str) -> Any:
    for key in keys:
        thing = thing.get(key) if isinstance(thing, dict) else None
    return thing


def _trusted(present: Json) -> Json:
    """As the chart of Traefik makes its command line: additional arguments stand after its own, and win."""
    ports = present.get("ports")
    by_port = {
        str(name).lower(): _texts(_at(port, "forwardedHeaders", "trustedIPs"))
        for name, port in (ports.items() if isinstance(ports, dict) else [])
    }
    given = traefik_arguments.trusted(traefik_arguments.flags(_texts(present.get("additionalArguments"))))
    return {name: networks[:MOST] for name, networks in {**by_port, **given}.items()}


def _texts(listed: Any) -> list[str]:
    return [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []


def _job(job: Json | None) -> Json:
    status = (job or {}).get("status") or {}
    counts = {key: int(status.get(key) or 0) for key in ("active", "succeeded", "failed")}
    return dict(counts, exists=job is not None)
