"""The styles that a job may name, as storage last told of them."""

from typing import Protocol

from contracts.errors import ErrorCode
from contracts.styles import Style
from services.gateway.domain.problems import not_found


class Styles(Protocol):
    """Storage's styles."""

    async def all(self) -> tuple[Style, ...]:
        """Every style, by name, as last heard. Raises PostponedError if that never was."""


async def style_named(styles: Styles, style_id: str | None) -> Style | None:
    """The style as it is now; None where none is named.

    Raises RefusalError (404) for an unknown one and PostponedError.
    """
    if style_id is None:
        return None
    for style in await styles.all():
        if style.id == style_id:
            return style
    raise not_found(ErrorCode.STYLE_NOT_FOUND)
