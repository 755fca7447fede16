"""The port to whoever edits pictures."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A provider's picture, and what it says it did."""

    data: bytes
    content_type: str
    width_pixels: int
    height_pixels: int
    provider: str
    model: str
    note: str | None = None


class ImageEditor(Protocol):
    """Whoever edits pictures within one call."""

    async def edit(self, source: bytes, *, prompt: str, pixels: int) -> Edited:
        """The edited picture; `pixels` is the source's size. Raises one of the three kinds."""
