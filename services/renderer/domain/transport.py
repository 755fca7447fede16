"""Carrying the colours of one picture over to another: from Lab to Lab, learnt from two samples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, hypot, sqrt
from statistics import fmean
from typing import Final

from services.chassis.images.steps import fit_pixels
from services.chassis.images.vips import Image, numbers
from services.renderer.domain.curves import Curve, matching
from services.renderer.domain.looks import coloured
from services.renderer.domain.tones import clamp

Mapping = Callable[[Image], Image]
"""From the three float channels of Lab to others."""

SEEN_PIXELS: Final = 262_144
"""Pictures are compared as a page shows them, 512 pixels a side."""
SAMPLE_PIXELS: Final = 8_192
"""Of those so many are looked at: more tell the same."""

LIGHT: Final = (0.0, 100.0)
HUES: Final = (-128.0, 128.0)
LIGHT_SLOPES: Final = (0.3, 3.0)
"""Half as steep, details are still seen; twice as steep, grain is not yet."""
HUE_SLOPES: Final = (0.3, 3.0)
MOST_STRETCH: Final = 3.0
"""Colours that are nearly grey have a hue by chance: stronger than this they would be blotches."""

_HALF_OPAQUE: Final = 128
# Of a variance, in squared units of Lab: what a grey picture's rounding gives.
_FLOOR: Final = 1.0
_KNOTS: Final = 8
_FEW: Final = 0.02
_ALIKE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Sample:
    """The colours of a small copy: a float picture in Lab, and which of its pixels are seen."""

    lab: Image
    seen: tuple[bool, ...] | None

    def after(self, change: Mapping) -> "Sample":
        """The sample as a mapping leaves it. Raises pyvips.Error."""
        return Sample(change(self.lab).copy_memory(), self.seen)

    def channels(self) -> tuple[list[float], list[float], list[float]]:
        """The values of L, a and b."""
        values = numbers(self.lab)
        return self._seen(values[::3]), self._seen(values[1::3]), self._seen(values[2::3])

    def _seen(self, values: Sequence[float]) -> list[float]:
        if self.seen is None:
            return list(values)
        return [value for value, is_seen in zip(values, self.seen, strict=True) if is_seen]


def sample_of(image: Image) -> Sample:
    """The colours of a picture in sRGB or grey; hidden ones do not count. Raises pyvips.Error."""
    copy = fit_pixels(SEEN_PIXELS)(image).copy_memory()
    step = max(1, ceil(sqrt(copy.width * copy.height / SAMPLE_PIXELS)))
    # Single pixels, since means of several are paler than any.
    small = copy.subsample(min(step, copy.width), min(step, copy.height)).copy_memory()
    if not small.hasalpha():
        return Sample(lab_of(small), None)
    colours, alpha = small[0 : small.bands - 1], small[small.bands - 1]
    seen = tuple(value >= _HALF_OPAQUE for value in numbers(alpha))
    return Sample(lab_of(colours), seen if any(seen) else None)


def lab_of(colours: Image) -> Image:
    """Colour channels in Lab, held in memory. Raises pyvips.Error."""
    return coloured(colours).copy(interpretation="srgb").colourspace("lab").copy_memory()


def tones_of(source: Sample, reference: Sample, *, unevenness: float) -> Curve:
    """The curve that gives the source the reference's light, as evenly as asked; see matching."""
    light, wanted = source.channels()[0], reference.channels()[0]
    return matching(light, wanted, within=LIGHT, slopes=LIGHT_SLOPES, unevenness=unevenness)


def learn(source: Sample, reference: Sample, tones: Curve) -> Mapping:
    """The mapping that gives the source these tones, and then the reference's colours."""
    steps: list[Mapping] = [lambda lab: _joined(tones.of(lab[0]), lab[1], lab[2])]
    for learnt in (_turned, _tinted, _spread):
        source = source.after(steps[-1])
        steps.append(learnt(source, reference))
    return lambda lab: _in_turn(lab, steps)


def _in_turn(lab: Image, steps: Sequence[Mapping]) -> Image:
    for step in steps:
        lab = step(lab)
    return lab


