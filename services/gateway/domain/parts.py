"""Everything the doors need, made once at the start."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from contracts.analytics import ChainAnalytics, FeedbackAnalytics, ProcessingAnalytics
from contracts.inspection import DatabasePerformance, DatabaseSchema
from contracts.queries import FeedbackGiven, FeedbackKept, GiveFeedback
from services.chassis.app import Check
from services.chassis.bus import Publisher
from services.chassis.keyring import Keyring
from services.chassis.objects import ObjectStore
from services.gateway.domain.admission import Admission
from services.gateway.domain.chains import Chains
from services.gateway.domain.history import History
from services.gateway.domain.hub import Hub
from services.gateway.domain.jobs import Eraser, Jobs
from services.gateway.domain.links import Links
from services.gateway.domain.load import Load
from services.gateway.domain.owners import Owners
from services.gateway.domain.sources import Sources
from services.gateway.domain.status import StatusRenderer
from services.gateway.domain.styles import Styles
from services.gateway.domain.thumbs import Thumbs


class Services(Protocol):
    """All services, as operators see them."""

    async def loads(self) -> dict[str, Load]:
        """How each is doing. Raises UnavailableError without a bus."""


class Databases(Protocol):
    """The databases of the services that have one; None for a service that does not answer."""

    async def schemas(self) -> dict[str, DatabaseSchema | None]:
        """Their tables."""

    async def performances(self) -> dict[str, DatabasePerformance | None]:
        """How they do."""


class Feedback(Protocol):
    """The feedback service."""

    async def give(self, feedback: GiveFeedback) -> FeedbackKept:
        """Keep it. Raises RefusedError (409 for a second one) and UnavailableError."""

    async def read(self, job_id: UUID) -> FeedbackGiven:
        """What was said of an edit. Raises RefusedError (404) and UnavailableError."""


class Analytics(Protocol):
    """Figures of all jobs and ratings. Every method raises UnavailableError."""

    async def chains(self) -> ChainAnalytics:
        """How follow-ups are used."""

    async def processing(self, days: int) -> ProcessingAnalytics:
        """How the jobs of the last days went."""

    async def feedback(self, days: int) -> FeedbackAnalytics:
        """What people said in the last days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The gateway's insides."""

    admission: Admission
    jobs: Jobs
    eraser: Eraser
    sources: Sources
    styles: Styles
    hub: Hub
    owners: Owners
    store: ObjectStore
    thumbs: Thumbs
    chains: Chains
    history: History
    feedback: Feedback
    analytics: Analytics
    services: Services
    databases: Databases
    publisher: Publisher
    keyring: Keyring
    links: Links
    renderer: StatusRenderer
    checks: dict[str, Check]
