"""JSON answers that nobody keeps."""

import json
from typing import Any, Final

from starlette.responses import Response

NO_STORE: Final = {"Cache-Control": "no-store"}


def json_response(body: dict[str, Any], status: int = 200) -> Response:
    """A JSON answer that nobody keeps."""
    return status_response(json.dumps(body).encode(), status)


def status_response(body: bytes, status: int = 200) -> Response:
    """The same for a body that is JSON already."""
    return Response(body, status, NO_STORE, media_type="application/json")
