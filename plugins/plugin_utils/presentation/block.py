# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Text for a terminal in blocks: a heading with something at its right end, and rows with a label each.

Pure. Texts may come from anywhere: they are made visible, and cut where they are very long, before they are laid out.
"""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.report import INDENT, LABEL, WIDTH, wrapped
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import columns, cut, visible

Row = tuple[str, str]
"""A label and a text; neighbours with the same label show it once."""

LONGEST = 600
"""Characters of one text before it is cut; the ledger has it in full."""


def block(left: str, right: str, rows: Sequence[Row]) -> str:
    """A heading and its rows."""
    lines = [line(left, right)]
    last = ""
    for label, text in rows:
        lines += row("" if label == last else label, text)
        last = label
    return "\n".join(lines)


def line(left: str, right: str) -> str:
    """Left and right in one line where they fit, else on two; nothing of either is lost."""
    left, right = visible(cut(left, LONGEST)), visible(right)
    room = WIDTH - columns(left) - columns(right)
    if room >= 2:
        return f"{left}{' ' * room}{right}"
    return "\n".join([*wrapped(left, WIDTH, INDENT), f"{' ' * max(0, WIDTH - columns(right))}{right}"])


def row(label: str, text: str) -> list[str]:
    """A label and its text, with a hanging indent. Blanks in front of the text indent it further."""
    deeper = len(text) - len(text.lstrip(" "))
    hang = INDENT + LABEL + deeper
    body = wrapped(visible(cut(text, LONGEST)), WIDTH - hang, 0) or [""]
    first = f"{' ' * INDENT}{label:<{LABEL}}{' ' * deeper}{body[0]}"
    return [first.rstrip(), *(" " * hang + more for more in body[1:])]
