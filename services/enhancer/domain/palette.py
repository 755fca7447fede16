"""The few colours that a picture is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.chassis.images.vips import Image, numbers
from services.enhancer.domain.lab import Lab, distance, hexes, lab_of, opacity_of

MOST_COLOURS: Final = 5
DISTINCT: Final = 12.0
"""Colours nearer than this in Lab have the same name for most people, and count as one."""
LEAST_SHARE: Final = 0.02

# Cells of 32 levels a channel hold colours that look alike; their means are exact.
_SHIFT: Final = 5
_CELLS: Final = 512
_SEEDS: Final = 8
_ROUNDS: Final = 8
_HALF_OPAQUE: Final = 128


@dataclass(frozen=True, slots=True)
class Swatch:
    """One colour as #rrggbb and in Lab, and the share (0 to 1) of the picture that it covers."""

    hex: str
    lab: Lab
    share: float


@dataclass(frozen=True, slots=True)
class _Heap:
    """Pixels that look alike: how many, and their mean in Lab."""

    weight: float
    lab: Lab


def palette_of(image: Image) -> tuple[Swatch, ...]:
    """At most MOST_COLOURS colours, each distinct to the eye, the largest first.

    Shares are of what is not transparent; nothing else has a colour. Raises pyvips.Error.
    """
    cells = _cells(image)
    whole = sum(cell.weight for cell in cells)
    heaps = _merged(_gathered(cells))
    heaps = [heap for heap in heaps if heap.weight >= LEAST_SHARE * whole][:MOST_COLOURS]
    named = hexes(heap.lab for heap in heaps)
    return tuple(
        Swatch(text, heap.lab, round(heap.weight / whole, 3))
        for text, heap in zip(named, heaps, strict=True)
    )


def _cells(image: Image) -> list[_Heap]:
    cell = _cell_of(image)
    sums = numbers(lab_of(image).hist_find_indexed(cell, combine="sum"))
    counts = numbers(cell.hist_find())
    return [
        _Heap(count, (sums[3 * at] / count, sums[3 * at + 1] / count, sums[3 * at + 2] / count))
        for at, count in enumerate(counts[:_CELLS])
        if count
    ]


def _cell_of(image: Image) -> Image:
    """The cell of each pixel's colour; transparent ones have a cell of their own at the end."""
    red, green, blue = (
        (image.colourspace("srgb")[band] >> _SHIFT).cast("ushort") for band in range(3)
    )
    cell = ((red << 6) | (green << 3) | blue).cast("ushort")
    opacity = opacity_of(image)
    if opacity is not None:
        cell = (opacity < _HALF_OPAQUE).ifthenelse(_CELLS, cell).cast("ushort")
    return cell.copy_memory()


def _gathered(cells: Sequence[_Heap]) -> list[_Heap]:
    """k-means, begun from the heaviest cell and those farthest from the ones before."""
    heaps = _seeds(cells)
    for _ in range(_ROUNDS):
        members: list[list[_Heap]] = [[] for _ in heaps]
        for cell in cells:
            members[_nearest(cell.lab, heaps)].append(cell)
        heaps = [_together(group) for group in members if group]
    return heaps


def _seeds(cells: Sequence[_Heap]) -> list[_Heap]:
    seeds: list[_Heap] = []
    gaps = [1.0] * len(cells)
    while len(seeds) < min(_SEEDS, len(cells)):
        at = max(range(len(cells)), key=lambda at: cells[at].weight * gaps[at])
        if not gaps[at]:
            break
        seeds.append(cells[at])
        gaps = [
            min(gap if seeds[1:] else float("inf"), distance(cell.lab, cells[at].lab) ** 2)
            for gap, cell in zip(gaps, cells, strict=True)
        ]
    return seeds


def _nearest(lab: Lab, heaps: Sequence[_Heap]) -> int:
    return min(range(len(heaps)), key=lambda at: distance(lab, heaps[at].lab))


def _merged(heaps: list[_Heap]) -> list[_Heap]:
    """The heaps, those that look alike made one, the heaviest first."""
    while len(heaps) > 1:
        gap, one, other = min(
            (distance(a.lab, b.lab), i, j)
            for i, a in enumerate(heaps)
            for j, b in enumerate(heaps[:i])
        )
        if gap >= DISTINCT:
            break
        rest = [heap for at, heap in enumerate(heaps) if at not in {one, other}]
        heaps = [*rest, _together([heaps[one], heaps[other]])]
    return sorted(heaps, key=lambda heap: heap.weight, reverse=True)


def _together(heaps: Sequence[_Heap]) -> _Heap:
    weight = sum(heap.weight for heap in heaps)
    light, red, blue = (
        sum(heap.weight * heap.lab[band] for heap in heaps) / weight for band in range(3)
    )
    return _Heap(weight, (light, red, blue))
