"""The chart's geometry: real axes, honest gaps, nothing outside the drawing, whatever the series."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import axes
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.chart import LETTER, Drawing, draw
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import columns

T = 1795229400.0  # 2026-11-21 02:50:00 UTC

moments = st.floats(min_value=0, max_value=4e9) | st.integers(min_value=0, max_value=10**13)
values = (
    st.floats(allow_nan=True, allow_infinity=True)
    | st.integers(min_value=-(10**400), max_value=10**400)
    | st.sampled_from([0, 1, 3, "3.5", "NaN", "+Inf", None, "none", 1e17, 1e17 + 16, 5e-324, -0.0])
)
labels = st.dictionaries(st.text(max_size=5), st.text(max_size=60), max_size=3)
series = st.lists(
    st.fixed_dictionaries({"labels": labels, "points": st.lists(st.tuples(moments, values).map(list), max_size=30)}),
    max_size=15,
)
marks = st.lists(st.fixed_dictionaries({"at": moments, "label": st.text(max_size=80)}), max_size=8)
charts = st.fixed_dictionaries(
    {"query": st.text(), "unit": st.text(max_size=20), "series": series, "marks": marks},
    optional={"step": st.floats(min_value=0, max_value=1e6), "start": moments, "end": moments},
)


def up(*points: tuple[float, Any], name: str = "a") -> dict[str, Any]:
    """A series from (seconds after T, value)."""
    return {"labels": {"instance": name}, "points": [[T + at, value] for at, value in points]}


def regular(count: int, value: float, start: float = 0.0) -> list[tuple[float, float]]:
    return [(start + 15 * index, value) for index in range(count)]


def drawn(*given_series: dict[str, Any], **more: Any) -> Drawing:
    drawing = draw({"query": "up", "series": list(given_series), "marks": [], **more})
    assert drawing is not None
    return drawing


def places(drawing: Drawing) -> list[tuple[float, float]]:
    """Every point at which something of a series is drawn."""
    return [point for line in drawing.lines for run in (*line.runs, line.dots) for point in run]


@given(charts, st.sampled_from([960.0, 360.0]))
def test_whatever_the_series_everything_is_drawn_inside_and_in_order(chart: dict[str, Any], width: float) -> None:
    drawing = draw(chart, width)
    if drawing is None:
        return
    hair = 4.1  # what coinciding series are moved apart by at most
    for x, y in places(drawing):
        assert drawing.left <= x <= drawing.right
        assert drawing.top - hair <= y <= drawing.bottom + hair
    for line in drawing.lines:
        for run in line.runs:
            assert all(before[0] <= after[0] for before, after in itertools.pairwise(run))
    for x, wide in drawing.gaps:
        assert wide >= 0
        assert drawing.left <= x <= x + wide <= drawing.right + 0.11
    assert all(drawing.left <= mark.x <= drawing.right for mark in drawing.marks)
    assert 0 < drawing.left < drawing.right < drawing.width == width
    assert 0 < drawing.top < drawing.bottom < drawing.height


@given(charts)
def test_whatever_the_series_the_axes_have_ticks_that_differ_and_are_evenly_spaced(chart: dict[str, Any]) -> None:
    drawing = draw(chart)
    if drawing is None:
        return
    heights = [tick.place for tick in drawing.y_ticks]
    assert 2 <= len(heights) <= 8
    assert (heights[0], heights[-1]) == (drawing.bottom, drawing.top)
    distances = [before - after for before, after in itertools.pairwise(heights)]
    assert max(distances) - min(distances) < 0.21
    assert len({tick.label for tick in drawing.y_ticks}) == len(heights)
    across = [tick.place for tick in drawing.x_ticks]
    assert across == sorted(across)
    assert 1 <= len(across) <= 14


@given(charts, st.sampled_from([960.0, 360.0]))
def test_no_label_of_a_mark_covers_another(chart: dict[str, Any], width: float) -> None:
    drawing = draw(chart, width)
    if drawing is None:
        return
    boxes = []
    for mark in drawing.marks:
        length = LETTER * columns(mark.label)
        left = mark.text_x if mark.anchor == "start" else mark.text_x - length
        assert left >= 0
        assert left + length <= drawing.width
        boxes.append((mark.y, left, left + length))
    for one, other in itertools.combinations(boxes, 2):
        assert one[0] != other[0] or one[2] <= other[1] or other[2] <= one[1]


@given(st.lists(st.floats(min_value=-1e15, max_value=1e15), min_size=2, max_size=50))
def test_values_lie_within_the_ticks_and_at_their_share_of_the_height(heights: list[float]) -> None:
    ticks = axes.value_ticks(heights)
    low, high = ticks[0][0], ticks[-1][0]
    slack = (high - low) * 1e-9
    assert low - slack <= min(heights)
    assert max(heights) <= high + slack


def test_a_place_without_data_is_a_gap_and_never_a_zero() -> None:
    drawing = drawn(up(*regular(5, 3), *regular(5, 3, start=300)))
    (line,) = drawing.lines
    assert [len(run) for run in line.runs] == [5, 5]
    assert {y for _, y in places(drawing)} == {drawing.top}
    ((x, wide),) = drawing.gaps
    assert x == line.runs[0][-1][0]
    assert x + wide == pytest.approx(line.runs[1][0][0], abs=0.11)


def test_a_gap_of_one_series_is_none_of_the_drawing_while_another_has_data() -> None:
    drawing = drawn(up(*regular(30, 1), name="a"), up(*regular(5, 0), *regular(5, 0, start=375), name="b"))
    assert drawing.gaps == ()
    assert [len(line.runs) for line in drawing.lines] == [1, 2]


def test_data_that_ends_before_the_period_that_was_asked_for_leaves_a_gap_at_the_end() -> None:
    drawing = drawn(up(*regular(5, 3)), start=T, end=T + 600)
    ((x, wide),) = drawing.gaps
    assert x + wide == pytest.approx(drawing.right, abs=0.11)


def test_zero_is_drawn_on_the_axis_and_not_as_a_gap() -> None:
    drawing = drawn(up(*regular(5, 3), *regular(5, 0, start=75)))
    assert drawing.gaps == ()
    assert [y for _, y in places(drawing)][-5:] == [drawing.bottom] * 5
    assert [tick.label for tick in drawing.y_ticks] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("value", [math.nan, math.inf, None, "NaN", "a word", 10**400])
def test_what_is_no_finite_number_is_no_sample(value: Any) -> None:
    drawing = drawn(up((0, 1), (15, 1), (30, value), (45, 1), (60, 1)))
    assert [len(run) for run in drawing.lines[0].runs] == [2, 2]
    assert drawing.lines[0].samples == 4


@pytest.mark.parametrize(
    ("value", "labels"),
    [(0, ["0", "1"]), (3, ["0", "1", "2", "3"]), (-2, ["-2", "-1", "0"]), (0.5, ["0", "0.2", "0.4", "0.6"])],
)
def test_a_flat_series_has_an_axis_with_room(value: float, labels: list[str]) -> None:
    assert [tick.label for tick in drawn(up(*regular(9, value))).y_ticks] == labels


@pytest.mark.parametrize(
    ("heights", "unit", "first", "last"),
    [
        ([0, 2_500_000], "B", "0", "3M B"),
        ([0.001, 0.004], "s", "0", "4m s"),
        ([0.02, 0.11], "s", "0", "0.15 s"),
        ([99.2, 99.9], "%", "99.2", "100.0 %"),
        ([0, 4e16], "", "0", "40e15"),
    ],
)
def test_ticks_are_round_numbers_with_their_unit(heights: list[float], unit: str, first: str, last: str) -> None:
    ticks = drawn(up(*[(15.0 * i, height) for i, height in enumerate(heights)]), unit=unit).y_ticks
    assert (ticks[0].label, ticks[-1].label) == (first, last)


def test_a_single_sample_is_a_dot() -> None:
    drawing = drawn(up((0, 3)))
    assert drawing.lines[0].runs == ()
    assert len(drawing.lines[0].dots) == 1


def test_without_data_and_marks_there_is_nothing_to_draw() -> None:
    assert draw({"query": "up", "series": [], "marks": []}) is None
    assert draw({"query": "up", "series": [{"labels": {}, "points": []}]}) is None


def test_without_data_the_marks_still_make_a_time_axis_and_all_of_it_is_a_gap() -> None:
    drawing = drawn(marks=[{"at": T, "label": "alert fires"}, {"at": T + 300, "label": "opened"}])
    ((x, wide),) = drawing.gaps
    assert x == drawing.left
    assert x + wide == pytest.approx(drawing.right)
    assert [mark.label for mark in drawing.marks] == ["alert fires", "opened"]


def test_a_mark_long_before_the_data_is_named_and_does_not_squeeze_the_data() -> None:
    early = {"at": T - 86400, "label": "alert fires"}
    drawing = drawn(up(*regular(40, 1)), marks=[early, {"at": T + 90, "label": "restart"}])
    assert drawing.outside == (early,)
    assert [mark.label for mark in drawing.marks] == ["restart"]
    assert drawing.lines[0].runs[0][0][0] == drawing.left


def test_samples_in_any_order_are_drawn_in_order_of_time() -> None:
    mixed, sorted_ = drawn(up((30, 2), (0, 0), (15, 1))), drawn(up((0, 0), (15, 1), (30, 2)))
    assert mixed.lines == sorted_.lines


def test_series_are_called_by_what_tells_them_apart() -> None:
    both = [{"labels": {"job": "traefik", "instance": name}, "points": [[T, 1]]} for name in ("a", "b")]
    drawing = drawn(*both)
    assert [line.name for line in drawing.lines] == ["instance=a", "instance=b"]
    assert drawing.shared == "job=traefik"


def test_series_that_coincide_are_moved_apart_by_a_hair_and_others_are_not() -> None:
    together = drawn(up(*regular(5, 1), name="a"), up(*regular(5, 1), name="b"))
    first, second = (line.runs[0][0][1] for line in together.lines)
    assert 0 < abs(first - second) <= 4
    apart = drawn(up(*regular(5, 1), name="a"), up(*regular(5, 3), name="b"))
    assert apart.lines[1].runs[0][0][1] == apart.top


def test_more_series_than_can_be_told_apart_are_counted_and_not_drawn() -> None:
    drawing = drawn(*[up(*regular(3, index), name=str(index)) for index in range(20)])
    assert (len(drawing.lines), drawing.undrawn) == (12, 8)


def test_a_long_range_is_thinned_without_losing_its_extremes() -> None:
    points = [(15.0 * index, 3.0 if index == 7777 else 0.0) for index in range(11_000)]
    drawing = drawn(up(*points))
    (run,) = drawing.lines[0].runs
    assert len(run) < 4 * 960
    assert min(y for _, y in run) == drawing.top


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (60, ["02:50:00", "02:50:10", "02:50:20"]),
        (1500, ["02:50", "02:55", "03:00"]),
        (6 * 3600, ["03:00", "04:00", "05:00"]),
        (10 * 86400, ["22 Nov", "23 Nov", "24 Nov"]),
        (2000 * 86400, ["2026-12", "2027-12", "2028-12"]),
    ],
)
def test_time_ticks_are_round_in_utc_and_say_no_more_than_changes(seconds: float, labels: list[str]) -> None:
    assert [label for _, label in axes.time_ticks(T, T + seconds, 10)][:3] == labels


def test_midnight_is_labelled_with_the_new_day() -> None:
    assert "22 Nov" in [label for _, label in axes.time_ticks(T, T + 86400, 10)]
