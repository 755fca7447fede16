"""The local variation: what it costs, and how near to the reference it comes."""

import os
import time
from collections.abc import Iterator, Mapping
from itertools import permutations
from math import sqrt
from pathlib import Path
from typing import Final

import pyvips

from services.chassis.images.limits import ImageLimits
from services.renderer.domain.render import render
from tests.bench.table import Figure, p50
from tests.pictures import photo
from tests.sceneries import ATMOSPHERES, difference, edges_kept, png, scene

MEGAPIXELS: Final = (1, 4, 12)
RUNS: Final = 3
PHOTOS: Final = "MIZUAL_PHOTOS"
"""The variable that names a folder of photographs, which are tried on one another."""
_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})


def costs() -> Iterator[Figure]:
    """Seconds of one variation, decoding and encoding included, beside the same without one."""
    reference = png(scene("dusk"))
    for megapixels in MEGAPIXELS:
        source = _enlarged(photo(), megapixels * 1_000_000)
        with_it = p50([_seconds(source, reference) for _ in range(RUNS)])
        without = p50([_seconds(source, None) for _ in range(RUNS)])
        note = f"without {without:.2f} s"
        yield Figure(f"a variation of {megapixels} megapixels", with_it, "s", "", note)


def likenesses() -> Iterator[Figure]:
    """What is left of the difference to the reference, and how far the edges are kept."""
    drawn = {name: png(scene(name, seed=at)) for at, name in enumerate(ATMOSPHERES)}
    yield from _compared("drawn scenes", drawn)
    photographs = _photographs()
    if len(photographs) > 1:
        yield from _compared("photographs", photographs)


def _compared(what: str, pictures: Mapping[str, bytes]) -> Iterator[Figure]:
    left: dict[str, float] = {}
    kept: dict[str, float] = {}
    for one, other in permutations(pictures, 2):
        pair = f"{one} as {other}"
        source, reference = pictures[one], pictures[other]
        result = render(source, (), limits=ImageLimits(), reference=reference).data
        left[pair] = difference(result, reference) / difference(source, reference) * 100
        kept[pair] = edges_kept(source, result) * 100
    worst, least = max(left, key=lambda pair: left[pair]), min(kept, key=lambda pair: kept[pair])
    count = f"{len(left)} pairs"
    yield Figure(f"{what}: difference left, p50", p50([*left.values()]), "%", "<= 50", count)
    yield Figure(f"{what}: difference left, worst", left[worst], "%", "<= 50", worst)
    yield Figure(f"{what}: likeness of edges, p50", p50([*kept.values()]), "%", ">= 80", count)
    yield Figure(f"{what}: likeness of edges, worst", kept[least], "%", ">= 80", least)


def _photographs() -> dict[str, bytes]:
    """Those of the named folder, and the bundled one."""
    folder = os.environ.get(PHOTOS)
    paths = sorted(Path(folder).iterdir()) if folder else []
    named = {path.stem: path.read_bytes() for path in paths if path.suffix.lower() in _SUFFIXES}
    return named | {"bundled": photo()}


def _seconds(source: bytes, reference: bytes | None) -> float:
    begun = time.perf_counter()
    render(source, (), limits=ImageLimits(), reference=reference)
    return time.perf_counter() - begun


def _enlarged(data: bytes, pixels: int) -> bytes:
    image = pyvips.Image.new_from_buffer(data, "")
    return bytes(image.resize(sqrt(pixels / (image.width * image.height))).jpegsave_buffer(Q=90))
