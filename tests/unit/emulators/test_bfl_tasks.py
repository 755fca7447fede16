"""Orders, their way and their ends."""

import uuid

import pytest

from tests.unit.emulators.flux import Flux


@pytest.fixture
def flux(bfl, http) -> Flux:
    return Flux(bfl, http)


def test_a_submission_is_answered_at_once_with_an_id_and_where_to_ask(flux: Flux):
    order = flux.order()

    assert str(uuid.UUID(order["id"])) == order["id"]
    assert order["polling_url"].endswith(f"/v1/get_result?id={order['id']}")
    assert set(order) == {"id", "polling_url", "cost", "input_mp", "output_mp"}


def test_polls_go_to_another_host_name_unless_one_is_named(flux: Flux):
    assert flux.order()["polling_url"].startswith("http://localhost:")

    flux.emulator.set(polling_host="127.0.0.1")

    assert flux.order()["polling_url"].startswith("http://127.0.0.1:")


def test_a_task_is_pending_until_it_is_ready(flux: Flux):
    flux.emulator.set(latency_seconds=3600)
    order = flux.order(seed=42)
    pending = flux.status(order)
    flux.emulator.act("finish")
    ready = flux.status(order)

    assert pending == {
        "id": order["id"],
        "status": "Pending",
        "result": None,
        "progress": None,
        "details": None,
        "preview": None,
    }
    assert ready["status"] == "Ready"
    assert set(ready["result"]) == {
        "sample",
        "prompt",
        "seed",
        "start_time",
        "end_time",
        "duration",
    }
    assert (ready["result"]["seed"], ready["result"]["prompt"]) == (42, "make it blue")


def test_a_task_ends_by_itself(flux: Flux):
    flux.emulator.set(latency_seconds=0.05)
    flux.order()

    flux.emulator.wait_for(lambda counters: counters["active"] == 0)


def test_flux_3_thinks_before_it_draws(flux: Flux):
    flux.emulator.set(latency_seconds=3600)
    order = flux.order("flux-3-image", input_image=None)
    words = []
    for seconds in (0, 1800, 3000):
        flux.emulator.ahead(seconds)
        words.append(flux.status(order)["status"])

    assert words == ["Pending", "Reasoning", "Generating"]


def test_progress_is_told_when_asked_for(flux: Flux):
    flux.emulator.set(latency_seconds=3600, progress="linear")
    order = flux.order()
    flux.emulator.ahead(1800)
    half = flux.status(order)["progress"]
    flux.emulator.act("finish")

    assert half == pytest.approx(0.5, abs=0.02)
    assert flux.status(order)["progress"] is None


@pytest.mark.parametrize("word", ["Request Moderated", "Content Moderated"])
def test_a_moderated_task_says_why(flux: Flux, word: str):
    flux.emulator.fault("submit", outcome=word, reasons=["Derivative Works Filter"])
    moderated, next_one = flux.status(flux.order()), flux.status(flux.order())

    assert moderated["status"] == word
    assert moderated["details"] == {"Moderation Reasons": ["Derivative Works Filter"]}
    assert moderated["result"] is None
    assert next_one["status"] == "Ready"


@pytest.mark.parametrize("word", ["Error", "Failed"])
def test_a_failed_task_may_answer_503_with_its_status(flux: Flux, word: str):
    flux.emulator.set(failed_status=503)
    flux.emulator.fault("submit", outcome=word)
    answer = flux.poll(flux.order())

    assert (answer.status_code, answer.json()["status"]) == (503, word)


@pytest.mark.parametrize("status", [404, 200])
def test_an_unknown_task_is_said_to_be_unknown(flux: Flux, status: int):
    flux.emulator.set(not_found_status=status)
    answer = flux.poll({"id": str(uuid.uuid4())})

    assert (answer.status_code, answer.json()["status"]) == (status, "Task not found")


def test_a_poll_can_lie_once(flux: Flux):
    order = flux.order()
    flux.emulator.fault("poll", outcome="Task not found")
    flux.emulator.fault("poll", outcome="Queued")

    assert [flux.status(order)["status"] for _ in range(3)] == ["Task not found", "Queued", "Ready"]


def test_one_task_may_have_bad_luck_among_others(flux: Flux):
    flux.emulator.set(latency_seconds=0)
    flux.emulator.fault("submit", then=[{"operation": "poll", "status": 502}])
    unlucky, lucky = flux.order(), flux.order()

    assert [flux.poll(order).status_code for order in (lucky, unlucky, unlucky)] == [200, 502, 200]


@pytest.mark.parametrize(
    ("model", "limits"),
    [("flux-2-pro", {"active_limit": 2}), ("flux-kontext-max", {"kontext_max_limit": 2})],
)
def test_active_tasks_are_limited_until_one_ends(flux: Flux, model: str, limits: dict[str, int]):
    flux.emulator.set(latency_seconds=3600, **limits)
    answers = [flux.submit(model).status_code for _ in range(3)]
    flux.emulator.act("finish")

    assert answers == [200, 200, 429]
    assert flux.submit(model).status_code == 200
    assert flux.emulator.counters()["active_max"] == 2


def test_cost_follows_the_megapixels(flux: Flux):
    order = flux.order(width=1024, height=2048)

    assert (order["input_mp"], order["output_mp"]) == (0.01, 2.1)
    assert order["cost"] == 3 + 1.5 + 1.5


def test_costs_may_be_left_out(flux: Flux):
    flux.emulator.set(costs_are_told=False)
    order = flux.order()

    assert (order["cost"], order["input_mp"], order["output_mp"]) == (None, None, None)


def test_credits_are_spent_by_ready_tasks_alone(flux: Flux, http):
    flux.emulator.set(credits=10)
    flux.emulator.fault("submit", outcome="Request Moderated")
    flux.order()
    flux.order()
    left = http.get(f"{flux.emulator.url}/v1/credits", headers=flux.headers).json()

    assert left == {"credits": 5.5}


def test_without_credits_nothing_is_taken(flux: Flux):
    flux.emulator.set(credits=1)
    answer = flux.submit()

    assert (answer.status_code, answer.json()) == (402, {"detail": "Insufficient credits"})
    assert flux.emulator.counters()["submissions_refused"] == {"402": 1}


def test_polls_are_counted_by_task(flux: Flux):
    first, second = flux.order(), flux.order()
    for order in (first, first, second):
        flux.status(order)
    counters = flux.emulator.counters()

    assert (counters["submissions"], counters["polls"]) == (2, 3)
    assert counters["polls_of_one_task_max"] == 2
