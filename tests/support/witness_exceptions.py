# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where one lying witness is enough for a plan that the full evidence would not have allowed, and why that is accepted.

Tests demand that nothing else is planned on one lie, and that every exception here is still one.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Accepted:
    """``witnesses`` of ``playbook`` that can bring about ``mitigation`` alone, and what stands between it and harm."""

    playbook: str
    mitigation: str
    witnesses: frozenset[str]
    why: str


def _accepted(playbook: str, mitigation: str, witnesses: str, why: str) -> Accepted:
    return Accepted(playbook, mitigation, frozenset(witnesses.split()), " ".join(why.split()))


ACCEPTED = (
    _accepted(
        "traefik_down",
        "rollback",
        "workload",
        """The DaemonSet is what would be written to, and the remedy reads it again before it writes: `rollout_undo`
        refuses where another revision stands than it was told (`expected_revision`), where the one to go back to is
        not kept, and where the object has another owner (`precondition.owner`). How many pods go at once is its
        controller's to say, by its real `maxUnavailable`.""",
    ),
    _accepted(
        "traefik_down",
        "rollback",
        "healthy_before",
        """Only Prometheus remembers whether the release before was in good health. Its word can do no more than let
        through what the pods, the DaemonSet's controller and the nodes agree on: the newest release crashes, by
        itself, wherever it runs. `rollout_undo` goes back to nothing but the revision that the cluster keeps, under
        `expected_revision`; what a rollback disturbs is bounded by the guard `blast radius`, and one that does not
        heal is escalated.""",
    ),
    _accepted(
        "traefik_down",
        "repair_service_monitor",
        "monitors",
        """The ServiceMonitor is what would be written to, and `service_monitor` reads it again before it writes: it
        refuses where it is not there, is another version (`precondition.resource_version`) or has another owner
        (`precondition.owner`), and changes nothing where selector and port are right already.""",
    ),
    _accepted(
        "ingress",
        "reapply_chart_config",
        "helm",
        """The HelmChartConfig is what would be written to. That Traefik's ports or trusted networks are wrong, the
        DaemonSet, the pods and the nodes say; the lie is in whose it is, in which version, or which of the two ways
        back to the values of the inventory is taken. `helm_chart_config` reads it again before it writes, and refuses
        another version (`precondition.resource_version`) or owner (`precondition.owner`).""",
    ),
    _accepted(
        "ingress",
        "restart",
        "sockets",
        """Only on a node that nobody can look into, where the kubelet and Traefik's own healthcheck both time out: that
        the pod holds its ports is then this witness's word alone. A pod that hangs is restarted, by two others' word;
        one that does not hold its ports serves nobody whom the restart could disturb.""",
    ),
    _accepted(
        "ingress",
        "reapply_chart_config",
        "sockets",
        """Only where the DaemonSet is gone and no pod of it is left, as two kinds of objects say: the nodes can hide
        that somebody else holds the edge's ports. Nothing serves then whom the installation could disturb, its pods
        would wait for those ports, and `helm_chart_config` fails and is undone.""",
    ),
    _accepted(
        "ingress",
        "reapply_chart_config",
        "started",
        """Only where the DaemonSet has lost a network that the chart's values have, as both objects say: the pods can
        make believe that they were already started without it. The next roll-out would take it from them all the
        same, and the installation brings about nothing but what the values say.""",
    ),
    _accepted(
        "ingress",
        "complete_trusted_ips",
        "helm",
        """The same: that ranges are not trusted, the DaemonSet and its pods say. It adds nothing but ranges of the
        inventory, and none that the HelmChartConfig has, which it reads again before it writes.""",
    ),
    _accepted(
        "target_down",
        "create_service_monitor",
        "endpoints",
        """The Service is what the ServiceMonitor is made for, and only it says which labels it has. Four others agree
        that one is missing: the monitoring cluster's API, Prometheus, which has no pool of the namespace, the pods,
        and what a pod of Prometheus is served at their socket. It is created only where there is none of that name,
        selects by these labels and nothing else, and is taken back if the target does not come up.""",
    ),
    _accepted(
        "target_down",
        "repair_service_monitor",
        "endpoints",
        """As before: the labels are the Service's own. That the ServiceMonitor is the wrong one, the monitoring
        cluster's API says and Prometheus, whose pool of it is empty. `service_monitor` writes only the version that
        was seen (`precondition.resource_version`), and what it wrote is taken back if the target does not come up.""",
    ),
    _accepted(
        "target_down",
        "move_scrape_target",
        "configured",
        """The ScrapeConfig is what would be written to, and `scrape_config` reads it again before it writes: it
        refuses where it is not there, is another version (`precondition.resource_version`) or has another owner
        (`precondition.owner`). Where to move it stands in the inventory, and a pod of Prometheus was served metrics
        there.""",
    ),
    _accepted(
        "target_down",
        "add_node_port",
        "policies scrape",
        """The very same Service is missing either way, as four others say. The lie makes a step of what was the last
        piece: it is created all the same, only where there is none of that name, and what comes of it the next
        sweep sees instead of a verification.""",
    ),
    _accepted(
        "target_down",
        "add_network_policy",
        "scrape",
        """As before, of the NetworkPolicy: it is missing by the word of the target's API, and of a pod of Prometheus
        and ourselves, whose packets are dropped.""",
    ),
    _accepted(
        "target_down",
        "restart_exporter",
        "exporters",
        """The pod is what would be deleted, by its `uid`: one that is not there is not, nor is its successor. That the
        exporter of that node does not answer, while the node does, Prometheus says, one of its pods and we
        ourselves.""",
    ),
    _accepted(
        "target_down",
        "silence",
        "inside outside scrape",
        """A silence is what is left when nothing explains the alert, or when what explains it is for a human, so
        whoever hides the explanation brings it about. It changes nothing in the estate, names the alert, the job
        and the cluster exactly (`alertmanager_silence` refuses anything wider), comes after the call to the
        finding's owner, and ends with the incident or after four hours.""",
    ),
)


def accepted(playbook: str, witness: str, mitigation: str) -> Accepted | None:
    """The exception for this, if there is one."""
    return next(
        (
            one
            for one in ACCEPTED
            if (one.playbook, one.mitigation) == (playbook, mitigation) and witness in one.witnesses
        ),
        None,
    )
