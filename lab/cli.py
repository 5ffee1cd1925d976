"""The command ``lab``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from lab import faults, health, leftovers, lifecycle, logs, rehearse, silences, status
from lab.console import LabError, say
from lab.kube import cluster_of
from lab.settings import Paths
from lab.standins import arrivals


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0 when it did what it was asked, 1 with the reason on stderr when not."""
    options = _parser().parse_args(arguments)
    command: Callable[[Paths, argparse.Namespace], int] = options.command
    try:
        return command(Paths.from_environment(), options)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted; the same command continues where this one stopped", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description="A Kubernetes lab to break, to alert on and to mend.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[Paths, argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        return sub

    for name, command, text in (
        ("up", _up, "start the lab and wait until it is healthy"),
        ("fetch", _fetch, "install, fetch and build everything that `up` needs, but start nothing"),
    ):
        sub = add(name, command, text)
        sub.add_argument("--build", action="store_true", help="build even what could be downloaded")
    add("down", _down, "stop the lab and remove everything it made")
    add("leftovers", _leftovers, "list what a lab left behind since before `up`")
    add("status", _status, "show programs, nodes, pods, edge and alerts")
    sub = add("told", _told, "show what arrived at PagerDuty's, Slack's, the webhook's and the mail server's stand-ins")
    sub.add_argument("--json", action="store_true", help="every arrival in full, a line of JSON each")
    sub = add(
        "logs", _logs, "show the log of a program (kubelet on hetzner2 is `hetzner2/kubelet`) or of Traefik's pods"
    )
    sub.add_argument("name", nargs="?")
    sub.add_argument("--tail", type=int, default=50, metavar="LINES")
    add("faults", _faults, "list the faults")
    sub = add("break", _break, "apply a fault")
    sub.add_argument("fault")
    sub = add("undo", _undo, "undo a fault, or all that are in force, and wait until the estate is healthy")
    sub.add_argument("fault", nargs="?")
    sub.add_argument("--timeout", type=float, default=180, metavar="SECONDS")
    sub = add("rehearse", _rehearse, "try faults one after the other and measure them")
    sub.add_argument("fault", nargs="*")
    sub.add_argument("--logs", type=Path, metavar="DIRECTORY", help="where to keep what Traefik printed")
    add("kubeconfig", _kubeconfig, "print the path of the administrator's kubeconfig")
    sub = add("wait", _wait, "wait until the estate is `healthy`, or until an alert fires in every Alertmanager")
    sub.add_argument("what", metavar="healthy|ALERT")
    sub.add_argument("--timeout", type=float, default=120, metavar="SECONDS")
    return parser


def _up(paths: Paths, options: argparse.Namespace) -> int:
    lifecycle.up(paths, from_releases=not options.build)
    say("the lab is up")
    return 0


def _fetch(paths: Paths, options: argparse.Namespace) -> int:
    lifecycle.fetch(paths, from_releases=not options.build)
    return 0


def _down(paths: Paths, _: argparse.Namespace) -> int:
    lifecycle.down(paths)
    return 0


def _leftovers(paths: Paths, _: argparse.Namespace) -> int:
    found = leftovers.find(paths)
    print("\n".join(found) or "nothing")
    return 1 if found else 0


def _status(paths: Paths, _: argparse.Namespace) -> int:
    return status.show(paths)


def _told(paths: Paths, options: argparse.Namespace) -> int:
    for arrival in arrivals.read(paths.standins):
        print(json.dumps(arrival) if options.json else arrivals.line(arrival))
    return 0


def _logs(paths: Paths, options: argparse.Namespace) -> int:
    logs.show(paths, options.name, options.tail)
    return 0


def _faults(paths: Paths, _: argparse.Namespace) -> int:
    active = faults.active(paths)
    for fault in faults.CATALOGUE.values():
        print(f"{'*' if fault.name in active else ' '} {fault.name:28} {fault.fires or '-':12} {fault.what}")
    return 0


def _break(paths: Paths, options: argparse.Namespace) -> int:
    faults.apply(options.fault, faults.Estate(cluster_of(paths), paths))
    return 0


def _undo(paths: Paths, options: argparse.Namespace) -> int:
    estate = faults.Estate(cluster_of(paths), paths)
    for name in [options.fault] if options.fault else faults.active(paths):
        faults.undo(name, estate)
    if ended := silences.end_all():
        say(f"{ended} silences ended")
    health.wait_healthy(estate.cluster, paths, options.timeout)
    return 0


def _rehearse(paths: Paths, options: argparse.Namespace) -> int:
    names = options.fault or list(faults.CATALOGUE)
    wrong = rehearse.rehearse(names, faults.Estate(cluster_of(paths), paths), options.logs)
    for line in wrong:
        print(f"lab: {line}", file=sys.stderr)
    return 1 if wrong else 0


def _kubeconfig(paths: Paths, _: argparse.Namespace) -> int:
    cluster_of(paths)
    print(paths.admin_kubeconfig)
    return 0


def _wait(paths: Paths, options: argparse.Namespace) -> int:
    if options.what == "healthy":
        health.wait_healthy(cluster_of(paths), paths, options.timeout)
    else:
        health.wait_firing(options.what, options.timeout)
    return 0
