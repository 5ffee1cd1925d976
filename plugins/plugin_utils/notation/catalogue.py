# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which playbook holds the runbook of an alert.

```
catalogue(*directories) -> Catalogue          cheap over many files: reads of each no more than its alerts
Catalogue.for_alert(name) -> Runbook | None   loads it; raises RunbookError if it is broken or two files claim the alert
Catalogue.by_name(name) -> Runbook            raises RunbookError
Catalogue.problems -> list[RunbookError]      files whose alerts cannot be read, alerts that two files claim
```
"""

from __future__ import annotations

from pathlib import Path

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import yamlsource
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError, allowed
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.loader import PLACE, load
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Runbook


class Catalogue:
    """Which file is the runbook of which alert. A broken file breaks its own alerts and no others."""

    def __init__(self, files: dict[Path, tuple[str, ...]], problems: list[RunbookError]) -> None:
        self._files: dict[str, list[Path]] = {}
        self._claims: dict[str, list[Path]] = {}
        self._loaded: dict[Path, Runbook | RunbookError] = {}
        for path, alerts in files.items():
            self._files.setdefault(path.stem, []).append(path)
            for alert in dict.fromkeys(alerts):
                self._claims.setdefault(alert, []).append(path)
        self.problems = [
            *problems,
            *(_clash("alert", alert, paths) for alert, paths in self._claims.items() if len(paths) > 1),
            *(_clash("name", name, paths) for name, paths in self._files.items() if len(paths) > 1),
        ]

    @property
    def alerts(self) -> dict[str, Path]:
        """The file of each alert that exactly one file claims."""
        return {alert: paths[0] for alert, paths in self._claims.items() if len(paths) == 1}

    @property
    def names(self) -> list[str]:
        """The names of all runbooks."""
        return sorted(self._files)

    def for_alert(self, alert: str) -> Runbook | None:
        """The runbook of an alert, or None where there is none. Raises RunbookError where it cannot be used."""
        paths = self._claims.get(alert, [])
        if len(paths) > 1:
            raise _clash("alert", alert, paths)
        return self._load(paths[0]) if paths else None

    def by_name(self, name: str) -> Runbook:
        """The runbook with this name. Raises RunbookError where there is none or it cannot be used."""
        if name not in self._files:
            raise RunbookError(f"there is no runbook {name!r}; {allowed(self._files, name)}")
        if len(self._files[name]) > 1:
            raise _clash("name", name, self._files[name])
        return self._load(self._files[name][0])

    def _load(self, path: Path) -> Runbook:
        if path not in self._loaded:
            try:
                self._loaded[path] = load(path)
            except RunbookError as error:
                self._loaded[path] = error
        found = self._loaded[path]
        if isinstance(found, RunbookError):
            raise found
        return found


def _clash(what: str, name: str, paths: list[Path]) -> RunbookError:
    files = " and ".join(str(path) for path in paths)
    return RunbookError(f"the {what} {name!r} is claimed by {files}; one file may claim it")


def catalogue(*directories: Path | str) -> Catalogue:
    """Looks through the playbooks of these directories for runbooks, without loading them."""
    files: dict[Path, tuple[str, ...]] = {}
    problems: list[RunbookError] = []
    for path in sorted(path for directory in directories for path in Path(directory).glob("*.y*ml")):
        try:
            alerts = yamlsource.texts_at(path, (*PLACE, "alerts"))
        except RunbookError as error:
            problems.append(error)
        else:
            if alerts is not None:
                files[path] = tuple(alerts)
    return Catalogue(files, problems)
