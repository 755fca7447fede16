"""Curves that give one set of values the distribution of another, as far as their slope may go."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import inf
from statistics import fmean
from typing import Final

from services.chassis.images.vips import Image
from services.renderer.domain.tones import clamp

_STEPS: Final = 100
"""Cells of a curve: of one unit for light."""
_ENTRIES: Final = 1024
"""Of the table that carries it out: finer than 8 bits a channel tell apart."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Values at even steps from `low` to `high`, straight lines between them."""

    low: float
    high: float
    values: tuple[float, ...]

    def at(self, value: float) -> float:
        """The curve's value; beyond its ends that of the end."""
        place = (clamp(value, self.low, self.high) - self.low) / (self.high - self.low)
        place *= len(self.values) - 1
        under = min(int(place), len(self.values) - 2)
        one, other = self.values[under : under + 2]
        return one + (other - one) * (place - under)

    def of(self, channel: Image) -> Image:
        """The curve of every value of a float channel. Raises pyvips.Error."""
        span = self.high - self.low
        entries = [self.at(self.low + at * span / (_ENTRIES - 1)) for at in range(_ENTRIES)]
        table = Image.new_from_array([entries])
        scale = (_ENTRIES - 1) / span
        return channel.linear([scale], [0.5 - self.low * scale]).cast("ushort").maplut(table)


def matching(
    values: Sequence[float],
    wanted: Sequence[float],
    *,
    within: tuple[float, float],
    slopes: tuple[float, float],
    unevenness: float = inf,
) -> Curve:
    """The curve that carries `values` over to the distribution and the mean of `wanted`.

    It rises everywhere, by no less and no more than `slopes`, and stays `within` its range: what
    was distinct stays so, and grain is not blown up. Where most values lie it rises `unevenness`
    times as steep as elsewhere at most, or as flat: 1 is a straight line.
    """
    low, high = within
    cell = (high - low) / _STEPS
    ranked, ordered = sorted(values), sorted(wanted)
    ideal = [_matched(low + at * cell, ranked, ordered) for at in range(_STEPS + 1)]
    gains = [clamp((after - before) / cell, *slopes) for before, after in pairwise(ideal)]
    usual = fmean(gains[min(int((value - low) / cell), _STEPS - 1)] for value in values)
    # A steep line from end to end would leave no room for another brightness.
    usual = min(usual, 1.0)
    even = [clamp(gain, usual / unevenness, usual * unevenness) for gain in _calmed(gains)]
    return _placed(even, within, values, fmean(wanted))


def _placed(
    gains: Sequence[float], within: tuple[float, float], values: Sequence[float], mean: float
) -> Curve:
    low, high = within
    # More rise than there is room for is shared out.
    room = min(1.0, len(gains) / sum(gains)) * (high - low) / len(gains)
    risen = list(accumulate((gain * room for gain in gains), initial=low))
    wanted = mean - fmean(map(Curve(low, high, tuple(risen)).at, values))
    shift = clamp(wanted, low - risen[0], high - risen[-1])
    return Curve(low, high, tuple(value + shift for value in risen))


def _matched(value: float, ranked: Sequence[float], ordered: Sequence[float]) -> float:
    """The value of the same rank; between two that occur, on the straight line between theirs."""
    above = min(bisect_left(ranked, value), len(ranked) - 1)
    one, other = ranked[max(above - 1, 0)], ranked[above]
    if not one < value < other:
        return _ranked(value, ranked, ordered)
    share = (value - one) / (other - one)
    start, end = _ranked(one, ranked, ordered), _ranked(other, ranked, ordered)
    return start + (end - start) * share


def _ranked(value: float, ranked: Sequence[float], ordered: Sequence[float]) -> float:
    rank = (bisect_left(ranked, value) + bisect_right(ranked, value)) / 2 / len(ranked)
    return ordered[min(int(rank * len(ordered)), len(ordered) - 1)]


def _calmed(gains: Sequence[float]) -> list[float]:
    """The gains without jumps, which would be seen as bands."""
    padded = [gains[0], gains[0], *gains, gains[-1], gains[-1]]
    return [fmean(padded[at : at + 5]) for at in range(len(gains))]
