"""Faults in Traefik's own configuration: its arguments (static) and its files (dynamic)."""

from __future__ import annotations

from lab import estate as manifests
from lab.faults import edge
from lab.faults.base import Estate, Fault

_TYPO = ["--entrypoints.web.adress=:80"]


class BadDynamicConfiguration(Fault):
    """The file that names the edge's certificate no longer parses, and Traefik is restarted on it."""

    name = "dynamic-config-bad"
    what = (
        "the dynamic configuration does not parse and every Traefik is restarted: the edge shows a made-up certificate"
    )

    def apply(self, estate: Estate) -> None:
        document = manifests.document("ConfigMap", "traefik-dynamic")
        document["data"]["dynamic.yml"] = document["data"]["dynamic.yml"].replace("stores:", "stores")
        estate.cluster.apply(document)
        edge.restart(estate.cluster)

    def undo(self, estate: Estate) -> None:
        estate.cluster.apply(manifests.document("ConfigMap", "traefik-dynamic"))
        edge.restart(estate.cluster)


class UnknownResolver(edge.Arguments):
    """Every router of the edge asks for a certificate resolver that nobody defines."""

    def __init__(self) -> None:
        super().__init__(
            "cert-resolver-unknown",
            "the edge's routers name a certificate resolver that is not defined: logged, and traffic flows on",
            add=["--entrypoints.websecure.http.tls.certresolver=letsencrypt"],
        )


class BadResolverStorage(edge.Arguments):
    """A certificate resolver whose store cannot be written, and an issuer that nobody answers for."""

    def __init__(self) -> None:
        resolver = "--certificatesresolvers.letsencrypt.acme"
        super().__init__(
            "cert-resolver-storage",
            "the certificate resolver's store cannot be used: logged, and traffic flows on",
            add=[
                f"{resolver}.storage=/proc/acme.json",
                f"{resolver}.email=edge@safetywing.dev",
                # An address of the lab where nothing listens: no request leaves this machine.
                f"{resolver}.caserver=https://10.66.0.1:14000/directory",
                f"{resolver}.tlschallenge=true",
                "--entrypoints.websecure.http.tls.certresolver=letsencrypt",
            ],
        )


FAULTS = (
    edge.Crash(
        "bad-static-flag",
        "an unknown flag in the DaemonSet, and all pods replaced: every Traefik crashes",
        add=_TYPO,
        fires="TraefikDown",
    ),
    edge.HalfWay(
        "bad-static-flag-half-way",
        "an unknown flag in the DaemonSet: the rollout stalls at one crashing pod, two old ones serve",
        add=_TYPO,
        fires="TargetDown",
    ),
    edge.Crash(
        "bad-static-value",
        "an entry point's address that is no address, and all pods replaced: every Traefik crashes",
        remove=["--entrypoints.web.address"],
        add=["--entrypoints.web.address=:eighty"],
        fires="TraefikDown",
    ),
    edge.Arguments(
        "metrics-flag-removed",
        "the DaemonSet lost its --metrics.prometheus flags and rolled out: traffic flows, nothing is scraped",
        remove=["--metrics.prometheus"],
        fires="TraefikDown",
    ),
    UnknownResolver(),
    BadResolverStorage(),
    BadDynamicConfiguration(),
)
