"""Chains of edits."""

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.domain.buckets import Buckets
from services.gateway.domain.chains import Member
from services.gateway.domain.status import StatusRenderer
from services.gateway.routes import documents
from services.gateway.routes.answers import json_response
from services.gateway.routes.paths import put
from services.gateway.routes.schemas import EditChain
from services.gateway.routes.visit import job_id_of, parts_of, visit_of
from services.gateway.settings import GatewaySettings


@dataclass(frozen=True, slots=True)
class ChainRoutes:
    """The endpoint of chains."""

    reading: Buckets

    async def read(self, request: Request) -> Response:
        """The edits that led to this one, from the first on; an erased one keeps its place."""
        visit, parts, job_id = visit_of(request), parts_of(request), job_id_of(request)
        self.reading.take(visit.client)
        path = await parts.chains.path(job_id)
        history = [_shown(member, parts.renderer, visit.base) for member in path]
        return json_response(
            {"edit_uuid": str(job_id), "chain_length": len(path), "chain_history": history}
        )


def _shown(member: Member, renderer: StatusRenderer, base: str) -> dict[str, Any]:
    place = {
        "chain_position": member.position,
        "parent_edit_uuid": str(member.parent_id) if member.parent_id else None,
    }
    if member.entry is None:
        return {"edit": None, "erased": True, "edit_uuid": str(member.job_id), **place}
    return {"edit": renderer.status(member.entry, base), **place}


def put_chains(app: FastAPI, settings: GatewaySettings) -> None:
    """Put them under their path."""
    chains = ChainRoutes(Buckets("chains", settings.per_minute(10)))
    edit = documents.STATUS_EXAMPLE
    member = {"edit": edit, "chain_position": 1, "parent_edit_uuid": None}
    example = {"edit_uuid": edit["uuid"], "chain_length": 1, "chain_history": [member]}
    put(
        app,
        ["/chain/{job_id}"],
        chains.read,
        responses={200: documents.of(EditChain, example), **documents.problems(404, 429, 503)},
        extra=documents.ID_IN_PATH,
    )
