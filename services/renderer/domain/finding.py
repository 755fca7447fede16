"""One thing found in a clause."""

from dataclasses import dataclass

from services.renderer.domain.wishes import Wish


@dataclass(frozen=True, slots=True)
class Finding:
    """A wish at its place among the words; without one: asked for, and not possible here.

    `is_complaint`: said by naming what is wrong ("too dark").
    """

    at: int
    wish: Wish | None = None
    is_complaint: bool = False
