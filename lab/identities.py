"""Keeps the kubeconfigs of the reading identities and of the permit issuer supplied with fresh short-lived tokens.

Run under the lab's supervisord: ``python -m lab.identities``. The administrator's credential never leaves the run
directory; what the project uses are these files, each with a token by TokenRequest.
"""

from __future__ import annotations

import time

from lab import kubeconfig
from lab.console import LabError, say
from lab.kube import Cluster, cluster_of
from lab.settings import Paths

NAMESPACE = "oncall-remedy"
ACCOUNTS = ("probe", "probe-honeydue", "scrape-secrets", "permit-issuer")
# A token outlives four missed renewals, so that an API server that is down for a quarter of an hour locks nobody out.
LIFETIME = 1500
RENEWAL = 300
RETRY = 2


def write(cluster: Cluster, paths: Paths) -> None:
    """Writes the kubeconfigs with a new token each. Raises LabError where the API server does not give one."""
    for account in ACCOUNTS:
        token = cluster.token(NAMESPACE, account, LIFETIME)
        kubeconfig.write(paths.identities / f"{account}.kubeconfig", kubeconfig.for_token(paths, account, token))


def keep_fresh(paths: Paths) -> None:
    """Renews the tokens for ever; while the API server is away it tries again every few seconds."""
    cluster = cluster_of(paths)
    last_failure = ""
    while True:
        try:
            write(cluster, paths)
            last_failure = ""
        except LabError as error:
            if str(error) != last_failure:
                say(last_failure := str(error))
        time.sleep(RETRY if last_failure else RENEWAL)


if __name__ == "__main__":
    keep_fresh(Paths.from_environment())
