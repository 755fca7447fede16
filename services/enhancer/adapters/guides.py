"""The guides of styles in the object store."""

import asyncio
import logging
from typing import Final

from pydantic import ValidationError

from contracts.styles import Guide, Style
from services.chassis.errors import UnavailableError
from services.chassis.objects import CorruptObjectError, MissingObjectError, ObjectStore, fetch

log = logging.getLogger(__name__)

READ_SECONDS: Final = 5.0
"""Of a few kilobytes; a store that takes longer is away."""


class StoredGuides:
    """See Guides. Guides are never overwritten, so one that cannot be read never will be."""

    def __init__(self, store: ObjectStore, *, read_seconds: float = READ_SECONDS) -> None:
        self._store = store
        self._read_seconds = read_seconds

    async def of(self, style: Style) -> Guide | None:
        """See Guides."""
        try:
            async with asyncio.timeout(self._read_seconds):
                return Guide.model_validate_json(await fetch(self._store, style.guide))
        except TimeoutError:
            raise UnavailableError("the store takes too long to give a style's guide") from None
        except (MissingObjectError, CorruptObjectError, ValidationError) as error:
            lost = {"style": style.id, "error": type(error).__name__}
            log.warning("style_guide_lost", extra=lost)
            return None
