"""What an emulator has seen: counters, and the last requests without their pictures."""

import base64
import binascii
import hashlib
from collections import Counter, deque
from typing import Final

from pydantic import JsonValue

from tests.emulators.core.calls import Call

KEPT_PER_OPERATION: Final = 200
# The longest prompt that a provider takes is far shorter.
KEPT_CHARACTERS: Final = 200_000
PICTURE_KEYS: Final = frozenset({"data", "image", "image_url", "images", "mask"})


class Ledger:
    """Counts every answer and remembers the last requests of each operation."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        """Answers and cuts, as `operation:status`."""
        self.received: Counter[str] = Counter()
        """Requests by operation, whatever became of them."""
        self.connections: set[tuple[str, int]] = set()
        """Where requests came from: each address and port is a connection of its own."""
        self._requests: dict[str, deque[dict[str, JsonValue]]] = {}
        self._number = 0

    def clear(self) -> None:
        """Forget everything."""
        self.counts.clear()
        self.received.clear()
        self.connections.clear()
        self._requests.clear()

    def remember(self, operation: str, call: Call) -> None:
        """Keep the request, its pictures by their size and digest alone."""
        self._number += 1
        self.received[operation] += 1
        line = self._requests.setdefault(operation, deque(maxlen=KEPT_PER_OPERATION))
        line.append(
            {
                "number": self._number,
                "operation": operation,
                "method": call.method,
                "path": call.path,
                "query": call.query,
                "headers": dict(call.headers),
                "body": _body(call),
            }
        )

    def requests(self, operation: str | None = None) -> list[dict[str, JsonValue]]:
        """The last ones in the order of their coming, of one operation or of all."""
        lines = [
            line for name, line in self._requests.items() if operation is None or operation == name
        ]
        known = [request for line in lines for request in line]
        return sorted(known, key=lambda request: str(request["number"]).zfill(12))


def sketch(value: JsonValue, key: str = "") -> JsonValue:
    """The value with `{"bytes", "sha256"}` for every picture, as it was before base64."""
    if isinstance(value, dict):
        return {name: sketch(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [sketch(inner, key) for inner in value]
    if isinstance(value, str):
        return _picture(value) if _may_be_picture(key) else value[:KEPT_CHARACTERS]
    return value


def _body(call: Call) -> JsonValue:
    if not call.body:
        return None
    try:
        return sketch(call.json)
    except ValueError:
        return call.body[:KEPT_CHARACTERS].decode("utf-8", errors="replace")


def _may_be_picture(key: str) -> bool:
    return key in PICTURE_KEYS or key.startswith("input_image")


def _picture(text: str) -> JsonValue:
    encoded = text.partition(";base64,")[2] if text.startswith("data:") else text
    try:
        data = any_base64(encoded)
    except binascii.Error:
        return text[:KEPT_CHARACTERS]
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def any_base64(text: str) -> bytes:
    """Decode either alphabet, padded or not. Raises binascii.Error."""
    plain = text.replace("-", "+").replace("_", "/").rstrip("=").encode("utf-8")
    return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
