"""The accounts of a node: root can be reached by key, and keeps away from the machine's own home."""

from __future__ import annotations

from pathlib import Path

from lab import node_init

HOME = Path("/var/lib/lab/nodes/hetzner1")


def test_root_gets_a_home_of_its_own_on_the_node() -> None:
    assert node_init._with_home("root:x:0:0:root:/root:/bin/bash", HOME) == f"root:x:0:0:root:{HOME}/home:/bin/sh"


def test_a_locked_root_can_be_reached_by_key_and_still_has_no_password() -> None:
    assert node_init._without_lock("root:!:20228:0:99999:7:::", HOME) == "root:*:20228:0:99999:7:::"


def test_other_accounts_stay_as_they_are() -> None:
    line = "sshd:!:20228::::::"
    assert node_init._without_lock(line, HOME) == line
    assert node_init._with_home("sshd:x:100:65534::/run/sshd:/usr/sbin/nologin", HOME).endswith(
        "/run/sshd:/usr/sbin/nologin"
    )
