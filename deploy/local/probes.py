"""Short questions to a local HTTP port."""

import http.client
from http import HTTPStatus
from typing import Final

TIMEOUT_SECONDS: Final = 1.0
MAX_ANSWER_BYTES: Final = 64 * 1024


def get(port: int, path: str, *, host: str = "127.0.0.1") -> tuple[HTTPStatus | None, bytes]:
    """Status and the start of the body; no status when nobody answers within a second."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return HTTPStatus(answer.status), answer.read(MAX_ANSWER_BYTES)
    except (OSError, ValueError, http.client.HTTPException):
        return None, b""
    finally:
        connection.close()
