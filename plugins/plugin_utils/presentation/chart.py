# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The geometry of a case's chart: from series over time to lines, ticks, gaps and marks in a drawing's coordinates.

Pure arithmetic; ``templates/chart.svg.j2`` draws what comes out. A place without data is a gap in the line, never a
zero: samples further apart than one and a half steps are not joined, and a value that is not a finite number is none.
"""

from __future__ import annotations

import dataclasses
import itertools
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import axes
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import columns, date, visible

Json = Mapping[str, Any]
Point = tuple[float, float]

PLOT_HEIGHT = 150.0
BOTTOM = 26.0
RIGHT = 30.0
LABEL_ROW = 17.0
LETTER = 6.6
"""How wide a letter of a label is at most on average; labels are placed by this estimate, as no font is at hand."""

SERIES_DRAWN = 12
LARGEST = 1e290
"""Beyond this the arithmetic of a scale overflows; such a value is treated as not a number."""


@dataclasses.dataclass(frozen=True)
class Line:
    """One series as drawn: runs of joined points, single points between gaps, and what it is called."""

    name: str
    colour: int
    runs: tuple[tuple[Point, ...], ...]
    dots: tuple[Point, ...]
    samples: int
    last: float | None
    low: float | None
    high: float | None


@dataclasses.dataclass(frozen=True)
class Mark:
    """A moment worth pointing at: a vertical line from its label, which stands beside it to the left or right.

    ``label`` is what there is room for, ``text`` what was given.
    """

    at: float
    x: float
    y: float
    text: str
    label: str
    anchor: str
    text_x: float


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A chart in the coordinates of its view box; ``gaps`` are (x, width) where no series has data."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: tuple[axes.Tick, ...]
    y_ticks: tuple[axes.Tick, ...]
    lines: tuple[Line, ...]
    gaps: tuple[Point, ...]
    marks: tuple[Mark, ...]
    outside: tuple[Json, ...]
    undrawn: int
    shared: str
    days: str


def draw(chart: Json, width: float = 960.0) -> Drawing | None:
    """Lays out ``{"query", "unit", "series": [{"labels", "points": [[t, v]]}], "marks": [{"at", "label"}]}``.

    Optional are ``step`` (seconds between samples), ``start`` and ``end`` (what was asked for). None where there is
    nothing to give the time axis a length: no data, no marks, no period.
    """
    given = list(chart.get("series") or [])
    drawn = [_samples(one.get("points") or []) for one in given[:SERIES_DRAWN]]
    marks = sorted((mark for mark in chart.get("marks") or [] if mark.get("at")), key=lambda mark: float(mark["at"]))
    period = _period(drawn, marks, chart)
    if period is None:
        return None
    step = float(chart.get("step") or 0) or _usual_step(drawn)
    shown = [mark for mark in marks if period[0] <= mark["at"] <= period[1]]
    unit = visible(chart.get("unit") or "")[:12]
    heights = axes.value_ticks([value for samples in drawn for _at, value in samples])
    heights[-1] = (heights[-1][0], f"{heights[-1][1]} {unit}".strip())
    left = 14.0 + LETTER * max(len(label) for _height, label in heights)
    across = axes.Scale(period[0], period[1], left, width - RIGHT)
    placed, top = _place(shown, across, width)
    up = axes.Scale(heights[0][0], heights[-1][0], top + PLOT_HEIGHT, top)
    names, shared = _names(given)
    apart = _apart(drawn)
    return Drawing(
        width=width,
        height=top + PLOT_HEIGHT + BOTTOM,
        left=left,
        right=width - RIGHT,
        top=top,
        bottom=top + PLOT_HEIGHT,
        x_ticks=tuple(axes.Tick(across.at(at), label) for at, label in axes.time_ticks(*period, (width - left) / 90)),
        y_ticks=tuple(axes.Tick(up.at(value), label) for value, label in heights),
        lines=tuple(_line(names[i], i, samples, step, across, up.moved(apart[i])) for i, samples in enumerate(drawn)),
        gaps=_gaps(drawn, step, period, across),
        marks=placed,
        outside=tuple(mark for mark in marks if mark not in shown),
        undrawn=max(0, len(given) - SERIES_DRAWN),
        shared=shared,
        days=_days(*period),
    )


def _samples(points: Iterable[Sequence[Any]]) -> list[Point]:
    """The points with a finite value, in order of time; of two at one time the later given counts."""
    found: dict[float, float] = {}
    for at, value in points:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            continue
        if abs(number) < LARGEST:
            found[float(at)] = number
    return sorted(found.items())


def _usual_step(drawn: list[list[Point]]) -> float:
    distances = [later - at for samples in drawn for (at, _value), (later, _next) in itertools.pairwise(samples)]
    return statistics.median_low(distances) if distances else 60.0


def _period(drawn: list[list[Point]], marks: list[Any], chart: Json) -> Point | None:
    """What the time axis shows: the data and the period asked for, stretched to marks that are near."""
    times = [at for samples in drawn for at, _value in samples]
    times += [float(chart[key]) for key in ("start", "end") if chart.get(key)]
    moments = [float(mark["at"]) for mark in marks]
    if not times:
        times = moments
    if not times:
        return None
    start, end = min(times), max(times)
    reach = max(end - start, 120.0) / 2
    near = [at for at in moments if start - reach <= at <= end + reach]
    start, end = min([start, *near]), max([end, *near])
    return (start, end) if end > start else (start - 60.0, end + 60.0)


def _runs(samples: list[Point], step: float) -> list[list[Point]]:
    """The samples cut wherever two are too far apart to be joined."""
    runs: list[list[Point]] = []
    for sample in samples:
        if runs and sample[0] - runs[-1][-1][0] <= step * 1.5:
            runs[-1].append(sample)
        else:
            runs.append([sample])
    return runs


def _line(name: str, colour: int, samples: list[Point], step: float, across: axes.Scale, up: axes.Scale) -> Line:
    runs = [[(across.at(at), up.at(value)) for at, value in run] for run in _runs(samples, step)]
    heights = [value for _at, value in samples]
    return Line(
        name=name,
        colour=colour,
        runs=tuple(tuple(_thinned(run)) for run in runs if len(run) > 1),
        dots=tuple(run[0] for run in runs if len(run) == 1),
        samples=len(samples),
        last=heights[-1] if heights else None,
        low=min(heights, default=None),
        high=max(heights, default=None),
    )


def _apart(drawn: list[list[Point]]) -> list[float]:
    """How far each series is moved up or down: a hair, and only where two coincide and one would hide the other."""
    samples = [sample for series in drawn for sample in series]
    if len(samples) == len(set(samples)):
        return [0.0] * len(drawn)
    hair = min(2.5, 8.0 / max(1, len(drawn) - 1))
    return [round(hair * (index - (len(drawn) - 1) / 2), 1) for index in range(len(drawn))]


def _thinned(run: list[Point]) -> list[Point]:
    """At most four points for each unit of width (first, lowest, highest, last), so that long ranges stay small."""
    if len(run) < 2000:
        return run
    kept: list[Point] = []
    for _column, group in itertools.groupby(run, key=lambda point: int(point[0])):
        points = list(group)
        extremes = {
            points[0],
            min(points, key=lambda point: point[1]),
            max(points, key=lambda point: point[1]),
            points[-1],
        }
        kept += sorted(extremes)
    return kept


def _gaps(drawn: list[list[Point]], step: float, period: Point, across: axes.Scale) -> tuple[Point, ...]:
    """Where not one series has data, as (x, width)."""
    covered = sorted((run[0][0], run[-1][0]) for samples in drawn for run in _runs(samples, step))
    gaps = []
    reached = period[0]
    for start, end in [*covered, (period[1], period[1])]:
        if start - reached > step * 1.5:
            gaps.append((across.at(reached), across.at(start) - across.at(reached)))
        reached = max(reached, end)
    return tuple(gaps)


def _place(marks: list[Any], across: axes.Scale, width: float) -> tuple[tuple[Mark, ...], float]:
    """Labels of marks in as many rows as it takes for none to cover another, and where the plot below them begins."""
    taken: list[list[Point]] = []
    placed = []
    for mark in marks:
        text = str(mark.get("label", ""))
        label = _shortened(visible(text), int(width / LETTER / 2) - 3)
        x = across.at(mark["at"])
        length = LETTER * columns(label) + 10
        rightward = x + length <= width
        y = 10.0 + LABEL_ROW * _free_row(taken, (x, x + length) if rightward else (x - length, x))
        placed.append(Mark(mark["at"], x, y, text, label, *(("start", x + 5) if rightward else ("end", x - 5))))
    return tuple(placed), 12.0 + LABEL_ROW * len(taken)


def _shortened(text: str, limit: int) -> str:
    if columns(text) <= limit:
        return text
    kept = text[: limit - 1]
    while columns(kept) >= limit:
        kept = kept[:-1]
    return f"{kept}…"


def _free_row(taken: list[list[Point]], wanted: Point) -> int:
    for index, row in enumerate(taken):
        if all(wanted[0] >= end or wanted[1] <= start for start, end in row):
            row.append(wanted)
            return index
    taken.append([wanted])
    return len(taken) - 1


def _names(series: list[Any]) -> tuple[list[str], str]:
    """What tells each series from the others, and the labels that all of several series have in common."""
    labels = [dict(one.get("labels") or {}) for one in series]
    shared = set.intersection(*(set(one.items()) for one in labels)) if len(labels) > 1 else set()
    names = [_joined(set(one.items()) - shared) for one in labels]
    return names, _joined(shared)


def _joined(labels: set[tuple[str, str]]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(labels))


def _days(start: float, end: float) -> str:
    first, last = date(start), date(end)
    return first if first == last else f"{first} to {last}"
