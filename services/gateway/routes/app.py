"""The HTTP application: paths, the layer around them, and what FastAPI says in our words."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

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
from services.gateway.routes import documents, operations
from services.gateway.routes.bodies import Bodies
from services.gateway.routes.door import Door, Endpoint, Hot, problem_response
from services.gateway.routes.edits import EditRoutes
from services.gateway.routes.events import events
from services.gateway.routes.feedback import FeedbackFields, FeedbackRoutes
from services.gateway.routes.peer import PeerApp
from services.gateway.routes.pictures import PictureRoutes
from services.gateway.routes.visit import House, visit_of
from services.gateway.routes.webhooks import MOST_BYTES, WebhookRoutes
from services.gateway.settings import GatewaySettings

ROOT: Final = Path(__file__).parents[3]

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
    )
    edits = _edit_routes(settings)
    _put_edits(app, edits)
    _put_feedback(app, _feedback_routes(settings))
    _put_operations(app, settings)
    _put_webhooks(app, _webhook_routes(edits.attempts))
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(MizualError, _problem)
    app.add_middleware(
        Door,
        house=_house(settings),
        origins=origins_of(settings.cors_allowed_origins, production=settings.production),
        hot=(Hot("/edit/{job_id}", edits.status), Hot("/edit/{job_id}/events", events)),
        secure=settings.production,
    )
    return app


def _put_edits(app: FastAPI, edits: EditRoutes) -> None:
    refusals = documents.problems(400, 404, 413, 415, 422, 429, 503)
    _put(
        app,
        ["/edit-image/", "/edit-image"],
        edits.submit,
        methods=("POST",),
        responses={200: documents.ACCEPTED, **refusals},
        extra=documents.EDIT_BODY,
    )
    _put(
        app,
        ["/edit/{job_id}"],
        edits.status,
        responses={200: documents.STATUS, **documents.problems(404, 429, 503)},
        extra=documents.ID_IN_PATH,
    )
    _put(
        app,
        ["/edit/{job_id}/events"],
        events,
        responses={200: documents.EVENTS, **documents.problems(404, 429, 503)},
        extra=documents.ID_IN_PATH,
    )
    _put(
        app,
        ["/edit/{job_id}/cancel"],
        edits.cancel,
        methods=("POST",),
        responses={202: documents.STATUS, **documents.problems(404, 429, 503)},
        extra=documents.ID_IN_PATH,
    )
    kept = {"image_id": "…", "width": 1024, "height": 768, "content_type": "image/jpeg"}
    _put(
        app,
        ["/api/images", "/api/images/"],
        edits.upload,
        methods=("POST",),
        responses={201: documents.answer(kept, "Kept"), **documents.problems(400, 413, 422, 429)},
        extra=documents.UPLOAD_BODY,
    )
    _put(
        app,
        ["/images/{key:path}"],
        PictureRoutes().picture,
        methods=("GET", "HEAD"),
        responses=documents.problems(403, 404),
        extra=documents.PICTURE,
    )


def _put_feedback(app: FastAPI, feedback: FeedbackRoutes) -> None:
    given = {"success": True, "message": "Thank you for your feedback!", "feedback_id": 1}
    _put(
        app,
        ["/feedback/", "/feedback"],
        feedback.give,
        methods=("POST",),
        responses={
            200: documents.answer(given),
            **documents.problems(400, 404, 409, 422, 429, 503),
        },
        extra={
            "requestBody": documents.body("application/json", FeedbackFields.model_json_schema())
        },
    )
    _put(
        app,
        ["/feedback/{job_id}"],
        feedback.read,
        responses=documents.problems(404, 429, 503),
        extra=documents.ID_IN_PATH,
    )


def _put_operations(app: FastAPI, settings: GatewaySettings) -> None:
    version = operations.Version(settings.environment, ROOT)
    _put(app, ["/health"], operations.health, methods=("GET", "HEAD"))
    _put(app, ["/health/ready"], operations.ready, methods=("GET", "HEAD"))
    _put(app, ["/version"], version.answer)
    app.add_api_route("/metrics", operations.metrics, include_in_schema=False, response_model=None)


def _put_webhooks(app: FastAPI, webhooks: WebhookRoutes) -> None:
    # Whoever may call them was told the address: they are not in the public document.
    app.add_api_route(
        "/webhooks/flux/{job_id}/{token}",
        webhooks.flux,
        methods=["POST"],
        include_in_schema=False,
        response_model=None,
    )


def _put(
    app: FastAPI,
    paths: Sequence[str],
    endpoint: Endpoint,
    *,
    methods: Sequence[str] = ("GET",),
    responses: dict[int | str, documents.Document] | None = None,
    extra: documents.Document | None = None,
) -> None:
    """One endpoint under its path and the spellings that answer the same."""
    for path, spelling in product(paths, methods):
        app.add_api_route(
            path,
            endpoint,
            methods=[spelling],
            responses=responses,
            openapi_extra=extra,
            include_in_schema=path == paths[0] and spelling == methods[0],
            response_model=None,
        )


def _edit_routes(settings: GatewaySettings) -> EditRoutes:
    return EditRoutes(
        bodies=Bodies(settings.max_upload_bytes),
        attempts=Buckets("attempts", settings.attempts_per_minute),
        status_checks=Buckets("status-checks", settings.status_checks_per_minute),
        cancellations=Buckets("cancellations", settings.per_minute(10)),
    )


def _feedback_routes(settings: GatewaySettings) -> FeedbackRoutes:
    return FeedbackRoutes(
        bodies=Bodies(settings.max_upload_bytes),
        giving=Buckets("feedback", settings.per_minute(5)),
        reading=Buckets("feedback-reads", settings.per_minute(30)),
    )


def _webhook_routes(attempts: Buckets) -> WebhookRoutes:
    return WebhookRoutes(bodies=Bodies(MOST_BYTES), attempts=attempts)


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
        headers=error.headers,
    )
    return problem_response(refusal, visit_of(request).request_id)
