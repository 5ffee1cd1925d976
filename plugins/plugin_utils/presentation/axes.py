# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Scales and ticks: round numbers on the value axis, round times (UTC) on the time axis."""

from __future__ import annotations

import dataclasses
import math

from ansible_collections.oncall.remedy.plugins.plugin_utils.words import moment

TIME_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(60 * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(3600 * hours for hours in (1, 2, 3, 6, 12)),
    *(86400 * days for days in (1, 2, 7, 14, 30, 90, 365)),
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
PREFIXES = {-9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}


@dataclasses.dataclass(frozen=True)
class Tick:
    """A labelled place on an axis, in the drawing's coordinates."""

    place: float
    label: str


@dataclasses.dataclass(frozen=True)
class Scale:
    """Maps low..high linearly onto start..end. A value outside is drawn at the nearer end."""

    low: float
    high: float
    start: float
    end: float

    def moved(self, by: float) -> Scale:
        """The same scale a little further along."""
        return dataclasses.replace(self, start=self.start + by, end=self.end + by)

    def at(self, value: float) -> float:
        """The place of a value, to a tenth of a unit."""
        share = min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))
        return round(self.start + share * (self.end - self.start), 1)


def value_ticks(values: list[float]) -> list[tuple[float, str]]:
    """Two to seven round values that enclose all of those given, with zero unless they lie far from it."""
    low, high = _enclosed(values)
    step = _round_step((high - low) / 4)
    if all(value == int(value) for value in values):
        step = max(step, 1.0)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [
        (count * step, _value_label(count * step, step, max(abs(low), abs(high)))) for count in range(first, last + 1)
    ]


def _enclosed(values: list[float]) -> tuple[float, float]:
    """The lowest and highest value to show. A flat series gets room, else it would have no height to be drawn in."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if high - low <= max(abs(low), abs(high)) * 1e-9 or high - low < 1e-200:
        if abs(high) < 1e-200:
            return 0.0, 1.0
        return min(low, 0.0), max(high, 0.0)
    if low > 0 and low <= (high - low) * 2:
        low = 0.0
    if high < 0 and -high <= (high - low) * 2:
        high = 0.0
    return low, high


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)


def _value_label(value: float, step: float, largest: float) -> str:
    power = 3 * math.floor(math.log10(largest) / 3 + 1e-9)
    if power == -3 and largest >= 0.01:
        power = 0
    scaled, scaled_step = value / 10.0**power, step / 10.0**power
    digits = max(0, -math.floor(math.log10(scaled_step) + 1e-9))
    text = f"{scaled:.{digits}f}"
    if not float(text):
        return "0"
    return text + PREFIXES.get(power, f"e{power}")


def time_ticks(start: float, end: float, most: float) -> list[tuple[float, str]]:
    """Round times between start and end, as few as wanted; labels show no more of a time than changes between them."""
    rough = (end - start) / max(2.0, most)
    step = next((step for step in TIME_STEPS if step >= rough), 365 * 86400 * math.ceil(rough / (365 * 86400)))
    first = math.ceil(start / step)
    times = [float(count * step) for count in range(first, math.floor(end / step) + 1)]
    ticks = [(at, _time_label(at, step)) for at in times]
    return ticks or [(start, _time_label(start, 1))]


def _time_label(at: float, step: float) -> str:
    when = moment(at)
    if when is None:
        return ""
    if step >= 90 * 86400:
        return f"{when:%Y-%m}"
    if step >= 86400 or (when.hour, when.minute, when.second) == (0, 0, 0):
        return f"{when.day} {MONTHS[when.month - 1]}"
    return f"{when:%H:%M}" if step >= 60 else f"{when:%H:%M:%S}"
