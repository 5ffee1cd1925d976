# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the engine's action plugins share: they run in the controller, need no connection, fail with one clear line."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, ClassVar

from ansible import constants
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation import failure
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.courier import Courier
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.policy import Policy
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.credentials import CredentialError
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.estate import Estate, plain
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import (
    CALLING,
    VARIABLES,
    Settings,
    SettingsError,
    policy_of,
    settings_from,
    state_of,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import storable_text
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import LedgerError
from ansible_collections.oncall.remedy.plugins.plugin_utils.liveness import clear_after_the_dead, controller, sign
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import (
    InputError,
    MatcherError,
    RunbookError,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.record import Recorder

SEND_SECONDS = 10.0
"""How long a sweep waits for the channels of its escalations. What takes longer is tried again by the next one."""

WORKDIR = "oncall-remedy"
"""A run's own directory, within the one that Ansible makes for it."""

_SETTINGS: Any = constants  # made when Ansible is imported: no type checker knows what is in it

_CLEAR = (SettingsError, RunbookError, InputError, MatcherError, LedgerError, CredentialError, ProbeError)
"""Errors whose message already says what is wrong and what to do."""


class StageAction(ActionBase):
    """Base of the action plugins. A subclass names its options and does its stage in ``perform``."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = False
    _supports_async = False

    OPTIONS: ClassVar[Json] = {}

    def run(self, tmp: str | None = None, task_vars: Json | None = None) -> Json:
        result: Json = super().run(tmp, task_vars)
        _checked, options = self.validate_argument_spec(argument_spec=self.OPTIONS)  # type: ignore[no-untyped-call]
        self.variables: Json = task_vars or {}
        self.estate = Estate(self._templar, self.variables)
        try:
            return {"changed": False, **result, **self.perform(plain(options))}
        except _CLEAR as error:
            raise AnsibleActionFail(str(error)) from error

    def perform(self, options: Json) -> Json:
        """Does the stage; returns what the playbook goes on with. Nothing in it may be secret."""
        raise NotImplementedError

    @property
    def check(self) -> bool:
        """Whether this is a ``--check`` run."""
        return bool(self._task.check_mode)

    def settings(self) -> Settings:
        """The engine's settings, from the variables of the host that the task runs for."""
        return settings_from(plain({name: self._variable(name) for name in VARIABLES if name in self.variables}))

    def _variable(self, name: str) -> Any:
        return self._templar.template(self.variables[name])

    def call_for_help(self, what: str, why: str) -> None:
        """Tells the engine's owner that the engine itself has failed, without the ledger and whatever it was mending.

        Not for a preview, nor for a run that an operator narrowed: whoever started it sees how it ends.
        """
        if self._is_watched():
            policy, state = self._calling()
            for line in failure.retry_spooled(policy, state, time.time()):
                self.say(f"! {line}")
            self.say(f"! {failure.engine_failed(policy, state, what, why, time.time())}")

    def all_clear(self) -> None:
        """Tells whoever heard of an earlier failure of the engine that it is over."""
        if self._is_watched():
            for line in failure.engine_recovered(*self._calling(), time.time()):
                self.say(line)

    def _is_watched(self) -> bool:
        return not self.check and not self.variables.get("remedy_only")

    def _calling(self) -> tuple[Policy, str]:
        """Who is called and where it is noted. Where the inventory cannot be read, nobody: it may be what failed."""
        try:
            known = plain({name: self._variable(name) for name in CALLING if name in self.variables})
            return policy_of(known), state_of(known)
        except (SettingsError, AnsibleError) as error:
            self.say(f"! nobody can be called: {error}")
            return Policy(), state_of({})

    def say(self, text: str) -> None:
        """Shows text to the operator, under whichever callback prints this run, without what looks like a secret."""
        if text:
            Display().display(storable_text(text))

    def recorder(self, sweep: Json, settings: Settings, ledger: Ledger) -> Recorder:
        """The one that writes endings."""

        def send() -> None:
            if not sweep["check"]:
                sent = Courier(ledger, settings.escalation, settings.workers, SEND_SECONDS).run(ledger.now())
                for line in sent.failures:  # the rest is said once, at the end of the sweep
                    self.say(line)

        return Recorder(
            ledger, sweep["id"], settings.cases, settings.settle, settings.outage, self.say, send, sweep["check"]
        )


def workdir() -> str:
    """This run's own directory, for its user alone; ansible-playbook removes it at its end, unless it is killed."""
    path = Path(_SETTINGS.DEFAULT_LOCAL_TMP) / WORKDIR
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    sign(path, controller())
    return str(path)


def clear_workdirs() -> None:
    """Removes the directories of runs that were killed."""
    clear_after_the_dead(Path(_SETTINGS.DEFAULT_LOCAL_TMP).parent, WORKDIR)


def keep_ledger(directory: str, url: str) -> None:
    """Notes which ledger this sweep uses: the real one, or the scratch copy of a ``--check`` run.

    In a file, because the URL may hold a password and results are shown and stored by whoever runs Ansible.
    """
    descriptor = os.open(os.path.join(directory, "ledger-url"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(url)


def ledger_of(sweep: Json) -> Ledger:
    """The ledger that ``discover`` chose for this sweep."""
    with open(os.path.join(sweep["workdir"], "ledger-url"), encoding="utf-8") as file:
        return Ledger.open(file.read())
