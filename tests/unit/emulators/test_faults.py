"""What every emulator can do wrong, shown with one of them."""

import ast
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.emulators import running as running_module
from tests.emulators.running import running
from tests.unit.emulators.flux import Flux


def imports(path: Path) -> set[str]:
    """The packages that a module imports; of ours, the first two names."""
    nodes = [*ast.walk(ast.parse(path.read_text()))]
    names = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    ours = {".".join(name.split(".")[:2]) for name in names if name.startswith("tests.")}
    return ours | {name.split(".")[0] for name in names if not name.startswith("tests.")}


@pytest.fixture
def flux(bfl, http) -> Flux:
    return Flux(bfl, http)


def test_a_fault_strikes_as_often_as_it_was_told(flux: Flux):
    flux.emulator.fault("submit", status=503, body={"detail": "busy"}, times=2)
    answers = [flux.submit() for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].json() == {"detail": "busy"}
    assert flux.emulator.counters()["submissions"] == 1


def test_a_fault_for_ever_strikes_until_the_reset(flux: Flux):
    flux.emulator.fault("submit", preset="html_502", times=None)
    before = {flux.submit().status_code for _ in range(5)}
    flux.emulator.reset()

    assert before == {502}
    assert flux.submit().status_code == 200


def test_faults_wait_their_turn_and_pick_their_target(flux: Flux):
    flux.emulator.fault("submit", status=500, skip=1, match="flux-2-max")
    answers = [
        flux.submit(model).status_code for model in ("flux-2-max", "flux-2-pro", "flux-2-max")
    ]

    assert answers == [200, 200, 500]


def test_a_fault_for_one_sentence_leaves_the_others_alone(flux: Flux):
    flux.emulator.fault("submit", status=500, asking="paint it black", times=None)
    answers = [flux.submit(prompt=said).status_code for said in ("paint it black", "paint it red")]

    assert answers == [500, 200]


def test_a_share_of_the_requests_is_struck(flux: Flux):
    flux.emulator.set(seed=7)
    flux.emulator.fault("credits", status=500, share=0.5, times=None)
    url = f"{flux.emulator.url}/v1/credits"
    answers = [flux.fetch(url, **flux.headers).status_code for _ in range(40)]

    assert 5 < answers.count(500) < 35


def test_headers_and_status_can_be_chosen(flux: Flux):
    flux.emulator.fault("submit", status=429, headers={"Retry-After": "7"}, body="slow down")
    answer = flux.submit()

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.text == "slow down"


@pytest.mark.parametrize(("cut", "taken"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("reset", [True, False])
def test_a_cut_says_nothing_of_what_was_done(flux: Flux, cut: str, taken: int, reset: bool):
    flux.emulator.fault("submit", cut=cut, reset=reset)

    with pytest.raises(httpx.ReadError if reset else httpx.RemoteProtocolError):
        flux.submit()
    assert flux.emulator.counters()["submissions"] == taken
    assert flux.submit().status_code == 200


def test_an_answer_can_be_bad_though_the_work_was_done(flux: Flux):
    flux.emulator.fault("submit", preset="html_502", processed=True)
    status = flux.submit().status_code

    assert (status, flux.emulator.counters()["submissions"]) == (502, 1)


def test_a_status_alone_leaves_the_body_of_work_that_was_done(flux: Flux):
    order = flux.order()
    flux.emulator.fault("poll", status=503, processed=True)
    answer = flux.poll(order)

    assert (answer.status_code, answer.json()["status"]) == (503, "Ready")


def test_an_answer_can_be_held_until_it_is_released(flux: Flux):
    flux.emulator.fault("submit", hold=True)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(flux.submit)
        counters = flux.emulator.wait_for(lambda counters: counters["held"] == 1)
        flux.emulator.release()

        assert counters["submissions"] == 1
        assert held.result(10).status_code == 200


def test_whoever_hangs_up_while_waiting_has_ordered_all_the_same(flux: Flux):
    flux.emulator.fault("submit", delay_seconds=0.5)

    with pytest.raises(httpx.ReadTimeout):
        flux.submit_within(0.1)
    flux.emulator.wait_for(lambda counters: counters["submissions"] == 1)


@pytest.mark.parametrize(
    "fault",
    [
        {"operation": "nothing"},
        {"operation": "submit", "preset": "nothing"},
        {"operation": "submit", "typo": 1},
    ],
)
def test_a_fault_that_cannot_strike_is_refused(flux: Flux, fault: dict[str, str]):
    with pytest.raises(ValueError, match="422"):
        flux.emulator.fault(**fault)


def test_a_knob_that_does_not_exist_is_refused(flux: Flux):
    with pytest.raises(ValueError, match="422"):
        flux.emulator.set(latenzy_seconds=1)


def test_the_last_requests_of_every_operation_are_kept(flux: Flux):
    order = flux.order()
    for _ in range(250):
        flux.poll(order)
    known = flux.emulator.requests()

    assert len(flux.emulator.requests("poll")) == 200
    assert known[0]["operation"] == "submit"
    assert [request["number"] for request in known] == sorted(r["number"] for r in known)


def test_emulators_need_nothing_that_the_embedded_stack_has_not():
    folder = Path(running_module.__file__).parent
    imported = {name for path in folder.rglob("*.py") for name in imports(path)}

    assert imported - sys.stdlib_module_names == {
        *("httpx", "pydantic", "pyvips", "starlette", "tests.emulators", "uvicorn")
    }


def test_an_emulator_ends_with_whoever_started_it():
    command = [sys.executable, "-m", "tests.emulators", "bfl", "--port", "0", "--leashed"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        watchman = threading.Timer(30, process.kill)
        watchman.start()
        try:
            assert process.stdout
            assert process.stdout.readline().startswith("http://127.0.0.1:")
            process.stdin.close()
            assert process.wait(10) == -signal.SIGTERM
        finally:
            watchman.cancel()
            process.kill()


def test_an_emulator_ends_with_its_block():
    with running("bfl") as emulator:
        url = emulator.url
        emulator.fault("credits", hold=True)
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{url}/v1/credits", timeout=httpx.Timeout(10, read=0.2), trust_env=False)

    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
