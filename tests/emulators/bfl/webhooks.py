"""Posts to the address that a submission named, in the forms that were seen, as often as asked."""

import asyncio
import hashlib
import hmac
import json
from typing import Final

import httpx
from pydantic import JsonValue

from tests.emulators.bfl.behaviour import BflBehaviour
from tests.emulators.bfl.tasks import READY, Task

AT_ONCE: Final = 16
MAX_WAITING: Final = 20_000
POST_SECONDS: Final = 5.0
SIGNATURE: Final = "X-BFL-Signature"


class Webhooks:
    """Sends them, few at once; what nobody takes is counted and dropped."""

    def __init__(self) -> None:
        self.sent = self.failed = 0
        self._client = httpx.AsyncClient(timeout=POST_SECONDS, trust_env=False)
        self._room = asyncio.Semaphore(AT_ONCE)
        self._under_way: set[asyncio.Task[None]] = set()

    def start(self, task: Task, result: JsonValue, how: BflBehaviour) -> None:
        """Send what the task's end asks for, later."""
        if len(self._under_way) >= MAX_WAITING:
            self.failed += 1
            return
        sending = asyncio.create_task(self.send(task, result, how))
        self._under_way.add(sending)
        sending.add_done_callback(self._under_way.discard)

    async def send(self, task: Task, result: JsonValue, how: BflBehaviour) -> None:
        """Send it now, or late, all its copies one after another."""
        if task.webhook_url is None or how.webhooks == "none":
            return
        body = json.dumps(_PAYLOADS[how.webhooks](task, result)).encode()
        headers = {"content-type": "application/json"}
        if how.webhook_signed and task.webhook_secret:
            headers[SIGNATURE] = signature(task.webhook_secret, body)
        await asyncio.sleep(how.webhook_late_seconds)
        for _ in range(how.webhook_copies):
            await self._post(task.webhook_url, body, headers)

    def clear(self) -> None:
        """Drop what has not been sent."""
        for sending in self._under_way:
            sending.cancel()
        self.sent = self.failed = 0

    async def close(self) -> None:
        """Drop what has not been sent, and the connections."""
        self.clear()
        await self._client.aclose()

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        async with self._room:
            if await self._is_taken(url, body, headers):
                self.sent += 1
            else:
                self.failed += 1

    async def _is_taken(self, url: str, body: bytes, headers: dict[str, str]) -> bool:
        try:
            return (await self._client.post(url, content=body, headers=headers)).is_success
        except (httpx.HTTPError, httpx.InvalidURL):
            return False


def signature(secret: str, body: bytes) -> str:
    """Of the raw body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _form_a(task: Task, result: JsonValue) -> dict[str, JsonValue]:
    word = "SUCCESS" if task.outcome == READY else "FAILED"
    return {"task_id": task.id, "status": word, "result": result, "progress": 1.0}


def _form_b(task: Task, result: JsonValue) -> dict[str, JsonValue]:
    payload: dict[str, JsonValue] = {"id": task.id, "status": task.outcome}
    if task.outcome == READY:
        return payload | {"result": result, "timestamp": task.ended}
    return payload | {"error": task.outcome, "message": "The task has failed."}


_PAYLOADS: Final = {"a": _form_a, "b": _form_b}
