"""The picture as a model of Flux takes it."""

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.encode import PNG
from services.chassis.images.limits import ImageLimits
from services.renderer.adapters.fitting import Bounds, copied, unchanged
from services.renderer.domain.editing import Source
from services.renderer.domain.flux_body import Reference
from services.renderer.domain.models import FluxModel


def refuse_too_small(source: Source, model: FluxModel, *, name: str = "This picture") -> None:
    """Raise PermanentError for a picture that the model would refuse; `name` says which it is."""
    width, height, least = source.width_pixels, source.height_pixels, model.min_side_pixels
    if min(width, height) < least:
        sentence = (
            f"{name} has {width:,} x {height:,} pixels; {model.name} needs at least "
            f"{least} pixels a side."
        )
        raise PermanentError(ErrorCode.IMAGE_TOO_SMALL, sentence)


def as_it_is(data: bytes, model: FluxModel, limits: ImageLimits) -> Reference | None:
    """The very bytes, where the model takes them; else None. See fitting."""
    picture = unchanged(data, _bounds(model), limits)
    if picture is None:
        return None
    return Reference(
        data=data,
        width_pixels=picture.width_pixels,
        height_pixels=picture.height_pixels,
        has_alpha=picture.has_alpha,
    )


def fitted(data: bytes, model: FluxModel, limits: ImageLimits) -> Reference:
    """A copy within the model's limits. See fitting."""
    copy = copied(data, _bounds(model), limits)
    return Reference(
        data=copy.data,
        width_pixels=copy.width_pixels,
        height_pixels=copy.height_pixels,
        has_alpha=copy.content_type == PNG,
    )


def _bounds(model: FluxModel) -> Bounds:
    return Bounds(max_bytes=model.max_bytes, max_pixels=model.max_pixels)
