"""Everything that forgetting needs, for the service and for the operators' commands."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from services.chassis.bus import Bus
from services.chassis.database import Database
from services.chassis.journal import JetStreamJournal
from services.chassis.limits import give_back
from services.chassis.objects import ObjectStore
from services.storage.adapters.erasures import PostgresErasures
from services.storage.adapters.jobs import PostgresJobs
from services.storage.adapters.leftovers import BusOpinions, StreamLetters
from services.storage.adapters.projector import kept_to
from services.storage.adapters.spent import PostgresSpentJobs
from services.storage.adapters.styles import PostgresCatalogue
from services.storage.domain.erasing import Eraser, Everywhere
from services.storage.domain.retention import Orphans
from services.storage.domain.spent import Remover
from services.storage.domain.styles import LEAST_GRACE, FormerStyles


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Who forgets, what is being forgotten, and who looks for what nobody needs any more."""

    eraser: Eraser
    erasures: PostgresErasures
    orphans: Orphans
    former_styles: FormerStyles
    spent: Remover


def forgetting_on(
    bus: Bus,
    database: Database,
    store: ObjectStore,
    *,
    prefix: str,
    style_grace: timedelta = LEAST_GRACE,
) -> Forgetting:
    """The parts, on connections that are open."""
    journal, jobs = JetStreamJournal(bus), PostgresJobs(database)
    erasures = PostgresErasures(database)
    everywhere = Everywhere(
        journal=journal,
        jobs=jobs,
        erasures=erasures,
        store=store,
        opinions=BusOpinions(bus),
        dead_letters=StreamLetters(bus),
        kept_to=partial(kept_to, bus),
        feed=bus,
        give_back=partial(give_back, bus),
        prefix=prefix,
    )
    return Forgetting(
        Eraser(everywhere),
        erasures,
        Orphans(store, jobs, journal, prefix),
        FormerStyles(PostgresCatalogue(database), store, style_grace),
        Remover(PostgresSpentJobs(database), store, prefix),
    )
