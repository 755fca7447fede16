"""Forgetting: jobs that somebody wants forgotten or that are kept too long, nobody's pictures."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from contracts.base import utcnow
from contracts.journal import Kind
from contracts.queries import Erasure, ErasureQuestion
from services.chassis.dead_letters import reason_of
from services.chassis.errors import PermanentError
from services.storage.domain.erasing import LATE, Eraser, Erasures, Wanted
from services.storage.domain.retention import Orphans

log = logging.getLogger(__name__)

FORGET_BATCH: Final = 100
"""Jobs forgotten in one go: some seconds of work with a distant object store."""

EXPIRE_BATCH: Final = 1_000
"""Jobs of a kind that are found at once to be kept no longer: more than end in half a minute."""

ORPHANS: Final = "orphans"
ORPHANS_EVERY: Final = timedelta(hours=6)
"""A sweep lists every object there is."""


async def on_erasure_question(question: ErasureQuestion, *, eraser: Eraser) -> Erasure:
    """Forget a job, as often as asked. Raises RefusedError (404) for one that is unknown."""
    job = await eraser.find(question.job_id)
    log.info("job_erased", extra={"job_id": str(job.job_id)})
    return await eraser.forget(Wanted(job.job_id, job.kind), until=utcnow() + LATE)


async def forget_again(*, eraser: Eraser, erasures: Erasures) -> int:
    """Remove what has come back, or could not be removed yet; how many jobs were looked at."""
    claimed = await erasures.claim(utcnow(), limit=FORGET_BATCH)
    for wanted in claimed:
        try:
            erasure = await eraser.forget(wanted)
            await eraser.give_back(wanted)
        except (ValueError, PermanentError) as error:
            # An entry that cannot be read or kept must not keep the others from being forgotten.
            log.warning(
                "job_not_forgotten",
                extra={"job_id": str(wanted.job_id), "error": reason_of(error)},
            )
            continue
        if not erasure.remaining:
            await erasures.done(wanted.job_id, utcnow())
    return len(claimed)


async def expire(*, erasures: Erasures, periods: Mapping[Kind, timedelta]) -> int:
    """Note the jobs that have been kept long enough; how many were found."""
    now = utcnow()
    return sum(
        [
            await erasures.expire(kind, now, ended_before=now - period, limit=EXPIRE_BATCH)
            for kind, period in periods.items()
        ]
    )


async def sweep_orphans(*, orphans: Orphans, erasures: Erasures) -> None:
    """Remove pictures that belong to nobody, if no other process did lately."""
    if await erasures.begin(ORPHANS, utcnow()):
        removed = await orphans.sweep(utcnow())
        await erasures.ended(ORPHANS, utcnow(), every=ORPHANS_EVERY)
        log.info("orphans_removed", extra={"objects": removed})
