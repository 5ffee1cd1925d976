# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""YAML files as plain data that still know on which line each member stands.

```
load(path) -> Source             .data  .sha256  .line(path of keys) -> int  .where(path of keys) -> "FILE:LINE"
texts_at(path, keys) -> list      a list of texts, reading no further than it has to
```
Only plain YAML: no tags, no merge keys, no duplicate keys, and a key is always the text that stands there (YAML 1.1
would read the key ``on`` as true).
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError

Keys = tuple[str | int, ...]

LARGEST = 1_000_000
DEEPEST = 40
"""Bytes that a file may have, and how deep its members may lie in each other."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALARS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null")}
_COLLECTIONS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}


@dataclasses.dataclass(frozen=True)
class Source:
    """A YAML file that was read. ``lines`` has the line of each member by its path of keys."""

    path: Path
    sha256: str
    data: Any
    lines: dict[Keys, int]

    def line(self, keys: Keys) -> int:
        """The line of a member, or of the nearest thing around it that there is."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)

    def where(self, keys: Keys = ()) -> str:
        """``FILE:LINE``"""
        return f"{self.path}:{self.line(keys)}"


def load(path: Path) -> Source:
    """Reads the file. Raises RunbookError with file and line for what cannot be read."""
    raw = _read(path)
    try:
        root = yaml.compose(raw, Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    lines: dict[Keys, int] = {}
    data = _plain(root, (), lines, path) if root is not None else None
    return Source(path, hashlib.sha256(raw).hexdigest(), data, lines)


def _read(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RunbookError(f"cannot be read: {error.strerror}", str(path)) from error
    if len(raw) > LARGEST:
        raise RunbookError(f"has {len(raw):,} bytes, at most {LARGEST:,} are allowed", str(path))
    return raw


def _unreadable(path: Path, error: Exception) -> RunbookError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return RunbookError(f"is not YAML: {problem}", f"{path}:{mark.line + 1}" if mark else str(path))


def _plain(node: yaml.Node, keys: Keys, lines: dict[Keys, int], path: Path) -> Any:
    lines.setdefault(keys, node.start_mark.line + 1)
    if len(keys) > DEEPEST:
        raise RunbookError(f"lies more than {DEEPEST} members deep", f"{path}:{lines[keys]}")
    if isinstance(node, yaml.MappingNode) and node.tag in _COLLECTIONS:
        return _mapping(node, keys, lines, path)
    if isinstance(node, yaml.SequenceNode) and node.tag in _COLLECTIONS:
        return [_plain(member, (*keys, index), lines, path) for index, member in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
        return _scalar(node, path)
    tag = node.tag.replace("tag:yaml.org,2002:", "!!")
    raise RunbookError(f"a value of type {tag} cannot be used; quote it if it is a text", f"{path}:{lines[keys]}")


def _mapping(node: yaml.MappingNode, keys: Keys, lines: dict[Keys, int], path: Path) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key_node, value_node in node.value:
        where = f"{path}:{key_node.start_mark.line + 1}"
        if not isinstance(key_node, yaml.ScalarNode):
            raise RunbookError("a key has to be a text", where)
        key = str(key_node.value)
        if key == "<<" and key_node.tag != "tag:yaml.org,2002:str":
            raise RunbookError("merge keys (<<) cannot be used", where)
        if key in plain:
            raise RunbookError(f"{key} stands here twice", where)
        lines[(*keys, key)] = key_node.start_mark.line + 1
        plain[key] = _plain(value_node, (*keys, key), lines, path)
    return plain


def _scalar(node: yaml.ScalarNode, path: Path) -> Any:
    if node.tag == "tag:yaml.org,2002:str":
        return str(node.value)
    try:
        return yaml.SafeLoader("").construct_object(
            node, deep=True
        )  # the scalar rules of YAML 1.1 as Ansible reads them
    except ValueError as error:
        raise RunbookError(f"{node.value!r}: {error}", f"{path}:{node.start_mark.line + 1}") from error


def texts_at(path: Path, keys: Sequence[str]) -> list[str] | None:
    """The list of texts at ``keys`` in the first play (a member of the list at the top) that has it, else None.

    Reads the file only as far as that list, so looking through many files is cheap; what stands behind it is not
    checked. Raises RunbookError for a file that cannot be read up to there, and for something else than such a list.
    """
    raw = _read(path)
    try:
        return _texts(iter(yaml.parse(raw, Loader=_Loader)), tuple(keys))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def _texts(events: Iterator[Any], wanted: tuple[str, ...]) -> list[str] | None:
    """Follows the parser's events to the wanted list. On the stack a list is None, a mapping its current key or ""."""
    depths: list[str | None] = [None, *wanted]
    stack: list[str | None] = []
    for event in events:
        starts = isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent))
        if stack and stack[-1] == "" and isinstance(event, yaml.ScalarEvent):
            stack[-1] = event.value or "(empty)"
            continue
        if stack == depths and (starts or isinstance(event, yaml.ScalarEvent)):
            return _members(event, events)
        if starts:
            stack.append("" if isinstance(event, yaml.MappingStartEvent) else None)
            continue
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            stack.pop()
        if stack and stack[-1] is not None:
            stack[-1] = ""
    return None


def _members(event: Any, events: Iterator[Any]) -> list[str]:
    if not isinstance(event, yaml.SequenceStartEvent):
        raise yaml.MarkedYAMLError(problem="a list has to stand here", problem_mark=event.start_mark)
    texts: list[str] = []
    for member in events:
        if isinstance(member, yaml.SequenceEndEvent):
            break
        if not isinstance(member, yaml.ScalarEvent):
            raise yaml.MarkedYAMLError(problem="a text has to stand here", problem_mark=member.start_mark)
        texts.append(str(member.value))
    return texts
