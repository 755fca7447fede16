"""Wake-ups: two forms, signed or not, doubled, early, late, never."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.unit.emulators.flux import Flux


class Mailbox:
    """Whoever a webhook calls."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.url = ""
        self.status = 204

    @property
    def payloads(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.posts]


@contextmanager
def listening() -> Iterator[Mailbox]:
    mailbox = Mailbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            mailbox.posts.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(mailbox.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        mailbox.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield mailbox
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with listening() as mailbox:
        yield mailbox


@pytest.fixture
def flux(bfl, http) -> Flux:
    return Flux(bfl, http)


def sent(flux: Flux, count: int = 1) -> None:
    flux.emulator.wait_for(lambda counters: counters["webhooks_sent"] == count)


def test_a_submission_with_a_webhook_is_answered_in_its_own_form(flux: Flux, mailbox: Mailbox):
    order = flux.order(webhook_url=mailbox.url)
    flux.emulator.set(polling_url_with_webhook=True)

    assert (order["status"], order["webhook_url"]) == ("Pending", mailbox.url)
    assert "polling_url" not in order
    assert "polling_url" in flux.order(webhook_url=mailbox.url)


def test_form_a_names_the_task_and_its_success(flux: Flux, mailbox: Mailbox):
    flux.emulator.set(webhooks="a")
    order = flux.order(webhook_url=mailbox.url)
    sent(flux)
    (payload,) = mailbox.payloads

    assert (payload["task_id"], payload["status"]) == (order["id"], "SUCCESS")
    assert flux.fetch(payload["result"]["sample"]).status_code == 200


def test_form_b_looks_like_a_poll(flux: Flux, mailbox: Mailbox):
    flux.emulator.set(webhooks="b")
    flux.emulator.fault("submit", outcome="Error")
    failed, ready = (flux.order(webhook_url=mailbox.url)["id"] for _ in range(2))
    sent(flux, 2)
    by_id = {payload["id"]: payload for payload in mailbox.payloads}

    assert set(by_id[failed]) == {"id", "status", "error", "message"}
    assert by_id[ready]["status"] == "Ready"


@pytest.mark.parametrize("signed", [True, False])
def test_a_secret_may_sign(flux: Flux, mailbox: Mailbox, signed: bool):
    flux.emulator.set(webhooks="a", webhook_signed=signed)
    flux.order(webhook_url=mailbox.url, webhook_secret="hidden")
    sent(flux)
    ((headers, body),) = mailbox.posts
    expected = "sha256=" + hmac.new(b"hidden", body, hashlib.sha256).hexdigest()

    assert headers.get("x-bfl-signature") == (expected if signed else None)


def test_a_webhook_can_come_twice(flux: Flux, mailbox: Mailbox):
    flux.emulator.set(webhooks="a", webhook_copies=2)
    flux.order(webhook_url=mailbox.url)
    sent(flux, 2)

    assert mailbox.posts[0][1] == mailbox.posts[1][1]


def test_a_webhook_can_come_before_the_answer(flux: Flux, mailbox: Mailbox):
    flux.emulator.set(webhooks="a", webhook_early=True, latency_seconds=3600)
    order = flux.order(webhook_url=mailbox.url)

    assert [payload["task_id"] for payload in mailbox.payloads] == [order["id"]]


def test_a_webhook_can_come_late(flux: Flux, mailbox: Mailbox):
    flux.emulator.set(webhooks="a", webhook_late_seconds=3600)
    ready = flux.status(flux.order(webhook_url=mailbox.url))["status"]
    flux.emulator.set(webhook_late_seconds=0.05)
    order = flux.order(webhook_url=mailbox.url)
    sent(flux)

    assert ready == "Ready"
    assert [payload["task_id"] for payload in mailbox.payloads] == [order["id"]]


def test_nobody_is_woken_unless_asked(flux: Flux, mailbox: Mailbox):
    flux.order(webhook_url=mailbox.url)
    flux.emulator.set(webhooks="a")
    flux.order(webhook_url=mailbox.url)
    sent(flux)

    assert len(mailbox.posts) == 1


def test_a_webhook_that_nobody_takes_is_counted(flux: Flux):
    flux.emulator.set(webhooks="a")
    flux.order(webhook_url="http://127.0.0.1:9/closed")

    flux.emulator.wait_for(lambda counters: counters["webhooks_failed"] == 1)


@pytest.mark.parametrize("status", [302, 401, 404, 500])
def test_a_webhook_that_is_turned_away_is_not_sent(flux: Flux, mailbox: Mailbox, status: int):
    mailbox.status = status
    flux.emulator.set(webhooks="a")
    flux.order(webhook_url=mailbox.url)

    counters = flux.emulator.wait_for(lambda now: now["webhooks_failed"] == 1)

    assert counters["webhooks_sent"] == 0
    assert len(mailbox.posts) == 1
