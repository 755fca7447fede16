"""The HTTP application: paths, the layer around them, and what FastAPI says in our words."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from contracts.base import CONTRACT_VERSION
from contracts.errors import ErrorCode
from services.chassis.errors import MizualError
from services.chassis.keyring import Keyring
from services.chassis.settings import secret_keys
from services.gateway.domain.buckets import Buckets
from services.gateway.domain.identity import Identities
from services.gateway.domain.origins import origins_of
from services.gateway.domain.parts import Parts
from services.gateway.domain.problems import RefusalError
from services.gateway.routes.analytics import put_analytics
from services.gateway.routes.bodies import Bodies
from services.gateway.routes.chains import put_chains
from services.gateway.routes.cutouts import put_cutouts
from services.gateway.routes.descriptions import put_descriptions
from services.gateway.routes.door import Door, Hot, problem_response
from services.gateway.routes.edits import put_edits
from services.gateway.routes.events import all_events
from services.gateway.routes.feedback import put_feedback
from services.gateway.routes.history import put_history
from services.gateway.routes.images import put_images
from services.gateway.routes.inspection import put_inspection
from services.gateway.routes.jobs import job_routes, put_jobs
from services.gateway.routes.operations import put_operations
from services.gateway.routes.peer import PeerApp
from services.gateway.routes.pictures import put_pictures
from services.gateway.routes.readers import Readers
from services.gateway.routes.reference import put_reference
from services.gateway.routes.stored import Stored
from services.gateway.routes.styles import put_styles
from services.gateway.routes.submitting import Submitting
from services.gateway.routes.variations import put_variations
from services.gateway.routes.visit import House, visit_of
from services.gateway.routes.web import put_web
from services.gateway.routes.webhooks import put_webhooks
from services.gateway.settings import GatewaySettings

_CODES: Final = {404: ErrorCode.NOT_FOUND, 405: ErrorCode.METHOD_NOT_ALLOWED}
_SENTENCES: Final = {404: "There is nothing at this address.", 405: "This cannot be done here."}

Opened = Callable[[], AbstractAsyncContextManager[Parts]]


def make_app(settings: GatewaySettings, opened: Opened) -> FastAPI:
    """The application; `opened` makes its parts for as long as it runs."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened() as parts:
            app.state.parts = parts
            yield

    app = PeerApp(
        title="Mizual",
        summary="Edit pictures from a sentence, and watch every stage live.",
        version=CONTRACT_VERSION,
        lifespan=lifespan,
        redirect_slashes=False,
        openapi_url=None,
    )
    hot = _put_routes(app, settings)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(MizualError, _problem)
    app.add_middleware(
        Door,
        house=_house(settings),
        origins=origins_of(settings.cors_allowed_origins, production=settings.production),
        hot=hot,
        secure=settings.production,
    )
    return app


def _put_routes(app: FastAPI, settings: GatewaySettings) -> tuple[Hot, ...]:
    """Put every endpoint under its path; those that nearly all requests are for."""
    attempts = Buckets("attempts", settings.attempts_per_minute)
    stored = Stored(Readers())
    submitting = Submitting(bodies=Bodies(settings.max_upload_bytes), attempts=attempts)
    edits = job_routes(settings)
    jobs = replace(edits, absent=ErrorCode.JOB_NOT_FOUND)
    put_edits(app, submitting, edits)
    put_variations(app, submitting)
    put_cutouts(app, submitting)
    put_jobs(app, jobs, "/api/jobs", stream="/stream", area="jobs")
    put_descriptions(app, submitting, jobs.status_checks)
    put_images(app, submitting, stored, settings)
    put_pictures(app, stored)
    put_styles(app, stored, settings)
    put_feedback(app, settings)
    put_chains(app, settings)
    put_history(app, settings)
    put_analytics(app, settings)
    put_operations(app, settings)
    put_inspection(
        app, settings, {"bodies": submitting.bodies.figures, "pictures": stored.readers.figures}
    )
    put_webhooks(app, attempts)
    put_reference(app)
    put_web(app, settings)
    return (
        Hot("/edit/{job_id}", edits.status),
        Hot("/edit/{job_id}/events", edits.events),
        Hot("/api/jobs/{job_id}", jobs.status),
        Hot("/api/jobs/{job_id}/stream", jobs.events),
        Hot("/events", all_events),
    )


def _house(settings: GatewaySettings) -> House:
    platform, admin = settings.platform_token, settings.admin_token
    return House(
        identities=Identities(
            Keyring(secret_keys(settings)), platform.get_secret_value() if platform else None
        ),
        public_url=settings.public_url,
        admin_token=admin.get_secret_value() if admin else None,
        proxies=settings.proxies,
        cookie_name="__Host-mizual_session" if settings.production else "mizual_session",
    )


async def _problem(request: Request, error: Exception) -> Response:
    return problem_response(error, visit_of(request).request_id)


async def _http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    refusal = RefusalError(
        status,
        _CODES.get(status, ErrorCode.INVALID_REQUEST),
        _SENTENCES.get(status, "This request cannot be answered."),
        headers={"Allow": _allowed(request)} if status == HTTPStatus.METHOD_NOT_ALLOWED else {},
    )
    return problem_response(refusal, visit_of(request).request_id)


def _allowed(request: Request) -> str:
    """What can be done at this address: each method is a route of its own."""
    here = [r for r in request.app.routes if r.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({name for route in here for name in getattr(route, "methods", ())}))
