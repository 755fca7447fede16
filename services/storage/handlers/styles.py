"""Styles: an operator's folder is loaded, a gateway asks, versions that nobody uses are removed."""

import logging
from datetime import timedelta
from typing import Final

from contracts.base import utcnow
from contracts.queries import Styles, StylesQuestion
from services.chassis.objects import ObjectStore
from services.storage.domain.erasing import Erasures
from services.storage.domain.styles import (
    Catalogue,
    Changes,
    FormerStyles,
    Shelf,
    by_name,
    changes,
    load,
)

log = logging.getLogger(__name__)

FORMER_STYLES: Final = "styles"
FORMER_STYLES_EVERY: Final = timedelta(hours=1)


async def on_styles_question(_: StylesQuestion, *, catalogue: Catalogue) -> Styles:
    """The styles that a job may name."""
    return Styles(styles=by_name(await catalogue.current()))


async def load_styles(
    shelf: Shelf, *, catalogue: Catalogue, store: ObjectStore, only_check: bool = False
) -> Changes:
    """Put what is on the shelf in use, in place of all other styles; or say what that would do.

    Raises StyleError for a shelf of which some file is refused, and UnavailableError; in both
    cases the styles in use stay.
    """
    drafts = await shelf.drafts()
    if only_check:
        return changes(await catalogue.current(), [draft.style for draft in drafts])
    return await load(drafts, catalogue=catalogue, store=store)


async def sweep_styles(*, former: FormerStyles, erasures: Erasures) -> None:
    """Remove versions that no job can be made in, if no other process did lately."""
    if await erasures.begin(FORMER_STYLES, utcnow()):
        removed = await former.sweep(utcnow())
        await erasures.ended(FORMER_STYLES, utcnow(), every=FORMER_STYLES_EVERY)
        if removed:
            log.info("styles_removed", extra={"versions": removed})
