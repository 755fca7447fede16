"""Bad input is a clear refusal: nothing is queued, nothing grows."""

import base64
from pathlib import Path
from uuid import uuid4

import pytest

from services.chassis.journal import JetStreamJournal
from tests import hostile
from tests.buses import connected
from tests.pictures import photo
from tests.stack import RealStack, memory_kib

GROWTH_KIB = 100 * 1024
PROMPT = "make it blue"
JSON = {"headers": {"Content-Type": "application/json"}}


def data_url(data: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def picture(data: bytes) -> dict:
    return {"data": {"prompt": PROMPT}, "files": {"image": ("photo.jpg", data)}}


def body(**fields) -> dict:
    return {"json": {"prompt": PROMPT, "image": data_url(photo()), **fields}}


def forget_peak(pid: int) -> None:
    """Count the peak of a process from now on."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_kib(pid: int) -> int:
    """The most memory that a process had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


REFUSALS = {
    "a truncated JPEG": (picture(hostile.truncated_jpeg()), 400, "INVALID_IMAGE"),
    "text with JPEG magic": (picture(hostile.text_as_jpeg()), 400, "INVALID_IMAGE"),
    "a GIF": (picture(hostile.gif()), 400, "UNSUPPORTED_IMAGE"),
    "a HEIC": (picture(hostile.heic()), 400, "UNSUPPORTED_IMAGE"),
    "an empty file": (picture(b""), 400, "INVALID_IMAGE"),
    "an empty body": ({"content": b""}, 422, "INVALID_REQUEST"),
    "bad base64": (body(image="data:image/jpeg;base64,@@@"), 400, "INVALID_IMAGE"),
    "a 30,000 x 30,000 PNG": (picture(hostile.huge_png()), 400, "IMAGE_TOO_LARGE"),
    "a PNG header of 200,000 x 200,000": (
        picture(hostile.png_header(200_000, 200_000)),
        400,
        "IMAGE_TOO_LARGE",
    ),
    "a 25 MB upload": (picture(photo() + b"\0" * 25_000_000), 413, "PAYLOAD_TOO_LARGE"),
    "a prompt of 10 MB": (body(prompt="blue " * 2_000_000), 422, "INVALID_PROMPT"),
    "28 MB of empty objects": (
        {"content": b'{"prompt":"make it blue","junk":[' + b'{"":0},' * 4_000_000 + b"0]}", **JSON},
        422,
        "INVALID_REQUEST",
    ),
    "NUL in a prompt": (body(prompt="make it \0 blue"), 422, "INVALID_PROMPT"),
    "an unknown parent": (body(parent_edit_uuid=str(uuid4())), 404, "PARENT_NOT_FOUND"),
}


@pytest.mark.parametrize(("request_", "status", "code"), REFUSALS.values(), ids=REFUSALS)
async def test_bad_input_is_refused_in_words(
    system: RealStack, gateway, request_: dict, status: int, code: str
):
    pid = system.parts["gateway"].pid
    before = memory_kib(pid, "Rss")
    forget_peak(pid)
    async with connected(system.nats_url) as bus:
        last = await JetStreamJournal(bus).end()

        answer = await gateway.post("/edit-image/", **request_)

        assert answer.status_code == status, answer.text
        problem = answer.json()
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert problem["error_code"] == code
        assert isinstance(problem["detail"], str)
        assert problem["detail"].endswith((".", "?"))
        assert len(problem["detail"]) < 300
        assert await JetStreamJournal(bus).end() == last
    assert peak_kib(pid) - before < GROWTH_KIB
