# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks YAML or JSON files against the JSON Schemas in schemas/, in words that name file, line and what is allowed.

```
problems(source, keys, "runbook" | "alert") -> list[RunbookError]
```
A sweep does not come here: loader.py and alert.py check by themselves what they read, and jsonschema takes its time to
import. The schemas are for editors, other programs and the static check; a test holds both to the same verdicts.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError, allowed
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.yamlsource import Keys, Source

Name = Literal["runbook", "alert"]

_FOLDER = Path(__file__).parent / "schemas"


@functools.cache
def schema(name: Name) -> dict[str, Any]:
    """The JSON Schema of that name."""
    loaded: dict[str, Any] = json.loads((_FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    return loaded


def problems(source: Source, keys: Keys, name: Name) -> list[RunbookError]:
    """Everything that is wrong with the part of the file at ``keys``, in the order of the lines."""
    import jsonschema

    value = source.data
    for key in keys:
        value = value[key]
    validator = jsonschema.Draft202012Validator(schema(name))
    found = [problem for error in validator.iter_errors(value) for problem in _told(source, keys, error)]
    return sorted(found, key=lambda problem: int(problem.where.rpartition(":")[2]))


def _told(source: Source, keys: Keys, error: Any) -> Iterator[RunbookError]:
    """One ValidationError of jsonschema in our words; of alternatives the one that came nearest."""
    if error.context and error.validator in ("anyOf", "oneOf"):
        nearest = max(error.context, key=lambda one: len(one.absolute_path))
        if len(nearest.absolute_path) > len(error.absolute_path):
            yield from _told(source, keys, nearest)
            return
    inside = [*error.absolute_path, *([error.instance] if "propertyNames" in error.absolute_schema_path else [])]
    path: Keys = (*keys, *inside)
    title = ".".join(str(key) for key in inside) or "the whole"
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        for key in error.instance:
            if key not in known:
                yield RunbookError(
                    f"{title}: {key} is not known here; {allowed(known, key)}", source.where((*path, key))
                )
        return
    yield RunbookError(f"{title}: {_said(error)}", source.where(path))


def _said(error: Any) -> str:
    wanted = error.validator_value
    shown = _shown(error.instance)
    if error.validator == "required":
        missing = ", ".join(key for key in wanted if key not in error.instance)
        return f"{missing} is missing"
    if error.validator == "enum":
        return f"is {shown}; {allowed(map(str, wanted), str(error.instance))}"
    if error.validator == "const":
        return f"is {shown}; allowed: {wanted!r}"
    if error.validator == "type":
        return f"is {shown}; it has to be {_listed([wanted] if isinstance(wanted, str) else wanted)}"
    hint = error.schema.get("description") if isinstance(error.schema, dict) else None
    return f"is {shown}; allowed: {hint}" if hint else f"{error.message[:200]}"


_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def _listed(types: Iterable[str]) -> str:
    return " or ".join(_TYPES.get(one, one) for one in types)


def _shown(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return f"a {'mapping' if isinstance(value, dict) else 'list'} of {len(value)}"
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= 60 else f"{text[:60]}…"
