"""What any client of this API does, with nothing but HTTP."""

import base64
from typing import Any

import httpx

from tests.emulators.running import Emulator
from tests.pictures import plain

PICTURE = plain(96, 64)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Flux:
    """Submits, polls and fetches."""

    def __init__(self, emulator: Emulator, http: httpx.Client) -> None:
        self.emulator = emulator
        self._http = http
        self.headers = {"x-key": emulator.key}

    def submit(self, model: str = "flux-2-pro", **fields: Any) -> httpx.Response:
        return self._post(model, fields)

    def submit_within(self, seconds: float) -> httpx.Response:
        return self._post("flux-2-pro", {}, seconds)

    def order(self, model: str = "flux-2-pro", **fields: Any) -> dict[str, Any]:
        answer = self.submit(model, **fields)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def poll(self, order: dict[str, Any]) -> httpx.Response:
        known = order.get("polling_url")
        url = known or f"{self.emulator.url}/v1/get_result?id={order['id']}"
        return self._http.get(url, headers=self.headers)

    def status(self, order: dict[str, Any]) -> dict[str, Any]:
        return dict(self.poll(order).json())

    def sample_url(self, **fields: Any) -> str:
        return str(self.status(self.order(**fields))["result"]["sample"])

    def fetch(self, url: str, **headers: str) -> httpx.Response:
        return self._http.get(url, headers=headers)

    def _post(self, model: str, fields: dict[str, Any], seconds: float = 10) -> httpx.Response:
        body = {"prompt": "make it blue", "input_image": encoded(PICTURE), **fields}
        sent = {name: value for name, value in body.items() if value is not None}
        url = f"{self.emulator.url}/v1/{model}"
        waiting = httpx.Timeout(10, read=seconds)
        return self._http.post(url, json=sent, headers=self.headers, timeout=waiting)
