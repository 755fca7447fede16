"""What a header tells about a picture."""

from dataclasses import dataclass

from services.chassis.images.formats import NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An accepted picture: what its bytes are and how large it is, before any pixel is decoded.

    `width_pixels` and `height_pixels` are as displayed, after the EXIF orientation; the stored ones
    are what the file holds.
    """

    content_type: str
    width_pixels: int
    height_pixels: int
    stored_width_pixels: int
    stored_height_pixels: int
    size_bytes: int
    sha256: str
    has_alpha: bool
    orientation: int = 1
    frames: int = 1

    @property
    def pixels(self) -> int:
        """Width times height, of one frame."""
        return self.width_pixels * self.height_pixels

    @property
    def type(self) -> str:
        """The short name of the content type: "jpeg"."""
        return self.content_type.removeprefix("image/")

    @property
    def name(self) -> str:
        """The word that a person knows the type by: "JPEG"."""
        return NAMES[self.type]
