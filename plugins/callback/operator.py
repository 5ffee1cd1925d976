# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# mypy: allow-untyped-calls
from __future__ import annotations

DOCUMENTATION = r"""
name: operator
type: stdout
short_description: quiet output for a sweep, which tells its incidents itself
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Leaves the screen to what the engine says of its incidents. Plays, tasks and results that are C(ok), C(changed) or
    C(skipped) are not announced.
  - A task that fails and a host that cannot be reached are shown in full, as what failed, where it is written and the
    message. Text of a result is made harmless before it is shown, control characters are written out.
  - Warnings, the messages of M(ansible.builtin.debug) and, with C(--diff), what was changed are shown.
  - A recap of one line comes at the end, only if something failed or could not be reached.
  - With C(-v) and above it looks and behaves like P(ansible.builtin.default#callback), of which it takes all options.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
requirements:
  - set as stdout in configuration
seealso:
  - plugin: ansible.builtin.default
    plugin_type: callback
"""

EXAMPLES = r"""
# ansible.cfg
# [defaults]
# stdout_callback = oncall.remedy.operator
"""

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible.plugins.callback.default import CallbackModule as DefaultCallback

from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.report import WIDTH, wrapped
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import as_data, brief, plural, visible

if TYPE_CHECKING:
    from ansible.executor.stats import AggregateStats
    from ansible.executor.task_result import CallbackTaskResult
    from ansible.inventory.host import Host
    from ansible.playbook.included_file import IncludedFile
    from ansible.playbook.play import Play
    from ansible.playbook.task import Task

SETTINGS: Any = constants  # made when Ansible is imported: no type checker knows what is in it

FIRST = ("msg", "reason", "rc", "cmd", "stderr", "stdout", "module_stderr", "module_stdout")
"""Members of a failed result in the order in which one wants to read them; the others follow."""

NOISE = frozenset(
    (
        *(
            "ansible_facts",
            "ansible_index_var",
            "ansible_item_label",
            "ansible_loop",
            "ansible_loop_var",
            "item",
            "results",
        ),
        *("attempts", "changed", "failed", "failed_when_result", "unreachable", "start", "end", "delta", "invocation"),
        *("deprecations", "diff", "exception", "stderr_lines", "stdout_lines", "warnings"),
    )
)
"""Members that repeat what is said already, or that nobody reads when something failed; C(-v) shows all of it."""

LABEL = 14


