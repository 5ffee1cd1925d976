"""honeydue in the lab: a second edge, as k3s makes one, behind a stand-in for Cloudflare.

In kube-system a DaemonSet ``traefik``, installed from a chart by k3s' own helm-controller, on ports 8180 and 8543 of
the same three nodes. Each node has a second address, the one that the world knows: there ports 80 and 443 lead to it,
and whoever does not come from Cloudflare is dropped.
"""
