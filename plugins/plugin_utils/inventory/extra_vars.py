# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a human says with ``-e``, to the letter.

An extra variable is a template to Ansible, and whoever passes an alert's text on to a playbook passes it here. So these
are read as they stand, from the variables that nothing has rendered yet.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Collection, Mapping
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.utils.vars import load_extra_vars

from ansible_collections.oncall.remedy.plugins.module_utils.duration import seconds
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.estate import plain
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import SettingsError
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import cut, visible

LONGEST = 500
"""Characters of a text that a human gives."""

AWX_USER = ("awx_user_name", "tower_user_name")
"""The variables in which AWX names whoever launched the job."""


def text(variables: Mapping[str, Any], name: str) -> str:
    """The text of an extra variable without blanks around it; empty where it is not there. Raises SettingsError."""
    value = plain(variables.get(name))
    if value is None:
        return ""
    if not isinstance(value, str):
        raise SettingsError(f"{name}: expected text, found {type(value).__name__}; put it into quotes")
    if len(value) > LONGEST:
        raise SettingsError(f"{name}: longer than {LONGEST} characters")
    return value.strip()


def given(loader: DataLoader, names: Collection[str]) -> dict[str, Any]:
    """Those of these variables that stand on the command line; the inventory's of the same name are something else."""
    extra: Mapping[str, Any] = load_extra_vars(loader)
    return {name: plain(extra[name]) for name in names if name in extra}


def one_of(variables: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    """Likewise for a variable that is one of a few words, or not there. Raises SettingsError."""
    word = text(variables, name)
    if word and word not in allowed:
        raise SettingsError(f"{name}: {shown(word)} is neither {' nor '.join(allowed)}")
    return word


def duration(variables: Mapping[str, Any], name: str) -> float:
    """A duration in seconds; 0 where it is not there. Raises SettingsError."""
    try:
        return seconds(plain(variables.get(name)) or 0)
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from error


def yes(variables: Mapping[str, Any], name: str) -> bool:
    """Whether a variable says yes, in one of the words that Ansible takes for it. Raises SettingsError."""
    value = plain(variables.get(name) or False)
    word = str(value).lower()
    if word not in ("true", "yes", "false", "no"):
        raise SettingsError(f"{name}: {shown(str(value))} is neither true nor false")
    return word in ("true", "yes")


def who(variables: Mapping[str, Any], name: str) -> str:
    """Who is speaking: AWX's user, else what ``-e NAME=`` says, else whoever is logged in.

    Where AWX knows the user, ``-e`` may add a name and cannot hide it.
    """
    given = text(variables, name)
    awx = next((user for user in (text(variables, one) for one in AWX_USER) if user), "")
    if awx:
        return f"{given} (AWX user {awx})" if given and given != awx else awx
    return given or _login()


def _login() -> str:
    """The name of the login user; behind sudo the one who called it. A container may know no name for its number."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    caller = os.environ.get("SUDO_USER", "")
    return f"{caller} (as {user})" if caller and caller != user else user


def shown(value: str) -> str:
    """A text that cannot be used, for a message."""
    return f"'{visible(cut(value, 80))}'"
