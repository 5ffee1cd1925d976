"""Durations and points in time as other people write them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.duration import seconds
from ansible_collections.oncall.remedy.plugins.module_utils.timestamps import unix


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0.0),
        (1.5, 1.5),
        ("90", 90.0),
        ("250ms", 0.25),
        ("30s", 30.0),
        ("5m", 300.0),
        ("1h30m", 5400.0),
        ("2d", 172800.0),
        ("1w", 604800.0),
        ("1.5h", 5400.0),
    ],
)
def test_a_duration_in_seconds(value: Any, expected: float) -> None:
    assert seconds(value) == expected


@pytest.mark.parametrize("value", ["", "soon", "5 m", "-5m", "5m5", "m", "5M", "1e3", None, True, [], float("nan"), -1])
def test_what_is_no_duration_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        seconds(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-18T11:06:40Z", 1795000000.0),
        ("2026-11-18T11:06:40.25Z", 1795000000.25),
        ("2026-11-18T12:06:40.123456789+01:00", 1795000000.123456789),
        ("0001-01-01T00:00:00Z", None),
        ("2026-13-18T11:06:40Z", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_a_point_in_time_as_go_writes_it(text: Any, expected: float | None) -> None:
    assert unix(text) == expected
