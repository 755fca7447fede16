"""A picture that no encoder makes small."""

from functools import cache

from services.chassis.images.vips import Image


@cache
def noise(width: int, height: int) -> bytes:
    """A PNG with transparency of about four bytes a pixel."""
    planes = [Image.gaussnoise(width, height, sigma=90, mean=128, seed=n) for n in range(4)]
    whole = planes[0].bandjoin(planes[1:]).cast("uchar").copy(interpretation="srgb")
    return bytes(whole.pngsave_buffer(compression=1))