class CallbackModule(DefaultCallback):
    """The default callback with everything left out that is not for the one who operates."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "oncall.remedy.operator"

    @property
    def _quiet(self) -> bool:
        return not self._display.verbosity

    def v2_playbook_on_play_start(self, play: Play) -> None:
        if not self._quiet:
            super().v2_playbook_on_play_start(play)
        self._play = play

    def _print_task_banner(self, task: Task) -> None:
        if not self._quiet:
            super()._print_task_banner(task)

    def v2_playbook_on_include(self, included_file: IncludedFile) -> None:
        if not self._quiet:
            super().v2_playbook_on_include(included_file)

    def v2_playbook_on_no_hosts_matched(self) -> None:
        if not self._quiet:
            super().v2_playbook_on_no_hosts_matched()

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        if not self._quiet:
            super().v2_playbook_on_no_hosts_remaining()

    def v2_runner_on_start(self, host: Host, task: Task) -> None:
        if not self._quiet:
            super().v2_runner_on_start(host, task)

    def v2_runner_retry(self, result: CallbackTaskResult) -> None:
        if not self._quiet:
            super().v2_runner_retry(result)

    def v2_runner_on_async_poll(self, result: CallbackTaskResult) -> None:
        if not self._quiet:
            super().v2_runner_on_async_poll(result)

    def v2_runner_on_async_ok(self, result: CallbackTaskResult) -> None:
        if not self._quiet:
            super().v2_runner_on_async_ok(result)

    def v2_runner_on_async_failed(self, result: CallbackTaskResult) -> None:
        if not self._quiet:
            super().v2_runner_on_async_failed(result)

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        if not self._quiet:
            super().v2_runner_on_ok(result)
        elif not self._looped(result):
            self._say(result)

    def v2_runner_item_on_ok(self, result: CallbackTaskResult) -> None:
        if not self._quiet:
            super().v2_runner_item_on_ok(result)
        else:
            self._say(result)

    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        if not self._quiet:
            super().v2_runner_on_skipped(result)
        else:
            self._warn(result)

    def v2_runner_item_on_skipped(self, result: CallbackTaskResult) -> None:
        if not self._quiet:
            super().v2_runner_item_on_skipped(result)
        else:
            self._warn(result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        if not self._quiet:
            super().v2_runner_on_failed(result, ignore_errors)
        elif not self._looped(result):
            self._show_failure("IGNORED" if ignore_errors else "FAILED", result)
        elif ignore_errors:
            self._display.display(f"IGNORED · {self._place(result)}", color=SETTINGS.COLOR_SKIP)

    def v2_runner_item_on_failed(self, result: CallbackTaskResult) -> None:
        if not self._quiet:
            super().v2_runner_item_on_failed(result)
        else:
            self._show_failure("FAILED", result, item=brief(self._get_item_label(result.result)))

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        if not self._quiet:
            super().v2_runner_on_unreachable(result)
        else:
            self._show_failure("UNREACHABLE", result)

    def v2_on_file_diff(self, result: CallbackTaskResult) -> None:
        if not self._quiet:
            super().v2_on_file_diff(result)
            return
        for one in result.result.get("results", [result.result]) if self._looped(result) else [result.result]:
            if one.get("diff") and one.get("changed"):
                self._display.display(f"{self._place(result)}\n{self._get_diff(_harmless(one['diff']))}")

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        if not self._quiet:
            super().v2_playbook_on_stats(stats)
            return
        if stats.custom and self.get_option("show_custom_stats"):
            self._display.display(visible(self._dump_results(stats.custom), newlines=True))
        recap = [f"{host}: {plural(count, 'task')} failed" for host, count in sorted(stats.failures.items())]
        recap += [f"{host}: unreachable" for host in sorted(stats.dark)]
        if recap:
            self._display.display(visible(" · ".join(recap)), color=SETTINGS.COLOR_ERROR)

    def _looped(self, result: CallbackTaskResult) -> bool:
        """Whether the result stands for items that were reported one by one already."""
        return bool(result.task.loop) and "results" in result.result

    def _say(self, result: CallbackTaskResult) -> None:
        """Shows what a task that did well has to say: its warnings, and the message if saying it was all it did."""
        self._warn(result)
        if result.task.action not in SETTINGS._ACTION_DEBUG or not self._run_is_verbose(result):
            return
        self._clean_results(result.result, result.task.action)
        said = {key: value for key, value in result.result.items() if not key.startswith("_") and key not in NOISE}
        text = said["msg"] if set(said) == {"msg"} else said
        self._display.display(visible(text if isinstance(text, str) else as_data(text), newlines=True))

    def _warn(self, result: CallbackTaskResult) -> None:
        """Shows the warnings of a result. The message of an exception is in ``msg`` as well and is not said twice."""
        result.result.pop("exception", None)
        self._handle_warnings_and_exception(result)

    def _show_failure(self, what: str, result: CallbackTaskResult, item: str = "") -> None:
        """What failed, where that is written, what it says of it."""
        self._warn(result)
        self._clean_results(result.result, result.task.action)
        lines = [f"{what} · {self._place(result)}", *_row("item", item)]
        if path := result.task.get_path():
            lines.append(_labelled("where", visible(path)))  # in one piece, however long: terminals open it on a click
        for label, text in _members(result.result):
            lines += _row(label, text)
        color = {"IGNORED": SETTINGS.COLOR_SKIP, "UNREACHABLE": SETTINGS.COLOR_UNREACHABLE}.get(
            what, SETTINGS.COLOR_ERROR
        )
        self._display.display("\n".join(lines), color=color, stderr=self.get_option("display_failed_stderr"))

    def _place(self, result: CallbackTaskResult) -> str:
        return visible(f"{self.host_label(result)} · {result.task_name or result.task.get_name()}")


def _members(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The members of a failed result that are worth reading, those that say most first."""
    told = [key for key in result if key not in NOISE and not key.startswith("_")]
    for key in sorted(told, key=lambda key: (FIRST.index(key) if key in FIRST else len(FIRST), key)):
        value = result[key]
        if value not in ("", None, [], {}):
            yield {"msg": "message"}.get(key, key), _in_words(value)


def _in_words(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return shlex.join(value)
    return value if isinstance(value, str) else brief(value, 2_000)


def _row(label: str, text: str) -> list[str]:
    """A label and its text, line by line and wrapped, under a hanging indent."""
    if not text:
        return []
    lines = [
        line for given in text.strip("\n").split("\n") for line in wrapped(visible(given), WIDTH - LABEL, 0) or [""]
    ]
    labels = [visible(label), *[""] * (len(lines) - 1)]
    return [_labelled(first, line) for first, line in zip(labels, lines, strict=True)]


def _labelled(label: str, line: str) -> str:
    return f"  {label:<{LABEL - 3}} {line}".rstrip()


def _harmless(diff: Any) -> Any:
    """A diff whose texts cannot move the cursor; the lines stay."""
    if isinstance(diff, str):
        return visible(diff, newlines=True)
    if isinstance(diff, Mapping):
        return {key: _harmless(value) for key, value in diff.items()}
    return [_harmless(member) for member in diff] if isinstance(diff, (list, tuple)) else diff