def _turned(source: Sample, reference: Sample) -> Mapping:
    """The hues: mean and covariance of a and b (the linear Monge-Kantorovitch mapping)."""
    _, a, b = source.channels()
    _, wanted_a, wanted_b = reference.channels()
    (aa, ab), (ba, bb) = _stretch(_covariance(a, b), _covariance(wanted_a, wanted_b))
    matrix = Image.new_from_array([[1, 0, 0], [0, aa, ab], [0, ba, bb]])
    means, wanted = (fmean(a), fmean(b)), (fmean(wanted_a), fmean(wanted_b))
    shift = (
        wanted[0] - aa * means[0] - ab * means[1],
        wanted[1] - ba * means[0] - bb * means[1],
    )
    return lambda lab: lab.recomb(matrix).linear([1, 1, 1], [0, *shift])


def _tinted(source: Sample, reference: Sample) -> Mapping:
    """The colour of shadows and of lights: where the reference's means differ at some light."""
    own, wanted = _by_light(source), _by_light(reference)
    curves = [
        Curve(*LIGHT, tuple(_gap(one, other, hue) for one, other in zip(own, wanted, strict=True)))
        for hue in (1, 2)
    ]
    return lambda lab: _joined(
        lab[0], *(lab[hue] + curve.of(lab[0]) for hue, curve in zip((1, 2), curves, strict=True))
    )


def _spread(source: Sample, reference: Sample) -> Mapping:
    """What is left of the difference, in each of a and b."""
    curves = [
        matching(own, wanted, within=HUES, slopes=HUE_SLOPES)
        for own, wanted in zip(source.channels()[1:], reference.channels()[1:], strict=True)
    ]
    return lambda lab: _joined(lab[0], curves[0].of(lab[1]), curves[1].of(lab[2]))


def _joined(light: Image, a: Image, b: Image) -> Image:
    return light.bandjoin([a, b]).copy(interpretation="lab")


Matrix = tuple[tuple[float, float], tuple[float, float]]
"""Two by two, symmetric."""


def _covariance(a: Sequence[float], b: Sequence[float]) -> Matrix:
    mean_a, mean_b = fmean(a), fmean(b)
    aa = fmean((x - mean_a) ** 2 for x in a)
    bb = fmean((y - mean_b) ** 2 for y in b)
    ab = fmean((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    return (aa, ab), (ab, bb)


def _stretch(own: Matrix, wanted: Matrix) -> Matrix:
    """What turns the one covariance into the other and moves colours least, within bounds."""
    (aa, ab), (_, bb) = own
    floored = ((aa + _FLOOR, ab), (ab, bb + _FLOOR))
    root, inverse = _each(floored, sqrt), _each(floored, lambda value: 1 / sqrt(value))
    inner = _each(_product(root, wanted, root), lambda value: sqrt(max(value, 0.0)))
    return _each(_product(inverse, inner, inverse), lambda value: min(value, MOST_STRETCH))


def _each(matrix: Matrix, function: Callable[[float], float]) -> Matrix:
    """The function of the eigenvalues, with the same eigenvectors."""
    (aa, ab), (_, bb) = matrix
    middle, reach = (aa + bb) / 2, hypot((aa - bb) / 2, ab)
    high, low = function(middle + reach), function(middle - reach)
    # Where the two are one, every vector is an eigenvector.
    slope = (high - low) / (2 * reach) if reach > _ALIKE else 0.0
    rest = (high + low) / 2 - slope * middle
    return (rest + slope * aa, slope * ab), (slope * ab, rest + slope * bb)


def _product(left: Matrix, middle: Matrix, right: Matrix) -> Matrix:
    """The product of three of which the outer are the same, which is symmetric again."""
    (aa, ab), (_, bb) = _times(_times(left, middle), right)
    return (aa, ab), (ab, bb)


def _times(one: Matrix, other: Matrix) -> Matrix:
    (a, b), (c, d) = one
    (e, f), (g, h) = other
    return (a * e + b * g, a * f + b * h), (c * e + d * g, c * f + d * h)


def _by_light(sample: Sample) -> list[tuple[float, float, float]]:
    """At each knot of light the share of pixels, and their mean a and b."""
    sums = [[0.0, 0.0, 0.0] for _ in range(_KNOTS + 1)]
    channels = sample.channels()
    for light, a, b in zip(*channels, strict=True):
        at = sums[round(clamp(light / LIGHT[1]) * _KNOTS)]
        at[0] += 1
        at[1] += a
        at[2] += b
    whole = len(channels[0])
    return [(n / whole, a / max(n, 1), b / max(n, 1)) for n, a, b in sums]


def _gap(own: tuple[float, float, float], wanted: tuple[float, float, float], hue: int) -> float:
    """How far the means are apart, the less the fewer pixels tell so."""
    share = min(own[0], wanted[0])
    return (wanted[hue] - own[hue]) * share / (share + _FEW)
