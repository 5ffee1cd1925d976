# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The case file: one incident as one HTML page that needs nothing but itself.

No script, no address outside, and a content security policy that would let none in. Every text that the templates
write goes through ``_shown``: it is escaped, what would be invisible is written out and marked, what is too long is
cut and says so. A template cannot forget it, as it is the environment's ``finalize``.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import os
import pathlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import jinja2
from markupsafe import Markup, escape

from ansible_collections.oncall.remedy.plugins.plugin_utils import words
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import chart, story
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.answers import answer
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.judgements import apart, findings, judged

TEMPLATES = pathlib.Path(__file__).parent / "templates"

LONGEST_TEXT = 1_000
LONGEST_TITLE = 160
LONGEST_DATA = 40_000
WIDE, NARROW = 960.0, 360.0
MANY_FINDINGS = 15
"""Findings from which on those that come nowhere near are folded away."""


def render(case: Mapping[str, Any]) -> str:
    """The page of a case, from the JSON that the ledger keeps; the same case gives the same page, byte for byte."""
    full = story.whole(case)
    outcome, tone = story.outcome(full)
    charted = story.chart(full)
    judgements = findings(full["diagnosis"])
    telling, others = apart(judgements) if len(judgements) > MANY_FINDINGS else (judgements, [])
    drawings = [chart.draw(charted, width) for width in (WIDE, NARROW)] if charted else []
    return (
        _environment()
        .get_template("case.html.j2")
        .render(
            case=full,
            title=words.cut(story.title(full), LONGEST_TITLE),
            outcome=outcome,
            tone=tone,
            well=story.well(full),
            coming=story.coming(full),
            told=story.told(full),
            moments=story.moments(full),
            chart=charted,
            drawings=[drawing for drawing in drawings if drawing],
            findings=telling,
            other_findings=others,
            plan=story.plan(full),
            done=story.done(full),
            before=story.before,
            handed=story.handed,
            briefing=story.briefing(full),
            approval=story.approval(full),
            diffs=list(story.diffs(full)),
            gate=story.gate(full),
            verified_conditions=[judged(one) for one in (full["verification"] or {}).get("conditions", [])],
            counted=_counted(full["evidence"]),
            style_hash=_style_hash(),
        )
    )


@functools.cache
def _style_hash() -> str:
    """What the content security policy allows: this style sheet and no other."""
    return base64.b64encode(hashlib.sha256((TEMPLATES / "case.css").read_bytes()).digest()).decode()


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        bytecode_cache=_bytecode_cache(),
        autoescape=True,
        finalize=_shown,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        answer=lambda value, probe: answer(probe, value),
        clock=words.clock,
        data=lambda value: _shown(words.as_data(value), LONGEST_DATA, newlines=True),
        date=words.date,
        inline=lambda value: value if isinstance(value, str) and value else words.brief(value, LONGEST_TEXT),
        iso=words.iso,
        lines=lambda text: _shown(text, newlines=True),
        number=words.number,
        path=lambda points: escape(" ".join(f"{x},{y}" for x, y in points)),
        plain=lambda text: escape(words.visible(words.cut(text, LONGEST_TEXT))),
        span=words.span,
    )
    return environment


def _bytecode_cache() -> jinja2.BytecodeCache | None:
    """Compiling the templates takes as long as asking all witnesses of an incident, so the result is kept for the next
    run: in a folder of this user alone, as it is code. Without such a folder the templates are compiled each time."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = pathlib.Path(home) / "oncall-remedy" / "templates"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return None
    private = status.st_uid == os.getuid() and not status.st_mode & 0o077
    return jinja2.FileSystemBytecodeCache(str(folder)) if private else None


def _shown(value: object, limit: int = LONGEST_TEXT, newlines: bool = False) -> Markup:
    """A text as markup: escaped, with what would not show written out and marked as such, cut where it is too long."""
    if isinstance(value, Markup):
        return value
    text = str(value)
    shown = [
        Markup('<span class="escape">{}</span>').format(piece) if escaped else escape(piece)
        for piece, escaped in words.pieces(text[:limit], newlines)
    ]
    if len(text) > limit:
        shown.append(Markup('<span class="cut">… (cut, {} characters in all)</span>').format(f"{len(text):,}"))
    return shown[0] if len(shown) == 1 else Markup("").join(shown)


def _counted(evidence: list[dict[str, Any]]) -> str:
    """``8 answered, 2 unknown, 1 not asked``"""
    names = {"ok": "answered", "failed": "unknown", "skipped": "not asked"}
    counts = Counter(names.get(one.get("state", ""), "unknown") for one in evidence)
    return ", ".join(f"{counts[name]} {name}" for name in names.values() if counts[name])
