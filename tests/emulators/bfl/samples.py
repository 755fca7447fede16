"""Where results are fetched: signed addresses that expire, on a host that must not see the key."""

import dataclasses
import gzip
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from tests.emulators.bfl.refusals import as_xml
from tests.emulators.bfl.tasks import Task
from tests.emulators.core.calls import Call, RefusedError, Reply
from tests.emulators.core.desk import Change, Clock
from tests.emulators.core.pictures import MIB, TYPES

PATH: Final = "/results/{task_id}/{name}"
KEY_HEADER: Final = "x-key"
# More than anybody should read of a picture.
OVERSIZED_BYTES: Final = 192 * MIB
_WHEN: Final = "%Y-%m-%dT%H:%M:%SZ"


class Samples:
    """Addresses of results and the check of those that come back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(32)

    def address(self, task: Task, *, host: str, seconds: float) -> str:
        """The sample's URL, good for so long from the task's end."""
        path = PATH.format(task_id=task.id, name=f"sample.{task.look.kind}")
        until = datetime.fromtimestamp((task.ended or task.began) + seconds, UTC).strftime(_WHEN)
        return f"http://{host}{path}?se={quote(until)}&sig={self._signature(path, until)}"

    def check(self, call: Call) -> None:
        """Raises RefusedError for an address that is not ours or no longer good."""
        until = call.asked.get("se", "")
        signature = self._signature(call.path, until)
        if not hmac.compare_digest(signature, call.asked.get("sig", "")):
            raise RefusedError(_not_signed("Signature did not match."))
        if self._clock.now() > datetime.strptime(until, _WHEN).replace(tzinfo=UTC).timestamp():
            raise RefusedError(_not_signed(f"Signed expiry time [{until}] is over."))

    def _signature(self, path: str, until: str) -> str:
        return hmac.new(self._secret, f"{path}?{until}".encode(), hashlib.sha256).hexdigest()


def carries(call: Call, key: str) -> bool:
    """Whether the account's key is anywhere in the request."""
    return KEY_HEADER in call.headers or key in call.query or key in "".join(call.headers.values())


def picture(data: bytes, kind: str) -> Reply:
    """The file."""
    return Reply(body=data, headers={"content-type": TYPES[kind]})


def gone() -> Reply:
    """A file that is not there (any more)."""
    return as_xml(404, "BlobNotFound", "The specified blob does not exist.")


def _not_signed(why: str) -> Reply:
    return as_xml(403, "AuthenticationFailed", f"Server failed to authenticate the request. {why}")


def _with_body(reply: Reply, body: bytes) -> Reply:
    return dataclasses.replace(reply, body=body)


def _with_headers(reply: Reply, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return dataclasses.replace(reply, headers={**reply.headers, **named})


def _redirected(reply: Reply) -> Reply:
    moved = _with_headers(reply, location="http://127.0.0.1:9/elsewhere")
    return dataclasses.replace(moved, status=302, body=b"")


def _zipped(reply: Reply) -> Reply:
    """A small body that unpacks to an oversized one."""
    packed = _with_body(reply, gzip.compress(bytes(OVERSIZED_BYTES), 1))
    return _with_headers(packed, content_encoding="gzip")


CHANGES: Final[Mapping[str, Change]] = {
    "garbage": lambda reply: _with_body(reply, b"not a picture at all, whatever its type says"),
    "truncated": lambda reply: _with_body(reply, reply.body[: len(reply.body) // 2]),
    "empty_file": lambda reply: _with_body(reply, b""),
    "wrong_type": lambda reply: _with_headers(reply, content_type="text/html"),
    "no_type": lambda reply: dataclasses.replace(reply, headers={}),
    "redirect": _redirected,
    "oversized": lambda reply: _with_body(reply, bytes(OVERSIZED_BYTES)),
    "oversized_unsized": lambda reply: dataclasses.replace(
        reply, body=bytes(OVERSIZED_BYTES), sized=False
    ),
    "bomb": _zipped,
    "unsized": lambda reply: dataclasses.replace(reply, sized=False),
}
"""What may be wrong with a download that is carried out."""
