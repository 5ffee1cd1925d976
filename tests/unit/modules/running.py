"""Runs a module's main() as Ansible would, and gives its result."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args


def run(name: str, capsys: pytest.CaptureFixture[str], check: bool = False, /, **options: Any) -> dict[str, Any]:
    """The result of ``oncall.remedy.<name>``; it ends by itself, failed or not."""
    module = importlib.import_module(f"ansible_collections.oncall.remedy.plugins.modules.{name}")
    with patch_module_args({**options, "_ansible_check_mode": check}), pytest.raises(SystemExit) as ended:
        module.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (ended.value.code != 0) is bool(result.get("failed"))
    return result
